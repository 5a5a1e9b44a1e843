"""concurrency, gaps, calendar_counts and next_up, beside the obvious pandas way, at two sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from milestone_kit.analysis.schedule import busiest, calendar_counts, concurrency, gaps, next_up
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.schema import COLUMNS
from tests.benchmarks._growth import add_arguments, compare

__all__ = ["add_arguments", "many", "run"]

NOW = "2026-01-15"
SCHEMA_COLUMNS = list(COLUMNS)
WINDOW = {"start": "2024-01-01", "end": "2026-12-31"}


def many(rows):
    """Return a timeline of so many rows: the sample's, moved about so that no two are alike."""
    sample = compute_timeline(sample_milestones(2_000), now=NOW)
    random = np.random.default_rng(0)
    table = sample.iloc[random.integers(0, len(sample), rows)].reset_index(drop=True)
    shift = pd.to_timedelta(random.integers(0, 200 * 86_400, rows), unit="s").as_unit("us")
    return table.assign(**{name: table[name] + shift for name in ("start_date", "end_date", "end")})


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


def run(arguments):
    compare(TASKS, many, arguments)
