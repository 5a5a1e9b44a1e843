"""Where rows are to be expected: as many as lay there in the last snapshot, or as usually do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["StartDensity"]

_SECOND: Final = 1_000_000
_YEAR: Final = 365 * 86_400 * _SECOND
_KNOTS: Final = 1025


class StartDensity:
    """How many rows may be expected between two starts.

    Parameters
    ----------
    starts : array of int
        Microseconds since 1970, rising.
    mass : array of float
        How many rows (or what share of them) start up to each of `starts`.
    exact : bool
        Whether `mass` counts rows, so that the size of the answer is known beforehand.
    first, last : int, optional
        The first and the last start that is known of a row, in microseconds since 1970.

    Examples
    --------
    >>> density = StartDensity([0, 10, 20], [0, 1, 5])
    >>> density.between(5, 15), density.at(3.0)
    (2.5, 15)
    """

    def __init__(
        self,
        starts: ArrayLike,
        mass: ArrayLike,
        *,
        exact: bool = False,
        first: int | None = None,
        last: int | None = None,
    ) -> None:
        self._starts = np.asarray(starts, dtype=np.float64)
        self._mass = np.asarray(mass, dtype=np.float64)
        self.exact = exact
        self.first, self.last = first, last

    @classmethod
    def usual(cls, now: float, *, known: NDArray[np.int64] | None = None) -> StartDensity:
        """Return where milestones usually lie around `now` (seconds since 1970): mostly in two years.

        Of the starts that are `known`, rising, only the first and the last count.
        """
        moment = int(now) * _SECOND
        ages = np.array([60, 6, 2, 0, -0.1, -1, -8]) * _YEAR
        masses = [0.0, 0.01, 0.08, 0.96, 0.98, 0.995, 1.0]
        if known is None or not len(known):
            return cls(moment - ages, masses)
        return cls(moment - ages, masses, first=int(known[0]), last=int(known[-1]))

    @classmethod
    def of_starts(cls, starts: ArrayLike) -> StartDensity:
        """Return where rows lie whose starts (microseconds since 1970, rising) are known."""
        starts = np.asarray(starts, dtype=np.int64)
        if not len(starts):
            return cls([0, 1], [0, 0], exact=True)
        chosen = starts[np.linspace(0, len(starts) - 1, min(len(starts), _KNOTS)).astype(np.int64)]
        knots = np.unique(chosen)
        mass = np.searchsorted(starts, knots, side="right")
        # what was added since lies mostly in the near future
        knots = np.concatenate([[knots[0] - _SECOND], knots, [knots[-1] + _YEAR]])
        masses = np.concatenate([[0], mass, [mass[-1] * 1.01]])
        return cls(knots, masses, exact=True, first=int(starts[0]), last=int(starts[-1]))

    def shape(self) -> StartDensity:
        """Return the same places for an answer of another, unknown size."""
        return StartDensity(self._starts, self._mass)

    @property
    def total(self) -> float:
        """All rows."""
        return float(self._mass[-1])

    def upto(self, start: int | None, *, default: float) -> float:
        """Return the mass up to a start; `default` where that is None."""
        return default if start is None else float(np.interp(start, self._starts, self._mass))

    def between(self, low: int | None, high: int | None) -> float:
        """Return the mass from `low` to `high`; None stands for the beginning and the end."""
        return max(0.0, self.upto(high, default=self.total) - self.upto(low, default=0.0))

    def at(self, mass: float) -> int:
        """Return the start up to which there is this mass."""
        return int(np.interp(mass, self._mass, self._starts))
