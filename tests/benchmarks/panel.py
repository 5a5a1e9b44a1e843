"""Filter clicks in a real JupyterLab: the explorer beside a plain FigureWidget of all bars."""

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

_LOAD = "import milestone_kit as mk\nrows = mk.sample_milestones({rows})"

_EXPLORER = "explorer = mk.explore(rows, now='2026-01-15T18:00')\nexplorer"

# What one writes without this package: a bar per milestone, a trace per category, a drop-down.
_PLAIN = """
import ipywidgets as w, plotly.graph_objects as go
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
    dict(barmode='overlay', xaxis_type='date', width=900, height=600)))
box = w.Checkbox(description='Economics')
def change(event):
    table = spans[spans['category'] == 'Economics'] if event['new'] else spans
    with figure.batch_update():
        for trace, part in zip(figure.data, parts(table)):
            trace.update(part)
box.observe(change, 'value')
w.VBox([box, w.Box([figure]).add_class('mk-figure')]).add_class('mk-main')
"""


def add_arguments(parser):
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--clicks", type=int, default=20)
    parser.add_argument("--without-reference", action="store_true", help="measure the explorer only")


class Wire:
    """Counts the bytes that kernels send to the page."""

    def __init__(self, page):
        self.bytes = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._count)

    def _count(self, event):
        frame = event["response"]
        length = len(frame["payloadData"])
        self.bytes += length * 3 // 4 if frame["opcode"] == 2 else length

    def since(self, before):
        return self.bytes - before


def _quantile(values, share):
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


def _measure(lab, browser, cell, rows, clicks, *, plain):
    context = browser.new_context(viewport={"width": 1400, "height": 1250})
    page = context.new_page()
    page.set_default_timeout(300_000)
    wire = Wire(page)
    errors = lab.run(page, "bench.ipynb", notebook_of(_LOAD.format(rows=rows), cell))
    assert errors == [], errors
    if plain:
        page.wait_for_selector(".mk-figure .main-svg")
        page.wait_for_timeout(3_000)
        box = page.locator(".mk-main input[type=checkbox]")
    else:
        await_chart(page)
        label = re.compile("^Economics")
        box = page.locator("fieldset[data-facet=category] label", has_text=label).locator("input")
    found = {"first": [wire.bytes], "click": [], "change": [], "frame": [], "settle": []}
    for _ in range(clicks):
        before = wire.bytes
        found["click"].append(change_chart(page, box.click))
        found["change"].append(wire.since(before))
    if not plain:
        _views(page, wire, found)
        for _ in range(clicks):
            before = wire.bytes
            frames, settled = _drag(page)
            found["frame"] += frames
            found["settle"].append(settled)
            found["change"].append(wire.since(before))
        found["kernel"] = [float(one) for one in execute(page, _KERNEL).split()]
        found["heap"] = [_heap_growth(page, box)]
    page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
    context.close()
    return found


def _views(page, wire, found):
    """Walk through the presets, each a change of its own size."""
    for name in ("30 days", "All", "7 days", "Today", "7 days"):
        before = wire.bytes
        found["click"].append(change_chart(page, page.get_by_role("button", name=name, exact=True).click))
        found["change"].append(wire.since(before))


def _drag(page):
    """Drag the chart by a third of its width and back; return frame times and the time to settle."""
    area = page.locator(".mk-figure .nsewdrag").bounding_box()
    y = area["y"] + area["height"] / 2
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
    _drag.back = not getattr(_drag, "back", False)
    begin, end = (right, left) if _drag.back else (left, right)
    page.mouse.move(begin, y)
    page.mouse.down()
    page.mouse.move(end, y, steps=25)
    page.mouse.up()
    page.wait_for_function("window.settled !== null")
    settle(page)
    return page.evaluate("window.frames_"), page.evaluate("window.settled - window.released")


# What the kernel does for each change, without the wire: filters and windows in turn.
_KERNEL = """
import time
taken = []
for i in range(20):
    state = explorer.state
    state["filters"] = {**state["filters"], "category": [["Sports"], ["Economics"]][i % 2]} if i % 4 else {
        "simulated": False, "placeholder": False}
    began = time.perf_counter()
    explorer.state = state
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
    for _ in range(changes // 2):
        box.click()
        page.wait_for_timeout(30)
        box.click()
        page.wait_for_timeout(30)
    settle(page)
    return used() / before - 1


def _line(rows, name, found):
    def ms(what, share):
        return f"{_quantile(found[what], share):>5.0f}" if found.get(what) else "    -"

    heap = f"{found['heap'][0]:>6.1%}" if "heap" in found else "     -"
    return (
        f"{rows:>8,} {name:<18}"
        + "".join(f" {ms(what, 0.5)}{ms(what, 0.95)} " for what in ("click", "frame", "settle", "kernel"))
        + f" {found['first'][0] / 1e6:>6.2f} MB {_quantile(found['change'], 0.95) / 1e3:>6.0f} kB {heap}"
    )


def run(arguments):
    from playwright.sync_api import sync_playwright

    print(
        f"{'':>27} {'click':^12}{'drag frame':^12}{'settle':^12}{'kernel':^12}"
        f" {'first':>8} {'a change':>9} {'heap':>7}\n"
        f"{'rows':>8} {'variant':<18}" + "   p50  p95 " * 4
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder), {})
        try:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=[*CHROMIUM_FLAGS, "--enable-precise-memory-info"]
            )
            for rows in arguments.rows:
                ours = _measure(lab, browser, _EXPLORER, rows, arguments.clicks, plain=False)
                print(_line(rows, "explorer", ours), flush=True)
                if arguments.without_reference:
                    continue
                plain = _measure(lab, browser, _PLAIN, rows, min(arguments.clicks, 6), plain=True)
                print(_line(rows, "plain FigureWidget", plain), flush=True)
                click, change = (
                    statistics.median(ours[what]) / statistics.median(plain[what])
                    for what in ("click", "change")
                )
                print(f"{'':>8} ratio of medians: click {click:.3f}, a change {change:.3f}", flush=True)
            browser.close()
        finally:
            lab.close()
