"""How milestones stand at the moment, in the words that the panel has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from milestone_kit.figures.time_axis import format_instants, to_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["Standing", "standing_facts", "standings_of"]

_TOLD: Final = ("id", "phase", "score", "clock", "leader", "winner")
_FINAL: Final = "final"


class Standing(NamedTuple):
    """What live data say of one milestone; None where they do not say it. The texts are a server's.

    `updated` is in milliseconds UTC; the other fields are those of `get_live`.
    """

    phase: str | None
    score: str | None
    clock: str | None
    leader: str | None
    winner: str | None
    updated: float | None

    @property
    def words(self) -> str:
        """Score and clock in one line, "" where there is nothing to tell.

        Examples
        --------
        >>> Standing("live", "2-1", "Q4 02:13", None, None, None).words
        '2-1 · Q4 02:13'
        >>> Standing("over", "2-1", "FT", None, None, None).words
        '2-1 · final'
        """
        if self.phase == "before":
            return ""
        how_far = self.clock if self.phase != "over" else self.score and _FINAL
        return " · ".join(part for part in (self.score, how_far) if part)


def standings_of(live: pd.DataFrame) -> dict[str, Standing]:
    """Return what a table of `get_live` says, by id; what it says nothing of is left out."""
    told = live[live["details"].notna()]
    columns: list[list[Any]] = [_plain(told[name]) for name in _TOLD]
    updated = [None if np.isnan(at) else float(at) for at in to_ms(told["updated_at"])]
    return {id_: Standing(*said) for id_, *said in zip(*columns, updated, strict=True)}


def _plain(column: pd.Series[Any]) -> list[Any]:
    values = column.astype(object)
    return values.where(column.notna(), None).to_list()


def standing_facts(standing: Standing, zone: str, labels: Mapping[str, str]) -> dict[str, str]:
    """Return what the details card says of it, by the name of each fact; plain text, not escaped.

    Parameters
    ----------
    standing : Standing
        What is known.
    zone : str
        IANA time zone of the times.
    labels : mapping
        What those who take part are called, by "home", "away" or their id.
    """
    facts = {"Score": standing.words}
    if standing.winner:
        facts["Winner"] = labels.get(standing.winner, standing.winner)
    elif standing.leader and standing.phase != "before":
        facts["Ahead"] = labels.get(standing.leader, standing.leader)
    if facts["Score"] and standing.updated is not None:
        facts["Score"] += f" (as of {format_instants(np.array([standing.updated]), zone)[0]})"
    return {name: said for name, said in facts.items() if said}
