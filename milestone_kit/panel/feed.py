"""Where the explorer's tables come from: the first fetch, refreshes, and what went wrong with them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

from milestone_kit.panel.fetch import Fetch, FetchStoppedError, Report, call_on, running_loop
from milestone_kit.panel.widgets.loading_bar import LoadingBar
from milestone_kit.panel.words import NOTHING_CAME, all_here, broken_off, stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from milestone_kit.panel.fetch import Tables

__all__ = ["Feed"]

_Prepared = TypeVar("_Prepared")


class Feed(Generic[_Prepared]):
    """Follows one fetch at a time and hands over each table that arrives.

    Parameters
    ----------
    prepare : callable
        Makes of a table what is handed over; runs beside the kernel's loop.
    take : callable
        Called with what was made of each table.
    guard : callable
        Runs what nobody waits for, and shows its errors.
    reload : callable, optional
        Gives the tables of a refresh, given a callback for progress.

    Attributes
    ----------
    bar : LoadingBar
        Shows how far it is.
    """

    def __init__(
        self,
        prepare: Callable[[pd.DataFrame], _Prepared],
        take: Callable[[_Prepared], None],
        guard: Callable[[Callable[[], None]], None],
        reload: Tables | None,
    ) -> None:
        self._prepare, self._take, self._guard, self._reload = prepare, take, guard, reload
        self._failure: BaseException | None = None
        self._shown: _Prepared | None = None
        self._first: Fetch[_Prepared] | None = None
        self._quiet: Fetch[_Prepared] | None = None
        self.bar = LoadingBar(self.stop)

    def refresh(self) -> None:
        """Fetch anew, beside the kernel's loop where there is one; one fetch at a time."""
        assert self._reload is not None
        if self.bar.fetch is not None:
            return
        if running_loop() is None:
            for table in self._reload(Report()):
                self._take(self._prepare(table))
        else:
            self._watch(self._reload)

    def follow(self, tables: Tables) -> None:
        """Fetch for the first time, show how far that is, and hand over each table that has arrived."""
        self._first = self._watch(tables)

    @property
    def growing(self) -> bool:
        """Whether the first fetch is still under way: what is shown is not everything yet."""
        return self.bar.fetch is not None and self.bar.fetch is self._first

    def _watch(self, tables: Tables) -> Fetch[_Prepared]:
        self._failure = self._shown = None
        fetch = Fetch(tables, self._prepare)
        self.bar.watch(fetch, lambda: self._guard(lambda: self._receive(fetch)))
        return fetch

    def freshen(self, ended: Callable[[BaseException | None], None]) -> None:
        """Fetch anew without a word, unless something is under way; tell `ended` what went wrong."""
        loop = running_loop()
        if self._reload is None or loop is None or self.bar.fetch is not None or self._quiet is not None:
            return
        fetch = self._quiet = Fetch(self._reload, self._prepare)

        def on_loop() -> None:
            if self._quiet is fetch and fetch.over:
                self._quiet, newest = None, fetch.newest
                if fetch.failure() is None and newest is not None:
                    self._take(newest)
                ended(fetch.failure())

        fetch.follow(lambda: call_on(loop, lambda: self._guard(on_loop)))

    def settle(self, deadline: float) -> None:
        """Take up what is there until a moment of the monotonic clock; raise what went wrong till then."""
        fetch = self._first
        if fetch is not None and self.growing:
            fetch.wait(max(deadline - time.monotonic(), 0.0))
            self._receive(fetch)

    def stop(self) -> None:
        """Keep what has come, and say how much that is; the fetch ends as soon as it notices."""
        fetch = self.bar.fetch
        if fetch is not None:
            fetch.stop()
            self._receive(fetch)

    def close(self) -> None:
        """Let a fetch that runs end, and take up nothing of it any more."""
        for fetch in (self.bar.fetch, self._quiet):
            if fetch is not None:
                fetch.stop()
        self._quiet = None
        self.bar.release()

    def wait(self) -> None:
        """Wait for the whole of what is under way, which the client's own time limits bound.

        Raises
        ------
        MilestoneKitError
            What went wrong with it.
        """
        fetch = self.bar.fetch
        if fetch is not None:
            fetch.wait()
            self._receive(fetch)
        if self._failure is not None:
            raise self._failure

    def _receive(self, fetch: Fetch[_Prepared]) -> None:
        over, failure = fetch.over, fetch.failure()
        self._take_newest(fetch)
        if fetch.stopped and (over or fetch.newest is not None or not fetch.progress.rows):
            words = stopped(fetch.progress) if fetch.newest is not None else NOTHING_CAME
            self._failure = None if fetch.newest is not None else FetchStoppedError(words)
            self.bar.release(words)
            return
        if not over:
            return
        self._failure = failure
        if failure is None:
            self.bar.release(all_here(fetch.progress.rows))
            return
        self.bar.release(broken_off(fetch.progress) if fetch.newest is not None else "")
        raise failure

    def _take_newest(self, fetch: Fetch[_Prepared]) -> None:
        newest = fetch.newest
        if newest is not None and newest is not self._shown:
            self._shown = newest
            self._take(newest)
