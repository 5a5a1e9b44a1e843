"""`plot_concurrency`: how many milestones are on at once, as a step area over time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import plotly.graph_objects as go

from milestone_kit.analysis.groups import Keys, column_of
from milestone_kit.analysis.occupancy import Bins, Spans, Sweep, read_width, sweep
from milestone_kit.analysis.timeline import with_timeline
from milestone_kit.core.arguments import check_whole_number, check_zone, read_now
from milestone_kit.errors import QueryError
from milestone_kit.figures.colors import SLOTS, ColorScale, Theme, theme_of, tint
from milestone_kit.figures.layout import (
    beside,
    between,
    check_title,
    layout,
    legend,
    legend_rows_pixels,
    note,
    now_marks,
    quiet_axis,
    ranked,
    time_axis,
)
from milestone_kit.figures.text import plain
from milestone_kit.figures.time_axis import (
    DAY,
    Window,
    bin_step,
    fit_window,
    format_instants,
    format_step,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.analysis.lengths import Assume
    from milestone_kit.core.arguments import DateLike, TimedeltaLike

__all__ = ["plot_concurrency"]

_MARGIN: Final = {"l": 58, "r": 18, "t": 34, "b": 48}
_PIXELS_PER_BIN: Final = 4


def plot_concurrency(
    df: pd.DataFrame,
    *,
    freq: TimedeltaLike | None = None,
    by: str | None = None,
    tz: str | None = None,
    now: DateLike | None = None,
    start: DateLike | None = None,
    end: DateLike | None = None,
    assume: Assume = "typical",
    width: int = 1100,
    height: int = 360,
    theme: str = "light",
    title: str | None = None,
) -> go.Figure:
    """Draw how many milestones are on at once: the most and the mean of each bin of time.

    Without `by`, the pale steps are the peak of each bin and the full ones its mean, weighted by time.
    With `by`, the steps are the peak, divided into what was on at that instant. The highest peak is
    marked. Rows without a known end are on in the instant of their start; rows whose dates are not to
    be believed are left out, and counted in the line above the chart.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; with the columns of `compute_timeline`, these are used as they are.
    freq : timedelta-like, optional
        Width of a bin; by default a round one of at least four pixels. At most one bin per pixel.
    by : str, optional
        Column to divide the peaks by, or "league". The eight most frequent values get a colour.
    tz : str, optional
        IANA time zone of the axis and the hover cards, UTC without it.
    now : str, date, datetime or Timestamp, optional
        Where the now line stands; naive means UTC, the default is the current time.
    start, end : str, date, datetime or Timestamp, optional
        The window, widened to whole bins; by default the one that fits the table without its outliers.
    assume : optional
        As for `compute_timeline`; only used when `df` has no timeline yet.
    width, height : int
        Pixels of the figure; the height without the lines above the chart.
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
        An option that cannot be used, or an empty window.
    SchemaError
        When `df` is no milestones table.

    Examples
    --------
    >>> import milestone_kit as mk
    >>> figure = mk.plot_concurrency(mk.sample_milestones(200), by="category", now="2026-01-15")
    >>> figure.layout.xaxis.title.text
    'UTC'
    """
    check_whole_number(width, "width", 200)
    check_whole_number(height, "height", 200)
    check_title(title)
    zone, colors_of = check_zone(tz), theme_of(theme)
    instant = read_now(now)
    timeline = with_timeline(df, now=instant, assume=assume)
    spans = Spans.of(timeline, now=instant)
    area_width = max(width - _MARGIN["l"] - _MARGIN["r"], 120)
    window = _window(spans, instant, start, end)
    bins = _bins(window, freq, area_width)
    window = Window(bins.first / 1000.0, bins.end / 1000.0).clamped()
    counted = sweep(spans, bins)
    labels, parts = [""], counted.peak
    if by is not None:
        colors = ColorScale.of(Keys.of(column_of(timeline, by, "by")))
        slotted = replace(spans, group=colors.slots[spans.row].astype(np.intp))
        labels, parts = list(colors.labels), _at(slotted, counted.when[0])
    cards = _cards(bins, counted, labels, parts, zone)
    traces = _area(bins, counted, colors_of) if by is None else _stack(bins, parts, labels, colors_of)
    figure = layout(
        colors_of,
        width=width,
        height=max(height - _MARGIN["t"] - _MARGIN["b"], 80),
        margin=_MARGIN
        | {"t": _MARGIN["t"] + legend_rows_pixels([trace["name"] for trace in traces], area_width)},
        words=_words(spans, bins, counted, len(df)),
        title=title,
    )
    shapes, notes = now_marks(window, instant.timestamp() * 1000, colors_of)
    figure |= {
        "hovermode": "x",
        "legend": legend(colors_of, 1.02) | {"itemclick": False, "traceorder": "normal"},
        "showlegend": bool(counted.peak.any()),
        "xaxis": time_axis(window, zone, area_width, colors_of),
        "yaxis": _count_axis(int(counted.peak.max(initial=0)), colors_of),
        "shapes": shapes,
        "annotations": notes + _peak_note(bins, counted, window, zone, colors_of),
    }
    return go.Figure(data=[*traces, _probe(bins, counted, cards)], layout=figure)


def _window(spans: Spans, now: pd.Timestamp, start: DateLike | None, end: DateLike | None) -> Window:
    if not len(spans.start):  # an empty axis shows the days about now
        stamp = now.timestamp() * 1000
        fitted = Window(stamp - 2 * DAY, stamp + 5 * DAY)
        return between(fitted, start, end)
    order = np.argsort(spans.start, kind="stable")
    fitted = fit_window(spans.start[order] / 1000.0, spans.end[order] / 1000.0)
    return between(fitted, start, end)


def _bins(window: Window, freq: TimedeltaLike | None, pixels: int) -> Bins:
    if freq is None:
        step = round(bin_step(window, pixels // _PIXELS_PER_BIN) * 1000)
    else:
        step = read_width(freq, "freq", 1)
        count = window.span * 1000 / step
        if count > pixels:
            raise QueryError(
                f"freq={freq!r} makes {count:,.0f} bins on {pixels:,} pixels; take a wider one or leave "
                "it out, or set start= and end="
            )
    return Bins.between(round(window.start * 1000), round(window.end * 1000), step)


def _at(spans: Spans, instants: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many of each group are on at each instant, shape (SLOTS, instants)."""
    until = np.where(spans.end == spans.start, spans.start + 1, spans.end)
    on = np.empty((SLOTS, len(instants)), dtype=np.int64)
    for slot in range(SLOTS):
        mine = spans.group == slot
        begun = np.searchsorted(np.sort(spans.start[mine]), instants, side="right")
        on[slot] = begun - np.searchsorted(np.sort(until[mine]), instants, side="right")
    return on


