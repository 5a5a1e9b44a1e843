"""Where each day stands in a calendar drawn in pixels: bands of weeks per year, or sheets per month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_YEARS", "Block", "Days", "day_text", "month_blocks", "year_blocks"]

MAX_YEARS: Final = 6
"""The most years that one calendar shows."""

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LAST_MONTH: Final = (9999 - 1970) * 12 + 11
_WEEK_COLUMNS: Final = 54
_HEADING, _HEADER, _BELOW = 18, 16, 14


@dataclass(frozen=True, slots=True)
class Days:
    """A run of days, both included, in days since 1970."""

    first: int
    last: int

    @property
    def months(self) -> int:
        """How many calendar months it touches."""
        return _month(self.last) - _month(self.first) + 1

    @property
    def years(self) -> int:
        """How many calendar years it touches."""
        return _month(self.last) // 12 - _month(self.first) // 12 + 1

    def latest_years(self, count: int) -> Days:
        """Return the part of it in its latest calendar years."""
        return Days(max(self.first, _first_of((_month(self.last) // 12 - count + 1) * 12)), self.last)

    def within(self, other: Days) -> Days:
        """Return the days that both have."""
        return Days(max(self.first, other.first), min(self.last, other.last))


@dataclass(frozen=True, slots=True)
class Block:
    """The days of one year (weeks side by side) or one month (weeks below each other), in pixels.

    `origin` is the Monday of its first week; `heading_y` is where its name stands, `top` where its
    first row of cells begins.
    """

    name: str
    days: Days
    origin: int
    by_week: bool
    left: float
    heading_y: float
    top: float
    cell_width: float
    cell_height: float
    rows: int
    columns: int

    @property
    def bottom(self) -> float:
        """Where the block ends, with the room below it."""
        return self.top + self.rows * self.cell_height + _BELOW

    @property
    def gap(self) -> float:
        """Pixels between cells."""
        return 2 if self.cell_width >= 12 else 1

    @property
    def numbered(self) -> bool:
        """Whether its cells have room for the day of the month."""
        return not self.by_week and self.cell_width >= 16

    def cells(self, days: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the row and the column of each day."""
        week, weekday = np.divmod(days - self.origin, 7)
        return (weekday, week) if self.by_week else (week, weekday)

    def numbers(self, days: NDArray[np.int64]) -> list[int]:
        """Return the day of the month of each day."""
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]")
        return [int(number) for number in days - months.astype(np.int64) + 1]

    def labels(self) -> list[tuple[float, float, str, str]]:
        """Return x, y, text and anchor of the names of its weekdays and months."""
        y = self.top - _HEADER / 2
        if not self.by_week:
            middles = self.left + self.cell_width * (np.arange(7) + 0.5)
            names = _WEEKDAYS if self.cell_width >= 26 else [name[0] for name in _WEEKDAYS]
            return [(float(x), y, name, "center") for x, name in zip(middles, names, strict=True)]
        shown = range(0, 7, 2) if self.cell_height >= 9 else range(0, 7, 3)
        said = [
            (self.left - 6, self.top + self.cell_height * (row + 0.5), _WEEKDAYS[row], "right")
            for row in shown
        ]
        for month in range(_month(self.days.first), _month(self.days.last) + 1):
            begin = max(_first_of(month), self.days.first)
            if begin > self.days.last - 13 or begin > _first_of(month) + 16:
                continue  # too few of its weeks are drawn to write its name above them
            x = self.left + self.cell_width * ((begin - self.origin) // 7)
            said.append((x + 1, y, _MONTHS[month % 12], "left"))
        return said


def year_blocks(span: Days, area: int, *, grow: bool) -> list[Block]:
    """Return one band of weeks per year, below each other.

    Parameters
    ----------
    span : Days
        What to show.
    area : int
        Pixels from left to right.
    grow : bool
        Whether whole years are drawn, or only the days of the span.
    """
    blocks: list[Block] = []
    cell, top = area / _WEEK_COLUMNS, 0.0
    for year in range(_month(span.first) // 12, _month(span.last) // 12 + 1):
        whole = Days(_first_of(year * 12), _first_of(year * 12 + 12) - 1)
        block = Block(
            name=str(1970 + year),
            days=whole if grow else whole.within(span),
            origin=_monday(whole.first),
            by_week=True,
            left=0.0,
            heading_y=top + _HEADING / 2,
            top=top + _HEADING + _HEADER,
            cell_width=cell,
            cell_height=cell,
            rows=7,
            columns=_WEEK_COLUMNS,
        )
        blocks.append(block)
        top = block.bottom
    return blocks


def month_blocks(span: Days, area: int, *, grow: bool) -> list[Block]:
    """Return one sheet per month, as many side by side as there is room for, up to three.

    Parameters
    ----------
    span, area
        As for `year_blocks`.
    grow : bool
        Whether whole months are drawn, and neighbours that fill the last row.
    """
    abreast = max(1, min(3, area // 230))
    months = list(range(_month(span.first), _month(span.last) + 1))
    if not grow:
        abreast = min(abreast, len(months))
    between = 28
    cell_width = (area - between * (abreast - 1)) / abreast / 7
    cell_height = min(max(cell_width, 26.0), 40.0)
    while grow and len(months) % abreast:
        later = len(months) % 2 and months[-1] < _LAST_MONTH
        months = [*months, months[-1] + 1] if later else [months[0] - 1, *months]
    blocks: list[Block] = []
    top = 0.0
    for place, month in enumerate(months):
        whole = Days(_first_of(month), _first_of(month + 1) - 1)
        days = whole if grow else whole.within(span)
        column = place % abreast
        if not column:
            top = max((block.bottom for block in blocks), default=0.0)
        block = Block(
            name=f"{_MONTHS[month % 12]} {1970 + month // 12}",
            days=days,
            origin=_monday(days.first),
            by_week=False,
            left=column * (7 * cell_width + between),
            heading_y=top + _HEADING / 2,
            top=top + _HEADING + _HEADER,
            cell_width=cell_width,
            cell_height=cell_height,
            rows=(days.last - _monday(days.first)) // 7 + 1,
            columns=7,
        )
        blocks.append(block)
    return blocks


def day_text(day: int) -> str:
    """Return a day in words.

    Examples
    --------
    >>> day_text(20468)
    'Thu 15 Jan 2026'
    """
    month = _month(day)
    number = day - _first_of(month) + 1
    return f"{_WEEKDAYS[(day + 3) % 7]} {number} {_MONTHS[month % 12]} {1970 + month // 12}"


def _month(day: int) -> int:
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64))


def _first_of(month: int) -> int:
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype(np.int64))


def _monday(day: int) -> int:
    return day - (day + 3) % 7
