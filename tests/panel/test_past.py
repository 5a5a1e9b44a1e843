"""Back and forward through the views that were shown."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.panel.past import Past
from milestone_kit.panel.state import PanelState
from tests.panel.strategies import states

STATES = [PanelState.of({"window": f"next {hours} h"}) for hours in range(1, 80)]
START = PanelState()


def through(*steps, past=None):
    """Return the past after a start and steps of (state, kind, seconds)."""
    past, shown = past or Past(), START
    for state, kind, at in steps:
        past, shown = past.then(shown, state, kind, at), state
    return past, shown


@given(st.lists(states(), max_size=6), st.data())
def test_back_and_forth_lead_through_the_same_views(shown, data):
    past, now = through(*((state, "", 10.0 * i) for i, state in enumerate(shown)))
    trail = [START]
    for state in shown:
        if state != trail[-1]:
            trail.append(state)
    assert list(past.behind) == trail[:-1]
    place = len(trail) - 1
    for forward in data.draw(st.lists(st.booleans(), max_size=20)):
        found = past.forward(now) if forward else past.back(now)
        place += 1 if forward else -1
        if not 0 <= place < len(trail):
            assert found is None
            place = min(max(place, 0), len(trail) - 1)
            continue
        now, past = found
        assert now == trail[place]


def test_drags_that_follow_each_other_are_one_step_and_a_rest_ends_it():
    past, shown = through(*((STATES[i], "window", 100 + 0.5 * i) for i in range(20)))
    assert past.behind == (START,)
    again = past.then(shown, STATES[30], "window", 115.0)
    assert again.behind == (START, STATES[19])


def test_letters_of_one_word_are_one_step_and_check_boxes_are_each_their_own():
    def asking(**filters):
        return replace(START, filters=replace(START.filters, **filters))

    typed = [(asking(text="open"[:i]), "", 0.3 * i) for i in range(1, 5)]
    assert len(through(*typed)[0].behind) == 1
    checked = [(asking(category=("Sports", "Economics")[:i]), "", 0.3 * i) for i in (1, 2)]
    assert len(through(*checked)[0].behind) == 2


def test_a_clock_that_is_set_back_joins_nothing():
    past, _ = through((STATES[0], "window", 100.0), (STATES[1], "window", 40.0))
    assert len(past.behind) == 2


def test_a_step_after_going_back_forgets_what_lay_ahead_and_joins_nothing():
    past, shown = through((STATES[0], "window", 0.0), (STATES[1], "", 5.0))
    shown, past = past.back(shown)
    assert past.forward(shown)[0] == STATES[1]
    after = past.then(shown, STATES[2], "window", 5.1)
    assert after.ahead == ()
    assert after.behind[-1] == shown


def test_what_changes_nothing_is_no_step_and_the_past_is_bounded():
    past, shown = through(*((state, "", i) for i, state in enumerate(STATES)))
    assert past.then(shown, replace(shown), "", 1e9) is past
    assert past.behind == tuple(STATES[-51:-1])
