"""The explorer as its user drives it, without a browser: controls in, table, chart and messages out."""

from __future__ import annotations

import datetime as dt
import json
import logging
import zoneinfo
from html.parser import HTMLParser

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.analysis.filters import filter_milestones
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError
from milestone_kit.panel import explore
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets.bridge import Bridge
from milestone_kit.panel.widgets.chart_view import ChartView
from milestone_kit.panel.widgets.facet_list import FacetList
from milestone_kit.panel.widgets.paged_table import PagedTable
from milestone_kit.table.schema import empty_milestones
from tests.panel.driver import (
    alert,
    card,
    check,
    counts,
    field,
    happen,
    one,
    parts,
    press,
    recorded,
    send,
    summary,
    watched,
)
from tests.panel.test_card import ATTRIBUTES, LINK, OURS
from tests.strategies import NOW, at, table

DF = mk.sample_milestones(500)
USUAL = {"simulated": False, "placeholder": False}
HOSTILE = "</div><script>alert(1)</script><img src=x onerror=alert(1)>\"'"


def opened(df=DF, **options):
    return explore(df, now=NOW, **options)


@pytest.fixture(scope="module")
def plain():
    """An explorer for tests that set its state themselves."""
    return opened()


def expected(df=DF, **criteria):
    return sorted(filter_milestones(df, now=NOW, **(USUAL | criteria))["id"])


def shown(explorer):
    return sorted(explorer.filtered["id"])


def enter(label, value):
    return lambda explorer: setattr(field(explorer, label), "value", value)


# controls


@pytest.mark.parametrize(
    ("act", "criteria"),
    [
        (enter("Search", "at Los"), {"text": "at Los"}),
        (enter("Ticker", "KXNBA*, KXATP*"), {"ticker": ["KXNBA*", "KXATP*"]}),
        (enter("From", dt.date(2026, 1, 1)), {"start": "2026-01-01"}),
        (enter("To", dt.date(2026, 1, 1)), {"end": "2026-01-01T23:59:59.999999"}),
        (enter("End", "reported"), {"has_end": True}),
        (enter("End", "not reported"), {"has_end": False}),
        (enter("Simulated", value=True), {"simulated": None}),
        (enter("Placeholders", value=True), {"placeholder": None}),
        (lambda e: check(e, "category", "Elections", "Sports"), {"category": ["Elections", "Sports"]}),
        (lambda e: check(e, "status", "live"), {"status": "live"}),
        (enter("Search", "nothing has this title"), {"text": "nothing has this title"}),
    ],
)
def test_a_control_filters_the_rows_and_is_told_in_the_state(plain, act, criteria):
    plain.state = {}
    act(plain)
    assert alert(plain) == ""
    assert shown(plain) == expected(**criteria)
    assert PanelState.of({"filters": USUAL | criteria}) == PanelState.of(plain.state)
    plain.state = PanelState().as_dict()
    assert shown(plain) == expected()


def test_the_dates_mean_whole_local_days(plain):
    plain.state = {"tz": "America/New_York"}
    field(plain, "From").value = field(plain, "To").value = dt.date(2026, 3, 8)
    filters = plain.state["filters"]
    assert (filters["start"], filters["end"]) == ("2026-03-08T05:00:00Z", "2026-03-09T03:59:59.999999Z")
    field(plain, "Time zone").value = "UTC"
    filters = plain.state["filters"]
    assert (filters["start"], filters["end"]) == ("2026-03-08T00:00:00Z", "2026-03-08T23:59:59.999999Z")


def test_a_day_without_a_midnight_can_be_picked(plain):
    plain.state = {"tz": "Africa/Cairo"}
    field(plain, "From").value = dt.date(2026, 4, 24)
    assert alert(plain) == ""
    assert plain.state["filters"]["start"] == "2026-04-23T22:00:00Z"


def test_what_code_asked_for_is_kept_when_the_user_touches_another_control(plain):
    asked = {
        "start": "2026-01-01T00:30:00Z",
        "simulated": True,
        "category": ["sports"],
        "status": [],
        "placeholder": False,
    }
    plain.state = {"filters": asked}
    field(plain, "Search").value = "a"
    assert plain.state["filters"] == asked | {"text": "a"}
    field(plain, "Time zone").value = "Asia/Tokyo"
    assert plain.state["filters"] == asked | {"text": "a"}
    field(plain, "From").value = None
    assert "start" not in plain.state["filters"]


