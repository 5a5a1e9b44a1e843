"""Coming back to what was seen: back and forward, saved views, the watchlist, as their user meets them."""

from __future__ import annotations

import json
import logging

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.errors import CacheError, CacheWarning, QueryError
from milestone_kit.panel import MilestoneExplorer, explore
from milestone_kit.panel.model import ExplorerModel
from milestone_kit.panel.session import Screen, Session
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets.bridge import Bridge
from milestone_kit.panel.widgets.paged_table import PagedTable
from milestone_kit.panel.widgets.view_bar import ViewBar
from milestone_kit.panel.widgets.watched_rows import WatchedRows
from milestone_kit.table.schema import empty_milestones
from tests.panel.driver import alert, card, check, field, happen, html, one, press, send, summary
from tests.panel.test_explorer import HOSTILE
from tests.panel.test_ticking import Clock, tick
from tests.strategies import NOW, at, table

DF = mk.sample_milestones(500)
DAYS = [["2026-01-10", "2026-01-12"], ["2026-01-12", "2026-01-14"]]


@pytest.fixture
def explorer(kept_in):
    return explore(DF, now=NOW)


def tool(explorer, kind, **more):
    send(one(explorer, ViewBar), kind=kind, **more)


def window_of(explorer):
    return explorer.state["window"]


# back and forward


def test_back_and_forward_lead_through_views_by_button_by_key_and_from_code(explorer):
    bar = one(explorer, ViewBar)
    assert (bar.can_back, bar.can_forward) == (False, False)
    first = explorer.state
    press(explorer, "Today")
    check(explorer, "category", "Sports")
    assert (bar.can_back, bar.can_forward) == (True, False)
    tool(explorer, "back")
    assert explorer.state == first | {"window": "today"}
    assert "Sports" not in field(explorer, "Search").value
    assert explorer._controls.facets.chosen["category"] == []
    send(one(explorer, Bridge), kind="back")
    assert explorer.state == first
    assert (bar.can_back, bar.can_forward) == (False, True)
    explorer.back()
    assert explorer.state == first
    explorer.forward()
    send(one(explorer, Bridge), kind="forward")
    assert explorer.state["filters"]["category"] == ["Sports"]
    assert explorer._controls.facets.chosen["category"] == ["Sports"]
    assert (bar.can_back, bar.can_forward) == (True, False)
    explorer.back()
    press(explorer, "All")
    explorer.forward()
    assert window_of(explorer) == "all"


def test_one_drag_is_one_step_and_a_state_that_is_set_is_one_too():
    clock = Clock()
    explorer = MilestoneExplorer(DF, state=PanelState(), clock=clock)
    low = pd.Timestamp("2026-01-10", tz="UTC").timestamp() * 1000
    for i in range(6):
        clock.on(seconds=0.3)
        happen(explorer, "window", low=low + i * 1e6, high=low + 9e7 + i * 1e6)
    explorer.state = {"window": "tomorrow"}
    explorer.back()
    assert window_of(explorer)[0] == "2026-01-10T01:23:20Z"
    explorer.back()
    assert window_of(explorer) is None


def test_a_reset_and_a_sort_can_be_taken_back(explorer):
    explorer.state = {"filters": {"text": "at"}}
    send(one(explorer, PagedTable), kind="sort", column="title")
    press(explorer, "Reset")
    explorer.back()
    assert explorer.state["filters"] == {"text": "at"}
    assert explorer.state["sort"] == {"column": "title", "ascending": True}
    assert field(explorer, "Search").value == "at"
    explorer.back()
    assert explorer.state["sort"]["column"] == "start_date"


def test_days_are_stepped_by_buttons(explorer):
    press(explorer, "Today")
    tool(explorer, "day", by=1)
    assert window_of(explorer) == ["2026-01-16T00:00:00Z", "2026-01-17T00:00:00Z"]
    tool(explorer, "day", by=-1)
    tool(explorer, "day", by=-1)
    assert window_of(explorer) == ["2026-01-14T00:00:00Z", "2026-01-15T00:00:00Z"]


