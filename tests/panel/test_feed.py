"""Tables that arrive later: the first fetch beside the kernel's loop, refreshes, and what goes wrong."""

from __future__ import annotations

import asyncio
import threading

import ipywidgets as w
import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit import sandbox
from milestone_kit.errors import ApiError, NetworkError, QueryError
from milestone_kit.panel import MilestoneExplorer, explore
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets.overview import Overview
from milestone_kit.panel.widgets.paged_table import PagedTable
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.schema import empty_milestones
from tests.panel.driver import alert, card, field, html, one, parts, press, send, summary
from tests.strategies import NOW, table


def refreshing(*tables, now=NOW):
    """Open an explorer whose refreshes bring these tables, or raise these errors."""
    coming = list(tables)

    def reload(progress):
        progress(500, 1)
        one = coming.pop(0)
        if isinstance(one, Exception):
            raise one
        yield one

    return MilestoneExplorer(
        table({}, {}), state=PanelState(), now=None if now is None else pd.Timestamp(now), reload=reload
    )


def test_a_refresh_shows_the_new_table_under_the_same_filters():
    explorer = refreshing(table({"title": "one"}, {"title": "two"}, {"title": "three"}))
    field(explorer, "Search").value = "t"
    press(explorer, "Refresh")
    assert sorted(explorer.filtered["title"]) == ["three", "two"]
    assert alert(explorer) == ""
    assert "of 3 milestones" in summary(explorer)


def test_a_failed_refresh_keeps_the_table_and_says_so():
    explorer = refreshing(NetworkError("the server <hung> up"))
    before = summary(explorer)
    press(explorer, "Refresh")
    assert "the server &lt;hung&gt; up" in alert(explorer)
    assert summary(explorer) == before
    assert len(explorer.filtered) == 2


def test_a_refresh_drops_the_card_of_a_milestone_that_is_gone():
    explorer = refreshing(table({}), empty_milestones())
    send(one(explorer, PagedTable), kind="pick", id="m1")
    assert card(explorer)
    press(explorer, "Refresh")
    assert card(explorer) == ""
    assert explorer.selected.empty
    press(explorer, "Refresh")
    assert explorer.filtered.empty
    assert alert(explorer) == ""


def test_a_given_now_stays_and_a_current_one_moves_on():
    def statuses(explorer, moment):
        press(explorer, "Refresh")
        return f"1 {moment}" in summary(explorer)

    then, soon = pd.Timestamp.now("UTC"), pd.Timestamp.now("UTC") + pd.Timedelta(hours=1)
    fixed = refreshing(table({"start_date": then}))
    assert statuses(fixed, "upcoming")
    assert "now='2026-01-15T12:00:00Z'" in fixed.code()
    moving = refreshing(table({"start_date": soon}), now=None)
    assert statuses(moving, "upcoming")
    assert "now=" not in moving.code()


def growing(*shares, gate=None):
    """Give ever more of one table, from now outwards; where a gate is given, wait for it after the first."""
    whole = sample_milestones(4_000)
    begun = int((whole["start_date"] < pd.Timestamp(NOW)).sum())

    def tables(_progress):
        for share in shares:
            low, high = round(begun * (1 - share)), round(begun + (len(whole) - begun) * share)
            part = whole.iloc[low:high].reset_index(drop=True)
            part.attrs["milestone_kit"] = {
                "complete": share == 1,
                "share": len(part) / len(whole),
                "seconds_left": 12.0,
            }
            yield part
            if gate is not None and share < 1:
                gate.wait()

    return tables


def opened_on(tables):
    return MilestoneExplorer(tables, state=PanelState(), now=pd.Timestamp(NOW))


def with_rows(explorer, act):
    """Do something once the first rows are on screen."""
    rows = one(explorer, PagedTable)
    if rows.view["rows"]:
        act()
        return

    def look(change):
        if change["new"]["rows"]:
            rows.unobserve(look, "view")
            asyncio.get_running_loop().call_soon(act)

    rows.observe(look, "view")


