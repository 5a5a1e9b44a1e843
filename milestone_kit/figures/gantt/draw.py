"""Draw a scene with plotly: the same traces for a static figure and for the explorer's live one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from milestone_kit.figures.colors import SLOTS
from milestone_kit.figures.gantt.bars import label_trace, mark_traces
from milestone_kit.figures.gantt.look import NARROW, Look, base_layout, lane_pixels
from milestone_kit.figures.gantt.silhouette import silhouette_traces
from milestone_kit.figures.text import plain
from milestone_kit.figures.time_axis import ticks

if TYPE_CHECKING:
    from milestone_kit.figures.colors import ColorScale
    from milestone_kit.figures.gantt.scene import Group, Scene
    from milestone_kit.figures.time_axis import Window

__all__ = ["draw_layout", "draw_traces"]

_TOP_WITHOUT_LEGEND: Final = 22


def _iso(ms: float) -> str:
    return pd.Timestamp(round(ms * 1000), unit="us").isoformat()


def _sentinel(window: Window) -> dict[str, Any]:
    # plotly forgets an explicit date axis when the x of the first trace changes its kind, so the
    # first trace always carries ISO dates.
    return {
        "type": "scatter",
        "x": [_iso(window.start), _iso(window.end)],
        "y": [0, 0],
        "mode": "markers",
        "marker": {"opacity": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def draw_traces(scene: Scene, timeline: pd.DataFrame, colors: ColorScale, look: Look) -> list[dict[str, Any]]:
    """Return the traces of a scene, always the same number in the same order.

    Returns
    -------
    list of dict
        A sentinel, SLOTS bars, SLOTS markers, the titles, SLOTS density areas and their hover
        points; what a scene does not need is there with `visible` False.
    """
    traces = [
        _sentinel(scene.window),
        *mark_traces(scene, timeline, colors, look),
        label_trace(scene, look),
        *silhouette_traces(scene, colors, look),
    ]
    assert len(traces) == 3 + 3 * SLOTS
    return traces


def _shows_now(scene: Scene, look: Look) -> bool:
    """Tell whether the now line is drawn; where nothing matches, it would only cross the words for that."""
    return look.now is not None and scene.matching > 0 and scene.window.start <= look.now <= scene.window.end


def _shapes(scene: Scene, look: Look) -> list[dict[str, Any]]:
    bands = [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": group.top - 0.3,
            "y1": group.bottom + 0.3,
            "fillcolor": look.theme.band,
            "line": {"width": 0},
            "layer": "below",
        }
        for group in scene.groups[::2]
        if len(scene.groups) > 1
    ]
    if not _shows_now(scene, look):
        return bands
    line = {
        "type": "line",
        "x0": look.now,
        "x1": look.now,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": look.theme.now, "width": 1.4, "dash": "dot"},
    }
    return [*bands, line]


def _annotations(scene: Scene, look: Look) -> list[dict[str, Any]]:
    notes = []
    if _shows_now(scene, look):
        notes.append(
            {
                "x": look.now,
                "yref": "paper",
                "y": 1,
                "yanchor": "middle",
                "text": "now",
                "showarrow": False,
                "bgcolor": look.theme.now,
                "borderpad": 1,
                "font": {"color": look.theme.hover, "size": 10},
            }
        )
    if scene.level == "empty":
        where = f"{scene.before:,} before and {scene.after:,} after it" if scene.matching else ""
        text = f"Nothing in this window<br>{where}" if where else "No milestone matches"
        notes.append(
            {
                "xref": "paper",
                "yref": "paper",
                "x": 0.5,
                "y": 0.5,
                "text": text,
                "showarrow": False,
                "font": {"color": look.theme.muted, "size": 15},
            }
        )
    return notes


def draw_layout(scene: Scene, look: Look) -> dict[str, Any]:
    """Return the layout of a scene as a plain dict.

    Parameters
    ----------
    scene : Scene
        What to show.
    look : Look
        Zone, now, theme and size.
    """
    theme = look.theme
    legend = look.legend and scene.marks is not None
    around = look.margins if legend else look.margins | {"t": _TOP_WITHOUT_LEGEND}
    marks = ticks(scene.window, look.zone, look.area_width)
    area = max(round(lane_pixels(scene, look.height) * scene.lanes), 120)
    lanes = scene.lanes if scene.level != "empty" else 1.0
    axis = {
        "gridcolor": theme.grid,
        "linecolor": theme.grid,
        "zeroline": False,
        "color": theme.muted,
        "automargin": False,  # the margins are ours; to fit them, plotly would draw everything twice
    }
    return base_layout(theme) | {
        "width": look.width,
        "height": area + around["t"] + around["b"],
        "margin": around,
        "barmode": "overlay",
        "hovermode": "closest",
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1 + 12 / area,
            "yanchor": "bottom",
            "itemdoubleclick": False,
            "font": {"size": 11, "color": theme.text},
        },
        "showlegend": legend,
        "xaxis": axis
        | {
            "type": "date",
            "range": [_iso(scene.window.start), _iso(scene.window.end)],
            "autorange": False,
            "tickmode": "array",
            "tickvals": marks.values,
            "ticktext": marks.labels,
            "ticks": "outside",
            "tickcolor": theme.grid,
            "title": {"text": look.zone, "font": {"size": 11, "color": theme.muted}, "standoff": 4},
        },
        "yaxis": axis
        | {
            "range": [lanes + 0.35, -0.35],
            "fixedrange": True,
            "autorange": False,
            "showgrid": False,
            "tickmode": "array",
            "tickvals": [(group.top + group.bottom) / 2 for group in scene.groups],
            "ticktext": [_group_text(group, look) for group in scene.groups],
            "ticklabelposition": "outside",
        },
        "shapes": _shapes(scene, look),
        "annotations": _annotations(scene, look),
    }


def _group_text(group: Group, look: Look) -> str:
    if not group.label:
        return ""
    width = 25 if look.width >= NARROW else 14
    return f"{plain(group.label, width)}  <span style='color:{look.theme.muted}'>{group.count:,}</span>"
