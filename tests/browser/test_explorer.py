"""The notebook that people start with, driven as they would, over a sandbox in a real browser."""

from __future__ import annotations

import re
import shutil

import pytest

import milestone_kit as mk
from tests.browser.conftest import ARTIFACTS, ROWS
from tests.browser.harness import (
    REPO,
    await_chart,
    change_chart,
    execute,
    is_an_events,
    mark_points,
    set_theme,
    settle,
)


def summary(page) -> str:
    return page.locator(".mk-summary").inner_text()


def rows_found(page) -> int:
    return int(re.match(r"([\d,]+) of", summary(page))[1].replace(",", ""))


def option(page, facet: str, value: str):
    return page.locator(f"fieldset[data-facet={facet}] label.mk-option", has_text=re.compile(f"^{value}"))


def field(page, label: str):
    return page.locator(".mk-explorer").get_by_label(label)


def count_of(page, facet: str, value: str) -> int:
    return int(option(page, facet, value).locator(".mk-count").inner_text().replace(",", ""))


def test_the_starter_notebook_runs_to_its_end_and_shows_the_panel(lab, page):
    shutil.copy(REPO / "notebooks" / "01_explore.ipynb", lab.root)
    assert lab.run(page, "01_explore.ipynb") == []
    page.locator(".mk-explorer").first.scroll_into_view_if_needed()
    await_chart(page)
    assert f"of {ROWS:,} milestones" in summary(page)
    assert page.problems == []


def test_a_filter_changes_chart_counts_and_table_together(explorer):
    before = rows_found(explorer)
    expected = count_of(explorer, "category", "Economics")
    sports = count_of(explorer, "category", "Sports")
    types = explorer.locator("fieldset[data-facet=type] .mk-count").all_inner_texts()

    change_chart(explorer, option(explorer, "category", "Economics").locator("input").click)

    assert 0 < rows_found(explorer) == expected < before
    assert count_of(explorer, "category", "Sports") == sports
    assert explorer.locator("fieldset[data-facet=type] .mk-count").all_inner_texts() != types
    assert set(explorer.locator("td[data-column=category]").all_inner_texts()) == {"Economics"}
    assert explorer.locator(".mk-where").inner_text().endswith(f"({expected:,} in all)")
    drawn = {point["id"] for point in mark_points(explorer)}
    assert drawn
    assert execute(explorer, f"print(set({sorted(drawn)!r}) <= set(explorer.filtered['id']))") == "True"
    explorer.screenshot(path=ARTIFACTS / "filtered.png")


def test_typing_into_the_search_box_asks_once_and_finds_the_words(explorer):
    box = field(explorer, "Search")
    change_chart(explorer, lambda: box.press_sequentially("open", delay=30))
    found = execute(explorer, "print(f'{len(explorer.filtered):,}')")
    explorer.locator(".mk-summary", has_text=re.compile(f"^{found} of")).wait_for()
    asked = "mk.filter_milestones(mk.get_milestones(), text='open', simulated=False, placeholder=False)"
    found = int(execute(explorer, f"print(len({asked}))"))
    assert 0 < found < ROWS
    assert rows_found(explorer) == found == int(execute(explorer, "print(len(explorer.filtered))"))


def test_a_ticker_glob_and_dates_narrow_the_table(explorer):
    tickers = execute(explorer, "print(mk.ticker_table(explorer.filtered).series_ticker.mode()[0])")
    change_chart(explorer, lambda: explorer.get_by_label("Ticker", exact=True).fill(f"{tickers}*"))
    with_ticker = rows_found(explorer)
    assert 0 < with_ticker < ROWS
    change_chart(explorer, lambda: field(explorer, "From").fill("2025-06-01"))
    assert 0 < rows_found(explorer) < with_ticker
    code = "print(explorer.filtered.start_date.min().isoformat() >= '2025-06-01')"
    assert execute(explorer, code) == "True"


def test_clicking_a_bar_shows_that_milestone(explorer):
    point = mark_points(explorer)[0]
    explorer.mouse.click(point["x"], point["y"])
    card = explorer.locator(".mk-card")
    card.wait_for()
    title = execute(explorer, f"print(explorer.filtered.set_index('id').title[{point['id']!r}])")
    assert card.locator("h4").inner_text() == title
    assert point["id"] in card.inner_text()
    assert execute(explorer, "print(list(explorer.selected['id']))") == repr([point["id"]])
    assert explorer.locator(".mk-table tr[aria-selected=true]").get_attribute("data-id") == point["id"]


def test_a_downloaded_csv_reads_back_as_the_filtered_rows(explorer, tmp_path):
    change_chart(explorer, option(explorer, "category", "Elections").locator("input").click)
    with explorer.expect_download() as waiting:
        explorer.get_by_role("button", name="Download CSV").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    table = mk.read_csv(path)
    assert path.name == "milestones.csv"
    assert set(table["category"].str.casefold()) == {"elections"}
    assert execute(explorer, "print(list(explorer.filtered['id']))") == repr(list(table["id"]))


