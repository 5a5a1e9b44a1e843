"""Which tickers a table lists and where: encoded once, searched by event, market or pattern."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.errors import QueryError
from milestone_kit.table.schema import TICKER_LISTS, check_milestones, ticker_lists

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TickerIndex", "checked_tickers", "encode_lists", "is_pattern"]

_WORTH_SORTING: Final = 16  # patterns
_WILDCARDS: Final = re.compile(r"[*?\[]")


class TickerIndex:
    """The tickers of a table, made ready so that each search takes milliseconds.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; later changes to it are not seen.
    only : iterable of str, optional
        The tickers, as from `checked_tickers`, that will be asked for, where they are known: without
        a pattern among them most of the table need not be made ready.

    Attributes
    ----------
    names : pyarrow.Array
        The distinct event tickers in upper case, those that matter; a *code* is a position in it.
    rows, codes : ndarray of int64, shape (entries of both list columns,)
        Which row of the table lists which code.
    """

    def __init__(self, df: pd.DataFrame, only: Iterable[str] | None = None) -> None:
        check_milestones(df, TICKER_LISTS)
        self._size = len(df)
        lists = [ticker_lists(df, name) for name in TICKER_LISTS]
        among = None
        if only is not None and not any(map(is_pattern, asked := list(only))):
            among = pa.array({name for ticker in asked for name in _beginnings(ticker)}, pa.string())
        self.rows, self.codes, self.names = encode_lists(lists, upper=True, among=among)

    def mask(self, tickers: str | Iterable[str]) -> np.ndarray:
        """Return which rows (bool array, by position) `find_by_ticker` would find."""
        fits = np.zeros(len(self.names), dtype=bool)
        for codes in self.meant(dict.fromkeys(checked_tickers(tickers))):
            fits[codes] = True
        found = np.zeros(self._size, dtype=bool)
        found[self.rows[fits[self.codes]]] = True
        return found

    def meant(self, tickers: Iterable[str]) -> Iterator[np.ndarray]:
        """Yield for each ticker (in upper case, as from `checked_tickers`) the codes it means."""
        asked = list(tickers)
        exact = self._exact([ticker for ticker in asked if not is_pattern(ticker)])
        patterns = sum(map(is_pattern, asked))
        for ticker in asked:
            if is_pattern(ticker):
                yield self._pattern(ticker, in_order=patterns >= _WORTH_SORTING)
            else:
                yield exact[ticker]

    def of_series(self, asked: list[str]) -> dict[str, np.ndarray]:
        """Return the codes of the events of each series, in upper case, of which there are any.

        A series is what stands before the first "-" of its events' tickers.
        """
        place = pc.index_in(self._series, value_set=pa.array(asked, self._series.type)).fill_null(-1)
        places = place.to_numpy(zero_copy_only=False)
        return {ticker: np.flatnonzero(places == at) for at, ticker in enumerate(asked) if at in places}

    @cached_property
    def _series(self) -> pa.Array:
        return pc.list_element(pc.split_pattern(self.names, "-", max_splits=1), 0)

    def _exact(self, tickers: list[str]) -> dict[str, np.ndarray]:
        """Find the code of each event or market ticker; none where nothing is listed."""
        candidates = {ticker: list(_beginnings(ticker)) for ticker in tickers}
        every = pa.array({name for names in candidates.values() for name in names}, pa.string())
        at = np.flatnonzero(_bools(pc.is_in(self.names, value_set=every)))
        known = dict(zip(self.names.take(pa.array(at)).to_pylist(), at, strict=True))
        firsts = {
            ticker: next((known[name] for name in names if name in known), None)
            for ticker, names in candidates.items()
        }
        return {
            ticker: np.array([] if code is None else [code], dtype=np.int64)
            for ticker, code in firsts.items()
        }

    def _pattern(self, pattern: str, *, in_order: bool) -> np.ndarray:
        codes = self._fits(pattern, in_order=in_order)
        event, dash, _ = pattern.rpartition("-")
        if not len(codes) and dash and "-" in event:
            codes = self._fits(event, in_order=in_order)
        return codes

    def _fits(self, pattern: str, *, in_order: bool) -> np.ndarray:
        if not in_order:
            return np.flatnonzero(_bools(pc.match_substring_regex(self.names, _regex(pattern))))
        # among many patterns each looks only at the names that share its plain beginning
        order, names = self._sorted
        plain = _WILDCARDS.split(pattern, maxsplit=1)[0]
        first, stop = (
            side(range(len(names)), plain, key=lambda at: names[at].as_py()[: len(plain)])
            for side in (bisect.bisect_left, bisect.bisect_right)
        )
        near = names.slice(first, stop - first)
        codes: np.ndarray = order[first:stop][_bools(pc.match_substring_regex(near, _regex(pattern)))]
        return codes

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, pa.Array]:
        order = pc.sort_indices(self.names)
        return order.to_numpy().astype(np.int64), self.names.take(order)


def is_pattern(ticker: str) -> bool:
    """Tell whether a ticker has wildcards."""
    return _WILDCARDS.search(ticker) is not None


def checked_tickers(tickers: object) -> list[str]:
    """Return the tickers stripped and in upper case, one for each that was given.

    Raises
    ------
    QueryError
        When a ticker is not text, or is blank.
    """
    if isinstance(tickers, (bytes, bytearray)) or not isinstance(tickers, Iterable):
        raise QueryError(f"tickers={tickers!r}: expected text or several texts, got {type(tickers).__name__}")
    wanted = []
    for ticker in [tickers] if isinstance(tickers, str) else tickers:
        if not isinstance(ticker, str) or not ticker.strip():
            raise QueryError(
                f"tickers: {ticker!r} is no ticker; expected text like 'KXNBAGAME-26JAN15BOSLAL'"
            )
        wanted.append(ticker.strip().upper())
    return wanted


def encode_lists(
    lists: list[pa.ListArray], *, upper: bool = False, among: pa.Array | None = None
) -> tuple[np.ndarray, np.ndarray, pa.Array]:
    """Give every distinct ticker of several list columns a code.

    Parameters
    ----------
    lists : list of pyarrow.ListArray
        One list per row of a table each.
    upper : bool
        Whether case makes no difference.
    among : pyarrow.Array, optional
        Only these tickers matter; entries with others are left out.

    Returns
    -------
    rows, codes : ndarray of int64, shape (entries of all lists,)
        Of each list entry, one column after the other.
    names : pyarrow.Array
        The distinct tickers, in order of appearance; codes are positions in it.
    """
    rows = np.concatenate([pc.list_parent_indices(column).to_numpy() for column in lists])
    flat = pa.concat_arrays([column.flatten() for column in lists])
    flat = pc.utf8_upper(flat) if upper else flat
    if among is not None:
        matter = np.flatnonzero(_bools(pc.is_in(flat, value_set=among)))
        rows, flat = rows[matter], flat.take(pa.array(matter))
    encoded = flat.dictionary_encode()
    return rows, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary


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


def _bools(values: pa.BooleanArray) -> np.ndarray:
    return np.asarray(values, dtype=bool)