def test_a_choice_set_from_code_is_checked_in_the_spelling_of_the_list(plain):
    plain.state = {"filters": USUAL | {"category": "SPORTS", "type": "no such type"}}
    chosen = one(plain, FacetList).chosen
    assert (chosen["category"], chosen["type"]) == (["Sports"], ["no such type"])
    check(plain, "type")
    assert plain.state["filters"]["category"] == ["SPORTS"]
    assert shown(plain) == expected(category="sports")


def test_the_counts_beside_each_choice_respect_the_other_filters(plain):
    plain.state = {}
    check(plain, "category", "Elections")
    assert counts(plain, "category")["Sports"] == len(expected(category="Sports"))
    assert counts(plain, "status")["ended"] == len(expected(category="Elections", status="ended"))
    check(plain, "status", "ended")
    assert counts(plain, "category")["Sports"] == len(expected(category="Sports", status="ended"))
    check(plain, "category")
    assert shown(plain) == expected(status="ended")


def test_reset_clears_the_filters_and_keeps_the_zone(plain):
    plain.state = {"tz": "Asia/Tokyo", "filters": {"text": "x"}, "window": ["2026-01-01", "2026-01-02"]}
    press(plain, "Reset")
    assert PanelState.of(plain.state) == PanelState(tz="Asia/Tokyo")
    assert field(plain, "Search").value == ""
    assert shown(plain) == expected()


def test_group_colour_and_zone_change_the_view_and_not_the_rows(plain):
    plain.state = {}
    before = shown(plain)
    for label, name, value in (
        ("Group by", "group", "none"),
        ("Colour by", "color", "status"),
        ("Time zone", "tz", "Asia/Tokyo"),
        ("Group by", "group", "league"),
        ("Colour by", "color", "end_source"),
    ):
        field(plain, label).value = value
        assert alert(plain) == ""
        assert plain.state[name] == value
        assert shown(plain) == before
    assert plain.figure().layout.xaxis.title.text == "Asia/Tokyo"


@pytest.mark.parametrize("text", ["[", "*", "%", "\\", "(", "<b>", "a" * 10_000, "\0", "🏀"])
def test_anything_can_be_typed(plain, text):
    plain.state = {}
    field(plain, "Search").value = text
    field(plain, "Ticker").value = text
    assert alert(plain) == ""


# state


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"filters": {"category": ["Sports"], "text": "at", "status": ["live"]}, "group": "none"},
        {"filters": {"start": "2026-01-01T00:30:00Z", "end": "2026-02-01T00:00:00Z"}, "tz": "Asia/Kathmandu"},
        {"window": ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"], "color": "league"},
        {"window": ["0001-01-01", "9999-12-31"], "filters": {}},
    ],
)
def test_a_state_can_be_set_back(plain, state):
    plain.state = state
    told, rows, drawn = plain.state, shown(plain), plain.figure().layout.xaxis.range
    assert PanelState.of(told) == PanelState.of(state)
    plain.state = {}
    plain.state = json.loads(json.dumps(told))
    assert plain.state == told
    assert (shown(plain), plain.figure().layout.xaxis.range) == (rows, drawn)


@pytest.mark.parametrize(
    "state", [None, {"colour": 1}, {"tz": "Mars"}, {"window": 5}, {"filters": {"status": "late"}}]
)
def test_a_state_that_cannot_be_used_is_refused_and_changes_nothing(plain, state):
    plain.state = before = PanelState.of({"filters": USUAL | {"category": "Sports"}}).as_dict()
    with pytest.raises(QueryError):
        plain.state = state
    assert plain.state == before
    assert shown(plain) == expected(category="Sports")


# tables


@pytest.mark.parametrize(
    "df", [empty_milestones(), table({}), table({"end_date": at(-3)}), compute_timeline(DF, now=NOW)]
)
def test_a_table_of_any_size_can_be_explored(df):
    explorer = opened(df)
    for name in ("Near now", "Today", "7 days", "30 days", "All"):
        press(explorer, name)
        assert alert(explorer) == ""
    assert len(explorer.filtered) == len(expected(df))
    assert list(explorer.filtered.columns) == list(df.columns)
    assert explorer.selected.empty
    assert explorer.figure().layout.title.text


def test_a_timeline_read_as_text_does_not_stand_in_the_way():
    timeline = compute_timeline(DF, now=NOW)
    spoiled = timeline.assign(status=timeline["status"].astype("str"), end=timeline["end"].astype("str"))
    assert shown(opened(spoiled, status="ended")) == expected(status="ended")


def test_the_input_is_never_changed():
    df = mk.sample_milestones(200)
    before = df.copy(deep=True)
    explorer = opened(df)
    field(explorer, "Search").value = "a"
    send(one(explorer, PagedTable), kind="sort", column="title")
    press(explorer, "All")
    rows = explorer.filtered
    rows["title"] = "mine"
    explorer.figure()
    pd.testing.assert_frame_equal(df, before)
    assert (explorer.filtered["title"] != "mine").all()


