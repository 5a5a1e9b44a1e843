"""Clicks, drags and opening in a real JupyterLab: the explorer beside what one writes without it."""

from __future__ import annotations

import re
import statistics
import tempfile
from pathlib import Path

from tests.browser.harness import (
    CHROMIUM_FLAGS,
    Lab,
    await_chart,
    change_chart,
    execute,
    find_chromium,
    notebook_of,
    settle,
)

_LOAD = (
    "import time\nimport milestone_kit as mk, plotly.graph_objects as go\nrows = mk.sample_milestones({rows})"
)

_SHOWN = "began = time.time()\n"

_EXPLORER = "explorer = mk.explore(rows, now='2026-01-15T18:00')\nexplorer"

# plotly's own share of opening anything: one bar
_BARE = "go.FigureWidget(go.Figure(go.Bar(x=[1], y=[1])))"

_CHECKBOX = """
box = w.Checkbox(description='Economics')
box.observe(change, 'value')
w.VBox([box, w.Box([figure]).add_class('mk-figure')]).add_class('mk-main')
"""

# What one writes without this package: a bar per milestone, a trace per category, a check box.
_PLAIN = (
    """
import ipywidgets as w
spans = mk.compute_timeline(rows, now='2026-01-15T18:00')
spans = spans[~spans['suspect']].assign(end=lambda t: t['end'].fillna(t['start_date']))
names = list(spans['category'].value_counts().index)
def parts(table):
    for name in names:
        some = table[table['category'] == name]
        start = some['start_date'].to_numpy('datetime64[ms]').astype(float)
        yield dict(base=start, x=some['end'].to_numpy('datetime64[ms]').astype(float) - start,
                   y=some['lane'].to_numpy(float), hovertext=list(some['title']))
figure = go.FigureWidget(go.Figure(
    [go.Bar(orientation='h', name=name, **part) for name, part in zip(names, parts(spans))],
    dict(barmode='overlay', dragmode='pan', xaxis_type='date', width=900, height=600)))
def change(event):
    table = spans[spans['category'] == 'Economics'] if event['new'] else spans
    with figure.batch_update():
        for trace, part in zip(figure.data, parts(table)):
            trace.update(part)
"""
    + _CHECKBOX
)

# plotly express; its check box only hides and shows traces, which asks the least of it
_EXPRESS = (
    """
import ipywidgets as w, plotly.express as px
spans = mk.compute_timeline(rows, now='2026-01-15T18:00')
spans = spans[~spans['suspect']].assign(end=lambda t: t['end'].fillna(t['start_date']))
figure = go.FigureWidget(px.timeline(spans[['start_date', 'end', 'title', 'category']],
    x_start='start_date', x_end='end', y='title', color='category'))
figure.update_layout(dragmode='pan', width=900, height=600)
def change(event):
    with figure.batch_update():
        for trace in figure.data:
            trace.visible = trace.name == 'Economics' or not event['new']
"""
    + _CHECKBOX
)

_REFERENCES = {"plain FigureWidget": _PLAIN, "px.timeline": _EXPRESS}

_VIEWPORT = {"width": 1400, "height": 1250}


def add_arguments(parser):
    parser.add_argument("--rows", type=int, nargs="+", default=[5_000, 20_000, 137_200])
    parser.add_argument("--actions", type=int, default=20, help="clicks, and drags, of the explorer")
    parser.add_argument("--reference-actions", type=int, default=6, help="an even number")
    parser.add_argument(
        "--reference-rows", type=int, default=20_000, help="the most rows that the references are given"
    )
    parser.add_argument("--without-reference", action="store_true", help="measure the explorer only")


