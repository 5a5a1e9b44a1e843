"""What one user asks of an explorer: the state that is saved, and what is pointed at meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from milestone_kit.panel.state import PanelState

__all__ = ["FIRST_WIDTH", "Screen", "Session", "Sort"]

FIRST_WIDTH: Final = 860
"""Pixels of the figure until the browser has told how many there are."""


@dataclass(frozen=True, slots=True)
class Sort:
    """The order of the table view: by which column, and which way."""

    column: str = "start_date"
    ascending: bool = True

    def by(self, column: str) -> Sort:
        """Return the order by a column; by the same one again, the other way round."""
        return Sort(column, not self.ascending if column == self.column else True)


@dataclass(frozen=True, slots=True)
class Screen:
    """What the browser says of itself: how many pixels the figure may take, and whether they are dark."""

    width: int = FIRST_WIDTH
    dark: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """All that a user has asked for; with a table and a screen, it makes a view.

    Attributes
    ----------
    state : PanelState
        Filters and view: the part that is saved and set back.
    selected : frozenset of str
        Ids of the milestones that were clicked or boxed.
    picked : str, optional
        The id whose card is open.
    page : int, optional
        The page of the table view; without one, that of now.
    sort : Sort
        The order of the table view.
    """

    state: PanelState = field(default_factory=PanelState)
    selected: frozenset[str] = frozenset()
    picked: str | None = None
    page: int | None = None
    sort: Sort = Sort()
