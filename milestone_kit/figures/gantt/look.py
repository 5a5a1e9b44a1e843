"""The measures of a Gantt chart: margins, plotting area, height of a lane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from milestone_kit.figures.gantt.scene import LABEL_LANE_PX
from milestone_kit.figures.layout import NARROW

if TYPE_CHECKING:
    from milestone_kit.figures.colors import Theme
    from milestone_kit.figures.gantt.scene import Scene

__all__ = ["Look", "lane_pixels"]

_MARGIN: Final = {"l": 24, "r": 18, "t": 40, "b": 58}
_LANE_PX: Final = {"labelled": 23.0, "bars": 14.0, "density": 15.0, "empty": 120.0}


@dataclass(frozen=True, slots=True)
class Look:
    """How a scene is shown, beyond what is in it.

    `width` is that of the whole figure, `height` the most that the plotting area may take, both in
    pixels. A legend is only worth its room where the group names do not say the same. `empty` is what
    stands where nothing can be shown.
    """

    zone: str
    now: float | None
    theme: Theme
    width: int
    grouped: bool
    legend: bool
    height: int
    empty: str = "No milestone matches"

    @property
    def margins(self) -> dict[str, int]:
        """Pixels around the plotting area."""
        if not self.grouped:
            return dict(_MARGIN)
        return _MARGIN | {"l": 200 if self.width >= NARROW else 130}

    @property
    def area_width(self) -> int:
        """Pixels of the plotting area from left to right."""
        around = self.margins
        return max(self.width - around["l"] - around["r"], 120)


def lane_pixels(scene: Scene, height: int) -> float:
    """Return the height of one lane: comfortable where there is room, and as low as can be read where not."""
    least = LABEL_LANE_PX if scene.level == "labelled" else 0.0
    return max(min(_LANE_PX[scene.level], height / max(scene.lanes, 1.0)), least)
