"""The threads that walk the ranges of a plan side by side and convert their pages.

A walk begins with a thread for each range that it is cut into beforehand, which is mostly one. The others
join once a page has to be waited for: with an answer always at hand they would only take the processor
from one another. Each thread converts its own pages while the others wait for the network.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from milestone_kit.core.notices import carried
from milestone_kit.errors import PaginationError
from milestone_kit.fetching.cursor import MAX_PAGES, Trail
from milestone_kit.table.frame import Repairs, page_table, starts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    import pyarrow as pa

    from milestone_kit.fetching.plan import Chain, Plan

__all__ = ["Source", "Walked", "Walkers"]

_AHEAD: Final = 8  # pages; enough that the network never waits for whoever takes them
_PATIENCE: Final = 0.02  # seconds; longer than an idle machine takes for a page of its own, shorter than afar
_LONG: Final = 0.1  # seconds; longer than a page takes from this machine, whatever else it does
_GLANCE: Final = 0.1
_GRACE: Final = 5.0


class Walked(NamedTuple):
    """One page in `ARROW_SCHEMA`, the chain that it belongs to, and what had to be repaired."""

    chain: Chain
    table: pa.Table
    repairs: Repairs


class Source(NamedTuple):
    """Where pages come from.

    Attributes
    ----------
    fetch : callable
        Takes the first start of a range (None for the query's own) and a cursor (None for the first
        page); returns the decoded page and whether the server was asked for it.
    cut : callable
        Is told where the walk is cut, whenever that changes.
    until : callable
        Takes an event; gives a context in which the thread's requests end once it is set.
    hang_up : callable
        Ends all requests at once.
    """

    fetch: Callable[[int | None, str | None], tuple[dict[str, Any], bool]]
    cut: Callable[[list[int]], object]
    until: Callable[[threading.Event], Any]
    hang_up: Callable[[], object]


class _Wait:
    """The time since a page came."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._busy = time.process_time()

    def is_for_the_network(self) -> bool:
        """Tell whether the processor had little to do meanwhile, or whatever it did cannot be the reason."""
        waited = time.monotonic() - self._began
        return waited >= _LONG or time.process_time() - self._busy <= waited / 2


class Walkers:
    """A context in which `workers` threads walk a plan; none of them outlives it.

    Parameters
    ----------
    source : Source
        Where pages come from.
    plan : Plan
        What is to be walked; guarded by `lock` while this runs.
    workers : int
        How many pages are asked for side by side at most.
    """

    def __init__(self, source: Source, plan: Plan, workers: int) -> None:
        self._source = source
        self._plan = plan
        self._pages: queue.Queue[Walked | BaseException | None] = queue.Queue(_AHEAD)
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._trails: dict[int, Trail] = {}
        self._threads = [
            threading.Thread(target=carried(self._work), name=f"milestones-{number}", daemon=True)
            for number in range(workers)
        ]
        self._started = 0

    def __enter__(self) -> Self:
        try:
            self._start(max(1, len(self._plan.chains)))
        except BaseException:
            self._halt()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._halt()
        for thread in self._threads:
            while thread.is_alive():
                if kind is not None:
                    self._source.hang_up()  # until it is gone: it may just have begun another request
                self._drain()
                thread.join(0.02)

    def pages(self) -> Iterator[Walked]:
        """Yield the pages as they come; raise what ended the walk, after all that had come by then."""
        ended = 0
        failed: BaseException | None = None
        hang_up_at = float("inf")
        wait = _Wait()
        while ended < self._started:
            patience = _PATIENCE if self._started < len(self._threads) else None
            try:
                item = self._pages.get(timeout=_GLANCE if failed else patience)
            except queue.Empty:
                if time.monotonic() > hang_up_at:
                    self._source.hang_up()
                if failed is None and wait.is_for_the_network():
                    self._start(len(self._threads))
                continue
            if item is None:
                ended += 1
            elif isinstance(item, BaseException):
                if failed is None:
                    failed = item
                    hang_up_at = time.monotonic() + _GRACE
                    self._halt()  # what is under way may still come in
            else:
                yield item
            wait = _Wait()
        if failed is not None:
            raise failed

    def _start(self, count: int) -> None:
        for thread in self._threads[self._started : count]:
            thread.start()
            self._started += 1

    def _halt(self) -> None:
        self._stop.set()
        with self._news:
            self._news.notify_all()

    def _drain(self) -> None:
        try:
            while True:
                self._pages.get_nowait()
        except queue.Empty:
            return

    def _work(self) -> None:
        try:
            with self._source.until(self._stop):
                while (chain := self._next()) is not None:
                    self._walk(chain)
        except BaseException as error:  # noqa: BLE001 - it is raised where the pages are waited for
            self._pages.put(error)
        finally:
            self._pages.put(None)

    def _next(self) -> Chain | None:
        with self._news:
            while not (self._stop.is_set() or self._plan.done):
                known = len(self._plan.cuts)
                chain = self._plan.take()
                if chain is not None:
                    if len(self._plan.cuts) > known:
                        # written down before anything is asked, so that whoever goes on asks the same
                        self._source.cut(self._plan.cuts)
                    return chain
                self._news.wait()
            return None

    def _walk(self, chain: Chain) -> None:
        trail = self._trails.setdefault(id(chain), Trail())
        while not (chain.done or self._stop.is_set()):
            page, live = self._source.fetch(chain.low, trail.cursor)
            milestones, is_last = trail.step(page)
            walked = Walked(chain, page_table(milestones, repairs := Repairs()), repairs)
            del page, milestones  # the table is all that is needed, and much smaller
            with self._news:
                if live:
                    chain.replaying = False
                self._came(walked, is_last=is_last)
                self._news.notify_all()
            self._pages.put(walked)
        with self._news:
            chain.taken = False

    def _came(self, walked: Walked, *, is_last: bool) -> None:
        was_ordered = self._plan.ordered
        self._plan.came(walked.chain, starts_of(walked.table), last=is_last)
        if was_ordered and not self._plan.ordered:
            self._source.cut([])
        if self._plan.pages > MAX_PAGES:
            raise PaginationError(f"no end after {MAX_PAGES} pages; ask with narrower dates or a filter")