def _words(spans: Spans, bins: Bins, counted: Sweep, rows: int) -> str:
    before = int(((spans.end <= bins.first) & (spans.start < bins.first)).sum())
    after = int((spans.start >= bins.end).sum())
    inside = len(spans.start) - before - after
    doubtful = f"{spans.suspect:,} with doubtful dates left out" if spans.suspect else ""
    open_ = f"{spans.open:,} without a known end count when they start" if spans.open else ""
    most = f", at most {int(counted.peak.max()):,} at once, in steps of {format_step(bins.width / 1000)}"
    return (
        f"{inside:,} of {rows:,} milestones{most if inside else ''}{beside(before, after, open_, doubtful)}"
    )


def _steps(bins: Bins, values: NDArray[Any]) -> dict[str, Any]:
    # the last value is held until the end of its bin
    edges = np.append(bins.edges, bins.end) / 1000.0
    return {"x": edges, "y": np.append(values, values[-1:]).astype(np.float64)}


def _area(bins: Bins, counted: Sweep, theme: Theme) -> list[dict[str, Any]]:
    color = theme.hues[0]
    common = {"type": "scatter", "mode": "lines", "fill": "tozeroy", "hoverinfo": "skip"}
    peak = {
        "name": "peak",
        "line": {"shape": "hv", "width": 1.2, "color": color},
        "fillcolor": tint(color, 0.22),
    }
    mean = {
        "name": "mean",
        "line": {"shape": "hv", "width": 0, "color": color},
        "fillcolor": tint(color, 0.55),
    }
    return [
        common | peak | _steps(bins, counted.peak[0]),
        common | mean | _steps(bins, counted.mean[0]),
    ]


