"""What the static figures beside the Gantt share: their heading, axes, now line, and checked options."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from milestone_kit.errors import QueryError
from milestone_kit.figures.gantt.look import base_layout
from milestone_kit.figures.text import plain
from milestone_kit.figures.time_axis import Window, ticks

if TYPE_CHECKING:
    from milestone_kit.figures.colors import Theme

__all__ = [
    "beside",
    "check_title",
    "layout",
    "note",
    "now_marks",
    "ranked",
    "time_axis",
    "wrapped",
]

_LINE: Final = 16
_TITLE: Final = 24
_CHARACTER: Final = 6.6


def check_title(title: object) -> None:
    """Raise QueryError unless a title is text or None."""
    if title is not None and not isinstance(title, str):
        raise QueryError(f"title={title!r}: expected text, got {type(title).__name__}")


def wrapped(words: str, width: int) -> list[str]:
    """Return the words in lines that fit a figure of `width` pixels."""
    return textwrap.wrap(words, max(int((width - 24) / _CHARACTER), 24))


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


def layout(
    theme: Theme, *, width: int, height: int, margin: dict[str, int], words: str, title: str | None
) -> dict[str, Any]:
    """Return the layout that every figure begins with; `height` is that of the plotting area."""
    lines = wrapped(words, width)
    top = margin["t"] + 12 + _LINE * len(lines) + (0 if title is None else _TITLE + 6)
    said = "<br>".join(lines)
    if title is not None:
        small = [f"<span style='font-size:13px'>{line}</span>" for line in lines]
        said = "<br>".join([plain(title, max(width // 11, 16)), *small])
    return base_layout(theme) | {
        "width": width,
        "height": height + top + margin["b"],
        "margin": margin | {"t": top},
        "title": {
            "text": said,
            "font": {"size": 13 if title is None else 17},
            "x": 12 / width,
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            "pad": {"t": 10 if title is None else 16},
        },
    }


def time_axis(window: Window, zone: str, pixels: int, theme: Theme) -> dict[str, Any]:
    """Return an x axis with round local times of `zone`, which it names."""
    marks = ticks(window, zone, pixels)
    return {
        "type": "date",
        "range": [pd.Timestamp(round(ms * 1000), unit="us").isoformat() for ms in (window.start, window.end)],
        "autorange": False,
        "gridcolor": theme.grid,
        "linecolor": theme.grid,
        "zeroline": False,
        "color": theme.muted,
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
