"""A watchlist: which milestones are meant by tickers, series and ids, and what of it is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.analysis.ticker_index import TickerIndex
from milestone_kit.core.arguments import check_text
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Watched", "find_watched", "read_watch"]

_MOST: Final = 500
"""Entries of a watchlist; whoever has more of them filters."""

_LONGEST: Final = 120
"""Characters of an entry: no ticker and no id is longer."""

_BETWEEN: Final = re.compile(r"[\s,;|\"'()\[\]]+")
"""What stands between tickers where people copy them: spaces, lines, commas, the signs of a list."""


class Watched(NamedTuple):
    """What a watchlist means in a table.

    Attributes
    ----------
    rows : ndarray of bool, shape (rows,)
        Which rows are watched.
    unknown : tuple of str
        The entries that mean none.
    """

    rows: NDArray[np.bool_]
    unknown: tuple[str, ...]


def read_watch(watch: object) -> tuple[str, ...]:
    r"""Return the distinct entries of a watchlist, in their order.

    Parameters
    ----------
    watch : str or iterable of str
        Tickers and ids: several in one text, separated by anything, or one by one.

    Raises
    ------
    QueryError
        When an entry is no text, or there are too many.

    Examples
    --------
    >>> read_watch("KXNBAGAME, KXFED-26JAN\nKXNBAGAME")
    ('KXNBAGAME', 'KXFED-26JAN')
    """
    several = [watch] if isinstance(watch, str) else watch
    if not isinstance(several, Iterable) or isinstance(several, (bytes, Mapping)):
        raise QueryError(f"watch={watch!r:.80}: expected tickers or ids, got {type(watch).__name__}")
    entries: dict[str, str] = {}
    for text in several:
        if not isinstance(text, str):
            raise QueryError(f"watch: {text!r:.80} is no ticker or id; expected text")
        for entry in filter(None, _BETWEEN.split(check_text(text, "watch"))):
            if len(entry) > _LONGEST:
                raise QueryError(f"watch: {entry:.40}... is longer than any ticker or id")
            entries.setdefault(entry.casefold(), entry)
    if len(entries) > _MOST:
        raise QueryError(f"watch: {len(entries):,} entries are more than the {_MOST} that can be watched")
    return tuple(entries.values())


def find_watched(df: pd.DataFrame, watch: Iterable[str], index: TickerIndex | None = None) -> Watched:
    """Find what a watchlist means.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    watch : iterable of str
        As `read_watch` returns them. Each is an event or market ticker, or a pattern with ``*`` or ``?``,
        as `find_by_ticker` takes them; a series, whose events are meant ("KXNBAGAME"); or a milestone's id.
    index : TickerIndex, optional
        Of the table, where there is one already.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> df = sample_milestones(100)
    >>> watched = find_watched(df, [df["id"][3], "KXNOSUCHTHING"])
    >>> int(watched.rows.sum()), watched.unknown
    (1, ('KXNOSUCHTHING',))
    """
    index = TickerIndex(df) if index is None else index
    entries = list(watch)
    by_ticker = {entry.upper(): entry for entry in entries}
    fits = np.zeros(len(index.names), np.bool_)
    found = set()
    for ticker, codes in zip(by_ticker, index.meant(by_ticker), strict=True):
        fits[codes] = True
        found.update([by_ticker[ticker]] if len(codes) else [])
    others = [ticker for ticker in by_ticker if by_ticker[ticker] not in found]
    for ticker, codes in (index.of_series(others) if others else {}).items():
        fits[codes] = True
        found.add(by_ticker[ticker])
    own = pa.array(df["id"], pa.large_string())
    rows = np.asarray(pc.is_in(own, value_set=pa.array(entries, pa.large_string())), dtype=bool).copy()
    found.update(df["id"][rows])
    rows[index.rows[fits[index.codes]]] = True
    return Watched(rows, tuple(entry for entry in entries if entry not in found))
