"""The list below the chart, as table and agenda, with its tickers, marks and ways out: one page for all."""

from __future__ import annotations

import re

import pytest

import milestone_kit as mk
from milestone_kit.table.folding import fold
from tests.browser.conftest import own_panel
from tests.browser.harness import (
    execute,
    is_an_events,
    mark_points,
    settle,
)


@pytest.fixture(scope="module")
def opened(lab, browser):
    with own_panel(browser, lab, "table.ipynb", {"width": 1900, "height": 1200}) as page:
        yield page


@pytest.fixture
def panel(opened):
    """The panel without filters, listing all milestones as a table; nothing open, the pointer elsewhere."""
    opened.mouse.move(1, 1)
    panel = opened.locator(".mk-explorer")
    panel.get_by_role("button", name="Table", exact=True).click()
    panel.get_by_role("button", name="Reset", exact=True).click()
    panel.locator(".mk-card").wait_for(state="detached")
    panel.get_by_label("Only this window").set_checked(False)
    panel.locator(".mk-where", has_text=re.compile("of 1,[0-9]{3}$")).wait_for()
    settle(opened)
    return panel


def rows(panel):
    return panel.locator(".mk-table tbody tr[data-id]")


def search(panel, words):
    """Search, and wait until the kernel has taken the words up."""
    panel.get_by_label("Search", exact=True).fill(words)
    asked = "print(explorer.state['filters'].get('text') or '')"
    for _ in range(100):
        if execute(panel.page, asked) == words:
            return
        panel.page.wait_for_timeout(50)
    raise AssertionError(f"the kernel never searched for {words!r}, but for {execute(panel.page, asked)!r}")


def test_a_row_names_its_event_which_can_be_opened_and_copied(panel):
    page = panel.page
    row = rows(panel).filter(has=page.locator(".mk-rest")).first
    link, id_ = row.locator("a.mk-ticker"), row.get_attribute("data-id")
    ticker = link.inner_text()
    assert is_an_events(link)
    assert link.get_attribute("href") == mk.event_url(ticker)
    row.get_by_role("button", name=f"Copy {ticker}").click()
    row.locator(".mk-copy[data-done]").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == ticker
    assert execute(page, "print(len(explorer.selected))") == "0"  # to copy is not to look
    listed = f"explorer.filtered.set_index('id').loc[{id_!r}]"
    code = f"from milestone_kit.table.schema import event_tickers\nprint(event_tickers({listed}))"
    tickers = eval(execute(page, code))
    assert tickers[0] == ticker
    assert row.locator(".mk-rest").inner_text() == f"+{len(tickers) - 1}"
    # the others are one click away, each a link with a button of its own
    row.locator(".mk-rest").click()
    card = panel.locator(".mk-card")
    card.wait_for()
    for one in tickers:
        assert is_an_events(card.locator("a.mk-ticker", has_text=one).last)
    card.get_by_role("button", name=f"Copy {tickers[-1]}").last.click()
    card.locator(".mk-copy[data-done]").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == tickers[-1]


def test_all_rows_are_one_tab_stop_and_the_links_of_one_row_follow(panel):
    page = panel.page
    first, second = rows(panel).nth(0), rows(panel).nth(1)
    stops = (
        "(id) => document.querySelectorAll(`.mk-table tr [tabindex='0'], .mk-table tr[tabindex='0']`).length"
    )
    inside = first.locator("a, td button").count()
    assert page.evaluate(stops) == 1 + inside
    first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "mk-ticker"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.id") == second.get_attribute("data-id")
    assert first.locator("a").get_attribute("tabindex") == "-1"


def test_what_was_searched_for_is_marked_in_table_and_card_and_cleared_again(panel):
    titles = execute(panel.page, "print(explorer.filtered['title'].str.cat(sep='\\n'))").splitlines()
    wanted = next(
        word
        for title in titles
        for word in title.split()
        if word != word.lower() and fold(word) != word.lower()
    )
    search(panel, fold(wanted))
    mark = rows(panel).first.locator("td[data-column=title] mark")
    mark.wait_for()
    assert fold(mark.inner_text()) == fold(wanted)
    assert mark.inner_text() != fold(wanted)  # as it is written, with its accent
    rows(panel).first.locator("td[data-column=title]").click()
    assert fold(panel.locator(".mk-card h4 mark").inner_text()) == fold(wanted)
    panel.page.keyboard.press("Escape")
    clear = panel.locator(".mk-clearable", has=panel.page.get_by_label("Search", exact=True)).get_by_role(
        "button"
    )
    clear.click()
    rows(panel).locator("mark").first.wait_for(state="detached")
    assert panel.get_by_label("Search", exact=True).input_value() == ""
    assert not clear.is_visible()


def test_where_nothing_matches_the_way_out_is_offered(panel):
    whole = len(execute(panel.page, "print(*explorer.filtered['id'])").split())
    search(panel, "no such milestone")
    empty = panel.locator(".mk-empty")
    empty.get_by_role("button", name="Clear the search").click()
    empty.wait_for(state="detached")
    assert panel.get_by_label("Search", exact=True).input_value() == ""
    search(panel, "no such milestone")
    empty.get_by_role("button", name="Reset all filters").click()
    empty.wait_for(state="detached")
    # a window in which nothing lies is another matter
    execute(panel.page, "explorer.state = {'window': ['1999-01-01', '1999-01-02']}")
    panel.get_by_label("Only this window").check()
    empty.get_by_role("button", name=f"Show all {whole:,} that match").click()
    empty.wait_for(state="detached")