# windows told from now


def test_a_window_told_from_now_goes_with_the_clock_now_and_then():
    clock = Clock()
    explorer = MilestoneExplorer(DF, state=PanelState.of({"window": "next 6 h"}), clock=clock)

    def shown():
        return explorer.figure().layout.xaxis.range[0]

    assert shown() == "2026-01-15T12:00:00"
    clock.on(minutes=5)
    tick(explorer)
    assert shown() == "2026-01-15T12:00:00"
    clock.on(minutes=15)
    tick(explorer)
    assert shown() == "2026-01-15T12:20:00"
    assert window_of(explorer) == "next 6 h"
    check(explorer, "category", "Sports")
    assert shown() == "2026-01-15T12:20:00"
    clock.on(minutes=5)
    press(explorer, "Next 6 h")
    tick(explorer)
    press(explorer, "Next 6 h")
    assert shown() == "2026-01-15T12:25:00"


def test_explore_takes_words_for_a_window_and_the_code_draws_it(monkeypatch):
    explorer = explore(DF, now=NOW, window="Last 1 d, next  6 d", group="none")
    assert window_of(explorer) == "last 1 d, next 6 d"
    pasted = {}
    monkeypatch.setattr("milestone_kit.get_milestones", lambda: DF, raising=False)
    code = explorer.code().replace("...  # put your milestones table here", "DF  #")
    exec(code.replace("mk.plot_gantt", "figure = mk.plot_gantt"), pasted | {"DF": DF}, pasted)
    assert pasted["figure"].layout.xaxis.range == ("2026-01-14T12:00:00", "2026-01-21T12:00:00")
    with pytest.raises(QueryError, match="'soon'"):
        explore(DF, window="soon")


# saved views


def test_a_saved_view_is_a_name_a_dict_and_a_file_and_right_tomorrow(explorer, kept_in):
    explorer.state = {"filters": {"category": ["Sports"]}, "group": "league", "window": "next 6 h"}
    explorer.save_view("  the evening ")
    saved = explorer.state
    assert explorer.views == {"the evening": saved}
    kept = json.loads((kept_in / "panel" / "views.json").read_text())
    assert kept["views"]["the evening"] == saved
    press(explorer, "Reset")
    explorer.show_view("the evening")
    assert explorer.state == saved
    tomorrow = explore(DF, now="2026-01-16T12:00Z", view="the evening")
    assert tomorrow.state == saved
    assert tomorrow.figure().layout.xaxis.range[0] == "2026-01-16T12:00:00"
    explorer.forget_view("the evening")
    assert explorer.views == {}
    with pytest.raises(QueryError, match="the evening"):
        explorer.show_view("the evening")
    with pytest.raises(QueryError, match="the evening"):
        explorer.forget_view("the evening")


def test_the_panel_saves_lists_shows_and_forgets_views(explorer):
    bar = one(explorer, ViewBar)
    press(explorer, "Today")
    tool(explorer, "save_view", name="day")
    press(explorer, "All")
    other = explore(DF, now=NOW)
    other.save_view("from another notebook")
    tool(explorer, "views")
    assert bar.views == ["day", "from another notebook"]
    tool(explorer, "show_view", name="day")
    assert window_of(explorer) == "today"
    explorer.back()
    assert window_of(explorer) == "all"
    tool(explorer, "forget_view", name="day")
    assert bar.views == ["from another notebook"]
    assert alert(explorer) == ""