def picture(explorer):
    """Return what a user would see jump: window, place and colour by title, first row, selection."""
    view, scene = explorer._view, explorer._view.chart.scene
    marks = scene.marks
    titles = explorer._model.timeline["title"].iloc[marks.row[: scene.shown]]
    colors = explorer._model.colors("category").labels
    places = zip(marks.code.tolist(), marks.tier.tolist(), marks.slot.tolist(), strict=True)
    told = [(scene.groups[code].label, tier, colors[slot]) for code, tier, slot in places]
    return (
        scene.window,
        dict(zip(titles, told, strict=False)),
        one(explorer, PagedTable).view["rows"][0]["id"],
        view.session.selected,
    )


def test_a_panel_that_grows_does_not_jump_and_says_when_everything_is_there():
    gate, seen = threading.Event(), []

    def cell():
        explorer = opened_on(growing(0.05, 0.4, 1, gate=gate))

        def look():
            send(one(explorer, PagedTable), kind="pick", id=one(explorer, PagedTable).view["rows"][3]["id"])
            seen.append((picture(explorer), summary(explorer), html(explorer, "<progress")))
            gate.set()

        with_rows(explorer, look)
        return explorer

    explorer = in_a_notebook(cell)
    before, said, words = seen[0]
    assert 'value="0.05' in words
    assert "about 12 s left" in words
    after = picture(explorer)
    assert (after[0], after[2:]) == (before[0], before[2:])
    assert {title: after[1][title] for title in before[1]} == before[1]
    assert "of 4,000 milestones" in summary(explorer) != said
    assert "All 4,000 milestones are here." in html(explorer, 'role="status"')
    assert sum(one(explorer, Overview).counts) > 3_500


def test_code_waits_for_everything_while_a_panel_grows():
    gate, found = threading.Event(), []

    def cell():
        explorer = opened_on(growing(0.3, 1, gate=gate))

        def ask():
            threading.Timer(0.05, gate.set).start()
            found.append(len(explorer.filtered))

        with_rows(explorer, ask)
        return explorer

    in_a_notebook(cell)
    assert found[0] > 3_500


def test_a_stop_keeps_what_came_and_lets_the_fetch_end():
    gate, given, over = threading.Event(), [], threading.Event()

    def tables(progress):
        try:
            for one in growing(0.3, 0.6, 1, gate=gate)(progress):
                given.append(len(one))
                yield one
        finally:
            over.set()

    def cell():
        explorer = opened_on(tables)
        with_rows(explorer, lambda: press(explorer, "Stop"))
        return explorer

    explorer = in_a_notebook(cell)
    assert "Stopped: 1,200 of about 4,000 milestones are here" in html(explorer, 'role="status"')
    assert 1_000 < len(explorer.filtered) <= 1_200
    assert alert(explorer) == ""
    gate.set()
    assert over.wait(10)
    assert given[-1] < 4_000


def test_what_came_stays_when_a_growing_panel_breaks_off():
    def tables(progress):
        yield from growing(0.3)(progress)
        raise NetworkError("the server hung up")

    explorer = in_a_notebook(lambda: opened_on(tables))
    assert "the server hung up" in alert(explorer)
    assert "1,200 of about 4,000 milestones are here" in html(explorer, 'role="status"')
    assert len(explorer.filtered) > 1_000


def test_what_a_client_is_asked_for_is_all_that_is_fetched(tmp_path):
    with (
        sandbox.serve(600, seed=3, still=True) as server,
        mk.MilestoneClient(base_url=server.url, cache_dir=tmp_path) as client,
    ):
        explorer = explore(
            client, category="Sports", minimum_start_date="2020-01-01", status=["live", "ended"]
        )
        asked = [request.query.get("category") for request in server.requests if "milestones" in request.path]
        assert set(asked) == {"Sports"}
        assert set(explorer.filtered["category"].str.casefold()) == {"sports"}
        assert explorer.state["filters"]["status"] == ["live", "ended"]
        assert "category" not in explorer.state["filters"]
        assert "mk.get_milestones(category='Sports', minimum_start_date='2020-01-01')" in explorer.code()
    with pytest.raises(QueryError, match="a question to the server"):
        explore(table({}), competition="NBA")


@pytest.fixture
def held(tmp_path):
    """A client of a server that answers when it is let, and the gate that lets it."""
    gate = threading.Event()
    with (
        sandbox.serve(1_200, seed=3, still=True) as server,
        mk.MilestoneClient(base_url=server.url, cache_dir=tmp_path) as client,
    ):
        server.script.call(gate.wait)
        yield server, client, gate
        gate.set()


