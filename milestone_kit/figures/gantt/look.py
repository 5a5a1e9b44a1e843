"""How big a chart is and how it looks, beyond what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from milestone_kit.figures.colors import Theme
    from milestone_kit.figures.gantt.scene import Scene

__all__ = ["CONFIG", "NARROW", "Look", "base_layout", "lane_pixels"]

NARROW: Final = 760
"""Figures of fewer pixels give their group names less room."""

_MARGIN: Final = {"l": 24, "r": 18, "t": 40, "b": 58}
_LANE_PX: Final = {"labelled": 23.0, "bars": 14.0, "density": 15.0, "empty": 120.0}

CONFIG: Final[dict[str, Any]] = {
    "displaylogo": False,
    "scrollZoom": True,
    "responsive": True,
    "typesetMath": False,
    "showSendToCloud": False,
    "modeBarButtonsToRemove": ["lasso2d", "autoScale2d", "resetScale2d"],
    "toImageButtonOptions": {"filename": "milestones"},
}
"""plotly.js options: nothing is sent anywhere, no TeX, the wheel zooms."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a scene is shown, beyond what is in it.

    `width` is that of the whole figure, `height` the most that the plotting area may take, both in
    pixels. A legend is only worth its room where the group names do not say the same.
    """

    zone: str
    now: float | None
    theme: Theme
    width: int
    grouped: bool
    legend: bool
    height: int

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
    """Return the height of one lane: comfortable where there is room, never more than fits."""
    return min(_LANE_PX[scene.level], height / max(scene.lanes, 1.0))


def base_layout(theme: Theme) -> dict[str, Any]:
    """Return what the layouts of all our figures have in common: a clear ground, quiet text and tools."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 12},
        "dragmode": "pan",
        "hoverlabel": {
            "bgcolor": theme.hover,
            "bordercolor": theme.muted,
            "font": {"color": theme.text, "size": 12},
            "align": "left",
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": theme.muted, "activecolor": theme.text},
    }
