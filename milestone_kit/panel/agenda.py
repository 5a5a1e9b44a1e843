"""The agenda: milestones in the order in which they begin, under the day on which they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.figures.time_axis import format_instants, to_ms
from milestone_kit.panel.row_cells import end_words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AGENDA_COLUMNS", "agenda_words", "days_of"]

AGENDA_COLUMNS: Final = ("time", "status", "when", "title", "category", "tickers")


def days_of(rows: pd.DataFrame, zone: str, now: float) -> list[str]:
    """Return the day on which each row begins, with the year where that is not the one of `now`.

    Parameters
    ----------
    rows : pandas.DataFrame
        With `start_date`.
    zone : str
        IANA time zone of the days.
    now : float
        Milliseconds UTC.
    """
    (today,) = format_instants(np.array([now]), zone)
    year = f" {_day(today).rsplit(' ', 1)[1]}"
    return [_day(begin).removesuffix(year) for begin in format_instants(to_ms(rows["start_date"]), zone)]


def agenda_words(rows: pd.DataFrame, zone: str) -> list[str]:
    """Return from when to when each row is on: an end on another day with that day."""
    begins, ends = (format_instants(to_ms(rows[name]), zone) for name in ("start_date", "end"))
    guesses = rows["end_source"] == "assumed"
    return [_span(begin, end, assumed=guess) for begin, end, guess in zip(begins, ends, guesses, strict=True)]


def _span(begin: str, end: str, *, assumed: bool) -> str:
    if not end:
        return _clock(begin)
    day = _day(end)
    until = _clock(end) if day == _day(begin) else f"{_clock(end)} {day.rsplit(' ', 1)[0]}"
    return f"{_clock(begin)} – {end_words(until, assumed=assumed)}"


def _day(instant: str) -> str:
    return instant.removesuffix(" UTC").rsplit(" ", 1)[0]


def _clock(instant: str) -> str:
    return instant.removesuffix(" UTC").rsplit(" ", 1)[-1]
