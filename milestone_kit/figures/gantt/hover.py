"""The words of hover cards: titles, times, ends and tickers of milestones, as safe text."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.core.words import basis_text
from milestone_kit.figures.gantt.scene import ASSUMED, REPORTED, Marks, StartCounts
from milestone_kit.figures.text import DAY_ONLY, duration_text, plain
from milestone_kit.figures.time_axis import format_instants, format_step

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["bin_words", "mark_cards"]

_TICKERS_SHOWN: Final = 3
_DOING: Final = {False: "start", True: "are on"}


def _end_words(kind: int, lasts: float, begin: str, end: str, basis: str) -> str:
    until = end[-5:] if begin[:-5] == end[:-5] else end  # of a day that was just named, the time is enough
    if kind == REPORTED:
        return f"until {until} · {duration_text(lasts)}"
    if kind == ASSUMED:
        learned = f"<br><i>{basis}</i>" if basis else ""
        return f"assumed {duration_text(lasts)}, until {until}{learned}"
    return "no end known"


def _ticker_words(tickers: list[str]) -> str:
    if not tickers:
        return "no event tickers"
    shown = ", ".join(plain(ticker, 40) for ticker in tickers[:_TICKERS_SHOWN])
    more = len(tickers) - _TICKERS_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def mark_cards(marks: Marks, count: int, timeline: pd.DataFrame, zone: str) -> list[str]:
    """Return one hover card for each of the first marks.

    Parameters
    ----------
    marks : Marks
        What is drawn.
    count : int
        How many of them get a card.
    timeline : pandas.DataFrame
        The table that `marks.row` points into.
    zone : str
        IANA time zone of the times.

    Returns
    -------
    list of str
        Pseudo-HTML of plotly in which every word of the server is escaped.
    """
    if not len(marks.row):
        return []
    at = marks.row[:count]

    def values(name: str, default: Any = None) -> Iterable[Any]:
        # one column at a time: the others, and the JSON texts among them, need not be gathered
        return timeline[name].iloc[at] if name in timeline.columns else itertools.repeat(default, len(at))

    begins, ends = format_instants(marks.start[:count], zone), format_instants(marks.end[:count], zone)
    tickers = timeline["primary_event_tickers"].iloc[at].array.to_numpy()
    related = timeline["related_event_tickers"].iloc[at].array.to_numpy()
    bases = map(basis_text, values("end_level"), values("end_samples", 0))
    columns = (values("title"), values("category"), values("type"), values("status"))
    cards = []
    for i, (title, category, type_, status, basis, day) in enumerate(
        zip(*columns, bases, values("date_only", default=False), strict=True)
    ):
        words = _end_words(int(marks.kind[i]), marks.end[i] - marks.start[i], begins[i], ends[i], basis)
        doubt = "<br><i>dates are doubtful</i>" if marks.doubtful[i] else ""
        names = list(tickers[i]) or list(related[i])
        begin = f"{begins[i]} <i>({DAY_ONLY})</i>" if day else begins[i]
        cards.append(
            f"<b>{plain(title, 70)}</b><br>{plain(category, 30)} · {plain(type_, 40)} · {status}"
            f"<br>{begin}<br>{words}{doubt}<br>{_ticker_words(names)}"
        )
    return cards


def bin_words(density: StartCounts, zone: str) -> tuple[str, list[str]]:
    """Return the hover template of a density and when each of its bins begins.

    The template takes the group's name as hovertext, the count as customdata and the begin as text,
    so that what all cards share travels once.
    """
    edges: NDArray[np.float64] = density.first + density.step * np.arange(
        density.counts.shape[1], dtype=np.float64
    )
    width = format_step(density.step)
    template = (
        f"<b>%{{hovertext}}</b><br>%{{customdata:,.0f}} {_DOING[density.on]} within {width}"
        "<br>from %{text}<extra></extra>"
    )
    return template, format_instants(edges, zone)
