"""When milestones end, how long they last, what is live, and which of them run side by side."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.flags import (
    END_SOURCE_DTYPE,
    END_SOURCES,
    STATUS_DTYPE,
    STATUSES,
    TIMELINE_DTYPES,
    is_placeholder,
)
from milestone_kit.query import DateLike, to_utc
from milestone_kit.schema import check_milestones

__all__ = [
    "LIVE_FOR",
    "MIN_SAMPLES",
    "Assume",
    "TimedeltaLike",
    "assign_lanes",
    "compute_timeline",
    "status_of",
    "typical_durations",
]

MIN_SAMPLES: Final = 5
"""A median is trusted from this many believable reported spans on."""

LIVE_FOR: Final = "24h"
"""How long after its start a milestone without any end counts as live, unless told otherwise."""

TimedeltaLike = str | dt.timedelta | np.timedelta64
"""What durations accept: `pandas.Timedelta` is a `datetime.timedelta`; text is read by pandas ("90min")."""

Assume = TimedeltaLike | Mapping[str, TimedeltaLike] | None
"""How `compute_timeline` fills in ends that nobody reported."""

_NEEDED: Final = ("category", "type", "start_date", "end_date")
_NAT: Final = np.timedelta64("NaT", "us")


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
    assume : "typical", timedelta-like, mapping of type to timedelta-like, or None
        What to do about rows without a believable end. "typical": the median reported duration of
        the row's type (see `typical_durations`), where at least `MIN_SAMPLES` reported spans tell it;
        else that of its category; else none. A duration: that, for every row. A mapping: by type,
        none for types that are not in it. None: no assumption.
    live_for : timedelta-like
        A row that is left without any end counts as live for this long after its start and as
        ended from then on. A judgement: the server does not say.

    Returns
    -------
    pandas.DataFrame
        The rows and index of `df` with these columns at the end:

        - `end`: datetime64[us, UTC], NaT where `end_source` is "open"
        - `end_source`: category, "reported", "assumed" or "open"
        - `duration`: timedelta64[us], `end - start_date`
        - `status`: ordered category, "upcoming" < "live" < "ended"
        - `starts_in`: timedelta64[us], `start_date - now`, negative for the past
        - `lane`: int32, see `assign_lanes`
        - `suspect`: bool, True where the dates are not to be believed: the reported end lies before
          the start (the row is then treated as if it had none), or the row is a placeholder
          (`is_placeholder`; its reported end stays and nothing is assumed for it)

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
    >>> list(timeline.columns[-7:])
    ['end', 'end_source', 'duration', 'status', 'starts_in', 'lane', 'suspect']
    """
    check_milestones(df, _NEEDED)
    moment = _moment(now)
    window = _span(live_for, "live_for")
    start = _utc(df["start_date"])
    end, source, suspect = _ends(df, assume)
    columns = {
        "end": pd.DatetimeIndex(end).tz_localize("UTC"),
        "end_source": pd.Categorical.from_codes(source, dtype=END_SOURCE_DTYPE),
        "duration": end - start,
        "status": pd.Categorical.from_codes(_status(start, end, moment, window), dtype=STATUS_DTYPE),
        "starts_in": start - moment,
        "lane": _pack(start, end, np.zeros(len(df), dtype=np.intp)),
        "suspect": suspect,
    }
    kept = df.drop(columns=[name for name in columns if name in df.columns])
    return kept.assign(**columns)


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
    moment = _moment(now)
    window = _span(live_for, "live_for")
    end, _, _ = _ends(df, assume)
    codes = _status(_utc(df["start_date"]), end, moment, window)
    status = pd.Categorical.from_codes(codes, dtype=STATUS_DTYPE)
    return pd.Series(status, index=df.index, name="status")


