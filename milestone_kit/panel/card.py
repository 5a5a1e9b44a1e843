"""The details card of one milestone, as HTML in which every word of the server is escaped."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.analysis.links import address_of
from milestone_kit.core.words import basis_text
from milestone_kit.figures.text import DAY_ONLY, duration_text, shorten
from milestone_kit.figures.time_axis import format_instants
from milestone_kit.table.folding import fold, segments
from milestone_kit.table.schema import event_tickers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

__all__ = ["details_card"]

_MOST_TICKERS: Final = 40
_MOST_COPIED: Final = 15_000
_MOST_SERIES: Final = 6
_LONGEST_CHIP: Final = 200
_MOST_JSON: Final = 20_000
_MOST_MORE: Final = 600
_NOTHING_MORE: Final[Mapping[str, str]] = {}
_REL: Final = "noopener noreferrer"

_ACTS: Final = (
    '<div class="mk-acts">'
    '<button type="button" data-act="previous" aria-label="Previous milestone" title="Previous">‹</button>'
    '<button type="button" data-act="next" aria-label="Next milestone" title="Next">›</button>'
    '<button type="button" data-act="close" aria-label="Close the details" title="Close (Esc)">×</button>'
    "</div>"
)


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


def _marked(text: str, words: Sequence[str]) -> str:
    """Return text as safe HTML in which it is marked what was searched for."""
    if not words:
        return html.escape(text)
    pieces = [(html.escape(piece), hit) for piece, hit in segments(text, words)]
    return "".join(f"<mark>{piece}</mark>" if hit else piece for piece, hit in pieces)


def _tickers(tickers: list[str], words: Sequence[str]) -> str:
    """Return tickers as links to their events, each with a button that copies it, as safe HTML."""
    if not tickers:
        return "none"
    links = " ".join(_ticker(one, words) for one in tickers[:_MOST_TICKERS])
    more = len(tickers) - _MOST_TICKERS
    rest = f" and {more:,} more" if more > 0 else ""
    if len(tickers) == 1 and address_of(tickers[0]) is not None:
        return links
    copied, label = "\n".join(tickers), "copy all"
    if len(copied) > _MOST_COPIED:
        copied, label = "\n".join(tickers[:_MOST_TICKERS])[:_MOST_COPIED], "copy these"
    return f"{links}{rest} {_button('copy', label, value=copied)}"


def _ticker(ticker: str, words: Sequence[str]) -> str:
    said, address = _marked(shorten(ticker, 80), words), address_of(ticker)
    if address is None:  # what is no ticker leads nowhere
        return f"<code>{said}</code>"
    link = f'<a class="mk-ticker" href="{html.escape(address)}" target="_blank" rel="{_REL}">{said}</a>'
    name = html.escape(ticker)
    named = f'data-value="{name}" aria-label="Copy {name}" title="Copy {name}"'
    copies = f'<button type="button" class="mk-copy" data-act="copy" {named}></button>'
    return f'<span class="mk-linked">{link}{copies}</span>'


def _button(act: str, label: str, **given: str) -> str:
    data = "".join(f' data-{name}="{html.escape(value)}"' for name, value in given.items())
    return f'<button type="button" data-act="{act}"{data}>{html.escape(label)}</button>'


def _chips(row: pd.Series, league: str) -> str:
    """Return what the milestone shares with others, as buttons that show only such milestones."""
    series = sorted({ticker.partition("-")[0] for ticker in event_tickers(row) if ticker.partition("-")[2]})
    shared = [("league", league, league), ("category", row["category"], row["category"])]
    shared += [("type", row["type"], row["type"])]
    shared += [("ticker", f"{one}-*", one) for one in series[:_MOST_SERIES] if not set("*?[]\\, ") & set(one)]
    return "".join(
        _button("narrow", shorten(label, 40), name=name, value=value)
        for name, value, label in shared
        if label.strip() and len(value) <= _LONGEST_CHIP
    )


def _status(row: pd.Series) -> str:
    status = row["status"] if isinstance(row["status"], str) else "not known"
    return status + (", dates are doubtful" if row["suspect"] else "")


def _pretty(details: str) -> str:
    try:
        return json.dumps(json.loads(details), indent=2, ensure_ascii=False)
    except RecursionError:  # nested deeper than Python can lay out
        return details


def details_card(
    row: pd.Series,
    zone: str,
    league: str = "",
    more: Mapping[str, str] = _NOTHING_MORE,
    searched: str = "",
) -> str:
    """Return the card of one row of a timeline table.

    Parameters
    ----------
    row : pandas.Series
        A milestone with the columns of `compute_timeline`.
    zone : str
        IANA time zone of the times.
    league : str
        As `league_of` tells it; "" where there is none.
    more : mapping
        Further facts by their names, which come first; any text, also hostile.
    searched : str
        The words that were searched for, which are marked.

    Returns
    -------
    str
        HTML in which every word of the server is escaped. The only links lead to the events' pages at
        kalshi.com, in a tab of their own. What buttons do stands in their `data-act`, as `Drawer` reads it.
    """
    words = fold(searched).split()
    source = row["source_id"] if isinstance(row["source_id"], str) else "none"
    facts = {html.escape(name): html.escape(shorten(value, _MOST_MORE)) for name, value in more.items()} | {
        "Start": html.escape(_start(row, zone)),
        "End": html.escape(_end(row, zone)),
        "Status": html.escape(_status(row)),
        "Primary tickers": _tickers(list(row["primary_event_tickers"]), words),
        "Related tickers": _tickers(list(row["related_event_tickers"]), words),
        "Source": _marked(shorten(source, 120), words),
        "Updated": html.escape(_when(row["last_updated_ts"], zone) or "never"),
        "Id": _marked(shorten(row["id"], 80), words),
    }
    items = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())
    said = row["notification_message"]
    subtitle = shorten(said, 300) if isinstance(said, str) else ""
    pretty = _pretty(row["details"])
    text = pretty if len(pretty) <= _MOST_JSON else pretty[:_MOST_JSON] + "\n… cut; see details_of()"
    return (
        f'<div class="mk-card">{_ACTS}<h4>{_marked(shorten(row["title"], 300), words)}</h4>'
        + (f'<p class="mk-subtitle">{_marked(subtitle, words)}</p>' if subtitle else "")
        + f'<p class="mk-chips">{_chips(row, league)}</p><dl>{items}</dl>'
        f"<details><summary>Details as JSON</summary><pre>{html.escape(text)}</pre></details></div>"
    )
