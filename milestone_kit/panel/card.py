"""The details card of one milestone, as HTML in which every word of the server is escaped."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.figures.text import DAY_ONLY, basis_text, duration_text, shorten
from milestone_kit.figures.time_axis import format_instants

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["details_card"]

_MOST_TICKERS: Final = 40
_MOST_JSON: Final = 20_000
_MOST_MORE: Final = 600
_NOTHING_MORE: Final[Mapping[str, str]] = {}


def _ms(instant: pd.Timestamp) -> float:
    return np.nan if instant is None or instant != instant else instant.timestamp() * 1000  # noqa: PLR0124 - NaT


def _when(instant: pd.Timestamp, zone: str) -> str:
    return format_instants(np.array([_ms(instant)]), zone)[0]


def _end(row: pd.Series, zone: str) -> str:
    if row["end_source"] == "open":
        return "not known"
    lasts = duration_text(_ms(row["end"]) - _ms(row["start_date"]))
    if row["end_source"] == "reported":
        return f"{_when(row['end'], zone)} · {lasts}"
    if row["end_source"] == "live":
        return f"{_when(row['end'], zone)} · {lasts} (over, say its live data)"
    basis = basis_text(row.get("end_level"), row.get("end_samples", 0))
    return f"{_when(row['end'], zone)} · {lasts} (assumed{f', {basis}' if basis else ''})"


def _start(row: pd.Series, zone: str) -> str:
    day = f" · midnight UTC, {DAY_ONLY}" if row.get("date_only", False) else ""
    return f"{_when(row['start_date'], zone)} ({zone}){day}"


def _tickers(tickers: list[str]) -> str:
    shown = ", ".join(shorten(ticker, 80) for ticker in tickers[:_MOST_TICKERS])
    more = len(tickers) - _MOST_TICKERS
    return f"{shown} and {more:,} more" if more > 0 else shown or "none"


def _pretty(details: str) -> str:
    try:
        return json.dumps(json.loads(details), indent=2, ensure_ascii=False)
    except RecursionError:  # nested deeper than Python can lay out
        return details


def details_card(row: pd.Series, zone: str, more: Mapping[str, str] = _NOTHING_MORE) -> str:
    """Return the card of one row of a timeline table.

    Parameters
    ----------
    row : pandas.Series
        A milestone with the columns of `compute_timeline`.
    zone : str
        IANA time zone of the times.
    more : mapping
        Further facts by their names, which come first; any text, also hostile.
    """
    updated = _when(row["last_updated_ts"], zone)
    source = row["source_id"] if isinstance(row["source_id"], str) else "none"
    facts = {name: shorten(value, _MOST_MORE) for name, value in more.items()} | {
        "Start": _start(row, zone),
        "End": _end(row, zone),
        "Status": str(row["status"]) + (", dates are doubtful" if row["suspect"] else ""),
        "Kind": f"{shorten(row['category'], 60)} · {shorten(row['type'], 60)}",
        "Primary tickers": _tickers(list(row["primary_event_tickers"])),
        "Related tickers": _tickers(list(row["related_event_tickers"])),
        "Source": shorten(source, 120),
        "Updated": updated or "never",
        "Id": shorten(row["id"], 80),
    }
    items = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in facts.items())
    pretty = _pretty(row["details"])
    text = pretty if len(pretty) <= _MOST_JSON else pretty[:_MOST_JSON] + "\n… cut; see details_of()"
    return (
        f'<div class="mk-card"><h4>{html.escape(shorten(row["title"], 300))}</h4><dl>{items}</dl>'
        f"<details><summary>Details as JSON</summary><pre>{html.escape(text)}</pre></details></div>"
    )
