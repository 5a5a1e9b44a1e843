"""Which milestones are on at the same time and have something in common: an interval join on a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.analysis.details import expand_details, teams_of
from milestone_kit.analysis.groups import groups_of
from milestone_kit.analysis.intervals import GroupOrder
from milestone_kit.analysis.ticker_index import encode_lists
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.core.arguments import check_whole_number
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants, to_numpy, utc_index
from milestone_kit.table.schema import (
    DTYPES,
    STRING_LIST,
    TICKER_LISTS,
    check_milestones,
    has_timeline,
    ticker_lists,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.analysis.lengths import Assume

__all__ = ["MAX_PAIRS", "find_overlaps"]

MAX_PAIRS: Final = 5_000_000
"""The most pairs that are given unless told otherwise: about a gigabyte and a half."""

_DETAIL: Final = "details."
_WAYS: Final = (
    "expected 'event_ticker', 'series_ticker', 'league', 'team', a key of the details such as "
    "'details.region', or a column"
)


class _Keys(NamedTuple):
    """Which keys the rows have: one entry per row and key, and what the keys are called."""

    rows: NDArray[np.int64]
    codes: NDArray[np.int64]
    names: pa.Array | pd.Index


class _Spans(NamedTuple):
    """Start, end and the end of what counts as being on, in microseconds, one of each per row."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    until: NDArray[np.int64]


def find_overlaps(
    df: pd.DataFrame,
    *,
    by: str = "event_ticker",
    assume: Assume = "typical",
    max_pairs: int = MAX_PAIRS,
) -> pd.DataFrame:
    """Find the pairs of milestones that are on at the same time and share a key.

    Spans are half-open: one that ends when another begins does not overlap it. A milestone without
    a known end, or without length, is on during its instant: it overlaps what is on just then.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones, or what `compute_timeline` made of them: then the ends are those it gives.
    by : str
        What the two must share:

        - "event_ticker": an event ticker that both list, primary or related
        - "series_ticker": the series of such a ticker, its part before the first "-"
        - "league": what the details name as league, competition or tour
        - "team": a team, competitor (tennis, esports, golf ...) or candidate whose id is in the details
          of both
        - ``"details.KEY"``: the value of a key of the details
        - the name of a column: its value, or an entry of a ticker column

        Where a row has no such value it is in no pair.
    assume : "typical", timedelta-like, mapping of type to timedelta-like, or None
        What to do about unknown ends, as for `compute_timeline`; None counts reported ends only.
    max_pairs : int
        More pairs than this are an error, before memory is taken for them.

    Returns
    -------
    pandas.DataFrame
        One row per pair and key that it shares, sorted by `overlap_start`, then by key; RangeIndex.
        Rows whose dates are `suspect` are left out. Columns:

        - `left_id`, `right_id`: str; the left one begins first, or stands first in `df`
        - `key`: str, or as the column that was asked for
        - `overlap_start`, `overlap_end`: datetime64[us, UTC]
        - `duration`: timedelta64[us], zero where one of the two is an instant
        - `assumed`: bool, whether one of the two ends is assumed
        - `left_title`, `right_title`: str

    Raises
    ------
    QueryError
        When an argument cannot be used, or there are more than `max_pairs` pairs: the message tells
        how many, and which key has the most.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> clashes = find_overlaps(sample_milestones(2000), by="team")
    >>> bool((clashes["overlap_start"] <= clashes["overlap_end"]).all())
    True
    """
    check_milestones(df, ["id", "title", "start_date"])
    check_whole_number(max_pairs, "max_pairs")
    timeline = df if has_timeline(df) else compute_timeline(df, assume=assume)
    spans = _spans(timeline)
    keys = _worth_joining(_keys(df, by), ~timeline["suspect"].to_numpy())
    left, right, code = _joined(keys, spans, max_pairs)
    assumed = (timeline["end_source"] == "assumed").to_numpy()
    first, last = spans.start[right], np.minimum(spans.end[left], spans.end[right])
    ids, titles = pa.array(df["id"]), pa.array(df["title"])
    return pd.DataFrame(
        {
            "left_id": _picked(ids, left),
            "right_id": _picked(ids, right),
            "key": _named(keys.names, code),
            "overlap_start": utc_index(first),
            "overlap_end": utc_index(np.maximum(first, last)),
            "duration": np.maximum(last - first, 0).astype("timedelta64[us]"),
            "assumed": assumed[left] | assumed[right],
            "left_title": _picked(titles, left),
            "right_title": _picked(titles, right),
        },
        copy=False,
    )


