"""The words of hover cards: titles, times, ends and tickers of milestones, as safe text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from milestone_kit.figures.scene import ASSUMED, REPORTED, Density, Marks
from milestone_kit.figures.text import plain
from milestone_kit.figures.timeaxis import format_instants, format_step

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["bin_words", "duration_text", "mark_cards"]

_TICKERS_SHOWN = 3


def duration_text(ms: float) -> str:
    """Return a length of time in its two largest units.

    Examples
    --------
    >>> duration_text(9_000_000), duration_text(4 * 86_400_000)
    ('2 h 30 min', '4 d')
    """
    minutes = round(ms / 60_000)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    said = [f"{number:,} {unit}" for number, unit in parts if number][:2]
    return " ".join(said) if said else "0 min"


def _end_words(kind: int, start: float, end: float, until: str) -> str:
    if kind == REPORTED:
        return f"until {until} · {duration_text(end - start)}"
    if kind == ASSUMED:
        return f"assumed {duration_text(end - start)}, until {until}"
    return "no end known"


def _ticker_words(tickers: list[str]) -> str:
    if not tickers:
        return "no event tickers"
    shown = ", ".join(plain(ticker, 40) for ticker in tickers[:_TICKERS_SHOWN])
    more = len(tickers) - _TICKERS_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def mark_cards(marks: Marks, timeline: pd.DataFrame, zone: str) -> list[str]:
    """Return one hover card per mark.

    Parameters
    ----------
    marks : Marks
        Of shape (n,).
    timeline : pandas.DataFrame
        The table that `marks.row` points into.
    zone : str
        IANA time zone of the times.

    Returns
    -------
    list of str
        Pseudo-HTML of plotly in which every word of the server is escaped.
    """
    rows = timeline.iloc[marks.row]
    begins, ends = format_instants(marks.start, zone), format_instants(marks.end, zone)
    tickers = rows["primary_event_tickers"].array.to_numpy()
    related = rows["related_event_tickers"].array.to_numpy()
    cards = []
    for i, (title, category, type_, status) in enumerate(
        zip(rows["title"], rows["category"], rows["type"], rows["status"], strict=True)
    ):
        words = _end_words(int(marks.kind[i]), marks.start[i], marks.end[i], ends[i])
        doubt = "<br><i>dates are doubtful</i>" if marks.doubtful[i] else ""
        names = list(tickers[i]) or list(related[i])
        cards.append(
            f"<b>{plain(title, 70)}</b><br>{plain(category, 30)} · {plain(type_, 40)} · {status}"
            f"<br>{begins[i]}<br>{words}{doubt}<br>{_ticker_words(names)}"
        )
    return cards


def bin_words(density: Density, zone: str) -> tuple[str, list[str]]:
    """Return the hover template of a density and when each of its bins begins.

    The template takes the group's name as hovertext, the count as customdata and the begin as text,
    so that what all cards share travels once.
    """
    edges: NDArray[np.float64] = density.first + density.step * np.arange(
        density.counts.shape[1], dtype=np.float64
    )
    width = format_step(density.step)
    template = (
        f"<b>%{{hovertext}}</b><br>%{{customdata:,.0f}} start within {width}<br>from %{{text}}<extra></extra>"
    )
    return template, format_instants(edges, zone)
