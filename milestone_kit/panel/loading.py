"""A fetch that runs beside the kernel's loop, and what the panel shows of it meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from typing import TYPE_CHECKING, Final

import ipywidgets as w

from milestone_kit.errors import MilestoneKitError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    Reload = Callable[[Callable[[int, int], None]], pd.DataFrame]

__all__ = ["Fetch", "FetchStoppedError", "LoadingBar", "running_loop"]

_EVERY: Final = 0.2
"""Seconds between two messages about how far a fetch is."""


class FetchStoppedError(MilestoneKitError):
    """The user has stopped a fetch."""


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the kernel's loop, None in a plain script: there, a fetch is simply waited for."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Fetch:
    """One fetch in a thread of its own.

    Parameters
    ----------
    work : callable
        Fetches a table, given a callback for progress.

    Attributes
    ----------
    rows, pages : int
        How far it is.
    """

    def __init__(self, work: Reload) -> None:
        self.rows = self.pages = 0
        self._work = work
        self._done = threading.Event()
        self._stopped = False
        self._table: pd.DataFrame | None = None
        self._error: BaseException | None = None
        # in a copy of the cell's context, so that what the fetch warns of is printed below the cell
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run,), daemon=True, name="milestones").start()

    def _run(self) -> None:
        try:
            self._table = self._work(self._report)
        except BaseException as error:  # noqa: BLE001 - told to whoever asks for the result
            self._error = error
        finally:
            self._done.set()

    def _report(self, rows: int, pages: int) -> None:
        self.rows, self.pages = rows, pages
        if self._stopped:
            raise FetchStoppedError("the fetch was stopped; Refresh goes on from the last page that arrived")

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the fetch, which the client's own limits see to; tell whether it came."""
        return self._done.wait(seconds)

    def stop(self) -> None:
        """End the fetch with the next page that arrives."""
        self._stopped = True

    def result(self) -> pd.DataFrame:
        """Wait for the table and return it, or raise what went wrong."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        assert self._table is not None
        return self._table


class LoadingBar:
    """A bar with the rows and pages so far and a button to stop; not there while nothing is fetched.

    Attributes
    ----------
    widget : ipywidgets.HBox
        What is shown.
    """

    def __init__(self) -> None:
        self._words = w.HTML(layout={"flex": "1 1 auto"})
        self._stop = w.Button(description="Stop", tooltip="Stop fetching", layout={"width": "auto"})
        self._stop.on_click(lambda _: None if self._fetch is None else self._fetch.stop())
        self.widget = w.HBox([self._words, self._stop], layout={"display": "none"})
        self.widget.add_class("mk-loading")
        self._fetch: Fetch | None = None

    @property
    def fetch(self) -> Fetch | None:
        """The fetch that is watched."""
        return self._fetch

    def watch(self, fetch: Fetch, arrived: Callable[[], None]) -> None:
        """Show how far a fetch is, and call `arrived` on the loop of the caller when it has ended.

        Parameters
        ----------
        fetch : Fetch
            What runs.
        arrived : callable
            Called once, unless `release` comes first.
        """
        loop = running_loop()
        assert loop is not None
        self._fetch = fetch
        self._say(fetch, 0.0)
        self.widget.layout.display = "flex"

        def settle() -> None:
            if self._fetch is fetch:
                self.release()
                arrived()

        def follow() -> None:
            # In a thread too: a cell that waits for the table keeps the loop busy.
            began = time.monotonic()
            while not fetch.wait(_EVERY):
                self._say(fetch, time.monotonic() - began)
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle)

        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(follow,), daemon=True, name="milestones bar").start()

    def release(self) -> None:
        """Take the bar away."""
        self._fetch = None
        self.widget.layout.display = "none"

    def _say(self, fetch: Fetch, seconds: float) -> None:
        # without a value, for nobody knows how many will come: the bar moves to and fro
        self._words.value = (
            '<progress aria-label="Fetching milestones"></progress> '
            f'<span role="status">Fetching: <b>{fetch.rows:,}</b> milestones '
            f"on {fetch.pages:,} pages, {seconds:.0f} s</span>"
        )
