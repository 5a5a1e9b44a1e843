"""One FigureWidget for the panel's whole life; every change of it is one batched message."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from milestone_kit.figures.look import CONFIG

__all__ = ["LiveFigure"]


class LiveFigure:
    """A FigureWidget with a fixed pool of traces.

    Parameters
    ----------
    traces : list of dict
        As from `draw_traces`: always the same number and kinds.
    layout : dict
        As from `draw_layout`.
    """

    def __init__(self, traces: list[dict[str, Any]], layout: dict[str, Any]) -> None:
        # Built whole and then wrapped: a widget that grows after its creation may open empty.
        self.widget = go.FigureWidget(go.Figure(data=traces, layout=layout))
        self.widget._config = CONFIG  # noqa: SLF001 - FigureWidget has no public way to set plotly's config
        self._visible = [trace.get("visible", True) for trace in traces]
        self._layout = layout

    def show(self, traces: list[dict[str, Any]], layout: dict[str, Any]) -> None:
        """Make the widget show these traces and this layout, in one message."""
        changed = {key: value for key, value in layout.items() if value != self._layout.get(key)}
        with self.widget.batch_update():
            for i, trace in enumerate(traces):
                visible = trace.get("visible", True)
                if visible:
                    # `type` cannot change and is not a property of a trace object
                    self.widget.data[i].update(
                        {k: v for k, v in trace.items() if k != "type"}, overwrite=False
                    )
                elif self._visible[i]:
                    self.widget.data[i].visible = False
                self._visible[i] = visible
            for key, value in changed.items():
                # whole, not merged: plotly cannot patch lists of shapes that change their length
                self.widget.layout[key] = value
        self._layout = layout

    def clear_selection(self) -> None:
        """Take away the box that the user drew, and its dimming of what lies outside."""
        # The browser alone knows of the box, so that setting it here to what it is here sends nothing.
        self.widget._send_relayout_msg({"selections": []})  # noqa: SLF001
        everywhere = list(range(len(self._visible)))
        self.widget._send_restyle_msg({"selectedpoints": [None]}, trace_indexes=everywhere)  # noqa: SLF001
