"""Milestones as a calendar file (RFC 5545), for Google, Outlook, Apple and whoever reads `.ics`.

What the standard asks of a file (escaping, folding of long lines, forms of dates) is icalendar's work; here
is decided what an event says.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final

import icalendar
import pandas as pd

from milestone_kit.analysis.details import league_of
from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.links import address_of
from milestone_kit.analysis.timeline import with_timeline
from milestone_kit.core.arguments import check_text, read_now
from milestone_kit.core.notices import told_once, warn
from milestone_kit.core.words import basis_text
from milestone_kit.errors import DataWarning, QueryError
from milestone_kit.export.targets import write_whole
from milestone_kit.table.schema import check_milestones, event_tickers

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from milestone_kit.analysis.lengths import Assume
    from milestone_kit.core.arguments import DateLike

__all__ = ["MAX_EVENTS", "ics_bytes", "to_ics"]

MAX_EVENTS: Final = 20_000
"""The most events of one file; programs that read calendars take minutes for as many."""

_PRODUCER: Final = "-//milestone_kit//milestones//EN"
_LONGEST: Final = {"summary": 500, "text": 4_000}
_SHOWN_TICKERS: Final = 10
_BREAKS: Final = re.compile("\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
_DAY: Final = dt.timedelta(days=1)


@told_once
def to_ics(
    df: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    name: str = "Kalshi milestones",
    now: DateLike | None = None,
    assume: Assume = "typical",
) -> Path:
    """Write milestones as a calendar file.

    The file takes the target's place when it is whole; a target that exists stays as it was when anything
    fails. An event keeps its identity from file to file, so that a calendar which reads a newer one moves
    what was rescheduled.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones, or what `compute_timeline` made of them: then the ends are those it gives. For an assumed
        end learned from all milestones, compute the timeline before you choose rows.
    path : str or path-like
        The file. Its folder must exist.
    name : str
        What the calendar is called.
    now, assume
        As for `compute_timeline`; `now` also is when the events were written.

    Returns
    -------
    pathlib.Path
        Where the file is.

    Raises
    ------
    QueryError
        When the folder does not exist, the path is a folder, an argument cannot be used, or there are more
        than `MAX_EVENTS` rows.
    SchemaError
        When the table is not in the milestones schema.
    OSError
        When the disk refuses.

    Warns
    -----
    DataWarning
        When placeholders, which have no date yet, were left out.

    Notes
    -----
    Times are UTC. An end that is assumed, or not known, is said to be so in the description; without any end
    an event has none. A start at midnight UTC, which may only mean that day (`date_only`), makes an event of
    whole days. Events do not block time (TRANSP:TRANSPARENT).

    Examples
    --------
    >>> from milestone_kit.table.schema import empty_milestones
    >>> to_ics(empty_milestones(), "nowhere/m.ics")
    Traceback (most recent call last):
    milestone_kit.errors.QueryError: path='nowhere/m.ics': there is no folder 'nowhere'; create it first
    """
    made = ics_bytes(df, name=name, now=now, assume=assume)
    return write_whole(path, lambda sink: sink.write(made))


@told_once
def ics_bytes(
    df: pd.DataFrame,
    *,
    name: str = "Kalshi milestones",
    now: DateLike | None = None,
    assume: Assume = "typical",
) -> bytes:
    """Return the file that `to_ics` would write, for a download; arguments and errors are the same."""
    check_milestones(df)
    if not isinstance(name, str):
        raise QueryError(f"name={name!r:.80}: expected text")
    if len(df) > MAX_EVENTS:
        raise QueryError(
            f"{len(df):,} milestones are too many for a calendar (at most {MAX_EVENTS:,}); choose some with "
            "filter_milestones or next_up"
        )
    moment = read_now(now)
    timeline = with_timeline(df, now=moment, assume=assume)
    dateless = is_placeholder(timeline).to_numpy()
    if dateless.any():
        warn(f"{dateless.sum():,} placeholders have no date yet and were left out", DataWarning)
    calendar = _calendar(timeline[~dateless], check_text(name, "name"), moment.to_pydatetime())
    made: bytes = calendar.to_ical()
    return made


def _calendar(timeline: pd.DataFrame, name: str, written: dt.datetime) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCER)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _line(name))
    rows = timeline.assign(league=league_of(timeline)).to_dict("records")
    for row in rows:
        calendar.add_component(_event(row, written))
    return calendar


def _event(row: dict[Any, Any], written: dt.datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{_line(row['id'])}@milestone-kit")
    event.add("dtstamp", written.replace(microsecond=0))
    if not pd.isna(row["last_updated_ts"]):
        event.add("last-modified", _second(row["last_updated_ts"]))
    start, end = _span(row)
    event.add("dtstart", start)
    if end is not None and end > start:  # what lasts no time has none, by the standard
        event.add("dtend", end)
    event.add("summary", _line(row["title"]) or "(untitled)")
    tickers = event_tickers(row)
    event.add("description", _text(_description(row, tickers)))
    event.add("categories", [_line(each) for each in (row["category"], row["league"]) if _is_said(each)])
    # what is no ticker is still in the description
    address = address_of(tickers[0]) if tickers else None
    if address is not None:
        event.add("url", address)
    event.add("transp", "TRANSPARENT")
    return event


def _span(row: dict[Any, Any]) -> tuple[Any, Any]:
    """Return start and end: moments, or the days of an event of whole days, the last one not included."""
    start, end = row["start_date"], row["end"]
    if not row["date_only"]:
        return _second(start), None if pd.isna(end) else _second(end)
    first = start.date()
    last = first if pd.isna(end) else (end - pd.Timedelta(1, "us")).date()
    try:
        return first, max(first, last) + _DAY
    except OverflowError:  # of the year 9999
        return first, None


def _second(stamp: pd.Timestamp) -> dt.datetime:
    return stamp.floor("s").to_pydatetime()


def _description(row: dict[Any, Any], tickers: list[str]) -> str:
    """Say what people should know, a line each: above all, which times are not to be relied on."""
    more = len(tickers) - _SHOWN_TICKERS
    listed = ", ".join(tickers[:_SHOWN_TICKERS]) + (f" and {more:,} more" if more > 0 else "")
    lines = [
        row["notification_message"],
        _end_words(row),
        "The start may only mean that day: the API gives midnight UTC." if row["date_only"] else "",
        "These dates are not to be believed: perhaps it was called off." if row["suspect"] else "",
        f"Event tickers: {listed}" if tickers else "",
        f"Milestone: {row['id']}",
    ]
    return "\n".join(line for line in lines if line.strip())


def _end_words(row: dict[Any, Any]) -> str:
    source = row["end_source"]
    if source == "assumed":
        basis = basis_text(row["end_level"], row["end_samples"])
        return f"The end is assumed{f' ({basis})' if basis else ''}; none is reported."
    return {
        "reported": "",
        "live": "The end is about when live data told that it was over; none is reported yet.",
    }.get(source, "No end is reported, and none can be assumed.")


def _is_said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _text(value: str) -> str:
    """Return text of several lines without what the standard does not allow in one."""
    return _CONTROL.sub("", _BREAKS.sub("\n", value[: _LONGEST["text"]]))


def _line(value: str) -> str:
    return " ".join(_text(value[: _LONGEST["summary"]]).split())
