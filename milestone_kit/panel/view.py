"""`View`: everything that the widgets show for one session, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from milestone_kit.figures.gantt.look import Look
    from milestone_kit.figures.gantt.scene import Scene
    from milestone_kit.panel.reproduce import Recipe
    from milestone_kit.panel.session import Screen, Session

__all__ = ["Chart", "Choices", "Strip", "View"]


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """The picture: what is in it, how it looks, both as plotly takes them, and the outlines on top."""

    scene: Scene
    look: Look
    traces: list[dict[str, Any]]
    layout: dict[str, Any]
    outlines: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen, and how many rows each choice would leave given the other filters.

    Attributes
    ----------
    lists : list of dict
        The check lists, as `FacetList.facets` takes them.
    flags : dict of str to int
        Of "simulated", "placeholder" and "has_end", how many rows are so.
    """

    lists: list[dict[str, Any]]
    flags: dict[str, int]


@dataclass(frozen=True, slots=True)
class Strip:
    """The overview above the chart; each field is a trait of `Overview`, which tells its meaning."""

    counts: list[int]
    span: list[float]
    window: list[float]
    marks: list[dict[str, Any]]
    now: float


@dataclass(frozen=True, eq=False)
class View:
    """What a table shows for a session on a screen.

    A part that is the same as in the view before is the same object, so that only what differs needs
    to be sent.

    Attributes
    ----------
    session : Session
        What was asked for.
    screen : Screen
        Where it is shown.
    rows : ndarray of int64
        Positions of the rows that pass the filters, in the order of the table view; while it lists news,
        only of these.
    listed : ndarray of int64
        Those of them that the table view shows: all, or what the window of the chart holds.
    chart : Chart
        The Gantt chart.
    summary : str
        The line at the top, as safe HTML.
    strip : Strip
        The overview.
    table : dict
        One page, as `PagedTable.view` takes it.
    watched : dict
        The milestones that the user watches, as `WatchedRows.view` takes them; empty without a watchlist.
    card : str
        The details of the picked milestone, as safe HTML; "" without one.
    recipe : Recipe
        What the Python is made from that makes the same view.
    """

    session: Session
    screen: Screen
    rows: NDArray[np.int64]
    listed: NDArray[np.int64]
    chart: Chart
    summary: str
    strip: Strip
    table: dict[str, Any]
    watched: dict[str, Any]
    card: str
    recipe: Recipe
    count_choices: Callable[[], Choices] = field(repr=False)

    @cached_property
    def choices(self) -> Choices:
        """What can be chosen: counted when first looked at, once the chart is on its way."""
        return self.count_choices()
