"""The Gantt engine: table, window, pixels and filters in; what to draw out. No plotly, no widgets.

What is drawn is bounded by the pixels, not by the rows: bars with their titles where these fit,
bars alone where there are more, and a density per group where single marks would hide each other.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from milestone_kit.figures.timeaxis import Window, bin_step, to_ms

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.figures.keys import Keys
    from milestone_kit.figures.palette import ColorScale

__all__ = [
    "ASSUMED",
    "MAX_BARS",
    "OPEN",
    "REPORTED",
    "Canvas",
    "Density",
    "GanttIndex",
    "Group",
    "Level",
    "Marks",
    "Scene",
    "lay_out",
]

Level = Literal["labelled", "bars", "density", "empty"]

MAX_BARS: Final = 600
"""More marks than this cost the browser more than 100 ms and hide each other; then density."""

REPORTED, ASSUMED, OPEN = 0, 1, 2
_KINDS: Final = {"reported": REPORTED, "assumed": ASSUMED, "open": OPEN}

_MIN_LANE_PX: Final = 2.8
_LABEL_LANE_PX: Final = 17.0
_GROUP_GAP_LANES: Final = 0.6
_LABEL_LINE_PX: Final = 13.0
_MIN_GROUP_PX: Final = 30.0
_MARKER_PX: Final = 12.0
_CHARACTER_PX: Final = 6.1
_LABEL_PAD_PX: Final = 12.0
_GAP_PX: Final = 4.0
_MAX_LABEL: Final = 44
_BIN_PX: Final = 6.0
_DENSITY_LANES: Final = 3.0


@dataclass(frozen=True, slots=True)
class Canvas:
    """The plotting area in CSS pixels, without margins."""

    width: int
    height: int


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
        start, end = to_ms(timeline["start_date"]), to_ms(timeline["end"])
        kind = timeline["end_source"].map(_KINDS).to_numpy().astype(np.int8)
        # A span that cannot be true is never drawn as a bar: only its start is shown.
        doubtful = timeline["suspect"].to_numpy(dtype=bool) & (kind == REPORTED)
        end = np.where(doubtful, np.nan, end)
        kind = np.where(doubtful, OPEN, kind).astype(np.int8)
        row: NDArray[np.int64] = np.argsort(start, kind="stable")
        start, end = start[row], end[row]
        reach = np.maximum.accumulate(np.fmax(start, end)) if len(row) else start
        return cls(start, end, reach, kind[row], row)

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
    """A horizontal band: its label, how many rows it shows, and its span of lanes (top, bottom)."""

    label: str
    count: int
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Marks:
    """Single milestones; arrays of shape (marks,).

    The title is held at `text_at` pixels of the canvas, by its end where `text_ends`.
    """

    row: NDArray[np.int64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    kind: NDArray[np.int8]
    slot: NDArray[np.int8]
    lane: NDArray[np.float64]
    doubtful: NDArray[np.bool_]
    text_at: NDArray[np.float64]
    text_ends: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Density:
    """Starts per time bin and group; `counts` has shape (groups, bins)."""

    first: float
    step: float
    counts: NDArray[np.int64]
    slots: tuple[int, ...]


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
    at, codes : ndarray of int64, shape (shown,)
        The rows in the window as positions of the index, and the group of each.
    """

    level: Level
    window: Window
    groups: tuple[Group, ...]
    lanes: float
    shown: int
    matching: int
    before: int
    after: int
    marks: Marks | None = None
    density: Density | None = None
    labels: tuple[str, ...] = ()
    at: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    codes: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class _Grouping:
    """The groups present among the visible rows: one code per row, labels by code."""

    codes: NDArray[np.int64]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, keys: Keys | None, rows: NDArray[np.int64], most: int) -> _Grouping:
        if keys is None:
            return cls(np.zeros(len(rows), np.int64), ("",))
        counts = np.bincount(keys.codes[rows], minlength=len(keys.names))
        present = np.flatnonzero(counts)
        ranked = present[np.argsort(-counts[present], kind="stable")]
        kept = ranked if len(ranked) <= most else ranked[: most - 1]
        place = np.full(len(keys.names), len(kept), np.int64)
        place[kept] = np.arange(len(kept))
        labels = tuple(keys.names[code] for code in kept)
        if len(kept) < len(ranked):
            labels = (*labels, f"{len(ranked) - len(kept)} others")
        return cls(place[keys.codes[rows]], labels)


