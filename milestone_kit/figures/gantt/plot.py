"""`plot_gantt`: a milestones table as a static plotly figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import plotly.graph_objects as go

from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.groups import Keys, column_of
from milestone_kit.analysis.timeline import with_timeline
from milestone_kit.analysis.watching import find_watched, read_watch
from milestone_kit.core.arguments import check_whole_number, check_zone, read_now
from milestone_kit.errors import QueryError
from milestone_kit.figures.colors import ColorScale, theme_of
from milestone_kit.figures.gantt.arrange import lay_out
from milestone_kit.figures.gantt.draw import draw_layout, draw_traces
from milestone_kit.figures.gantt.look import Look
from milestone_kit.figures.gantt.scene import MAX_BARS, Canvas, GanttIndex, Scene, scene_words
from milestone_kit.figures.layout import (
    between,
    check_title,
    heading,
    heading_pixels,
)
from milestone_kit.figures.time_axis import DAY, Window, fit_window

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.analysis.lengths import Assume
    from milestone_kit.core.arguments import DateLike

__all__ = ["plot_gantt", "static_figure"]

_WIDTH: Final = 1100
"""Pixels for which a figure is laid out that takes those that there are."""

_HEIGHT: Final = 520
_TALLEST: Final = 1_500
"""The most pixels that the lanes of a small table may take, where nobody says how many there are."""


def _fitted(index: GanttIndex, chosen: NDArray[np.bool_], now: float) -> Window:
    here = chosen[index.row]
    return fit_window(index.start[here], index.end[here]) if here.any() else Window(now - DAY, now + DAY)


def static_figure(
    scene: Scene, timeline: pd.DataFrame, colors: ColorScale, look: Look, title: str | None
) -> go.Figure:
    """Return a scene as a figure of its own, under a line that says how much of how many it shows."""
    traces = [trace for trace in draw_traces(scene, timeline, colors, look) if trace.get("visible", True)]
    layout = draw_layout(scene, look, traces)
    layout["title"], above = heading(scene_words(scene), title, look.width)
    layout["margin"] = layout["margin"] | {"t": layout["margin"]["t"] + above}
    layout["height"] += above
    if look.zone == "UTC":
        # no kernel gives this figure new ticks when someone zooms: plotly's own are right in UTC
        ours = ("tickmode", "tickvals", "ticktext")
        layout["xaxis"] = {name: value for name, value in layout["xaxis"].items() if name not in ours}
    return go.Figure(data=traces, layout=layout)


def _check_words(words: object, name: str, of: str) -> None:
    if (
        isinstance(words, str)
        or not isinstance(words, Sequence)
        or not all(isinstance(word, str) for word in words)
    ):
        raise QueryError(f"{name}={words!r}: expected a list of {of}")


def _checked_order(order: Sequence[str]) -> Sequence[str]:
    _check_words(order, "color_order", "values of the column that colours")
    if len({name.casefold() for name in order}) < len(order):
        raise QueryError(f"color_order={order!r}: a value can have one colour only")
    return order


def plot_gantt(
    df: pd.DataFrame,
    *,
    color: str = "category",
    color_order: Sequence[str] = (),
    group: str | None = None,
    folded: Sequence[str] = (),
    watch: str | Iterable[str] = (),
    tz: str | None = None,
    now: DateLike | None = None,
    start: DateLike | None = None,
    end: DateLike | None = None,
    assume: Assume = "typical",
    max_bars: int = MAX_BARS,
    width: int | None = None,
    height: int | None = None,
    theme: str = "light",
    title: str | None = None,
) -> go.Figure:
    """Draw a Gantt chart of milestones: bars from start to end, diamonds where no end is known.

    A bar with a solid fill has a reported end, a hatched one an assumed end. The number of marks is
    bounded: where more than `max_bars` milestones, or more than fit, lie in the window, each group
    becomes a silhouette of how many start when. The line above the chart always says how many of
    how many are shown and how. A few outliers in time stay outside the default window; so do
    placeholder rows; both are counted in that line.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; with the columns of `compute_timeline`, these are used as they are.
    color : str
        Column to colour by, or "league". The eight most frequent values get a colour of their own.
    color_order : sequence of str
        Values that get the first colours instead, in this order: charts of different rows then agree.
        "status" always has the same colours.
    group : str, optional
        Column to group by, or "league"; one band without it.
    folded : sequence of str
        Groups that take one line each: a silhouette of what is on or starts when, no single marks.
    watch : str or iterable of str
        Tickers of events, their series, or ids: these milestones get a band of their own, above the groups.
    tz : str, optional
        IANA time zone of the axis and the hover cards, UTC without it. Durations are true across
        daylight-saving changes.
    now : str, date, datetime or Timestamp, optional
        Where the now line stands and what statuses are relative to; naive means UTC, the default is
        the current time.
    start, end : str, date, datetime or Timestamp, optional
        The window; by default the one that fits the table.
    assume : optional
        As for `compute_timeline`; only used when `df` has no timeline yet.
    max_bars : int
        The most single marks, at least 1.
    width : int, optional
        Pixels that the figure takes; without it, those that there are where it is shown.
    height : int, optional
        Pixels that the figure may take; it shrinks to what is needed. Without it some 520, and more where a
        table is small enough for each of its titles to be read.
    theme : {"light", "dark"}
        Colours of text and grid; the background is transparent.
    title : str, optional
        Text above the chart.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    QueryError
        Unknown column, time zone or theme, an empty window, a `color_order` that is no list of
        different words, `folded` that is no list of words, or a `watch` that is no text.
    SchemaError
        When `df` is no milestones table.

    Examples
    --------
    >>> import milestone_kit as mk
    >>> figure = mk.plot_gantt(mk.sample_milestones(200), group="category", now="2026-01-15")
    >>> figure.layout.xaxis.title.text
    'UTC'
    """
    for name, value, least in (("max_bars", max_bars, 1), ("width", width, 200), ("height", height, 100)):
        if value is not None or name == "max_bars":
            check_whole_number(value, name, least)
    _check_words(folded, "folded", "groups")
    check_title(title)
    zone, colors_of, watching = check_zone(tz), theme_of(theme), read_watch(watch)
    instant = read_now(now)
    timeline = with_timeline(df, now=instant, assume=assume)
    index = GanttIndex.of(timeline)
    dated = ~is_placeholder(timeline).to_numpy()
    moment = instant.timestamp() * 1000
    window = between(_fitted(index, dated if dated.any() else ~dated, moment), start, end)
    look = Look(
        zone,
        moment,
        colors_of,
        width or _WIDTH,
        grouped=group is not None or bool(watching),
        legend=color != group,
        height=0,
    )
    around = look.margins["t"] + look.margins["b"] + heading_pixels(title)
    look = replace(look, height=max((height or _HEIGHT) - around, 120))
    canvas = Canvas(look.area_width, look.height, _TALLEST if height is None else 0)
    colors = ColorScale.of(Keys.of(column_of(timeline, color, "color")), _checked_order(color_order))
    scene = lay_out(
        index,
        timeline,
        chosen=np.ones(len(df), bool),
        window=window,
        canvas=canvas,
        colors=colors,
        groups=None if group is None else Keys.of(column_of(timeline, group, "group")),
        watched=find_watched(timeline, watching).rows if watching else None,
        max_bars=max_bars,
        folded=frozenset(folded),
    )
    figure = static_figure(scene, timeline, colors, look, title)
    return figure if width is not None else figure.update_layout(width=None, autosize=True)
