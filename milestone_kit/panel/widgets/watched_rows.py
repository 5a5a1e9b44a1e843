"""The section on top of the table: the milestones that somebody watches."""

from __future__ import annotations

from typing import Any

import traitlets

from milestone_kit.panel.widgets.front_end import FrontEnd, script

__all__ = ["WatchedRows"]


class WatchedRows(FrontEnd):
    """The nearest of the watched milestones as rows, under a line that says how many there are.

    Attributes
    ----------
    view : dict
        `rows` (id, cells by column), `selected` (ids) and `words`, as `watched_view` gives them; empty
        without a watchlist, and then nothing is shown.

    Notes
    -----
    The event is "pick" (id).
    """

    _esm = script("watched.js")
    view: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
