"""Outlines around some marks: what is selected, what is news. They lie over the picture and change alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.figures.gantt.scene import OPEN, bar_lengths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.figures.gantt.look import Look
    from milestone_kit.figures.gantt.scene import Scene

__all__ = ["outline_traces"]

_BAR: Final = 0.8


def outline_traces(scene: Scene, chosen: NDArray[np.bool_], color: str, look: Look) -> list[dict[str, Any]]:
    """Return a trace of frames around bars and one around diamonds; both are there also when empty.

    Parameters
    ----------
    scene : Scene
        What is on screen.
    chosen : ndarray of bool, shape (rows,)
        Which rows of the table get an outline.
    color : str
        Its colour.
    look : Look
        How the scene is shown.
    """
    marks = scene.marks
    bars = {"base": np.empty(0), "x": np.empty(0), "y": np.empty(0)}
    points = {"x": np.empty(0), "y": np.empty(0)}
    if marks is not None:
        here = chosen[marks.row] & (np.arange(len(marks.row)) < len(scene.at))
        solid, loose = here & (marks.kind != OPEN), here & (marks.kind == OPEN)
        lengths = bar_lengths(marks.start[solid], marks.end[solid], scene.window, look.area_width)
        bars = {"base": marks.start[solid], "x": lengths, "y": marks.lane[solid]}
        points = {"x": marks.start[loose], "y": marks.lane[loose]}
    quiet = {"hoverinfo": "skip", "showlegend": False}
    frame = {"color": "rgba(0,0,0,0)", "line": {"color": color, "width": 2.4}}
    return [
        {"type": "bar", "orientation": "h", "width": _BAR, "marker": frame, **quiet, **bars},
        {
            "type": "scatter",
            "mode": "markers",
            "marker": {"symbol": "diamond-open", "size": 14, "color": color, "line": {"width": 2.4}},
            **quiet,
            **points,
        },
    ]