def _joined(keys: _Keys, spans: _Spans, max_pairs: int) -> tuple[NDArray[np.int64], ...]:
    """Return the rows of each pair and the code of its key.

    In order of key and start, what overlaps a span from its right stands right after it: all that
    begin before it ends. So nothing is looked at that is no pair.
    """
    rows, codes = keys.rows, keys.codes
    order = GroupOrder.over(len(keys.names), spans.start[rows], spans.until[rows])
    begins = order.keys(codes, spans.start[rows])
    by_begin = np.argsort(begins, kind="stable")
    rows, codes, begins = rows[by_begin], codes[by_begin], begins[by_begin]
    ends = order.keys(codes, spans.until[rows])
    place = np.arange(len(rows))
    counts = np.searchsorted(begins, ends, side="left") - place - 1
    total = int(counts.sum())
    if total > max_pairs:
        raise _too_many(keys, codes, counts, total, max_pairs)
    left = np.repeat(place, counts)
    right = left + 1 + np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    in_time = np.argsort(spans.start[rows[right]], kind="stable")
    left, right = left[in_time], right[in_time]
    return rows[left], rows[right], codes[left]


def _too_many(
    keys: _Keys, codes: NDArray[np.int64], counts: NDArray[np.int64], total: int, max_pairs: int
) -> QueryError:
    per_key = np.bincount(codes, weights=counts)
    most = int(per_key.argmax())
    name = _named(keys.names, np.array([most])).tolist()[0]
    return QueryError(
        f"max_pairs={max_pairs}: there are {total:,} pairs, {int(per_key[most]):,} of them for the key "
        f"{name!r}; filter the table, choose a finer key, or raise max_pairs"
    )


def _spans(timeline: pd.DataFrame) -> _Spans:
    start, end = (instants(timeline[name]) for name in ("start_date", "end"))
    begin = start.astype(np.int64)
    # an open span is its instant, and an instant is on for the least that the table tells apart
    known = np.where(np.isnat(end), begin, end.astype(np.int64))
    return _Spans(begin, known, np.maximum(known, begin + 1))


def _keys(df: pd.DataFrame, by: object) -> _Keys:
    """Read which keys the rows have; a key may come twice for a row."""
    if by in {"event_ticker", "series_ticker"} and by not in df.columns:
        check_milestones(df, TICKER_LISTS)
        rows, codes, names = encode_lists([ticker_lists(df, name) for name in TICKER_LISTS])
        if by == "event_ticker":
            return _Keys(rows, codes, names)
        series = pc.replace_substring_regex(names, r"(?s)-.*", "").dictionary_encode()
        return _Keys(rows, to_numpy(series.indices)[codes], series.dictionary)
    if by == "team" and by not in df.columns:
        return _Keys(*encode_lists([pa.array(teams_of(df))]))
    if isinstance(by, str) and by in df.columns and df[by].dtype == STRING_LIST:
        return _Keys(*encode_lists([ticker_lists(df, by)]))
    if isinstance(by, str) and by not in df.columns and by.removeprefix(_DETAIL) not in {by, ""}:
        df = expand_details(df, by.removeprefix(_DETAIL), prefix=_DETAIL)
    elif by != "league" and (not isinstance(by, str) or by not in df.columns):
        raise QueryError(f"by={by!r}: {_WAYS}; this table has {', '.join(map(str, df.columns))}")
    codes, names = groups_of(df, str(by))
    rows = np.flatnonzero(np.asarray(names.notna())[codes]) if len(names) else np.zeros(0, dtype=np.int64)
    return _Keys(rows, codes[rows], names)


def _worth_joining(keys: _Keys, believable: NDArray[np.bool_]) -> _Keys:
    """Keep what can be in a pair: keys that two rows have, in the order of their names, each row once."""
    here = believable[keys.rows]
    rows, codes = keys.rows[here], keys.codes[here]
    highest = np.full(len(keys.names), -1)
    lowest = np.full(len(keys.names), len(believable))
    np.maximum.at(highest, codes, rows)
    np.minimum.at(lowest, codes, rows)
    shared = highest > lowest
    here = shared[codes]
    rows, codes = rows[here], codes[here]
    used = np.flatnonzero(shared)
    names = keys.names.take(pa.array(used)) if isinstance(keys.names, pa.Array) else keys.names.take(used)
    by_name = to_numpy(pc.sort_indices(names)) if isinstance(names, pa.Array) else np.arange(len(used))
    rank = np.zeros(len(shared), dtype=np.int64)
    rank[used[by_name]] = np.arange(len(used))
    pair = np.unique(rows * max(len(used), 1) + rank[codes])
    rows, codes = np.divmod(pair, max(len(used), 1))
    return _Keys(rows, codes, names.take(pa.array(by_name)) if isinstance(names, pa.Array) else names)


def _named(names: pa.Array | pd.Index, codes: NDArray[np.int64]) -> Any:
    return _picked(names, codes) if isinstance(names, pa.Array) else names.take(codes)


def _picked(values: Any, rows: NDArray[np.int64]) -> pd.Series[Any]:
    return pd.Series(pd.array(values.take(pa.array(rows)), dtype=DTYPES["id"]))
