"""Who walks: the pages of a plan, one after another as they are wanted, or by threads side by side.

Side by side, a walk begins with a thread for each range that it is cut into beforehand, which is mostly
one. The others join once a page has to be waited for: with an answer always at hand they would only take
the processor from one another. Each thread converts its own pages while the others wait for the network.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, Self

from milestone_kit.core.notices import carried
from milestone_kit.core.settings import Patience
from milestone_kit.errors import PaginationError
from milestone_kit.table.frame import page_table, starts_of
from milestone_kit.table.intake import Repairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    import pyarrow as pa

    from milestone_kit.fetching.plan import Chain, Plan
    from milestone_kit.fetching.spans import Span

__all__ = ["ChainPage", "StoppedError", "Walk", "Walkers"]

_AHEAD: Final = 8  # pages; enough that the network never waits for whoever takes them
_GLANCE: Final = 0.1  # seconds


class StoppedError(Exception):
    """Whoever wanted the pages wants no more."""


class ChainPage(NamedTuple):
    """One page in `ARROW_SCHEMA`, the chain that it belongs to, and what had to be repaired.

    `covers` is the span of starts of which the chain had given every row with this page; None for none.
    """

    chain: Chain
    table: pa.Table
    repairs: Repairs
    covers: Span | None


class _Source(Protocol):
    """What a walk needs of `page_source.PageSource`."""

    def fetch(self, low: int | None, cursor: str | None, /) -> tuple[dict[str, Any], bool]: ...
    def until(self, stop: threading.Event, /) -> Any: ...
    def hang_up(self) -> None: ...


class Walk:
    """The steps of a walk, whoever takes them: the rules that every page is held to stand here once.

    Parameters
    ----------
    source : PageSource
        Where pages come from.
    plan : Plan
        What is to be walked; guarded by `news` while threads walk.
    cut : callable
        Is told where the walk is cut, whenever that changes.
    patience : Patience
        Says after how many pages a walk without end is given up.
    lenient : bool
        Whether its pages are of changes only; see `intake.are_most`.
    stop : threading.Event, optional
        Ends the walk, in a StoppedError, once it is set.
    """

    def __init__(
        self,
        source: _Source,
        plan: Plan,
        *,
        cut: Callable[[list[int]], object] = lambda _: None,
        patience: Patience | None = None,
        lenient: bool = False,
        stop: threading.Event | None = None,
    ) -> None:
        self.source = source
        self.plan = plan
        self.patience = patience or Patience()
        self.news = threading.Condition()
        self.stop = stop
        self._cut = cut
        self._told = plan.cuts
        self._lenient = lenient

    def in_turn(self) -> Iterator[ChainPage]:
        """Yield the pages of a plan one after another, each asked for when it is wanted, by the caller."""
        while (chain := self.take()) is not None:
            while not chain.done:
                yield self.step(chain)

    def take(self) -> Chain | None:
        """Return a chain that nobody walks; None where there is none for now."""
        chain = self.plan.take()
        self._tell_cuts()
        return chain

    def _tell_cuts(self) -> None:
        """Have cuts written down before anything is asked, so that whoever goes on asks the same."""
        cuts = self.plan.cuts if self.plan.ordered else []
        if cuts != self._told:
            self._told = cuts
            self._cut(cuts)

    def step(self, chain: Chain) -> ChainPage:
        """Ask for the next page of a chain, convert it, and let the plan know."""
        answer, is_live = self.source.fetch(chain.low, chain.trail.cursor)
        milestones, is_last = chain.trail.step(answer)
        repairs = Repairs()
        table = page_table(milestones, repairs, strict=False, lenient=self._lenient)
        del answer, milestones  # the table is all that is needed, and much smaller
        _refuse_repeated(chain, table)
        with self.news:
            if is_live:
                chain.replaying = False
            self.plan.came(chain, starts_of(table), last=is_last)
            covers = chain.covers() if self.plan.ordered else None
            self._tell_cuts()
            if self.plan.pages >= self.patience.most_pages and not self.plan.done:
                raise PaginationError(
                    f"no end after {self.patience.most_pages} pages; ask with a larger limit, narrower dates "
                    "or a filter"
                )
            self.news.notify_all()
        return ChainPage(chain, table, repairs, covers)


def _refuse_repeated(chain: Chain, table: pa.Table) -> None:
    """Raise PaginationError where a chain has had just this page, which then no cursor can lead away from."""
    shown = hash((tuple(table["id"].to_pylist()), starts_of(table).tobytes()))
    if table.num_rows and shown in chain.shown:
        raise PaginationError(
            f"the server gave the page with {table['id'][0]} twice, under different cursors, on page "
            f"{chain.pages + 1}: it does not heed its cursors; try again later or with another filter"
        )
    chain.shown.add(shown)


class Walkers:
    """A context in which `workers` threads take the steps of a walk; none of them outlives it.

    Parameters
    ----------
    walk : Walk
        What is walked.
    workers : int
        How many pages are asked for side by side at most.
    """

    def __init__(self, walk: Walk, workers: int) -> None:
        self._walk = walk
        self._pages: queue.Queue[ChainPage | BaseException | None] = queue.Queue(_AHEAD)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=carried(self._work), name=f"milestones-{number}", daemon=True)
            for number in range(workers)
        ]
        self._started = 0

    def __enter__(self) -> Self:
        try:
            self._start(max(1, len(self._walk.plan.chains)))
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
                    self._walk.source.hang_up()  # until it is gone: it may just have begun another request
                self._drain()
                thread.join(0.02)

    def pages(self) -> Iterator[ChainPage]:
        """Yield the pages as they come; raise what ended the walk, after all that had come by then."""
        return self._arriving() if self._started else self._walk.in_turn()

    def _arriving(self) -> Iterator[ChainPage]:
        patience = self._walk.patience
        ended = 0
        failed: BaseException | None = None
        hang_up_at = float("inf")
        wait = _Wait(patience)
        while ended < self._started:
            if self._walk.stop is not None and self._walk.stop.is_set():
                raise StoppedError
            glance = None if failed is None and self._walk.stop is None else _GLANCE
            timeout = patience.page if self._started < len(self._threads) and failed is None else glance
            try:
                item = self._pages.get(timeout=timeout)
            except queue.Empty:
                if time.monotonic() > hang_up_at:
                    self._walk.source.hang_up()
                if failed is None and wait.is_for_the_network():
                    self._start(len(self._threads))
                continue
            if item is None:
                ended += 1
            elif isinstance(item, BaseException):
                if failed is None:
                    failed = item
                    hang_up_at = time.monotonic() + patience.last_pages
                    self._halt()  # what is under way may still come in
            else:
                yield item
            wait = _Wait(patience)
        if failed is not None:
            raise failed

    def _start(self, count: int) -> None:
        for thread in self._threads[self._started : count]:
            try:
                thread.start()
            except RuntimeError:  # the system has no more threads, or the interpreter ends
                del self._threads[self._started :]
                return
            self._started += 1

    def _halt(self) -> None:
        self._stop.set()
        with self._walk.news:
            self._walk.news.notify_all()

    def _drain(self) -> None:
        try:
            while True:
                self._pages.get_nowait()
        except queue.Empty:
            return

    def _work(self) -> None:
        try:
            with self._walk.source.until(self._stop):
                while (chain := self._next()) is not None:
                    while not (chain.done or self._stop.is_set()):
                        self._pages.put(self._walk.step(chain))
                    with self._walk.news:
                        chain.taken = False
        except BaseException as error:  # noqa: BLE001 - it is raised where the pages are waited for
            self._pages.put(error)
        finally:
            self._pages.put(None)

    def _next(self) -> Chain | None:
        with self._walk.news:
            while not (self._stop.is_set() or self._walk.plan.done):
                chain = self._walk.take()
                if chain is not None:
                    return chain
                self._walk.news.wait()
            return None


class _Wait:
    """The time since a page came."""

    def __init__(self, patience: Patience) -> None:
        self._longest = patience.slow_page
        self._began = time.monotonic()
        self._busy = time.process_time()

    def is_for_the_network(self) -> bool:
        """Tell whether the processor had little to do meanwhile, or whatever it did cannot be the reason."""
        waited = time.monotonic() - self._began
        return waited >= self._longest or time.process_time() - self._busy <= waited / 2
