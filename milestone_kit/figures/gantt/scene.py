"""What a Gantt chart is made of: the times of a table as sorted arrays, and a scene ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from milestone_kit.figures.layout import beside
from milestone_kit.figures.time_axis import Window, to_ms

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


__all__ = [
    "ASSUMED",
    "LABEL_LANE_PX",
    "MAX_BARS",
    "OPEN",
    "REPORTED",
    "Canvas",
    "DetailLevel",
    "GanttIndex",
    "Group",
    "Marks",
    "Scene",
    "StartCounts",
    "bar_lengths",
    "scene_words",
]

DetailLevel = Literal["labelled", "bars", "density", "empty"]

LABEL_LANE_PX: Final = 17.0
"""The least height of a lane whose titles can be read."""

MAX_BARS: Final = 400
"""More marks than this cost the browser some 90 ms and the wire 100 kB, and hide each other."""

REPORTED, ASSUMED, OPEN = 0, 1, 2
_THINNEST_PX: Final = 3.0
_KINDS: Final = {"reported": REPORTED, "live": REPORTED, "assumed": ASSUMED, "open": OPEN}
"""How an end is drawn, by its source; that a game is over is reported by its live data as well."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """The plotting area in CSS pixels, without margins.

    `height` is what can be seen at one time, `tallest` how high lanes with titles may become where they can
    be scrolled through; 0 where they cannot.
    """

    width: int
    height: int
    tallest: int = 0

    def room(self, level: DetailLevel) -> int:
        """Return how high lanes may become at a level of detail."""
        return max(self.height, self.tallest) if level == "labelled" else self.height


@dataclass(frozen=True, slots=True)
class GanttIndex:
    """A table's times as sorted arrays, so that a window is two binary searches away.

    All arrays have shape (rows,) and are sorted by start; `row` leads back to the table.

    Attributes
    ----------
    start, end : ndarray of float64
        Milliseconds UTC; `end` is NaN where open.
    reach : ndarray of float64
        Running maximum of the end (of the start where open): non-decreasing.
    kind : ndarray of int8
        REPORTED, ASSUMED or OPEN.
    row : ndarray of int64
        Position in the table.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    reach: NDArray[np.float64]
    kind: NDArray[np.int8]
    row: NDArray[np.int64]

    @classmethod
    def of(cls, timeline: pd.DataFrame) -> GanttIndex:
        """Build the index from a table with the columns of `compute_timeline`."""
        start = to_ms(timeline["start_date"])
        row: NDArray[np.int64] = np.argsort(start, kind="stable")
        return cls._of_sorted(timeline, start[row], row)

    def retimed(self, timeline: pd.DataFrame) -> GanttIndex:
        """Return the index of the same rows with other ends."""
        return self._of_sorted(timeline, self.start, self.row)

    @classmethod
    def _of_sorted(
        cls, timeline: pd.DataFrame, start: NDArray[np.float64], row: NDArray[np.int64]
    ) -> GanttIndex:
        source = timeline["end_source"].cat
        kind = np.array([_KINDS[name] for name in source.categories], np.int8)[source.codes]
        end = to_ms(timeline["end"])
        # A span that cannot be true is never drawn as a bar: only its start is shown.
        doubtful = timeline["suspect"].to_numpy(dtype=bool) & (kind == REPORTED)
        end = np.where(doubtful, np.nan, end)[row]
        kind = np.where(doubtful, OPEN, kind).astype(np.int8)[row]
        reach = np.maximum.accumulate(np.fmax(start, end)) if len(row) else start
        return cls(start, end, reach, kind, row)

    def inside(self, window: Window, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the index positions that touch the window and are chosen.

        Parameters
        ----------
        window : Window
            The span on screen.
        chosen : ndarray of bool, shape (rows,)
            In table order.
        """
        low = int(np.searchsorted(self.reach, window.start, side="left"))
        high = int(np.searchsorted(self.start, window.end, side="right"))
        near = np.arange(low, max(high, low))
        touches = np.fmax(self.start[near], self.end[near]) >= window.start
        return near[touches & chosen[self.row[near]]]


@dataclass(frozen=True, slots=True)
class Group:
    """A horizontal band: its label, how many rows it has, its span of lanes (top, bottom), whether folded."""

    label: str
    count: int
    top: float
    bottom: float
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """Single milestones; arrays of shape (marks,).

    First those in the window, in the order of `Scene.at`, then some to both sides of it, which come
    into view when the chart is dragged. `tier` is the lane within the group `code`, `lane` the middle
    of it in lanes from the top. The title is held at `text_at` pixels of the canvas, by its end where
    `text_ends`.
    """

    row: NDArray[np.int64]
    code: NDArray[np.int64]
    tier: NDArray[np.int64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    kind: NDArray[np.int8]
    slot: NDArray[np.int8]
    lane: NDArray[np.float64]
    doubtful: NDArray[np.bool_]
    text_at: NDArray[np.float64]
    text_ends: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StartCounts:
    """How many milestones start in each time bin of each group, or are on in it.

    Attributes
    ----------
    first, step : float
        Where the bins begin and how wide they are, in milliseconds.
    counts : ndarray of int64, shape (groups, bins)
    slots : tuple of int
        The colour of each group.
    on : bool
        Whether those are counted that are on in a bin, and not those that start in it.
    """

    first: float
    step: float
    counts: NDArray[np.int64]
    slots: tuple[int, ...]
    on: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """All that one picture needs.

    Attributes
    ----------
    level : {"labelled", "bars", "density", "empty"}
        How much detail fits.
    window : Window
        The span on screen.
    groups : tuple of Group
        Top to bottom.
    lanes : float
        Height of the picture in lanes.
    shown, matching, before, after : int
        Rows in the window, rows that match the filters, and those of them that lie before and
        after the window.
    at, codes : ndarray of int64, shape (drawn,)
        The rows in the window as positions of the index, and the group of each; at the levels "labelled"
        and "bars" those of folded groups are not among them.
    """

    level: DetailLevel
    window: Window
    groups: tuple[Group, ...]
    lanes: float
    shown: int
    matching: int
    before: int
    after: int
    marks: Marks | None = None
    density: StartCounts | None = None
    labels: tuple[str, ...] = ()
    at: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    codes: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


def _counts_on(scene: Scene) -> bool:
    return scene.density is not None and scene.density.on


def scene_words(scene: Scene) -> str:
    """Return how many of how many rows are on screen, and at which level of detail."""
    level = {
        "labelled": "each shown with its title",
        "bars": "each shown as a mark",
        "density": "shown as how many are on when" if _counts_on(scene) else "shown as how many start when",
        "empty": "none in this window",
    }[scene.level]
    folded = sum(group.count for group in scene.groups if group.folded)
    outside = beside(scene.before, scene.after, f"{folded:,} in folded groups" if folded else "")
    return f"{scene.shown:,} of {scene.matching:,} milestones, {level}{outside}"


def bar_lengths(
    start: NDArray[np.float64], end: NDArray[np.float64], window: Window, width: int
) -> NDArray[np.float64]:
    """Return how long bars are drawn, in milliseconds: none is thinner than can be seen and hit."""
    return np.maximum(end - start, _THINNEST_PX * window.span / max(width, 1))
