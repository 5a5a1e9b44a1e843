"""How far a fetch is, while it runs, and how it ended."""

from __future__ import annotations

import contextvars
import html
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as w

from milestone_kit.panel.fetch import call_on, running_loop
from milestone_kit.panel.words import fetching

if TYPE_CHECKING:
    from collections.abc import Callable

    from milestone_kit.panel.fetch import Fetch

__all__ = ["LoadingBar"]

_EVERY: Final = 0.25
"""Seconds between two messages about how far a fetch is."""


class LoadingBar:
    """A bar with what has come so far and a button to stop, then one line that says how it ended.

    Parameters
    ----------
    stop : callable
        Called when the user has had enough.

    Attributes
    ----------
    widget : ipywidgets.HBox
        What is shown.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._words = w.HTML(layout={"flex": "1 1 auto"})
        self._stop = w.Button(description="Stop", tooltip="Keep what has come", layout={"width": "auto"})
        self._stop.on_click(lambda _: stop())
        self.widget = w.HBox([self._words, self._stop], layout={"display": "none"})
        self.widget.add_class("mk-loading")
        self._fetch: Fetch[Any] | None = None

    @property
    def fetch(self) -> Fetch[Any] | None:
        """The fetch that is watched."""
        return self._fetch

    def watch(self, fetch: Fetch[Any], news: Callable[[], None]) -> None:
        """Show how far a fetch is, and call `news` on the loop of the caller whenever there is some.

        Parameters
        ----------
        fetch : Fetch
            What runs.
        news : callable
            Called with each table that is ready and at the end, until `release`.
        """
        loop = running_loop()
        assert loop is not None
        self._fetch = fetch
        self._say_progress(fetch, 0.0)
        self._stop.layout.display = None
        self.widget.layout.display = "flex"

        def on_loop() -> None:
            if self._fetch is fetch:
                news()

        def follow() -> None:
            # In a thread too: a cell that waits for the table keeps the loop busy.
            began = time.monotonic()
            while not fetch.wait(_EVERY) and self._fetch is fetch:
                self._say_progress(fetch, time.monotonic() - began)

        fetch.follow(lambda: call_on(loop, on_loop))
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(follow,), daemon=True, name="milestones bar").start()

    def release(self, words: str = "") -> None:
        """Take the bar away; leave one line of plain text, if there is something to say."""
        self._fetch = None
        self._stop.layout.display = "none"
        self._words.value = f'<span role="status">{html.escape(words)}</span>' if words else ""
        self.widget.layout.display = "flex" if words else "none"

    def _say_progress(self, fetch: Fetch[Any], seconds: float) -> None:
        # without a value, where nobody knows how many will come, the bar moves to and fro
        share = fetch.progress.share
        value = "" if share is None else f' value="{share:.3f}"'
        words = html.escape(fetching(fetch.progress, seconds))
        if self._fetch is fetch:
            self._words.value = (
                f'<progress aria-label="Fetching milestones"{value}></progress> '
                f'<span role="status">{words}</span>'
            )