def typical_durations(df: pd.DataFrame) -> pd.DataFrame:
    """Learn from the reported ends how long milestones of a type, and of a category, last.

    A span counts when its end is not before its start and the row is no placeholder.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.

    Returns
    -------
    pandas.DataFrame
        One row per type that has such a span (`level` "type"), then one per category (`level`
        "category"), each sorted by name:

        - `level`: str
        - `type`: str, NA in the rows of level "category"
        - `category`: str; for a type, the category that most of its spans are in
        - `n`: int64, how many spans
        - `q25`, `median`, `q75`: timedelta64[us]

        `compute_timeline` uses a type's median where `n >= MIN_SAMPLES`, else its category's where
        that has as many, else none.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> list(typical_durations(sample_milestones(100)).columns)
    ['level', 'type', 'category', 'n', 'q25', 'median', 'q75']
    """
    check_milestones(df, _NEEDED)
    start, reported = _utc(df["start_date"]), _utc(df["end_date"])
    return _durations(df, reported - start, (reported >= start) & ~is_placeholder(df).to_numpy())


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
        A column: lanes are counted from 0 in each of its values (missing values are one of them).

    Returns
    -------
    pandas.Series
        int32 from 0, on the index of `df`, named "lane".

    Raises
    ------
    QueryError
        When there is no column `by`.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> int(assign_lanes(sample_milestones(100), by="category").min())
    0
    """
    check_milestones(df, ["start_date"])
    if by is not None and by not in df.columns:
        raise QueryError(
            f"by={by!r}: this table has no such column; it has {', '.join(map(str, df.columns))}"
        )
    groups = (
        np.zeros(len(df), dtype=np.intp) if by is None else pd.factorize(df[by], use_na_sentinel=False)[0]
    )
    return pd.Series(_pack(_utc(df["start_date"]), _drawn_end(df), groups), index=df.index, name="lane")


def _drawn_end(df: pd.DataFrame) -> np.ndarray:
    if "end" not in df.columns:
        check_milestones(df, ["end_date"])
        return _utc(df["end_date"])
    if df["end"].dtype != TIMELINE_DTYPES["end"]:
        raise SchemaError(
            f"column 'end' has dtype {df['end'].dtype}, expected {TIMELINE_DTYPES['end']} "
            "as compute_timeline makes it; rename your own column",
            field="end",
        )
    return _utc(df["end"])


def _moment(now: DateLike | None) -> np.datetime64:
    stamp = pd.Timestamp.now("UTC") if now is None else to_utc(now, "now")
    return stamp.tz_localize(None).as_unit("us").to_datetime64()


def _utc(column: pd.Series[pd.Timestamp]) -> np.ndarray:
    """Return a UTC column as plain datetime64[us]."""
    return column.to_numpy(dtype="datetime64[us]")


def _span(value: object, name: str) -> np.timedelta64:
    """Read one duration, or raise QueryError unless it is at least zero."""
    expected = "expected a duration such as '2h' or pandas.Timedelta(hours=2), zero or longer"
    # numbers are refused: nobody can tell what unit they are in
    if not isinstance(value, (str, dt.timedelta, np.timedelta64)):
        raise QueryError(f"{name}={value!r}: {expected}, got {type(value).__name__}")
    try:
        span = pd.Timedelta(value)
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{name}={value!r}: {expected}") from error
    if pd.isna(span) or span < pd.Timedelta(0):
        raise QueryError(f"{name}={value!r}: {expected}")
    return span.as_unit("us").to_timedelta64()


def _ends(df: pd.DataFrame, assume: Assume) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the end (datetime64[us]), the code of its source, and whether the row is suspect."""
    start, reported = _utc(df["start_date"]), _utc(df["end_date"])
    placeholder = is_placeholder(df).to_numpy()
    believed = reported >= start
    assumed = _assumed(df, assume, reported - start, believed & ~placeholder)
    assumed[placeholder] = _NAT
    end = np.where(believed, reported, start + assumed)
    by_reported, by_assumption, by_nothing = (END_SOURCES.index(name) for name in END_SOURCES)
    source = np.where(believed, by_reported, np.where(np.isnat(end), by_nothing, by_assumption))
    return end, source.astype(np.int8), (reported < start) | placeholder


