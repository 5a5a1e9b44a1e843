"""Bring a picture up to date where a few marks have changed: without laying it out anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.figures.gantt.hover import mark_cards
from milestone_kit.figures.gantt.scene import Marks, bar_lengths

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.figures.gantt.look import Look
    from milestone_kit.figures.gantt.scene import GanttIndex, Scene
    from milestone_kit.figures.time_axis import Window

__all__ = ["outdated", "retouched"]

_VISIBLE_PX: Final = 4.0
_TITLE_PX: Final = 2.0


def outdated(scene: Scene, index: GanttIndex, told: NDArray[np.bool_], width: int) -> NDArray[np.int64]:
    """Return which of the marks on screen do not show what is so any more.

    Parameters
    ----------
    scene : Scene
        What is on screen.
    index : GanttIndex
        As it is now.
    told : ndarray of bool, shape (rows,)
        Where the table says something else than when the scene was made, beside the ends.
    width : int
        Pixels of the plotting area.

    Returns
    -------
    ndarray of int64
        Positions among the marks in the window.
    """
    if scene.marks is None:
        return np.empty(0, np.int64)
    count, at = len(scene.at), scene.at
    drawn, now = scene.marks.end[:count], index.end[at]
    far = abs(now - drawn) > _VISIBLE_PX * scene.window.span / width
    # beyond the right edge nobody sees an end move
    seen = np.fmin(drawn, now) <= scene.window.end
    changed = (far & seen) | (np.isnan(now) != np.isnan(drawn)) | told[index.row[at]]
    return np.flatnonzero(changed)


def retouched(
    scene: Scene,
    traces: list[dict[str, Any]],
    which: NDArray[np.int64],
    *,
    index: GanttIndex,
    timeline: pd.DataFrame,
    look: Look,
) -> tuple[Scene, list[dict[str, Any]]] | None:
    """Return scene and traces with some marks as they are now, or None where that asks for another layout.

    Parameters
    ----------
    scene : Scene
        What is on screen; with single marks.
    traces : list of dict
        As `draw_traces` made them of it.
    which : ndarray of int64
        As `outdated` tells them.
    index, timeline
        As they are now.
    look : Look
        How it is shown.
    """
    marks, at = scene.marks, scene.at
    places = at[which]
    assert marks is not None
    end, kind = index.end[places], index.kind[places]
    if (kind != marks.kind[which]).any():
        return None
    pixel = scene.window.span / look.area_width
    last = _room(marks, which, end)
    now = replace(marks, end=marks.end.copy(), text_at=marks.text_at.copy())
    now.text_at[which] += _title_moves(marks, which, last, scene.window, pixel)
    now.end[which] = end
    some = Marks(**{name: getattr(now, name)[which] for name in Marks.__slots__})
    cards = mark_cards(some, len(which), timeline, look.zone)
    ids = timeline["id"].iloc[marks.row[which]]
    lengths = bar_lengths(marks.start[which], last, scene.window, look.area_width)
    new = {id_: (card, length) for id_, card, length in zip(ids, cards, lengths, strict=True)}
    scene = replace(scene, marks=now)
    return scene, [_touched(trace, new, scene, pixel) for trace in traces]


def _title_moves(
    marks: Marks, which: NDArray[np.int64], end: NDArray[np.float64], window: Window, pixel: float
) -> NDArray[np.float64]:
    """Return by how many pixels the titles move that stand to the right of their bars."""
    right = (marks.end[which] - window.start) / pixel
    beside = ~marks.text_ends[which] & (abs(marks.text_at[which] - right - _TITLE_PX) < 1)
    return np.where(beside & ~np.isnan(end), (end - window.start) / pixel - right, 0.0)


def _room(marks: Marks, which: NDArray[np.int64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each mark is drawn: a bar that has grown ends where the next of its lane begins."""
    last = end.copy()
    for place, mark in enumerate(which):
        same = (marks.code == marks.code[mark]) & (marks.tier == marks.tier[mark])
        after = marks.start[same & (marks.start > marks.start[mark])]
        if len(after):
            last[place] = np.fmin(last[place], max(after.min(), marks.start[mark]))
    return last


def _touched(
    trace: dict[str, Any], new: dict[str, tuple[str, float]], scene: Scene, pixel: float
) -> dict[str, Any]:
    """Return a trace as it is now; the same object where nothing of it has changed."""
    if trace.get("mode") == "text" and scene.labels and scene.marks is not None:
        x = scene.window.start + scene.marks.text_at[: len(scene.labels)] * pixel
        return trace if np.array_equal(x, trace["x"]) else trace | {"x": x}
    ids = trace.get("customdata")
    if not isinstance(ids, list):
        return trace
    hit = [place for place, id_ in enumerate(ids) if id_ in new]
    if not hit:
        return trace
    cards, touched = list(trace["hovertext"]), {}
    for place in hit:
        cards[place] = new[ids[place]][0]
    if trace["type"] == "bar":
        x = trace["x"].copy()
        x[hit] = [new[ids[place]][1] for place in hit]
        touched["x"] = x
    return trace | touched | {"hovertext": cards}
