"""Hostile text from the server, in every place where a browser shows it: nothing runs, nothing is markup."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.browser.harness import (
    change_chart,
    execute,
    is_an_events,
    mark_points,
)
from tests.hostile import HOSTILE

HIDDEN = dict.fromkeys(map(ord, "\u200b\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
SETUP = """
import milestone_kit as mk
from milestone_kit.table.frame import milestones_frame

def rows(text):
    fields = dict.fromkeys(["title", "category", "type", "source_id", "notification_message"], text)
    tickers = dict.fromkeys(["primary_event_tickers", "related_event_tickers"], [text])
    return milestones_frame([
        {
            **fields, **tickers, "id": f"{text} {n}", "start_date": f"2026-01-15T{10 + n}:00:00Z",
            "end_date": f"2026-01-15T{12 + n}:00:00Z", "last_updated_ts": "2026-01-14T00:00:00Z",
            "source_ids": {text: text}, "details": {text: text, "league": text}, "unknown": text,
        }
        for n in range(4)
    ])
"""
SHOW = "explorer = mk.explore(rows(text), now='2026-01-15T12:30', color='category', group='type')\nexplorer"


RUN_ITS_CODE = """
import re
names = {"df": rows(text)}
exec(re.sub("(?m)^df = .*", "", explorer.code()), names)
print(len(explorer.filtered), "hacked" in names)
"""


@pytest.fixture
def opened(notebook, kind):
    """A page whose explorer shows rows of this text, as the test of this text before left it."""
    return notebook.show(f"{SETUP}text = {HOSTILE[kind]!r}\n{SHOW}", anew=False)


# one after the other for each text: the first two only look at its explorer
each_text = pytest.mark.parametrize("kind", HOSTILE, scope="module")


def visible(text):
    """Return a text as a person sees it, without what has no width."""
    return " ".join(text.translate(HIDDEN).split())


def shown(page, selector):
    return [visible(text) for text in page.locator(selector).all_text_contents()]


def nothing_ran(page):
    assert page.evaluate("window.hacked") is None
    inside = ".mk-explorer"
    for what in (
        "script",
        "img",
        "a",
        "iframe",
        "object",
        "[href]",
        "[onmouseover]",
        "[onerror]",
        "foreignObject",
    ):
        found = page.locator(f"{inside} {what}")
        assert found.count() == 0 or (what in {"a", "[href]"} and all(map(is_ours, found.all()))), what


def is_ours(link):
    """Tell whether a link is a button or clip of plotly's, which lead nowhere else, or an event's."""
    inside = (link.get_attribute("href") or "#").startswith("#")
    return inside or link.get_attribute("class") == "modebar-btn" or is_an_events(link)


@each_text
def test_hostile_text_is_text_wherever_the_panel_shows_it(opened, kind):
    text = HOSTILE[kind]
    begins = visible(text)[:12]

    assert visible(text) in " ".join(shown(opened, "fieldset[data-facet=category] label.mk-option"))
    assert any(visible(text) in cell for cell in shown(opened, ".mk-table tbody td"))
    assert any(begins in label for label in shown(opened, ".mk-figure .js-plotly-plot text")), (
        "on axis or bar"
    )
    assert any(begins in name for name in shown(opened, ".mk-figure .legendtext")), "in the legend"

    points = mark_points(opened)
    assert len(points) == 4
    opened.mouse.move(points[0]["x"], points[0]["y"])
    opened.locator(".mk-figure .hoverlayer text").first.wait_for()
    assert begins in " ".join(shown(opened, ".mk-figure .hoverlayer text"))
    nothing_ran(opened)

    opened.locator(".mk-table tbody tr").first.click()
    opened.locator(".mk-card").wait_for()
    assert visible(text) in visible(opened.locator(".mk-card").text_content())
    nothing_ran(opened)


@each_text
def test_hostile_text_is_text_in_a_page_of_its_own(opened, browser, tmp_path, kind):
    path = tmp_path / "chart.html"
    made = execute(opened, f"print(explorer.to_html({str(path)!r}))")
    assert path.exists(), made
    with contextlib.closing(browser.new_page()) as page:
        problems, asked = [], []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        page.locator(".js-plotly-plot .main-svg").first.wait_for()
        assert any(visible(HOSTILE[kind])[:12] in label for label in shown(page, ".js-plotly-plot text"))
        assert page.evaluate("window.hacked") is None
        assert page.locator("img, iframe, object, [onerror], [onmouseover]").count() == 0
        assert [url for url in asked if url.startswith("http")] == []
        assert problems == []
        assert (
            json.loads(page.evaluate("JSON.stringify(Array.from(document.links, (one) => one.href))")) == []
        )


@each_text
def test_hostile_words_to_look_for_are_words(opened, kind):
    text = HOSTILE[kind]
    field = opened.locator(".mk-explorer").get_by_label("Search")
    change_chart(opened, lambda: field.fill(text))
    assert "4 of 4" in opened.locator(".mk-summary").inner_text()
    change_chart(opened, lambda: field.fill(f"{text}!"))
    assert "0 of 4" in opened.locator(".mk-summary").inner_text()
    nothing_ran(opened)
    # the code that makes this view finds what the panel found, and does nothing else
    said = execute(opened, RUN_ITS_CODE)
    assert said == "0 False"
