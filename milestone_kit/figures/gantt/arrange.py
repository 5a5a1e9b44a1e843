"""The Gantt engine: table, window, pixels and filters in; what to draw out. No plotly, no widgets.

What is drawn is bounded by the pixels, not by the rows: bars with their titles where these fit,
bars alone where there are more, and a density per group where single marks would hide each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.figures.gantt.counts import count_on, count_starts
from milestone_kit.figures.gantt.grouping import (
    Grouping,
    group_slots,
    stack,
    stack_of_lanes,
    with_band,
)
from milestone_kit.figures.gantt.lanes import NOWHERE, fill_lanes, pack_lanes
from milestone_kit.figures.gantt.scene import (
    LABEL_LANE_PX,
    MAX_BARS,
    OPEN,
    Canvas,
    DetailLevel,
    GanttIndex,
    Group,
    Marks,
    Scene,
    StartCounts,
)
from milestone_kit.figures.time_axis import DAY, Window, bin_step

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.analysis.groups import Keys
    from milestone_kit.figures.colors import ColorScale

__all__ = ["CHARACTER_PX", "LABEL_PAD_PX", "MAX_LABEL", "lay_out"]


_MIN_LANE_PX: Final = 2.8
_MIN_GROUP_PX: Final = 30.0
_MARKER_PX: Final = 12.0
CHARACTER_PX: Final = 6.1
LABEL_PAD_PX: Final = 12.0
_GAP_PX: Final = 4.0
MAX_LABEL: Final = 44
_BIN_PX: Final = 6.0
_DENSITY_LANES: Final = 3.0
_SAME_ZOOM: Final = 0.01
_SHORT: Final = 2 * DAY


def _pixel_extents(
    index: GanttIndex, at: NDArray[np.int64], window: Window, canvas: Canvas, label_lengths: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return begin and end of each mark with its title, where the title is held, and whether by its end."""
    scale = canvas.width / window.span
    last = np.fmax(index.start[at], index.end[at])
    # A bar that began long ago is held at the left edge, so that its title can be read.
    begin = np.where(last >= window.start, np.maximum(index.start[at], window.start), index.start[at])
    left = (begin - window.start) * scale
    right = (last - window.start) * scale
    is_open = index.kind[at] == OPEN
    left = np.where(is_open, left - _MARKER_PX / 2, left)
    right = np.maximum(right, left + np.where(is_open, _MARKER_PX, 3.0))
    labels = np.where(label_lengths > 0, label_lengths * CHARACTER_PX + LABEL_PAD_PX, 0.0)
    # A title stands in its bar where it fits, else to the right of it, else to the left.
    inside = ~is_open & (labels <= right - left)
    to_left = ~inside & (right + labels > canvas.width) & (left >= labels) & (left < canvas.width)
    text_at = np.where(inside, left + 2, np.where(to_left, left - 2, right + 2))
    outer_left = np.where(to_left, left - labels, left)
    outer_right = np.where(inside | to_left, right, right + labels)
    return outer_left, outer_right + np.where(labels > 0, _GAP_PX, 1.0), text_at, to_left


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is asked for; see `lay_out`."""

    index: GanttIndex
    timeline: pd.DataFrame
    chosen: NDArray[np.bool_]
    window: Window
    canvas: Canvas
    colors: ColorScale
    groups: Keys | None
    max_bars: int
    beside: float
    before: Scene | None

    def around(self, at: NDArray[np.int64], most: int) -> NDArray[np.int64]:
        """Return the rows to both sides of the window, which holds those `at`; the nearest first come."""
        if not self.beside:
            return at[:0]
        wide = self.index.inside(self.window.padded(self.beside), self.chosen)
        outside = np.setdiff1d(wide, at, assume_unique=True)
        middle = (self.window.start + self.window.end) / 2
        nearest = np.argsort(np.abs(self.index.start[outside] - middle), kind="stable")
        return outside[nearest[: max(most, 0)]]

    def stood(
        self, at: NDArray[np.int64], own: NDArray[np.int64], labels: tuple[str, ...], level: DetailLevel
    ) -> NDArray[np.int64] | None:
        """Return the lanes of the scene before, where the window has only moved since."""
        before = self.before
        if before is None or before.marks is None or before.level != level:
            return None
        if abs(before.window.span / self.window.span - 1) > _SAME_ZOOM:
            return None
        names = [group.label for group in before.groups]
        marks, count = before.marks, len(before.at)  # only what was on screen is seen to move
        columns = (marks.row[:count], marks.code[:count], marks.tier[:count])
        tiers = {(int(row), names[code]): int(tier) for row, code, tier in zip(*columns, strict=True)}
        rows = zip(self.index.row[at].tolist(), own.tolist(), strict=True)
        return np.array([tiers.get((row, labels[code]), NOWHERE) for row, code in rows], np.int64)

    def marks(self, scene: Scene, grouping: Grouping, level: DetailLevel, lane_px: float) -> Scene | None:
        """Return the scene with single marks, or None where they do not fit."""
        unfolded = ~grouping.folded[grouping.codes]
        at, codes = scene.at[unfolded], grouping.codes[unfolded]  # noqa: PD008 - positions, not a frame
        room = self.canvas.room(level)
        lengths = self.label_lengths(at) if level == "labelled" else np.zeros(len(at), np.int64)
        extents = _pixel_extents(self.index, at, self.window, self.canvas, lengths)
        # what goes on all the time says least about it, and stands below
        last = (self.index.start[at] < self.window.start) & (self.index.end[at] > self.window.end)
        stood = self.stood(at, codes, grouping.labels, level)

        def packed(stood: NDArray[np.int64] | None) -> tuple[NDArray[np.int64], list[int], tuple[Group, ...]]:
            lanes, used = pack_lanes(*extents[:2], codes, len(grouping.labels), stood, last=last)
            high = [1 if folded else lanes for lanes, folded in zip(used, grouping.folded, strict=True)]
            return lanes, used, stack_of_lanes(grouping, high, room)

        lanes, used, bands = packed(stood)
        if stood is not None and bands[-1].bottom * lane_px > room:
            lanes, used, bands = packed(None)
        if bands[-1].bottom * lane_px > room:
            return None
        around = self.around(scene.at, self.max_bars - len(at))
        beside = grouping.of_rows(self.groups, self.index.row[around])
        around, beside = around[beside != NOWHERE], beside[beside != NOWHERE]
        # They bring no title: it would reach into the window without its mark.
        untitled = np.zeros(len(around), np.int64)
        outer = _pixel_extents(self.index, around, self.window, self.canvas, untitled)
        # groups that are folded have no lane to fill
        filled = fill_lanes(*outer[:2], beside, (*extents[:2], codes, lanes), used)
        fits = filled != NOWHERE
        every = np.concatenate([at, around[fits]])
        code = np.concatenate([codes, beside[fits]])
        tier = np.concatenate([lanes, filled[fits]])
        row = self.index.row[every]
        tops = np.array([band.top for band in bands], dtype=np.float64)
        marks = Marks(
            row=row,
            code=code,
            tier=tier,
            start=self.index.start[every],
            end=self.index.end[every],
            kind=self.index.kind[every],
            slot=self.colors.slots[row],
            lane=tops[code] + tier + 0.5,
            doubtful=self.timeline["suspect"].to_numpy(dtype=bool)[row],
            text_at=np.concatenate([extents[2], outer[2][fits]]),
            text_ends=np.concatenate([extents[3], outer[3][fits]]),
        )
        labels = tuple(self.timeline["title"].iloc[row[: len(at)]]) if level == "labelled" else ()
        # A chart that is dragged does not shrink under the pointer.
        least = self.before.lanes if self.before is not None and stood is not None else 0.0
        height = max(bands[-1].bottom, min(least, room / lane_px))
        marked = replace(
            scene, level=level, groups=bands, lanes=height, marks=marks, labels=labels, at=at, codes=codes
        )
        return self.with_silhouettes(marked, scene, grouping, of=grouping.folded)

    def label_lengths(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many characters the title of each row takes."""
        titles = self.timeline["title"].iloc[self.index.row[at]]
        return np.minimum(titles.str.len().to_numpy(dtype=np.int64), MAX_LABEL)

    def density(self, scene: Scene, grouping: Grouping) -> Scene:
        """Return the scene with a silhouette per group."""
        bands = stack(grouping, [1.0 if folded else _DENSITY_LANES for folded in grouping.folded])
        drawn = replace(scene, level="density", groups=bands, lanes=bands[-1].bottom)
        return self.with_silhouettes(drawn, scene, grouping, of=np.ones(len(bands), bool))

    def with_silhouettes(
        self, drawn: Scene, whole: Scene, grouping: Grouping, *, of: NDArray[np.bool_]
    ) -> Scene:
        """Return a scene with the silhouettes of some groups; `whole` has all rows in the window."""
        if not of.any():
            return drawn
        step = bin_step(self.window, max(int(self.canvas.width / _BIN_PX), 20))
        span = self.window.padded(self.beside) if self.beside else self.window
        at, codes = whole.at, grouping.codes
        if self.beside:
            at = self.index.inside(span, self.chosen)
            codes = grouping.of_rows(self.groups, self.index.row[at])
        codes = np.where((codes == NOWHERE) | ~of[codes], NOWHERE, codes)
        # in a short window most of what is on has begun before: starts alone would leave it blank
        on = self.window.span < _SHORT
        spans = (self.index.start[at], self.index.end[at])
        count = count_on if on else count_starts
        first, counts = count(spans, codes, len(grouping.labels), span, step)
        slots = group_slots(self.colors, self.index.row[whole.at], grouping)
        return replace(drawn, density=StartCounts(first, step, counts, slots, on))


