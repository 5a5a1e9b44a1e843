"""The milestones that a sandbox serves: ordered, filtered, changed at run time, kept as ready JSON."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import threading
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from milestone_kit.errors import QueryError
from milestone_kit.sandbox.competitions import competitions_of
from milestone_kit.sandbox.recordings import Recorded
from milestone_kit.sandbox.schedule import Course, Schedule
from milestone_kit.sandbox.times import instant, microseconds, moved, rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from milestone_kit.sandbox.schedule import Event

__all__ = ["Filters", "Page", "Position", "World"]

Position = tuple[int, str]
"""Where a row stands in the order of the endpoint: its start in microseconds since 1970, its id."""

_BEFORE_ALL: Final = -(1 << 62)
_KEPT_SELECTIONS: Final = 32


class Filters(NamedTuple):
    """The parameters of `GET /milestones` that select rows; None where not given."""

    category: str | None = None
    competition: str | None = None
    source_id: str | None = None
    type: str | None = None
    related_event_ticker: str | None = None
    min_updated_ts: int | None = None


class Page(NamedTuple):
    """One page: the rows as JSON, its number from 1, the position of its last row, whether more follow."""

    rows: list[bytes]
    number: int
    last: Position | None
    more: bool


@dataclass(slots=True)
class _Entry:
    position: Position
    body: bytes
    category: object
    type: object
    source_id: object
    competitions: tuple[object, ...]
    updated: int | None


class _Selection(NamedTuple):
    positions: list[Position]
    entries: list[_Entry]


class World:
    """A thread-safe, ordered set of milestones.

    Rows are kept as JSON, so a page is a slice and a join. Rows that break the contract are kept too:
    serving them is what a test may want.

    Parameters
    ----------
    rows : iterable of dict
        Raw milestones, in any order.
    clock : callable
        Gives the aware moment that a change writes into `last_updated_ts`.
    schedule : Schedule, optional
        What happens as the clock goes on; without one, or when the world is still, nothing does.
    still : bool
        Whether to know the schedule and let none of it happen.
    recorded : Recorded, optional
        What is answered in place of what is invented.
    """

    def __init__(
        self,
        rows: Iterable[dict[str, Any]],
        clock: Callable[[], dt.datetime],
        schedule: Schedule | None = None,
        *,
        still: bool = False,
        recorded: Recorded | None = None,
    ) -> None:
        self.clock = clock
        self.recorded = recorded or Recorded()
        self._schedule = schedule or Schedule()
        self._runs = schedule is not None and not still
        self._lock = threading.RLock()
        self._shared: dict[tuple[object, ...], tuple[object, ...]] = {}
        entries = sorted((self._entry(row) for row in rows), key=_position)
        self._all = _Selection([entry.position for entry in entries], entries)
        self._by_id = {entry.position[1]: entry for entry in entries}
        self._selections: dict[Filters, _Selection] = {}

    def __len__(self) -> int:
        with self._current():
            return len(self._all.entries)

    def page(
        self, filters: Filters, *, minimum_start: int | None, after: Position | None, limit: int
    ) -> Page:
        """Return up to `limit` rows that match, start at or after `minimum_start` and follow `after`."""
        with self._current():
            positions, entries = self._select(filters)
            first = 0 if minimum_start is None else bisect_left(positions, (minimum_start, ""))
            low = first if after is None else max(first, bisect_right(positions, after))
            high = min(low + limit, len(entries))
            return Page(
                rows=[entry.body for entry in entries[low:high]],
                number=1 + -(-(low - first) // limit),
                last=positions[high - 1] if high > low else after,
                more=high < len(entries),
            )

    def get(self, id_: str) -> bytes | None:
        """Return one row as JSON, or None when there is none with this id."""
        with self._current():
            entry = self._by_id.get(id_)
            return None if entry is None else entry.body

    def milestones(self) -> list[dict[str, Any]]:
        """Return all rows as they are now, in the endpoint's order."""
        with self._current():
            return [orjson.loads(entry.body) for entry in self._all.entries]

    def course(self, id_: str) -> tuple[dict[str, Any], Course] | None:
        """Return a row and how it really goes on, or None when there is none with this id.

        Where the sandbox did not invent that, a reported end is taken for the true one.
        """
        with self._current():
            entry = self._by_id.get(id_)
            if entry is None:
                return None
            row = orjson.loads(entry.body)
            known = self._schedule.courses.get(id_)
            return row, known or Course(instant(row.get("end_date")))

    def add(self, row: dict[str, Any], *, touch: bool = True) -> None:
        """Insert a row, or replace the one with its id; `touch` sets its `last_updated_ts` to now."""
        entry = self._entry({**row, "last_updated_ts": self._now()} if touch else row)
        with self._current():
            self._schedule.forget(entry.position[1])
            self._put(entry)

    def delete(self, id_: str) -> None:
        """Remove the row with this id."""
        with self._current():
            self._take_out(self._known(id_))
            self._schedule.forget(id_)

    def update(self, id_: str, fields: dict[str, Any]) -> None:
        """Set fields of a row; `last_updated_ts` becomes now unless it is among them."""
        with self._current():
            entry = self._known(id_)
            row = {**orjson.loads(entry.body), "last_updated_ts": self._now(), **fields}
            self._take_out(entry)
            self._put(self._entry(row))

    def reschedule(self, id_: str, shift: dt.timedelta) -> None:
        """Move a row's start, its end where it has one, and what is still to happen to it, by `shift`."""
        with self._current():
            row = orjson.loads(self._known(id_).body)
            dates = {
                name: moved(row[name], shift)
                for name in ("start_date", "end_date")
                if row.get(name) is not None
            }
            self.update(id_, dates)
            by = shift // dt.timedelta(microseconds=1)
            self._schedule.put_off(id_, by, now=microseconds(self.clock()))

    @contextlib.contextmanager
    def _current(self) -> Iterator[None]:
        """Hold the lock, with everything applied that has happened by now."""
        with self._lock:
            if self._runs:
                for event in self._schedule.due(microseconds(self.clock())):
                    self._apply(event)
            yield

    def _apply(self, event: Event) -> None:
        entry = self._by_id.get(event.id)
        if event.row is not None:
            if entry is None:
                self._put(self._entry(event.row))
            return
        if entry is None:
            return
        row = orjson.loads(entry.body) | event.fields | {"last_updated_ts": rfc3339(event.at)}
        if event.status is not None and "status" in row["details"]:
            row["details"]["status"] = event.status
        self._take_out(entry)
        self._put(self._entry(row))

    def _put(self, entry: _Entry) -> None:
        known = self._by_id.get(entry.position[1])
        if known is not None:
            self._take_out(known)
        at = bisect_right(self._all.positions, entry.position)
        self._all.positions.insert(at, entry.position)
        self._all.entries.insert(at, entry)
        self._by_id[entry.position[1]] = entry
        self._selections.clear()

    def _take_out(self, entry: _Entry) -> None:
        at = bisect_left(self._all.positions, entry.position)
        while self._all.entries[at] is not entry:
            at += 1
        del self._all.positions[at], self._all.entries[at], self._by_id[entry.position[1]]
        self._selections.clear()

    def _now(self) -> str:
        return rfc3339(self.clock())

    def _known(self, id_: str) -> _Entry:
        if id_ not in self._by_id:
            raise QueryError(f"id={id_!r} is not in this sandbox; server.milestones() lists what is")
        return self._by_id[id_]

    def _entry(self, row: dict[str, Any]) -> _Entry:
        if not isinstance(row, dict):
            raise QueryError(f"rows: expected raw milestones as dicts, got {row!r:.60}")
        names = competitions_of(row.get("type"), row.get("details"))
        start = instant(row.get("start_date"))
        return _Entry(
            # a start that is no date sorts first, so that broken rows can be served as well
            position=(_BEFORE_ALL if start is None else start, str(row.get("id", ""))),
            # copied, because orjson hands out the whole buffer that it wrote into, five times the text
            body=bytes(memoryview(orjson.dumps(row))),
            category=_folded(row.get("category")),
            type=row.get("type"),
            source_id=row.get("source_id"),
            competitions=self._shared.setdefault(names, names) if _hashable(names) else names,
            updated=instant(row.get("last_updated_ts")),
        )

    def _select(self, filters: Filters) -> _Selection:
        if filters == Filters():
            return self._all
        if filters not in self._selections:
            entries = _matching(self._all.entries, filters)
            while len(self._selections) >= _KEPT_SELECTIONS:
                del self._selections[next(iter(self._selections))]
            self._selections[filters] = _Selection([entry.position for entry in entries], entries)
        return self._selections[filters]


