"""The drawer in which a milestone's details stand."""

from __future__ import annotations

import ipywidgets as w

from milestone_kit.panel.widgets.front_end import FrontEnd, script

__all__ = ["Drawer"]


class Drawer(FrontEnd):
    """One milestone's details over chart and table, wherever the page is scrolled to.

    The details are an HTML widget's; this widget places the box around it and tells of its buttons.

    Attributes
    ----------
    box : ipywidgets.VBox
        What stands on the panel.

    Notes
    -----
    The events are "close", "step" (by: 1 for the next row of the table view, -1 for the one before) and
    "narrow" (name, value: only milestones of this value are to be shown).
    """

    _esm = script("sight.js", "clipboard.js", "drawer.js")

    def __init__(self) -> None:
        super().__init__()
        self._details = w.HTML()
        self.box = w.VBox([self._details, self]).add_class("mk-drawer")

    @property
    def card(self) -> str:
        """The details as safe HTML, as `details_card` gives them; "" for a closed drawer."""
        return str(self._details.value)

    @card.setter
    def card(self, html: str) -> None:
        self._details.value = html
