"""The views that a panel has shown, to go back and forward through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from milestone_kit.panel.state import PanelState

__all__ = ["Past"]

_MOST: Final = 50
"""How many views are kept to go back to."""

_PAUSE: Final = 1.2
"""Seconds: drags, turns of the wheel and letters that follow each other within are one step."""


@dataclass(frozen=True, slots=True)
class Past:
    """Views before and after the one on screen; a value, each step gives another one.

    Attributes
    ----------
    behind, ahead : tuple of PanelState
        What back and forward lead to, the nearest last.
    act : str
        What made the view on screen, as long as more of it belongs to the same step: "window" or "text".
    at : float
        When, in seconds.
    """

    behind: tuple[PanelState, ...] = ()
    ahead: tuple[PanelState, ...] = ()
    act: str = ""
    at: float = 0.0

    def then(self, before: PanelState, after: PanelState, kind: str, at: float) -> Past:
        """Return the past once a view has given way to another.

        Parameters
        ----------
        before, after : PanelState
            The two; where they are the same, nothing has happened.
        kind : str
            Of the event that did it.
        at : float
            Seconds, of any clock.
        """
        if before == after:
            return self
        act = _continued(before, after, kind)
        if act and act == self.act and self.behind and 0 <= at - self.at < _PAUSE:
            return Past(self.behind, (), act, at)
        return Past((*self.behind, before)[-_MOST:], (), act, at)

    def back(self, shown: PanelState) -> tuple[PanelState, Past] | None:
        """Return the view before the one on screen and what is then the past; None where there is none."""
        if not self.behind:
            return None
        *behind, state = self.behind
        return state, Past(tuple(behind), (*self.ahead, shown))

    def forward(self, shown: PanelState) -> tuple[PanelState, Past] | None:
        """Return the view that `back` led away from and what is then the past; None where there is none."""
        if not self.ahead:
            return None
        *ahead, state = self.ahead
        return state, Past((*self.behind, shown), tuple(ahead))


def _continued(before: PanelState, after: PanelState, kind: str) -> str:
    """Return which act of many small ones a change belongs to, "" for one that stands alone."""
    if kind == "window":
        return kind
    typed = replace(before, filters=replace(before.filters, text=None, ticker=None))
    return "text" if typed == replace(after, filters=replace(after.filters, text=None, ticker=None)) else ""
