"""`plot_changes`: which milestones moved, from which start to which, the biggest shifts first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from milestone_kit.analysis.slips import slips
from milestone_kit.core.arguments import check_whole_number, check_zone, read_now
from milestone_kit.figures.colors import Theme, theme_of, tint
from milestone_kit.figures.layout import (
    NARROW,
    bands,
    check_title,
    layout,
    legend,
    note,
    now_marks,
    quiet_axis,
    time_axis,
)
from milestone_kit.figures.text import duration_text, plain, shorten
from milestone_kit.figures.time_axis import DAY, HOUR, Window, fit_window, format_instants, to_ms

if TYPE_CHECKING:
    from milestone_kit.core.arguments import DateLike

__all__ = ["plot_changes"]

_ROW_PX: Final = 24
_LATER, _EARLIER = 1, 0  # slots of the palette: orange and blue
_KINDS: Final = (("later", _LATER, "triangle-right"), ("earlier", _EARLIER, "triangle-left"))


def plot_changes(
    changes: pd.DataFrame,
    after: pd.DataFrame | None = None,
    *,
    max_rows: int = 40,
    tz: str | None = None,
    now: DateLike | None = None,
    width: int = 1100,
    theme: str = "light",
    title: str | None = None,
) -> go.Figure:
    """Draw which milestones were rescheduled: an arrow from the old start to the new one.

    A milestone that moved several times has one arrow, from its first start to its last. The biggest
    shifts come first; the line above the chart tells how many are shown. What went to or from a
    placeholder date is no shift and left out, as is what moved back to where it was; both are counted.

    Parameters
    ----------
    changes : pandas.DataFrame
        As `diff_milestones` or `client.changes()` gives it; or milestones, to be compared with `after`.
    after : pandas.DataFrame, optional
        The later milestones; without it, `changes` is a table of changes.
    max_rows : int
        The most milestones to draw, at least 1.
    tz : str, optional
        IANA time zone of the axis and the hover cards, UTC without it.
    now : str, date, datetime or Timestamp, optional
        Where the now line stands; naive means UTC, the default is the current time.
    width : int
        Pixels that the figure takes; its height follows.
    theme : {"light", "dark"}
        Colours; the background is transparent.
    title : str, optional
        Text above the chart.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    QueryError
        An option that cannot be used.
    SchemaError
        When a column is missing, or a date or list of tickers cannot be read.

    Examples
    --------
    >>> import milestone_kit as mk
    >>> old = mk.sample_milestones(50)
    >>> new = old.assign(start_date=old["start_date"] + pd.Timedelta(hours=2))
    >>> figure = mk.plot_changes(old, new, max_rows=10)
    >>> figure.layout.title.text.startswith("10 of ")
    True
    """
    check_whole_number(max_rows, "max_rows", 1)
    check_whole_number(width, "width", 300)
    check_title(title)
    zone, colors = check_zone(tz), theme_of(theme)
    instant = read_now(now)
    every, aside = _moves(changes, after)
    moves = every.head(max_rows)
    window = _window(moves, instant.timestamp() * 1000)
    names = _names(moves, 42 if width >= NARROW else 18)
    longest = max((len(name) for name in names), default=0)
    margin = {"l": int(min(28 + 6.3 * longest, 290)), "r": 96, "t": 30, "b": 48}
    area = max(width - margin["l"] - margin["r"], 60)
    rows = max(len(moves), 1)
    figure = layout(
        colors,
        width=width,
        height=max(rows * _ROW_PX, 96),
        margin=margin,
        words=_words(every, len(moves), aside),
        title=title,
    )
    striped = [(row - 0.5, row + 0.5) for row in range(0, rows, 2) if rows > 1]
    shapes, notes = now_marks(window, instant.timestamp() * 1000, colors)
    if not len(moves):
        notes = [*notes, note("No start date changed", colors)]
    figure |= {
        "hovermode": "y",
        "hoverdistance": _ROW_PX,
        "legend": legend(colors, 1) | {"itemclick": False},
        "showlegend": len(moves) > 0,
        "xaxis": time_axis(window, zone, area, colors),
        "yaxis": _rows_axis(names, colors),
        "shapes": [*bands(striped, colors), *shapes],
        "annotations": notes,
    }
    traces = [trace for kind in _KINDS for trace in _arrows(moves, window, kind, colors)]
    return go.Figure(data=[*traces, *_texts(moves, window, zone, colors)], layout=figure)


def _moves(changes: pd.DataFrame, after: pd.DataFrame | None) -> tuple[pd.DataFrame, list[str]]:
    """Return id, title, times, before, after and shift (ms) of what moved, and words for the rest."""
    every = slips(changes, after)
    every = every[every["moves"] > 0]
    real, still = every["shift"].notna(), every["shift"] == pd.Timedelta(0)
    kept = every[real & ~still]
    aside = [
        f"{int(count):,} {what}"
        for count, what in (
            ((~real).sum(), "to or from a placeholder date left out"),
            (still.sum(), "back where they were"),
        )
        if count
    ]
    before, after_ = (to_ms(kept[name]) for name in ("start_before", "start_after"))
    columns: dict[str, Any] = {"before": before, "after": after_, "shift": after_ - before}
    return kept[["id", "title"]].fillna("").assign(times=kept["moves"], **columns), aside


def _window(moves: pd.DataFrame, now: float) -> Window:
    if not len(moves):
        return Window(now - 2 * DAY, now + 5 * DAY)
    ends = np.sort(moves[["before", "after"]].to_numpy().ravel())
    return fit_window(ends, np.full(len(ends), np.nan)).at_least(6 * HOUR)


def _words(every: pd.DataFrame, shown: int, aside: list[str]) -> str:
    words = f"{shown:,} of {len(every):,} rescheduled milestones"
    if len(every):
        later = int((every["shift"] > 0).sum())
        words += f", biggest shifts first: {later:,} later, {len(every) - later:,} earlier"
    return f"{words} ({'; '.join(aside)})" if aside else words


def _arrows(
    moves: pd.DataFrame, window: Window, kind: tuple[str, int, str], theme: Theme
) -> list[dict[str, Any]]:
    """Return the shafts, the old starts and the heads of all arrows of one direction."""
    name, slot, symbol = kind
    place = np.flatnonzero((moves["shift"] > 0) == (name == "later"))
    if not len(place):
        return []
    color = theme.hues[slot]
    before, after = (moves[side].to_numpy()[place] for side in ("before", "after"))
    # an arrow may lead out of the window: it is cut at the rim, its numbers are in the card
    rim = 0.012 * window.span
    old = np.clip(before, window.start, window.end)
    new = np.clip(after, window.start + rim, window.end - rim)
    inside = old == before
    common = {"type": "scatter", "hoverinfo": "skip", "legendgroup": name, "showlegend": False}
    gap = np.full(len(place), np.nan)
    shaft = common | {
        "mode": "lines",
        "x": np.column_stack([old, new, gap]).ravel(),
        "y": np.column_stack([place, place, gap]).ravel(),
        "line": {"color": tint(color, 0.55), "width": 3},
    }
    origin = common | {
        "mode": "markers",
        "x": old[inside],
        "y": place[inside].astype(np.float64),
        "marker": {"symbol": "circle", "size": 6, "color": tint(color, 0.55), "line": {"width": 0}},
    }
    head = common | {
        "mode": "markers",
        "name": name,
        "showlegend": True,
        "x": new,
        "y": place.astype(np.float64),
        "marker": {"symbol": symbol, "size": 12, "color": color, "line": {"width": 0}},
        "cliponaxis": False,
    }
    return [shaft, origin, head]


def _texts(moves: pd.DataFrame, window: Window, zone: str, theme: Theme) -> list[dict[str, Any]]:
    """Return how far each milestone moved, right of its row, and the card of the row."""
    if not len(moves):
        return []
    shift = moves["shift"].to_numpy()
    said = [f"{'+' if ms > 0 else '−'}{duration_text(abs(ms))}" for ms in shift]
    before, after = (format_instants(moves[side].to_numpy(), zone) for side in ("before", "after"))
    cards = [
        f"<b>{plain(text or id_, 70)}</b><br>was {old}<br>is {new}<br>{by}"
        + (f", after {times:,} changes" if times > 1 else "")
        for text, id_, old, new, by, times in zip(
            moves["title"], moves["id"], before, after, said, moves["times"], strict=True
        )
    ]
    place = np.arange(len(moves), dtype=np.float64)
    colors = [theme.hues[_LATER if ms > 0 else _EARLIER] for ms in shift]
    common = {"type": "scatter", "showlegend": False, "y": place}
    words = common | {
        "mode": "text",
        "x": np.full(len(moves), window.end),
        "text": [f"\u2002{text}" for text in said],
        "textposition": "middle right",
        "textfont": {"size": 11, "color": colors},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    probe = common | {
        "mode": "markers",
        "marker": {"opacity": 0, "size": 8},
        "x": np.clip(moves["after"].to_numpy(), window.start, window.end),
        "hovertext": cards,
        "hoverinfo": "text",
        "customdata": moves["id"].tolist(),
    }
    return [words, probe]


def _names(moves: pd.DataFrame, width: int) -> list[str]:
    """Return the name of each row, cut but not yet escaped."""
    return [shorten(text or id_, width) for text, id_ in zip(moves["title"], moves["id"], strict=True)]


def _rows_axis(names: list[str], theme: Theme) -> dict[str, Any]:
    rows = max(len(names), 1)
    return quiet_axis(theme) | {
        "range": [rows - 0.4, -0.6],
        "fixedrange": True,
        "autorange": False,
        "showgrid": False,
        "color": theme.text,
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [plain(name) for name in names],
        "ticklabelstandoff": 6,
        "tickfont": {"size": 11},
    }
