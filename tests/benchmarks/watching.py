"""A panel that is left open: what a minute costs, and what eight hours of minutes and refreshes keep.

Prints CPU milliseconds of the kernel and bytes of the message beside those of a filter click in the same run,
and the memory of the process after each hour of a simulated clock.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import tempfile
import time
from datetime import timedelta

import pandas as pd
import psutil

import milestone_kit as mk
from milestone_kit import sandbox
from milestone_kit.panel import MilestoneExplorer
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets.bridge import Bridge
from tests.panel.driver import alert, check, one, send, watched

_HOURS = 8
_REFRESH = 5


def add_arguments(parser):
    parser.add_argument("--rows", type=int, default=137_200)
    parser.add_argument("--hours", type=int, default=_HOURS)


def _cost(act):
    began = time.process_time()
    act()
    return 1000 * (time.process_time() - began)


def _size(comm):
    sizes = [
        len(json.dumps(data)) + sum(memoryview(buffer).nbytes for buffer in buffers)
        for data, buffers in comm.sent
        if data["method"] == "custom"
    ]
    comm.sent.clear()
    return max(sizes, default=0)


def _quantiles(values):
    ranked = sorted(values)
    return f"p50 {statistics.median(ranked):.1f}, p95 {ranked[int(0.95 * len(ranked))]:.1f}"


def run(arguments):
    now = [pd.Timestamp.now("UTC").floor("min")]
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox.serve(arguments.rows, seed=5, still=True) as server,
        mk.MilestoneClient(base_url=server.url, cache_dir=folder, requests_per_second=1e4) as client,
    ):
        explorer = MilestoneExplorer(
            client.get_milestones(progress=False),
            state=PanelState(group="league"),
            reload=lambda report: [client.get_milestones(refresh=True, progress=report)],
            clock=lambda: now[0],
            every=_REFRESH * 60.0,
        )
        asyncio.run(_watch(explorer, server, now, arguments.hours))


async def _watch(explorer, server, now, hours):
    comm = watched(explorer)
    clicks = []
    for names in (["Sports"], ["Economics"], [], ["Mentions"], []) * 4:
        check(explorer, "category", *names)
        clicks.append(_cost(explorer._debouncer.flush))
    print(f"filter click, kernel CPU in ms: {_quantiles(clicks)}")
    ticks, sizes, memory = [], [], []
    rng = iter(range(10**9))
    ids = list(explorer.filtered["id"].iloc[-2_000:])
    for hour in range(hours):
        for minute in range(60):
            now[0] += pd.Timedelta(minutes=1)
            comm.sent.clear()
            # without the refresh, which runs beside
            quiet, explorer._keeper.look = explorer._keeper.look, lambda: None
            ticks.append(_cost(lambda: send(one(explorer, Bridge), kind="tick")))
            explorer._keeper.look = quiet
            sizes.append(_size(comm))
            if minute % _REFRESH == 0:
                server.reschedule(ids[next(rng) % len(ids)], timedelta(minutes=30))
            explorer._keeper.look()
            while explorer._feed._quiet is not None:  # noqa: ASYNC110 - the feed tells nobody but the panel
                await asyncio.sleep(0.01)
            assert alert(explorer) == ""
        gc.collect()
        memory.append(psutil.Process().memory_info().rss / 2**20)
        print(f"hour {hour + 1}: {memory[-1]:,.0f} MiB, {len(explorer._view.session.news.ids)} rows of news")
    print(f"minute, kernel CPU in ms: {_quantiles(ticks)} (target 15)")
    print(f"minute, message in kB: {_quantiles([size / 1000 for size in sizes])} (target 40)")
    print(
        f"memory after {hours} hours against after the first: {memory[-1] / memory[0] - 1:+.1%} (target 5 %)"
    )