class Wire:
    """The sizes of what kernels send to the page, in bytes."""

    def __init__(self, page):
        self.sizes = []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._count)

    def _count(self, event):
        frame = event["response"]
        length = len(frame["payloadData"])
        self.sizes.append(length * 3 // 4 if frame["opcode"] == 2 else length)


def _quantile(values, share):
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


# Notes the wall clock, which kernel and page share, when a chart can first be seen at its full width.
_WATCH = """
window.seen = null;
const look = () => {
  const gd = document.querySelector(".js-plotly-plot");
  const host = document.querySelector(".mk-main");
  const panel = document.querySelector(".mk-explorer");
  const drawn = gd?.calcdata && gd.querySelector(".main-svg");
  const fits = !panel || (host?.dataset.ready && Math.abs(gd?._fullLayout?.width - host.clientWidth) < 2);
  if (drawn && fits) requestAnimationFrame(() => { window.seen = Date.now(); });
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def _opened(lab, browser, cell, rows):
    """Open a notebook; return its page, what came over the wire, and the seconds until it was seen."""
    context = browser.new_context(viewport=_VIEWPORT)
    page = context.new_page()
    page.set_default_timeout(300_000)
    page.add_init_script(_WATCH)
    wire = Wire(page)
    errors = lab.run(page, "bench.ipynb", notebook_of(_LOAD.format(rows=rows), _SHOWN + cell))
    assert errors == [], errors
    page.wait_for_function("window.seen !== null")
    return page, wire, page.evaluate("window.seen") / 1000 - float(execute(page, "print(began)"))


def _closed(page):
    page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
    page.context.close()


def _explorer(lab, browser, rows, actions, *, heap):
    page, wire, seconds = _opened(lab, browser, _EXPLORER, rows)
    await_chart(page)
    found = {"open": seconds, "click": [], "frame": [], "settle": [], "message": []}
    label = page.locator("fieldset[data-facet=category] label", has_text=re.compile("^Economics"))
    box = label.locator("input")
    presets = ("30 days", "All", "7 days", "Today", "7 days")
    buttons = [page.get_by_role("button", name=name, exact=True) for name in presets]
    for act in [box.click] * actions + [button.click for button in buttons]:
        wire.sizes.clear()
        found["click"].append(change_chart(page, act))
        found["message"].append(max(wire.sizes))
    for i in range(actions):
        wire.sizes.clear()
        frames, settled = _drag(page, back=bool(i % 2))
        found["frame"] += frames
        found["settle"].append(settled)
        found["message"].append(max(wire.sizes))
    found["kernel"] = [float(one) for one in execute(page, _KERNEL).split()]
    if heap:
        found["heap"] = _heap_growth(page, box)
    _closed(page)
    return found


def _reference(lab, browser, cell, rows, actions):
    page, wire, seconds = _opened(lab, browser, cell, rows)
    page.wait_for_timeout(1_000)
    box = page.locator(".mk-main input[type=checkbox]")
    found = {"open": seconds, "click": [], "frame": [], "settle": [], "message": []}
    for _ in range(actions):
        wire.sizes.clear()
        found["click"].append(change_chart(page, box.click))
        found["message"].append(max(wire.sizes))
    for i in range(2):
        frames, settled = _drag(page, back=bool(i % 2), steps=4)
        found["frame"] += frames
        found["settle"].append(settled)
    _closed(page)
    return found


def _drag(page, *, back, steps=25):
    """Drag the chart by a third of its width, or back; return frame times and the time to settle."""
    area = page.locator(".mk-figure .nsewdrag").first.bounding_box()
    y = area["y"] + min(area["height"], 400) / 2
    left, right = (area["x"] + area["width"] * share for share in (0.35, 0.65))
    page.evaluate(
        """() => {
          const gd = document.querySelector(".mk-figure .js-plotly-plot");
          window.frames_ = []; window.released = null; window.settled = null;
          let last = null;
          const tick = (now) => {
            if (last !== null && window.released === null) window.frames_.push(now - last);
            last = now;
            if (window.released === null) requestAnimationFrame(tick);
          };
          const release = () => { window.released = performance.now(); };
          document.addEventListener("mouseup", release, { once: true, capture: true });
          const note = () => { if (window.released !== null) window.settled = performance.now(); };
          gd.on("plotly_afterplot", note);
          requestAnimationFrame(tick);
        }"""
    )
    begin, end = (right, left) if back else (left, right)
    page.mouse.move(begin, y)
    page.mouse.down()
    page.mouse.move(end, y, steps=steps)
    page.mouse.up()
    page.wait_for_function("window.settled !== null")
    settle(page)
    return page.evaluate("window.frames_"), page.evaluate("window.settled - window.released")


# What the kernel does for each change, but for the reading of messages: filters and windows in turn.
_KERNEL = """
import pandas as pd
taken = []
for i in range(40):
    state = explorer.state
    if i % 2:
        names = [["Sports"], ["Economics"], ["Mentions"], None][i // 2 % 4]
        state["filters"] = {"simulated": False, "placeholder": False} | ({"category": names} if names else {})
        act = lambda: setattr(explorer, "state", state)
    else:
        low, high = (pd.Timestamp(edge).timestamp() * 1000 for edge in explorer.figure().layout.xaxis.range)
        event = {"kind": "window", "low": low + (high - low) / 3, "high": high + (high - low) / 3}
        act = lambda: explorer._on_event(event)
    began = time.perf_counter()
    act()
    taken.append(time.perf_counter() - began)
print(*(1000 * one for one in taken))
"""


def _heap_growth(page, box, changes=200):
    """Return by what share the page's JavaScript heap has grown after many changes."""
    session = page.context.new_cdp_session(page)

    def used():
        session.send("HeapProfiler.collectGarbage")
        return page.evaluate("performance.memory.usedJSHeapSize")

    for _ in range(10):
        change_chart(page, box.click)
    before = used()
    for _ in range(changes):
        box.click()
        page.wait_for_timeout(30)
    settle(page)
    return used() / before - 1


_HEAD = (
    f"{'':>27}{'click':^14}{'drag frame':^14}{'settle':^14}{'kernel':^14}{'first':>8}{'of it':>8}"
    f"{'message':>9}{'heap':>8}\n"
    f"{'rows':>8} {'variant':<18}" + "   p50   p95  " * 4 + f"{'seen':>8}{'ours':>8}{'p95':>9}{'':>8}\n"
    f"{'':>8} {'target (137,200)':<18}"
    f"{'150':>12}  {'50':>12}  {'150':>12}  {'40':>12}  {'':>8}{'1.5 s':>8}{'100 kB':>9}{'10 %':>8}"
)


def _line(rows, name, found, bare):
    def ms(what):
        if not found.get(what):
            return f"{'-':>6}{'-':>6}  "
        return "".join(f"{_quantile(found[what], share):>6.0f}" for share in (0.5, 0.95)) + "  "

    heap = f"{found['heap']:>8.1%}" if "heap" in found else f"{'-':>8}"
    return (
        f"{rows:>8,} {name:<18}"
        + "".join(ms(what) for what in ("click", "frame", "settle", "kernel"))
        + f"{found['open']:>6.1f} s{found['open'] - bare:>6.1f} s"
        + f"{_quantile(found['message'], 0.95) / 1e3:>6.0f} kB{heap}"
    )


def _compare(rows, found, bare, measure, arguments):
    """Measure the references with as many rows, and print them and the ratio to them."""
    for name, cell in _REFERENCES.items():
        if rows > arguments.reference_rows:
            print(f"{rows:>8,} {name:<18} not measured: one step takes up to minutes (--reference-rows)")
            continue
        theirs = measure(cell, rows)
        print(_line(rows, name, theirs, bare), flush=True)
        ratios = ", ".join(
            f"{what} {statistics.median(found[what]) / statistics.median(theirs[what]):.2f}"
            for what in ("click", "frame", "settle", "message")
        )
        print(f"{'':>8} explorer / {name}, medians: {ratios}", flush=True)


def run(arguments):
    from playwright.sync_api import sync_playwright

    print(
        "Milliseconds but where said otherwise. 'First seen' counts from the start of the cell, rows\n"
        "in memory; 'of it ours' is without what a FigureWidget with a single bar takes."
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder), {})
        try:
            flags = [*CHROMIUM_FLAGS, "--enable-precise-memory-info"]
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=flags)

            def opening():
                page, _, seconds = _opened(lab, browser, _BARE, 10)
                _closed(page)
                return seconds

            bare = statistics.median(opening() for _ in range(3))
            print(f"plotly alone: one bar is first seen after {bare:.1f} s\n\n{_HEAD}")
            for rows in arguments.rows:
                heap = rows == max(arguments.rows)
                found = _explorer(lab, browser, rows, arguments.actions, heap=heap)
                print(_line(rows, "explorer", found, bare), flush=True)
                if not arguments.without_reference:

                    def measure(cell, rows):
                        return _reference(lab, browser, cell, rows, arguments.reference_actions)

                    _compare(rows, found, bare, measure, arguments)
            browser.close()
        finally:
            lab.close()