def _stack(bins: Bins, parts: NDArray[np.int64], labels: list[str], theme: Theme) -> list[dict[str, Any]]:
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "stackgroup": "peak",
            "name": plain(label, 30),
            "hoverinfo": "skip",
            "line": {"shape": "hv", "width": 0, "color": theme.hues[slot]},
            "fillcolor": tint(theme.hues[slot], 0.62),
        }
        | _steps(bins, parts[slot])
        for slot, label in enumerate(labels)
        if label and parts[slot].any()
    ]


def _cards(bins: Bins, counted: Sweep, labels: list[str], parts: NDArray[np.int64], zone: str) -> list[str]:
    begins = format_instants(bins.edges / 1000.0, zone)
    whens = format_instants(counted.when[0] / 1000.0, zone)
    width = format_step(bins.width / 1000)
    return [
        f"<b>{begins[i]}</b> · {width}<br>at most {int(peak):,} at once, on {whens[i]}"
        f"<br>{counted.mean[0, i]:,.1f} on average, {int(counted.starts[0, i]):,} start"
        + (ranked(parts[:, i], labels, SLOTS) if len(labels) > 1 else "")
        if peak
        else ""
        for i, peak in enumerate(counted.peak[0])
    ]


def _probe(bins: Bins, counted: Sweep, cards: list[str]) -> dict[str, Any]:
    filled = np.flatnonzero(counted.peak[0])
    return {
        "type": "scatter",
        "mode": "markers",
        "marker": {"opacity": 0, "size": 6},
        "x": (bins.edges[filled] + bins.width / 2) / 1000.0,
        "y": counted.peak[0][filled].astype(np.float64),
        "hovertext": [cards[i] for i in filled],
        "hoverinfo": "text",
        "showlegend": False,
    }


def _count_axis(most: int, theme: Theme) -> dict[str, Any]:
    return quiet_axis(theme) | {
        "range": [0, max(most, 1) * 1.16],
        "fixedrange": True,
        "zeroline": True,
        "zerolinecolor": theme.grid,
        "nticks": 6,
        "tickformat": ",d",
        "dtick": 1 if most <= 5 else None,
        "title": {"text": "on at once", "font": {"size": 11, "color": theme.muted}, "standoff": 6},
    }


def _peak_note(bins: Bins, counted: Sweep, window: Window, zone: str, theme: Theme) -> list[dict[str, Any]]:
    peaks = counted.peak[0]
    if not peaks.any():
        return [note("Nothing is on in this window", theme)]
    place = int(peaks.argmax())
    when = float(counted.when[0, place]) / 1000.0
    share = (when - window.start) / window.span
    side = "left" if share < 0.5 else "right"
    return [
        {
            "x": bins.edges[place] / 1000.0 + bins.width / 2000.0,
            "y": float(peaks[place]),
            "text": f"<b>{int(peaks[place]):,}</b> at once · {format_instants(np.array([when]), zone)[0]}",
            "showarrow": False,
            "xanchor": side,
            "yanchor": "bottom",
            "xshift": -4 if side == "left" else 4,
            "yshift": 1,
            "font": {"size": 11, "color": theme.text},
        }
    ]
