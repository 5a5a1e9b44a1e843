"""When a panel asks for news by itself: regularly, and ever more rarely while that fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from milestone_kit.core.words import seconds_words

__all__ = ["Freshness"]

_PATIENCE: Final = 120.0
_RAREST: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Freshness:
    """The state of refreshing by itself; moments are seconds of one clock.

    Attributes
    ----------
    every : float
        Seconds between two refreshes.
    on : bool
        Whether the panel refreshes by itself.
    next_at : float
        When the next refresh is due.
    failures : int
        How many have failed one after the other.
    """

    every: float
    on: bool = False
    next_at: float = 0.0
    failures: int = 0

    def due(self, now: float) -> bool:
        """Tell whether it is time to ask; a clock that was set back does not put it off for long."""
        return self.on and (now >= self.next_at or now < self.next_at - max(self.every, _RAREST))

    def switched(self, now: float, *, on: bool) -> Freshness:
        """Return the state in which the panel refreshes by itself, or does not."""
        return replace(self, on=on, next_at=now + self.every, failures=0)

    def succeeded(self, now: float) -> Freshness:
        """Return the state after an answer."""
        return replace(self, next_at=now + self.every, failures=0)

    def failed(self, now: float) -> Freshness:
        """Return the state after a failure: the next try comes in two minutes, then four, an hour at most."""
        pause = min(_PATIENCE * 2**self.failures, _RAREST)
        return replace(self, next_at=now + pause, failures=min(self.failures + 1, 10))

    def words(self, now: float, shown: str, why: str) -> str:
        """Return what is said while refreshing fails; "" while it does not.

        Parameters
        ----------
        now : float
            The moment.
        shown : str
            Of when the data are that are shown.
        why : str
            What went wrong, in few words.
        """
        if not self.failures:
            return ""
        wait = seconds_words(max(self.next_at - now, 1.0))
        return f"Showing {shown}'s data; trying again in {wait} ({why})."