def test_an_agenda_lists_the_rows_of_the_window_day_by_day(panel):
    page = panel.page
    panel.get_by_label("Only this window").check()
    panel.get_by_role("button", name="Title", exact=True).click()
    panel.get_by_role("button", name="Agenda").click()
    panel.locator(".mk-table table[data-form=agenda]").wait_for()
    assert execute(page, "print(explorer.state['form'])") == "agenda"
    days = page.evaluate(
        """() => {
          let day = null;
          return Array.from(document.querySelectorAll(".mk-table tbody tr"), (row) => {
            if (!row.dataset.id) day = row.textContent;
            return row.dataset.id ? [row.dataset.id, day, row.cells[0].textContent] : null;
          }).filter(Boolean);
        }"""
    )
    execute(page, "starts = explorer.filtered.set_index('id')['start_date']")
    told = execute(
        page, f"print(*starts[{[one[0] for one in days]!r}].dt.strftime('%a %-d %b|%H:%M'), sep=';')"
    )
    assert [f"{day}|{time.split(' ')[0]}" for _, day, time in days] == [
        one.removesuffix(" ") for one in told.split(";")
    ]
    moments = eval(execute(page, f"print(starts[{[one[0] for one in days]!r}].is_monotonic_increasing)"))
    assert moments
    first, second = rows(panel).nth(0), rows(panel).nth(1)
    first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.id") == second.get_attribute("data-id")
    # narrow, the headings stay in the list
    page.evaluate("document.querySelector('.mk-explorer').style.width = '900px'")
    settle(page)
    wide = (
        "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.mk-table'))"
    )
    assert page.evaluate(wide) <= 0
    lines = "Array.from(document.querySelectorAll('.mk-table tbody tr'))"
    assert len(set(page.evaluate(f"{lines}.map((one) => one.getBoundingClientRect().right)"))) == 1
    page.evaluate("document.querySelector('.mk-explorer').style.width = ''")


def test_a_file_that_comes_in_parts_is_whole_on_the_disk(panel, tmp_path):
    page = panel.page
    begin = (
        "from milestone_kit.panel.downloads import csv_download\n"
        "file = csv_download(explorer._model, explorer._view, 'filtered', rows=150)\n"
        "explorer._bridge.delivery.begin(*file)"
    )
    with page.expect_download() as waiting:
        execute(page, begin)
    path = tmp_path / "parts.csv"
    waiting.value.save_as(path)
    assert waiting.value.suggested_filename == "milestones.csv"
    execute(page, "explorer.to_csv('whole.csv')")
    whole = execute(page, "print(open('whole.csv').read())")
    assert path.read_text().strip() == whole
    assert panel.locator(".mk-note").inner_text().startswith("milestones.csv: 1,")


def test_a_calendar_of_the_selected_row_is_handed_over(panel):
    row = rows(panel).first
    row.locator("td[data-column=title]").click()
    panel.locator(".mk-card").wait_for()
    panel.page.keyboard.press("Escape")
    panel.locator(".mk-head select").select_option("selected rows")
    with panel.page.expect_download() as waiting:
        panel.get_by_role("button", name="Calendar").click()
    text = waiting.value.path().read_text()
    assert waiting.value.suggested_filename == "milestones-selected.ics"
    assert text.count("BEGIN:VEVENT") == 1
    assert row.get_attribute("data-id") in text.replace("\n ", "")
    panel.locator(".mk-head select").select_option("all filtered rows")


def test_the_card_under_the_pointer_names_tickers_and_is_whole_at_the_lower_edge(panel):
    page = panel.page
    panel.get_by_role("button", name="7 days").click()
    settle(page)
    panel.get_by_role("button", name="Near now").click()
    settle(page)
    edge = page.evaluate(
        """() => {
          const gd = document.querySelector(".mk-figure .js-plotly-plot");
          const { yaxis } = gd._fullLayout;
          return gd.getBoundingClientRect().top + yaxis._offset + yaxis._length;
        }"""
    )
    lowest = max((one for one in mark_points(page) if one["y"] < edge - 3), key=lambda one: one["y"])
    # little of the notebook is in sight below the mark
    scroller = "document.querySelector('.jp-WindowedPanel-outer').getBoundingClientRect()"
    below = page.evaluate(f"window.innerHeight - {scroller}.bottom")
    page.set_viewport_size({"width": 1900, "height": round(lowest["y"] + 8 + below)})
    settle(page)
    page.mouse.move(lowest["x"] - 2, lowest["y"])
    page.mouse.move(lowest["x"], lowest["y"])
    card = panel.locator(".hoverlayer .hovertext")
    card.wait_for()
    row = f"explorer.filtered.set_index('id').loc[{lowest['id']!r}]"
    code = f"from milestone_kit.table.schema import event_tickers\nprint(*event_tickers({row})[:1])"
    words = card.text_content()
    assert execute(page, code)[:39] in words
    assert words.endswith("click for links")
    box, figure = card.bounding_box(), panel.locator(".mk-figure").bounding_box()
    assert box["y"] >= figure["y"] - 1
    assert box["y"] + box["height"] <= page.evaluate(f"{scroller}.bottom")
    page.mouse.click(lowest["x"], lowest["y"])
    assert is_an_events(panel.locator(".mk-card a.mk-ticker").first)
    page.set_viewport_size({"width": 1900, "height": 1200})
