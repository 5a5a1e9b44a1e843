"""The chart in the browser: pictures in, clicks and windows out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import traitlets

from milestone_kit.figures.layout import CONFIG
from milestone_kit.panel.widgets.front_end import FrontEnd, script
from milestone_kit.panel.widgets.packing import pack

if TYPE_CHECKING:
    from milestone_kit.panel.view import Chart

__all__ = ["ChartView"]

_LIVE: Final = CONFIG | {"doubleClick": False}  # the kernel knows what fits


class ChartView(FrontEnd):
    """Pictures that plotly.js draws, and what the user does to them.

    Plotly's own FigureWidget checks every value in Python, has the browser send back what it made of
    them, and takes seconds to be imported. Here the browser is handed the picture and draws it, and
    nothing comes back.

    Attributes
    ----------
    picture : dict
        What is on screen when the front end opens: `serial`, `content` and `buffers`.
    library : bytes or None
        plotly.js, for pages that have not loaded it yet; both are let go once the front end has them.

    Notes
    -----
    The events are "click" (id), "zoom" (at), "window" (low, high, turn), "box" (x, y), "deselect",
    "legend" (slot) and "fit". The answer to a window is a picture with the same turn.
    """

    _esm = script("chart.js")
    picture: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    library: Any = traitlets.Bytes(None, allow_none=True).tag(sync=True)

    def __init__(self, **given: Any) -> None:
        super().__init__(library=_plotly_js(), **given)
        self._serial = 0
        self._newest: tuple[dict[str, Any], list[bytes]] | None = None
        self._attached = False
        self.on_msg(self._hear)

    def show(self, chart: Chart, turn: dict[str, Any] | None = None) -> None:
        """Show this picture in place of the one before; `turn` says which window was asked for."""
        buffers: list[bytes] = []
        seen = [trace for trace in chart.traces if trace.get("visible", True)]
        picture = {"data": pack(seen, buffers), "layout": pack(chart.layout, buffers), "config": _LIVE}
        self._serial += 1
        self._newest = ({"kind": "draw", "turn": turn, "serial": self._serial, **picture}, buffers)
        if self._attached:
            self.send(*self._newest)
        else:  # a message would reach nobody
            self.picture = {"content": self._newest[0], "buffers": buffers}

    def _hear(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        """Give a front end that has opened what it lacks: plotly.js, the newest picture."""
        if content.get("kind") != "attached":
            return
        if content.get("lacks_library"):
            self.send({"kind": "library"}, [_plotly_js()])
        if not self._attached:
            self._attached = True
            with self.hold_sync():
                self.picture, self.library = {}, None
        if self._newest is not None and content.get("serial") != self._serial:
            self.send(*self._newest)


def _plotly_js() -> bytes:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - not before a panel is opened

    text: str = get_plotlyjs()
    return text.encode()
