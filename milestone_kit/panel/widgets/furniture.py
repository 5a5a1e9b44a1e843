"""How the parts of the explorer stand beside and below each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as w

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["button", "head", "main"]

_HELP = (
    '<span class="mk-muted">Solid: reported end · hatched or faded: assumed end · diamond: no end known. '
    "Drag to move, Ctrl and wheel to zoom, double-click to fit, click a mark for its details.</span>"
)


def button(label: str, tip: str, press: Callable[[], None]) -> w.Button:
    """Return a button as wide as its label."""
    one = w.Button(description=label, tooltip=tip, layout={"width": "auto"})
    one.on_click(lambda _: press())
    return one


def head(summary: w.HTML, buttons: list[w.Button]) -> w.HBox:
    """Return the line above everything: what is shown, and what can be done with it."""
    summary.layout.flex = "1 1 320px"
    return w.HBox(
        [summary, w.HBox(buttons)],
        layout={"justify_content": "space-between", "flex_flow": "row wrap", "margin": "0 0 6px"},
    )


def main(above: list[w.Widget], figure: w.Widget, below: list[w.Widget]) -> w.VBox:
    """Return the column beside the filters: the chart under its controls and over card and table."""
    column = w.VBox(
        [*above, figure, w.HTML(_HELP), *below],
        layout={"flex": "1 1 0", "min_width": "0", "overflow": "hidden"},
    )
    return column.add_class("mk-main")