def _assumed(df: pd.DataFrame, assume: Assume, spans: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """Return the duration (timedelta64[us], NaT for none) to assume for each row."""
    if assume is None:
        return np.full(len(df), _NAT)
    if isinstance(assume, Mapping):
        by_type = {name: _span(value, f"assume[{name!r}]") for name, value in assume.items()}
        return _looked_up(df["type"], by_type)
    if isinstance(assume, str) and assume == "typical":
        table = _durations(df, spans, sample)
        table = table[table["n"] >= MIN_SAMPLES]
        medians = table["median"].to_numpy()
        is_type = (table["level"] == "type").to_numpy()
        by_type = dict(zip(table["type"][is_type], medians[is_type], strict=True))
        by_category = dict(zip(table["category"][~is_type], medians[~is_type], strict=True))
        of_type = _looked_up(df["type"], by_type)
        return np.where(np.isnat(of_type), _looked_up(df["category"], by_category), of_type)
    try:
        return np.full(len(df), _span(assume, "assume"))
    except QueryError as error:
        raise QueryError(f"{error}; or 'typical', a mapping of type to durations, or None") from error


def _looked_up(column: pd.Series[str], spans: Mapping[str, np.timedelta64]) -> np.ndarray:
    codes, names = pd.factorize(column)
    values = np.array([spans.get(name, _NAT) for name in names] + [_NAT], dtype="timedelta64[us]")
    # a missing name has code -1, which is the NaT at the end
    return values[codes]


def _durations(df: pd.DataFrame, spans: np.ndarray, sample: np.ndarray) -> pd.DataFrame:
    """Sum up the sampled spans per type and per category."""
    samples = pd.DataFrame(
        {
            "type": df["type"].to_numpy()[sample],
            "category": df["category"].to_numpy()[sample],
            "us": spans[sample].astype(np.int64),
        }
    ).astype({"type": "str", "category": "str"})
    common = (
        samples.groupby(["type", "category"], sort=True).size().sort_values(ascending=False, kind="stable")
    )
    main_category = common.reset_index().drop_duplicates("type").set_index("type")["category"]
    by_type = _quartiles(samples, "type")
    by_type["category"] = by_type["type"].map(main_category)
    table = pd.concat([by_type, _quartiles(samples, "category")], ignore_index=True, keys=None)
    columns = {"level": "str", "type": "str", "category": "str", "n": "int64"}
    return table.reindex(columns=[*columns, "q25", "median", "q75"]).astype(columns)


def _quartiles(samples: pd.DataFrame, level: str) -> pd.DataFrame:
    groups = samples.groupby(level, sort=True)["us"]
    table = pd.DataFrame({"level": level, "n": groups.size()})
    for name, share in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
        table[name] = groups.quantile(share).round().astype(np.int64).to_numpy().astype("timedelta64[us]")
    return table.reset_index()


def _status(start: np.ndarray, end: np.ndarray, now: np.datetime64, live_for: np.timedelta64) -> np.ndarray:
    over = np.where(np.isnat(end), start + live_for, end)
    upcoming, live, ended = (STATUSES.index(name) for name in STATUSES)
    return np.where(start > now, upcoming, np.where(over > now, live, ended)).astype(np.int8)


def _pack(start: np.ndarray, end: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Give each row the smallest lane of its group that is free at its start."""
    begins = start.astype(np.int64)
    # one microsecond is the least that the clock tells apart, so a point takes up that much
    ends = np.maximum(np.where(np.isnat(end), begins, end.astype(np.int64)), begins + 1)
    order = np.lexsort((begins, groups))
    lanes = np.empty(len(order), dtype=np.int32)
    taken: list[int] = []
    busy: list[tuple[int, int]] = []
    free: list[int] = []
    group, opened = None, 0
    for begin, finish, of in zip(
        begins[order].tolist(), ends[order].tolist(), groups[order].tolist(), strict=True
    ):
        if of != group:
            group, opened = of, 0
            busy.clear()
            free.clear()
        while busy and busy[0][0] <= begin:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            lane = heapq.heappop(free)
        else:
            lane = opened
            opened += 1
        heapq.heappush(busy, (finish, lane))
        taken.append(lane)
    lanes[order] = taken
    return lanes
