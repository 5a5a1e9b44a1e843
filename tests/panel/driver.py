"""An explorer as its user meets it, without a browser: widgets by their labels, messages of the front end."""

from __future__ import annotations

import json

import ipywidgets as w

from milestone_kit.panel.widgets.chart_view import ChartView
from milestone_kit.panel.widgets.drawer import Drawer
from milestone_kit.panel.widgets.facet_list import FacetList


def parts(widget):
    """Yield a widget and all that stand in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


def one(explorer, kind):
    """Return the only widget of a kind."""
    (found,) = [part for part in parts(explorer) if isinstance(part, kind)]
    return found


def field(explorer, label):
    """Return the input with a label; counts behind it do not matter."""
    return next(
        part
        for part in parts(explorer)
        if isinstance(part, w.ValueWidget) and getattr(part, "description", "").split(" (")[0] == label
    )


def press(explorer, label):
    """Click a button."""
    next(part for part in parts(explorer) if isinstance(part, w.Button) and part.description == label).click()


def send(widget, **content):
    """Deliver a message of the front end, as the comm would."""
    widget._handle_custom_msg(content, [])


def happen(explorer, kind, **more):
    """Let something happen in the chart."""
    send(one(explorer, ChartView), kind=kind, **more)


def check(explorer, name, *values):
    """Check these values of a list and no others."""
    lists = one(explorer, FacetList)
    lists.chosen = lists.chosen | {name: list(values)}


def counts(explorer, name):
    """Return what stands beside each choice of a list."""
    lists = {facet["name"]: facet for facet in one(explorer, FacetList).facets}
    return {option["value"]: option["count"] for option in lists[name]["options"]}


def html(explorer, sign):
    """Return the HTML that holds a sign, "" where none does."""
    values = [part.value for part in parts(explorer) if isinstance(part, w.HTML)]
    return next((value for value in values if sign in value), "")


def alert(explorer):
    """Return the error that is shown, "" without one."""
    return html(explorer, "mk-alert")


def card(explorer):
    """Return the details that are shown, "" without any."""
    return one(explorer, Drawer).card


def summary(explorer):
    """Return the line at the top."""
    return next(part.value for part in parts(explorer) if "mk-summary" in part._dom_classes)


class Recorder:
    """A comm that keeps what is sent over it."""

    comm_id = "recorder"
    kernel = True

    def __init__(self):
        self.sent = []

    def send(self, data=None, metadata=None, buffers=None):  # noqa: ARG002 - as a comm has it
        self.sent.append((data, buffers or []))

    def on_msg(self, handler):
        pass

    def close(self, *args, **kwargs):
        pass

    def told(self, kind):
        """Return the messages of a kind: contents and buffers."""
        sent = [(data["content"], buffers) for data, buffers in self.sent if data["method"] == "custom"]
        return [(content, buffers) for content, buffers in sent if content["kind"] == kind]

    def pictures(self):
        """Return what was sent for the chart: contents and buffers."""
        return self.told("draw")

    def sizes(self):
        """Return the bytes of each picture."""
        return [
            len(json.dumps(data)) + sum(memoryview(buffer).nbytes for buffer in buffers)
            for data, buffers in self.pictures()
        ]


def recorded(widget):
    """Return a recorder of what the widget sends from now on."""
    widget.comm = Recorder()
    return widget.comm


def watched(explorer):
    """Let a front end open on the chart; return a recorder of what it is sent from now on."""
    chart = one(explorer, ChartView)
    send(chart, kind="attached", lacks_library=False, serial=chart.picture["content"]["serial"])
    return recorded(chart)
