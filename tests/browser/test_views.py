"""Coming back to views, stepping by days, the watchlist, and the keys for them: one page for all."""

from __future__ import annotations

import json

import pytest

from tests.browser.conftest import own_panel
from tests.browser.harness import execute, settle

RANGE = """(() => {
  const { xaxis } = document.querySelector(".mk-figure .js-plotly-plot")._fullLayout;
  return xaxis.range.map((edge) => Math.round(xaxis.r2l(edge) / 60000));
})()"""
INSIDE = """() => {
  const panel = document.querySelector(".mk-explorer").getBoundingClientRect();
  const box = document.querySelector(".mk-popover:not([hidden])").getBoundingClientRect();
  return box.width > 150 && box.left >= panel.left && box.right <= panel.right;
}"""


@pytest.fixture(scope="module")
def opened(lab, browser):
    with own_panel(browser, lab, "views.ipynb", {"width": 1440, "height": 900}) as page:
        yield page
        execute(page, "explorer.watch = []\nfor name in list(explorer.views): explorer.forget_view(name)")


@pytest.fixture
def explorer(opened):
    """The panel without filters, at the window that fits."""
    opened.locator(".mk-explorer").get_by_role("button", name="Reset").click()
    opened.evaluate("document.querySelector('.mk-explorer').scrollIntoView({ block: 'start' })")
    settle(opened)
    return opened


def state(page):
    return json.loads(execute(page, "import json; print(json.dumps(explorer.state))"))


def pressed(page, name):
    tools = page.locator(".mk-head, .mk-main > .mk-row")
    tools.get_by_role("button", name=name).first.click()
    settle(page)


def test_back_and_forward_go_by_buttons_and_by_keys_that_stay_in_the_panel(explorer):
    start, address = explorer.evaluate(RANGE), explorer.url
    active = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    at = explorer.evaluate(active)
    length = explorer.evaluate("history.length")
    pressed(explorer, "7 days")
    week = explorer.evaluate(RANGE)
    pressed(explorer, "30 days")
    assert explorer.evaluate(RANGE) != week
    pressed(explorer, "Back to the view before")
    assert explorer.evaluate(RANGE) == week
    explorer.keyboard.press("Alt+ArrowLeft")
    settle(explorer)
    assert [abs(a - b) <= 1 for a, b in zip(explorer.evaluate(RANGE), start, strict=True)] == [True, True]
    explorer.locator(".mk-table tbody tr").first.focus()
    explorer.keyboard.press("Alt+ArrowRight")
    settle(explorer)
    assert explorer.evaluate(RANGE) == week
    explorer.keyboard.press("Alt+ArrowRight")
    settle(explorer)
    forward = explorer.get_by_role("button", name="Forward to the view after")
    assert forward.is_disabled()
    assert state(explorer)["window"] == "last 4 d, next 26 d"
    assert (explorer.url, explorer.evaluate("history.length"), explorer.evaluate(active)) == (
        address,
        length,
        at,
    )


def test_a_drag_is_one_step_back(explorer):
    pressed(explorer, "7 days")
    week = explorer.evaluate(RANGE)
    area = explorer.locator(".mk-figure .nsewdrag").bounding_box()
    x, y = area["x"] + area["width"] * 0.7, area["y"] + 40
    explorer.mouse.move(x, y)
    explorer.mouse.down()
    for i in range(1, 9):
        explorer.mouse.move(x - 30 * i, y)
        explorer.wait_for_timeout(30)
    explorer.mouse.up()
    explorer.wait_for_function(f"JSON.stringify({RANGE}) !== '{json.dumps(week, separators=(',', ':'))}'")
    settle(explorer)
    assert isinstance(state(explorer)["window"], list)
    pressed(explorer, "Back to the view before")
    assert explorer.evaluate(RANGE) == week


def test_a_double_click_fits_also_where_nothing_but_silhouettes_are(explorer):
    fits = explorer.evaluate(RANGE)
    pressed(explorer, "All")
    assert explorer.evaluate(RANGE) != fits
    area = explorer.locator(".mk-figure .nsewdrag").bounding_box()
    explorer.mouse.dblclick(area["x"] + area["width"] / 2, area["y"] + area["height"] * 0.8)
    explorer.wait_for_function(f"{RANGE}[1] - {RANGE}[0] < {2 * (fits[1] - fits[0])}")
    settle(explorer)
    assert state(explorer)["window"] is None


