"""How the parts of the explorer stand beside and below each other; sizes are the style sheet's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as w

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["body", "button", "foldable", "head", "main", "toolbar"]

_HELP = (
    '<span class="mk-muted">Solid: reported end · hatched or faded: assumed end · diamond: no end known. '
    "Drag to move, Ctrl + wheel to zoom (after a click into the chart the wheel alone), double-click to "
    "fit, click a mark for its details.</span>"
)


def button(label: str, tip: str, press: Callable[[], None]) -> w.Button:
    """Return a button as wide as its label."""
    one = w.Button(description=label, tooltip=tip, layout={"width": "auto"})
    one.on_click(lambda _: press())
    return one


def toolbar(parts: Sequence[w.Widget]) -> w.HBox:
    """Return a row of buttons with one Tab stop, in which arrow keys go from one to the next."""
    return _row(parts).add_class("mk-toolbar")


def head(summary: w.HTML, actions: w.Widget) -> w.HBox:
    """Return the line above everything: what is shown, and what can be done with it."""
    return _row([summary, actions]).add_class("mk-head")


def foldable(label: str, parts: Sequence[w.Widget]) -> w.VBox:
    """Return a column that a narrow panel folds under a button with this label."""
    tip = f"Show or hide the {label.lower()}"
    fold = w.ToggleButton(description=label, icon="bars", tooltip=tip, layout={"width": "auto"})
    fold.add_class("mk-fold")
    return w.VBox([fold, *parts]).add_class("mk-side")


def body(side: w.Widget, column: w.Widget) -> w.HBox:
    """Return filters and chart side by side; the keyboard comes to the chart first."""
    return w.HBox([column, side]).add_class("mk-body")


def main(above: list[w.Widget], figure: w.Widget, below: list[w.Widget], drawer: w.Widget) -> w.VBox:
    """Return the column beside the filters: the chart under its controls and over the table.

    The drawer lies over chart and table, so that nothing moves when it opens.
    """
    stage = w.VBox([figure, w.HTML(_HELP), *below, drawer]).add_class("mk-stage")
    return w.VBox([*above, stage]).add_class("mk-main")


def _row(parts: Sequence[w.Widget]) -> w.HBox:
    return w.HBox(list(parts)).add_class("mk-row")
