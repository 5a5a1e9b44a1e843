"""Is what we call live live, and do milestones end when we say: held against ends that no listing tells.

Every universe is one of the sandbox; its true ends are kept aside and shown to nobody but this. Tables are
what people fetch: everything, a window, "since three hours ago", "from now on"; nothing else is known of any.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.sandbox import sample_milestones
from milestone_kit.sandbox.universe import truth

HOUR = pd.Timedelta(hours=1)
TABLES = {
    "whole table": (None, None),
    "-12 h .. +48 h": (-12 * HOUR, 48 * HOUR),
    "from 3 h ago on": (-3 * HOUR, None),
    "from now on": (0 * HOUR, None),
}


def add_arguments(parser):
    parser.add_argument("--rows", type=int, default=137_200)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--instants", type=int, default=3, help="how many, seven hours and a day apart")


def worlds(arguments):
    """Yield the instant, the table as it is listed then, and the truth."""
    for seed in arguments.seeds:
        for number in range(arguments.instants):
            now = dt.datetime(2026, 9, 12, 1, 30, tzinfo=dt.UTC) + number * dt.timedelta(days=1, hours=7)
            yield (
                now,
                sample_milestones(arguments.rows, seed, now=now),
                truth(arguments.rows, seed, now=now),
            )


def judged(df, known, now):
    """Return what came of one table: hits, calls and truths of live; open ends; errors of assumed ends."""
    timeline = compute_timeline(df, now=now)
    ids = timeline["id"]
    real = ids.isin(known.live(now)).to_numpy()
    called = timeline["status"].eq("live").to_numpy(dtype=bool, na_value=False)
    upcoming = timeline["status"].eq("upcoming").to_numpy(dtype=bool, na_value=False)
    ends = pd.to_datetime(ids.map(known.ends), unit="us", utc=True)
    at_stake = (real | upcoming) & timeline["end_source"].eq("assumed").to_numpy() & ends.notna().to_numpy()
    rows = timeline[at_stake]
    off = (rows["end"] - ends[at_stake]).abs()
    return {
        "hits": int((real & called).sum()),
        "called": int(called.sum()),
        "live": int(real.sum()),
        "upcoming": int(upcoming.sum()),
        "open": int((upcoming & timeline["end_source"].eq("open").to_numpy()).sum()),
        "errors": pd.DataFrame({"type": rows["type"], "off": off}),
    }


def spreads(known, df):
    """Return the quartile spread of the true durations of each type."""
    ids = df["id"]
    start, end = (ids.map(times) for times in (known.starts, known.ends))
    spans = pd.to_timedelta(end - start, unit="us")
    of_type = spans.groupby(df["type"])
    return of_type.quantile(0.75) - of_type.quantile(0.25)


def run(arguments):
    totals = {name: [] for name in TABLES}
    for now, df, known in worlds(arguments):
        spread = spreads(known, df)
        moment = pd.Timestamp(now)
        for name, (low, high) in TABLES.items():
            inside = np.ones(len(df), dtype=bool)
            if low is not None:
                inside &= (df["start_date"] >= moment + low).to_numpy()
            if high is not None:
                inside &= (df["start_date"] <= moment + high).to_numpy()
            found = judged(df[inside].reset_index(drop=True), known, now)
            found["errors"]["spread"] = found["errors"]["type"].map(spread)
            totals[name].append(found)
    print(
        f"{'table':18}{'live':>7}{'precision':>11}{'recall':>8}{'worst':>14}"
        f"{'open':>8}{'off by':>10}{'of the spread':>15}"
    )
    for name, each in totals.items():
        hits, called, live = (sum(one[key] for one in each) for key in ("hits", "called", "live"))
        worst = (
            min((one["hits"] / max(one["called"], 1) for one in each), default=1),
            min((one["hits"] / max(one["live"], 1) for one in each), default=1),
        )
        ahead = sum(one["upcoming"] for one in each)
        errors = pd.concat([one["errors"] for one in each])
        by_type = errors.groupby("type").agg(
            n=("off", "size"), off=("off", "median"), spread=("spread", "median")
        )
        often = by_type[by_type["n"] >= 30]
        share = (often["off"] / often["spread"]).mul(often["n"]).sum() / max(often["n"].sum(), 1)
        print(
            f"{name:18}{live / len(each):7.0f}{hits / max(called, 1):11.3f}{hits / max(live, 1):8.3f}"
            f"{worst[0]:7.2f}{worst[1]:7.2f}{sum(one['open'] for one in each) / max(ahead, 1):8.1%}"
            f"{errors['off'].median() / pd.Timedelta('1min'):7.1f} min{share:15.2f}"
        )