def _pack(
    left: NDArray[np.float64], right: NDArray[np.float64], codes: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.int64], list[int]]:
    """Give each mark the lowest free lane of its group, left to right. For few marks only."""
    lanes = np.zeros(len(left), np.int64)
    busy: list[list[tuple[float, int]]] = [[] for _ in range(groups)]
    free: list[list[int]] = [[] for _ in range(groups)]
    used = [0] * groups
    for i in np.argsort(left, kind="stable"):
        code = codes[i]
        while busy[code] and busy[code][0][0] <= left[i]:
            heapq.heappush(free[code], heapq.heappop(busy[code])[1])
        if free[code]:
            lane = heapq.heappop(free[code])
        else:
            lane, used[code] = used[code], used[code] + 1
        lanes[i] = lane
        heapq.heappush(busy[code], (float(right[i]), lane))
    return lanes, used


def _stack(labels: tuple[str, ...], codes: NDArray[np.int64], heights: list[float]) -> tuple[Group, ...]:
    counts = np.bincount(codes, minlength=len(labels))
    groups, top = [], 0.0
    for label, count, height in zip(labels, counts, heights, strict=True):
        groups.append(Group(label, int(count), top, top + height))
        top += height + _GROUP_GAP_LANES
    return tuple(groups)


def _bands(grouping: _Grouping, used: list[int], height: int) -> tuple[Group, ...]:
    """Stack the groups, none of them lower than the line of text that names it."""
    lane_px = height / (sum(used) + _GROUP_GAP_LANES * len(used))
    least = _LABEL_LINE_PX / max(lane_px, 0.1)
    return _stack(grouping.labels, grouping.codes, [max(float(lanes), least) for lanes in used])


