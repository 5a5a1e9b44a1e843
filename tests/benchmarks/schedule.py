"""concurrency, gaps, calendar_counts and next_up, beside the obvious pandas way, at two sizes."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pandas as pd

from milestone_kit.sandbox import sample_milestones
from milestone_kit.schedule import busiest, calendar_counts, concurrency, gaps, next_up
from milestone_kit.schema import COLUMNS
from milestone_kit.timeline import compute_timeline

NOW = "2026-01-15"
SCHEMA_COLUMNS = list(COLUMNS)
WINDOW = {"start": "2024-01-01", "end": "2026-12-31"}


def add_arguments(parser):
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)


def many(rows):
    """Return a timeline of so many rows: the sample's, moved about so that no two are alike."""
    sample = compute_timeline(sample_milestones(2_000), now=NOW)
    random = np.random.default_rng(0)
    table = sample.iloc[random.integers(0, len(sample), rows)].reset_index(drop=True)
    shift = pd.to_timedelta(random.integers(0, 200 * 86_400, rows), unit="s").as_unit("us")
    return table.assign(start_date=table["start_date"] + shift, end=table["end"] + shift)


def plain_concurrency(df):
    """Events at starts and ends, their running sum, and its maximum per hour."""
    spans = df[~df["suspect"]]
    end = spans["end"].fillna(spans["start_date"])
    events = pd.concat([pd.Series(1, index=spans["start_date"]), pd.Series(-1, index=end)]).sort_index()
    return events.cumsum().resample("1h").max().ffill()


def plain_calendar(df):
    """Local dates and a groupby."""
    local = df["start_date"].dt.tz_convert("America/New_York")
    return df.groupby([local.dt.floor("D", ambiguous=True, nonexistent="shift_forward"), "category"]).size()


def plain_gaps(df):
    """Sort, a running maximum of the ends, and the difference to the next start."""
    spans = df[~df["suspect"]].sort_values("start_date")
    latest = spans["end"].fillna(spans["start_date"]).cummax().shift()
    return spans[spans["start_date"] - latest >= pd.Timedelta("1h")]


def plain_next(df):
    """Sort what lies ahead and take the first ten."""
    return df[df["start_date"] > pd.Timestamp(NOW, tz="UTC")].sort_values(["start_date", "id"]).head(10)


TASKS = {
    "concurrency 1h": (lambda df: concurrency(df, **WINDOW), plain_concurrency),
    "concurrency 1h by category": (lambda df: concurrency(df, by="category", **WINDOW), None),
    "concurrency 1h, no timeline": (lambda df: concurrency(df[SCHEMA_COLUMNS], **WINDOW), None),
    "busiest": (lambda df: busiest(df, **WINDOW), None),
    "calendar_counts": (lambda df: calendar_counts(df, tz="America/New_York"), plain_calendar),
    "next_up": (lambda df: next_up(df, now=NOW), plain_next),
    "gaps": (gaps, plain_gaps),
}


def seconds(task, df, repeats):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        task(df)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def run(arguments):
    print(f"{'':28}{'rows':>10}{'ours, s':>10}{'plain, s':>10}{'ratio':>8}{'growth':>8}")
    before = {}
    for rows in arguments.rows:
        df = many(rows)
        for name, (ours, plain) in TASKS.items():
            mine = seconds(ours, df, arguments.repeats)
            theirs = f"{seconds(plain, df, arguments.repeats):10.3f}" if plain else " " * 10
            ratio = f"{mine / float(theirs):8.2f}" if plain else " " * 8
            growth = f"{mine / before[name]:8.1f}" if name in before else ""
            before[name] = mine
            print(f"{name:28}{rows:10,}{mine:10.3f}{theirs}{ratio}{growth}")
