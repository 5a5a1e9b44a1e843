"""One FigureWidget for the panel's whole life; every picture after the first is one raw message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from milestone_kit.figures.layout import CONFIG

if TYPE_CHECKING:
    from milestone_kit.panel.view import Chart
    from milestone_kit.panel.widgets.bridge import Bridge

__all__ = ["LiveFigure"]

_LIVE: Final = CONFIG | {"doubleClick": False}  # the kernel knows what fits


class LiveFigure:
    """A FigureWidget that is given its pictures through the bridge.

    Plotly's own way of changing a FigureWidget checks every value in Python, and has the browser send
    back what it made of them, which the kernel then merges: some 80 ms a change in which nothing is
    drawn. Here the browser is handed the picture and draws it, and nothing comes back.

    Parameters
    ----------
    chart : Chart
        The first picture.
    bridge : Bridge
        What carries the others.

    Attributes
    ----------
    widget : plotly.graph_objects.FigureWidget
        It holds the first picture, and brings plotly.js.
    """

    def __init__(self, chart: Chart, bridge: Bridge) -> None:
        self._bridge = bridge
        # Built whole and then wrapped: a widget that grows after its creation may open empty.
        self.widget = go.FigureWidget(
            go.Figure(data=_visible(chart.traces), layout=chart.layout | {"template": "none"})
        )
        self.widget._config = _LIVE  # noqa: SLF001 - FigureWidget has no public way to set plotly's config

    def show(self, chart: Chart, turn: dict[str, Any] | None = None) -> None:
        """Show this picture, in one message; `turn` says which window was asked for."""
        self._bridge.draw(_visible(chart.traces), chart.layout, turn)


def _visible(traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [trace for trace in traces if trace.get("visible", True)]
