"""Which event tickers hang on which milestone: explode them, tabulate them, find milestones by them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.errors import QueryError
from milestone_kit.flags import ticker_lists
from milestone_kit.schema import DTYPES, check_milestones

__all__ = ["TickerIndex", "explode_tickers", "find_by_ticker", "ticker_table"]

_LISTS: Final = ("primary_event_tickers", "related_event_tickers")
_STR: Final = DTYPES["title"]
_WORTH_THREADS: Final = 200_000  # rows
_WILDCARDS: Final = re.compile(r"[*?\[]")


def explode_tickers(
    df: pd.DataFrame, column: str = "related_event_tickers", *, keep: Iterable[str] | None = None
) -> pd.DataFrame:
    """Give every ticker of a list column its own row.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    column : {"related_event_tickers", "primary_event_tickers"}
        The list column to take apart.
    keep : iterable of str, optional
        The other columns to carry along; all of them if left out.

    Returns
    -------
    pandas.DataFrame
        `column` with dtype str, one ticker a row, and the kept columns, in the column order of
        `df`; rows in the order of `df`, then of the list; RangeIndex. A milestone with an empty
        list stays, as one row with NA.

    Raises
    ------
    QueryError
        When `column` is not one of the two, or `keep` names a column that is not there.
    SchemaError
        When the column is missing or no longer holds lists.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> list(explode_tickers(sample_milestones(100), keep=["id"]).columns)
    ['id', 'related_event_tickers']
    """
    if column not in _LISTS:
        raise QueryError(f"column={column!r}: expected {' or '.join(map(repr, _LISTS))}")
    check_milestones(df, [column])
    lists = ticker_lists(df, column)
    counts = _lengths(lists)
    rows = np.repeat(np.arange(len(df)), np.maximum(counts, 1))
    tickers = lists.flatten()
    if not counts.all():
        missing = np.repeat(counts == 0, np.maximum(counts, 1))
        tickers = tickers.take(pa.array(np.cumsum(~missing) - 1, mask=missing))
    names = _carried(df, column, keep)
    kept = [position for position, name in enumerate(df.columns) if name in names]
    others = [position for position in kept if df.columns[position] != column]
    columns = dict.fromkeys(kept, _text(tickers))
    columns |= zip(others, _taken([df.iloc[:, position] for position in others], rows), strict=True)
    # without a copy: these columns are nobody else's
    exploded = pd.DataFrame(columns, index=pd.RangeIndex(len(rows)), copy=False)
    return exploded.set_axis(df.columns[kept], axis="columns")


def _taken(columns: list[pd.Series[Any]], rows: np.ndarray) -> list[Any]:
    """Take rows that are known to be there, in one copy; pandas' own take checks and copies more."""
    places = pa.array(rows)

    def take(column: pd.Series[Any]) -> Any:
        if not isinstance(column.dtype, pd.ArrowDtype) and column.dtype != _STR:
            return column.array.take(rows)
        values = pa.array(column)
        # of several chunks Arrow would make one anyhow, and hold both
        values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        return pd.array(pc.take(values, places, boundscheck=False), dtype=column.dtype)

    if len(rows) < _WORTH_THREADS:
        return [take(column) for column in columns]
    # copying text is most of the work, and does not hold Python's lock
    with ThreadPoolExecutor(pa.cpu_count()) as threads:
        return list(threads.map(take, columns))


