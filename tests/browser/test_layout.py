"""The panel between 360 and 2,560 pixels, and what keys, wheel and clicks do on it: one page for all."""

from __future__ import annotations

import pytest

from tests.browser.conftest import EXPLORE
from tests.browser.harness import execute, mark_points, settle

BROKEN_WORDS = """() => {
  const range = document.createRange();
  const words = [];
  const walker = document.createTreeWalker(document.querySelector(".mk-explorer"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("svg, option, .mk-drawer")) continue;
    for (const found of node.data.matchAll(/[\\p{L}\\p{N}]{4,}/gu)) {
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      const lines = new Set(Array.from(range.getClientRects(), (box) => Math.round(box.top)));
      if (lines.size > 2) words.push(found[0]);
    }
  }
  return words;
}"""
TOO_WIDE = "((one) => one.scrollWidth - one.clientWidth)(document.querySelector('.mk-explorer'))"
PARTS_OUTSIDE = """() => {
  const edge = (one) => one.closest(".mk-main, .mk-side, .mk-explorer").getBoundingClientRect().right;
  const parts = document.querySelectorAll(".mk-explorer :is(button, input, select, table, .main-svg)");
  return Array.from(parts)
    .filter((one) => one.checkVisibility() && !one.closest(".modebar, .mk-table"))
    .filter((one) => one.getBoundingClientRect().width > 1)
    .filter((one) => one.getBoundingClientRect().right > edge(one) + 1)
    .map((one) => one.outerHTML.slice(0, 120));
}"""
OVERLAPS = """() => {
  const parts = document.querySelectorAll(".mk-explorer :is(button, input, select, .mk-figure, canvas)");
  const seen = Array.from(parts).filter((one) => one.checkVisibility());
  const free = seen.filter((one) => !one.closest(".mk-drawer, .modebar, .mk-table"));
  const outer = free.filter((one) => !one.closest(".mk-figure") || one.matches(".mk-figure"));
  const cut = (one) => {
    let { left, top, right, bottom } = one.getBoundingClientRect();
    for (let up = one.parentElement; up && !up.matches(".mk-explorer"); up = up.parentElement) {
      const box = up.getBoundingClientRect();
      if (getComputedStyle(up).overflowY !== "visible")
        [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
      if (getComputedStyle(up).overflowX !== "visible")
        [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
    }
    return { left, top, right, bottom };
  };
  const boxes = outer.map((one) => [one, cut(one)]);
  const found = [];
  boxes.forEach(([one, a], i) => {
    for (const [other, b] of boxes.slice(i + 1)) {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 3 && tall > 3) found.push([one, other].map((el) => el.outerHTML.slice(0, 90)));
    }
  });
  return found;
}"""


@pytest.fixture
def explorer(notebook):
    """The panel as it was when it opened: no card, no filter, the pointer and the focus elsewhere."""
    page = notebook.show(f"{EXPLORE}  # in all tests of the layout", anew=False)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator(".mk-explorer").get_by_role("button", name="Reset").click()
    page.locator(".mk-card").wait_for(state="detached")
    page.evaluate("document.querySelector('.mk-explorer').scrollIntoView({ block: 'start' })")
    settle(page)
    return page


def chart_width(page):
    return page.evaluate("document.querySelector('.mk-figure .main-svg').getBoundingClientRect().width")


@pytest.mark.parametrize("width", [360, 760, 1100, 1440, 2560])
def test_nothing_is_broken_or_cut_off_at_any_width(explorer, width):
    # as wide as the panel itself: the notebook's own margins are beside it
    explorer.set_viewport_size({"width": max(width + 400, 900), "height": 900})
    explorer.evaluate("(px) => { document.querySelector('.mk-explorer').style.width = `${px}px`; }", width)
    explorer.wait_for_function(
        """(px) => {
          const host = document.querySelector(".mk-main"), svg = host.querySelector(".main-svg");
          const near = Math.abs(host.clientWidth - svg.getBoundingClientRect().width) < 3;
          return document.querySelector(".mk-explorer").offsetWidth === px && near;
        }""",
        arg=width,
    )
    settle(explorer)
    assert chart_width(explorer) > min(0.6 * width, width - 40 - (300 if width > 800 else 0)) - 1
    assert explorer.evaluate(TOO_WIDE) <= 0
    assert explorer.evaluate(PARTS_OUTSIDE) == []
    assert explorer.evaluate(BROKEN_WORDS) == []
    assert explorer.evaluate(OVERLAPS) == []
    fold = explorer.get_by_role("button", name="Filters")
    assert fold.is_visible() == (width <= 800)
    if fold.is_visible():
        search = explorer.get_by_label("Search", exact=True)
        assert not search.is_visible()
        fold.click()
        search.wait_for()
        assert explorer.evaluate(OVERLAPS) == []
        fold.click()
    explorer.evaluate("document.querySelector('.mk-explorer').style.width = ''")


