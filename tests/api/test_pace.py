from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.api.pace import Pace


@pytest.fixture
def pace(clock):
    return Pace(20, clock=clock)


def send(pace, clock):
    """Wait for a turn as a request does; return when it was sent."""
    while wait := pace.turn():
        clock.now += wait
    return clock.now


@given(st.integers(1, 50), st.lists(st.floats(0, 2), max_size=120))
def test_no_second_holds_more_requests_than_allowed(limit, pauses):
    now = [0.0]
    pace = Pace(limit, clock=lambda: now[0])
    sent = []
    for pause in pauses:
        now[0] += pause
        while wait := pace.turn():
            now[0] += wait
        sent.append(now[0])
    for first in sent:
        assert sum(first <= moment < first + 1 for moment in sent) <= limit


def test_a_full_load_keeps_nearly_the_whole_rate(pace, clock):
    began = clock.now
    moments = [send(pace, clock) for _ in range(275)]
    assert 275 / 20 < moments[-1] - began < 1.06 * 275 / 20


def test_a_few_go_at_once_after_a_rest(pace, clock):
    assert [pace.turn() > 0 for _ in range(7)] == [False] * 6 + [True]
    clock.now += 10
    assert [pace.turn() > 0 for _ in range(7)] == [False] * 6 + [True]


def test_waking_late_does_not_lower_the_rate(pace, clock):
    began = clock.now
    for _ in range(200):
        send(pace, clock)
        clock.now += 0.01
    assert clock.now - began < 1.06 * 200 / 20


def test_a_refusal_holds_everybody_and_lowers_the_rate_once(pace, clock):
    first = send(pace, clock)
    full = pace.rate
    pace.refused(sent=first, wait=0.5)
    pace.refused(sent=first, wait=0.5)
    assert pace.turn() == pytest.approx(0.5)
    assert pace.rate == pytest.approx(0.75 * full)
    assert send(pace, clock) >= first + 0.5 - 1e-6


def test_good_answers_bring_the_rate_back(pace, clock):
    full = pace.rate
    for _ in range(20):
        clock.now += 1
        pace.refused(sent=clock.now, wait=0)
    assert pace.rate == pytest.approx(full / 16)
    for _ in range(20):
        pace.answered()
    assert pace.rate == full
