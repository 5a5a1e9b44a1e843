"""Who takes part in the milestone whose card is open: asked for that one only, filled in when it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from milestone_kit.analysis.details import ROLE_KEYS, participants
from milestone_kit.analysis.targets import named_in
from milestone_kit.figures.text import shorten
from milestone_kit.panel.asked import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from milestone_kit.client.client import MilestoneClient

__all__ = ["CardNames", "Named"]

_MOST_KEPT: Final = 200
_WIDEST: Final = 80
_MOST_NAMES: Final = 30


class Named(NamedTuple):
    """Who takes part: as facts of the details card, and what they are called by "home", "away" or id."""

    facts: Mapping[str, str]
    labels: Mapping[str, str]


_NOBODY: Final = Named({}, {})


class CardNames:
    """Keeps the names of the milestones that were looked at, and asks for those of the next one.

    The client keeps names for a month, so that most are there without a request.

    Parameters
    ----------
    client : callable
        Gives the client.
    changed : callable
        Called when names have come.
    """

    def __init__(self, client: Callable[[], MilestoneClient], changed: Callable[[], None]) -> None:
        self._client, self._changed = client, changed
        self._known: dict[str, Named] = {}
        self._failed: str | None = None
        self._asked = ""
        self._question: Question[Named] = Question(self._take, self._fail)

    def of(self, id_: str | None) -> Named:
        """Return the names that are known of a milestone."""
        return _NOBODY if id_ is None else self._known.get(id_, _NOBODY)

    def want(self, id_: str | None, row: Callable[[str], pd.DataFrame]) -> None:
        """Ask who takes part in a milestone, unless that is known or being asked.

        Parameters
        ----------
        id_ : str, optional
            Whose card is open; without one nothing is asked.
        row : callable
            Gives its row as a table: `id` and `details`; none where it is gone.
        """
        if id_ != self._failed:
            self._failed = None  # another card was looked at since: it may be tried again
        if id_ is None or id_ in self._known or id_ == self._failed or self._question.busy:
            return
        table = row(id_)
        if len(table):
            self._asked = id_
            self._question.ask(lambda: _named(self._client(), table))

    def close(self) -> None:
        """Ask nothing any more."""
        self._question.close()

    def _take(self, named: Named) -> None:
        kept = list(self._known.items())[1 - _MOST_KEPT :]
        self._known = {**dict(kept), self._asked: named}
        self._changed()  # which also asks for the card that is open by now

    def _fail(self, _: Exception) -> None:
        self._failed = self._asked
        self._changed()


def _named(client: MilestoneClient, row: pd.DataFrame) -> Named:
    takes_part = {role: of_rows[0] for role, of_rows in participants(row, ROLE_KEYS).items()}
    ids = named_in({role: [ids] for role, ids in takes_part.items()})
    if not ids:
        return _NOBODY
    known = client.get_targets(ids).dropna(subset="label")
    labels = dict(zip(known["id"], known["label"], strict=True))
    facts = {role.capitalize(): _listed(ids, labels) for role, ids in takes_part.items() if ids}
    sides = {role: labels.get(next(iter(takes_part[role]), "")) for role in ("home", "away")}
    return Named(facts, labels | {role: label for role, label in sides.items() if label is not None})


def _listed(ids: Sequence[str], labels: Mapping[str, str]) -> str:
    """Return names in a line; an id that the server does not know stays an id."""
    shown = ", ".join(shorten(labels.get(id_, id_), _WIDEST) for id_ in ids[:_MOST_NAMES])
    more = len(ids) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