def test_the_details_open_where_they_are_seen_and_nothing_moves(explorer):
    for target in (explorer.locator(".mk-table tbody tr").nth(5), None):
        if target is not None:
            target.scroll_into_view_if_needed()
            box = target.bounding_box()
            x, y = box["x"] + 40, box["y"] + box["height"] / 2
        else:
            point = mark_points(explorer)[0]
            x, y = point["x"], point["y"]
        before = explorer.evaluate("document.querySelector('.mk-table').getBoundingClientRect().top")
        explorer.mouse.click(x, y)
        card = explorer.locator(".mk-card")
        card.wait_for()
        seen = card.bounding_box()
        assert 0 <= seen["y"] < 700
        assert explorer.evaluate("document.querySelector('.mk-table').getBoundingClientRect().top") == before
        assert not (seen["x"] < x < seen["x"] + seen["width"] and seen["y"] < y < seen["y"] + seen["height"])
        explorer.keyboard.press("Escape")
        card.wait_for(state="detached")


def test_next_and_previous_go_through_the_rows_of_the_table(explorer):
    rows = explorer.locator(".mk-table tbody tr")
    rows.nth(3).click()
    card = explorer.locator(".mk-card")
    card.wait_for()
    ids = [row.get_attribute("data-id") for row in rows.all()]
    for name, at in (("Next", 4), ("Next", 5), ("Previous", 4)):
        explorer.get_by_role("button", name=f"{name} milestone").click()
        card.get_by_text(ids[at], exact=True).wait_for()
        assert explorer.locator(".mk-table tr[aria-selected=true]").get_attribute("data-id") == ids[at]
    explorer.get_by_role("button", name="Close the details").click()
    card.wait_for(state="detached")


def test_keys_stay_in_the_panel(explorer):
    cells = "window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = explorer.evaluate(cells)
    explorer.get_by_role("button", name="7 days").click()
    for key in ("x", "a", "b", "d", "d"):
        explorer.keyboard.press(key)
    settle(explorer)
    # where nothing takes the focus, too
    area = explorer.locator(".mk-figure .nsewdrag").bounding_box()
    explorer.mouse.click(area["x"] + 3, area["y"] + 3)
    explorer.keyboard.press("x")
    explorer.locator(".mk-muted").first.click()
    explorer.keyboard.press("x")
    assert explorer.evaluate(cells) == before
    active = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    at = explorer.evaluate(active)
    explorer.locator(".mk-table tbody tr").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        explorer.keyboard.press(key)
    assert explorer.evaluate(active) == at
    ids = [row.get_attribute("data-id") for row in explorer.locator(".mk-table tbody tr").all()]
    assert explorer.evaluate("document.activeElement.dataset.id") == ids[2]
    explorer.keyboard.press("Enter")
    explorer.locator(".mk-card").wait_for()
    explorer.wait_for_function("(id) => document.activeElement.dataset.id === id", arg=ids[2])


def test_the_wheel_scrolls_the_page_and_zooms_only_when_asked(explorer):
    area = explorer.locator(".mk-figure .nsewdrag").bounding_box()
    x, y = area["x"] + area["width"] / 2, area["y"] + 300
    scroller = "document.querySelector('.jp-WindowedPanel-outer').scrollTop"
    span = """(() => {
      const { xaxis } = document.querySelector(".mk-figure .js-plotly-plot")._fullLayout;
      return xaxis.r2l(xaxis.range[1]) - xaxis.r2l(xaxis.range[0]);
    })()"""
    before, place = explorer.evaluate(span), explorer.evaluate(scroller)
    explorer.mouse.move(x, y)
    explorer.mouse.wheel(0, -120)
    explorer.wait_for_function(f"{scroller} < {place}")
    assert explorer.evaluate(span) == before
    for hold in (True, False):
        before, place = explorer.evaluate(span), explorer.evaluate(scroller)
        if hold:
            explorer.keyboard.down("Control")
        else:
            explorer.mouse.click(x, y)
            settle(explorer)
        explorer.mouse.wheel(0, -120)
        explorer.wait_for_function(f"{span} < {before}")
        assert explorer.evaluate(scroller) == place
        explorer.keyboard.up("Control")
        settle(explorer)


