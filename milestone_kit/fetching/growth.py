"""A fetch that can be watched: it runs in a thread of its own, and shows what has come whenever that pays."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from milestone_kit.core.threads import Beside
from milestone_kit.fetching.spans import around, near
from milestone_kit.fetching.walkers import StoppedError
from milestone_kit.table.frame import join_pages, starts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from milestone_kit.fetching.gathering import Gathering
    from milestone_kit.fetching.spans import Span

__all__ = ["Growth", "Stage", "stages_of"]

_WORTH: Final = 0.4  # of what was shown, that must have come since
_GLANCE: Final = 0.1  # seconds within which somebody who stops is heard


class Stage(NamedTuple):
    """What has come of an answer.

    Attributes
    ----------
    table : pyarrow.Table
        In `ARROW_SCHEMA`, one row per id, in order.
    window : tuple of int, optional
        The span of starts around now of which every row is there; None where there is none.
    share : float
        How much of the answer has come, as far as that can be estimated: 0 to 1.
    seconds_left : float, optional
        How long the rest will take at the present pace.
    pages, came : int
        How many pages and rows have come; the table may also have older ones.
    """

    table: pa.Table
    window: Span | None
    share: float
    seconds_left: float | None
    pages: int
    came: int


class Growth:
    """Watches a walk, and says when there is something to show.

    A first stage is due when the span around now is complete, each later one when there are so many rows
    more that showing them pays.

    Parameters
    ----------
    now : int
        Microseconds since 1970.
    stop : threading.Event
        Ends the walk once it is set.
    base : pyarrow.Table, optional
        An older answer, which stands in for what has not come yet.
    """

    def __init__(self, now: int, stop: threading.Event, base: pa.Table | None = None) -> None:
        self.now = now
        self.stop = stop
        self._base = base
        self._shown, self._next = 0, 0.0
        self._due = threading.Event()
        self._gathering: Gathering | None = None
        self._began = time.monotonic()

    def saw(self, gathering: Gathering) -> None:
        """Take note of a page; called by whoever walks."""
        if self._gathering is not gathering:
            self._gathering, self._began = gathering, time.monotonic()
            self._shown, self._next = 0, 0.0
        if not self._due.is_set() and gathering.rows >= self._next and self._has_first(gathering):
            self._due.set()

    def _has_first(self, gathering: Gathering) -> bool:
        if self._shown:
            return True
        first = near(self.now, *gathering.bounds)[:1]
        window = around(gathering.covered(), self.now)
        return all(
            window is not None
            and (window[0] is None or window[0] <= low)
            and (window[1] is None or window[1] >= high)
            for low, high in first
        )

    def wait(self, seconds: float) -> bool:
        """Wait for a stage that is due, for some seconds at most; tell whether there is one."""
        return self._due.wait(seconds)

    def done(self) -> None:
        """Let whoever waits wait no more."""
        self._due.set()

    def stage(self) -> Stage | None:
        """Return what has come so far; None where that is nothing new."""
        gathering = self._gathering
        if gathering is None or gathering.rows <= self._shown:
            self._due.clear()
            return None
        # in this order: what is said to be complete must be in the table
        covered, share = gathering.covered(), gathering.share()
        pages, counted = gathering.pages, gathering.rows
        table = gathering.so_far()
        came = table.num_rows
        self._shown = max(1, came)
        self._next = counted + _WORTH * came  # rows at seams are counted twice
        self._due.clear()
        if self._base is not None:
            table = join_pages([_outside(self._base, covered), table])
        passed = time.monotonic() - self._began
        left = passed * (1 - share) / share if share > 0 else None
        return Stage(table, around(covered, self.now), share, left, pages, came)


def _outside(table: pa.Table, covered: list[Span]) -> pa.Table:
    """Leave the rows that start in none of some spans."""
    starts = starts_of(table)
    inside = np.zeros(len(starts), dtype=bool)
    for low, high in covered:
        first = 0 if low is None else np.searchsorted(starts, low)
        last = len(starts) if high is None else np.searchsorted(starts, high)
        inside[first:last] = True
    return table.filter(pa.array(~inside))


def stages_of(growth: Growth, fetch: Callable[[], object]) -> Generator[Stage]:
    """Run a fetch beside, and yield the stages of its growth until it is done or stopped.

    Parameters
    ----------
    growth : Growth
        Watches the walk.
    fetch : callable
        Is begun with the first stage that is asked for, and has ended when there are no more.

    Raises
    ------
    MilestoneKitError
        What went wrong with the fetch.
    """

    def watched() -> None:
        try:
            fetch()
        finally:
            growth.done()

    running = Beside(watched)
    try:
        while running.is_running() and not growth.stop.is_set():
            if growth.wait(_GLANCE) and running.is_running() and (stage := growth.stage()) is not None:
                yield stage
        if growth.stop.is_set() and (stage := growth.stage()) is not None:
            yield stage
    finally:
        if running.is_running():
            growth.stop.set()
        running.wait()
    with contextlib.suppress(StoppedError):
        running.result()
