"""What hangs together: which of some tickers have a milestone, and which milestones share tickers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.ticker_index import TickerIndex, checked_tickers, is_pattern
from milestone_kit.core.arguments import read_now
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants, stamp_instant, utc_index
from milestone_kit.table.schema import DTYPES, TICKER_LISTS, check_milestones, ticker_lists

if TYPE_CHECKING:
    from milestone_kit.core.arguments import DateLike

__all__ = ["coverage", "related_milestones"]

_NEVER: Final = np.datetime64("NaT", "us")
_FACTS: Final = (
    "event_ticker",
    "n_events",
    "n_milestones",
    "first_start",
    "last_start",
    "next_start",
    "next_id",
)


def coverage(df: pd.DataFrame, tickers: str | Iterable[str], *, now: DateLike | None = None) -> pd.DataFrame:
    """Tell which of some tickers have a milestone, when its next one starts, and which have none.

    ``table[table["n_milestones"] == 0]`` are the tickers without any.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    tickers : str or iterable of str
        Event tickers, market tickers or patterns, thousands if need be, read as `find_by_ticker`
        reads them.
    now : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        From when on a start is the next one; naive means UTC. The current time if left out.

    Returns
    -------
    pandas.DataFrame
        One row for each ticker that was given, in that order, also where one comes twice;
        RangeIndex. Columns:

        - `ticker`: str, as given, without blanks around it
        - `event_ticker`: str, the listed event that it means, in upper case; NA where none is
          listed, and for patterns
        - `n_events`, `n_milestones`: int64, how many listed events it means, and how many
          milestones list them
        - `first_start`, `last_start`: datetime64[us, UTC], of these milestones, placeholder dates
          left out; NaT where there is none
        - `next_start`: datetime64[us, UTC], the first start at or after `now`; NaT where none is to come
        - `next_id`: str, the milestone that starts then, else NA

    Raises
    ------
    QueryError
        When a ticker is not text or is blank, or `now` is no date.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(100)
    >>> event = milestones["related_event_tickers"].iloc[-1][0]
    >>> coverage(milestones, [f"{event}-YES", "KXNOSUCH-26"])["n_milestones"].tolist()
    [1, 0]
    """
    check_milestones(df, ["id", "start_date"])
    moment = stamp_instant(read_now(now))
    if isinstance(tickers, Iterable) and not isinstance(tickers, (str, bytes, bytearray)):
        tickers = list(tickers)
    asked = checked_tickers(tickers)
    distinct = {ticker: place for place, ticker in enumerate(dict.fromkeys(asked))}
    index = TickerIndex(df, distinct)
    lists = _Lists(df, index)
    facts = [
        lists.told(ticker, codes, moment)
        for ticker, codes in zip(distinct, index.meant(distinct), strict=True)
    ]
    given = [tickers] if isinstance(tickers, str) else tickers
    columns: dict[str, Any] = {"ticker": _typed("ticker", [ticker.strip() for ticker in given])}
    places = [distinct[ticker] for ticker in asked]
    for at, name in enumerate(_FACTS):
        columns[name] = _typed(name, [facts[place][at] for place in places])
    return pd.DataFrame(columns)


def _typed(name: str, values: list[Any]) -> Any:
    if name.startswith("n_"):
        return np.array(values, dtype=np.int64)
    if name.endswith("_start"):
        return utc_index(np.array(values, dtype="datetime64[us]"))
    return pd.Series(values, dtype=DTYPES["id"])


class _Lists:
    """Which rows list each code, laid out so that a code's rows stand side by side."""

    def __init__(self, df: pd.DataFrame, index: TickerIndex) -> None:
        self._names, self._ids = index.names, df["id"].array
        self._start = instants(df["start_date"]).copy()
        self._start[is_placeholder(df).to_numpy()] = _NEVER
        rows, codes = index.rows, index.codes
        self._rows = rows[np.argsort(codes, kind="stable")]
        self._bounds = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(self._names)))])

    def told(self, ticker: str, codes: np.ndarray, now: np.datetime64) -> tuple[Any, ...]:
        """Return the values of `_FACTS` for the codes that a ticker means."""
        name = self._names[int(codes[0])].as_py() if len(codes) and not is_pattern(ticker) else None
        rows = self._rows_of(codes)
        starts = self._start[rows]
        dated = starts[~np.isnat(starts)]
        first, last = (dated.min(), dated.max()) if len(dated) else (_NEVER, _NEVER)
        coming = np.flatnonzero(starts >= now)
        if not len(coming):
            return name, len(codes), len(rows), first, last, _NEVER, None
        place = coming[starts[coming].argmin()]
        return name, len(codes), len(rows), first, last, starts[place], self._ids[int(rows[place])]

    def _rows_of(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows that list any of these codes, each once, in order."""
        first, count = self._bounds[codes], self._bounds[codes + 1] - self._bounds[codes]
        skip = np.repeat(first - np.cumsum(count) + count, count)
        return np.unique(self._rows[skip + np.arange(len(skip))])


def related_milestones(df: pd.DataFrame, id: str) -> pd.DataFrame:  # noqa: A002 - the column's name
    """Find the milestones that share event tickers with one milestone.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    id : str
        The milestone's id.

    Returns
    -------
    pandas.DataFrame
        The other rows of `df` that list, as primary or related, an event ticker that this one lists
        too, under their own index labels: those that share the most first, then those that start
        nearest to it, then by id. With these columns at the end:

        - `shared_tickers`: list<string>, in the order in which this one lists them, primary first
        - `n_shared`: int64, how many
        - `starts_after`: timedelta64[us], how much later than this one it starts; negative before it

    Raises
    ------
    QueryError
        When `df` has no row, or several, of this id.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(500)
    >>> nights = related_milestones(milestones, milestones["id"].iloc[0])
    >>> nights.columns[-3:].to_list()
    ['shared_tickers', 'n_shared', 'starts_after']
    """
    check_milestones(df, ["id", "start_date", *TICKER_LISTS])
    own = np.flatnonzero((df["id"] == id).to_numpy(dtype=bool))
    if len(own) != 1:
        raise QueryError(f"id={id!r}: {len(own)} rows of this table have it, expected one; see df['id']")
    rows, codes = _sharing(df, int(own[0]))
    _, first, count = np.unique(rows, return_index=True, return_counts=True)
    found = df.iloc[rows[first]]
    start = instants(df["start_date"])
    after = start[rows[first]] - start[own[0]]
    shared = pa.ListArray.from_arrays(pa.array(np.append(first, len(rows)), pa.int32()), codes)
    columns: dict[str, Any] = {
        "shared_tickers": pd.arrays.ArrowExtensionArray(shared),
        "n_shared": count,
        "starts_after": after,
    }
    by_id = np.argsort(found["id"].to_numpy(dtype=object), kind="stable")
    order = by_id[np.lexsort((np.abs(after)[by_id], -count[by_id]))]
    kept = found.drop(columns=[name for name in columns if name in found.columns])
    return kept.assign(**columns).iloc[order]


def _sharing(df: pd.DataFrame, own: int) -> tuple[np.ndarray, pa.Array]:
    """Return row and ticker wherever another row lists a ticker of row `own`, each pair once."""
    lists = [ticker_lists(df, name) for name in TICKER_LISTS]
    mine = pa.concat_arrays([column.slice(own, 1).flatten() for column in lists]).unique()
    pairs = []
    for column in lists:
        code = pc.index_in(column.flatten(), value_set=mine)
        rows = pc.list_parent_indices(column).filter(code.is_valid()).to_numpy()
        pairs.append(rows * max(len(mine), 1) + code.drop_null().to_numpy().astype(np.int64))
    pair = np.unique(np.concatenate(pairs))
    rows, codes = np.divmod(pair, max(len(mine), 1))
    return rows[rows != own], mine.take(pa.array(codes[rows != own]))