def test_there_are_few_tab_stops_before_the_chart_and_all_is_reached(explorer):
    explorer.locator(".mk-explorer").focus()
    stops = []
    for _ in range(14):
        explorer.keyboard.press("Tab")
        stops.append(explorer.evaluate("document.activeElement.closest('.mk-figure, .mk-table') !== null"))
        if stops[-1]:
            break
    assert stops[-1]
    assert len(stops) <= 12
    first = explorer.get_by_role("button", name="Near now")
    first.focus()
    explorer.keyboard.press("ArrowRight")
    assert explorer.evaluate("document.activeElement.textContent") == "Next 6 h"


def test_a_long_list_opens_is_searched_and_keeps_its_order(explorer):
    league = explorer.locator("fieldset[data-facet=league]")
    names = league.locator(".mk-name")
    assert names.count() == 8
    before = names.all_inner_texts()
    league.get_by_role("button", name="more").click()
    assert names.count() > 8
    whole = names.all_inner_texts()
    assert whole[:8] == before
    wanted = whole[-1]
    search = explorer.get_by_label("Search in League")
    search.press_sequentially(wanted.lower())
    assert wanted in names.all_inner_texts()
    assert names.count() < len(whole)
    search.fill("")
    box = explorer.locator("fieldset[data-facet=category] input").nth(2)
    box.check()
    explorer.wait_for_function("document.querySelector('.mk-summary').innerText.indexOf('of 2,000') < 5")
    assert names.all_inner_texts() == whole
    explorer.get_by_role("button", name="fewer of League").click()
    assert names.count() == 8


def test_lanes_scroll_under_an_axis_and_beside_names_that_stay(explorer):
    before = execute(explorer, "import json; print(json.dumps(explorer.state))")
    marks = "document.querySelectorAll('.mk-figure .bars .point').length"
    drawn = "document.querySelectorAll('.mk-figure .textpoint').length"
    place = "(one) => [one.getBoundingClientRect().top, one.textContent]"
    execute(
        explorer,
        "import pandas as pd\nnow, day = pd.Timestamp.now('UTC'), pd.Timedelta('1D')\n"
        "explorer.state |= {'group': 'league', 'window': [now - 3 * day, now + 4 * day]}",
    )
    figure = explorer.locator(".mk-figure")
    explorer.wait_for_function(
        "(one => one.scrollHeight > 2 * one.clientHeight)(document.querySelector('.mk-figure'))"
    )
    settle(explorer)
    rows = int(execute(explorer, "print(len(explorer._view.chart.scene.labels))"))
    axis, zone = figure.locator(".xtick text").first, figure.locator(".xtitle")
    stood, titled = axis.evaluate(place), zone.evaluate(place)
    first = figure.locator(".mk-groups button:visible").first
    top, name = first.evaluate(place)
    assert 0 < explorer.evaluate(drawn) < rows / 2
    assert explorer.evaluate(marks) < rows / 2
    figure.evaluate("(one) => { one.scrollTop = 1500; }")
    shown = "document.querySelector('.mk-groups button:not([hidden])').textContent"
    explorer.wait_for_function(f"(name) => {shown} !== name", arg=name)
    settle(explorer)
    assert axis.evaluate(place) == stood
    assert zone.evaluate(place) == titled
    assert abs(first.evaluate(place)[0] - top) < 200
    point = mark_points(explorer)[0]
    explorer.mouse.click(point["x"], point["y"])
    explorer.locator(".mk-card").get_by_text(point["id"], exact=True).wait_for()
    explorer.keyboard.press("Escape")

    # the names fold their groups, by the keyboard too
    names = figure.locator(".mk-groups button:visible")
    names.nth(0).focus()
    explorer.keyboard.press("ArrowDown")
    wanted = explorer.evaluate("document.activeElement.dataset.name")
    assert wanted == names.nth(1).get_attribute("data-name")
    explorer.keyboard.press("Enter")
    explorer.locator(".mk-groups button[aria-expanded=false]").wait_for()
    assert execute(explorer, "print(*explorer.state['folded'])") == wanted
    execute(explorer, f"explorer.state = json.loads({before!r})")
    settle(explorer)


def test_details_that_come_anew_keep_the_focus_and_what_was_opened(explorer):
    explorer.locator(".mk-table tbody tr").nth(2).click()
    card = explorer.locator(".mk-card")
    card.locator("summary").click()
    card.evaluate("(one) => { one.dataset.former = 'true'; }")
    execute(explorer, "explorer._drawer.card = explorer._drawer.card + ' '")
    explorer.locator(".mk-card:not([data-former])").wait_for()
    assert explorer.evaluate("document.activeElement.localName") == "summary"
    assert card.locator("details").evaluate("(one) => one.open")
    explorer.keyboard.press("Escape")
    card.wait_for(state="detached")
