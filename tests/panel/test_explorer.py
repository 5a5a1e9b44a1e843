"""The explorer as its user drives it, without a browser: controls in, table, chart and messages out."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit import sandbox
from milestone_kit.analysis.filters import filter_milestones
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import ApiError, NetworkError, QueryError, SchemaError
from milestone_kit.panel import MilestoneExplorer, explore, opening
from milestone_kit.panel.state import PanelState
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, table

DF = mk.sample_milestones(500)
USUAL = {"simulated": False, "placeholder": False}
HOSTILE = "</div><script>alert(1)</script><img src=x onerror=alert(1)>\"'"


def opened(df=DF, **options):
    return explore(df, now=NOW, **options)


def expected(df=DF, **criteria):
    return sorted(filter_milestones(df, now=NOW, **(USUAL | criteria))["id"])


def shown(explorer):
    return sorted(explorer.filtered["id"])


def check(explorer, name, *values):
    explorer._controls.facets.chosen = explorer._controls.facets.chosen | {name: list(values)}


def counts(explorer, name):
    lists = {one["name"]: one for one in explorer._controls.facets.facets}
    return {one["value"]: one["count"] for one in lists[name]["options"]}


def send(widget, content):
    """Deliver a message of the front end, as the comm would."""
    widget._handle_custom_msg(content, [])


def alert(explorer):
    return explorer._alert.value


# controls


@pytest.mark.parametrize(
    ("act", "criteria"),
    [
        (lambda c: setattr(c.text, "value", "at Los"), {"text": "at Los"}),
        (lambda c: setattr(c.ticker, "value", "KXNBA*, KXATP*"), {"ticker": ["KXNBA*", "KXATP*"]}),
        (lambda c: setattr(c.start, "value", dt.date(2026, 1, 1)), {"start": "2026-01-01"}),
        (lambda c: setattr(c.end, "value", dt.date(2026, 1, 1)), {"end": "2026-01-01T23:59:59.999999"}),
        (lambda c: setattr(c.has_end, "value", "reported"), {"has_end": True}),
        (lambda c: setattr(c.has_end, "value", "not reported"), {"has_end": False}),
        (lambda c: setattr(c.simulated, "value", True), {"simulated": None}),
        (lambda c: setattr(c.placeholder, "value", True), {"placeholder": None}),
        (
            lambda c: setattr(c.facets, "chosen", {"category": ["Elections", "Sports"]}),
            {"category": ["Elections", "Sports"]},
        ),
        (lambda c: setattr(c.facets, "chosen", {"status": ["live"]}), {"status": "live"}),
        (lambda c: setattr(c.text, "value", "nothing has this title"), {"text": "nothing has this title"}),
    ],
)
def test_a_control_filters_the_rows_and_is_told_in_the_state(act, criteria):
    explorer = opened()
    act(explorer._controls)
    assert alert(explorer) == ""
    assert shown(explorer) == expected(**criteria)
    assert PanelState.of({"filters": USUAL | criteria}) == PanelState.of(explorer.state)
    explorer.state = PanelState().as_dict()
    assert shown(explorer) == expected()


def test_the_dates_mean_whole_local_days():
    explorer = opened(tz="America/New_York")
    explorer._controls.start.value = dt.date(2026, 3, 8)
    explorer._controls.end.value = dt.date(2026, 3, 8)
    filters = explorer.state["filters"]
    assert (filters["start"], filters["end"]) == ("2026-03-08T05:00:00Z", "2026-03-09T03:59:59.999999Z")
    explorer._controls.tz.value = "UTC"
    filters = explorer.state["filters"]
    assert (filters["start"], filters["end"]) == ("2026-03-08T00:00:00Z", "2026-03-08T23:59:59.999999Z")


def test_a_day_without_a_midnight_can_be_picked():
    explorer = opened(tz="Africa/Cairo")
    explorer._controls.start.value = dt.date(2026, 4, 24)
    assert alert(explorer) == ""
    assert explorer.state["filters"]["start"] == "2026-04-23T22:00:00Z"


def test_what_code_asked_for_is_kept_when_the_user_touches_another_control():
    asked = {
        "start": "2026-01-01T00:30:00Z",
        "simulated": True,
        "category": ["sports"],
        "status": [],
        "placeholder": False,
    }
    explorer = opened(**asked)
    explorer._controls.text.value = "a"
    assert explorer.state["filters"] == asked | {"text": "a"}
    explorer._controls.tz.value = "Asia/Tokyo"
    assert explorer.state["filters"] == asked | {"text": "a"}
    explorer._controls.start.value = None
    assert "start" not in explorer.state["filters"]


def test_a_choice_set_from_code_is_checked_in_the_spelling_of_the_list():
    explorer = opened(category="SPORTS", type="no such type")
    assert explorer._controls.facets.chosen["category"] == ["Sports"]
    assert explorer._controls.facets.chosen["type"] == ["no such type"]
    check(explorer, "type")
    assert explorer.state["filters"]["category"] == ["SPORTS"]
    assert shown(explorer) == expected(category="sports")


def test_the_counts_beside_each_choice_respect_the_other_filters():
    explorer = opened()
    check(explorer, "category", "Elections")
    others = counts(explorer, "category")
    assert others["Sports"] == len(expected(category="Sports"))
    assert counts(explorer, "status")["ended"] == len(expected(category="Elections", status="ended"))
    check(explorer, "status", "ended")
    assert counts(explorer, "category")["Sports"] == len(expected(category="Sports", status="ended"))
    check(explorer, "category")
    assert shown(explorer) == expected(status="ended")


def test_reset_clears_the_filters_and_keeps_the_zone():
    explorer = opened(tz="Asia/Tokyo", category="Sports", text="x", window=["2026-01-01", "2026-01-02"])
    explorer._reset()
    assert PanelState.of(explorer.state) == PanelState(tz="Asia/Tokyo")
    assert explorer._controls.text.value == ""
    assert shown(explorer) == expected()


def test_group_colour_and_zone_change_the_view_and_not_the_rows():
    explorer = opened()
    before = shown(explorer)
    for name, value in (
        ("group", "none"),
        ("color", "status"),
        ("tz", "Asia/Tokyo"),
        ("group", "league"),
        ("color", "end_source"),
    ):
        getattr(explorer._controls, name).value = value
        assert alert(explorer) == ""
        assert explorer.state[name] == value
        assert shown(explorer) == before
    assert explorer._figure.layout["xaxis"]["title"]["text"] == "Asia/Tokyo"


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
def test_a_state_can_be_set_back(state):
    explorer = opened()
    explorer.state = state
    told = explorer.state
    assert PanelState.of(told) == PanelState.of(state)
    other = opened()
    other.state = json.loads(json.dumps(told))
    assert other.state == told
    assert shown(other) == shown(explorer)
    assert other.figure().layout.xaxis.range == explorer.figure().layout.xaxis.range


@pytest.mark.parametrize(
    "state", [None, {"colour": 1}, {"tz": "Mars"}, {"window": 5}, {"filters": {"status": "late"}}]
)
def test_a_state_that_cannot_be_used_is_refused_and_changes_nothing(state):
    explorer = opened(category="Sports")
    before = explorer.state
    with pytest.raises(QueryError):
        explorer.state = state
    assert explorer.state == before
    assert shown(explorer) == expected(category="Sports")


# opening


def test_the_options_are_the_first_view():
    explorer = opened(
        category="Sports", group="type", tz="Europe/London", window=["2026-01-01", "2026-02-01"]
    )
    assert explorer.state["group"] == "type"
    assert explorer.state["window"] == ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]
    assert explorer._controls.tz.value == "Europe/London"
    assert shown(explorer) == expected(category="Sports")


def test_options_that_cannot_be_used_are_named():
    with pytest.raises(TypeError, match="'categories'"):
        explore(DF, categories="Sports")
    with pytest.raises(TypeError, match="'filters'"):
        explore(DF, filters={})
    with pytest.raises(QueryError, match="'nope'"):
        explore(DF, group="nope")
    with pytest.raises(QueryError, match="'soon'"):
        explore(DF, now="soon")


def test_what_is_no_table_is_refused():
    for wrong in ([1], "milestones", 5):
        with pytest.raises(TypeError, match=type(wrong).__name__):
            explore(wrong)
    with pytest.raises(SchemaError):
        explore(pd.DataFrame({"a": [1]}))
    with pytest.raises(SchemaError):
        explore(DF.drop(columns="details"))


@pytest.mark.parametrize(
    "df", [empty_milestones(), table({}), table({"end_date": at(-3)}), compute_timeline(DF, now=NOW)]
)
def test_a_table_of_any_size_can_be_explored(df):
    explorer = opened(df)
    for name in ("Near now", "Today", "7 days", "30 days", "All"):
        explorer._on_preset(name)
        assert alert(explorer) == ""
    assert len(explorer.filtered) == len(expected(df))
    assert list(explorer.filtered.columns) == list(df.columns)
    assert explorer.selected.empty
    assert explorer.figure().layout.title.text


def test_a_timeline_read_as_text_does_not_stand_in_the_way():
    timeline = compute_timeline(DF, now=NOW)
    spoiled = timeline.assign(status=timeline["status"].astype("str"), end=timeline["end"].astype("str"))
    explorer = opened(spoiled, status="ended")
    assert shown(explorer) == expected(status="ended")


def test_the_input_is_never_changed():
    df = mk.sample_milestones(200)
    before = df.copy(deep=True)
    explorer = opened(df)
    explorer._controls.text.value = "a"
    send(explorer._table, {"kind": "sort", "column": "title"})
    explorer._on_preset("All")
    rows = explorer.filtered
    rows["title"] = "mine"
    explorer.figure()
    pd.testing.assert_frame_equal(df, before)
    assert (explorer.filtered["title"] != "mine").all()


# chart, table, card


def test_presets_and_settled_zooms_set_the_window():
    explorer = opened()
    explorer._on_preset("Today")
    assert explorer.state["window"] == ["2026-01-15T00:00:00Z", "2026-01-16T00:00:00Z"]
    low = pd.Timestamp("2026-01-10", tz="UTC").timestamp() * 1000
    send(explorer._bridge, {"kind": "window", "low": low, "high": low + 86_400_000.0})
    assert explorer.state["window"] == ["2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z"]
    send(explorer._bridge, {"kind": "fit"})
    assert explorer.state["window"] is None


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
    explorer = opened()
    send(explorer._bridge, {"kind": "window", "low": low, "high": high})
    assert alert(explorer) == ""
    explorer.state = explorer.state
    assert explorer.figure().layout.title.text


@pytest.mark.parametrize(("low", "high"), [(5.0, 5.0), (6.0, 5.0), (float("nan"), 5.0)])
def test_a_window_that_is_none_is_ignored(low, high):
    explorer = opened()
    send(explorer._bridge, {"kind": "window", "low": low, "high": high})
    assert explorer.state["window"] is None
    assert alert(explorer) == ""


def test_a_window_that_is_shown_already_is_answered_and_changes_nothing():
    explorer = opened()
    explorer._bridge.comm = Recorder()
    window = explorer._scene.window
    turn = {"view": "a", "number": 3}
    send(explorer._bridge, {"kind": "window", "low": window.start, "high": window.end, "turn": turn})
    assert explorer.state["window"] is None
    assert [data["content"]["turn"] for data, _ in explorer._bridge.comm.pictures()] == [turn]


def test_a_view_that_opens_later_is_given_what_is_on_screen():
    explorer = opened()
    explorer._on_preset("Today")
    explorer._bridge.comm = Recorder()
    send(explorer._bridge, {"kind": "attached"})
    ((data, buffers),) = explorer._bridge.comm.pictures()
    assert data["content"]["layout"]["xaxis"]["range"] == ["2026-01-15T00:00:00", "2026-01-16T00:00:00"]
    assert len(buffers) > 0


def test_the_figure_has_the_window_on_screen():
    explorer = opened(category="Sports")
    explorer._on_preset("30 days")
    low, high = (
        pd.Timestamp(edge, tz="UTC").timestamp() * 1000 for edge in explorer.figure().layout.xaxis.range
    )
    assert low == pytest.approx(explorer._scene.window.start)
    assert high == pytest.approx(explorer._scene.window.end)


def test_a_click_selects_a_milestone_and_shows_its_card_and_its_page():
    explorer = opened()
    assert explorer.selected.empty
    row = explorer.filtered.iloc[40]
    send(explorer._bridge, {"kind": "click", "id": row["id"]})
    assert list(explorer.selected["id"]) == [row["id"]]
    assert list(explorer.selected.columns) == list(DF.columns)
    assert row["id"] in explorer._card.value
    assert explorer._table.view["page"] == 40 // 12
    assert explorer._table.view["selected"] == [row["id"]]
    send(explorer._bridge, {"kind": "click", "id": "no such id"})
    assert list(explorer.selected["id"]) == [row["id"]]


def test_a_row_of_the_table_can_be_picked_and_the_card_follows_the_zone():
    explorer = opened(table({"start_date": at(1)}))
    send(explorer._table, {"kind": "pick", "id": "m0"})
    assert "Thu 15 Jan 2026 01:00 (UTC)" in explorer._card.value
    explorer._controls.tz.value = "America/New_York"
    assert "Wed 14 Jan 2026 20:00 (America/New_York)" in explorer._card.value


def test_the_table_sorts_and_pages_and_filtered_follows():
    explorer = opened()
    send(explorer._table, {"kind": "sort", "column": "title"})
    titles = list(explorer.filtered["title"].str.casefold())
    assert titles == sorted(titles)
    assert explorer._table.view["page"] == 0
    send(explorer._table, {"kind": "page", "page": 2})
    assert [row["id"] for row in explorer._table.view["rows"]] == list(explorer.filtered["id"].iloc[24:36])
    send(explorer._table, {"kind": "sort", "column": "title"})
    assert list(explorer.filtered["title"].str.casefold()) == sorted(titles, reverse=True)


def test_the_first_page_is_that_of_now():
    explorer = opened()
    first = explorer._table.view["page"] * 12
    starts = explorer.filtered["start_date"]
    assert (starts.iloc[:first] < pd.Timestamp(NOW)).all()
    assert (starts.iloc[first + 12 :] >= pd.Timestamp(NOW)).all()


def test_the_csv_is_the_filtered_rows_in_their_order(tmp_path):
    explorer = opened(category="Sports")
    send(explorer._table, {"kind": "sort", "column": "title"})
    path = explorer.to_csv(tmp_path / "rows.csv")
    assert list(mk.read_csv(path)["id"]) == list(explorer.filtered["id"])


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
    send(explorer._table, {"kind": "pick", "id": HOSTILE})
    explorer._guard(lambda: (_ for _ in ()).throw(ValueError(HOSTILE)))
    for html in (explorer._card.value, explorer._summary.value, explorer._alert.value):
        page = Reader(html)
        assert page.tags <= {"div", "h4", "dl", "dt", "dd", "details", "summary", "pre", "b", "br", "span"}
        assert page.attributes <= {"class", "role"}


# errors


def test_dates_typed_the_wrong_way_round_are_told_and_not_lost(caplog):
    explorer = opened()
    explorer._controls.end.value = dt.date(2026, 1, 10)
    before = explorer.state
    with caplog.at_level(logging.ERROR):
        explorer._controls.start.value = dt.date(2026, 1, 20)
    assert "lies after" in alert(explorer)
    assert 'role="alert"' in alert(explorer)
    assert caplog.records
    assert explorer.state == before
    assert explorer._controls.start.value == dt.date(2026, 1, 20)
    explorer._controls.end.value = dt.date(2026, 1, 30)
    assert alert(explorer) == ""
    assert shown(explorer) == expected(start="2026-01-20", end="2026-01-30T23:59:59.999999")


def test_an_error_is_cleared_by_a_good_state():
    explorer = opened()
    explorer._controls.end.value = dt.date(2026, 1, 10)
    explorer._controls.start.value = dt.date(2026, 1, 20)
    assert alert(explorer)
    explorer.state = {}
    assert alert(explorer) == ""


@pytest.mark.parametrize("event", [{"kind": "window", "low": None, "high": 1}, {}, {"kind": "window"}])
def test_a_malformed_event_is_shown_and_survived(event):
    explorer = opened()
    send(explorer._bridge, event)
    assert alert(explorer)
    explorer._controls.text.value = "a"
    assert alert(explorer) == ""


@pytest.mark.parametrize("text", ["[", "*", "%", "\\", "(", "<b>", "a" * 10_000, "\0", "🏀"])
def test_anything_can_be_typed(text):
    explorer = opened()
    explorer._controls.text.value = text
    explorer._controls.ticker.value = text
    assert alert(explorer) == ""


# refreshing


def refreshing(*tables, now=NOW):
    """Open an explorer whose refreshes bring these tables, or raise these errors."""
    coming = list(tables)

    def reload(progress):
        progress(500, 1)
        one = coming.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    return MilestoneExplorer(
        table({}, {}), state=PanelState(), now=None if now is None else pd.Timestamp(now), reload=reload
    )


def test_a_refresh_shows_the_new_table_under_the_same_filters():
    explorer = refreshing(table({"title": "one"}, {"title": "two"}, {"title": "three"}))
    explorer._controls.text.value = "t"
    explorer._guard(explorer._refresh)
    assert sorted(explorer.filtered["title"]) == ["three", "two"]
    assert alert(explorer) == ""
    assert "of 3 milestones" in explorer._summary.value


def test_a_failed_refresh_keeps_the_table_and_says_so():
    explorer = refreshing(NetworkError("the server <hung> up"))
    before = explorer._summary.value
    explorer._guard(explorer._refresh)
    assert "the server &lt;hung&gt; up" in alert(explorer)
    assert explorer._summary.value == before
    assert len(explorer.filtered) == 2


def test_a_refresh_drops_the_card_of_a_milestone_that_is_gone():
    explorer = refreshing(table({}), empty_milestones())
    send(explorer._table, {"kind": "pick", "id": "m1"})
    assert explorer._card.value
    explorer._guard(explorer._refresh)
    assert explorer._card.value == ""
    assert explorer.selected.empty
    explorer._guard(explorer._refresh)
    assert explorer.filtered.empty
    assert alert(explorer) == ""


def test_a_given_now_stays_and_a_current_one_moves_on():
    fixed = refreshing(table({}))
    fixed._guard(fixed._refresh)
    assert fixed._model.now == pd.Timestamp(NOW).timestamp() * 1000
    assert "now='2026-01-15T12:00:00Z'" in fixed.code()
    moving = refreshing(table({}), now=None)
    then = moving._model.now
    moving._guard(moving._refresh)
    assert moving._model.now > then
    assert "now=" not in moving.code()


# fetching


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A client of a server that takes its time, and an explorer that opens before its first answer."""
    monkeypatch.setattr(opening, "_PATIENCE", 0.0)
    with (
        sandbox.serve(1_200, seed=3, still=True, latency=0.15) as server,
        mk.MilestoneClient(base_url=server.url, cache_dir=tmp_path) as client,
    ):
        yield server, client


