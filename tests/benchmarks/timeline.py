"""compute_timeline, assign_lanes and what durations teach, beside the obvious pandas way, at two sizes."""

from __future__ import annotations

import heapq

import numpy as np
import pandas as pd

from milestone_kit.analysis.calibration import calibrate_durations
from milestone_kit.analysis.durations import typical_durations
from milestone_kit.analysis.lengths import MIN_SAMPLES
from milestone_kit.analysis.timeline import assign_lanes, compute_timeline, status_of
from tests.benchmarks._growth import add_arguments, compare
from tests.benchmarks.schedule import NOW, many

__all__ = ["add_arguments", "run"]

OWN = ["id", "category", "type", "start_date", "end_date", "details"]


def plain_durations(df):
    """Group the believable spans by type, and again by category, and ask for quartiles."""
    spans = (df["end_date"] - df["start_date"]).where(df["start_date"] > "2001")
    spans = spans[spans >= pd.Timedelta(0)]
    return [
        spans.groupby(df[level].loc[spans.index]).quantile([0.25, 0.5, 0.75])
        for level in ("type", "category")
    ]


def plain_lanes(df):
    """Walk the rows by start with a heap of when each lane is free, as textbooks do for meeting rooms."""
    rows = df.sort_values("start_date", kind="stable")
    ends = rows["end"] if "end" in rows else rows["end_date"]
    ends = ends.fillna(rows["start_date"])
    lanes, busy = [], []
    for start, end in zip(rows["start_date"], ends, strict=True):
        if busy and busy[0][0] <= start:
            lane = busy[0][1]
            heapq.heapreplace(busy, (end, lane))
        else:
            lane = len(busy)
            heapq.heappush(busy, (end, lane))
        lanes.append(lane)
    return pd.Series(lanes, index=rows.index).reindex(df.index)


def plain_timeline(df):
    """Transform by group to the median, fill, compare with now, and walk for the lanes."""
    spans = df["end_date"] - df["start_date"]
    spans = spans.where((spans >= pd.Timedelta(0)) & (df["start_date"] > "2001"))
    learned = None
    for level in ("type", "category"):
        group = spans.groupby(df[level])
        median = group.transform("median").where(group.transform("count") >= MIN_SAMPLES)
        learned = median if learned is None else learned.fillna(median)
    end = df["end_date"].where(df["end_date"] >= df["start_date"], df["start_date"] + learned)
    now = pd.Timestamp(NOW, tz="UTC")
    over = end.fillna(df["start_date"] + pd.Timedelta("24h"))
    status = np.where(df["start_date"] > now, "upcoming", np.where(over > now, "live", "ended"))
    timeline = df.assign(
        end=end,
        duration=end - df["start_date"],
        status=pd.Categorical(status, ["upcoming", "live", "ended"], ordered=True),
        starts_in=df["start_date"] - now,
    )
    return timeline.assign(lane=plain_lanes(timeline))


TASKS = {
    "compute_timeline": (lambda df: compute_timeline(df[OWN], now=NOW), lambda df: plain_timeline(df[OWN])),
    "status_of": (lambda df: status_of(df[OWN], now=NOW), None),
    "assign_lanes": (assign_lanes, plain_lanes),
    "assign_lanes, reported ends": (lambda df: assign_lanes(df[OWN]), lambda df: plain_lanes(df[OWN])),
    "assign_lanes by type": (lambda df: assign_lanes(df, by="type"), None),
    "typical_durations": (typical_durations, plain_durations),
    "typical_durations by league": (lambda df: typical_durations(df, by="league"), None),
    "calibrate_durations": (calibrate_durations, None),
}


def run(arguments):
    compare(TASKS, many, arguments)