def _pixel_extents(
    index: GanttIndex, at: NDArray[np.int64], window: Window, canvas: Canvas, label_lengths: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return begin and end of each mark with its title, where the title is held, and whether by its end."""
    scale = canvas.width / window.span
    left = (np.maximum(index.start[at], window.start) - window.start) * scale
    right = (np.fmax(index.start[at], index.end[at]) - window.start) * scale
    is_open = index.kind[at] == OPEN
    left = np.where(is_open, left - _MARKER_PX / 2, left)
    right = np.maximum(right, left + np.where(is_open, _MARKER_PX, 3.0))
    labels = np.where(label_lengths > 0, label_lengths * _CHARACTER_PX + _LABEL_PAD_PX, 0.0)
    # A title stands in its bar where it fits, else to the right of it, else to the left.
    inside = ~is_open & (labels <= right - left)
    to_left = ~inside & (right + labels > canvas.width) & (left >= labels)
    text_at = np.where(inside, left + 2, np.where(to_left, left - 2, right + 2))
    begin = np.where(to_left, left - labels, left)
    end = np.where(inside | to_left, right, right + labels)
    return begin, end + np.where(labels > 0, _GAP_PX, 1.0), text_at, to_left


def _density(
    index: GanttIndex, at: NDArray[np.int64], grouping: _Grouping, window: Window, most_bins: int
) -> tuple[float, float, NDArray[np.int64]]:
    step = bin_step(window, most_bins)
    first = np.floor(window.start / step) * step
    bins = int((window.end - first) // step) + 1  # a start right at the window's end is inside
    position = ((index.start[at] - first) // step).astype(np.int64)
    # What began before the window has no start to count in it, and would stand as a false peak.
    begins = index.start[at] >= window.start
    cells = grouping.codes[begins] * bins + position[begins]
    flat = np.bincount(cells, minlength=len(grouping.labels) * bins)
    return float(first), step, flat.reshape(len(grouping.labels), bins)


def _group_slots(colors: ColorScale, row: NDArray[np.int64], grouping: _Grouping) -> tuple[int, ...]:
    """Return one colour slot per group: its own where all its rows share one, else the commonest."""
    slots = colors.slots[row]
    return tuple(
        int(np.bincount(slots[grouping.codes == code], minlength=1).argmax())
        for code in range(len(grouping.labels))
    )


def lay_out(
    index: GanttIndex,
    timeline: pd.DataFrame,
    *,
    chosen: NDArray[np.bool_],
    window: Window,
    canvas: Canvas,
    colors: ColorScale,
    groups: Keys | None,
    max_bars: int = MAX_BARS,
) -> Scene:
    """Decide what to draw in a window.

    Parameters
    ----------
    index : GanttIndex
        Of `timeline`.
    timeline : pandas.DataFrame
        A milestones table with the columns of `compute_timeline`.
    chosen : ndarray of bool, shape (rows,)
        The rows that pass the filters, in table order.
    window : Window
        The span on screen.
    canvas : Canvas
        The plotting area in pixels.
    colors : ColorScale
        The colour slot of every row.
    groups : Keys or None
        The group of every row; None for one band.
    max_bars : int
        The largest number of single marks.

    Returns
    -------
    Scene
        With `marks` at the levels "labelled" and "bars", with `density` at "density".
    """
    at = index.inside(window, chosen)
    matching = int(np.count_nonzero(chosen))
    after = int(np.count_nonzero(chosen[index.row[index.start > window.end]]))
    scene = Scene("empty", window, (), 1.0, len(at), matching, matching - after - len(at), after)
    if not len(at):
        return scene
    grouping = _Grouping.of(groups, index.row[at], max(int(canvas.height / _MIN_GROUP_PX), 1))
    scene = replace(scene, at=at, codes=grouping.codes)
    if len(at) <= max_bars:
        titles = timeline["title"].iloc[index.row[at]]
        lengths = np.minimum(titles.str.len().to_numpy(dtype=np.int64), _MAX_LABEL)
        levels: tuple[tuple[Level, NDArray[np.int64], float], ...] = (
            ("labelled", lengths, _LABEL_LANE_PX),
            ("bars", np.zeros_like(lengths), _MIN_LANE_PX),
        )
        for level, label_lengths, lane_px in levels:
            left, right, text_at, text_ends = _pixel_extents(index, at, window, canvas, label_lengths)
            lanes, used = _pack(left, right, grouping.codes, len(grouping.labels))
            bands = _bands(grouping, used, canvas.height)
            if bands[-1].bottom * lane_px <= canvas.height:
                tops = np.array([band.top for band in bands], dtype=np.float64)
                centre: NDArray[np.float64] = tops[grouping.codes] + lanes + 0.5
                return replace(
                    scene,
                    level=level,
                    groups=bands,
                    lanes=bands[-1].bottom,
                    marks=Marks(
                        row=index.row[at],
                        start=index.start[at],
                        end=index.end[at],
                        kind=index.kind[at],
                        slot=colors.slots[index.row[at]],
                        lane=centre,
                        doubtful=timeline["suspect"].to_numpy(dtype=bool)[index.row[at]],
                        text_at=text_at,
                        text_ends=text_ends,
                    ),
                    labels=tuple(titles) if level == "labelled" else (),
                )
    bands = _stack(grouping.labels, grouping.codes, [_DENSITY_LANES] * len(grouping.labels))
    first, step, counts = _density(index, at, grouping, window, max(int(canvas.width / _BIN_PX), 20))
    density = Density(first, step, counts, _group_slots(colors, index.row[at], grouping))
    return replace(scene, level="density", groups=bands, lanes=bands[-1].bottom, density=density)
