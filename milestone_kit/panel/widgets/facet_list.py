"""Check lists of values with counts."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from milestone_kit.panel.widgets.front_end import script

__all__ = ["FacetList"]


class FacetList(anywidget.AnyWidget):
    """Check lists of values with counts.

    Attributes
    ----------
    facets : list of dict
        `{"name", "label", "options": [{"value", "count"}], "hidden"}` per list; `hidden` counts the
        values that are not offered.
    chosen : dict of str to list of str
        The checked values per list; set by the user or from code.
    """

    _esm = script("facets.js")
    _css = script("panel.css")
    facets: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    chosen: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
