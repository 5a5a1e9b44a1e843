"""Figures as pages of their own, in a browser without any kernel."""

from __future__ import annotations

import pytest

import milestone_kit as mk
from milestone_kit.figures.page import html_page

SPAN = """() => {
  const { xaxis } = document.querySelector(".js-plotly-plot")._fullLayout;
  return xaxis.r2l(xaxis.range[1]) - xaxis.r2l(xaxis.range[0]);
}"""


@pytest.fixture
def figure():
    return mk.plot_gantt(mk.sample_milestones(200), group="category", now="2026-01-15")


@pytest.mark.parametrize("ours", [True, False], ids=["our page", "plotly's page"])
def test_the_wheel_scrolls_the_page_of_a_figure_and_zooms_with_ctrl(figure, ours, browser, tmp_path):
    path = tmp_path / "figure.html"
    path.write_text(html_page(figure, "Words") if ours else figure.to_html(include_plotlyjs=True))
    page = browser.new_page(viewport={"width": 900, "height": 500})
    page.goto(path.as_uri())
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.evaluate("document.body.style.paddingBottom = '2000px'")
    before = page.evaluate(SPAN)
    page.mouse.move(600, 300)
    page.mouse.wheel(0, 120)
    page.wait_for_function("window.scrollY > 50")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
    assert page.evaluate(SPAN) == before
    if ours:
        place = page.evaluate("window.scrollY")
        page.mouse.move(600, 200)
        page.keyboard.down("Control")
        page.mouse.wheel(0, -120)
        page.wait_for_function(f"({SPAN})() < {before}")
        page.keyboard.up("Control")
        assert page.evaluate("window.scrollY") == place
    page.close()
