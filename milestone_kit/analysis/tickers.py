"""Which event tickers hang on which milestone: explode them, tabulate them, find milestones by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.analysis.ticker_index import TickerIndex, checked_tickers
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import map_columns, one_chunk
from milestone_kit.table.schema import DTYPES, TICKER_LISTS, check_milestones, ticker_lists

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["explode_tickers", "find_by_ticker", "series_of", "ticker_table"]

_STR: Final = DTYPES["title"]
_WORTH_THREADS: Final = 200_000  # rows


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
    if column not in TICKER_LISTS:
        raise QueryError(f"column={column!r}: expected {' or '.join(map(repr, TICKER_LISTS))}")
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

    def take(column: Any) -> Any:
        if not isinstance(column.dtype, pd.ArrowDtype) and column.dtype != _STR:
            return column.take(rows)
        # of several chunks Arrow would make one anyhow, and hold both
        values = one_chunk(pa.array(column))
        return pd.array(pc.take(values, places, boundscheck=False), dtype=column.dtype)

    if len(rows) < _WORTH_THREADS:
        return [take(column.array) for column in columns]
    return map_columns(take, [column.array for column in columns])


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
    check_milestones(df, ["id", "title", "start_date", *TICKER_LISTS])
    links = _distinct_links(*(ticker_lists(df, name) for name in TICKER_LISTS))
    id_, start, title = _taken([df[name] for name in ("id", "start_date", "title")], links.rows)
    columns = {
        "milestone_id": id_,
        "event_ticker": _text(links.tickers),
        "series_ticker": _text(pc.list_element(pc.split_pattern(links.tickers, "-", max_splits=1), 0)),
        "is_primary": links.in_first,
        "is_related": links.in_second,
        "start_date": start,
        "title": title,
    }
    # without a copy: these columns are nobody else's
    return pd.DataFrame(columns, copy=False)


def series_of(df: pd.DataFrame) -> pd.Series[str]:
    """Name the series of each milestone: the part of its first primary event ticker before the first "-".

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; `primary_event_tickers` is read.

    Returns
    -------
    pandas.Series
        str, on the index of `df`; NA where there is no primary ticker.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> bool(series_of(sample_milestones(100)).str.contains("-").any())
    False
    """
    check_milestones(df, ["primary_event_tickers"])
    lists = ticker_lists(df, "primary_event_tickers")
    counts = _lengths(lists)
    first = np.cumsum(counts) - counts
    tickers = lists.flatten().take(pa.array(first, mask=counts == 0))
    series = _text(pc.list_element(pc.split_pattern(tickers, "-", max_splits=1), 0))
    return series.set_axis(df.index).rename("series")


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
    wanted = checked_tickers(tickers)
    return df[TickerIndex(df, wanted).mask(wanted)]


def _carried(df: pd.DataFrame, column: str, keep: Iterable[str] | None) -> list[str]:
    if keep is None:
        return list(df.columns)
    wanted = {keep} if isinstance(keep, str) else set(keep)
    unknown = wanted - set(df.columns)
    if unknown:
        names = ", ".join(sorted(map(repr, unknown)))
        raise QueryError(f"keep: this table has no column {names}; it has {', '.join(map(str, df.columns))}")
    return [name for name in df.columns if name == column or name in wanted]


def _lengths(lists: pa.ListArray) -> np.ndarray:
    return np.asarray(lists.value_lengths().fill_null(0))


def _text(values: pa.Array) -> pd.Series[str]:
    return pd.Series(pd.array(values, dtype=_STR))


class _Links(NamedTuple):
    """One entry per row and distinct ticker: where it stands, and which of the row's two lists has it."""

    rows: NDArray[np.int64]
    tickers: pa.Array
    in_first: NDArray[np.bool_]
    in_second: NDArray[np.bool_]


def _distinct_links(first: pa.ListArray, second: pa.ListArray) -> _Links:
    """List the distinct tickers of each row: those of its first list, then the others of its second."""
    flat = pa.concat_arrays([first.flatten(), second.flatten()])
    rows = np.concatenate([pc.list_parent_indices(lists).to_numpy() for lists in (first, second)])
    encoded = flat.dictionary_encode()
    # one number for each row and ticker
    pair = rows * max(len(encoded.dictionary), 1) + encoded.indices.to_numpy().astype(np.int64)
    begins = len(first.flatten())
    ours, theirs = pd.Index(pair[:begins]), pd.Index(pair[begins:])
    again = pd.Series(pair).duplicated().to_numpy()
    kept = np.flatnonzero(~again)
    kept = kept[np.argsort(rows[kept], kind="stable")]
    is_first = kept < begins
    in_second = ~is_first
    in_second[is_first] = ours[kept[is_first]].isin(theirs)
    return _Links(rows[kept], flat.take(pa.array(kept)), is_first, in_second)
