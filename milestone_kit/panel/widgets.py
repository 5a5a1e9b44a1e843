"""The panel's own front-end pieces: check lists with counts, a paged table, and a bridge to the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from milestone_kit.panel.packing import pack

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Bridge", "FacetList", "Overview", "PagedTable"]

_STATIC = Path(__file__).parent / "static"


def _listen(widget: anywidget.AnyWidget, handler: Callable[[dict[str, Any]], None]) -> None:
    widget.on_msg(lambda _widget, content, _buffers: handler(content))


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

    _esm = _STATIC / "facets.js"
    _css = _STATIC / "panel.css"
    facets: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    chosen: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)


class PagedTable(anywidget.AnyWidget):
    """One page of rows as text.

    Attributes
    ----------
    view : dict
        `columns` (name, label, width), `rows` (id, cells), `sort`, `page`, `pages`, `where`, `selected`
        (ids).
    """

    _esm = _STATIC / "table.js"
    view: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def on_request(self, handler: Callable[[dict[str, Any]], None]) -> None:
        """Call `handler` with each `{"kind": "sort" | "page" | "pick", ...}` of the user."""
        _listen(self, handler)


class Overview(anywidget.AnyWidget):
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

    _esm = _STATIC / "overview.js"
    counts: traitlets.List[int] = traitlets.List().tag(sync=True)
    span: traitlets.List[float] = traitlets.List([0.0, 1.0]).tag(sync=True)
    window: traitlets.List[float] = traitlets.List([0.0, 1.0]).tag(sync=True)
    marks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    now = traitlets.Float(default_value=0.0).tag(sync=True)

    def on_event(self, handler: Callable[[dict[str, Any]], None]) -> None:
        """Call `handler` with each `{"kind": "window", "low", "high"}` of the brush."""
        _listen(self, handler)


class Bridge(anywidget.AnyWidget):
    """What plotly's FigureWidget leaves out: fast pictures, width, theme, clicks by id, zooms, downloads.

    Attributes
    ----------
    width : int
        CSS pixels that the figure may take; 0 until the browser has said so.
    dark : bool
        Whether JupyterLab shows a dark theme.
    """

    _esm = _STATIC / "bridge.js"
    width = traitlets.Int(default_value=0).tag(sync=True)
    dark = traitlets.Bool(default_value=False).tag(sync=True)

    def on_event(self, handler: Callable[[dict[str, Any]], None]) -> None:
        """Call `handler` with each `{"kind": ...}` from the figure.

        Kinds: "click" (id), "zoom" (at), "window" (low, high, turn), "box" (x, y), "deselect", "legend"
        (slot), "fit" and "attached"; times are milliseconds UTC, y is in lanes. The answer to a
        window is a `draw` with the same turn.
        """
        _listen(self, handler)

    def draw(
        self, traces: list[dict[str, Any]], layout: dict[str, Any], turn: dict[str, Any] | None = None
    ) -> None:
        """Show a picture in place of the one before."""
        buffers: list[bytes] = []
        picture = {"data": pack(traces, buffers), "layout": pack(layout, buffers)}
        self.send({"kind": "draw", "turn": turn, **picture}, buffers)

    def download(self, name: str, text: str, mime: str) -> None:
        """Hand `text` to the browser as a file."""
        self.send({"kind": "download", "name": name, "text": text, "type": mime})

    def copy(self, text: str) -> None:
        """Put `text` on the clipboard."""
        self.send({"kind": "copy", "text": text})
