"""The pace that all requests of a client keep together: evenly spaced, and slower while the server says so.

A token bucket of one token. Its rate stays a little below the limit it is given: requests that leave
evenly spaced arrive less so, and a server that counts 20 in a second must not count a 21st.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pace"]

_HEADROOM: Final = 0.95
_SLOWEST: Final = 1 / 16
_RECOVERY: Final = 1 / 20


class Pace:
    """A shared token bucket whose rate halves when the server limits and then comes back.

    Parameters
    ----------
    requests_per_second : float
        What must not be exceeded; what is kept is 95 % of it.
    clock : callable
        Gives monotonic seconds.

    Notes
    -----
    A refusal (429) makes everybody wait, not only who got it, and halves the rate, once for all the
    requests that were on their way together; every good answer brings back a twentieth of the full rate.

    Examples
    --------
    >>> now = [0.0]
    >>> pace = Pace(20, clock=lambda: now[0])
    >>> pace.turn(), round(pace.turn(), 3)
    (0.0, 0.053)
    """

    def __init__(self, requests_per_second: float, *, clock: Callable[[], float]) -> None:
        self._full = requests_per_second * _HEADROOM
        self._rate = self._full
        self._clock = clock
        self._lock = threading.Lock()
        self._next = float("-inf")
        self._slowed = float("-inf")
        self._closed_until = float("-inf")

    @property
    def rate(self) -> float:
        """Requests per second at the moment."""
        return self._rate

    def turn(self) -> float:
        """Take the next turn if it has come: 0 then; else how many seconds to wait before trying again."""
        with self._lock:
            now = self._clock()
            at = max(self._next, self._closed_until)
            if at > now:
                return at - now
            gap = 1 / self._rate
            # whoever wakes a moment late does not delay those that follow
            self._next = (self._next if now - self._next < gap / 2 else now) + gap
            return 0.0

    def refused(self, *, sent: float, wait: float) -> None:
        """Take note of a 429.

        Parameters
        ----------
        sent : float
            When the refused request was sent, on the clock.
        wait : float
            Seconds during which nobody may send.
        """
        with self._lock:
            now = self._clock()
            self._closed_until = max(self._closed_until, now + wait)
            if sent > self._slowed:  # else it was on its way when the rate had just been halved
                self._slowed = now
                self._rate = max(self._rate / 2, self._full * _SLOWEST)

    def answered(self) -> None:
        """Take note of a good answer."""
        with self._lock:
            self._rate = min(self._full, self._rate + self._full * _RECOVERY)
