"""What the table view says of rows: the words of each column, tickers as links, marks on what was sought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from milestone_kit.analysis.links import address_of
from milestone_kit.core.words import until_words
from milestone_kit.figures.text import shorten
from milestone_kit.figures.time_axis import format_short, to_ms
from milestone_kit.table.folding import fold, segments
from milestone_kit.table.schema import TICKER_LISTS, event_tickers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

__all__ = ["COLUMNS", "NEEDED", "Column", "cells_of", "column_words", "end_words"]

NEEDED: Final = (
    *("id", "status", "start_date", "starts_in", "end", "end_source", "title", "category", "type"),
    *TICKER_LISTS,
)
"""The columns that a page is made of; the others, and the JSON texts among them, need not be gathered."""

_CELL: Final = 160
_WIDEST_TICKER: Final = 80
_MOST_NAMED: Final = 12
_SECOND: Final = np.timedelta64(1, "s")
_SEARCHED: Final = ("title",)
"""The columns in which it is marked what was searched for, beside the tickers."""


class Column(NamedTuple):
    """A column of the table view: its name, its heading, and its width in CSS."""

    name: str
    label: str
    width: str


COLUMNS: Final = {
    name: Column(name, label, width)
    for name, label, width in (
        ("time", "Time", "186px"),
        ("status", "Status", "86px"),
        ("when", "When", "172px"),
        ("start_date", "Start", "126px"),
        ("end", "End", "148px"),
        ("title", "Title", "auto"),
        ("category", "Category", "94px"),
        ("type", "Type", "128px"),
        ("tickers", "Tickers", "200px"),
    )
}
"""All there are, by name; table and agenda choose from them."""


def column_words(rows: pd.DataFrame, zone: str) -> dict[str, list[str]]:
    """Return what each column says of each row; times are those of a zone."""
    ends = format_short(to_ms(rows["end"]), zone)
    assumed = rows["end_source"] == "assumed"
    return {
        "status": [str(status) for status in rows["status"]],
        "when": _until(rows),
        "start_date": format_short(to_ms(rows["start_date"]), zone),
        "end": [end_words(end, assumed=guess) or "–" for end, guess in zip(ends, assumed, strict=True)],
    } | {name: [shorten(text, _CELL) for text in rows[name]] for name in ("title", "category", "type")}


def end_words(end: str, *, assumed: bool) -> str:
    """Return an end with what says that it is assumed.

    Examples
    --------
    >>> end_words("21:00", assumed=True), end_words("", assumed=True)
    ('≈ 21:00', '')
    """
    return f"≈ {end}" if assumed and end else end


def _until(rows: pd.DataFrame) -> list[str]:
    """Return what the clock says of each row."""
    to_start = rows["starts_in"].to_numpy("timedelta64[us]") / _SECOND
    lasts = (rows["end"] - rows["start_date"]).to_numpy("timedelta64[us]") / _SECOND
    told = zip(rows["status"], to_start, to_start + lasts, rows["end_source"] != "reported", strict=True)
    return [until_words(str(one), begins, ends, assumed=bool(guess)) for one, begins, ends, guess in told]


def cells_of(
    rows: pd.DataFrame, said: Mapping[str, list[str]], names: Sequence[str], searched: str = ""
) -> list[dict[str, Any]]:
    """Return rows as `PagedTable.view` takes them.

    Parameters
    ----------
    rows : pandas.DataFrame
        Milestones with the columns `NEEDED`.
    said : mapping
        What each column says of each row.
    names : sequence of str
        The columns in their order; "tickers" is one more.
    searched : str
        The words that were searched for.
    """
    near = abs(rows["starts_in"].to_numpy("timedelta64[us]") / _SECOND - 60) <= 60
    begins = np.where(near, to_ms(rows["start_date"]), np.nan)
    words = fold(searched).split()
    tickers = [_tickers(one, words) for one in rows[list(TICKER_LISTS)].to_dict("records")]
    made = []
    for at, (id_, soon, links) in enumerate(zip(rows["id"], begins, tickers, strict=True)):
        texts = {name: said[name][at] for name in names if name != "tickers"} | {"tickers": links["text"]}
        row = {
            "id": id_,
            # a countdown by the second is the browser's own
            "begins": None if np.isnan(soon) else float(soon),
            "cells": [texts[name] for name in names],
            "tickers": links,
        }
        marks = {name: segments(texts[name], words) for name in _SEARCHED if words and name in names}
        made.append(row | {"marks": {name: found for name, found in marks.items() if _is_found(found)}})
    return made


def _tickers(row: Mapping[Any, Any], words: Sequence[str]) -> dict[str, Any]:
    """Return the ticker that stands for all of a milestone, the first one unless another was searched for."""
    tickers = event_tickers(row)
    if not tickers:
        return {"text": "–", "address": None, "more": 0, "all": "", "marks": []}
    named = tickers[:_MOST_NAMED]
    first = next((one for one in named if words and any(word in fold(one) for word in words)), named[0])
    shown, more, rest = shorten(first, _WIDEST_TICKER), len(tickers) - 1, len(tickers) - len(named)
    found = segments(shown, words) if words else []
    return {
        "text": f"{shown} +{more:,}" if more else shown,
        "ticker": first if (address := address_of(first)) else shown,
        "address": address,
        "more": more,
        "all": ", ".join(shorten(one, _WIDEST_TICKER) for one in named) + (f" +{rest:,}" if rest else ""),
        "marks": found if _is_found(found) else [],
    }


def _is_found(found: list[tuple[str, bool]]) -> bool:
    return any(hit for _, hit in found)
