"""Which spans of time milestones take up, and how many of them are on at once: the sweep line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.analysis.ends import Ends
from milestone_kit.analysis.groups import groups_of
from milestone_kit.analysis.intervals import GroupOrder
from milestone_kit.core.arguments import DateLike, read_duration, read_now, to_utc
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants, micros, stamp_micros
from milestone_kit.table.schema import check_milestones, has_timeline

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.analysis.lengths import Assume

__all__ = [
    "MAX_BINS",
    "Bins",
    "Spans",
    "Sweep",
    "read_width",
    "sweep",
]

MAX_BINS: Final = 1_000_000
"""The most bins, over all groups, that one call gives."""

# A Monday: bins of seven days begin on Mondays, bins that divide a day at midnight UTC.
_ORIGIN: Final = 4 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class Spans:
    """The believable spans of a table, in microseconds since 1970 UTC, half-open.

    Attributes
    ----------
    start, end : ndarray of int64, shape (spans,)
        `end` equals `start` where no end is known or the span has no length.
    group : ndarray of intp, shape (spans,)
        Position in `names`.
    names : pandas.Index
        The values to tell apart, sorted; one nameless value where nothing is told apart.
    row : ndarray of intp, shape (spans,)
        Where in the table each span comes from.
    suspect : int
        How many rows were left out because their dates are not to be believed.
    open : int
        How many spans have no known end.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    group: NDArray[np.intp]
    names: pd.Index
    row: NDArray[np.intp]
    suspect: int
    open: int

    @classmethod
    def of(
        cls,
        df: pd.DataFrame,
        *,
        by: str | None = None,
        now: DateLike | None = None,
        assume: Assume = "typical",
    ) -> Spans:
        """Read the spans of a table, with the ends that `compute_timeline` made or would make.

        Raises
        ------
        QueryError
            When there is no column `by`, or `now` is no date.
        SchemaError
            When a needed column is missing or has another dtype.
        """
        check_milestones(df, ["start_date"])
        read_now(now)  # a wrong one is told, also where no end depends on it
        group, names = groups_of(df, by)
        if has_timeline(df):
            suspect, ends = df["suspect"].to_numpy(), instants(df["end"])
        else:
            made = Ends.of(df, assume, now=now)
            suspect, ends = made.suspect, made.end
        row = np.flatnonzero(~suspect)
        start, ends = micros(df["start_date"])[row], ends[row]
        known = ~np.isnat(ends)
        end = np.where(known, ends.astype(np.int64), start)
        return cls(
            start, np.maximum(end, start), group[row], names, row, len(df) - len(row), int((~known).sum())
        )


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of equal width, in microseconds since 1970 UTC."""

    first: int
    width: int
    count: int

    @classmethod
    def over(cls, spans: Spans, width: int, start: DateLike | None, end: DateLike | None) -> Bins:
        """Return the bins that cover a window, by default the one from first start to last end.

        Bins begin at multiples of their width since a Monday, so the window grows to whole bins.
        """
        low = _bound(start, "start", int(spans.start.min()) if len(spans.start) else None)
        last = int(np.maximum(spans.end - 1, spans.start).max()) + 1 if len(spans.start) else None
        high = _bound(end, "end", last)
        if start is not None and end is not None and (low is None or high is None or low >= high):
            raise QueryError(f"start={start!r} does not lie before end={end!r}; there is nothing in between")
        if low is None or high is None or low >= high:
            return cls(_ORIGIN, width, 0)
        return cls.between(low, high, width)

    @classmethod
    def between(cls, low: int, high: int, width: int) -> Bins:
        """Return the bins that cover the time from `low` to `high`."""
        first = (low - _ORIGIN) // width * width + _ORIGIN
        return cls(first, width, -(-(high - first) // width))

    @property
    def end(self) -> int:
        """Where the last bin ends."""
        return self.first + self.width * self.count

    @property
    def edges(self) -> NDArray[np.int64]:
        """Where each bin begins."""
        return self.first + self.width * np.arange(self.count, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Sweep:
    """How many spans are on at once, per group and bin: arrays of shape (groups, bins).

    Attributes
    ----------
    peak : ndarray of int64
        The most at one instant.
    when : ndarray of int64
        The first instant of the bin at which that many are on, microseconds since 1970 UTC.
    mean : ndarray of float64
        Weighted by time; spans without length weigh nothing.
    starts : ndarray of int64
        How many begin in the bin.
    """

    peak: NDArray[np.int64]
    when: NDArray[np.int64]
    mean: NDArray[np.float64]
    starts: NDArray[np.int64]


def sweep(spans: Spans, bins: Bins) -> Sweep:
    """Count exactly, in n log n, how many spans are on at once in each bin.

    A span without length is on during its instant, which is a microsecond: the least that the table
    tells apart.
    """
    first, width, count = bins.first, bins.width, bins.count
    groups = len(spans.names)
    here = (spans.start < bins.end) & ((spans.end > first) | (spans.start >= first))
    start, group = spans.start[here], spans.group[here]
    point = spans.end[here] == start
    begin = np.maximum(start, first - 1)
    until = np.minimum(np.where(point, start + 1, spans.end[here]), bins.end)
    begins, ends, edges, order = _sorted_keys(group, begin, until, groups, bins)
    begin, point, group_of = begin[order], point[order], group[order]

    # After each start: those that began until then less those that ended until then. Groups before
    # this one have both begun and ended, so they cancel.
    level = np.arange(1, len(begins) + 1) - np.searchsorted(ends, begins, side="right")
    at_edge = np.searchsorted(begins, edges, side="right") - np.searchsorted(ends, edges, side="right")
    inside = begin >= first
    cell = (group_of * count + (begin - first) // width)[inside]
    peak = at_edge.copy()
    np.maximum.at(peak, cell, level[inside])
    when = np.tile(bins.edges, groups)
    reached = (level[inside] == peak[cell]) & (at_edge[cell] < peak[cell])
    # written backwards, so that the first instant of several stays
    when[cell[reached][::-1]] = begin[inside][reached][::-1]

    size = groups * count
    over = until < bins.end
    last_cell = group[over] * count + (until[over] - first) // width
    carried = np.searchsorted(begins, edges, side="left") - np.searchsorted(ends, edges, side="left")
    busy = carried * float(width)
    busy += np.bincount(cell, weights=width - (begin[inside] - first) % width, minlength=size)
    busy -= np.bincount(last_cell, weights=width - (until[over] - first) % width, minlength=size)
    busy -= np.bincount(cell[point[inside]], minlength=size)
    mean = np.maximum(busy, 0.0) / width
    starts = np.bincount(cell, minlength=size)
    shape = (groups, count)
    return Sweep(peak.reshape(shape), when.reshape(shape), mean.reshape(shape), starts.reshape(shape))


def _sorted_keys(
    group: NDArray[np.intp], begin: NDArray[np.int64], until: NDArray[np.int64], groups: int, bins: Bins
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.intp]]:
    """Return starts, ends and bin edges as sorted numbers that order by group, then by time."""
    at_edges = np.tile(bins.edges, groups)
    ordering = GroupOrder.over(groups, begin, until, bins.edges)
    begins, ends = ordering.keys(group, begin), ordering.keys(group, until)
    order = np.argsort(begins, kind="stable")
    edges = ordering.keys(np.repeat(np.arange(groups), bins.count), at_edges)
    return begins[order], np.sort(ends), edges, order


def read_width(value: object, name: str, least: int) -> int:
    """Read a duration of `least` microseconds to 366 days, as `read_duration` does, in microseconds."""
    span = read_duration(value, name, least=np.timedelta64(least, "us"), most=np.timedelta64(366, "D"))
    return int(span.astype(np.int64))


def _bound(value: DateLike | None, name: str, default: int | None) -> int | None:
    return default if value is None else stamp_micros(to_utc(value, name))
