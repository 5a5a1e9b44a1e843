"""What plotly's FigureWidget leaves out, through the browser and back."""

from __future__ import annotations

from typing import Any

import traitlets

from milestone_kit.panel.widgets.front_end import STATIC, FrontEnd
from milestone_kit.panel.widgets.packing import pack

__all__ = ["Bridge"]


class Bridge(FrontEnd):
    """What plotly's FigureWidget leaves out: fast pictures, width, theme, clicks by id, zooms, downloads.

    Attributes
    ----------
    width : int
        CSS pixels that the figure may take; 0 until the browser has said so.
    dark : bool
        Whether JupyterLab shows a dark theme.

    Notes
    -----
    The events of the figure are "click" (id), "zoom" (at), "window" (low, high, turn), "box" (x, y),
    "deselect", "legend" (slot), "fit" and "attached". The answer to a window is a `draw` with the same
    turn, to "attached" one with what is on screen.
    """

    _esm = STATIC / "bridge.js"
    width = traitlets.Int(default_value=0).tag(sync=True)
    dark = traitlets.Bool(default_value=False).tag(sync=True)

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
