"""Keeps a panel fresh: asks for news while someone looks, and says so where that fails."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as w

from milestone_kit.core.words import seconds_words
from milestone_kit.panel.freshness import Freshness
from milestone_kit.panel.widgets.closing import close_all

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from milestone_kit.panel.feed import Feed

__all__ = ["Keeper"]

_EVERY: Final = 300.0
"""Seconds between two refreshes, where the switch is turned on and nothing else was asked for."""

_LONGEST: Final = 160
"""Characters of an error that are told."""


class Keeper:
    """The switch for refreshing by itself, and the line that says how old the data are.

    Nothing of it runs by itself: `look` is called with each minute that someone looks at the panel.

    Parameters
    ----------
    feed : Feed
        Where tables come from.
    clock : callable
        Tells the time, UTC.
    shown : callable
        Tells in words of when the data on screen are.
    every : float, optional
        Seconds between two refreshes.

    Attributes
    ----------
    switch : ipywidgets.ToggleButton
        Turns it on and off.
    line : ipywidgets.HTML
        Empty while all is well.
    """

    def __init__(
        self,
        feed: Feed[Any],
        clock: Callable[[], pd.Timestamp],
        shown: Callable[[], str],
        every: float | None,
    ) -> None:
        self._feed, self._clock, self._shown = feed, clock, shown
        self._state, self._why = Freshness(every or _EVERY), ""
        pause = seconds_words(self._state.every)
        tip = f"Ask for news every {pause} while this panel is in sight"
        self.line = w.HTML()
        self.switch = w.ToggleButton(description=f"Every {pause}", tooltip=tip, layout={"width": "auto"})
        self.switch.observe(lambda change: self._turn(on=change["new"]), "value")
        self.switch.value = every is not None

    def look(self) -> None:
        """Ask for news where that is due, and say how old the data are where asking fails."""
        if self._state.due(self._seconds()):
            self._feed.freshen(self._answered)
        self._say()

    def close(self) -> None:
        """Free the switch, which stands in no panel where there is nobody to ask."""
        close_all(self.switch)

    def _seconds(self) -> float:
        return self._clock().timestamp()

    def _turn(self, *, on: bool) -> None:
        self._state = self._state.switched(self._seconds(), on=on)
        self._say()

    def _answered(self, failure: BaseException | None) -> None:
        now = self._seconds()
        self._state = self._state.succeeded(now) if failure is None else self._state.failed(now)
        self._why = "" if failure is None else f"{type(failure).__name__}: {failure}"[:_LONGEST]
        self._say()

    def _say(self) -> None:
        words = self._state.words(self._seconds(), self._shown(), " ".join(self._why.split()))
        said = f'<span class="mk-muted" role="status">{html.escape(words)}</span>'
        self.line.value = said if words else ""
