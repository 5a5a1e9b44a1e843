"""Single milestones as plotly traces: bars, diamonds and their titles, one colour slot a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.figures.colors import ColorScale, tint
from milestone_kit.figures.gantt.arrange import MAX_LABEL
from milestone_kit.figures.gantt.hover import mark_cards
from milestone_kit.figures.gantt.look import Look, lane_pixels
from milestone_kit.figures.gantt.scene import ASSUMED, OPEN, Marks, Scene, bar_lengths
from milestone_kit.figures.text import plain, plain_all

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.figures.time_axis import Window

__all__ = ["label_trace", "mark_traces"]

_THIN_PX: Final = 8.0
_NARROW_PX: Final = 10.0
_NO_MARKS: Final = Marks(
    **{
        name: np.empty(0, kind)
        for kind, names in {
            np.int64: ("row", "code", "tier"),
            np.int8: ("kind", "slot"),
            np.float64: ("start", "end", "lane", "text_at"),
            np.bool_: ("doubtful", "text_ends"),
        }.items()
        for name in names
    }
)


def _bar_trace(slot: int, label: str, color: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": plain(label, 30),
        "legendgroup": str(slot),
        "marker": {
            "color": tint(color, 0.5),
            "line": {"color": color, "width": 1},
            # light enough for the title that stands on it
            "pattern": {
                "fgcolor": tint(color, 0.45),
                "bgcolor": tint(color, 0.12),
                "size": 8,
                "solidity": 0.2,
            },
        },
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _point_trace(slot: int, label: str, color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(label, 30),
        "legendgroup": str(slot),
        "marker": {
            "symbol": "diamond",
            "size": 10,
            "color": tint(color, 0.55),
            "line": {"color": color, "width": 1.2},
        },
        "cliponaxis": True,
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _bars_of(marks: Marks, chosen: NDArray[np.bool_], window: Window, width: int) -> dict[str, Any]:
    length = bar_lengths(marks.start[chosen], marks.end[chosen], window, width)
    return {
        "base": marks.start[chosen],
        "x": length,
        "y": marks.lane[chosen],
        "width": np.full(int(chosen.sum()), 0.72),
    }


def _mark_assumed(
    marker: dict[str, Any], assumed: NDArray[np.bool_], color: str, *, thin: bool, narrow: NDArray[np.bool_]
) -> None:
    """Hatch the assumed ends; where a bar is too thin or too narrow for a hatch, fade them."""
    if thin:
        marker["line"]["width"] = 0
        marker["color"] = tint(color, 0.9)
        marker["opacity"] = np.where(assumed, 0.5, 1.0)
        marker["pattern"]["shape"] = ""
    else:
        marker["opacity"] = np.where(assumed & narrow, 0.5, 1.0)
        marker["pattern"]["shape"] = ["/" if guess else "" for guess in assumed]


def mark_traces(scene: Scene, timeline: pd.DataFrame, colors: ColorScale, look: Look) -> list[dict[str, Any]]:
    """Return a trace of bars, then a trace of diamonds, for each colour slot; the unused are invisible."""
    marks = scene.marks or _NO_MARKS
    # What lies beside the window is drawn for dragging only: it needs no card, and no click reaches it.
    cards, ids = np.full((2, len(marks.row)), "", dtype=object)
    cards[: len(scene.at)] = mark_cards(marks, len(scene.at), timeline, look.zone)
    ids[: len(scene.at)] = timeline["id"].iloc[marks.row[: len(scene.at)]]
    thin = lane_pixels(scene, look.height) < _THIN_PX
    bars, points = [], []
    for slot, (label, color) in enumerate(zip(colors.labels, look.theme.hues, strict=True)):
        bar, point = _bar_trace(slot, label, color), _point_trace(slot, label, color)
        here = marks.slot == slot
        solid, loose = here & (marks.kind != OPEN), here & (marks.kind == OPEN)
        bar |= _bars_of(marks, solid, scene.window, look.area_width)
        narrow = bar["x"] < _NARROW_PX * scene.window.span / look.area_width
        _mark_assumed(bar["marker"], marks.kind[solid] == ASSUMED, color, thin=thin, narrow=narrow)
        point |= {"x": marks.start[loose], "y": marks.lane[loose]}
        for trace, chosen in ((bar, solid), (point, loose)):
            trace |= {
                "customdata": list(ids[chosen]),
                "hovertext": list(cards[chosen]),
                "visible": bool(chosen.any()),
            }
        bar["showlegend"] = bool(solid.any())
        point["showlegend"] = bool(loose.any()) and not solid.any()
        bars.append(bar)
        points.append(point)
    return bars + points


def label_trace(scene: Scene, look: Look) -> dict[str, Any]:
    """Return the trace of titles, invisible where they do not fit."""
    marks = scene.marks
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "text",
        "textposition": "middle right",
        "textfont": {"size": 11, "color": look.theme.text},
        "hoverinfo": "skip",
        "showlegend": False,
        "visible": False,
        "x": [],
        "y": [],
        "text": [],
    }
    if marks is None or not scene.labels:
        return trace
    ms_per_pixel = scene.window.span / look.area_width
    titled = len(scene.labels)
    return trace | {
        "x": scene.window.start + marks.text_at[:titled] * ms_per_pixel,
        "textposition": ["middle left" if ends else "middle right" for ends in marks.text_ends[:titled]],
        "y": marks.lane[:titled],
        "text": plain_all(scene.labels, MAX_LABEL),
        "visible": True,
    }
