"""Where an event is traded: its page at kalshi.com."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from milestone_kit.analysis.ticker_index import TickerIndex, checked_tickers, is_pattern
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["address_of", "event_url"]

_EVENTS: Final = "https://kalshi.com/events/"
_LONGEST: Final = 200
_NO_TICKER: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def event_url(ticker: str, df: pd.DataFrame | None = None) -> str:
    """Return the address of an event's page at kalshi.com.

    Parameters
    ----------
    ticker : str
        An event ticker, in any case. Whether the event exists is not checked: nothing is sent.
    df : pandas.DataFrame, optional
        Milestones. With them a market ticker (EVENT-OUTCOME) leads to the longest event listed there that
        it begins with, as in `find_by_ticker`. Without them a market ticker cannot be told from an event's,
        and the ticker is taken at its word.

    Returns
    -------
    str
        `https://kalshi.com/events/` and the ticker in lower case, percent-encoded.

    Raises
    ------
    QueryError
        When the ticker is no text, blank, a pattern, longer than 200 characters, or has spaces or control
        characters in it; or when `df` is given and lists no such event.

    Notes
    -----
    The pattern is the one that public tools use and report to resolve, for sports and predictions alike; the
    site cannot be asked by code.

    Examples
    --------
    >>> event_url("KXNBAGAME-26JAN15BOSLAL")
    'https://kalshi.com/events/kxnbagame-26jan15boslal'
    """
    if not isinstance(ticker, str):
        raise QueryError(
            f"ticker={ticker!r:.80}: expected one event ticker as text, got {type(ticker).__name__}"
        )
    name = ticker.strip()
    if not name or len(name) > _LONGEST or set(name) == {"."} or is_pattern(name) or _NO_TICKER.search(name):
        raise QueryError(
            f"ticker={ticker!r:.80} is no event ticker; expected one like 'KXNBAGAME-26JAN15BOSLAL'"
        )
    if df is not None:
        wanted = checked_tickers(name)
        index = TickerIndex(df, wanted)
        codes = next(index.meant(wanted))
        if not len(codes):
            raise QueryError(f"ticker={ticker!r:.80}: no milestone of df lists such an event")
        name = index.names[int(codes[0])].as_py()
    return _EVENTS + quote(name.lower(), safe="")


def address_of(ticker: str) -> str | None:
    """Return the address of an event's page, None of what is no ticker: servers may list anything.

    Examples
    --------
    >>> address_of("KXNBAGAME-26JAN15BOSLAL")
    'https://kalshi.com/events/kxnbagame-26jan15boslal'
    >>> address_of("javascript: alert(1)") is None
    True
    """
    try:
        return event_url(ticker)
    except QueryError:
        return None
