"""Which milestones a box on the chart holds, worked out from the scene and never from the drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.figures.gantt.scene import GanttIndex, Scene

__all__ = ["Box", "rows_in_box"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the chart: milliseconds UTC from left to right, lanes from top to bottom."""

    left: float
    right: float
    top: float
    bottom: float

    @classmethod
    def between(cls, x: tuple[float, float], y: tuple[float, float]) -> Box:
        """Return the box with two opposite corners, in any order."""
        return cls(min(x), max(x), min(y), max(y))


def rows_in_box(scene: Scene, index: GanttIndex, box: Box) -> NDArray[np.int64]:
    """Return the table positions of the milestones in a box, by start.

    Single marks count when they touch the box; in a silhouette those count that start within its
    time, or are on in it where that is drawn, in the groups that it touches.

    Parameters
    ----------
    scene : Scene
        What is on screen.
    index : GanttIndex
        That it was laid out from.
    box : Box
        The rectangle.

    Returns
    -------
    ndarray of int64
        Positions in the table.
    """
    at, start = scene.at, index.start[scene.at]
    if scene.marks is not None:
        lane = scene.marks.lane[: len(at)]  # those beside the window are not on screen
        last = np.fmax(start, index.end[at])
        inside = (
            (start <= box.right) & (last >= box.left) & (lane + 0.4 >= box.top) & (lane - 0.4 <= box.bottom)
        )
    else:
        tops = np.array([group.top for group in scene.groups])
        bottoms = np.array([group.bottom for group in scene.groups])
        touched = (tops <= box.bottom) & (bottoms >= box.top)
        on = scene.density is not None and scene.density.on
        reach = np.fmax(start, index.end[at]) if on else start
        inside = (reach >= box.left) & (start <= box.right)
        inside &= touched[scene.codes] if len(at) else False
    rows: NDArray[np.int64] = index.row[at[inside]]
    return rows
