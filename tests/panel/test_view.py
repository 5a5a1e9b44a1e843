"""What a table shows for a session on a screen: one value, the same objects where nothing changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from milestone_kit.analysis.filters import Criteria, FilterIndex
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.figures.time_axis import HOUR
from milestone_kit.panel.events import next_session
from milestone_kit.panel.model import ExplorerModel
from milestone_kit.panel.session import Screen, Session
from milestone_kit.panel.state import PanelState, Sort
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, table

DF = sample_milestones(600)
WIDE = Screen(900)


def model_of(df=DF, now=NOW):
    return ExplorerModel(df, pd.Timestamp(now))


@pytest.fixture(scope="module")
def model():
    return model_of()


def asking(*, group="category", color="category", tz="UTC", window=None, **criteria):
    filters = Criteria.of(**({"simulated": False, "placeholder": False} | criteria))
    return Session(PanelState(filters, group, color, tz, window))


@pytest.mark.parametrize("group", ["category", "none"])
@pytest.mark.parametrize(
    "criteria", [{}, {"category": "Sports"}, {"text": "no such words"}, {"status": "live"}]
)
def test_the_first_view_shows_single_marks_where_there_are_any(model, group, criteria):
    view = model.view(asking(group=group, **criteria), WIDE)
    assert view.chart.scene.matching == len(view.rows)
    assert view.chart.scene.level in ({"labelled", "bars"} if len(view.rows) else {"empty"})


@pytest.mark.parametrize("width", [1, 200, 400, 5000])
def test_a_figure_of_any_width_can_be_drawn(model, width):
    chart = model.view(Session(), Screen(width, dark=True)).chart
    assert len(chart.traces) == len(model.view(Session(), WIDE).chart.traces)
    assert chart.layout["height"] > 0


def test_a_table_without_rows_and_one_without_a_match_can_be_shown():
    for model, session in ((model_of(empty_milestones()), Session()), (model_of(), asking(text="no such"))):
        view = model.view(session, WIDE)
        assert view.chart.scene.level == "empty"
        assert (len(view.rows), view.table["rows"], sum(view.strip.counts)) == (0, [], 0)
        assert view.choices.lists is not None


def test_a_table_that_is_still_to_come_says_so():
    awaited = ExplorerModel(empty_milestones(), pd.Timestamp(NOW), awaited=True)
    assert awaited.view(Session(), WIDE).summary == "No milestones yet"


def test_the_summary_counts_rows_statuses_and_what_is_selected(model):
    session = asking(category="Sports")
    view = model.view(session, WIDE)
    statuses = model.timeline["status"].iloc[view.rows].value_counts()
    assert f"<b>{len(view.rows)}</b> of 600 milestones" in view.summary
    for name in ("upcoming", "live", "ended"):
        assert f"{statuses[name]:,} {name}" in view.summary
    assert "selected" not in view.summary
    two = replace(session, selected=frozenset(DF["id"].iloc[view.rows[:2]]))
    assert "2 selected" in model.view(two, WIDE).summary


JANUARY = ("2026-01-01", "2026-02-01")


def parts(view):
    return {
        "chart": view.chart,
        "table": view.table,
        "rows": view.rows,
        "choices": view.choices,
        "counts": view.strip.counts,
        "marks": view.strip.marks,
        "card": view.card,
    }


@pytest.mark.parametrize(
    ("change", "other"),
    [
        (lambda s: s, set()),
        (lambda s: replace(s, page=3), {"table"}),
        (lambda s: replace(s, state=replace(s.state, sort=Sort("title"))), {"table", "rows"}),
        (lambda s: replace(s, state=replace(s.state, windowed=False)), {"table"}),
        (lambda s: replace(s, selected=frozenset(DF["id"].iloc[5:6])), {"table", "chart"}),
        (lambda s: replace(s, picked=DF["id"].iloc[5]), {"card"}),
        (lambda s: replace(s, state=replace(s.state, color="status")), {"chart"}),
        (lambda s: replace(s, state=replace(s.state, group="type")), {"chart"}),
        (lambda s: replace(s, state=replace(s.state, tz="Asia/Tokyo")), {"chart", "table", "marks"}),
        (
            lambda s: replace(s, state=replace(s.state, window=JANUARY)),
            {"chart", "table"},
        ),
        (
            lambda s: replace(s, state=replace(s.state, filters=Criteria.of(category="Sports"))),
            {"chart", "table", "rows", "choices", "counts"},
        ),
    ],
)
def test_a_part_that_did_not_change_is_the_same_object(model, change, other):
    session = replace(Session(), page=0)
    before = model.view(session, WIDE)
    known, now = parts(before), parts(model.view(change(before.session), WIDE, before))
    assert {name for name in known if now[name] is not known[name]} == other


def test_the_choices_are_counted_when_they_are_looked_at_and_once(monkeypatch):
    model, asked = model_of(), []
    facets = FilterIndex.facets
    monkeypatch.setattr(FilterIndex, "facets", lambda *given: asked.append(given) or facets(*given))
    view = model.view(Session(), WIDE)
    assert asked == []
    assert view.choices is view.choices
    moved = model.view(asking(window=JANUARY, color="status"), WIDE, view)
    assert moved.choices is view.choices
    # once for the counts, and once for the order of the whole table
    assert len(asked) == 2


def test_after_any_history_a_view_shows_what_a_fresh_one_would():
    df = sample_milestones(5_000)
    worn, view = model_of(df), None
    for session, screen in (
        (asking(), WIDE),
        (asking(window=("2024-01-01", "2026-02-01")), WIDE),
        (asking(window=("2026-01-15", "2026-01-16"), group="type"), Screen(1200, dark=True)),
        (asking(category="Elections", group="none", color="status"), WIDE),
        (asking(text="nothing has this title"), WIDE),
    ):
        view = worn.view(session, screen, view)
        fresh = model_of(df).view(session, screen)
        np.testing.assert_equal(view.chart.traces, fresh.chart.traces)
        np.testing.assert_equal(view.chart.layout, fresh.chart.layout)
        assert (view.summary, view.strip, view.table) == (fresh.summary, fresh.strip, fresh.table)
        assert (view.choices, view.recipe) == (fresh.choices, fresh.recipe)


def test_marks_keep_their_lanes_while_the_chart_only_moves():
    # the later the start, the shorter: what comes into view from the left would take the upper lanes
    df = table(*[{"start_date": at(i), "end_date": at(40 - i), "title": f"t{i}"} for i in range(16)])
    model = model_of(df)
    before = model.view(asking(group="none", window=("2026-01-15T04:30Z", "2026-01-15T20:30Z")), WIDE)
    window = before.chart.scene.window
    event = {"kind": "window", "low": window.start - 4 * HOUR, "high": window.end - 4 * HOUR}
    moved = model.view(next_session(model, before, event), WIDE, before, moving=True)

    def lanes(view):
        marks, count = view.chart.scene.marks, view.chart.scene.shown
        return dict(zip(marks.row[:count].tolist(), marks.tier[:count].tolist(), strict=True))

    stayed = lanes(before).keys() & lanes(moved).keys()
    assert len(stayed) > 3
    assert {row: lanes(moved)[row] for row in stayed} == {row: lanes(before)[row] for row in stayed}


def test_the_page_is_that_of_now_until_another_is_asked_for(model):
    view = model.view(Session(), WIDE)
    starts = model.timeline["start_date"].iloc[view.listed]
    first = view.table["page"] * 12
    assert (starts.iloc[:first] < pd.Timestamp(NOW)).all()
    assert (starts.iloc[first + 12 :] >= pd.Timestamp(NOW)).all()
    assert model.view(replace(Session(), page=2), WIDE).table["page"] == 2


def test_a_timeline_that_the_table_brings_is_used_as_it_is():
    timeline = compute_timeline(DF, now="2020-01-01")
    assert model_of(timeline).timeline is timeline
    spoiled = timeline.assign(status=timeline["status"].astype("str"))
    assert model_of(spoiled).timeline["status"].dtype == "category"


def test_a_milestone_is_found_by_its_id(model):
    assert model.timeline["id"].iloc[model.position(DF["id"].iloc[77])] == DF["id"].iloc[77]
    assert model.position("no such id") is None


def test_a_row_whose_end_lies_before_its_start_is_in_no_bar():
    marks = (
        model_of(table({"end_date": at(-3), "type": "new", "category": "New"}))
        .view(Session(), WIDE)
        .chart.scene.marks
    )
    assert list(marks.doubtful) == [True]
    assert np.isnan(marks.end).all()


def test_colours_stay_where_another_table_would_rank_them_otherwise():
    def of(*counts):
        return table(
            *[{"category": name} for name, count in zip("ab", counts, strict=True) for _ in range(count)]
        )

    first = model_of(of(3, 1))
    labels = first.colors("category").labels
    assert labels[:2] == ("a", "b")
    later = ExplorerModel(of(1, 5), pd.Timestamp(NOW), heir_of=first)
    assert later.colors("category").labels == labels
