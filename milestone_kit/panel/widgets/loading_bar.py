"""How far a fetch is, while it runs."""

from __future__ import annotations

import contextvars
import threading
import time
from typing import TYPE_CHECKING, Final

import ipywidgets as w

from milestone_kit.panel.fetch import running_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from milestone_kit.panel.fetch import Fetch

__all__ = ["LoadingBar"]

_EVERY: Final = 0.2
"""Seconds between two messages about how far a fetch is."""


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
