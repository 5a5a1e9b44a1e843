"""The chart in the browser: pictures in, clicks and windows out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import traitlets

from milestone_kit.figures.layout import CONFIG
from milestone_kit.panel.widgets.front_end import FrontEnd, script
from milestone_kit.panel.widgets.packing import pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from milestone_kit.panel.view import Chart

__all__ = ["ChartView"]

PLACES: Final = "$places"
"""The key under which the front end finds which places of a list have other values."""

_LIVE: Final = CONFIG | {"scrollZoom": True, "doubleClick": False}  # the kernel knows what fits


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
    "legend" (slot), "fold" (name) and "fit". The answer to a window is a picture with the same turn.
    """

    _esm = script("sight.js", "hover.js", "lanes.js", "chart.js")
    picture: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    library: Any = traitlets.Bytes(None, allow_none=True).tag(sync=True)

    def __init__(self, **given: Any) -> None:
        super().__init__(library=_plotly_js(), **given)
        self._serial = 0
        self._shown: Chart | None = None
        self._attached = False
        self.on_msg(self._hear)

    def on_event(self, handler: Callable[[dict[str, Any]], None]) -> None:
        """Call `handler` with each event of the user: that a front end has opened is none."""
        super().on_event(lambda event: None if event.get("kind") == "attached" else handler(event))

    def show(self, chart: Chart, turn: dict[str, Any] | None = None) -> None:
        """Show this picture in place of the one before; `turn` says which window was asked for."""
        self._shown, self._serial = chart, self._serial + 1
        if self._attached:
            self._send_whole(turn)
        else:  # a message would reach nobody
            content, buffers = self._whole(None)
            self.picture = {"content": content, "buffers": buffers}

    def amend(self, chart: Chart) -> None:
        """Show this picture by what differs from the one before."""
        before = self._shown
        if before is chart:
            return
        if not self._attached or before is None or len(_visible(before)) != len(_visible(chart)):
            self.show(chart)
            return
        buffers: list[bytes] = []
        pairs = enumerate(zip(_visible(chart), _visible(before), strict=True))
        differ = {str(i): _differing(new, old) for i, (new, old) in pairs if new is not old}
        traces = pack({i: keys for i, keys in differ.items() if keys}, buffers)
        layout = pack(_differing(chart.layout, before.layout), buffers)
        base, self._serial, self._shown = self._serial, self._serial + 1, chart
        patch = {"kind": "patch", "base": base, "serial": self._serial, "traces": traces, "layout": layout}
        self.send(patch | _about(chart), buffers)

    def _whole(self, turn: dict[str, Any] | None) -> tuple[dict[str, Any], list[bytes]]:
        assert self._shown is not None
        buffers: list[bytes] = []
        data, layout = pack(_visible(self._shown), buffers), pack(self._shown.layout, buffers)
        picture = {"data": data, "layout": layout, "config": _LIVE} | _about(self._shown)
        return {"kind": "draw", "turn": turn, "serial": self._serial, **picture}, buffers

    def _send_whole(self, turn: dict[str, Any] | None = None) -> None:
        self.send(*self._whole(turn))

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
        if self._shown is not None and content.get("serial") != self._serial:
            self._send_whole()


def _about(chart: Chart) -> dict[str, Any]:
    """Return what the front end needs to scroll lanes: the pixels that are seen, and the bands by name."""
    around = chart.layout["margin"]
    groups = [
        {"name": one.label, "count": one.count, "top": one.top, "bottom": one.bottom, "folded": one.folded}
        for one in chart.scene.groups
    ]
    return {"seen": chart.look.height + around["t"] + around["b"], "groups": groups}


def _visible(chart: Chart) -> list[dict[str, Any]]:
    return [trace for trace in (*chart.traces, *chart.outlines) if trace.get("visible", True)]


def _differing(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    differ = {name for name, value in new.items() if name not in old or not _equal(value, old[name])}
    return {name: _places(new[name], old.get(name)) for name in differ}


def _places(new: Any, old: Any) -> Any:
    """Return which texts of a list are others, and which, where that says it in fewer words."""
    if not isinstance(new, list) or not isinstance(old, list) or len(new) != len(old):
        return new
    at = [place for place, (one, other) in enumerate(zip(new, old, strict=True)) if one != other]
    if 2 * len(at) > len(new) or not all(isinstance(new[place], str) for place in at):
        return new
    return {PLACES: at, "values": [new[place] for place in at]}


def _equal(one: Any, other: Any) -> bool:
    """Tell whether two values of plotly's, arrays in them, say the same."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other))  # what holds a NaN is sent again
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _plotly_js() -> bytes:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - not before a panel is opened

    text: str = get_plotlyjs()
    return text.encode()