def test_sorting_and_paging_ask_the_kernel_for_other_rows(explorer):
    explorer.get_by_role("button", name="Title", exact=True).click()
    explorer.locator("th[aria-sort=ascending]", has_text="Title").wait_for()
    first = explorer.locator(".mk-table tbody tr").first.get_attribute("data-id")
    explorer.get_by_label("Next page").click()
    explorer.locator(".mk-where", has_text=re.compile("^13 to 24")).wait_for()
    assert explorer.locator(".mk-table tbody tr").first.get_attribute("data-id") != first
    code = "print(explorer.filtered['title'].str.casefold().is_monotonic_increasing)"
    assert execute(explorer, code) == "True"


def test_dragging_the_chart_moves_the_window_and_brings_fresh_detail(explorer):
    change_chart(explorer, lambda: explorer.get_by_role("button", name="7 days").click())
    before = execute(explorer, "print(explorer.state['window'][0])")
    box = explorer.locator(".mk-figure .nsewdrag").bounding_box()
    middle = box["y"] + min(box["height"], 400) / 2

    def drag():
        explorer.mouse.move(box["x"] + box["width"] * 0.3, middle)
        explorer.mouse.down()
        explorer.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=6)
        explorer.mouse.up()

    change_chart(explorer, drag)
    explorer.wait_for_function("document.querySelector('.mk-summary').innerText.includes('before')")
    after = execute(explorer, "print(explorer.state['window'][0])")
    assert after < before
    shown = int(re.search(r"In the chart: ([\d,]+)", summary(explorer))[1].replace(",", ""))
    inside = execute(
        explorer,
        "import pandas as pd\n"
        "low, high = map(pd.Timestamp, explorer.state['window'])\n"
        "rows = mk.compute_timeline(explorer.filtered)\n"
        "last = rows['end'].fillna(rows['start_date'])\n"
        "print(((rows['start_date'] <= high) & (last >= low)).sum())",
    )
    assert shown == pytest.approx(int(inside), abs=2)


def test_the_panel_follows_the_dark_theme(explorer):
    set_theme(explorer, "JupyterLab Dark")
    explorer.wait_for_function(
        "getComputedStyle(document.querySelector('.mk-figure .xtick text')).fill === 'rgb(163, 173, 185)'"
    )
    settle(explorer)
    explorer.wait_for_function(
        """() => {
          const strip = document.querySelector("canvas.mk-overview");
          return strip.clientWidth > 300 && strip.width === Math.round(strip.clientWidth * devicePixelRatio);
        }"""
    )
    explorer.screenshot(path=ARTIFACTS / "dark.png")
    set_theme(explorer, "JupyterLab Light")


def test_the_chart_takes_the_width_that_there_is(explorer):
    for width in (700, 1000, 1400):
        explorer.set_viewport_size({"width": width, "height": 1250})
        explorer.wait_for_function(
            """() => {
              const host = document.querySelector('.mk-main'), svg = host.querySelector('.main-svg');
              const room = document.querySelector(".mk-explorer").clientWidth;
              const most = room < 800 ? 60 : 330; // of it, beside the chart
              return Math.abs(host.clientWidth - svg.getBoundingClientRect().width) < 3
                && host.clientWidth > room - most;
            }"""
        )


def range_drawn(page) -> list[float]:
    return page.evaluate(
        """() => {
          const { xaxis } = document.querySelector(".mk-figure .js-plotly-plot")._fullLayout;
          return xaxis.range.map((edge) => xaxis.r2l(edge));
        }"""
    )


def range_kept(page) -> list[float]:
    code = (
        "import pandas as pd\n"
        "print(*(pd.Timestamp(edge).timestamp() * 1000 for edge in explorer.figure().layout.xaxis.range))"
    )
    return [float(edge) for edge in execute(page, code).split()]


