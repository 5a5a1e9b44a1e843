"""Draws written as the objects of the API: what is listed at a moment, and what changes after it."""

from __future__ import annotations

import datetime as dt
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from milestone_kit.sandbox.catalog import LINES
from milestone_kit.sandbox.draw import DAY, NEVER, NONE
from milestone_kit.sandbox.oddities import PLACEHOLDER
from milestone_kit.sandbox.schedule import Course, Event
from milestone_kit.sandbox.shape import JANUARY_SHARE
from milestone_kit.sandbox.wording import Day, fill, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from milestone_kit.sandbox.draw import Draw
    from milestone_kit.sandbox.kinds import Kind, League
    from milestone_kit.sandbox.shape import Shape

__all__ = ["GO_ZERO_TIME", "changes", "courses", "listed", "rfc3339_of", "to_list"]

GO_ZERO_TIME: Final = "0001-01-01T00:00:00Z"
"""What production writes into `last_updated_ts` for "never"."""

_STALE: Final = ("created", "scheduled", "not_started", "inprogress", "closed", "ended")
_STAGES: Final = ("created", "inprogress", "closed", "cancelled")
_DRIFTING: Final = {"Sports": "sports", "Mentions": "mentions"}
_ZERO_EVERY: Final = 120
_BLOCK: Final = 4096


class _State(NamedTuple):
    """What the listing says at some moment, by row: times in microseconds, NONE where it says none."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    updated: NDArray[np.int64]
    stage: NDArray[np.int64]


def listed(draw: Draw, now: int, shape: Shape) -> Iterator[dict[str, Any]]:
    """Yield the rows of a draw, all announced by then, as listed at `now`, in the endpoint's order."""
    state = _state(draw, np.full(len(draw), now))
    # a row that was never touched since it was listed may say so by Go's zero time
    zero = (draw.numbers[:, 6] % _ZERO_EVERY == 7) & ~draw.simulated
    state = state._replace(updated=np.where(zero, NONE, state.updated))
    order = np.lexsort((draw.ids, state.start))
    # block by block: the numbers of all rows as Python objects would take more memory than the rows' JSON
    for begin in range(0, len(order), _BLOCK):
        block = order[begin : begin + _BLOCK]
        yield from _write(draw.take(block), _State(*(part[block] for part in state)), shape)


def to_list(draw: Draw, shape: Shape) -> list[Event]:
    """Return the events by which rows enter the listing, each at its own moment."""
    rows = _write(draw, _state(draw, draw.announced), shape)
    return [Event(at, row["id"], row=row) for at, row in zip(draw.announced.tolist(), rows, strict=True)]


def changes(draw: Draw, after: NDArray[np.int64], shape: Shape) -> list[Event]:
    """Return what happens to each row later than its moment in `after`, in no particular order."""
    closing = np.where(draw.cancelled < NEVER, draw.cancelled, draw.end)
    if shape.null_ends:
        closing = np.where(_keeps_null(draw), NONE, closing)
    moments = {name: getattr(draw, name) for name in ("moved", "opened", "cancelled", "reported")}
    live = {name: (moment > after) & (moment < NEVER) for name, moment in moments.items()}
    follows = _says_status(draw)
    starts, ends = rfc3339_of(draw.start), rfc3339_of(closing)
    plans = rfc3339_of(np.where(draw.plan != NONE, draw.start + draw.plan, NONE))
    events = []
    for name, status in (("moved", ""), ("opened", "inprogress"), ("cancelled", "cancelled"),
                         ("reported", "closed")):  # fmt: skip
        for row in np.flatnonzero(live[name]).tolist():
            fields: dict[str, Any] = {}
            if name == "moved":
                fields["start_date"] = starts[row]
                if plans[row] is not None:
                    fields["end_date"] = plans[row]
            elif name == "reported" and ends[row] is not None:
                fields["end_date"] = ends[row]
            called_off = name == "reported" and draw.cancelled[row] < NEVER
            word_ = "cancelled" if called_off else status
            at = int(moments[name][row])
            events.append(Event(at, str(draw.ids[row]), fields, word_ if follows[row] and word_ else None))
    return events


def courses(draw: Draw, now: int) -> dict[str, Course]:
    """Return how rows go on whose listing does not tell it yet: those that are not over, or never will be."""
    rows = np.flatnonzero((draw.reported > now) & (draw.start != PLACEHOLDER))
    return {
        id_: Course(None if end == NONE else end, None if cancelled == NEVER else cancelled, simulated)
        for id_, end, cancelled, simulated in zip(
            draw.ids[rows].tolist(),
            draw.end[rows].tolist(),
            draw.cancelled[rows].tolist(),
            draw.simulated[rows].tolist(),
            strict=True,
        )
    }


def rfc3339_of(moments: NDArray[np.int64]) -> list[str | None]:
    """Write microseconds as the API does: `Z`, and a fraction without its trailing zeros."""
    texts = np.datetime_as_string(moments.view("datetime64[us]"), unit="us").tolist()
    return [None if text == "NaT" else text.rstrip("0").rstrip(".") + "Z" for text in texts]


def _state(draw: Draw, now: NDArray[np.int64]) -> _State:
    start = np.where(draw.moved <= now, draw.start, draw.first_start)
    closing = np.where(draw.cancelled < NEVER, draw.cancelled, draw.end)
    planned = np.where(draw.plan != NONE, start + draw.plan, NONE)
    over = draw.reported <= now
    stage = np.zeros(len(draw), dtype=np.int64)
    updated = np.maximum(draw.announced, draw.touched)
    for number, moment in enumerate((draw.moved, draw.opened, draw.reported, draw.cancelled)):
        past = moment <= now
        updated = np.where(past, np.maximum(updated, moment), updated)
        stage = np.where(past & (number > 0), number, stage)
    return _State(start, np.where(over, closing, planned), updated, stage)


