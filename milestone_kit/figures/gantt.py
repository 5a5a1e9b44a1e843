"""Draw a scene with plotly: the same traces for a static figure and for the explorer's live one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from milestone_kit.figures.hover import bin_cards, mark_cards
from milestone_kit.figures.palette import SLOTS, ColorScale, Theme, tint
from milestone_kit.figures.scene import ASSUMED, OPEN, Group, Marks, Scene
from milestone_kit.figures.text import plain, plain_all
from milestone_kit.figures.timeaxis import Window, ticks

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CONFIG", "Look", "draw_layout", "draw_traces", "lane_pixels", "margins"]

_MARGIN: Final = {"l": 24, "r": 18, "t": 40, "b": 48}
_TOP_WITHOUT_LEGEND: Final = 22
_THIN_PX: Final = 8.0
_NARROW: Final = 760


def margins(width: int, *, grouped: bool) -> dict[str, int]:
    """Return the pixels around the plotting area of a figure of `width` pixels."""
    if not grouped:
        return dict(_MARGIN)
    return _MARGIN | {"l": 200 if width >= _NARROW else 130}


CONFIG: Final[dict[str, Any]] = {
    "displaylogo": False,
    "scrollZoom": True,
    "responsive": True,
    "typesetMath": False,
    "showSendToCloud": False,
    "modeBarButtonsToRemove": ["lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"filename": "milestones"},
}
"""plotly.js options: nothing is sent anywhere, no TeX, the wheel zooms."""

_LANE_PX: Final = {"labelled": 23.0, "bars": 14.0, "density": 15.0, "empty": 120.0}
_LABEL_WIDTH: Final = 44
_NO_MARKS: Final = Marks(
    *(np.empty(0, kind) for kind in (np.int64, float, float, np.int8, np.int8, float, bool, float, bool))
)


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
        return margins(self.width, grouped=self.grouped)

    @property
    def area_width(self) -> int:
        """Pixels of the plotting area from left to right."""
        around = self.margins
        return max(self.width - around["l"] - around["r"], 120)


def lane_pixels(scene: Scene, height: int) -> float:
    """Return the height of one lane: comfortable where there is room, never more than fits."""
    return min(_LANE_PX[scene.level], height / max(scene.lanes, 1.0))


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


def _bar_trace(slot: int, label: str, color: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": plain(label, 30),
        "legendgroup": str(slot),
        "marker": {
            "color": tint(color, 0.5),
            "line": {"color": color, "width": 1},
            "pattern": {"fgcolor": color, "bgcolor": tint(color, 0.12), "size": 6, "solidity": 0.25},
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


def _area_trace(slot: int, label: str, color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": plain(label, 30),
        "legendgroup": str(slot),
        "fill": "toself",
        "fillcolor": tint(color, 0.45),
        "line": {"color": color, "width": 1, "shape": "linear"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _bars_of(marks: Marks, chosen: NDArray[np.bool_], window: Window, width: int) -> dict[str, Any]:
    sliver = window.span / max(width, 1) * 3  # a bar of less than three pixels could not be seen or hit
    length = np.maximum(marks.end[chosen] - marks.start[chosen], sliver)
    return {
        "base": marks.start[chosen],
        "x": length,
        "y": marks.lane[chosen],
        "width": np.full(int(chosen.sum()), 0.72),
    }


def _mark_assumed(marker: dict[str, Any], assumed: NDArray[np.bool_], color: str, *, thin: bool) -> None:
    """Hatch the assumed ends; where a bar is too thin for a hatch, fade them."""
    if thin:
        marker["line"]["width"] = 0
        marker["color"] = tint(color, 0.9)
        marker["opacity"] = np.where(assumed, 0.5, 1.0)
        marker["pattern"]["shape"] = ""
    else:
        marker["opacity"] = 1.0
        marker["pattern"]["shape"] = ["/" if guess else "" for guess in assumed]


def _mark_traces(
    scene: Scene, marks: Marks, timeline: pd.DataFrame, colors: ColorScale, look: Look
) -> list[dict[str, Any]]:
    cards = np.array(mark_cards(marks, timeline, look.zone), dtype=object)
    ids = timeline["id"].iloc[marks.row].to_numpy(dtype=object)
    thin = lane_pixels(scene, look.height) < _THIN_PX
    bars, points = [], []
    for slot, (label, color) in enumerate(zip(colors.labels, look.theme.hues, strict=True)):
        bar, point = _bar_trace(slot, label, color), _point_trace(slot, label, color)
        here = marks.slot == slot
        solid, loose = here & (marks.kind != OPEN), here & (marks.kind == OPEN)
        bar |= _bars_of(marks, solid, scene.window, look.area_width)
        _mark_assumed(bar["marker"], marks.kind[solid] == ASSUMED, color, thin=thin)
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


def _label_trace(scene: Scene, marks: Marks | None, look: Look) -> dict[str, Any]:
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
    return trace | {
        "x": scene.window.start + marks.text_at * ms_per_pixel,
        "textposition": ["middle left" if ends else "middle right" for ends in marks.text_ends],
        "y": marks.lane,
        "text": plain_all(scene.labels, _LABEL_WIDTH),
        "visible": True,
    }


def _outline(
    counts: NDArray[np.int64], first: float, step: float, base: float, height: float
) -> tuple[list[float | None], list[float | None]]:
    """Return the step-shaped silhouettes of the non-empty runs of bins, separated by None."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    filled = np.flatnonzero(counts)
    for run in np.split(filled, np.flatnonzero(np.diff(filled) > 1) + 1):
        edges = first + step * np.arange(run[0], run[-1] + 2)
        tops = base - height * counts[run]
        xs += [edges[0], *np.repeat(edges, 2)[1:-1].tolist(), edges[-1], edges[0], None]
        ys += [base, *np.repeat(tops, 2).tolist(), base, base, None]
    return xs, ys


