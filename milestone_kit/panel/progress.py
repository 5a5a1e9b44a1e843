"""How far a fetch is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Progress"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is.

    Attributes
    ----------
    rows, pages : int
        What has come.
    share : float or None
        Of everything, 0 to 1; None where nobody knows.
    seconds_left : float or None
        Until everything is there; None where nobody knows.
    """

    rows: int = 0
    pages: int = 0
    share: float | None = None
    seconds_left: float | None = None

    @property
    def expected(self) -> int | None:
        """About how many rows there are in all; None where nobody knows."""
        return round(self.rows / self.share) if self.share else None
