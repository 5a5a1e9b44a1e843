"""What time it is at the server, which dates its changes by its own clock and not by ours."""

from __future__ import annotations

import email.utils

__all__ = ["ServerClock", "read_date"]


def read_date(text: str | None) -> float | None:
    """Read a date of HTTP as seconds since 1970; None where it is none.

    Examples
    --------
    >>> read_date("Thu, 01 Jan 1970 00:01:00 GMT"), read_date("soon"), read_date(None)
    (60.0, None, None)
    """
    try:
        return email.utils.parsedate_to_datetime(text or "").timestamp()
    except (ValueError, OverflowError):
        return None


class ServerClock:
    """Tells the server's time from the `Date` of its last answer.

    What it tells is never ahead of the server, and behind by the time that an answer travels and a second
    at most: `Date` was written before the answer arrived, and in whole seconds.

    Examples
    --------
    >>> clock = ServerClock()
    >>> clock.at(5.0) is None
    True
    >>> clock.heard("Thu, 01 Jan 1970 00:01:00 GMT", arrived=10.0)
    >>> clock.at(10.0), clock.at(7.5)
    (60.0, 57.5)
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def heard(self, date: str | None, *, arrived: float) -> None:
        """Take note of an answer's `Date`, and of when it arrived, in monotonic seconds."""
        sent = read_date(date)
        if sent is not None:
            self._ahead = sent - arrived

    def at(self, moment: float) -> float | None:
        """Return what the server's clock said at a moment in monotonic seconds; None where nobody knows."""
        return None if self._ahead is None else moment + self._ahead