def lay_out(
    index: GanttIndex,
    timeline: pd.DataFrame,
    *,
    chosen: NDArray[np.bool_],
    window: Window,
    canvas: Canvas,
    colors: ColorScale,
    groups: Keys | None,
    watched: NDArray[np.bool_] | None = None,
    max_bars: int = MAX_BARS,
    beside: float = 0.0,
    before: Scene | None = None,
    folded: Collection[str] = (),
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
    watched : ndarray of bool, shape (rows,), optional
        Rows that get a band of their own, above the groups.
    max_bars : int
        The largest number of single marks.
    beside : float
        How much of the window's span is drawn to each side of it as well, as far as there is room, so
        that dragging does not show blank edges.
    before : Scene, optional
        What is on screen. Where the window has only moved since, marks keep their lanes.
    folded : collection of str
        Groups that take one line each, with a silhouette in place of single marks.

    Returns
    -------
    Scene
        With `marks` at the levels "labelled" and "bars", with `density` at "density" and where groups
        are folded.
    """
    at = index.inside(window, chosen)
    matching = int(np.count_nonzero(chosen))
    after = int(np.count_nonzero(chosen[index.row[index.start > window.end]]))
    scene = Scene("empty", window, (), 1.0, len(at), matching, matching - after - len(at), after)
    if not len(at):
        return scene
    throughout = (index.start[at] < window.start) & (index.end[at] > window.end)
    groups, top = (groups, NOWHERE) if watched is None else with_band(groups, watched)

    picture = _Picture(index, timeline, chosen, window, canvas, colors, groups, max_bars, beside, before)

    def grouping_for(level: DetailLevel) -> Grouping:
        most = max(int(canvas.room(level) / _MIN_GROUP_PX), 1)
        return Grouping.of(groups, index.row[at], most, throughout, folded=folded, top=top)

    levels: tuple[tuple[DetailLevel, float], ...] = (("labelled", LABEL_LANE_PX), ("bars", _MIN_LANE_PX))
    # grouping all rows takes its time: in a crowded window only where some may be folded
    for level, lane_px in levels if folded or len(at) <= max_bars else ():
        grouping = grouping_for(level)
        if len(at) - int(grouping.folded[grouping.codes].sum()) > max_bars:
            break
        found = picture.marks(replace(scene, at=at, codes=grouping.codes), grouping, level, lane_px)
        if found is not None:
            return found
    grouping = grouping_for("density")
    return picture.density(replace(scene, at=at, codes=grouping.codes), grouping)
