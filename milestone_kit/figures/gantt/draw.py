"""Draw a scene with plotly: the same traces for a static figure and for the explorer's live one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from milestone_kit.figures.colors import SLOTS
from milestone_kit.figures.gantt.bars import label_trace, mark_traces
from milestone_kit.figures.gantt.look import Look, lane_pixels
from milestone_kit.figures.gantt.silhouette import silhouette_traces
from milestone_kit.figures.layout import (
    NARROW,
    bands,
    base_layout,
    date_text,
    legend,
    legend_rows_pixels,
    note,
    now_marks,
    quiet_axis,
    time_axis,
)
from milestone_kit.figures.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from milestone_kit.figures.colors import ColorScale
    from milestone_kit.figures.gantt.scene import Group, Scene
    from milestone_kit.figures.time_axis import Window

__all__ = ["draw_layout", "draw_traces"]

_AXIS_ON_TOP: Final = 40
_BELOW: Final = 14
_TOP_WITHOUT_LEGEND: Final = 22
_TOOLS: Final = 18
"""Pixels for plotly's buttons, which would stand on the end of a long legend."""


def _sentinel(window: Window) -> dict[str, Any]:
    # plotly forgets an explicit date axis when the x of the first trace changes its kind, so the
    # first trace always carries ISO dates.
    return {
        "type": "scatter",
        "x": [date_text(window.start), date_text(window.end)],
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


def _marks_beside(scene: Scene, look: Look) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the shapes and the annotations: bands behind the groups, the now line, words for no rows."""
    groups = scene.groups if len(scene.groups) > 1 else ()
    shapes = bands([(group.top - 0.3, group.bottom + 0.3) for group in groups[::2]], look.theme)
    notes: list[dict[str, Any]] = []
    # where nothing matches, the now line would only cross the words for that
    if look.now is not None and scene.matching > 0:
        line, notes = now_marks(scene.window, look.now, look.theme)
        shapes += line
    if scene.level == "empty":
        where = f"<br>{scene.before:,} before and {scene.after:,} after it"
        said = f"Nothing in this window{where}" if scene.matching else look.empty
        notes = [*notes, note(said, look.theme)]
    return shapes, notes


def draw_layout(scene: Scene, look: Look, traces: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the layout of a scene as a plain dict.

    Parameters
    ----------
    scene : Scene
        What to show.
    look : Look
        Zone, now, theme and size.
    traces : iterable of dict
        As `draw_traces` gives them: how many there are to name says how much room the legend takes.
    """
    theme = look.theme
    has_legend = look.legend and scene.marks is not None
    around = look.margins if has_legend else look.margins | {"t": _TOP_WITHOUT_LEGEND}
    if has_legend:
        named = [one["name"] for one in traces if one.get("showlegend") and one.get("visible", True)]
        around = around | {"t": around["t"] + _TOOLS + legend_rows_pixels(named, look.area_width)}
    area = max(round(lane_pixels(scene, look.height) * scene.lanes), 120)
    times = time_axis(scene.window, look.zone, look.area_width, theme)
    if area > look.height:  # its lower edge is out of sight
        times |= {"side": "top"}
        around = around | {"t": around["t"] + _AXIS_ON_TOP, "b": _BELOW}
    shapes, notes = _marks_beside(scene, look)
    fixed = {"automargin": False}  # the margins are ours; to fit them, plotly would draw everything twice
    return base_layout(theme) | {
        "width": look.width,
        "height": area + around["t"] + around["b"],
        "margin": around | {"autoexpand": False},
        "barmode": "overlay",
        "hovermode": "closest",
        "legend": legend(theme, 1 + (12 + (_AXIS_ON_TOP if area > look.height else 0)) / area),
        "showlegend": has_legend,
        "xaxis": times | fixed,
        "yaxis": _group_axis(scene, look) | fixed,
        "shapes": shapes,
        "annotations": notes,
    }


def _group_axis(scene: Scene, look: Look) -> dict[str, Any]:
    lanes = scene.lanes if scene.level != "empty" else 1.0
    return quiet_axis(look.theme) | {
        "range": [lanes + 0.35, -0.35],
        "fixedrange": True,
        "autorange": False,
        "showgrid": False,
        "tickmode": "array",
        "tickvals": [(group.top + group.bottom) / 2 for group in scene.groups],
        "ticktext": [_group_text(group, look) for group in scene.groups],
        "ticklabelposition": "outside",
    }


def _group_text(group: Group, look: Look) -> str:
    if not group.label:
        return ""
    width = 25 if look.width >= NARROW else 14
    name = ("▸ " if group.folded else "") + plain(group.label, width)
    return f"{name}  <span style='color:{look.theme.muted}'>{group.count:,}</span>"
