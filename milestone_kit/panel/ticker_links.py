"""Tickers as the panel shows them: a link where an event has a page, the text alone where it is no ticker."""

from __future__ import annotations

from milestone_kit.analysis.links import event_url
from milestone_kit.errors import QueryError

__all__ = ["address_of"]


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