def in_a_notebook(work):
    """Run `work` as a cell runs: on a loop that goes on afterwards."""

    async def cell():
        explorer = work()
        if explorer._loading.fetch is not None:
            over = asyncio.Event()
            explorer._loading.widget.layout.observe(lambda _: over.set(), "display")
            await over.wait()
        return explorer

    return asyncio.run(cell())


def test_the_panel_opens_before_the_rows_and_shows_how_far_the_fetch_is(slow):
    _, client = slow
    said = []

    def cell():
        explorer = explore(client)
        assert explorer._body.layout.display == "none"
        assert explorer._loading.widget.layout.display == "flex"
        explorer._loading._words.observe(lambda change: said.append(change["new"]), "value")
        return explorer

    explorer = in_a_notebook(cell)
    assert alert(explorer) == ""
    assert explorer._loading.widget.layout.display == "none"
    assert explorer._body.layout.display is None
    assert "of 1,200 milestones" in explorer._summary.value
    assert any("<progress" in words and "<b>0</b>" not in words for words in said)


def test_code_that_asks_for_rows_waits_for_the_first_ones(slow):
    _, client = slow

    def cell():
        explorer = explore(client)
        assert len(explorer.filtered) > 1_000
        assert explorer.selected.empty
        assert "filter_milestones" in explorer.code()
        return explorer

    assert len(in_a_notebook(cell).filtered) > 1_000


