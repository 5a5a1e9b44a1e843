"""The strip above the chart: the density of the whole span, with a brush."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import traitlets

from milestone_kit.panel.widgets.front_end import FrontEnd, script

if TYPE_CHECKING:
    from milestone_kit.panel.view import Strip

__all__ = ["Overview"]


class Overview(FrontEnd):
    """The density of the whole span, with a brush that sets the window.

    Attributes
    ----------
    counts : list of int
        How many rows start in each of the equal bins of `span`.
    span, window : list of two float
        First and last millisecond (UTC) of the strip and of the chart.
    marks : list of dict
        `{"at", "label"}`: what is written below the strip, and where.
    now : float
        Where the now line stands, in milliseconds.
    """

    _esm = script("overview.js")
    counts: traitlets.List[int] = traitlets.List().tag(sync=True)
    span: traitlets.List[float] = traitlets.List([0.0, 1.0]).tag(sync=True)
    window: traitlets.List[float] = traitlets.List([0.0, 1.0]).tag(sync=True)
    marks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    now = traitlets.Float(default_value=0.0).tag(sync=True)

    def show(self, strip: Strip, before: Strip | None) -> None:
        """Show a strip in one message that holds what differs from the one before."""
        with self.hold_sync():
            for one in fields(strip):
                value = getattr(strip, one.name)
                # traitlets would look through every item of a list again
                if before is None or value != getattr(before, one.name):
                    setattr(self, one.name, value)