def test_what_a_later_version_saved_is_shown_as_far_as_it_is_known(explorer, kept_in):
    explorer.save_view("mine")
    path = kept_in / "panel" / "views.json"
    kept = json.loads(path.read_text())
    kept["views"]["mine"] |= {"hologram": 1, "filters": {"text": "at", "mood": "<b>"}}
    path.write_text(json.dumps(kept))
    tool(explorer, "show_view", name="mine")
    assert explorer.state["filters"] == {"text": "at"}
    assert "does not know" in alert(explorer)
    assert "hologram" in alert(explorer)
    with pytest.warns(CacheWarning, match="mood"):
        explorer.show_view("mine")
    with pytest.warns(CacheWarning, match="hologram"):
        assert explore(DF, now=NOW, view="mine").state["filters"] == {"text": "at"}
    assert json.loads(path.read_text()) == kept


@pytest.mark.parametrize(
    "state",
    [
        *({"window": HOSTILE}, {"filters": HOSTILE}, {"filters": {"text": 5}}, {"tz": HOSTILE}),
        *({"sort": [HOSTILE]}, {"group": {"a": HOSTILE}}, {"windowed": "yes"}, {"window": [HOSTILE, 1]}),
    ],
)
def test_a_view_that_somebody_else_wrote_ends_in_one_sentence(explorer, kept_in, state):
    explorer.save_view("mine")
    path = kept_in / "panel" / "views.json"
    path.write_text(json.dumps({"views": {"mine": state}}))
    before = explorer.state
    tool(explorer, "show_view", name="mine")
    assert "the view &#x27;mine&#x27; cannot be shown" in alert(explorer)
    assert "<script" not in alert(explorer)
    assert explorer.state == before
    press(explorer, "Today")
    assert alert(explorer) == ""


def test_a_damaged_file_is_told_in_the_panel_and_to_code(explorer, kept_in):
    explorer.save_view("mine")
    path = kept_in / "panel" / "views.json"
    path.write_text("{")
    tool(explorer, "views")
    assert "views.json is not usable" in alert(explorer)
    assert one(explorer, ViewBar).views == []
    path.write_text("{")
    with pytest.warns(CacheWarning, match="put aside"):
        assert explorer.views == {}
    (kept_in / "panel" / "watch.json").write_text('{"watch": 5}')
    assert "watch.json is not usable" in alert(explore(DF, now=NOW))


