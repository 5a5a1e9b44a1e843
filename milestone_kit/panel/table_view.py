"""One page of the filtered table as text for the browser, sorted in the kernel."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.core.words import until_words
from milestone_kit.figures.text import shorten
from milestone_kit.figures.time_axis import format_short, to_ms
from milestone_kit.panel.remembered import forget, remembered
from milestone_kit.panel.state import Sort

if TYPE_CHECKING:
    from collections.abc import Container

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["PAGE_ROWS", "TableView", "page_of"]

PAGE_ROWS: Final = 12

_COLUMNS: Final = (
    ("status", "Status", "86px"),
    ("when", "When", "172px"),
    ("start_date", "Start", "126px"),
    ("end", "End", "148px"),
    ("title", "Title", "auto"),
    ("category", "Category", "94px"),
    ("type", "Type", "128px"),
    ("tickers", "Tickers", "68px"),
)
_BY_START: Final = Sort()

_CELL: Final = 160
_SECOND: Final = np.timedelta64(1, "s")

_SHOWN: Final = (
    *("id", "status", "start_date", "starts_in", "end", "end_source", "title", "category", "type"),
    "related_event_tickers",
)
"""What a page is made of; the other columns, and the JSON texts among them, need not be gathered."""


def page_of(place: int, lead: int = 0) -> int:
    """Return the page that the row at a place stands on, where the first one is short of `lead` rows."""
    return (place + lead) // PAGE_ROWS


class TableView:
    """Sorts, pages and formats the rows that pass the filters.

    Parameters
    ----------
    timeline : pandas.DataFrame
        Milestones with the columns of `compute_timeline`.
    """

    def __init__(self, timeline: pd.DataFrame) -> None:
        self._timeline = timeline
        self._shown = timeline[list(_SHOWN)]

    def retold(self, timeline: pd.DataFrame) -> TableView:
        """Return the view of the same rows at another moment."""
        other = copy(self)
        forget(other, {"_order": lambda key: key[0].column not in ("status", "end")})
        vars(other).update(_timeline=timeline, _shown=timeline[list(_SHOWN)])
        return other

    @remembered
    def _order(self, sort: Sort) -> NDArray[np.int64]:
        if sort.column == "tickers":
            keys = self._timeline["related_event_tickers"].list.len().to_numpy(dtype=np.float64)
        else:
            column = self._timeline[sort.column]
            folded = column.str.casefold() if column.dtype == "str" else column
            keys = folded.rank(method="dense").to_numpy()
        # Missing values are NaN, which stand last either way; equal rows keep the table's order.
        order: NDArray[np.int64] = np.argsort(keys if sort.ascending else -keys, kind="stable")
        return order

    def rows(self, chosen: NDArray[np.bool_], sort: Sort = _BY_START) -> NDArray[np.int64]:
        """Return the positions of the chosen rows in the order of the table."""
        order = self._order(sort)
        rows: NDArray[np.int64] = order[chosen[order]]
        return rows

    def page_of_now(self, rows: NDArray[np.int64], now: float, sort: Sort = _BY_START, lead: int = 0) -> int:
        """Return the page on which the first milestone that has not begun stands, sorted by start."""
        if sort != _BY_START or not len(rows):
            return 0
        begun = int(np.searchsorted(to_ms(self._timeline["start_date"].iloc[rows]), now))
        return page_of(min(begun, len(rows) - 1), lead)

    def page(
        self,
        rows: NDArray[np.int64],
        number: int,
        zone: str,
        selected: Container[str],
        *,
        news: Container[str] = (),
        sort: Sort = _BY_START,
        lead: int = 0,
    ) -> dict[str, Any]:
        """Return the `view` of one page for `PagedTable`; the first page is short of `lead` rows."""
        pages = max(-(-(len(rows) + lead) // PAGE_ROWS), 1)
        number = min(max(number, 0), pages - 1)
        first = max(number * PAGE_ROWS - lead, 0)
        some = self._shown.iloc[rows[first : (number + 1) * PAGE_ROWS - lead]]
        last = first + len(some)
        where = f"{first + 1:,} to {last:,} of {len(rows):,}" if len(some) else "0 rows"
        return {
            "columns": [{"name": name, "label": label, "width": width} for name, label, width in _COLUMNS],
            "rows": _cells(some, zone),
            "sort": {"column": sort.column, "ascending": sort.ascending},
            "page": number,
            "pages": pages,
            "where": where,
            "selected": [id_ for id_ in some["id"] if id_ in selected],
            "news": [id_ for id_ in some["id"] if id_ in news],
        }


def _words(rows: pd.DataFrame) -> list[str]:
    """Return what the clock says of each row."""
    to_start = rows["starts_in"].to_numpy("timedelta64[us]") / _SECOND
    lasts = (rows["end"] - rows["start_date"]).to_numpy("timedelta64[us]") / _SECOND
    told = zip(rows["status"], to_start, to_start + lasts, rows["end_source"] != "reported", strict=True)
    return [until_words(str(one), begins, ends, assumed=bool(guess)) for one, begins, ends, guess in told]


def _cells(rows: pd.DataFrame, zone: str) -> list[dict[str, Any]]:
    near = abs(rows["starts_in"].to_numpy("timedelta64[us]") / _SECOND - 60) <= 60
    begins = np.where(near, to_ms(rows["start_date"]), np.nan)
    starts = format_short(to_ms(rows["start_date"]), zone)
    ends = format_short(to_ms(rows["end"]), zone)
    assumed = rows["end_source"] == "assumed"
    counts = rows["related_event_tickers"].list.len()
    return [
        {
            "id": id_,
            # a countdown by the second is the browser's own
            "begins": None if np.isnan(soon) else float(soon),
            "cells": [
                str(status),
                words,
                start,
                f"≈ {end}" if guess else end or "–",
                shorten(title, _CELL),
                shorten(category, _CELL),
                shorten(type_, _CELL),
                f"{count:,}",
            ],
        }
        for id_, soon, status, words, start, end, guess, title, category, type_, count in zip(
            rows["id"],
            begins,
            rows["status"],
            _words(rows),
            starts,
            ends,
            assumed,
            rows["title"],
            rows["category"],
            rows["type"],
            counts,
            strict=True,
        )
    ]
