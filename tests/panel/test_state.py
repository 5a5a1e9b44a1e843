"""The explorer's state: plain JSON there and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.filters import Criteria
from milestone_kit.errors import QueryError
from milestone_kit.figures.time_axis import HOUR, Window
from milestone_kit.panel.state import PanelState
from tests.panel.strategies import states


@given(states())
def test_a_state_goes_through_json_and_back(state):
    assert PanelState.of(json.loads(json.dumps(state.as_dict()))) == state


@given(st.floats(-1e12, 3e12), st.floats(2, 1e11))
def test_a_window_is_kept_to_the_millisecond(low, span):
    kept = PanelState().with_span(Window(low, low + span)).span()
    assert abs(kept.start - low) <= 0.5 + 1e-3
    assert abs(kept.end - low - span) <= 0.5 + 1e-3


def test_an_empty_state_is_the_default():
    assert PanelState.of({}) == PanelState()
    assert PanelState().filters == Criteria.of(simulated=False, placeholder=False)
    assert PanelState().span() is None


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"colour": "type"}, "'colour'"),
        ({5: 1, "x": 2}, "5"),
        ({"group": "nope"}, "'nope'"),
        ({"group": ["type"]}, "['type']"),
        ({"color": None}, "None"),
        ({"color": "none"}, "'none'"),
        ({"form": "list"}, "'list'"),
        ({"form": {}}, "{}"),
        ({"tz": "Mars"}, "'Mars'"),
        ({"tz": 5}, "5"),
        ({"window": 5}, "5"),
        ({"window": "2026"}, "'2026'"),
        ({"window": ["2026-01-01"]}, "2026-01-01"),
        ({"window": {"a": 1, "b": 2}}, "'a'"),
        ({"window": ["2026-01-02", "2026-01-01"]}, "2026-01-02"),
        ({"window": ["2026-01-01", "2026-01-01T00:00:00.000001"]}, "000001"),
        ({"window": ["soon", "later"]}, "'soon'"),
        ({"window": [None, None]}, "None"),
        ({"window": "soon"}, "'soon'"),
        ({"window": ""}, "''"),
        ({"sort": "title"}, "'title'"),
        ({"sort": {"column": "details"}}, "'details'"),
        ({"sort": {"column": ["title"]}}, "['title']"),
        ({"sort": {"by": "title"}}, "'by'"),
        ({"sort": {"column": "title", "ascending": 1}}, "1"),
        ({"windowed": "no"}, "'no'"),
        ({"filters": None}, "None"),
        ({"filters": [1]}, "[1]"),
        ({"filters": {"categories": "x"}}, "categories"),
        ({"filters": {"status": "late"}}, "'late'"),
        ({"filters": {"start": "soon"}}, "'soon'"),
        ({"filters": {"start": "2026-02-01", "end": "2026-01-01"}}, "'2026-02-01'"),
        ({"filters": {"has_end": "yes"}}, "'yes'"),
        (None, "None"),
        ([], "[]"),
        ("group", "'group'"),
    ],
)
def test_what_cannot_be_used_is_named(values, named):
    with pytest.raises(QueryError) as caught:
        PanelState.of(values)
    assert named in str(caught.value)


def test_a_window_keeps_its_length_when_it_is_read_back():
    state = PanelState.of({"window": ["2026-01-15T00:00:00.0004", "2026-01-15T01:00"]})
    assert state.span().span == HOUR