def awaiting(client):
    """Open an explorer whose rows are still to come."""
    return MilestoneExplorer(
        lambda progress: [client.get_milestones(progress=progress)],
        state=PanelState(),
        reload=lambda progress: [client.get_milestones(refresh=True, progress=progress)],
    )


def loading(explorer):
    """Return the bar that shows how far a fetch is."""
    return next(part for part in parts(explorer) if "mk-loading" in part._dom_classes)


def is_fetching(explorer):
    return "<progress" in html(explorer, 'role="status"')


def in_a_notebook(work):
    """Run `work` as a cell runs: on a loop that goes on afterwards, here until nothing is fetched."""

    async def cell():
        explorer = work()
        if is_fetching(explorer):
            over = asyncio.Event()
            (words,) = [part for part in parts(loading(explorer)) if isinstance(part, w.HTML)]
            words.observe(lambda change: "<progress" in change["new"] or over.set(), "value")
            await over.wait()
        return explorer

    return asyncio.run(cell())


def test_the_panel_opens_before_the_rows(held):
    _, client, gate = held

    def cell():
        explorer = explore(client)
        assert is_fetching(explorer)
        assert "Waiting for the first" in one(explorer, PagedTable).view["empty"]
        assert summary(explorer) == "No milestones yet"
        gate.set()
        return explorer

    explorer = in_a_notebook(cell)
    assert alert(explorer) == ""
    assert "of 1,200 milestones" in summary(explorer)
    assert "All 1,200 milestones are here." in html(explorer, 'role="status"')


def test_the_bar_shows_how_far_the_fetch_is():
    gate = threading.Event()

    def work(progress):
        progress(500, 1)
        gate.wait()
        yield table({})

    def cell():
        explorer = MilestoneExplorer(work, state=PanelState())
        (words,) = [part for part in parts(loading(explorer)) if isinstance(part, w.HTML)]
        assert "<progress" in words.value
        words.observe(lambda change: "500 milestones on 1 pages" in change["new"] and gate.set(), "value")
        return explorer

    assert "of 1 milestones" in summary(in_a_notebook(cell))


def test_code_that_asks_for_rows_waits_for_the_first_ones(held):
    _, client, gate = held

    def cell():
        explorer = awaiting(client)
        threading.Timer(0.05, gate.set).start()
        assert len(explorer.filtered) > 1_000
        assert explorer.selected.empty
        assert "filter_milestones" in explorer.code()
        return explorer

    assert len(in_a_notebook(cell).filtered) > 1_000


def test_a_fetch_that_fails_says_so_in_the_panel_and_to_code_and_can_be_tried_again(held):
    server, client, gate = held
    server.script.fail(status=401, times=1)
    gate.set()

    def cell():
        explorer = awaiting(client)
        with pytest.raises(ApiError):
            _ = explorer.filtered
        return explorer

    explorer = in_a_notebook(cell)
    with pytest.raises(ApiError):
        explorer.figure()

    def again():
        press(explorer, "Refresh")
        press(explorer, "Refresh")  # one fetch at a time
        return explorer

    assert len(in_a_notebook(again).filtered) > 1_000
    assert alert(explorer) == ""


def test_an_error_that_nobody_waits_for_is_shown_in_the_panel(held):
    server, client, gate = held
    server.script.fail(status=401, times=1)
    gate.set()
    assert ">GET http" in alert(in_a_notebook(lambda: awaiting(client)))


def test_a_refresh_can_be_stopped_and_keeps_the_rows(held):
    _, client, gate = held
    gate.set()
    explorer = in_a_notebook(lambda: awaiting(client))
    before = len(explorer.filtered)
    client.clear_cache()
    gate.clear()

    def cell():
        press(explorer, "Refresh")
        press(explorer, "Stop")
        gate.set()
        assert len(explorer.filtered) == before
        return explorer

    in_a_notebook(cell)
    assert alert(explorer) == ""
    assert "Stopped before the first milestones came" in html(explorer, 'role="status"')
    assert len(explorer.filtered) == before
