"""A crowded window as plotly traces: per group the silhouette of how many milestones start when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from milestone_kit.figures.colors import tint
from milestone_kit.figures.gantt.hover import bin_words
from milestone_kit.figures.text import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.figures.colors import ColorScale
    from milestone_kit.figures.gantt.look import Look
    from milestone_kit.figures.gantt.scene import Group, Scene, StartCounts

__all__ = ["silhouette_traces"]


def _area_trace(slot: int, label: str, color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": plain(label, 30),
        "legendgroup": str(slot),
        "fill": "toself",
        "fillcolor": tint(color, 0.45),
        "line": {"color": color, "width": 1, "shape": "hv"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _probe_trace(look: Look) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "marker": {"opacity": 0, "size": 14, "color": look.theme.text},
        "showlegend": False,
        "visible": False,
        "x": np.empty(0),
        "y": np.empty(0),
    }


def _heights(density: StartCounts, groups: tuple[Group, ...]) -> NDArray[np.float64]:
    """Return the height of every bin in lanes; of shape (groups, bins)."""
    most = np.maximum(density.counts.max(axis=1, keepdims=True), 1)
    # Roots keep the quiet groups and bins readable beside one that holds 90 % of all rows.
    scaled = np.sqrt(density.counts / most) * (most / most.max()) ** 0.25
    room = np.array([group.bottom - group.top for group in groups])
    heights: NDArray[np.float64] = scaled * room[:, None]
    return heights


def _outline(
    density: StartCounts, heights: NDArray[np.float64], base: float
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Return the outlines of the non-empty runs of bins, each closed and followed by a gap.

    One point a bin: the trace draws the steps between them itself.
    """
    xs, ys = [], []
    filled = np.flatnonzero(heights)
    for run in np.split(filled, np.flatnonzero(np.diff(filled) > 1) + 1):
        edges = density.first + density.step * np.arange(run[0], run[-1] + 2, dtype=np.float64)
        xs.append(np.concatenate([edges[:1], edges, edges[:1], [np.nan]]))
        ys.append(np.concatenate([[base], base - heights[run], [base, base, np.nan]]))
    return xs, ys


def silhouette_traces(scene: Scene, colors: ColorScale, look: Look) -> list[dict[str, Any]]:
    """Return an area trace for each colour slot and the points that bring the hover cards."""
    areas = [
        _area_trace(slot, label, color) | {"x": np.empty(0), "y": np.empty(0), "visible": False}
        for slot, (label, color) in enumerate(zip(colors.labels, look.theme.hues, strict=True))
    ]
    probe = _probe_trace(look)
    density = scene.density
    if density is None or not density.counts.any():
        return [*areas, probe]
    heights = _heights(density, scene.groups)
    for slot in set(density.slots):
        outlines = [
            _outline(density, heights[row], group.bottom)
            for row, group in enumerate(scene.groups)
            if density.slots[row] == slot and density.counts[row].any()
        ]
        if outlines:
            x = np.concatenate([part for xs, _ in outlines for part in xs])
            y = np.concatenate([part for _, ys in outlines for part in ys])
            # arrays travel in binary; a lane needs no more than four bytes
            areas[slot] |= {"x": x, "y": y.astype(np.float32), "visible": True}
    return [*areas, probe | _hover_points(scene, density, heights, look)]


def _hover_points(
    scene: Scene, density: StartCounts, heights: NDArray[np.float64], look: Look
) -> dict[str, Any]:
    groups, window = scene.groups, scene.window
    rows, bins = np.nonzero(density.counts)
    # What lies beside the window is there for dragging, and each point costs the browser an element.
    middles = density.first + density.step * (bins + 0.5)
    here = (middles >= window.start - density.step) & (middles <= window.end + density.step)
    rows, bins = rows[here], bins[here]
    template, begins = bin_words(density, look.zone)
    names = [plain(group.label, 40) or "All" for group in groups]
    bottoms = np.array([group.bottom for group in groups])
    return {
        "x": middles[here],
        "y": (bottoms[rows] - heights[rows, bins] / 2).astype(np.float32),
        "customdata": density.counts[rows, bins].astype(np.float64),
        "hovertext": [names[row] for row in rows],
        "text": [begins[one] for one in bins],
        "hovertemplate": template,
        "visible": True,
    }
