"""What the explorer shows for a table and a state, with no widget in sight."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from milestone_kit.analysis.filters import Criteria
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.figures.time_axis import DAY
from milestone_kit.panel.model import PRESETS, ExplorerModel
from milestone_kit.panel.state import PanelState
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, table

MOMENT = pd.Timestamp(NOW)
DF = sample_milestones(600)


def model_of(df=DF, now=MOMENT):
    return ExplorerModel(df, now)


def offered(model, criteria, name):
    lists = {one["name"]: one for one in model.facets(criteria)[0]}
    return {one["value"]: one["count"] for one in lists[name]["options"]} if name in lists else None


def test_the_counts_of_each_list_respect_the_other_filters_only():
    model = model_of()
    criteria = Criteria.of(category="Sports", status="ended")
    timeline = model.timeline
    ended = timeline[timeline["status"] == "ended"]
    counted = Counter(ended["category"].str.casefold())
    assert {name.casefold(): n for name, n in offered(model, criteria, "category").items() if n} == counted
    sports = timeline[timeline["category"].str.casefold() == "sports"]
    assert {name: n for name, n in offered(model, criteria, "status").items() if n} == Counter(
        sports["status"]
    )


def test_a_choice_that_the_table_does_not_have_is_offered_so_that_it_can_be_taken_back():
    model = model_of(table({}))
    assert offered(model, Criteria.of(category="Gone"), "category") == {"Sports": 0, "Gone": 0} | {
        "Sports": 1
    }
    assert offered(model, Criteria.of(league="NBA"), "league") == {"NBA": 0}
    assert offered(model, Criteria.of(), "league") is None


def test_a_choice_in_another_case_is_not_offered_twice():
    assert offered(model_of(table({})), Criteria.of(category="SPORTS"), "category") == {"Sports": 1}


def test_a_blank_value_is_not_offered_since_it_cannot_be_asked_for():
    assert offered(model_of(table({"category": ""}, {})), Criteria.of(), "category") == {"Sports": 1}


def test_a_long_list_offers_the_frequent_values_and_the_chosen_ones_and_counts_the_rest():
    model = model_of(table(*[{"category": f"c{i:03}"} for i in range(100)]))
    lists = {one["name"]: one for one in model.facets(Criteria.of(category="c099"))[0]}
    values = [one["value"] for one in lists["category"]["options"]]
    assert len(values) == 61
    assert values[-1] == "c099"
    assert lists["category"]["hidden"] == 39


def test_the_statuses_of_the_chosen_rows_add_up():
    model = model_of()
    chosen = model.select(Criteria.of(category="Sports"))
    assert sum(model.status_counts(chosen).values()) == chosen.sum()


@pytest.mark.parametrize("group", ["category", "none"])
@pytest.mark.parametrize(
    "criteria", [{}, {"category": "Sports"}, {"text": "no such words"}, {"status": "live"}]
)
def test_the_first_view_shows_single_marks_where_there_are_any(group, criteria):
    model = model_of()
    state = PanelState(Criteria.of(**criteria), group=group)
    chosen = model.select(state.filters)
    scene, _ = model.scene(state, chosen, 900, dark=False)
    assert scene.matching == chosen.sum()
    assert scene.level in ({"labelled", "bars"} if chosen.any() else {"empty"})


@pytest.mark.parametrize("width", [0, 200, 400, 5000])
def test_a_figure_of_any_width_can_be_drawn(width):
    model, state = model_of(), PanelState()
    scene, look = model.scene(state, model.select(state.filters), width, dark=True)
    traces, layout = model.draw(state, scene, look)
    assert len(traces) == len(model.draw(state, scene, look)[0])
    assert layout["height"] > 0


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        ("UTC", "2026-01-15T12:00Z", 24),
        ("America/New_York", "2026-03-08T12:00Z", 23),
        ("America/New_York", "2026-11-01T12:00Z", 25),
        ("Africa/Cairo", "2026-04-24T12:00Z", 23),
        ("America/Havana", "2026-11-01T12:00Z", 25),
        ("Asia/Tokyo", "2026-01-15T16:00Z", 24),
    ],
)
def test_today_is_the_local_day_around_now_however_long_it_is(zone, now, hours):
    model = model_of(table({}), pd.Timestamp(now))
    window = model.preset("Today", np.ones(1, bool), zone)
    assert window.span == hours * DAY / 24
    assert window.start <= model.now < window.end
    first = pd.Timestamp(window.start, unit="ms", tz="UTC").tz_convert(zone)
    assert (first.hour, first.minute) == ((1, 0) if zone == "Africa/Cairo" else (0, 0))


def test_the_presets_hold_now_and_all_holds_the_core_of_the_table():
    model = model_of()
    everything = np.ones(len(DF), bool)
    for name, days in (("7 days", 7), ("30 days", 30)):
        window = model.preset(name, everything, "UTC")
        assert window.start < model.now < window.end
        assert window.span == pytest.approx(days * DAY)
    window = model.preset("All", everything, "UTC")
    starts = model.index.start
    assert np.mean((starts >= window.start) & (starts <= window.end)) > 0.95


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_works_on_an_empty_table_and_on_no_match(name):
    for df in (empty_milestones(), DF):
        model = model_of(df)
        window = model.preset(name, np.zeros(len(df), bool), "Asia/Tokyo")
        state = PanelState().with_span(window)
        scene, look = model.scene(state, np.zeros(len(df), bool), 900, dark=False)
        assert scene.level == "empty"
        assert model.draw(state, scene, look)


def test_a_timeline_that_the_table_brings_is_used_as_it_is():
    timeline = compute_timeline(DF, now="2020-01-01")
    assert model_of(timeline).timeline is timeline
    spoiled = timeline.assign(status=timeline["status"].astype("str"))
    assert model_of(spoiled).timeline["status"].dtype == "category"


def test_a_milestone_is_found_by_its_id():
    model = model_of()
    assert model.timeline["id"].iloc[model.position(DF["id"].iloc[77])] == DF["id"].iloc[77]
    assert model.position("no such id") is None


def test_colours_stay_as_they_are_when_filters_change():
    model = model_of()
    assert model.colors("category") is model.colors("category")
    assert len(model.colors("category").slots) == len(DF)


def test_a_row_whose_end_lies_before_its_start_is_in_no_bar():
    model = model_of(table({"end_date": at(-3)}))
    scene, _ = model.scene(PanelState(), np.ones(1, bool), 900, dark=False)
    assert list(scene.marks.doubtful) == [True]
    assert np.isnan(scene.marks.end).all()
