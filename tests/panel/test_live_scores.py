"""When it is asked how things stand: one question at a time, more slowly after errors, nothing for ever."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from milestone_kit.panel.live_scores import LiveScores

BATCH = "/live_data/batch"
NOW = pd.Timestamp("2026-09-21T12:00Z")


class Watch:
    """A monotonic clock that goes on when it is told to."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def told():
    return []


@pytest.fixture
def scores(client, told, watch):
    return LiveScores(lambda: client, lambda: told.append(1), clock=watch)


@pytest.fixture
def rows(client):
    return client.get_milestones()[["id", "type"]].tail(150)


def asked(server):
    return sum(request.path == BATCH for request in server.requests)


def test_errors_are_one_line_and_slow_the_questions_down(server, scores, rows, told, watch):
    server.script.fail(404, path=BATCH)
    times = []
    for _ in range(200):
        before = asked(server)
        scores.ask(rows, NOW)
        if asked(server) > before:
            times.append(watch.seconds)
        watch.seconds += 15
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses[:4] == [30, 60, 120, 240]
    assert set(pauses[4:]) == {300}
    assert scores.note == "No live scores (NotFoundError); trying again in 5 min"
    assert len(told) <= len(times)
    server.script.clear()
    watch.seconds += 300
    scores.ask(rows, NOW)
    assert scores.note == ""
    watch.seconds += 15
    before = asked(server)
    scores.ask(rows, NOW)
    assert asked(server) > before


def test_a_score_that_cannot_be_asked_for_any_more_is_not_shown_for_ever(server, scores, rows, watch):
    scores.ask(rows, NOW)
    known = {id_ for id_, one in scores.standings.items() if one.phase == "live"}
    assert known
    server.script.fail(404, path=BATCH)
    watch.seconds += 15
    scores.ask(rows, NOW)
    assert known <= set(scores.standings)
    for _ in range(20):
        watch.seconds += 15
        scores.ask(rows, NOW)
    assert not known & set(scores.standings)
    assert all(one.phase == "over" for one in scores.standings.values())


@pytest.mark.filterwarnings("error")
def test_half_an_answer_is_shown_and_the_other_half_told(server, scores, rows):
    first = rows["id"].iloc[0]
    server.script.fail(404, path=BATCH, where=lambda request: first in request.all("milestone_ids"))
    scores.ask(rows, NOW)
    assert scores.note == "Live scores of 100 of 150 milestones did not arrive"
    assert set(scores.standings) <= set(rows["id"].tail(50))
    assert scores.standings


def test_what_is_said_again_is_not_told_again(scores, rows, told):
    scores.ask(rows, NOW)
    words, before = scores.words, len(told)
    assert before == 1
    scores.ask(rows, NOW)
    assert len(told) == before
    assert scores.words is words


def test_what_left_the_screen_is_forgotten_and_results_stay(scores, rows, told):
    scores.ask(rows, NOW)
    over = {id_ for id_, one in scores.standings.items() if one.phase == "over"}
    assert 0 < len(over) < len(scores.standings)
    assert set(scores.over) == over
    scores.ask(rows.head(0), NOW + pd.Timedelta(minutes=1))
    assert set(scores.standings) == over
    assert set(scores.over.values()) == {NOW}
    assert len(told) == 2


def test_off_forgets_failures_too(server, scores, rows, told):
    server.script.fail(404, path=BATCH, times=2)
    scores.ask(rows, NOW)
    scores.off()
    assert scores.note == ""
    assert len(told) == 2
    scores.ask(rows, NOW)
    assert scores.standings
