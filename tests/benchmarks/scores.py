"""A panel on a busy evening: what live scores cost the kernel and the wire, beside the minute tick."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time

import numpy as np
import pandas as pd

import milestone_kit as mk
from milestone_kit import sandbox
from milestone_kit.panel import MilestoneExplorer
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets.bridge import Bridge
from tests.panel.driver import one, recorded, send, watched

NOW = pd.Timestamp("2026-01-15T18:00Z")
FILTERS = {"type": "basketball_game", "status": "live", "simulated": False, "placeholder": False}


def add_arguments(command):
    command.add_argument("--rows", type=int, default=137_200)
    command.add_argument("--live", type=int, default=150, help="games that are on, each with its title")
    command.add_argument("--repeat", type=int, default=20, help="updates, and ticks; medians are shown")


def run(arguments):
    df = evening(arguments.rows, arguments.live)
    with sandbox.serve([]) as server, tempfile.TemporaryDirectory() as folder:
        options = {"base_url": server.url, "cache_dir": folder, "requests_per_second": 10_000}
        with mk.MilestoneClient(**options) as client:
            asyncio.run(watch(df, server, client, arguments.repeat))


def evening(rows, live):
    """A table in which so many games began within the last three hours, and none has a reported end."""
    df = mk.sample_milestones(rows).copy()
    at = df.index[df["start_date"] > NOW - pd.Timedelta(hours=3)][:live]
    began = NOW - pd.to_timedelta(30 + np.arange(len(at)) % 60, "min")
    df.loc[at, "start_date"] = pd.DatetimeIndex(began).as_unit("us")
    df.loc[at, "end_date"] = pd.NaT
    df.loc[at, "type"], df.loc[at, "category"] = "basketball_game", "Sports"
    return df


async def watch(df, server, client, repeat):
    now = [NOW]
    window = [str(NOW - pd.Timedelta(hours=4)), str(NOW + pd.Timedelta(hours=4))]
    explorer = MilestoneExplorer(
        df,
        state=PanelState.of({"window": window, "filters": FILTERS}),
        clock=lambda: now[0],
        client=lambda: client,
    )
    chart, table = watched(explorer), recorded(explorer._table)
    print(f"{len(df):,} rows, {explorer._view.chart.scene.shown} games on screen, each with its title")

    async def measured(act):
        chart.sent.clear()
        table.sent.clear()
        kernel, every = time.thread_time(), time.process_time()
        await act()
        taken = [1e3 * (time.thread_time() - kernel), 1e3 * (time.process_time() - every)]
        buffers = [sum(map(len, more)) for sent in (chart, table) for _, more in sent.sent]
        texts = [len(json.dumps(data)) for sent in (chart, table) for data, _ in sent.sent]
        return [*taken, (sum(texts) + sum(buffers)) / 1e3]

    async def tick():
        now[0] += pd.Timedelta(minutes=1)
        send(one(explorer, Bridge), kind="tick")

    async def score():
        came = asyncio.Event()
        explorer._table.observe(lambda _: came.set(), "view")
        send(one(explorer, Bridge), kind="scores")
        await asyncio.wait_for(came.wait(), 30)
        explorer._table.unobserve_all("view")

    ticks, scores = [], []
    for turn in range(repeat + 1):
        server.script.clear()
        server.script.replace(answer(explorer.filtered["id"], turn), path="/live_data/batch")
        scores.append(await measured(score))
        ticks.append(await measured(tick))
    for name, found in (("minute tick", ticks), ("scores", scores)):
        loop, both, size = map(statistics.median, zip(*found[1:], strict=True))
        worst = max(each[0] for each in found[1:])
        costs = f"kernel's loop {loop:.1f} ms CPU (most {worst:.1f}), with threads {both:.1f} ms"
        print(f"{name:>12}: {costs}, {size:.1f} kB")
    explorer.close()


def answer(games, turn):
    clock = {"status": "inprogress", "period": 2, "period_type": "quarter"}
    told = [
        {
            "milestone_id": id_,
            "type": "basketball_game",
            "details": clock
            | {
                "home_points": 20 + turn + place % 9,
                "away_points": 30 + place % 7,
                "period_remaining_time": f"{11 - turn % 12}:{place % 60:02d}",
            },
        }
        for place, id_ in enumerate(games)
    ]
    return json.dumps({"live_datas": told}).encode()
