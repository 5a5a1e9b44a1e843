"""The switch for live scores, and the line that says so where they do not come."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import ipywidgets as w

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ScoreSwitch"]


class ScoreSwitch:
    """A check box "Live scores".

    Parameters
    ----------
    on : bool
        Whether it is checked at first.
    flipped : callable
        Called when the user has flipped it.

    Attributes
    ----------
    widget : ipywidgets.HBox
        What is shown.
    """

    def __init__(self, flipped: Callable[[], None], *, on: bool) -> None:
        self._box = w.Checkbox(on, description="Live scores", indent=False, layout={"width": "auto"})
        self._note = w.HTML()
        self._box.observe(lambda _: flipped(), "value")
        self.widget = w.HBox([self._box, self._note], layout={"align_items": "center"})
        self.widget.add_class("mk-scores")

    @property
    def on(self) -> bool:
        """Whether scores are wanted."""
        return bool(self._box.value)

    def say(self, words: str) -> None:
        """Show one quiet line of plain text beside the switch, none for ""."""
        said = f'<span class="mk-muted" role="status">{html.escape(words)}</span>' if words else ""
        if said != self._note.value:
            self._note.value = said