def test_a_folder_that_cannot_be_written_is_one_sentence_and_the_panel_goes_on(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MILESTONE_KIT_CACHE_DIR", str(tmp_path / "file" / "cache"))
    explorer = explore(DF, now=NOW)
    tool(explorer, "save_view", name="mine")
    assert "could not be written" in alert(explorer)
    tool(explorer, "watch", text=DF["id"].iloc[0])
    assert "could not be written" in alert(explorer)
    assert explorer.watch == [DF["id"].iloc[0]]
    with pytest.raises(CacheError, match="MILESTONE_KIT_CACHE_DIR"):
        explorer.save_view("mine")
    monkeypatch.setenv("MILESTONE_KIT_CACHE_DIR", "x" * 5_000)
    assert "too long" in alert(explore(DF, now=NOW))


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\0b", "\ud800", 5, None, ["a"]])
def test_what_is_no_name_is_refused(explorer, name):
    for act in (explorer.save_view, explorer.show_view, explorer.forget_view):
        with pytest.raises(QueryError, match="name"):
            act(name)
    tool(explorer, "save_view", name=name)
    assert "name" in alert(explorer)


@pytest.mark.parametrize(
    ("asked", "named"),
    [({"window": "today"}, "window"), ({"category": "Sports"}, "filters"), ({"group": "type"}, "group")],
)
def test_a_view_and_what_else_to_show_first_contradict_each_other(explorer, asked, named):
    explorer.save_view("mine")
    with pytest.raises(QueryError, match=f"so does {named}="):
        explore(DF, now=NOW, view="mine", **asked)
    with pytest.raises(QueryError, match="saved are 'mine'"):
        explore(DF, now=NOW, view="yours")


def test_views_are_kept_in_the_folder_of_the_client_and_are_bounded(client, kept_in):
    explorer = explore(client, now=NOW)
    explorer.save_view("mine")
    assert (client.cache_dir / "panel" / "views.json").exists()
    assert not kept_in.exists()
    for i in range(99):
        explorer.save_view(str(i))
    with pytest.raises(QueryError, match="100 views"):
        explorer.save_view("one more")
    explorer.save_view("mine")


# the watchlist

EVENTS = mk.ticker_table(DF)
EVENT, SERIES = EVENTS["event_ticker"].iloc[200], EVENTS["series_ticker"].mode()[0]


def pinned(explorer):
    return one(explorer, WatchedRows).view


def test_a_watchlist_is_pasted_pinned_on_top_kept_and_there_the_next_time(explorer, kept_in):
    assert pinned(explorer) == {}
    id_ = DF["id"].iloc[7]
    tool(explorer, "watch", text=f"{EVENT.lower()},\n  {SERIES};{id_} KXNOPE {EVENT}")
    assert explorer.watch == [EVENT.lower(), SERIES, id_, "KXNOPE"]
    meant = EVENTS["event_ticker"].eq(EVENT) | EVENTS["series_ticker"].eq(SERIES)
    ids = set(EVENTS["milestone_id"][meant]) | {id_}
    view = pinned(explorer)
    assert {row["id"] for row in view["rows"]} <= ids
    assert f"6 of {len(ids & set(explorer.filtered['id'])):,}" in view["words"]
    assert "1 of 4 not in this table: KXNOPE" in view["words"]
    assert json.loads((kept_in / "panel" / "watch.json").read_text())["watch"] == explorer.watch
    assert one(explorer, ViewBar).watch == explorer.watch
    assert explore(DF, now=NOW).watch == explorer.watch
    tool(explorer, "watch", text=" , ")
    assert pinned(explorer) == {}
    assert explore(DF, now=NOW).watch == []


def test_what_is_given_to_explore_is_watched_there_and_not_kept(kept_in):
    explorer = explore(DF, now=NOW, watch=[EVENT])
    assert explorer.watch == [EVENT]
    assert not (kept_in / "panel").exists()
    explorer.watch = f"{SERIES} {EVENT}"
    assert explore(DF, now=NOW).watch == [SERIES, EVENT]
    with pytest.raises(QueryError, match="watch"):
        explorer.watch = [5]
    with pytest.raises(QueryError, match="watch"):
        explore(DF, now=NOW, watch={"a": 1})
    assert explorer.watch == [SERIES, EVENT]


def test_live_and_next_stand_first_whatever_the_window_and_the_card_opens_from_there():
    rows = [{"start_date": at(9), "end_date": at(10)}, {"start_date": at(30)}, {"start_date": at(14)}]
    rows += [{"start_date": at(11), "end_date": at(13)}, {"start_date": at(3), "end_date": at(4)}]
    explorer = explore(table(*rows), now=NOW, watch="m0 m1 m2 m3 m4", window=["2027-01-01", "2027-01-02"])
    view = pinned(explorer)
    assert [row["id"] for row in view["rows"]] == ["m3", "m2", "m1", "m0", "m4"]
    assert view["rows"][0]["cells"]["when"] == "ends in 1 h"
    send(one(explorer, WatchedRows), kind="pick", id="m2")
    assert "m2" in card(explorer)
    assert pinned(explorer)["selected"] == ["m2"]
    start = explorer.figure().layout.xaxis.range[0]
    assert start < "2026-01-15T14" < explorer.figure().layout.xaxis.range[1]
    explorer.watch = "m2 m4"
    send(one(explorer, PagedTable), kind="windowed", only=False)
    assert one(explorer, PagedTable).view["watched"] == ["m4", "m2"]


def test_the_filters_hide_watched_rows_and_say_so():
    df = table({"start_date": at(13), "category": "Sports"}, {"start_date": at(14), "category": "World"})
    explorer = explore(df, now=NOW, watch=["m0", "m1"])
    check(explorer, "category", "World")
    assert [row["id"] for row in pinned(explorer)["rows"]] == ["m1"]
    assert "1 more hidden by the filters" in pinned(explorer)["words"]


def bands(figure):
    return [one.text for one in figure.layout.annotations if one.text]


@pytest.mark.parametrize("group", ["league", "none"])
def test_watched_milestones_have_a_band_on_top_and_frames_and_the_code_draws_it(group):
    window = ["2026-01-12", "2026-01-18"]
    explorer = explore(DF, now=NOW, watch=[SERIES, "KXNOPE"], window=window, group=group, category="Sports")
    scene = explorer._view.chart.scene
    assert scene.groups[0].label == "Watched"
    meant = set(EVENTS["milestone_id"][EVENTS["series_ticker"] == SERIES])
    on_top = scene.marks.code[: scene.shown] == 0
    ids = DF["id"].iloc[scene.marks.row[: scene.shown]].to_numpy()
    assert set(ids[on_top]) == meant & set(ids) != set()
    frames = [trace for trace in explorer._view.chart.outlines if len(trace.get("x", ()))]
    assert sum(len(trace["x"]) for trace in frames) == on_top.sum()
    pasted = {"DF": DF}
    code = explorer.code().replace("...  # put your milestones table here", "DF  #")
    exec(code.replace("mk.plot_gantt", "figure = mk.plot_gantt"), pasted)
    ours, theirs = explorer.figure(), pasted["figure"]

    def tops(figure):
        return {
            id_: trace.y[i]
            for trace in figure.data
            if trace.type == "bar" and trace.customdata is not None
            for i, id_ in enumerate(trace.customdata)
            if id_ in meant
        }

    both = tops(ours).keys() & tops(theirs).keys()
    assert both
    assert {id_: tops(ours)[id_] for id_ in both} == {id_: tops(theirs)[id_] for id_ in both}
    explorer.watch = []
    assert "Watched" not in [one.label for one in explorer._view.chart.scene.groups]


def test_while_rows_are_awaited_nothing_is_said_to_be_missing():
    session, moment = Session(watch=("KXNOPE",)), pd.Timestamp(NOW)
    awaiting = ExplorerModel(empty_milestones(), moment, awaited=True).view(session, Screen())
    assert awaiting.watched["words"] == "0"
    assert "KXNOPE" in ExplorerModel(empty_milestones(), moment).view(session, Screen()).watched["words"]


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "watch"},
        {"kind": "watch", "text": 5},
        {"kind": "watch", "text": {"a": 1}},
        {"kind": "watch", "text": "\ud800"},
        {"kind": "watch", "text": "KX " * 2 + " ".join(f"K{i}" for i in range(600))},
        {"kind": "show_view"},
        {"kind": "show_view", "name": HOSTILE},
        {"kind": "forget_view", "name": {"a": 1}},
        {"kind": "save_view", "name": ["x"] * 99},
        {"kind": "day", "by": "x"},
        {"kind": "day"},
        {},
    ],
)
def test_a_forged_message_is_one_sentence_and_the_panel_lives(explorer, caplog, message):
    caplog.set_level(logging.CRITICAL)
    before = (explorer.state, explorer.watch)
    send(one(explorer, ViewBar), **message)
    assert alert(explorer) != ""
    assert "<script" not in alert(explorer)
    assert (explorer.state, explorer.watch) == before
    press(explorer, "Today")
    assert alert(explorer) == ""


def test_hostile_names_and_entries_are_text(explorer):
    tool(explorer, "save_view", name="<img src=x onerror=alert(1)>")
    tool(explorer, "watch", text="<script>alert(1)</script>")
    assert one(explorer, ViewBar).views == ["<img src=x onerror=alert(1)>"]
    assert "<script>alert" in pinned(explorer)["words"]  # put in by textContent only
    assert html(explorer, "<script>") == html(explorer, "onerror") == ""
    assert "500" in summary(explorer)


def test_a_closed_explorer_says_so(explorer):
    explorer.close()
    with pytest.raises(mk.MilestoneKitError, match="closed"):
        explorer.back()
