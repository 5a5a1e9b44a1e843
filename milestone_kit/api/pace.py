"""The pace that all requests of a client keep together, slower while the server says so.

A token bucket, which lets a few requests go at once after a rest, and over it a window: never more in a
second than allowed. The rate stays a little below the limit it is given, because requests arrive less
evenly than they leave, and a server that counts 20 in a second must not count a 21st.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from milestone_kit.core.forks import Lock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pace"]

_HEADROOM: Final = 0.975
_SLOWER: Final = 3 / 4
_SLOWEST: Final = 1 / 16
_RECOVERY: Final = 1 / 20
_BURST: Final = 6
_TICK: Final = 1e-6  # seconds that a clock which counts from 1970 can tell apart


class Pace:
    """A shared token bucket whose rate sinks when the server limits and then comes back.

    Parameters
    ----------
    requests_per_second : float
        What must not be exceeded; what is kept is 97.5 % of it.
    clock : callable
        Gives monotonic seconds.

    Notes
    -----
    A refusal (429) makes everybody wait, not only who got it, and lowers the rate by a quarter, once for all
    the requests that were on their way together; every good answer brings back a twentieth of the full rate.

    Examples
    --------
    >>> now = [0.0]
    >>> pace = Pace(20, clock=lambda: now[0])
    >>> [round(pace.turn(), 3) for _ in range(7)]
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.051]
    """

    def __init__(self, requests_per_second: float, *, clock: Callable[[], float]) -> None:
        self._full = requests_per_second * _HEADROOM
        self._rate = self._full
        self._clock = clock
        self._lock = Lock()
        self._next = float("-inf")
        self._sent: deque[float] = deque(maxlen=max(1, int(requests_per_second)))
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
            at = max(self._next, self._closed_until, self._window_opens())
            if at - now > _TICK:
                return at - now
            gap = 1 / self._rate
            # what was not used, because nobody asked or woke too late, is made up for a little
            self._next = max(self._next, now - (_BURST - 1) * gap) + gap
            self._sent.append(now)
            return 0.0

    def _window_opens(self) -> float:
        most = self._sent.maxlen or 1
        return self._sent[0] + most / self._rate if len(self._sent) == most else float("-inf")

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
            if sent > self._slowed:  # else it was on its way when the rate had just been lowered
                self._slowed = now
                self._rate = max(self._rate * _SLOWER, self._full * _SLOWEST)

    def answered(self) -> None:
        """Take note of a good answer."""
        with self._lock:
            self._rate = min(self._full, self._rate + self._full * _RECOVERY)
