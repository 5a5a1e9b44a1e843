"""One FigureWidget for the panel's whole life; every picture after the first is one raw message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from milestone_kit.figures.layout import CONFIG

if TYPE_CHECKING:
    from milestone_kit.panel.widgets import Bridge

__all__ = ["LiveFigure"]

_LIVE: Final = CONFIG | {"doubleClick": False}  # the kernel knows what fits


class LiveFigure:
    """A FigureWidget that is given its pictures through the bridge.

    Plotly's own way of changing a FigureWidget checks every value in Python, and has the browser send
    back what it made of them, which the kernel then merges: some 80 ms a change in which nothing is
    drawn. Here the browser is handed the picture and draws it, and nothing comes back.

    Parameters
    ----------
    traces : list of dict
        As from `draw_traces`.
    layout : dict
        As from `draw_layout`.
    bridge : Bridge
        What carries the pictures.

    Attributes
    ----------
    widget : plotly.graph_objects.FigureWidget
        It holds the first picture, and brings plotly.js.
    traces, layout : list of dict, dict
        What is on screen.
    """

    def __init__(self, traces: list[dict[str, Any]], layout: dict[str, Any], bridge: Bridge) -> None:
        self._bridge = bridge
        self._keep(traces, layout)
        # Built whole and then wrapped: a widget that grows after its creation may open empty.
        self.widget = go.FigureWidget(go.Figure(data=self.traces, layout=layout | {"template": "none"}))
        self.widget._config = _LIVE  # noqa: SLF001 - FigureWidget has no public way to set plotly's config

    def _keep(self, traces: list[dict[str, Any]], layout: dict[str, Any]) -> None:
        self.traces = [trace for trace in traces if trace.get("visible", True)]
        self.layout = layout

    def show(
        self, traces: list[dict[str, Any]], layout: dict[str, Any], turn: dict[str, Any] | None = None
    ) -> None:
        """Show these traces and this layout, in one message; `turn` says which window was asked for."""
        self._keep(traces, layout)
        self._bridge.draw(self.traces, layout, turn)