def test_a_chart_that_is_dragged_is_asked_for_ahead_and_stays_under_the_pointer(explorer):
    change_chart(explorer, lambda: explorer.get_by_role("button", name="7 days").click())
    before = range_kept(explorer)
    explorer.evaluate(
        """() => {
          window.pictures = 0;
          const gd = document.querySelector(".mk-figure .js-plotly-plot");
          gd.on("plotly_react", () => { window.pictures += 1; });
        }"""
    )
    box = explorer.locator(".mk-figure .nsewdrag").bounding_box()
    middle = box["y"] + min(box["height"], 400) / 2
    strip = explorer.locator(".mk-overview")
    told = strip.get_attribute("aria-valuetext")
    explorer.mouse.move(box["x"] + box["width"] * 0.3, middle)
    explorer.mouse.down()
    explorer.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=6)
    explorer.wait_for_timeout(300)  # on a busy machine all of that may have been one move
    explorer.mouse.move(box["x"] + box["width"] * 0.62, middle, steps=3)
    # the kernel's answer has arrived, as the strip above shows, and is not drawn yet
    explorer.wait_for_function(
        "(told) => document.querySelector('.mk-overview').getAttribute('aria-valuetext') !== told", arg=told
    )
    assert range_kept(explorer) != before
    assert explorer.evaluate("window.pictures") == 0
    explorer.mouse.up()
    explorer.wait_for_function("window.pictures > 0")
    settle(explorer)
    assert explorer.evaluate("window.pictures") == 1
    assert range_drawn(explorer) == pytest.approx(range_kept(explorer), abs=1)


def test_the_wheel_and_the_zoom_tool_bring_the_window_that_they_were_left_at(explorer):
    change_chart(explorer, lambda: explorer.get_by_role("button", name="30 days").click())
    whole = range_kept(explorer)
    area = explorer.locator(".mk-figure .nsewdrag").bounding_box()
    middle = area["y"] + min(area["height"], 400) / 2

    def wheel():
        explorer.mouse.move(area["x"] + area["width"] / 2, middle)
        explorer.mouse.wheel(0, -120)  # scrolls the page, as everywhere
        explorer.keyboard.down("Control")
        for _ in range(4):
            explorer.mouse.wheel(0, -120)
        explorer.keyboard.up("Control")

    change_chart(explorer, wheel)
    near = range_kept(explorer)
    assert near[1] - near[0] < 0.9 * (whole[1] - whole[0])
    assert range_drawn(explorer) == pytest.approx(near, abs=1)

    def zoom():
        explorer.locator(".modebar-btn[aria-label='Zoom']").click()
        explorer.mouse.move(area["x"] + area["width"] * 0.25, middle)
        explorer.mouse.down()
        explorer.mouse.move(area["x"] + area["width"] * 0.5, middle, steps=5)
        explorer.mouse.up()

    change_chart(explorer, zoom)
    nearer = range_kept(explorer)
    assert nearer[1] - nearer[0] == pytest.approx((near[1] - near[0]) / 4, rel=0.05)
    assert range_drawn(explorer) == pytest.approx(nearer, abs=1)
    # the tool stays chosen
    assert explorer.locator(".modebar-btn.active").get_attribute("aria-label") == "Zoom"


def test_a_notebook_reopened_on_its_running_kernel_shows_the_chart_again(explorer):
    change_chart(explorer, option(explorer, "category", "Economics").locator("input").click)
    change_chart(explorer, lambda: explorer.get_by_role("button", name="30 days").click())
    explorer.evaluate(
        """async () => {
          const app = window.jupyterapp;
          const panel = app.shell.currentWidget;
          const { path } = panel.context;
          await panel.context.save();
          panel.dispose();
          const again = await app.commands.execute("docmanager:open", { path });
          await again.sessionContext.ready;
        }"""
    )
    await_chart(explorer)
    assert f"of {ROWS:,} milestones" in summary(explorer)
    assert explorer.locator(".mk-figure .js-plotly-plot .bars path, .mk-figure .fills path").count() > 0
    # what is on screen, not the first picture of the figure's life
    assert range_drawn(explorer) == pytest.approx(range_kept(explorer), abs=1)


def test_hostile_words_from_the_server_are_shown_as_text(notebook):
    hostile = [
        "<script>window.hacked = 1</script>",
        "<img src=x onerror='window.hacked = 1'>",
        r"$\href{javascript:window.hacked=1}{click}$",
        "<b>bold</b> & <a href='javascript:window.hacked=1'>link</a>",
        "%{x} %{customdata} \u202eright to left \u200b 🎾 שלום",
    ]
    cell = (
        "import pandas as pd\n"
        "rows = mk.sample_milestones(40)\n"
        f"hostile = {hostile!r}\n"
        "rows = rows.assign(\n"
        "    title=pd.Series((hostile * 8)[:40], dtype='str'),\n"
        "    category=pd.Series((hostile * 8)[:40], dtype='str'),\n"
        "    type=pd.Series((hostile[::-1] * 8)[:40], dtype='str'),\n"
        "    details=pd.Series(['{\"league\": \"<script>window.hacked=1</script>\"}'] * 40, dtype='str'),\n"
        ")\n"
        "explorer = mk.explore(rows, placeholder=None, simulated=None, now='2026-01-15T18:00')\n"
        "explorer"
    )
    page = notebook.show(cell)
    change_chart(page, lambda: page.get_by_role("button", name="All", exact=True).click())
    for row in page.locator(".mk-table tbody tr").all()[:5]:
        row.click()
        page.locator(".mk-card").wait_for()
    page.keyboard.press("Escape")  # it stands over some of the marks
    page.locator(".mk-card").wait_for(state="detached")
    for point in mark_points(page)[:5]:
        page.mouse.move(point["x"], point["y"])
        page.locator(".mk-figure .hoverlayer text").first.wait_for()
        page.locator(".mk-figure .hoverlayer").inner_html()
    assert page.evaluate("window.hacked") is None
    assert "<script>" in page.locator("fieldset[data-facet=category]").inner_text()
    links = page.locator(".mk-figure a, .mk-card a, .mk-table a")
    assert all(is_an_events(link) for link in links.all())
    assert page.locator(".mk-explorer img, .mk-explorer script").count() == 0


