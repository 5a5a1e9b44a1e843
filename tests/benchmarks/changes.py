"""diff_milestones of two large tables of which few rows differ, against pandas' own merge and compare."""

from __future__ import annotations

import numpy as np
import pandas as pd

import milestone_kit as mk
from milestone_kit.analysis.changes import diff_milestones
from tests.benchmarks.relations import quickest


def add_arguments(command):
    command.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    command.add_argument("--repeat", type=int, default=3, help="runs of each; the quickest is shown")


def run(arguments):
    print(f"{'rows':>9}  {'what':<34}{'wall s':>8}{'CPU s':>8}{'x':>8}{'changes':>9}{'growth':>8}")
    seen = {}
    for rows in arguments.rows:
        before = universe(rows)
        after = changed(before)
        measure(before, after, "1 % changed", arguments.repeat, seen)
        measure(before, after.sample(frac=1, random_state=0), "1 % changed, shuffled", arguments.repeat, seen)


def measure(before, after, what, repeat, seen):
    wall, cpu, changes = quickest(lambda: diff_milestones(before, after), repeat)
    reference = quickest(lambda: plain(before, after), 1)[0]
    rows = len(before)
    growth = f"{wall / seen[what]:>8.1f}" if what in seen else ""
    seen[what] = wall
    print(f"{rows:>9}  {what:<34}{wall:>8.3f}{cpu:>8.3f}{wall / reference:>8.3f}{changes:>9}{growth}")
    print(f"{rows:>9}  {'  pandas: merge, then compare':<34}{reference:>8.3f}{'':>8}{1:>8}", flush=True)


def universe(rows):
    """Lay copies of one sample end to end, with ids of their own; drawing a million takes minutes."""
    sample = mk.sample_milestones(min(rows, 100_000))
    copies = [sample.assign(id=sample["id"] + f"-{number}") for number in range(-(-rows // len(sample)))]
    return pd.concat(copies, ignore_index=True).head(rows)


def changed(df):
    """Drop, add, rename and reschedule some rows each."""
    after = df.iloc[np.flatnonzero(np.arange(len(df)) % 1000 != 7)].copy()
    some = np.arange(len(after)) % 200 == 3
    after.loc[some, "start_date"] += pd.Timedelta(hours=2)
    after.loc[np.roll(some, 1), "title"] += " (new)"
    return after


def plain(before, after):
    """Do it the usual way: join by id, compare column by column."""
    joined = before.merge(after, on="id", how="outer", suffixes=("", "_after"), indicator=True)
    changes = [joined[joined["_merge"] != "both"]["id"]]
    both = joined[joined["_merge"] == "both"]
    for name in before.columns.drop("id"):
        left, right = both[name], both[f"{name}_after"]
        differ = (left.astype("str") != right.astype("str")) if "tickers" in name else (left != right)
        changes.append(both.loc[differ & ~(left.isna() & right.isna()), ["id", name, f"{name}_after"]])
    return changes