def _says_status(draw: Draw) -> NDArray[np.bool_]:
    """Tell whose `details.status` follows the game; the other half's is stale from the first."""
    follows: NDArray[np.bool_] = draw.numbers[:, 5] % 2 == 0
    return follows


def _keeps_null(draw: Draw) -> NDArray[np.bool_]:
    keeps: NDArray[np.bool_] = (draw.numbers[:, 4] % 100 >= JANUARY_SHARE * 100) & (draw.start != PLACEHOLDER)
    return keeps


def _write(draw: Draw, state: _State, shape: Shape) -> Iterator[dict[str, Any]]:
    ends = state.end
    if shape.null_ends:
        ends = np.where(_keeps_null(draw) & (state.stage >= 2), NONE, ends)
    columns = zip(
        draw.line.tolist(),
        draw.numbers.tolist(),
        draw.ids.tolist(),
        draw.simulated.tolist(),
        _calendar(draw),
        rfc3339_of(state.start),
        rfc3339_of(ends),
        rfc3339_of(state.updated),
        np.where(_says_status(draw), state.stage, -1).tolist(),
        strict=True,
    )
    unknown = [
        (name, share, value, zlib.crc32(name.encode()) % 1000)
        for name, (share, value) in shape.unknown.items()
    ]
    for line, numbers, id_, simulated, day, start, end, updated, stage in columns:
        row = _object(line, numbers, id_, day, stage)
        row["start_date"] = start
        row["last_updated_ts"] = updated or GO_ZERO_TIME
        if end is not None or shape.null_ends:
            row["end_date"] = end
        for name, share, value, offset in unknown:
            if (numbers[8] // 7 + offset) % 1000 < share * 1000:
                row[name] = value
        if simulated:
            _simulate(row, numbers)
        yield row


def _calendar(draw: Draw) -> list[Day]:
    """Give the day each ticker names: stale where the game moved later, and for one in 25 anyway."""
    stale = draw.numbers[:, 8] % 25 == 0
    days = draw.first_start // DAY + np.where(stale, draw.numbers[:, 7] % 9 - 4, 0)
    unique, inverse = np.unique(days, return_inverse=True)
    known = [Day.of(dt.date(1970, 1, 1) + dt.timedelta(days=int(day))) for day in unique]
    return [known[at] for at in inverse.tolist()]


class _Line(NamedTuple):
    """What all rows of a line have in common, looked up once."""

    kind: Kind
    league: League
    series: tuple[str, ...]
    season: str
    filled: bool

    @classmethod
    def of(cls, kind: Kind, league: League) -> _Line:
        season = league.series.removesuffix("GAME").removesuffix("MATCH")
        return cls(kind, league, (league.series, *league.extra), season, "{" in kind.message)


_LINES: Final = [_Line.of(kind, league) for kind, league in zip(LINES.kinds, LINES.leagues, strict=True)]


def _object(line: int, numbers: list[int], id_: str, day: Day, stage: int) -> dict[str, Any]:
    kind, league, series, season, filled = _LINES[line]
    title, code, details, count, shared = word(kind, league, numbers, day)
    if "status" in details:
        details["status"] = _STAGES[stage] if stage >= 0 else _STALE[numbers[7] % len(_STALE)]
    chance = numbers[8]
    tail = f"-{day.stamp}{code}"
    related = [name + tail for name in (series if count is None else series[: count + 1])]
    primary = related
    if not shared:
        primary = [] if chance % 33 == 2 else related[:1]
        if chance % 4 == 1:
            related.append(f"{season}-{day.stamp[:2]}")
        if chance % 101 == 3:  # one row in a hundred does not repeat its primary ticker here
            del related[0]
    category = kind.category
    if chance % 256 == 77:
        category = _DRIFTING.get(category, category)
    row: dict[str, Any] = {
        "category": category,
        "details": details,
        "id": id_,
        "last_updated_ts": "",
        "notification_message": fill(kind.message, numbers, day) if filled else kind.message,
        "primary_event_tickers": primary,
        "related_event_tickers": related,
        "start_date": "",
        "title": title,
        "type": kind.type,
    }
    _add_sources(row, chance)
    return row


def _add_sources(row: dict[str, Any], chance: int) -> None:
    """Name the feeds a row comes from: 87 % have a `source_id`, most a map of several."""
    number = chance % 100_000_000
    if chance % 100 < 87:
        row["source_id"] = f"sandbox:match:{number}"
    elif chance % 3 == 0:
        row["source_id"] = None
    pick = chance % 12
    if pick == 0:
        row["source_ids"] = {}
    elif pick < 11:
        ids = {"source_1_id": f"sandbox:one:{number}"}
        if pick > 3:
            ids["source_2_id"] = f"sandbox:two:{number // 3}"
        if pick > 1:
            ids["source_3_id"] = row.get("source_id") or f"sandbox:three:{number}"
        if pick > 8:
            ids["source_6_id"] = f"sandbox:six:{number // 7}"
        row["source_ids"] = ids


def _simulate(row: dict[str, Any], numbers: list[int]) -> None:
    """Turn a row into one of the simulated games that production lists among the real ones."""
    ticker = "SIMNBAGAME" if row["type"] == "basketball_game" else "SIMNFLGAME"
    row["primary_event_tickers"] = [ticker]
    row["related_event_tickers"] = [ticker]
    row["details"]["league"] = ticker[3:6]
    row["details"]["status"] = ("created", "inprogress", "ended")[numbers[0] % 3]
