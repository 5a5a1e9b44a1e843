"""What all figures share: ground, heading, legend, axes, now line, notes, and checked options."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from milestone_kit.core.arguments import to_utc
from milestone_kit.errors import QueryError
from milestone_kit.figures.text import plain
from milestone_kit.figures.time_axis import Window, ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from milestone_kit.core.arguments import DateLike
    from milestone_kit.figures.colors import Theme

__all__ = [
    "CONFIG",
    "NARROW",
    "bands",
    "base_layout",
    "beside",
    "between",
    "check_title",
    "date_text",
    "heading",
    "heading_pixels",
    "layout",
    "legend",
    "legend_rows_pixels",
    "note",
    "now_marks",
    "quiet_axis",
    "ranked",
    "time_axis",
]

CONFIG: Final[dict[str, Any]] = {
    "displaylogo": False,
    "scrollZoom": False,
    "responsive": True,
    "typesetMath": False,
    "showSendToCloud": False,
    "modeBarButtonsToRemove": ["lasso2d", "autoScale2d", "resetScale2d"],
    "toImageButtonOptions": {"filename": "milestones"},
}
"""plotly.js options: nothing is sent anywhere, no TeX, the wheel scrolls the page."""

NARROW: Final = 760
"""Figures of fewer pixels give the names of their rows less room."""

_LINE: Final = 16
_TITLE: Final = 30
_CHARACTER: Final = 6.6
_LEGEND_ROW: Final = 20
_LEGEND_CHARACTER: Final = 6.2
_LEGEND_SYMBOL: Final = 48


def check_title(title: object) -> None:
    """Raise QueryError unless a title is text or None."""
    if title is not None and not isinstance(title, str):
        raise QueryError(f"title={title!r}: expected text, got {type(title).__name__}")


def between(fitted: Window, start: DateLike | None, end: DateLike | None) -> Window:
    """Return the window from `start` to `end`; what is None is taken from the window that fits.

    Raises
    ------
    QueryError
        When one is no date, or nothing lies between them.
    """
    low = fitted.start if start is None else to_utc(start, "start").timestamp() * 1000
    high = fitted.end if end is None else to_utc(end, "end").timestamp() * 1000
    if low >= high:
        raise QueryError(
            f"start={start!r} does not lie before end={end!r}; nothing can be shown between them"
        )
    return Window(low, high)


def beside(before: int, after: int, *more: str) -> str:
    """Return what is not shown, in brackets, "" where everything is.

    Examples
    --------
    >>> beside(3, 0, "2 with doubtful dates")
    ' (3 before this window; 2 with doubtful dates)'
    """
    outside = [f"{count:,} {where}" for count, where in ((before, "before"), (after, "after")) if count]
    said = [f"{', '.join(outside)} this window"] if outside else []
    said += [words for words in more if words]
    return f" ({'; '.join(said)})" if said else ""


def ranked(counts: np.ndarray, names: list[str], shown: int) -> str:
    """Return the commonest names with their counts, one a line, as safe text."""
    order = [i for i in np.argsort(-counts, kind="stable")[:shown] if counts[i]]
    lines = [f"<br>{plain(names[i], 30)} {int(counts[i]):,}" for i in order]
    rest = int(counts.sum() - counts[order].sum())
    return "".join(lines) + (f"<br>others {rest:,}" if rest else "")


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


def heading_pixels(title: str | None, lines: int = 1) -> int:
    """Return the height of a heading with so many lines of words."""
    return 8 + _LINE * lines + (0 if title is None else _TITLE)


def heading(words: str, title: str | None, width: int) -> tuple[dict[str, Any], int]:
    """Return the words above a figure of `width` pixels, under its title if it has one, and their height."""
    lines = textwrap.wrap(words, max(int((width - 24) / _CHARACTER), 24))
    said = "<br>".join(lines)
    if title is not None:
        small = [f"<span style='font-size:13px'>{line}</span>" for line in lines]
        said = "<br>".join([plain(title, max(width // 11, 16)), *small])
    return {
        "text": said,
        "font": {"size": 13 if title is None else 17},
        "x": 12 / width,
        "xanchor": "left",
        "y": 1,
        "yanchor": "top",
        "yref": "container",
        "pad": {"t": 10 if title is None else 16},
    }, heading_pixels(title, len(lines))


def layout(
    theme: Theme, *, width: int, height: int, margin: dict[str, int], words: str, title: str | None
) -> dict[str, Any]:
    """Return the layout that a static figure begins with; `height` is that of the plotting area."""
    above, pixels = heading(words, title, width)
    top = margin["t"] + pixels
    return base_layout(theme) | {
        "width": width,
        "height": height + top + margin["b"],
        "margin": margin | {"t": top},
        "title": above,
    }


def legend(theme: Theme, y: float) -> dict[str, Any]:
    """Return a legend in rows that stand at `y` of the plotting area and grow upwards."""
    return {
        "orientation": "h",
        "x": 0,
        "y": y,
        "yanchor": "bottom",
        "tracegroupgap": 0,  # rows stand as close as `legend_rows_pixels` reckons
        "itemdoubleclick": False,
        "font": {"size": 11, "color": theme.text},
    }


def legend_rows_pixels(names: Sequence[str], width: int) -> int:
    """Return what the legend's rows after the first take: plotly gives every name the room of the longest."""
    longest = max(map(len, names), default=0)
    abreast = max(int(width / (_LEGEND_CHARACTER * longest + _LEGEND_SYMBOL)), 1)
    return _LEGEND_ROW * (max(-(-len(names) // abreast), 1) - 1)


def bands(spans: Iterable[tuple[float, float]], theme: Theme) -> list[dict[str, Any]]:
    """Return the shapes of pale bands over the whole width, from top to bottom of each span."""
    return [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": top,
            "y1": bottom,
            "fillcolor": theme.band,
            "line": {"width": 0},
            "layer": "below",
        }
        for top, bottom in spans
    ]


def date_text(ms: float) -> str:
    """Return an instant as plotly's date axes take it."""
    return pd.Timestamp(round(ms * 1000), unit="us").isoformat()


def quiet_axis(theme: Theme) -> dict[str, Any]:
    """Return what all axes have in common."""
    return {"gridcolor": theme.grid, "linecolor": theme.grid, "zeroline": False, "color": theme.muted}


def time_axis(window: Window, zone: str, pixels: int, theme: Theme) -> dict[str, Any]:
    """Return an x axis with round local times of `zone`, which it names."""
    marks = ticks(window, zone, pixels)
    return quiet_axis(theme) | {
        "type": "date",
        "range": [date_text(window.start), date_text(window.end)],
        "autorange": False,
        "tickmode": "array",
        "tickvals": marks.values,
        "ticktext": marks.labels,
        "ticks": "outside",
        "tickcolor": theme.grid,
        "title": {"text": zone, "font": {"size": 11, "color": theme.muted}, "standoff": 4},
    }


def now_marks(window: Window, now: float, theme: Theme) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the shapes and annotations of the now line, none where it lies outside the window."""
    if not window.start <= now <= window.end:
        return [], []
    line = {
        "type": "line",
        "x0": now,
        "x1": now,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": theme.now, "width": 1.4, "dash": "dot"},
    }
    flag = {
        "x": now,
        "yref": "paper",
        "y": 1,
        "yanchor": "middle",
        "text": "now",
        "showarrow": False,
        "bgcolor": theme.now,
        "borderpad": 1,
        "font": {"color": theme.hover, "size": 10},
    }
    return [line], [flag]


def note(text: str, theme: Theme) -> dict[str, Any]:
    """Return an annotation in the middle of the figure, for when there is nothing to draw."""
    return {
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "text": text,
        "showarrow": False,
        "font": {"color": theme.muted, "size": 15},
    }