def test_a_fetch_that_fails_says_so_in_the_panel_and_to_code_and_can_be_tried_again(slow):
    server, client = slow
    server.script.fail(status=401, times=1)

    def cell():
        explorer = explore(client)
        with pytest.raises(ApiError):
            _ = explorer.filtered
        return explorer

    explorer = in_a_notebook(cell)
    assert explorer._body.layout.display == "none"
    with pytest.raises(ApiError):
        explorer.figure()

    def again():
        explorer._press(explorer._refresh)
        explorer._press(explorer._refresh)  # one fetch at a time
        return explorer

    assert len(in_a_notebook(again).filtered) > 1_000
    assert alert(explorer) == ""


def test_an_error_that_nobody_waits_for_is_shown_in_the_panel(slow):
    server, client = slow
    server.script.fail(status=401, times=1)
    explorer = in_a_notebook(lambda: explore(client))
    assert "ApiError" in alert(explorer)


def test_a_refresh_can_be_stopped_and_keeps_the_rows(slow):
    _, client = slow
    explorer = in_a_notebook(lambda: explore(client))
    before = len(explorer.filtered)
    client.clear_cache()

    def cell():
        explorer._press(explorer._refresh)
        explorer._loading._stop.click()
        assert len(explorer.filtered) == before
        return explorer

    in_a_notebook(cell)
    assert "was stopped" in alert(explorer)
    assert len(explorer.filtered) == before


