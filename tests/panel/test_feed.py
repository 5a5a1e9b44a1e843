"""Tables that arrive later: the first fetch beside the kernel's loop, refreshes, and what goes wrong."""

from __future__ import annotations

import asyncio
import threading

import ipywidgets as w
import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit import sandbox
from milestone_kit.errors import ApiError, NetworkError
from milestone_kit.panel import MilestoneExplorer, explore
from milestone_kit.panel.fetch import Fetch
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets.paged_table import PagedTable
from milestone_kit.table.schema import empty_milestones
from tests.panel.driver import alert, card, field, one, parts, press, send, summary
from tests.strategies import NOW, table


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
    fetch = Fetch(lambda progress: client.get_milestones(progress=progress))
    return MilestoneExplorer(
        fetch,
        state=PanelState(),
        reload=lambda progress: client.get_milestones(refresh=True, progress=progress),
    )


def loading(explorer):
    """Return the bar that shows how far a fetch is."""
    return next(part for part in parts(explorer) if "mk-loading" in part._dom_classes)


def is_fetching(explorer):
    return loading(explorer).layout.display == "flex"


def in_a_notebook(work):
    """Run `work` as a cell runs: on a loop that goes on afterwards, here until nothing is fetched."""

    async def cell():
        explorer = work()
        if is_fetching(explorer):
            over = asyncio.Event()
            loading(explorer).layout.observe(lambda _: over.set(), "display")
            await over.wait()
        return explorer

    return asyncio.run(cell())


def body(explorer):
    return explorer.children[-1]


def test_the_panel_opens_before_the_rows(held):
    _, client, gate = held

    def cell():
        explorer = explore(client)
        assert body(explorer).layout.display == "none"
        assert is_fetching(explorer)
        assert summary(explorer) == "No milestones yet"
        gate.set()
        return explorer

    explorer = in_a_notebook(cell)
    assert alert(explorer) == ""
    assert body(explorer).layout.display is None
    assert "of 1,200 milestones" in summary(explorer)


def test_the_bar_shows_how_far_the_fetch_is():
    gate = threading.Event()

    def work(progress):
        progress(500, 1)
        gate.wait()
        return table({})

    def cell():
        explorer = MilestoneExplorer(Fetch(work), state=PanelState())
        (words,) = [part for part in parts(loading(explorer)) if isinstance(part, w.HTML)]
        assert "<progress" in words.value
        words.observe(lambda change: "<b>500</b> milestones" in change["new"] and gate.set(), "value")
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
    assert body(explorer).layout.display == "none"
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
    assert "ApiError" in alert(in_a_notebook(lambda: awaiting(client)))


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
    assert "was stopped" in alert(explorer)
    assert len(explorer.filtered) == before