# chart, table, card


def test_presets_and_settled_zooms_set_the_window(plain):
    plain.state = {}
    press(plain, "Today")
    assert plain.state["window"] == "today"
    assert plain.figure().layout.xaxis.range == ("2026-01-15T00:00:00", "2026-01-16T00:00:00")
    low = pd.Timestamp("2026-01-10", tz="UTC").timestamp() * 1000
    happen(plain, "window", low=low, high=low + 86_400_000.0)
    assert plain.state["window"] == ["2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z"]
    assert plain.figure().layout.xaxis.range == ("2026-01-10T00:00:00", "2026-01-11T00:00:00")
    happen(plain, "fit")
    assert plain.state["window"] is None


def test_a_click_selects_a_milestone_and_shows_its_card_and_its_page():
    explorer = opened()
    assert explorer.selected.empty
    send(one(explorer, PagedTable), kind="windowed", only=False)
    row = explorer.filtered.iloc[40]
    happen(explorer, "click", id=row["id"])
    assert list(explorer.selected["id"]) == [row["id"]]
    assert list(explorer.selected.columns) == list(DF.columns)
    assert row["id"] in card(explorer)
    page = one(explorer, PagedTable).view
    assert (page["page"], page["selected"]) == (40 // 12, [row["id"]])
    assert "1 selected" in summary(explorer)
    happen(explorer, "click", id="no such id")
    assert list(explorer.selected["id"]) == [row["id"]]


def test_a_row_of_the_table_can_be_picked_and_the_card_follows_the_zone():
    explorer = opened(table({"start_date": at(1)}))
    send(one(explorer, PagedTable), kind="pick", id="m0")
    assert "Thu 15 Jan 2026 01:00 (UTC)" in card(explorer)
    field(explorer, "Time zone").value = "America/New_York"
    assert "Wed 14 Jan 2026 20:00 (America/New_York)" in card(explorer)


def test_the_table_sorts_and_pages_and_filtered_and_the_csv_follow(tmp_path):
    explorer = opened(category="Sports")
    rows = one(explorer, PagedTable)
    send(rows, kind="windowed", only=False)
    send(rows, kind="sort", column="title")
    titles = list(explorer.filtered["title"].str.casefold())
    assert titles == sorted(titles)
    assert rows.view["page"] == 0
    send(rows, kind="page", page=2)
    assert [row["id"] for row in rows.view["rows"]] == list(explorer.filtered["id"].iloc[24:36])
    send(rows, kind="sort", column="title")
    assert list(explorer.filtered["title"].str.casefold()) == sorted(titles, reverse=True)
    path = explorer.to_csv(tmp_path / "rows.csv")
    assert list(mk.read_csv(path)["id"]) == list(explorer.filtered["id"])


def test_only_what_is_selected_can_be_downloaded_as_selected():
    explorer = opened()
    comm = recorded(one(explorer, Bridge))
    what = next(part for part in parts(explorer) if "selected" in getattr(part, "_options_values", ()))
    what.value = "selected"
    press(explorer, "Download CSV")
    assert "no milestone is selected" in alert(explorer)
    happen(explorer, "click", id=DF["id"].iloc[7])
    press(explorer, "Download CSV")
    assert alert(explorer) == ""
    ((sent, _),) = comm.told("download")
    assert (sent["name"], sent["said"]) == ("milestones-selected.csv", "milestones-selected.csv: 1 rows")
    ((_, (text,)),) = comm.told("part")
    assert DF["id"].iloc[7] in text.decode()
    assert comm.told("downloaded") == []
    send(one(explorer, Bridge), kind="more", file=sent["file"], part=1)
    assert comm.told("downloaded") == [({"kind": "downloaded", "file": sent["file"]}, [])]
    press(explorer, "Calendar")
    assert comm.told("download")[1][0]["said"] == "milestones-selected.ics: 1 events"
    assert b"BEGIN:VEVENT" in comm.told("part")[1][1][0]


def test_a_file_holds_the_window_or_all_and_what_was_computed(tmp_path):
    explorer = opened(window=["2026-01-10", "2026-01-20"])
    whole = mk.read_csv(explorer.to_csv(tmp_path / "all.csv"))
    assert list(whole.columns) == [*DF.columns, "status", "end", "end_source", "league"]
    assert list(whole["id"]) == list(explorer.filtered["id"])
    part = mk.read_csv(explorer.to_csv(tmp_path / "window.csv", what="window"))
    assert list(part["id"]) == list(DF["id"].iloc[explorer._view.listed])
    assert 0 < len(part) < len(whole)
    chosen = pd.read_csv(explorer.to_csv(tmp_path / "some.csv", columns=["title", "league"]))
    assert list(chosen.columns) == ["title", "league"]
    with pytest.raises(QueryError, match="what='everything': expected one of filtered, window, selected"):
        explorer.to_csv(tmp_path / "no.csv", what="everything")
    with pytest.raises(QueryError, match="columns='teams'"):
        explorer.to_csv(tmp_path / "no.csv", columns=["teams"])


class Reader(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_hostile_text_is_never_markup_in_any_html_of_the_panel():
    hostile = dict.fromkeys(("id", "title", "category", "type", "source_id"), HOSTILE)
    explorer = opened(table(hostile | {"details": {"league": HOSTILE}, "primary_event_tickers": [HOSTILE]}))
    send(one(explorer, PagedTable), kind="pick", id=HOSTILE)
    assert card(explorer)
    happen(explorer, "preset", name=HOSTILE)
    assert alert(explorer)
    for html in (card(explorer), summary(explorer), alert(explorer)):
        page = Reader(html)
        assert page.tags <= OURS | {"b", "br", "span"}
        assert page.attributes <= ATTRIBUTES | LINK.keys() | {"role", "href"}


def test_a_saved_notebook_shows_a_plain_safe_table_where_no_kernel_is():
    explorer = opened(DF.assign(title="<script>alert(1)</script>"))
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    form = bundle["text/html"]
    assert "<script" not in form
    assert form.count("&lt;script&gt;alert(1)") == 12
    assert f"<b>{len(explorer.filtered):,}</b> of {len(DF):,} milestones" in form


def test_all_time_zones_are_offered_once_the_browser_has_told_its_own():
    explorer = opened(tz="Europe/Berlin")
    before = explorer.state
    one(explorer, Bridge).zone = "Asia/Kathmandu"
    zones = field(explorer, "Time zone")
    assert zones.options[:3] == ("Asia/Kathmandu", "UTC", "America/New_York")
    assert set(zones.options) == zoneinfo.available_timezones()
    assert len(zones.options) == len(set(zones.options))
    assert (zones.value, explorer.state) == ("Europe/Berlin", before)
    zones.value = "Asia/Kathmandu"
    assert explorer.state["tz"] == "Asia/Kathmandu"
    one(explorer, Bridge).zone = "<b>no zone</b>"
    assert zones.options[0] == "UTC"
    assert (zones.value, explorer.state["tz"]) == ("Asia/Kathmandu", "Asia/Kathmandu")


# errors


def test_dates_typed_the_wrong_way_round_are_told_and_not_lost(plain, caplog):
    plain.state = {}
    field(plain, "To").value = dt.date(2026, 1, 10)
    before = plain.state
    with caplog.at_level(logging.ERROR):
        field(plain, "From").value = dt.date(2026, 1, 20)
    assert ">From must lie before To, and 2026-01-20 lies after 2026-01-10<" in alert(plain)
    assert 'role="alert"' in alert(plain)
    assert caplog.records
    assert plain.state == before
    assert field(plain, "From").value == dt.date(2026, 1, 20)
    field(plain, "To").value = dt.date(2026, 1, 30)
    assert alert(plain) == ""
    assert shown(plain) == expected(start="2026-01-20", end="2026-01-30T23:59:59.999999")


@pytest.mark.parametrize("cure", [lambda e: setattr(e, "state", {}), lambda e: press(e, "Reset")])
def test_an_error_is_cleared_by_a_good_state_and_so_are_the_controls(plain, cure):
    plain.state = {}
    field(plain, "To").value = dt.date(2026, 1, 10)
    field(plain, "From").value = dt.date(2026, 1, 20)
    assert alert(plain)
    cure(plain)
    assert alert(plain) == ""
    assert (field(plain, "From").value, field(plain, "To").value) == (None, None)


@pytest.mark.parametrize("event", [{"kind": "window", "low": None, "high": 1}, {}, {"kind": "window"}])
def test_a_malformed_event_is_shown_and_survived(plain, event):
    plain.state = {}
    send(one(plain, ChartView), **event)
    assert alert(plain)
    field(plain, "Search").value = "a"
    assert alert(plain) == ""


@pytest.mark.parametrize(
    ("kind", "told"),
    [(Bridge, {"kind": "tick"}), (Bridge, {"kind": "scores"}), (ChartView, {"kind": "attached"})],
)
def test_an_error_stays_until_the_user_does_something(plain, kind, told):
    plain.state = {}
    happen(plain, "click")
    before = alert(plain)
    send(one(plain, kind), **told)
    assert alert(plain) == before != ""
    field(plain, "Search").value = "a"
    assert alert(plain) == ""


def test_a_chart_that_opens_is_no_reason_to_work_the_view_out_again(plain):
    before = plain._view
    happen(plain, "attached")
    assert plain._view is before


# messages


MANY = mk.sample_milestones(20_000)

CHANGES = {
    "search": enter("Search", "at"),
    "no match": enter("Search", "nothing has this title"),
    "clear": enter("Search", ""),
    "category": lambda e: check(e, "category", "Sports"),
    "categories": lambda e: check(e, "category", "Sports", "Mentions"),
    "anything": lambda e: check(e, "category"),
    "group": enter("Group by", "type"),
    "all": lambda e: press(e, "All"),
    "flat": enter("Group by", "none"),
    "today": lambda e: press(e, "Today"),
    "30 days": lambda e: press(e, "30 days"),
    "dark": lambda e: setattr(one(e, Bridge), "dark", True),
    "wide": lambda e: setattr(one(e, Bridge), "width", 1400),
    "fit": lambda e: happen(e, "fit"),
}


@pytest.fixture(scope="module")
def busy():
    explorer = explore(MANY, now=NOW)
    watched(explorer)
    return explorer


@pytest.fixture
def comm(busy):
    comm = recorded(one(busy, ChartView))
    comm.sent.clear()
    return comm


def test_every_change_is_one_message_of_bounded_size(busy, comm):
    for name, change in CHANGES.items():
        comm.sent.clear()
        change(busy)
        assert alert(busy) == "", name
        sizes = comm.sizes()
        assert len(sizes) == 1, (name, sizes)
        assert sizes[0] < 100_000, (name, sizes)


def test_what_does_not_touch_the_chart_sends_it_nothing(busy, comm):
    rows = one(busy, PagedTable)
    send(rows, kind="sort", column="title")
    send(rows, kind="page", page=3)
    send(rows, kind="windowed", only=False)
    send(rows, kind="windowed", only=True)
    assert comm.sent == []


def test_a_click_outlines_the_mark_and_a_box_exactly_what_it_selects(busy, comm):
    busy.state = {"window": ["2026-01-15", "2026-01-16"], "group": "none"}
    scene = busy._view.chart.scene
    marks, shown = scene.marks, scene.shown
    comm.sent.clear()
    happen(busy, "click", id=busy._model.table["id"].iloc[marks.row[5]])
    assert outlined(busy) == {(marks.start[5], marks.lane[5])}
    ((content, _),) = comm.told("patch")
    assert len(content["traces"]) == 1
    x = (float(scene.window.start), float(scene.window.end))
    happen(busy, "box", x=x, y=(0, scene.lanes / 3))
    chosen = busy._model.table["id"].iloc[marks.row[:shown]].isin(busy.selected["id"]).to_numpy()
    assert 0 < chosen.sum() < shown
    assert outlined(busy) == set(zip(marks.start[:shown][chosen], marks.lane[:shown][chosen], strict=True))
    happen(busy, "deselect")
    assert outlined(busy) == set()


def outlined(explorer):
    """Return begin and lane of each mark that has a frame."""
    bars, points = explorer._view.chart.outlines[:2]
    starts = [*bars["base"], *points["x"]]
    return set(zip(starts, [*bars["y"], *points["y"]], strict=True))


def test_the_chart_is_sent_before_the_counts(busy, comm):
    lists = one(busy, FacetList)
    told = []
    lists.observe(lambda _: told.append(len(comm.pictures())), "facets")
    check(busy, "category", "Elections")
    assert told == [1]


def test_a_window_that_is_shown_already_is_answered_and_changes_nothing(busy, comm):
    busy.state = {}
    low, high = (pd.Timestamp(edge, tz="UTC").timestamp() * 1000 for edge in busy.figure().layout.xaxis.range)
    comm.sent.clear()
    turn = {"view": "a", "number": 3}
    happen(busy, "window", low=low, high=high, turn=turn)
    assert busy.state["window"] is None
    assert [content["turn"] for content, _ in comm.pictures()] == [turn]


def test_a_view_that_opens_later_is_given_what_is_on_screen(busy, comm):
    press(busy, "Today")
    comm.sent.clear()
    happen(busy, "attached", lacks_library=False, serial=0)
    ((content, buffers),) = comm.pictures()
    assert content["layout"]["xaxis"]["range"] == ["2026-01-15T00:00:00", "2026-01-16T00:00:00"]
    assert len(buffers) > 0
