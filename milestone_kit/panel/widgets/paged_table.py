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
        `columns` (name, label, width, sorts), `rows` (id, cells, tickers, marks, begins), `days` (the day
        of each row of an agenda, none of a table), `sort`, `page`, `pages`, `where`, `selected`, `news`
        and `watched` (ids), `empty` (what stands there without rows) and `ways` (events that lead out of
        that, each with its `label`), `now`, `windowed` (whether these are only the rows of the chart's
        window), `form` ("table" or "agenda").

    Notes
    -----
    The events are "pick" (id), "sort" (column), "page" (page), "windowed" (only), "form" (name) and what
    `ways` names.
    """

    _esm = script("clipboard.js", "ticker_cell.js", "table.js")
    view: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