def _position(entry: _Entry) -> Position:
    return entry.position


def _folded(value: object) -> object:
    return _fold(value) if isinstance(value, str) else value


@functools.lru_cache(256)
def _fold(text: str) -> str:
    return text.casefold()


def _hashable(values: tuple[object, ...]) -> bool:
    return not any(isinstance(value, (list, dict)) for value in values)


def _matching(entries: list[_Entry], wanted: Filters) -> list[_Entry]:
    """Narrow entries down filter by filter: a question for what changed must not cost a look at all else."""
    if wanted.min_updated_ts is not None:
        since = wanted.min_updated_ts * 1_000_000
        entries = [entry for entry in entries if entry.updated is not None and entry.updated >= since]
    if wanted.category is not None:
        # production takes no notice of case here: category=Sports gave rows that say "sports"
        category = _folded(wanted.category)
        entries = [entry for entry in entries if entry.category == category]
    if wanted.type is not None:
        entries = [entry for entry in entries if entry.type == wanted.type]
    if wanted.source_id is not None:
        entries = [entry for entry in entries if entry.source_id == wanted.source_id]
    if wanted.competition is not None:
        entries = [entry for entry in entries if wanted.competition in entry.competitions]
    if wanted.related_event_ticker is not None:
        entries = [entry for entry in entries if _relates(entry.body, wanted.related_event_ticker)]
    return entries


def _relates(body: bytes, ticker: str) -> bool:
    # most rows are told apart by a search in the text; only the few that hold it are decoded
    if orjson.dumps(ticker) not in body:
        return False
    related = orjson.loads(body).get("related_event_tickers")
    return isinstance(related, list) and ticker in related
