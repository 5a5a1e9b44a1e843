"""Filter clicks in a real JupyterLab: the explorer beside a plain FigureWidget of all bars."""

from __future__ import annotations

import re
import statistics
import tempfile
from pathlib import Path

from tests.browser.harness import CHROMIUM_FLAGS, Lab, await_chart, change_chart, find_chromium, notebook_of

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
    first = wire.bytes
    times, sizes = [], []
    for _ in range(clicks):
        before = wire.bytes
        times.append(change_chart(page, box.click))
        sizes.append(wire.since(before))
    page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
    context.close()
    return {
        "p50": statistics.median(times),
        "p95": _quantile(times, 0.95),
        "first": first,
        "later": _quantile(sizes, 0.95),
    }


def run(arguments):
    from playwright.sync_api import sync_playwright

    print(f"{'rows':>8} {'variant':<20} {'click p50':>10} {'p95':>9} {'first':>11} {'a change':>10}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder), {})
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
            for rows in arguments.rows:
                variants = {"explorer": (_EXPLORER, False)}
                if not arguments.without_reference:
                    variants["plain FigureWidget"] = (_PLAIN, True)
                found = {}
                for name, (cell, plain) in variants.items():
                    clicks = min(arguments.clicks, 6) if plain else arguments.clicks
                    one = found[name] = _measure(lab, browser, cell, rows, clicks, plain=plain)
                    print(
                        f"{rows:>8,} {name:<20} {one['p50']:>7.0f} ms {one['p95']:>6.0f} ms "
                        f"{one['first'] / 1e6:>8.2f} MB {one['later'] / 1e3:>7.0f} kB",
                        flush=True,
                    )
                if len(found) == 2:
                    ours, plain = found.values()
                    click, change = ours["p50"] / plain["p50"], ours["later"] / plain["later"]
                    print(f"{'':>8} ratio: click p50 {click:.3f}, a change {change:.3f}", flush=True)
            browser.close()
        finally:
            lab.close()
