"""What a type of milestone is to the sandbox: how often it occurs, when, how long, how far ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

__all__ = ["DAY", "PRODUCTION_ROWS", "Family", "Kind", "League", "Length", "Lines"]

PRODUCTION_ROWS: Final = 137_253
"""How many milestones a census of production counted at the end of August 2026."""

DAY: Final = 24 * 60
"""The minutes of a day."""

Family = Literal["duel", "teams", "football", "soccer", "esports", "field", "race", "topic"]
"""Which builder words a row; see `wording`."""


class Length(NamedTuple):
    """How long things last, in minutes: a log-normal around `median`, with a tail to the right.

    `spread` is the standard deviation of the logarithm. A share `tail` goes on for longer (overtime,
    deciding sets, rain): exponentially many minutes more, `more` on average.
    """

    median: float
    spread: float = 0.1
    tail: float = 0.0
    more: float = 0.0


@dataclass(frozen=True, slots=True)
class League:
    """A league, tour or product line.

    `code` is what the details of a row say ("NCAAFB"), `competition` what `/search/filters_by_sport`
    lists and the parameter `competition` takes ("College Football"): they differ, as in production.
    `pool` names who takes part (see `names.pool`), `share` the weight among the leagues of its type.
    """

    code: str
    competition: str
    series: str
    extra: tuple[str, ...] = ()
    share: float = 1.0
    length: Length | None = None
    pool: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One (type, category) pair of the universe.

    `weight` is how many rows production has, `lead` how many days ahead a row is listed on average and
    `season` whether that is up to a whole season at once, `rhythm` the week of its starts (see `rhythm`),
    `planned` the share of rows whose end is told in advance. `invented` says that production's name for
    the type is not known and this one was made up. `live` tells how its live data look (see `live`), ""
    where it has none.
    """

    type: str
    category: str
    weight: int
    family: Family
    leagues: tuple[League, ...]
    length: Length
    lead: float
    rhythm: str
    season: bool = False
    planned: float = 0.0
    message: str = "The event is about to begin."
    title: str = ""
    sport: str = ""
    live: str = ""
    invented: bool = False


class Lines(NamedTuple):
    """Every (kind, league) pair, flattened for drawing: parallel tuples."""

    kinds: tuple[Kind, ...]
    leagues: tuple[League, ...]
    weights: tuple[float, ...]
    lengths: tuple[Length, ...]

    @classmethod
    def of(cls, kinds: tuple[Kind, ...]) -> Lines:
        """Share the weight of each kind out among its leagues."""
        pairs = [(kind, league) for kind in kinds for league in kind.leagues]
        return cls(
            tuple(kind for kind, _ in pairs),
            tuple(league for _, league in pairs),
            tuple(
                kind.weight * league.share / sum(other.share for other in kind.leagues)
                for kind, league in pairs
            ),
            tuple(league.length or kind.length for kind, league in pairs),
        )
