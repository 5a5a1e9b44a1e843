"""What one user asks of an explorer: the state that is saved, and what is pointed at meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from milestone_kit.panel.news import News
from milestone_kit.panel.state import PanelState, Sort

if TYPE_CHECKING:
    from milestone_kit.figures.time_axis import Window

__all__ = ["FIRST_WIDTH", "Screen", "Session", "Sort"]

FIRST_WIDTH: Final = 860
"""Pixels of the figure until the browser has told how many there are."""


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
    held : Window, optional
        What a window that is not given by dates came to when it was last asked for; it stays while rows come
        and time goes by.
    watch : tuple of str
        Tickers and ids that the user watches, as `read_watch` returns them.
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
    held: Window | None = None
    watch: tuple[str, ...] = ()
    news: News = field(default_factory=News)
    told: tuple[str, frozenset[str]] | None = None

    @property
    def order(self) -> Sort:
        """In which order rows are listed: an agenda goes by when they begin."""
        return Sort() if self.state.form == "agenda" else self.state.sort

    @property
    def sort(self) -> Sort:
        """The order of the table view."""
        return self.state.sort

    @property
    def windowed(self) -> bool:
        """Whether the table view shows only what the chart's window holds."""
        return self.state.windowed

    def turned(self, page: int | None = None) -> Session:
        """Return the session with the table view on a page of its own count, without one on that of now."""
        return replace(self, page=page, lead=0)
