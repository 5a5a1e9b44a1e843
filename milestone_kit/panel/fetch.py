"""A fetch that runs beside the kernel's loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING

from milestone_kit.errors import MilestoneKitError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    Reload = Callable[[Callable[[int, int], None]], pd.DataFrame]

__all__ = ["ExplorerClosedError", "Fetch", "FetchStoppedError", "running_loop"]


class ExplorerClosedError(MilestoneKitError):
    """The user has closed an explorer, and asks it all the same."""


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
