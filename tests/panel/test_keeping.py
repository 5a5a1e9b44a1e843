"""A panel that keeps itself fresh: deltas while someone looks, news to click, errors in one line."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from html import unescape

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit import sandbox
from milestone_kit.errors import QueryError
from milestone_kit.panel import MilestoneExplorer, explore
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets.bridge import Bridge
from milestone_kit.panel.widgets.paged_table import PagedTable
from tests.panel.driver import alert, happen, html, one, parts, press, send, summary
from tests.strategies import table


class Clock:
    def __init__(self):
        self.now = pd.Timestamp.now("UTC").floor("min")

    def __call__(self):
        return self.now


@pytest.fixture
def world(tmp_path):
    """A server, a client of it, and an explorer's clock."""
    with (
        sandbox.serve(400, seed=3, still=True) as server,
        mk.MilestoneClient(base_url=server.url, cache_dir=tmp_path, expire_after=0) as client,
    ):
        yield server, client, Clock()


def opened(client, clock, every=300.0):
    return MilestoneExplorer(
        client.get_milestones(),
        state=PanelState(),
        reload=lambda progress: [client.get_milestones(refresh=True, progress=progress)],
        clock=clock,
        every=every,
    )


async def look(explorer, clock, **passed):
    """Let time pass, and someone look; wait for the refresh that this may begin."""
    clock.now += pd.Timedelta(**passed)
    send(one(explorer, Bridge), kind="tick")
    while explorer._feed._quiet is not None:  # noqa: ASYNC110 - the feed tells nobody but the panel
        await asyncio.sleep(0.01)
    assert alert(explorer) == ""


def shown_ids(explorer):
    return {row["id"] for row in one(explorer, PagedTable).view["rows"]}


def buttons(explorer):
    return [
        part.description
        for part in parts(explorer._news.widget)
        if hasattr(part, "click") and part.layout.display is None
    ]


def test_a_panel_tells_what_changed_and_marks_it_until_it_was_looked_at(world):
    server, client, clock = world

    async def cell():
        explorer = opened(client, clock)
        moved, ended = explorer.filtered.loc[explorer.filtered["end_date"].isna(), "id"].iloc[-2:]
        asked = len(server.requests)
        await look(explorer, clock, minutes=4)
        assert len(server.requests) == asked
        server.reschedule(moved, timedelta(hours=2))
        server.update(ended, end_date=pd.Timestamp.now("UTC").isoformat().replace("+00:00", "Z"))
        await look(explorer, clock, minutes=2)
        assert buttons(explorer) == ["1 rescheduled", "1 ended", "Seen"]
        assert html(explorer, "since ")
        assert explorer._view.session.news.ids == {moved, ended}
        press(explorer, "1 rescheduled")
        assert shown_ids(explorer) == {moved}
        assert list(explorer.filtered["id"]) == [moved]
        assert one(explorer, PagedTable).view["news"] == [moved]
        press(explorer, "Back to all")
        assert len(explorer.filtered) > 300
        assert buttons(explorer) == ["1 ended", "Seen"]
        happen(explorer, "click", id=ended)
        assert explorer._view.session.news.ids == frozenset()
        assert explorer._news.widget.layout.display == "none"
        # the next refresh tells of nothing again
        await look(explorer, clock, minutes=6)
        assert explorer._news.widget.layout.display == "none"
        return explorer

    asyncio.run(cell())


def test_errors_are_one_line_with_the_next_try_and_the_rows_stay(world):
    server, client, clock = world

    async def cell():
        explorer = opened(client, clock)
        rows = len(explorer.filtered)
        server.script.fail(status=401)
        await look(explorer, clock, minutes=6)
        line = unescape(explorer._keeper.line.value)
        assert "'s data; trying again in 2 min (ApiError" in line
        assert "\n" not in line
        await look(explorer, clock, minutes=1)
        assert "trying again in 1 min" in explorer._keeper.line.value
        await look(explorer, clock, minutes=1)
        assert "trying again in 4 min" in explorer._keeper.line.value
        assert len(explorer.filtered) == rows
        server.script.clear()
        await look(explorer, clock, minutes=5)
        assert explorer._keeper.line.value == ""
        return explorer

    asyncio.run(cell())


def test_a_panel_that_nobody_looks_at_asks_for_nothing_and_a_closed_one_leaves_no_thread(world):
    server, client, clock = world
    gate = threading.Event()

    async def cell():
        explorer = opened(client, clock)
        asked = len(server.requests)
        clock.now += pd.Timedelta(hours=9)
        await asyncio.sleep(0.05)
        assert len(server.requests) == asked
        server.script.call(gate.wait)
        send(one(explorer, Bridge), kind="tick")
        assert explorer._feed._quiet is not None
        explorer.close()
        gate.set()

    before = set(threading.enumerate())
    asyncio.run(cell())

    def left():
        return [each for each in set(threading.enumerate()) - before if each.name.startswith("milestones")]

    for _ in range(2_000):
        if not left():
            break
        time.sleep(0.01)
    assert left() == []


def test_the_switch_turns_it_on_and_off_also_under_a_fixed_now(world):
    _, client, clock = world
    explorer = MilestoneExplorer(
        client.get_milestones(),
        state=PanelState(),
        now=clock.now,
        reload=lambda _: [],
        clock=clock,
    )
    assert not one(explorer, Bridge).ticking
    explorer._keeper.switch.value = True
    assert one(explorer, Bridge).ticking
    explorer._keeper.switch.value = False
    assert not one(explorer, Bridge).ticking


def test_how_often_is_read_as_any_duration_and_needs_a_client():
    with pytest.raises(QueryError, match="needs a client"):
        explore(table({}), every="5min")
    for wrong in ("1s", "soon", -5):
        with pytest.raises(QueryError, match="every"):
            explore(every=wrong)
    assert summary(explore(table({})))
