"""One page of rows as a table."""

from __future__ import annotations

from typing import Any

import traitlets

from milestone_kit.panel.widgets.front_end import FrontEnd, script

__all__ = ["PagedTable"]


class PagedTable(FrontEnd):
    """One page of rows as text.

    Attributes
    ----------
    view : dict
        `columns` (name, label, width), `rows` (id, cells), `sort`, `page`, `pages`, `where`, `selected`
        and `news` (ids), `empty` (what stands there without rows), `now`, `windowed` (whether these are only
        the rows of the chart's window).

    Notes
    -----
    The events are "pick" (id), "sort" (column), "page" (page) and "windowed" (only).
    """

    _esm = script("table.js")
    view: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