# messages


class Recorder:
    """A comm that keeps what is sent over it."""

    comm_id = "recorder"
    kernel = True

    def __init__(self):
        self.sent = []

    def send(self, data=None, metadata=None, buffers=None):  # noqa: ARG002 - as a comm has it
        self.sent.append((data, buffers or []))

    def on_msg(self, handler):
        pass

    def close(self, *args, **kwargs):
        pass

    def pictures(self):
        """Return what was sent for the chart: contents and buffers."""
        return [(data, buffers) for data, buffers in self.sent if data["method"] == "custom"]

    def sizes(self):
        """Return the bytes of each picture."""
        return [
            len(json.dumps(data)) + sum(memoryview(one).nbytes for one in buffers)
            for data, buffers in self.pictures()
        ]


MANY = mk.sample_milestones(20_000)

CHANGES = {
    "search": lambda e: setattr(e._controls.text, "value", "at"),
    "no match": lambda e: setattr(e._controls.text, "value", "nothing has this title"),
    "clear": lambda e: setattr(e._controls.text, "value", ""),
    "category": lambda e: check(e, "category", "Sports"),
    "categories": lambda e: check(e, "category", "Sports", "Mentions"),
    "anything": lambda e: check(e, "category"),
    "group": lambda e: setattr(e._controls.group, "value", "type"),
    "all": lambda e: e._on_preset("All"),
    "flat": lambda e: setattr(e._controls.group, "value", "none"),
    "today": lambda e: e._on_preset("Today"),
    "30 days": lambda e: e._on_preset("30 days"),
    "dark": lambda e: setattr(e._bridge, "dark", True),
    "wide": lambda e: setattr(e._bridge, "width", 1400),
    "fit": lambda e: send(e._bridge, {"kind": "fit"}),
}


