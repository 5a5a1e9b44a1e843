"""What each act of the user makes of the session, without a widget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from milestone_kit.figures.gantt.picking import Box, rows_in_box
from milestone_kit.figures.time_axis import DAY, HOUR
from milestone_kit.panel.events import next_session
from milestone_kit.panel.model import ExplorerModel
from milestone_kit.panel.news import News
from milestone_kit.panel.session import Screen, Session
from milestone_kit.panel.state import PanelState, Sort
from milestone_kit.sandbox import sample_milestones
from tests.strategies import NOW

MODEL = ExplorerModel(sample_milestones(500), pd.Timestamp(NOW))
USUAL = {"simulated": False, "placeholder": False}


def seen(values=None, **more):
    state = PanelState.of({"windowed": False} | (values or {}))
    return MODEL.view(Session(state, **more), Screen(900))


def after(view, kind, **more):
    return next_session(MODEL, view, {"kind": kind, **more})


def test_a_milestone_that_is_clicked_is_picked_selected_and_turned_to():
    view = seen()
    id_ = MODEL.table["id"].iloc[view.rows[40]]
    session = after(view, "click", id=id_)
    assert (session.picked, session.selected, session.page) == (id_, {id_}, 40 // 12)
    assert session.state == view.session.state


def test_a_row_that_is_picked_brings_the_window_there_and_no_wider_one():
    view = seen()
    there, away = (
        view.listed[
            np.isin(view.listed, MODEL.listed(view.session.state.filters, Sort(), view.chart.scene.window))
        ],
        view.rows[0],
    )
    assert after(view, "pick", id=MODEL.table["id"].iloc[there[0]]).state == view.session.state
    id_ = MODEL.table["id"].iloc[away]
    session = after(view, "pick", id=id_)
    now, then = session.state.span(), view.chart.scene.window
    assert (session.picked, session.selected, session.page) == (id_, {id_}, 0)
    assert now.start < MODEL.table["start_date"].iloc[away].timestamp() * 1000 < now.end
    assert now.span == pytest.approx(then.span, abs=2)


def test_news_are_listed_wherever_the_window_is_until_the_table_is_to_follow_it():
    ids = frozenset(MODEL.table["id"].iloc[seen().rows[[3, 200]]])
    view = seen({"window": ["2026-01-10", "2026-01-12"], "windowed": True}, news=News(added=ids))
    told = MODEL.view(after(view, "news", which="added"), Screen(900))
    assert set(MODEL.table["id"].iloc[told.listed]) == ids == {row["id"] for row in told.table["rows"]}
    assert not told.table["windowed"]
    assert MODEL.view(after(told, "step", by=1), Screen(900)).session == told.session
    again = MODEL.view(after(told, "windowed", only=True), Screen(900))
    assert list(again.listed) == list(view.listed)
    assert again.session.news.ids == frozenset()


def test_the_table_follows_the_window_until_it_is_told_not_to():
    view = seen({"window": ["2026-01-10", "2026-01-12"], "windowed": True})
    rows = MODEL.timeline.iloc[view.rows]
    last = rows["end"].fillna(rows["start_date"])
    inside = (rows["start_date"] <= "2026-01-12") & (last >= "2026-01-10")
    assert list(view.listed) == list(view.rows[inside.to_numpy()])
    assert 0 < len(view.listed) < len(view.rows)
    assert f"of {len(view.listed):,} in this window ({len(view.rows):,} in all)" in view.table["where"]
    whole = MODEL.view(after(view, "windowed", only=False), Screen(900), view)
    assert list(whole.listed) == list(whole.rows)
    assert f"of {len(view.rows):,}" in whole.table["where"]
    assert len(whole.chart.scene.marks.row) == len(view.chart.scene.marks.row)


def test_a_milestone_that_the_filters_hide_is_picked_and_the_page_stays():
    view = seen({"filters": {"category": ["Elections"]}}, page=1)
    id_ = MODEL.table["id"][MODEL.table["category"] == "Sports"].iloc[0]
    session = after(view, "click", id=id_)
    assert (session.picked, session.page) == (id_, 1)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("click", {"id": "no such id"}),
        ("attached", {}),
        ("something else", {}),
        ("window", {"low": 5.0, "high": 5.0}),
        ("window", {"low": 6.0, "high": 5.0}),
        ("window", {"low": float("nan"), "high": 5.0}),
        ("sort", {"column": "details"}),
        ("legend", {"slot": 8}),
    ],
)
def test_what_asks_for_nothing_changes_nothing(kind, more):
    view = seen(page=3)
    assert after(view, kind, **more) == view.session


@pytest.mark.parametrize("event", [{}, {"kind": "window"}, {"kind": "window", "low": None, "high": 1}])
def test_a_malformed_event_raises(event):
    with pytest.raises((KeyError, TypeError)):
        next_session(MODEL, seen(), event)


def test_a_window_is_kept_and_one_that_is_shown_already_changes_nothing():
    view = seen()
    window = view.chart.scene.window
    assert after(view, "window", low=window.start, high=window.end + 1) == view.session
    low = pd.Timestamp("2026-01-10", tz="UTC").timestamp() * 1000
    state = after(view, "window", low=low, high=low + DAY).state
    assert state.window == ("2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z")


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (-1e300, 1e300),
        (-1e14, 1e15),
        (1.768e12, 1.768e12 + 1e-3),
        (1.768e12, 1.768e12 + 0.4),
        (-1e300, -1e299),
    ],
)
def test_a_zoom_to_no_sensible_window_is_survived(low, high):
    session = after(seen(), "window", low=low, high=high)
    assert MODEL.view(session, Screen(900)).chart.scene.window.span >= 1000


def test_a_bin_is_zoomed_into_about_its_middle():
    view = seen({"window": ["2026-01-01", "2026-02-01"]})
    middle = view.chart.scene.window.start + 3 * DAY
    window = after(view, "zoom", at=middle).state.span()
    assert (window.start + window.end) / 2 == pytest.approx(middle, abs=1)
    assert window.span == pytest.approx(view.chart.scene.window.span / 6)


def test_presets_set_the_window_and_a_fit_takes_it_back():
    view = seen()
    today = after(view, "preset", name="Today")
    assert today.state.window == "today"
    shown = MODEL.view(today, Screen(900))
    assert shown.chart.scene.window == PanelState.of({"window": ["2026-01-15", "2026-01-16"]}).span()
    assert after(shown, "fit").state.window is None
    assert after(shown, "preset", name="Near now").state.window is None


@pytest.mark.parametrize(
    ("window", "by", "day"),
    [
        ("today", 1, "2026-01-16"),
        ("today", -1, "2026-01-14"),
        (["2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z"], 1, "2026-03-08"),
        (["2026-01-01", "2026-01-31"], 1, "2026-01-16"),
        ("all", 99, None),
        (["0001-01-01", "0001-01-02"], -1, "0002-01-01"),
        (["9999-12-30", "9999-12-31T23:00"], 1, "9998-12-31"),
    ],
)
def test_the_days_before_and_after_are_whole_days_of_the_zone(window, by, day):
    view = seen({"window": window, "tz": "America/New_York"})
    stepped = after(view, "day", by=by)
    first, last = stepped.state.window
    assert [pd.Timestamp(edge).tz_convert("America/New_York").hour for edge in (first, last)] == [0, 0]
    if day is not None:
        assert str(pd.Timestamp(first).tz_convert("America/New_York").date()) == day
    hours = (pd.Timestamp(last) - pd.Timestamp(first)) / pd.Timedelta("1h")
    assert hours == (23 if day == "2026-03-08" else 24)
    back = after(MODEL.view(stepped, Screen(900)), "day", by=-by)
    again = after(MODEL.view(back, Screen(900)), "day", by=by)
    assert again.state == stepped.state


@pytest.mark.parametrize("window", [["2026-01-14", "2026-01-17"], ["2019-01-01", "2026-06-01"]])
def test_a_box_selects_what_touches_it_and_a_click_beside_takes_it_back(window):
    view = seen({"window": window})
    scene = view.chart.scene
    quarter = scene.window.span / 4
    x, y = (scene.window.start + 3 * quarter, scene.window.start + quarter), (0, scene.lanes / 2)
    session = after(view, "box", x=x, y=y)
    box = Box.between(x, y)
    assert session.selected == set(MODEL.table["id"].iloc[rows_in_box(scene, MODEL.index, box)])
    assert 0 < len(session.selected) < scene.shown
    assert after(MODEL.view(session, Screen(900)), "deselect").selected == frozenset()


def test_a_box_around_everything_holds_all_marks_in_the_window():
    view = seen({"window": ["2026-01-14", "2026-01-17"], "group": "none"})
    scene = view.chart.scene
    x = (scene.window.start - HOUR, scene.window.end + HOUR)
    everything = after(view, "box", x=x, y=(-1, scene.lanes + 1)).selected
    marks = scene.marks.row[: scene.shown]
    assert everything == set(MODEL.table["id"].iloc[marks])
    first = np.flatnonzero(scene.marks.lane[: scene.shown] < 1)
    band = after(view, "box", x=x, y=(0.2, 0.8)).selected
    assert band == set(MODEL.table["id"].iloc[marks[first]])


def test_a_name_in_the_legend_is_filtered_for_and_taken_back():
    view = seen(page=3)
    labels = MODEL.colors("category").labels
    once = after(view, "legend", slot=0)
    assert once.state.filters.as_dict() == USUAL | {"category": [labels[0]]}
    assert once.page is None
    both = after(MODEL.view(once, Screen(900)), "legend", slot=1)
    assert both.state.filters.category == labels[:2]
    back = after(MODEL.view(both, Screen(900)), "legend", slot=0)
    assert back.state.filters.category == (labels[1],)
    assert after(seen({"color": "end_source"}), "legend", slot=0).state.color == "end_source"


def test_a_column_sorts_and_turns_round_and_begins_at_its_first_page():
    view = seen(page=5)
    once = after(view, "sort", column="title")
    assert (once.sort, once.page) == (Sort("title"), 0)
    twice = after(MODEL.view(once, Screen(900)), "sort", column="title")
    assert twice.sort == Sort("title", ascending=False)
    assert after(view, "page", page=7) == replace(view.session, page=7)


def test_reset_clears_filters_window_and_selection_and_keeps_zone_and_order():
    values = {"filters": {"text": "x"}, "tz": "Asia/Tokyo", "window": ["2026-01-01", "2026-01-02"]}
    values |= {"sort": {"column": "title"}}
    session = after(seen(values, selected=frozenset("a"), page=4), "reset")
    assert session == Session(PanelState(tz="Asia/Tokyo", sort=Sort("title"), windowed=False))


def test_an_agenda_goes_by_the_time_and_leaves_chart_and_order_as_they_are():
    backwards = {"column": "title", "ascending": False}
    view = seen({"window": ["2026-01-14", "2026-01-17"], "sort": backwards}, page=2)
    session = after(view, "form", name="agenda")
    assert session == replace(view.session, state=replace(view.session.state, form="agenda"), page=None)
    agenda = MODEL.view(session, Screen(900), view)
    assert agenda.chart is view.chart
    assert list(agenda.listed) == sorted(view.listed, key=lambda at: (MODEL.table["start_date"][at], at))
    assert after(agenda, "reset").state == PanelState.of(
        {"form": "agenda", "sort": backwards, "windowed": False}
    )
    assert after(agenda, "form", name="list") == agenda.session
    back = after(agenda, "form", name="table")
    assert list(MODEL.view(back, Screen(900), agenda).listed) == list(view.listed)


def test_the_ways_out_of_nothing_lead_to_rows():
    hidden = seen({"filters": USUAL | {"text": "no such words", "type": "tennis"}})
    ways = {way["label"]: way for way in hidden.table["ways"]}
    assert list(ways) == ["Clear the search", "Reset all filters"]
    cleared = after(hidden, **ways["Clear the search"])
    assert cleared.state.filters.as_dict() == USUAL | {"type": ["tennis"]}
    view = seen({"window": ["1999-01-01", "1999-01-02"], "windowed": True})
    (way,) = view.table["ways"]
    assert way["label"] == f"Show all {len(view.rows):,} that match"
    assert len(MODEL.view(after(view, **way), Screen(900)).listed) == len(view.rows)
    assert seen().table["ways"] == []


def test_next_and_previous_open_the_cards_of_the_neighbours_in_the_table():
    view = seen()
    ids = list(MODEL.table["id"].iloc[view.rows])
    opened = MODEL.view(after(view, "pick", id=ids[11]), Screen(900))
    session = after(opened, "step", by=1)
    assert (session.picked, session.selected, session.page) == (ids[12], {ids[12]}, 1)
    assert after(opened, "step", by=-1).picked == ids[10]
    at_end = MODEL.view(after(view, "pick", id=ids[-1]), Screen(900))
    assert after(at_end, "step", by=1) == at_end.session
    assert after(view, "step", by=1) == view.session


def test_a_card_closes_and_its_row_stays_selected():
    view = seen()
    id_ = MODEL.table["id"].iloc[view.rows[3]]
    opened = MODEL.view(after(view, "pick", id=id_), Screen(900))
    assert opened.card
    closed = MODEL.view(after(opened, "close"), Screen(900))
    assert (closed.card, closed.session.selected) == ("", {id_})


@pytest.mark.parametrize(
    ("name", "value", "asked"), [("type", "tennis", ["tennis"]), ("ticker", "KXA-*", ["KXA-*"])]
)
def test_a_chip_filters_and_nothing_else_does(name, value, asked):
    view = seen({"filters": USUAL | {"text": "at"}})
    session = after(view, "narrow", name=name, value=value)
    assert session.state.filters.as_dict() == USUAL | {"text": "at", name: asked}
    assert after(view, "narrow", name="simulated", value=value) == view.session
    assert after(view, "narrow", name=name, value=" ") == view.session


@pytest.mark.parametrize("filters", [{"status": ["live"]}, {"text": "no such words"}, {"category": ["X"]}])
def test_what_the_filters_hide_is_neither_selected_nor_on_a_card(filters):
    view = seen()
    ended = MODEL.timeline.iloc[view.rows].loc[lambda rows: rows["status"] == "ended", "id"]
    chosen = replace(view.session, picked=ended.iloc[0], selected=frozenset(ended[:5]))
    assert MODEL.view(chosen, Screen(900)).session.selected == set(ended[:5])
    hidden = replace(chosen, state=PanelState.of({"filters": USUAL | filters}))
    shown = MODEL.view(hidden, Screen(900), view)
    assert (shown.session.selected, shown.session.picked, shown.card) == (frozenset(), None, "")


def test_a_card_follows_the_time_zone_and_the_table():
    view = seen()
    at = view.rows[3]
    session = after(view, "pick", id=MODEL.table["id"].iloc[at])
    there = MODEL.view(replace(session, state=replace(session.state, tz="Asia/Tokyo")), Screen(900))
    assert "(Asia/Tokyo)" in there.card
    changed = MODEL.table.assign(title=MODEL.table["title"] + ", moved")
    later = ExplorerModel(changed, pd.Timestamp(NOW))
    assert ", moved" in later.view(session, Screen(900)).card
    without = ExplorerModel(MODEL.table.drop(index=MODEL.table.index[at]), pd.Timestamp(NOW))
    gone = without.view(session, Screen(900))
    assert (gone.card, gone.session.selected) == ("", frozenset())


def test_a_group_is_folded_and_unfolded_alone_or_with_all_others():
    view = seen({"group": "category"})
    first, second, *rest = (group.label for group in view.chart.scene.groups)
    session = after(view, "fold", name=first)
    assert session.state.folded == (first,)
    folded = MODEL.view(session, Screen(900), view)
    assert [group.label for group in folded.chart.scene.groups if group.folded] == [first]
    assert after(folded, "fold", name=first).state.folded == ()
    every = after(folded, "fold", name=second, all=True)
    assert set(every.state.folded) == {first, second, *rest}
    all_folded = MODEL.view(every, Screen(900), folded)
    assert after(all_folded, "fold", name=second, all=True).state.folded == ()
    assert after(view, "fold", name="of no such group") == view.session
