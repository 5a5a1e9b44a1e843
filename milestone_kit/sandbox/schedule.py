"""What is still to happen in a sandbox: events in the order of time, which a clock works off."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from milestone_kit.sandbox.times import moved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Course", "Event", "Schedule"]


_SOON: Final = 180_000_000
"""Three minutes, which the report of an end usually takes, in microseconds."""


class Course(NamedTuple):
    """How a row really goes on: its true end and when it is called off, in microseconds, None where not.

    A `simulated` game goes on for ever.
    """

    end: int | None = None
    cancelled: int | None = None
    simulated: bool = False

    def moved(self, by: int) -> Course:
        """Return the course of a row that starts later by this many microseconds."""
        return Course(
            None if self.end is None else self.end + by,
            None if self.cancelled is None else self.cancelled + by,
            self.simulated,
        )


@dataclass(slots=True)
class Event:
    """Something that happens to a row at a moment (microseconds since 1970).

    Either it enters the listing (`row`), or some of its dates (`fields`) and `details.status` change; its
    `last_updated_ts` becomes the moment.
    """

    at: int
    id: str
    fields: dict[str, str] = field(default_factory=dict)
    status: str | None = None
    row: dict[str, Any] | None = None


class Schedule:
    """Pending events; what happens to a row can be put off or forgotten.

    Parameters
    ----------
    events : iterable of Event
        In any order.
    more : callable, optional
        Takes the end of the time that is known so far, and returns further events, the courses of the
        rows they bring, and the end of the time that is known then.
    known_until : int
        Up to when `events` is all there is.
    courses : dict
        How rows go on.
    """

    def __init__(
        self,
        events: Iterable[Event] = (),
        *,
        more: Callable[[int], tuple[list[Event], dict[str, Course], int]] | None = None,
        known_until: int = 0,
        courses: dict[str, Course] | None = None,
    ) -> None:
        self.courses = courses or {}
        self._more = more
        self._known_until = known_until
        self._number = itertools.count()
        self._heap: list[tuple[int, int, Event]] = []
        self._of_row: dict[str, list[Event]] = defaultdict(list)
        self._extend(events)

    def due(self, now: int) -> list[Event]:
        """Take out and return what has happened by `now`, in order."""
        while self._more is not None and self._known_until <= now:
            events, courses, self._known_until = self._more(self._known_until)
            self.courses |= courses
            self._extend(events)
        happened = []
        while self._heap and self._heap[0][0] <= now:
            at, _, event = heapq.heappop(self._heap)
            pending = self._of_row.get(event.id, [])
            # an event that was put off or forgotten leaves its old place in the heap behind
            if at != event.at or not any(event is other for other in pending):
                continue
            pending.remove(event)
            if not pending:
                del self._of_row[event.id]
            happened.append(event)
        return happened

    def put_off(self, id_: str, by: int, *, now: int) -> None:
        """Let everything that is still to happen to a row happen later, with the ends that it brings.

        What would have to happen before `now`, because `by` is negative, happens some minutes after it.
        """
        if id_ in self.courses:
            self.courses[id_] = self.courses[id_].moved(by)
        shift = dt.timedelta(microseconds=by)
        waiting = self._of_row.pop(id_, [])
        for event in waiting:
            event.at = max(event.at + by, now + _SOON)
            event.fields = {name: moved(text, shift) for name, text in event.fields.items()}
        self._extend(waiting)

    def pending(self, id_: str) -> list[Event]:
        """Return what is still to happen to a row."""
        return list(self._of_row.get(id_, ()))

    def forget(self, id_: str) -> None:
        """Let nothing happen to a row any more."""
        self._of_row.pop(id_, None)
        self.courses.pop(id_, None)

    def _extend(self, events: Iterable[Event]) -> None:
        for event in events:
            self._of_row[event.id].append(event)
            heapq.heappush(self._heap, (event.at, next(self._number), event))