@pytest.fixture(scope="module")
def busy():
    explorer = explore(MANY, now=NOW)
    explorer._bridge.comm, explorer._figure.widget.comm = Recorder(), Recorder()
    return explorer


def test_every_change_is_one_message_of_bounded_size(busy):
    comm = busy._bridge.comm
    for name, change in CHANGES.items():
        comm.sent.clear()
        change(busy)
        assert alert(busy) == "", name
        sizes = comm.sizes()
        assert len(sizes) == 1, (name, sizes)
        assert sizes[0] < 100_000, (name, sizes)
    assert busy._figure.widget.comm.sent == []


def test_what_does_not_touch_the_chart_sends_it_nothing(busy):
    comm = busy._bridge.comm
    comm.sent.clear()
    send(busy._table, {"kind": "sort", "column": "title"})
    send(busy._table, {"kind": "page", "page": 3})
    send(busy._table, {"kind": "pick", "id": str(busy.filtered["id"].iloc[0])})
    assert comm.sent == []


def test_a_change_counts_the_choices_once(busy, monkeypatch):
    calls = []
    index = busy._model.filters
    facets = index.facets
    monkeypatch.setattr(index, "facets", lambda criteria: calls.append(criteria) or facets(criteria))
    check(busy, "category", "Elections")
    assert len(calls) == 1
    busy._on_preset("All")
    busy._controls.color.value = "status"
    assert len(calls) == 1


