"""The explorer's state: plain JSON there and back, and Python that makes the same view."""

from __future__ import annotations

import ast
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.analysis.filters import Criteria
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError
from milestone_kit.figures.time_axis import HOUR, Window
from milestone_kit.panel.state import COLOR_CHOICES, GROUP_CHOICES, PanelState
from tests.strategies import NOW

words = st.text(min_size=1, max_size=8).filter(str.strip)
names = st.none() | st.lists(words, max_size=3)
flags = st.sampled_from([None, True, False])
stamps = st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01"))


@st.composite
def states(draw):
    start, end = sorted(draw(st.tuples(stamps, stamps)))
    criteria = {
        "category": draw(names),
        "type": draw(names),
        "league": draw(names),
        "ticker": draw(names),
        "status": draw(st.none() | st.lists(st.sampled_from(["live", "ended", "upcoming"]), max_size=2)),
        "text": draw(st.none() | words),
        "start": draw(st.sampled_from([None, start])),
        "end": draw(st.sampled_from([None, end])),
        **{name: draw(flags) for name in ("has_end", "simulated", "placeholder")},
    }
    state = PanelState(
        Criteria.of(**criteria),
        draw(st.sampled_from(GROUP_CHOICES)),
        draw(st.sampled_from(COLOR_CHOICES)),
        draw(st.sampled_from(["UTC", "Asia/Tokyo"])),
    )
    low = draw(st.floats(-1e12, 3e12))
    window = Window(low, low + draw(st.floats(2, 1e11)))
    return state.with_span(draw(st.sampled_from([None, window])))


@given(states())
def test_a_state_goes_through_json_and_back(state):
    assert PanelState.of(json.loads(json.dumps(state.as_dict()))) == state


@given(states())
def test_the_code_of_any_state_is_python(state):
    ast.parse(state.code("mk.get_milestones()"))
    ast.parse(state.code("...  # your milestones table", now=pd.Timestamp(NOW)))


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


DF = mk.sample_milestones(400)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"category": ["Sports", "Elections"], "group": "none", "color": "status"},
        {"status": ["live", "upcoming"], "has_end": False, "tz": "America/New_York"},
        {"text": "at", "ticker": "KX*", "simulated": None, "placeholder": None},
        {"start": "2026-01-01", "end": "2026-02-01", "window": ["2026-01-10", "2026-01-20"]},
        {"category": 'it\'s "quoted" \\ \n'},
    ],
)
@pytest.mark.parametrize("timed", [False, True])
def test_the_code_makes_the_rows_and_the_window_of_the_view(options, timed):
    df = compute_timeline(DF, now=NOW) if timed else DF
    explorer = mk.explore(df, now=NOW, **options)
    code = explorer.code().replace("...  # your milestones table", "table")
    made = {"table": df}
    *setup, drawn = ast.parse(code).body
    exec(compile(ast.Module(setup, []), "view", "exec"), made)
    figure = eval(compile(ast.Expression(drawn.value), "view", "eval"), made)
    assert sorted(made["rows"]["id"]) == sorted(explorer.filtered["id"])
    # the code writes its window to the millisecond
    edges = [[pd.Timestamp(edge).round("ms") for edge in one.layout.xaxis.range]
             for one in (figure, explorer.figure())]  # fmt: skip
    assert edges[0] == edges[1]
    counted = [one.layout.title.text.split(" milestones")[0] for one in (figure, explorer.figure())]
    assert counted[0] == counted[1]


def marks_by_color(figure):
    return {
        id_: trace.marker.line.color
        for trace in figure.data
        for id_ in (trace.customdata if trace.customdata is not None else ())
        if id_
    }


@pytest.mark.parametrize("color", ["category", "type", "league", "status", "end_source"])
def test_the_code_makes_the_colours_of_the_view(color):
    df = mk.sample_milestones(5_000)
    asked = {"category": ["Economics", "Elections"], "window": ["2025-12-01", "2026-03-01"]}
    explorer = mk.explore(df, now=NOW, color=color, group="none", **asked)
    made = {"table": df}
    *setup, drawn = ast.parse(explorer.code().replace("...  # your milestones table", "table")).body
    exec(compile(ast.Module(setup, []), "view", "exec"), made)
    figure = eval(compile(ast.Expression(drawn.value), "view", "eval"), made)
    ours, theirs = marks_by_color(explorer.figure()), marks_by_color(figure)
    both = ours.keys() & theirs.keys()
    assert both
    assert {id_: ours[id_] for id_ in both} == {id_: theirs[id_] for id_ in both}


def test_the_code_assumes_ends_from_the_whole_table_as_the_view_does():
    explorer = mk.explore(DF, now=NOW, category="Elections")
    made = {"table": DF}
    exec(explorer.code().replace("...  # your milestones table", "table"), made)
    whole = compute_timeline(DF, now=NOW).set_index("id")["end"]
    assert made["rows"].set_index("id")["end"].equals(whole[made["rows"]["id"]])


def test_a_window_keeps_its_length_when_it_is_read_back():
    state = PanelState.of({"window": ["2026-01-15T00:00:00.0004", "2026-01-15T01:00"]})
    assert state.span().span == HOUR
