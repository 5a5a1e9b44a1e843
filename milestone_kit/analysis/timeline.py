"""When milestones end, what is live, and which of them run side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from milestone_kit.analysis.durations import Assume, Assumed
from milestone_kit.analysis.flags import is_date_only, is_placeholder
from milestone_kit.analysis.groups import groups_of
from milestone_kit.analysis.intervals import lowest_lanes
from milestone_kit.core.arguments import DateLike, TimedeltaLike, read_duration, read_now
from milestone_kit.table.arrays import instants, stamp_instant, utc_index
from milestone_kit.table.schema import (
    END_LEVEL_DTYPE,
    END_SOURCE_DTYPE,
    END_SOURCES,
    STATUS_DTYPE,
    STATUSES,
    check_milestones,
    has_timeline,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "LIVE_FOR",
    "Assume",
    "Ends",
    "assign_lanes",
    "compute_timeline",
    "status_of",
    "with_timeline",
]

LIVE_FOR: Final = "24h"
"""How long after its start a milestone without any end counts as live, unless told otherwise."""

# what lies behind it, Python and the server have no words for
_LAST: Final = np.datetime64("9999-12-31T23:59:59.999999", "us")

_NEEDED: Final = ("category", "type", "start_date", "end_date")


def compute_timeline(
    df: pd.DataFrame,
    *,
    now: DateLike | None = None,
    assume: Assume = "typical",
    live_for: TimedeltaLike = LIVE_FOR,
) -> pd.DataFrame:
    """Add when each milestone ends, whether it is live, and a lane to draw it in.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones. Columns left by an earlier call are replaced.
    now : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        The moment that `status` and `starts_in` refer to; naive means UTC. The current time if left out.
    assume : "typical", timedelta-like, mapping of type to timedelta-like, DataFrame, or None
        What to do about rows without a believable end. "typical": the median reported duration of
        the row's type (see `typical_durations`), where at least `MIN_SAMPLES` reported spans tell it;
        else that of its category; else none. A table of `typical_durations`, perhaps of a larger table
        than `df`: what was learned there, by league as well where it has leagues. A duration: that, for
        every row. A mapping: by type, none for types that are not in it. None: no assumption.
        `calibrate_durations` tells how far an assumption is off.
    live_for : timedelta-like
        A row that is left without any end counts as live for this long after its start and as
        ended from then on. A judgement: the server does not say.

    Returns
    -------
    pandas.DataFrame
        The rows and index of `df` with these columns at the end:

        - `end`: datetime64[us, UTC], NaT where `end_source` is "open"
        - `end_source`: category, "reported", "assumed" or "open"
        - `end_level`: category, "league", "type" or "category": whose reported spans an assumed end was
          learned from. NA where `end_samples` is 0
        - `end_samples`: int64, how many reported spans an assumed end was learned from; 0 where the end is
          reported or open, and where the assumption is your own
        - `duration`: timedelta64[us], `end - start_date`
        - `status`: ordered category, "upcoming" < "live" < "ended"
        - `starts_in`: timedelta64[us], `start_date - now`, negative for the past
        - `lane`: int32, see `assign_lanes`
        - `suspect`: bool, True where the dates are not to be believed: the reported end lies before
          the start (the row is then treated as if it had none), or the row is a placeholder
          (`is_placeholder`; its reported end stays and nothing is assumed for it)
        - `date_only`: bool, True where the start is midnight UTC to the microsecond, which may be a real
          kick-off or mean "some time that day" (`is_date_only`). The server does not say which, so
          nothing is guessed: `end`, `status` and `starts_in` take the start at its word, and where this is
          True they may be off by up to a day. A row left without any end is live for all of that day,
          as `live_for` is 24 hours unless told otherwise

    Raises
    ------
    QueryError
        When `now`, `assume` or `live_for` cannot be read.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> timeline = compute_timeline(sample_milestones(100), now="2026-01-15")
    >>> timeline.columns[-10:-5].tolist()
    ['end', 'end_source', 'end_level', 'end_samples', 'duration']
    >>> timeline.columns[-5:].tolist()
    ['status', 'starts_in', 'lane', 'suspect', 'date_only']
    """
    check_milestones(df, _NEEDED)
    moment = stamp_instant(read_now(now))
    window = read_duration(live_for, "live_for")
    start = instants(df["start_date"])
    ends = Ends.of(df, assume)
    columns: dict[str, Any] = {
        "end": utc_index(ends.end),
        "end_source": pd.Categorical.from_codes(ends.source, dtype=END_SOURCE_DTYPE),
        "end_level": pd.Categorical.from_codes(ends.level, dtype=END_LEVEL_DTYPE),
        "end_samples": ends.samples,
        "duration": ends.end - start,
        "status": pd.Categorical.from_codes(_status(start, ends.end, moment, window), dtype=STATUS_DTYPE),
        "starts_in": start - moment,
        "lane": _lanes(start, ends.end, np.zeros(len(df), dtype=np.intp), 1),
        "suspect": ends.suspect,
        "date_only": is_date_only(df).to_numpy(),
    }
    kept = df.drop(columns=[name for name in columns if name in df.columns])
    return kept.assign(**columns)


def with_timeline(
    df: pd.DataFrame, *, now: DateLike | None = None, assume: Assume = "typical"
) -> pd.DataFrame:
    """Return a table as it is where it has a timeline, else what `compute_timeline` makes of it."""
    check_milestones(df)
    return df if has_timeline(df) else compute_timeline(df, now=now, assume=assume)


def status_of(
    df: pd.DataFrame,
    *,
    now: DateLike | None = None,
    assume: Assume = "typical",
    live_for: TimedeltaLike = LIVE_FOR,
) -> pd.Series[str]:
    """Return only the `status` of `compute_timeline`, at a fraction of the cost.

    Parameters
    ----------
    df, now, assume, live_for
        As for `compute_timeline`.

    Returns
    -------
    pandas.Series
        Ordered category "upcoming" < "live" < "ended", on the index of `df`.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> set(status_of(sample_milestones(100), now="1999-01-01"))
    {'upcoming'}
    """
    check_milestones(df, _NEEDED)
    moment = stamp_instant(read_now(now))
    window = read_duration(live_for, "live_for")
    codes = _status(instants(df["start_date"]), Ends.of(df, assume).end, moment, window)
    status = pd.Categorical.from_codes(codes, dtype=STATUS_DTYPE)
    return pd.Series(status, index=df.index, name="status")


def assign_lanes(df: pd.DataFrame, by: str | None = None) -> pd.Series[int]:
    """Give every row a lane, so that no two rows of a lane overlap in time.

    Rows are taken by start, and each gets the smallest lane that is free: there are never more
    lanes than rows that run at the same time. A row may start in the instant in which another of
    its lane ends. A row without an end, or of no length, takes up its starting instant.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones. `end` is used where `compute_timeline` made it, else `end_date`; ends before
        the start count as none.
    by : str, optional
        A column, or "league" as the details tell it: lanes are counted from 0 in each of its values
        (missing values are one of them).

    Returns
    -------
    pandas.Series
        int32 from 0, on the index of `df`, named "lane".

    Raises
    ------
    QueryError
        When there is no column `by`, or its values cannot be told apart.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> int(assign_lanes(sample_milestones(100), by="category").min())
    0
    """
    group, names = groups_of(df, by)
    end = "end" if has_timeline(df) else "end_date"
    check_milestones(df, ["start_date"] if end == "end" else ["start_date", "end_date"])
    lanes = _lanes(instants(df["start_date"]), instants(df[end]), group, len(names))
    return pd.Series(lanes, index=df.index, name="lane")


@dataclass(frozen=True, slots=True)
class Ends:
    """When the rows of a table end, and how that is known.

    Attributes
    ----------
    end : ndarray of datetime64[us], shape (rows,)
        UTC, NaT for none.
    source : ndarray of int8, shape (rows,)
        Position in `END_SOURCES`.
    level : ndarray of int8, shape (rows,)
        Position in `END_LEVELS` of what an assumed end was learned from, -1 for none.
    samples : ndarray of int64, shape (rows,)
        How many reported spans an assumed end was learned from.
    suspect : ndarray of bool, shape (rows,)
        Where the dates are not to be believed.
    """

    end: NDArray[np.datetime64]
    source: NDArray[np.int8]
    level: NDArray[np.int8]
    samples: NDArray[np.int64]
    suspect: NDArray[np.bool_]

    @classmethod
    def of(cls, df: pd.DataFrame, assume: Assume) -> Ends:
        """Work out the ends, as `compute_timeline` describes them."""
        check_milestones(df, _NEEDED)
        start, reported = instants(df["start_date"]), instants(df["end_date"])
        placeholder = is_placeholder(df).to_numpy()
        believed = reported >= start
        assumed = Assumed.of(df, assume)
        duration = np.where(placeholder, np.timedelta64("NaT", "us"), assumed.duration)
        later = start + duration
        end = np.where(believed, reported, np.where(later > _LAST, np.datetime64("NaT", "us"), later))
        by_reported, by_assumption, by_nothing = (END_SOURCES.index(name) for name in END_SOURCES)
        source = np.where(believed, by_reported, np.where(np.isnat(end), by_nothing, by_assumption))
        used = source == by_assumption
        level, samples = np.where(used, assumed.level, -1), np.where(used, assumed.samples, 0)
        return cls(
            end, source.astype(np.int8), level.astype(np.int8), samples, (reported < start) | placeholder
        )


def _status(start: np.ndarray, end: np.ndarray, now: np.datetime64, live_for: np.timedelta64) -> np.ndarray:
    over = np.where(np.isnat(end), start + live_for, end)
    upcoming, live, ended = (STATUSES.index(name) for name in STATUSES)
    return np.where(start > now, upcoming, np.where(over > now, live, ended)).astype(np.int8)


def _lanes(start: np.ndarray, end: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Give each row the lowest lane of its group that is free at its start."""
    begins = start.astype(np.int64)
    # one microsecond is the least that the clock tells apart, so a point takes up that much
    ends = np.maximum(np.where(np.isnat(end), begins, end.astype(np.int64)), begins + 1)
    return lowest_lanes(begins, ends, group, groups)
