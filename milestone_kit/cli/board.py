"""What is live and what comes next, as lines for a terminal or as JSON for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from milestone_kit.analysis.details import league_of
from milestone_kit.analysis.flags import is_simulated
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.cli.console import one_line
from milestone_kit.core.arguments import iso
from milestone_kit.core.words import until_words
from milestone_kit.table.schema import event_tickers

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Board", "board_json", "board_text", "make_board", "worth_asking"]

_SOON: Final = pd.Timedelta("15min")
_MOST_ASKED: Final = 300
_LEAGUE: Final = 12
_LEAST_TITLE: Final = 20
_COUNTED: Final = ("score", "clock")


class Board(NamedTuple):
    """What is shown at one moment.

    Attributes
    ----------
    now : pandas.Timestamp
        The moment, UTC.
    fetched_at : str
        When the milestones were fetched, ISO 8601.
    stale : bool
        Whether the server did not answer, and this is what it said earlier.
    trouble : str
        What went wrong since, "" for nothing.
    live, upcoming : pandas.DataFrame
        A timeline with `league`, `score`, `clock` and `phase`; what began first, and what starts first.
    more_live : int
        How many more are live than are shown.
    """

    now: pd.Timestamp
    fetched_at: str
    stale: bool
    trouble: str
    live: pd.DataFrame
    upcoming: pd.DataFrame
    more_live: int


def worth_asking(df: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """Return the rows whose live data matter: what should be on, or starts within a quarter of an hour."""
    timeline = _real(compute_timeline(df, now=now))
    soon = (timeline["status"] == "upcoming") & (timeline["starts_in"] <= _SOON)
    near = df.loc[timeline.index[(timeline["status"] == "live") | soon]]
    return near.sort_values("start_date", kind="stable").tail(_MOST_ASKED)


def make_board(
    df: pd.DataFrame, live: pd.DataFrame | None, *, now: pd.Timestamp, count: int, trouble: str = ""
) -> Board:
    """Choose what is shown.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones with a unique index.
    live : pandas.DataFrame or None
        What `get_live` told of some of them, where it told anything.
    now : pandas.Timestamp
        The moment, UTC.
    count : int
        How many of each are shown at most.
    trouble : str
        What went wrong.
    """
    timeline = _real(compute_timeline(df, now=now, live=live))
    told = pd.DataFrame(columns=["id", "phase", *_COUNTED]) if live is None else live
    told = told.drop_duplicates("id", keep="last").set_index("id")[["phase", *_COUNTED]].astype(object)
    timeline = timeline.drop(columns=[name for name in told.columns if name in timeline.columns])
    timeline = timeline.join(told, on="id")
    on = timeline[timeline["status"] == "live"].sort_values("start_date", kind="stable", ascending=False)
    to_come = timeline[timeline["status"] == "upcoming"].sort_values("start_date", kind="stable")
    about = df.attrs["milestone_kit"]
    # with a score first: of these more is known than that they should be on
    on = pd.concat([on[on["score"].notna()], on[on["score"].isna()]])
    shown, upcoming = (rows.assign(league=league_of(rows)) for rows in (on.head(count), to_come.head(count)))
    more = len(on) - len(shown)
    return Board(now, str(about["fetched_at"]), bool(about["stale"]), trouble, shown, upcoming, more)


def _real(timeline: pd.DataFrame) -> pd.DataFrame:
    """Leave out simulated games, which are on for years."""
    return timeline[~is_simulated(timeline)]


def board_text(board: Board, width: int) -> str:
    """Return the board as lines of at most `width` characters, or a little more on very narrow terminals."""
    fetched = pd.Timestamp(board.fetched_at)
    day = "" if fetched.date() == board.now.date() else f"{fetched:%Y-%m-%d} "
    head = f"{board.now:%Y-%m-%d %H:%M} UTC, milestones as of {day}{fetched:%H:%M}"
    lines = [head]
    if board.stale:
        lines.append(f"STALE: the server does not answer; this is what it said at {day}{fetched:%H:%M} UTC")
    if board.trouble:
        lines.append(one_line(board.trouble, width))
    lines += ["", f"LIVE ({len(board.live) + board.more_live:,})"]
    lines += _table(board.live, _standing, board.now, width)
    if board.more_live:
        lines.append(f"and {board.more_live:,} more (-n shows more)")
    lines += ["", "NEXT", *_table(board.upcoming, _when, board.now, width)]
    if board.live.empty and board.upcoming.empty:
        lines[-2:] = ["nothing is on, and nothing comes in the days that were asked for"]
    return "\n".join(lines)


def board_json(board: Board) -> dict[str, Any]:
    """Return the board as plain JSON values: instants in ISO 8601, spans in seconds, null for not known."""
    return {
        "now": iso(board.now),
        "fetched_at": board.fetched_at,
        "stale": board.stale,
        "trouble": board.trouble or None,
        "live": [_plain(row) for row in _rows(board.live)],
        "more_live": board.more_live,
        "next": [_plain(row) for row in _rows(board.upcoming)],
    }


def _rows(df: pd.DataFrame) -> list[dict[Any, Any]]:
    return df.to_dict("records")


def _said(row: dict[Any, Any]) -> list[str]:
    return [one_line(_or_none(row["league"]) or row["category"], _LEAGUE), one_line(row["title"], 200)]


def _standing(row: dict[Any, Any]) -> str:
    return ", ".join(one_line(each, 40) for name in _COUNTED if (each := _or_none(row[name])) is not None)


def _when(row: dict[Any, Any]) -> str:
    return f"{row['start_date']:%a %d}" if row["date_only"] else f"{row['start_date']:%a %H:%M}"


def _words(row: dict[Any, Any], now: pd.Timestamp) -> str:
    if row["date_only"] and row["status"] == "upcoming":
        return "some time that day, or 00:00"
    starts_in, ends_in = row["starts_in"].total_seconds(), (row["end"] - now).total_seconds()
    return until_words(str(row["status"]), starts_in, ends_in, assumed=row["end_source"] != "reported")


def _table(
    df: pd.DataFrame, known: Callable[[dict[Any, Any]], str], now: pd.Timestamp, width: int
) -> list[str]:
    """Set rows in columns; the title, second of each, gives way where there is not enough room."""
    rows = [[*_said(row), known(row), _words(row, now)] for row in _rows(df)]
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    others = sum(widths) - widths[1] + 2 * (len(widths) - 1)
    widths[1] = min(widths[1], max(width - others, _LEAST_TITLE))
    return ["  ".join(map(_cell, row, widths)).rstrip() for row in rows]


def _cell(text: str, width: int) -> str:
    return one_line(text, width).ljust(width) if width else ""


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        **{name: _or_none(row[name]) for name in ("id", "category", "type", "league", "title")},
        "status": row["status"],
        "start_date": iso(row["start_date"]),
        "date_only": row["date_only"],
        "starts_in": row["starts_in"].total_seconds(),
        "end": None if pd.isna(row["end"]) else iso(row["end"]),
        "end_source": row["end_source"],
        "overdue": row["overdue"],
        **{name: _or_none(row[name]) for name in ("phase", *_COUNTED)},
        "event_tickers": event_tickers(row),
    }


def _or_none(value: Any) -> Any:
    return None if pd.isna(value) else value
