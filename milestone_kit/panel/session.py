"""What one user asks of an explorer: the state that is saved, and what is pointed at meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from milestone_kit.panel.news import News
from milestone_kit.panel.state import PanelState

if TYPE_CHECKING:
    from milestone_kit.figures.time_axis import Window

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
    lead : int
        How many rows the first page of the table view is short of: where its pages begin.
    sort : Sort
        The order of the table view.
    windowed : bool
        Whether the table view shows only what the chart's window holds.
    held : Window, optional
        The window that fitted when that was last asked for; it stays while rows come and time goes by.
    news : News
        What has changed and was not looked at yet.
    told : pair of str and frozenset of str, optional
        The kind of news whose rows alone the table view lists, and their ids.
    """

    state: PanelState = field(default_factory=PanelState)
    selected: frozenset[str] = frozenset()
    picked: str | None = None
    page: int | None = None
    lead: int = 0
    sort: Sort = Sort()
    windowed: bool = True
    held: Window | None = None
    news: News = field(default_factory=News)
    told: tuple[str, frozenset[str]] | None = None

    @property
    def order(self) -> Sort:
        """In which order rows are listed: an agenda goes by when they begin."""
        return Sort() if self.state.form == "agenda" else self.sort

    def turned(self, page: int | None = None) -> Session:
        """Return the session with the table view on a page of its own count, without one on that of now."""
        return replace(self, page=page, lead=0)
