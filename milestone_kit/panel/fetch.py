"""A fetch that runs beside the kernel's loop and hands over what has come so far."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from milestone_kit.errors import MilestoneKitError
from milestone_kit.panel.progress import Progress, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    Tables = Callable[["Report"], Iterable[pd.DataFrame]]

__all__ = ["ExplorerClosedError", "Fetch", "FetchStoppedError", "Report", "call_on", "running_loop"]

_Prepared = TypeVar("_Prepared")

_SHARE_OF_TIME: Final = 0.25
"""Of the time of a fetch, at most so much goes into showing what has come so far."""


class ExplorerClosedError(MilestoneKitError):
    """The user has closed an explorer, and asks it all the same."""


class FetchStoppedError(MilestoneKitError):
    """The user has stopped a fetch before its first table came."""


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the kernel's loop, None in a plain script: there, a fetch is simply waited for."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def call_on(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    """Have the kernel's loop do something, from any thread; nothing where it is no more."""
    # it may be closed at any moment: nobody is left then who could be told
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(work)


class Report:
    """What tables are fetched with: called with rows and pages, it notes how far that is.

    Attributes
    ----------
    stop : threading.Event
        Set once the user has had enough; a call then raises FetchStoppedError.
    progress : Progress
        How far the fetch is.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.progress = Progress()

    def __call__(self, rows: int, pages: int) -> None:
        """Note how far it is; end a fetch that has no other way to be stopped."""
        self.note(rows, pages)
        if self.stop.is_set():
            raise FetchStoppedError("the fetch was stopped; Refresh goes on from the last page that arrived")

    def note(self, rows: int, pages: int) -> None:
        """Note how far it is."""
        self.progress = replace(self.progress, rows=rows, pages=pages)

    def hear(self, table: pd.DataFrame) -> None:
        """Note what a table says of how far it is."""
        said = told(table)
        self.progress = replace(
            self.progress,
            rows=len(table),
            share=said.get("share"),
            seconds_left=said.get("seconds_left"),
            expected_rows=said.get("expected_rows"),
            window=(said.get("window_start"), said.get("window_end")),
        )


class Fetch(Generic[_Prepared]):
    """Tables that grow, or a single one, fetched in a thread of its own.

    Parameters
    ----------
    tables : callable
        Gives the tables one after the other, given a callback for rows and pages.
    prepare : callable
        Makes of a table what is wanted, in the thread: the kernel goes on meanwhile.

    Attributes
    ----------
    report : Report
        How far it is.
    """

    def __init__(self, tables: Tables, prepare: Callable[[pd.DataFrame], _Prepared]) -> None:
        self.report = Report()
        self._tables, self._prepare = tables, prepare
        self._news: Callable[[], None] = lambda: None
        self._done = threading.Event()
        self._newest: _Prepared | None = None
        self._error: BaseException | None = None
        # in a copy of the cell's context, so that what the fetch warns of is printed below the cell
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run,), daemon=True, name="milestones").start()

    @property
    def newest(self) -> _Prepared | None:
        """What was made of the newest table; None before the first."""
        return self._newest

    @property
    def stopped(self) -> bool:
        """Whether the user has had enough."""
        return self.report.stop.is_set()

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self.report.progress

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self._done.is_set()

    def follow(self, news: Callable[[], None]) -> None:
        """Call `news`, in the thread, with each table that is ready and at the end."""
        self._news = news
        if self._newest is not None or self.over:
            news()

    def _run(self) -> None:
        try:
            self._take_all()
        except FetchStoppedError as error:
            self._error = None if self._newest is not None else error
        except BaseException as error:  # noqa: BLE001 - told to whoever asks for the result
            self._error = error
        finally:
            self._done.set()
            self._news()

    def _take_all(self) -> None:
        coming = iter(self._tables(self.report))
        ready, cost = 0.0, 0.0
        try:
            for table in coming:
                self.report.hear(table)
                began = time.monotonic()
                # a picture of everything that came costs more and more: it is not made of every table
                if told(table).get("complete", True) or began - ready >= cost / _SHARE_OF_TIME:
                    self._newest = self._prepare(table)
                    ready = time.monotonic()
                    cost = ready - began
                    self._news()
                if self.stopped:
                    break
        finally:
            close = getattr(coming, "close", None)
            if close is not None:
                close()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the fetch, which the client's own limits see to; tell whether it came."""
        return self._done.wait(seconds)

    def stop(self) -> None:
        """End the fetch with the next page or table that arrives; what has come stays."""
        self.report.stop.set()

    def failure(self) -> BaseException | None:
        """Return what went wrong, None where nothing has."""
        return self._error
