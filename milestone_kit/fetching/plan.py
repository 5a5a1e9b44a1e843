"""Which ranges of starts a walk is cut into while it runs: a plan without threads, network or tables.

A walk begins as one chain of pages. Whoever has nothing to do takes over the later half of what the
chain with most left to do still has before it. How much that is comes from a density: where the rows of
the last snapshot lie, or where milestones usually lie, corrected by how many each chain has met so far.

That a server says "no more" is no proof. An end is doubted, and what follows asked for by its start and
not by a cursor, where rows are known that lie beyond it, and, once, where it came abruptly or nobody
knows how much there is. What the second answer says is believed; `losses` judges what then is missing.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from milestone_kit.fetching.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from milestone_kit.fetching.spans import Span
    from milestone_kit.fetching.start_density import StartDensity

__all__ = ["FULL_PAGES", "Chain", "Plan"]

FULL_PAGES: Final = 2
"""How many full pages must have come before a walk of unknown size is cut."""

_WORTH_PAGES: Final = 1.25
_SECOND: Final = 1_000_000
_SURE: Final = 2
_SHORT: Final = 3  # pages, beyond which one question more is little
_FIRST_OF_ALL: Final = -62_135_596_799 * _SECOND  # the year 1


@dataclass(slots=True, eq=False)
class Chain:
    """One range [low, high) of starts, in microseconds since 1970, and how far its pages have come.

    `low` is None for the range that begins where the query itself begins; `high` None for no end. A chain
    that is `behind` another asks again for what follows the end of that; `followed` says that one does.
    `full` is whether its last page was so; `abrupt` an end after a full page, or with an empty one.
    """

    low: int | None
    high: int | None
    pages: int = 0
    rows: int = 0
    latest: int | None = None
    behind: Chain | None = None
    followed: bool = False
    full: bool = False
    abrupt: bool = False
    flat: bool = False
    taken: bool = False
    replaying: bool = False
    done: bool = False
    ended: bool = False
    stolen: bool = False
    trail: Trail = field(default_factory=Trail)
    shown: set[int] = field(default_factory=set)

    @property
    def position(self) -> int | None:
        """Up to where the chain has come; its beginning before the first row."""
        return self.low if self.latest is None else self.latest

    def lies_before(self, start: int | None) -> bool:
        """Tell whether a start lies beyond all that the chain has given."""
        return start is not None and (self.position is None or self.position < start)

    def reaches_into(self, low: int | None, high: int | None) -> bool:
        """Tell whether the range has something in common with a span of starts."""
        begins_before = high is None or self.low is None or self.low < high
        return begins_before and (low is None or self.high is None or self.high > low)

    def covers(self) -> Span | None:
        """Return the span of starts of which every row has come; None for none."""
        end = self.high if self.done else self.latest
        has_any = self.done or self.latest is not None
        is_span = has_any and (self.low is None or end is None or self.low < end)
        return (self.low, end) if is_span else None

    def times_doubted(self) -> int:
        """Count how often in a row the end at this place was asked about."""
        before = self.behind
        return 0 if before is None or before.lies_before(self.latest) else 1 + before.times_doubted()


class Plan:
    """The ranges of one walk.

    Parameters
    ----------
    density : StartDensity
        Where rows are expected.
    limit : int
        Rows of a full page.
    cuts : iterable of int
        Where an earlier attempt at the same walk was cut; its pages are gone through first.
    low, high : int, optional
        The query's own bounds, the second one excluded.
    confirm : bool
        Whether the end of a long answer of unknown size is asked about once more.
    resumed : bool
        Whether pages of the ranges that `cuts` make may have come already.
    order : sequence of (int, int)
        Spans of starts; what reaches into the first is walked first, and so on, and then all the rest.

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
        density: StartDensity,
        *,
        limit: int,
        cuts: Iterable[int] = (),
        low: int | None = None,
        high: int | None = None,
        confirm: bool = True,
        resumed: bool = True,
        order: Sequence[tuple[int, int]] = (),
    ) -> None:
        self._density = density
        self._limit = limit
        self._low = low
        self._confirm = confirm
        self._wasted = 0
        self._furthest = density.last
        self.ordered = True
        self.pages = 0
        bounds = [None, *sorted(cuts)]
        ends = [*bounds[1:], high]
        resumed = resumed and len(bounds) > 1
        self._order: list[Span] = [*order, (None, None)]
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
        for low, high in self._order:
            near = [chain for chain in self.chains if not chain.done and chain.reaches_into(low, high)]
            chain = next((chain for chain in near if not chain.taken), None) or self._cut(near)
            if chain is not None:
                chain.taken = True
                return chain
        return None

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
            self._furthest = max(latest, latest if self._furthest is None else self._furthest)
        if rows >= self._limit and chain.pages >= FULL_PAGES and not last:
            self._grown = True
        passed = chain.high is not None and chain.latest is not None and chain.latest >= chain.high
        chain.ended = chain.ended or last
        chain.full = rows >= self._limit
        chain.abrupt = last and (chain.full or (chain.pages > 1 and not rows))
        if last or (self.ordered and passed):
            chain.done = True
            if chain.stolen and chain.pages == 1 and rows < self._limit // 2:
                self._wasted += 1
        if self.ordered:
            self._doubt()

    def _doubt(self) -> None:
        """Let every end that is in doubt be followed by a chain that asks for what is behind it."""
        for chain in [chain for chain in self.chains if self._is_doubtful(chain)]:
            low = self._before(chain)
            insort(self.chains, Chain(low, chain.high, behind=chain), key=_low)
            chain.high, chain.followed = low, True

    def _is_doubtful(self, chain: Chain) -> bool:
        """Tell whether to ask again whether there is nothing behind the end of a chain."""
        passed = chain.high is not None and chain.latest is not None and chain.latest >= chain.high
        if not chain.ended or chain.followed or passed:
            return False
        doubted = chain.times_doubted()
        if chain.lies_before(self._furthest):
            return doubted < _SURE
        is_unknown = self._density.last is None and self._confirm and self.pages > _SHORT
        return doubted == 0 and (chain.abrupt or (is_unknown and chain.rows > 0))

    def _before(self, chain: Chain) -> int:
        """Return from where on to ask for what is behind a chain: so that no question is put twice."""
        at = chain.position if chain.position is not None else self._density.first
        low = (_FIRST_OF_ALL if at is None else at) // _SECOND * _SECOND - _SECOND
        if chain.flat and chain.full:  # whole pages of one start would all come again
            return low + 2 * _SECOND
        return low if chain.low is None or low > chain.low else chain.low - _SECOND

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

    def _cut(self, among: list[Chain]) -> Chain | None:
        if not (self.ordered and self._grown and self._wasted <= _SHORT + self.pages // 20):
            return None
        open_ones = [chain for chain in among if not (chain.flat or chain.replaying)]
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
