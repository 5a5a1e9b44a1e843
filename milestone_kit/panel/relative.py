"""Windows that are told from now, "next 6 h" or "today": read, checked and worked out."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import pandas as pd

from milestone_kit.core.arguments import read_duration
from milestone_kit.errors import QueryError
from milestone_kit.figures.time_axis import Window, midnight

__all__ = ["ALL", "GRAMMAR", "local_day", "local_day_of", "read_relative", "relative_window"]

ALL: Final = "all"
"""The window of everything that passes the filters."""

GRAMMAR: Final = (
    "'next 6 h', 'last 24 h', 'last 1 d, next 6 d', 'today', 'tomorrow', 'yesterday' or 'all' "
    "(durations also as ISO 8601 writes them, 'next PT6H')"
)
"""What may be said instead of two dates, for errors."""

_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
_SIDES: Final = (("last",), ("next",), ("last", "next"))
_FIRST_DAY: Final = dt.date(2, 1, 1)
_LAST_DAY: Final = dt.date(9998, 12, 31)
_FIRST, _LAST = (pd.Timestamp(day.year, day.month, day.day, 12, tz="UTC") for day in (_FIRST_DAY, _LAST_DAY))
_SHORTEST: Final = np.timedelta64(1, "s")
_LONGEST: Final = np.timedelta64(36_525, "D")
_MILLISECOND: Final = np.timedelta64(1, "ms")


def read_relative(text: str) -> str:
    """Return a window that is told from now in the one way in which it is kept.

    Parameters
    ----------
    text : str
        One of the words of `GRAMMAR`, or "last" and "next", one or both, with durations from one second to
        a hundred years.

    Raises
    ------
    QueryError
        Naming the text and what is understood.

    Examples
    --------
    >>> read_relative("  NEXT  6 h"), read_relative("Today")
    ('next 6 h', 'today')
    """
    said = " ".join(text.split())
    if said.casefold() in {*_DAYS, ALL}:
        return said.casefold()
    return ", ".join(f"{word} {span}" for word, span in _reach(said, text).items())


def _reach(said: str, given: str) -> dict[str, str]:
    """Return how far a window reaches to the sides of now, "last" or "next", as it was written."""
    parts = [part.split(maxsplit=1) for part in said.split(",")]
    if not all(len(part) == 2 for part in parts) or tuple(part[0].casefold() for part in parts) not in _SIDES:
        raise QueryError(f"window={given!r:.80}: expected a pair of dates, None for what fits, or {GRAMMAR}")
    reach = {side.casefold(): span.strip() for side, span in parts}
    for span in reach.values():
        _milliseconds(span)
    return reach


def _milliseconds(span: str) -> float:
    read = read_duration(span, "window", least=_SHORTEST, most=_LONGEST)
    return float(read / _MILLISECOND)


def relative_window(text: str, now: float, zone: str) -> Window:
    """Return the span that a window told from now stands for.

    Parameters
    ----------
    text : str
        As `read_relative` returns it; not `ALL`, which depends on a table.
    now : float
        Milliseconds UTC.
    zone : str
        IANA time zone, in which a day begins and ends.

    Examples
    --------
    >>> relative_window("last 2 h, next 6 h", 0.0, "UTC")
    Window(start=-7200000.0, end=21600000.0)
    """
    if text in _DAYS:
        return local_day(local_day_of(now, zone), _DAYS[text], zone)
    reach = {side: _milliseconds(span) for side, span in _reach(text, text).items()}
    return Window(now - reach.get("last", 0.0), now + reach.get("next", 0.0)).clamped()


def local_day_of(ms: float, zone: str) -> dt.date:
    """Return the day that it is in a zone at an instant in milliseconds UTC."""
    instant = pd.Timestamp(int(ms), unit="ms", tz="UTC")
    return min(max(instant, _FIRST), _LAST).tz_convert(zone).date()


def local_day(day: dt.date, later: int, zone: str) -> Window:
    """Return the day that comes so many days after another, from midnight to midnight in a zone."""
    first = _in_calendar(_in_calendar(day) + dt.timedelta(days=later))
    edges = (midnight(one, zone) for one in (first, first + dt.timedelta(days=1)))
    return Window(*(edge.timestamp() * 1000 for edge in edges))


def _in_calendar(day: dt.date) -> dt.date:
    """Return a day that neither a zone nor a step leads out of the calendar: it has years 1 to 9999."""
    return min(max(day, _FIRST_DAY), _LAST_DAY)