def test_brushing_the_overview_sets_the_window(explorer):
    change_chart(explorer, lambda: explorer.get_by_role("button", name="All", exact=True).click())
    whole = range_kept(explorer)
    change_chart(explorer, lambda: explorer.get_by_role("button", name="Near now").click())
    strip = explorer.locator(".mk-overview").bounding_box()
    middle = strip["y"] + strip["height"] / 3

    def brush():
        explorer.mouse.move(strip["x"] + strip["width"] * 0.5, middle)
        explorer.mouse.down()
        explorer.mouse.move(strip["x"] + strip["width"] * 0.75, middle, steps=5)
        explorer.mouse.up()

    change_chart(explorer, brush)
    low, high = execute(explorer, "print(*explorer.state['window'])").split()
    assert low < high
    brushed = range_kept(explorer)
    assert brushed[1] - brushed[0] == pytest.approx(0.25 * (whole[1] - whole[0]), rel=0.08)
    change_chart(explorer, lambda: explorer.locator(".mk-overview").press("ArrowLeft"))
    assert execute(explorer, "print(explorer.state['window'][0])") < low


def test_a_box_selects_and_the_selected_rows_download(explorer, tmp_path):
    explorer.locator(".modebar-btn[aria-label='Box Select']").click()
    area = explorer.locator(".mk-figure .nsewdrag").bounding_box()
    explorer.mouse.move(area["x"] + area["width"] * 0.2, area["y"] + area["height"] * 0.1)
    explorer.mouse.down()
    explorer.mouse.move(area["x"] + area["width"] * 0.7, area["y"] + area["height"] * 0.8, steps=6)
    explorer.mouse.up()
    explorer.locator(".mk-summary", has_text="selected").wait_for()
    with explorer.expect_download() as waiting:
        explorer.locator(".mk-head select").select_option("selected rows")
        explorer.get_by_role("button", name="Download CSV").click()
    waiting.value.save_as(tmp_path / "selected.csv")
    table = mk.read_csv(tmp_path / "selected.csv")
    assert 0 < len(table) < ROWS
    assert execute(explorer, "print(list(explorer.selected['id']))") == repr(list(table["id"]))
    explorer.screenshot(path=ARTIFACTS / "boxed.png")


def test_double_click_fits_again_after_a_zoom(explorer):
    change_chart(explorer, lambda: explorer.get_by_role("button", name="All", exact=True).click())
    area = explorer.locator(".mk-figure .nsewdrag").bounding_box()
    spot = (area["x"] + area["width"] * 0.4, area["y"] + 3)
    change_chart(explorer, lambda: explorer.mouse.dblclick(*spot))
    assert execute(explorer, "print(explorer.state['window'])") == "None"
    assert range_drawn(explorer) == pytest.approx(range_kept(explorer), abs=1)


def test_the_legend_filters_and_the_code_goes_to_the_clipboard(explorer):
    choice = explorer.locator(".mk-explorer").get_by_label("Colour by")
    change_chart(explorer, lambda: choice.select_option("type"))
    change_chart(explorer, explorer.locator(".legend .legendtoggle").first.click)
    assert execute(explorer, "print(len(explorer.state['filters']['type']))") == "1"
    code = execute(explorer, "print(explorer.code())")
    assert "filter_milestones" in code
    explorer.get_by_role("button", name="Copy code").click()
    explorer.wait_for_function(
        "async (code) => (await navigator.clipboard.readText()).trim() === code", arg=code
    )


def test_the_chart_downloads_as_a_page_that_needs_nothing(explorer, browser, tmp_path):
    with explorer.expect_download() as waiting:
        explorer.get_by_role("button", name="Chart HTML").click()
    waiting.value.save_as(tmp_path / "chart.html")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "chart.html").as_uri())
    page.wait_for_selector(".js-plotly-plot .bars path, .js-plotly-plot .fills path", state="attached")
    assert f"{rows_found(explorer):,} milestones" in page.locator(".gtitle").text_content()
    context.close()
