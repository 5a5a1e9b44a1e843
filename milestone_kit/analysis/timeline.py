"""When milestones end, what is live, and which of them run side by side."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from milestone_kit.analysis.ends import LIVE_FOR, Ends
from milestone_kit.analysis.flags import is_date_only
from milestone_kit.analysis.groups import groups_of
from milestone_kit.analysis.intervals import lowest_lanes
from milestone_kit.analysis.lengths import Assume
from milestone_kit.core.arguments import DateLike, TimedeltaLike, read_now
from milestone_kit.table.arrays import instants, stamp_instant, utc_index
from milestone_kit.table.schema import (
    END_LEVEL_DTYPE,
    END_SOURCE_DTYPE,
    STATUS_DTYPE,
    check_milestones,
    has_timeline,
)

__all__ = [
    "LIVE_FOR",
    "Assume",
    "assign_lanes",
    "clock_columns",
    "compute_timeline",
    "status_of",
    "timeline_of",
    "with_timeline",
]

_COLUMNS: Final = (
    *("end", "end_source", "end_level", "end_samples", "duration", "status", "starts_in", "overdue"),
    *("lane", "suspect", "date_only"),
)


def compute_timeline(
    df: pd.DataFrame,
    *,
    now: DateLike | None = None,
    assume: Assume = "typical",
    live_for: TimedeltaLike = LIVE_FOR,
    live: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Add when each milestone ends, whether it is live, and a lane to draw it in.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones. Columns left by an earlier call are replaced.
    now : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        The moment that `status` and `starts_in` refer to; naive means UTC. The current time if left out.
    assume : "typical", timedelta-like, mapping of type to timedelta-like, DataFrame, or None
        What to do about rows without a believable end. "typical": what the table itself teaches about
        the row's league, series or type (`typical_durations`, at least `MIN_SAMPLES` reported spans; what
        is still on counts as lasting longer); else what this cache folder has seen of it; else a small
        table of common knowledge (`priors`); else the same of its category. A table of
        `typical_durations`, perhaps of a larger table than `df`: what was learned there. A duration:
        that, for every row. A mapping: by type, none for types that are not in it. None: no assumption.
        `calibrate_durations` tells how far an assumption is off.
    live_for : timedelta-like
        A row that is left without any end counts as live for this long after its start and as
        ended from then on. A judgement: the server does not say.
    live : pandas.DataFrame, optional
        Live data as `get_live` gives them: columns `id` and `phase`. What they say of a row whose end is
        not reported overrules what is assumed.

    Returns
    -------
    pandas.DataFrame
        The rows and index of `df` with these columns at the end:

        - `end`: datetime64[us, UTC], NaT where `end_source` is "open"
        - `end_source`: category, "reported", "live" (live data say it is over), "assumed" or "open"
        - `end_level`: category, what an assumed end rests on: this table's "league", "series", "type" or
          "category", "learned" from other tables, or the "prior"; NA elsewhere, and where the assumption is
          your own
        - `end_samples`: int64, how many reported spans an assumed end was learned from; else 0
        - `duration`: timedelta64[us], `end - start_date`
        - `status`: ordered category, "upcoming" < "live" < "ended"; NA for placeholders
        - `starts_in`: timedelta64[us], `start_date - now`, negative for the past, NaT for placeholders
        - `overdue`: bool, True where a row is on for longer than the median of its kind
        - `lane`: int32, see `assign_lanes`
        - `suspect`: bool, True where the dates are not to be believed: the reported end lies before
          the start (the row is then treated as if it had none), the row is a placeholder
          (`is_placeholder`; its reported end stays and nothing is assumed for it), or it has been
          without an end for longer than anything of its kind lasts: called off, or forgotten
        - `date_only`: bool, True where the start is midnight UTC to the microsecond, which may be a real
          kick-off or mean "some time that day" (`is_date_only`). The server does not say which, so
          nothing is guessed: `end`, `status` and `starts_in` take the start at its word, and where this is
          True they may be off by up to a day

    Notes
    -----
    Nearly every milestone that is over has a reported end, so a missing one says something: what should be
    over and has none is mostly still on, or its end comes in minutes. Such a row stays "live" (`overdue`) up
    to a high quantile of its kind, and its `end` is the median of what lasts longer than it has; after that
    it is "ended" and `suspect`. This is judged as of the moment at which the table was fetched: an end that
    was reported later is not missing.

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
    >>> timeline.columns[-11:-6].tolist()
    ['end', 'end_source', 'end_level', 'end_samples', 'duration']
    >>> timeline.columns[-6:].tolist()
    ['status', 'starts_in', 'overdue', 'lane', 'suspect', 'date_only']
    """
    now = read_now(now)
    ends = Ends.of(df, assume, now=now, live_for=live_for, live=live)
    return timeline_of(df, ends, stamp_instant(now))


def timeline_of(df: pd.DataFrame, ends: Ends, now: np.datetime64) -> pd.DataFrame:
    """Return what `compute_timeline` makes of a table whose ends are known."""
    start = instants(df["start_date"])
    columns = clock_columns(ends, start, now)
    columns["lane"] = _lanes(start, ends.end, np.zeros(len(df), dtype=np.intp), 1)
    columns["date_only"] = is_date_only(df).to_numpy()
    kept = df.drop(columns=[name for name in _COLUMNS if name in df.columns])
    return kept.assign(**{name: columns[name] for name in _COLUMNS})


def clock_columns(ends: Ends, start: np.ndarray, now: np.datetime64) -> dict[str, Any]:
    """Return those columns of a timeline that go on with the clock, as values for `assign`.

    Parameters
    ----------
    ends : Ends
        Of the rows.
    start : numpy.ndarray
        datetime64[us], when they start, UTC.
    now : numpy.datetime64
        UTC.
    """
    dated = np.where(ends.status >= 0, start, np.datetime64("NaT", "us"))
    return {
        "end": utc_index(ends.end),
        "end_source": pd.Categorical.from_codes(ends.source, dtype=END_SOURCE_DTYPE),
        "end_level": pd.Categorical.from_codes(ends.level, dtype=END_LEVEL_DTYPE),
        "end_samples": ends.samples,
        "duration": ends.end - start,
        "status": pd.Categorical.from_codes(ends.status, dtype=STATUS_DTYPE),
        "starts_in": dated - now,
        "overdue": ends.overdue,
        "suspect": ends.suspect,
    }


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
    """Return only the `status` of `compute_timeline`, which costs less.

    Parameters
    ----------
    df, now, assume, live_for
        As for `compute_timeline`.

    Returns
    -------
    pandas.Series
        Ordered category "upcoming" < "live" < "ended", NA for placeholders, on the index of `df`.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> set(status_of(sample_milestones(100), now="1999-01-01").dropna())
    {'upcoming'}
    """
    codes = Ends.of(df, assume, now=now, live_for=live_for).status
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


def _lanes(start: np.ndarray, end: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Give each row the lowest lane of its group that is free at its start."""
    begins = start.astype(np.int64)
    # one microsecond is the least that the clock tells apart, so a point takes up that much
    ends = np.maximum(np.where(np.isnat(end), begins, end.astype(np.int64)), begins + 1)
    return lowest_lanes(begins, ends, group, groups)
