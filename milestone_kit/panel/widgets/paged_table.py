"""One page of rows as a table."""

from __future__ import annotations

from typing import Any

import traitlets

from milestone_kit.panel.widgets.front_end import STATIC, FrontEnd

__all__ = ["PagedTable"]


class PagedTable(FrontEnd):
    """One page of rows as text.

    Attributes
    ----------
    view : dict
        `columns` (name, label, width), `rows` (id, cells), `sort`, `page`, `pages`, `where`, `selected`
        (ids).
    """

    _esm = STATIC / "table.js"
    view: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