def ticker_table(df: pd.DataFrame) -> pd.DataFrame:
    """Tabulate which event ticker belongs to which milestone.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.

    Returns
    -------
    pandas.DataFrame
        One row per milestone and distinct event ticker: milestones in the order of `df`, their
        primary tickers first, then the other related ones; RangeIndex. Columns:

        - `milestone_id`, `event_ticker`: str
        - `series_ticker`: str, the part of the event ticker before its first "-"
        - `is_primary`, `is_related`: bool, which of the two lists holds the ticker
        - `start_date`: datetime64[us, UTC]
        - `title`: str

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> ticker_table(sample_milestones(100)).columns[:3].to_list()
    ['milestone_id', 'event_ticker', 'series_ticker']
    """
    check_milestones(df, ["id", "title", "start_date", *_LISTS])
    lists = [ticker_lists(df, name) for name in _LISTS]
    rows, codes, names = _encode(lists)
    pair = rows * max(len(names), 1) + codes
    _, first, inverse = np.unique(pair, return_index=True, return_inverse=True)
    primaries = len(lists[0].flatten())
    is_primary = np.zeros(len(first), dtype=bool)
    is_primary[inverse[:primaries]] = True
    is_related = np.zeros(len(first), dtype=bool)
    is_related[inverse[primaries:]] = True
    # all primary entries stand before all related ones, so first appearance puts them first
    order = np.lexsort((first, rows[first]))
    first = first[order]
    milestone = df.iloc[rows[first]]
    series = pc.replace_substring_regex(names, r"(?s)-.*", "")
    return pd.DataFrame(
        {
            "milestone_id": milestone["id"].array,
            "event_ticker": _text(names.take(pa.array(codes[first]))),
            "series_ticker": _text(series.take(pa.array(codes[first]))),
            "is_primary": is_primary[order],
            "is_related": is_related[order],
            "start_date": milestone["start_date"].array,
            "title": milestone["title"].array,
        }
    )


def find_by_ticker(df: pd.DataFrame, tickers: str | Iterable[str]) -> pd.DataFrame:
    """Find the milestones that event or market tickers belong to.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    tickers : str or iterable of str
        Tickers, thousands if need be, in any case. Each is one of:

        - an event ticker: finds the milestones that list it;
        - a market ticker (EVENT-OUTCOME): finds those of the longest listed event that it begins
          with, where it is no event itself;
        - a pattern with ``*``, ``?`` or ``[...]`` (``[!...]``: none of these), which must fit a
          whole event ticker. Where none fits, the pattern is read as one of market tickers: its
          part before the last "-" must fit, if that part names more than a series
          (``KXNBAGAME-26JAN*-BOS``).

    Returns
    -------
    pandas.DataFrame
        The rows of `df` where at least one ticker fits, primary or related; columns, order and
        index as in `df`. No tickers, no rows.

    Raises
    ------
    QueryError
        When a ticker is not text, or is blank.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(100)
    >>> event = milestones["related_event_tickers"].iloc[-1][0]
    >>> market = f"{event}-YES"
    >>> milestones["id"].iloc[-1] in set(find_by_ticker(milestones, market)["id"])
    True
    """
    return df[TickerIndex(df).mask(tickers)]


class TickerIndex:
    """The tickers of a table, made ready so that each search takes milliseconds.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; later changes to it are not seen.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        check_milestones(df, _LISTS)
        self._size = len(df)
        self._rows, self._codes, self._names = _encode(
            [ticker_lists(df, name) for name in _LISTS], upper=True
        )

    def mask(self, tickers: str | Iterable[str]) -> np.ndarray:
        """Return which rows (bool array, by position) `find_by_ticker` would find."""
        wanted = _checked(tickers)
        fits = self._exact([ticker for ticker in wanted if not _WILDCARDS.search(ticker)])
        for ticker in wanted:
            if _WILDCARDS.search(ticker):
                fits |= self._pattern(ticker)
        found = np.zeros(self._size, dtype=bool)
        found[self._rows[fits[self._codes]]] = True
        return found

    def _exact(self, tickers: list[str]) -> np.ndarray:
        """Tell for each distinct ticker of the table whether one of `tickers` means it."""
        if not tickers:
            return np.zeros(len(self._names), dtype=bool)
        candidates = {ticker: list(_beginnings(ticker)) for ticker in tickers}
        every = pa.array({name for names in candidates.values() for name in names}, pa.string())
        known = set(self._names.filter(pc.is_in(self._names, value_set=every)).to_pylist())
        meant = {next((name for name in names if name in known), None) for names in candidates.values()}
        return _bools(pc.is_in(self._names, value_set=pa.array(meant - {None}, pa.string())))

    def _pattern(self, pattern: str) -> np.ndarray:
        fits = self._fits(pattern)
        event, dash, _ = pattern.rpartition("-")
        if not fits.any() and dash and "-" in event:
            fits = self._fits(event)
        return fits

    def _fits(self, pattern: str) -> np.ndarray:
        return _bools(pc.match_substring_regex(self._names, _regex(pattern)))


def _beginnings(ticker: str) -> Iterable[str]:
    """Yield the ticker itself, then the tickers of events whose market it may be, longest first."""
    while ticker:
        yield ticker
        ticker = ticker.rpartition("-")[0]


def _regex(pattern: str) -> str:
    """Translate a shell pattern to RE2; Python's own fnmatch writes a dialect that RE2 cannot read."""
    parts = re.findall(r"\[!?\]?[^\]]*\]|.", pattern, re.DOTALL)
    return rf"(?s)\A{''.join(map(_regex_part, parts))}\z"


