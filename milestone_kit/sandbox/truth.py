"""What no listing tells: when each invented milestone really starts and ends, and which never happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from milestone_kit.sandbox.draw import NEVER, NONE
from milestone_kit.sandbox.oddities import PLACEHOLDER

if TYPE_CHECKING:
    import datetime as dt

    from milestone_kit.sandbox.draw import Draw

__all__ = ["Truth"]


@dataclass(frozen=True)
class Truth:
    """How rows really go; times in microseconds since 1970.

    Attributes
    ----------
    starts, ends : dict of str to int
        By id. Rows that are called off, placeholders and simulated games have neither.
    cancelled : frozenset of str
        Ids of rows that are called off.
    unreported : frozenset of str
        Ids of rows that do take place, and whose end is never reported.
    placeholders, simulated : frozenset of str
        Ids of rows that stand for no date, and of games that are "in progress" for ever.
    """

    starts: dict[str, int]
    ends: dict[str, int]
    cancelled: frozenset[str]
    unreported: frozenset[str]
    placeholders: frozenset[str]
    simulated: frozenset[str]

    @classmethod
    def of(cls, draw: Draw) -> Truth:
        """Read the truth off a draw."""
        placeholder = draw.start == PLACEHOLDER
        called_off = draw.cancelled < NEVER
        real = ~called_off & ~placeholder & ~draw.simulated & (draw.end != NONE)
        ids = draw.ids[real].tolist()
        return cls(
            dict(zip(ids, draw.start[real].tolist(), strict=True)),
            dict(zip(ids, draw.end[real].tolist(), strict=True)),
            frozenset(draw.ids[called_off].tolist()),
            frozenset(draw.ids[real & (draw.reported == NEVER)].tolist()),
            frozenset(draw.ids[placeholder].tolist()),
            frozenset(draw.ids[draw.simulated].tolist()),
        )

    def live(self, now: dt.datetime) -> frozenset[str]:
        """Return the ids of what has started and not ended at a moment."""
        moment = round(now.timestamp() * 1_000_000)
        return frozenset(id_ for id_, end in self.ends.items() if self.starts[id_] <= moment < end)

    def __or__(self, other: Truth) -> Truth:
        return Truth(
            self.starts | other.starts,
            self.ends | other.ends,
            self.cancelled | other.cancelled,
            self.unreported | other.unreported,
            self.placeholders | other.placeholders,
            self.simulated | other.simulated,
        )
