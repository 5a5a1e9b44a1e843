"""The tools for coming back: views before and after, days, saved views, the watchlist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from milestone_kit.panel.widgets.front_end import FrontEnd, script

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ViewBar"]


class ViewBar(FrontEnd):
    """A row of buttons with one Tab stop, two of which open a small form below them.

    Attributes
    ----------
    can_back, can_forward : bool
        Whether there is a view before or after the one on screen.
    views : list of str
        The names of the saved views.
    watch : list of str
        The watchlist.

    Notes
    -----
    The events are "back", "forward", "day" (by: 1 or -1), "views" (the list is about to be looked at),
    "show_view", "save_view" and "forget_view" (name) and "watch" (text).
    """

    _esm = script("views.js")
    can_back = traitlets.Bool(default_value=False).tag(sync=True)
    can_forward = traitlets.Bool(default_value=False).tag(sync=True)
    views: traitlets.List[str] = traitlets.List().tag(sync=True)
    watch: traitlets.List[str] = traitlets.List().tag(sync=True)

    def show(self, *, back: bool, forward: bool, watch: Iterable[str]) -> None:
        """Show where one can go, and what is watched."""
        with self.hold_sync():
            self.can_back, self.can_forward, self.watch = back, forward, list(watch)