def test_the_days_before_and_after_are_a_click_away(explorer):
    pressed(explorer, "Today")
    today = explorer.evaluate(RANGE)
    day = 24 * 60
    pressed(explorer, "The day after")
    assert explorer.evaluate(RANGE) == [edge + day for edge in today]
    for _ in range(2):
        pressed(explorer, "The day before")
    assert explorer.evaluate(RANGE) == [edge - day for edge in today]


def test_a_view_is_saved_under_a_name_shown_and_forgotten(explorer):
    explorer.locator("fieldset[data-facet=category] input").first.check()
    pressed(explorer, "Next 6 h")
    saved = state(explorer)
    pressed(explorer, "Saved views")
    dialog = explorer.get_by_role("dialog", name="Saved views")
    name = dialog.get_by_label("Name of this view")
    explorer.wait_for_function("document.activeElement.ariaLabel === 'Name of this view'")
    cells = explorer.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")
    name.press_sequentially("<b>dda</b>")
    explorer.keyboard.press("Enter")
    show = dialog.get_by_role("button", name="Show the view <b>dda</b>")
    show.wait_for()
    assert show.inner_text() == "<b>dda</b>"
    assert explorer.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length") == cells
    explorer.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert explorer.evaluate("document.activeElement.ariaLabel") == "Saved views"
    pressed(explorer, "Reset")
    pressed(explorer, "Saved views")
    show.click()
    settle(explorer)
    assert state(explorer) == saved
    assert explorer.locator("fieldset[data-facet=category] input").first.is_checked()
    opened = execute(explorer, "print(mk.explore(mk.get_milestones(), view='<b>dda</b>').state['window'])")
    assert opened == "next 6 h"
    pressed(explorer, "Saved views")
    dialog.get_by_role("button", name="Forget the view").click()
    dialog.get_by_text("No view is saved yet.").wait_for()
    explorer.mouse.click(5, 300)
    assert not dialog.is_visible()


def test_a_pasted_watchlist_is_pinned_on_top_of_chart_and_table(explorer):
    id_ = explorer.locator(".mk-table tbody tr[data-id]").first.get_attribute("data-id")
    code = "print(mk.ticker_table(mk.next_up(explorer.filtered, 40))['event_ticker'].iloc[3])"
    ticker = execute(explorer, code)
    pressed(explorer, "Watchlist")
    explorer.get_by_label("Tickers and ids to watch").fill(f"{ticker},\n{id_};  KXNOPE")
    explorer.get_by_role("button", name="Watch these").click()
    section = explorer.locator(".mk-watched")
    section.get_by_text("1 of 3 not in this table: KXNOPE").wait_for()
    rows = section.locator("tr")
    assert id_ in [row.get_attribute("data-id") for row in rows.all()]
    explorer.locator(".mk-figure").get_by_text("Watched", exact=True).wait_for()
    outlined = """document.querySelector(".mk-figure .js-plotly-plot").data
      .some((trace) => trace.marker?.line?.color === "#C77700" && trace.x.length)"""
    explorer.wait_for_function(outlined)
    assert explorer.locator(f".mk-table tr[data-watched][data-id='{id_}']").count() == 1
    rows.first.focus()
    explorer.keyboard.press("ArrowDown")
    chosen = explorer.evaluate("document.activeElement.dataset.id")
    assert chosen == rows.nth(1).get_attribute("data-id")
    explorer.keyboard.press("Enter")
    explorer.locator(".mk-card").get_by_text(chosen, exact=True).wait_for()
    explorer.keyboard.press("Escape")
    assert execute(explorer, "print(mk.explore(mk.get_milestones()).watch == explorer.watch)") == "True"
    pressed(explorer, "Watchlist")
    explorer.get_by_role("button", name="Watch nothing any more").click()
    section.wait_for(state="hidden")


@pytest.mark.parametrize("width", [360, 760, 1100])
def test_the_forms_lie_within_the_panel_at_any_width(explorer, width):
    explorer.evaluate("(px) => { document.querySelector('.mk-explorer').style.width = `${px}px`; }", width)
    settle(explorer)
    for name in ("Saved views", "Watchlist"):
        opener = explorer.get_by_role("button", name=name)
        opener.click()
        assert explorer.evaluate(INSIDE)
        assert opener.get_attribute("aria-expanded") == "true"
        explorer.keyboard.press("Escape")
    explorer.evaluate("document.querySelector('.mk-explorer').style.width = ''")
