"""How often and how long one request is tried."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Retry"]


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long one request is tried.

    Attributes
    ----------
    attempts : int
        How many times the request is sent at most.
    first_wait, longest_wait : float
        Seconds of the exponential backoff between attempts; each wait is shortened at random by up to half.
    attempt_seconds : float
        Wall-clock budget of one attempt: an answer whose head or body drips in is given up then.
    total_seconds : float
        Wall-clock budget of all attempts; a wait that would exceed it is not begun, so that a request
        lasts at most `total_seconds` and one more attempt, its turn in the common pace not counted.
    sleep, clock, wall_clock, jitter : callable
        Sleep some seconds; monotonic seconds; seconds since 1970; a number from 0 to 1.
    """

    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 20.0
    attempt_seconds: float = 60.0
    total_seconds: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after the given attempt (1 for the first) failed."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        return longest * (1 - self.jitter() / 2)