def _density_traces(scene: Scene, colors: ColorScale, look: Look) -> list[dict[str, Any]]:
    areas = [
        _area_trace(slot, label, color) | {"x": [], "y": [], "visible": False}
        for slot, (label, color) in enumerate(zip(colors.labels, look.theme.hues, strict=True))
    ]
    probe: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "marker": {"opacity": 0, "size": 14, "color": look.theme.text},
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
        "visible": False,
        "x": [],
        "y": [],
        "hovertext": [],
    }
    density = scene.density
    if density is None:
        return [*areas, probe]
    cards = bin_cards(density, scene.groups, look.zone)
    busiest = density.counts.max()
    for group, counts, slot, texts in zip(scene.groups, density.counts, density.slots, cards, strict=True):
        if not counts.any():
            continue
        # Roots keep the quiet groups and bins readable beside one that holds 90 % of all rows.
        scaled = np.sqrt(counts / counts.max()) * (counts.max() / busiest) ** 0.25
        height = group.bottom - group.top
        xs, ys = _outline(scaled, density.first, density.step, group.bottom, height)
        areas[slot]["x"] += xs
        areas[slot]["y"] += ys
        areas[slot]["visible"] = True
        filled = np.flatnonzero(counts)
        probe["x"] += (density.first + density.step * (filled + 0.5)).tolist()
        probe["y"] += (group.bottom - height * scaled[filled] / 2).tolist()
        probe["hovertext"] += [texts[i] for i in filled]
    probe["visible"] = bool(probe["x"])
    for trace in (*areas, probe):
        # As arrays they travel in binary, half as large as text; None becomes NaN, a gap all the same.
        trace |= {axis: np.array(trace[axis], dtype=np.float64) for axis in ("x", "y")}
    return [*areas, probe]


def draw_traces(scene: Scene, timeline: pd.DataFrame, colors: ColorScale, look: Look) -> list[dict[str, Any]]:
    """Return the traces of a scene, always the same number in the same order.

    Returns
    -------
    list of dict
        A sentinel, SLOTS bars, SLOTS markers, the titles, SLOTS density areas and their hover
        points; what a scene does not need is there with `visible` False.
    """
    marks = scene.marks or _NO_MARKS
    traces = [
        _sentinel(scene.window),
        *_mark_traces(scene, marks, timeline, colors, look),
        _label_trace(scene, scene.marks, look),
        *_density_traces(scene, colors, look),
    ]
    assert len(traces) == 3 + 3 * SLOTS
    return traces


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
    if look.now is None or not scene.window.start <= look.now <= scene.window.end:
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
    if look.now is not None and scene.window.start <= look.now <= scene.window.end:
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
    axis = {"gridcolor": theme.grid, "linecolor": theme.grid, "zeroline": False, "color": theme.muted}
    return {
        "width": look.width,
        "height": area + around["t"] + around["b"],
        "margin": around,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 12},
        "barmode": "overlay",
        "hovermode": "closest",
        "dragmode": "pan",
        "hoverlabel": {
            "bgcolor": theme.hover,
            "bordercolor": theme.muted,
            "font": {"color": theme.text, "size": 12},
            "align": "left",
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": theme.muted, "activecolor": theme.text},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1 + 12 / area,
            "yanchor": "bottom",
            "itemclick": False,
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
    width = 25 if look.width >= _NARROW else 14
    return f"{plain(group.label, width)}  <span style='color:{look.theme.muted}'>{group.count:,}</span>"