def test_the_figure_shows_what_a_fresh_one_would(busy):
    """After any history of updates the live figure equals one that is drawn anew."""
    fresh = explore(MANY, now=NOW)
    fresh._bridge.dark, fresh._bridge.width = busy._bridge.dark, busy._bridge.width
    for state in (
        {"window": ["2024-01-01", "2026-02-01"]},
        {"window": ["2026-01-15", "2026-01-16"], "group": "type"},
        {"filters": {"category": ["Elections"]}, "group": "none", "color": "status"},
        {"filters": {"text": "nothing has this title"}},
    ):
        busy.state = state
        fresh = explore(MANY, now=NOW)
        fresh._bridge.dark, fresh._bridge.width = busy._bridge.dark, busy._bridge.width
        fresh.state = state
        np.testing.assert_equal(busy._figure.traces, fresh._figure.traces)
        np.testing.assert_equal(busy._figure.layout, fresh._figure.layout)


def test_a_saved_notebook_shows_a_plain_safe_table_where_no_kernel_is():
    title = "<script>alert(1)</script>"
    df = DF.assign(title=title)
    bundle = explore(df, now=NOW)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    form = bundle["text/html"]
    assert "<script" not in form
    assert form.count("&lt;script&gt;alert(1)") == 12
    assert f"<b>{len(explore(df, now=NOW).filtered):,}</b> of {len(df):,} milestones" in form
