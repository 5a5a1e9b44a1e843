"""Which start-date ranges a walk is cut into while it runs: a plan without threads, network or tables.

A walk begins as one chain of pages. Whoever has nothing to do takes over the later half of what the
chain with most left to do still has before it. How much that is comes from a density: where the rows of
the last snapshot lie, or where milestones usually lie, corrected by how many each chain has met so far.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["FULL_PAGES", "Chain", "Density", "Plan"]

FULL_PAGES: Final = 3
"""How many full pages must have come before a walk of unknown size is cut."""

_WORTH_PAGES: Final = 1.25
_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_YEAR: Final = 365 * _DAY
_KNOTS: Final = 1025


class Density:
    """How many rows may be expected between two starts.

    Parameters
    ----------
    starts : array of int
        Microseconds since 1970, rising.
    mass : array of float
        How many rows (or what share of them) start up to each of `starts`.
    exact : bool
        Whether `mass` counts rows, so that the size of the answer is known beforehand.

    Examples
    --------
    >>> density = Density([0, 10, 20], [0, 1, 5])
    >>> density.between(5, 15), density.at(3.0)
    (2.5, 15)
    """

    def __init__(self, starts: ArrayLike, mass: ArrayLike, *, exact: bool = False) -> None:
        self._starts = np.asarray(starts, dtype=np.float64)
        self._mass = np.asarray(mass, dtype=np.float64)
        self.exact = exact

    @classmethod
    def usual(cls, now: float) -> Density:
        """Return where milestones usually lie around `now` (seconds since 1970): mostly in two years."""
        moment = int(now) * _SECOND
        ages = np.array([60, 6, 2, 0, -0.1, -1, -8]) * _YEAR
        return cls(moment - ages, [0.0, 0.01, 0.08, 0.96, 0.98, 0.995, 1.0])

    @classmethod
    def of_starts(cls, starts: ArrayLike) -> Density:
        """Return where rows lie whose starts (microseconds since 1970, rising) are known."""
        starts = np.asarray(starts, dtype=np.int64)
        if not len(starts):
            return cls([0, 1], [0, 0], exact=True)
        chosen = starts[np.linspace(0, len(starts) - 1, min(len(starts), _KNOTS)).astype(np.int64)]
        knots = np.unique(chosen)
        mass = np.searchsorted(starts, knots, side="right")
        # what was added since lies mostly in the near future
        knots = np.concatenate([[knots[0] - _SECOND], knots, [knots[-1] + _YEAR]])
        return cls(knots, np.concatenate([[0], mass, [mass[-1] * 1.01]]), exact=True)

    def shape(self) -> Density:
        """Return the same places for an answer of another, unknown size."""
        return Density(self._starts, self._mass)

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


@dataclass(slots=True, eq=False)
class Chain:
    """One range [low, high) of starts, in microseconds since 1970, and how far its pages have come.

    `low` is None for the range that begins where the query itself begins; `high` None for no end.
    """

    low: int | None
    high: int | None
    pages: int = 0
    rows: int = 0
    latest: int | None = None
    flat: bool = False
    taken: bool = False
    replaying: bool = False
    done: bool = False
    ended: bool = False
    stolen: bool = False

    @property
    def position(self) -> int | None:
        """Up to where the chain has come; its beginning before the first row."""
        return self.low if self.latest is None else self.latest


class Plan:
    """The ranges of one walk.

    Parameters
    ----------
    density : Density
        Where rows are expected.
    limit : int
        Rows of a full page.
    cuts : iterable of int
        Where an earlier attempt at the same walk was cut; its pages are gone through first.
    low, high : int, optional
        The query's own bounds, the second one excluded.

    Attributes
    ----------
    chains : list of Chain
        By `low`.
    ordered : bool
        Whether pages have come in the order of their starts so far. Once they have not, only the
        first chain goes on, to its very end.
    pages : int
        Pages of all chains.
    """

    def __init__(
        self,
        density: Density,
        *,
        limit: int,
        cuts: Iterable[int] = (),
        low: int | None = None,
        high: int | None = None,
    ) -> None:
        self._density = density
        self._limit = limit
        self._low = low
        self._wasted = 0
        self.ordered = True
        self.pages = 0
        bounds = [None, *sorted(cuts)]
        ends = [*bounds[1:], high]
        resumed = len(bounds) > 1
        self.chains = [Chain(a, b, replaying=resumed) for a, b in zip(bounds, ends, strict=True)]
        self._grown = resumed or (density.exact and density.between(low, high) >= 8 * limit)

    @property
    def cuts(self) -> list[int]:
        """Where the walk is cut, rising."""
        return [chain.low for chain in self.chains if chain.low is not None]

    @property
    def done(self) -> bool:
        """Whether every range was walked to its end."""
        return all(chain.done for chain in self.chains)

    def take(self) -> Chain | None:
        """Return a chain that nobody walks, one newly cut off where that is worth it; None for none."""
        chain = next((chain for chain in self.chains if not chain.taken and not chain.done), None)
        chain = chain or self._cut()
        if chain is not None:
            chain.taken = True
        return chain

    def came(self, chain: Chain, starts: NDArray[np.int64], *, last: bool) -> None:
        """Take note of a page.

        Parameters
        ----------
        chain : Chain
            Whose page it is.
        starts : numpy.ndarray
            The starts of its rows, in the order in which they came.
        last : bool
            Whether no page follows.
        """
        rows = len(starts)
        self.pages += 1
        chain.pages += 1
        chain.rows += rows
        if rows:
            first, latest = int(starts[0]), int(starts[-1])
            if (starts[1:] < starts[:-1]).any() or (chain.position is not None and first < chain.position):
                self.broke()
            chain.flat = first == latest
            chain.latest = latest
        if rows >= self._limit and chain.pages >= FULL_PAGES and not last:
            self._grown = True
        passed = chain.high is not None and chain.latest is not None and chain.latest >= chain.high
        chain.ended = chain.ended or last
        if last or (self.ordered and passed):
            chain.done = True
            if chain.stolen and chain.pages == 1 and rows < self._limit // 2:
                self._wasted += 1

    def broke(self) -> None:
        """Go on with the first chain alone: the order of the pages does not hold."""
        if not self.ordered:
            return
        self.ordered = False
        first, *others = self.chains
        for chain in others:
            chain.done = True
        first.high = None
        first.done = first.ended

    def _cut(self) -> Chain | None:
        if not (self.ordered and self._grown and self._wasted <= FULL_PAGES + self.pages // 20):
            return None
        open_ones = [c for c in self.chains if not (c.done or c.flat or c.replaying)]
        if not open_ones:
            return None
        scale = self._scale()
        chain = max(open_ones, key=lambda chain: self._left(chain, scale))
        cut = self._middle(chain, scale)
        if cut is None:
            return None
        later = Chain(cut, chain.high, stolen=True)
        chain.high = cut
        insort(self.chains, later, key=_low)
        return later

    def _scale(self) -> float:
        """Rows per unit of mass, over all chains."""
        if self._density.exact:
            return 1.0
        covered = sum(self._density.between(self._from(chain), chain.position) for chain in self.chains)
        rows = sum(chain.rows for chain in self.chains)
        return rows / (covered + 1e-3) if rows else self._limit * 8.0

    def _from(self, chain: Chain) -> int | None:
        return self._low if chain.low is None else chain.low

    def _rate(self, chain: Chain, scale: float) -> float:
        """Rows per unit of mass where the chain is, from its own rows as far as it has them."""
        covered = (
            self._density.between(self._from(chain), chain.position) if chain.latest is not None else 0.0
        )
        doubt = 0.02 * self._density.total
        return (chain.rows + doubt * scale) / (covered + doubt) if doubt else scale

    def _left(self, chain: Chain, scale: float) -> float:
        """Rows that may be left for the chain, without the page that is under way."""
        at = self._from(chain) if chain.latest is None else chain.latest
        return self._density.between(at, chain.high) * self._rate(chain, scale) - self._limit

    def _middle(self, chain: Chain, scale: float) -> int | None:
        left = self._left(chain, scale)
        if left < _WORTH_PAGES * self._limit:
            return None
        at = self._from(chain) if chain.latest is None else chain.latest
        passed = self._density.upto(at, default=0.0)
        half = (self._limit + left / 2) / self._rate(chain, scale)
        # a whole second, and not one at which things tend to start
        cut = self._density.at(passed + half) // _SECOND * _SECOND + _SECOND
        low = at if at is not None else cut - 2 * _SECOND
        high = chain.high if chain.high is not None else cut + 2 * _SECOND
        return cut if low + _SECOND < cut < high - _SECOND else None


def _low(chain: Chain) -> float:
    return float("-inf") if chain.low is None else chain.low