def _regex_part(part: str) -> str:
    if part == "*":
        return ".*"
    if part == "?":
        return "."
    if len(part) == 1:
        return re.escape(part)
    negated = part.startswith("[!")
    body = _class_body(part[1 + negated : -1])
    if not body:
        return "." if negated else r"[^\x00-\x{10FFFF}]"
    return f"[{'^' * negated}{body}]"


def _class_body(body: str) -> str:
    """Escape all but the dashes of ranges; a range that runs downwards holds nothing, as in the shell."""
    spans = re.findall(r".-.|.", body, re.DOTALL)
    return "".join(
        f"{re.escape(span[0])}-{re.escape(span[2])}" if len(span) == 3 else re.escape(span)
        for span in spans
        if len(span) == 1 or span[0] <= span[2]
    )


def _checked(tickers: object) -> list[str]:
    """Return the distinct tickers in upper case, in order, or raise QueryError."""
    if isinstance(tickers, (bytes, bytearray)) or not isinstance(tickers, Iterable):
        raise QueryError(f"tickers={tickers!r}: expected text or several texts, got {type(tickers).__name__}")
    wanted: dict[str, None] = {}
    for ticker in [tickers] if isinstance(tickers, str) else tickers:
        if not isinstance(ticker, str) or not ticker.strip():
            raise QueryError(
                f"tickers: {ticker!r} is no ticker; expected text like 'KXNBAGAME-26JAN15BOSLAL'"
            )
        wanted[ticker.strip().upper()] = None
    return list(wanted)


def _carried(df: pd.DataFrame, column: str, keep: Iterable[str] | None) -> list[str]:
    if keep is None:
        return list(df.columns)
    wanted = {keep} if isinstance(keep, str) else set(keep)
    unknown = wanted - set(df.columns)
    if unknown:
        names = ", ".join(sorted(map(repr, unknown)))
        raise QueryError(f"keep: this table has no column {names}; it has {', '.join(map(str, df.columns))}")
    return [name for name in df.columns if name == column or name in wanted]


def _encode(lists: list[pa.ListArray], *, upper: bool = False) -> tuple[np.ndarray, np.ndarray, pa.Array]:
    """Return row and code of every list entry, one list column after the other, and the distinct names."""
    rows = np.concatenate([pc.list_parent_indices(column).to_numpy() for column in lists])
    flat = pa.concat_arrays([column.flatten() for column in lists])
    encoded = (pc.utf8_upper(flat) if upper else flat).dictionary_encode()
    return rows, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary


def _lengths(lists: pa.ListArray) -> np.ndarray:
    return np.asarray(lists.value_lengths().fill_null(0))


def _bools(values: pa.BooleanArray) -> np.ndarray:
    return np.asarray(values, dtype=bool)


def _text(values: pa.Array) -> pd.Series[str]:
    return pd.Series(pd.array(values, dtype=_STR))
