"""A game that scores while somebody looks, in a real browser."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from milestone_kit import sandbox
from tests.browser.conftest import ARTIFACTS
from tests.browser.harness import execute, mark_points

TITLE = "Xanthe vs Kosova"
SIGN = "<img src=x onerror='window.hacked = 1'>"


@pytest.fixture
def evening():
    """A sandbox in which one game of this title has been on for an hour."""
    with sandbox.serve(400, seed=7, still=True) as server:
        id_ = next(row["id"] for row in server.milestones() if row["type"] == "basketball_game")
        start = (server.now() - dt.timedelta(hours=1)).isoformat().replace("+00:00", "Z")
        server.update(id_, title=TITLE, start_date=start, end_date=None)
        yield server, id_


def says(server, id_, **points):
    clock = {"status": "inprogress", "period_type": "quarter", "period": 4, "period_remaining_time": "2:13"}
    answer = {"live_datas": [{"milestone_id": id_, "type": "basketball_game", "details": clock | points}]}
    server.script.clear()
    server.script.replace(json.dumps(answer).encode(), path="/live_data/batch")


def titles(page):
    return page.locator(".mk-figure .textpoint").all_text_contents()


def poll(page):
    """Do what the page does every 15 seconds."""
    execute(page, "explorer._bridge._handle_custom_msg({'kind': 'scores'}, [])")


def test_bar_hover_table_and_card_follow_the_score(notebook, evening, tmp_path):
    server, id_ = evening
    says(server, id_, home_points=56, away_points=67)
    client = f"client = mk.MilestoneClient(base_url={server.url!r}, cache_dir={str(tmp_path)!r})"
    show = "explorer = mk.explore(client, text='Xanthe')\nexplorer"
    page = notebook.show(f"{client}\n{show}")
    # the page asks by itself as soon as there is something to ask about
    page.locator(f"tr[data-id='{id_}'] td[data-column=when]", has_text="56-67 · Q4 2:13").wait_for()
    page.locator(f"tr[data-id='{id_}']").click()
    card = page.locator(".mk-card")
    card.locator("dd", has_text="56-67 · Q4 2:13").wait_for()
    card.locator("dt", has_text="Home").wait_for()

    says(server, id_, home_points=70, away_points=67)
    poll(page)
    card.locator("dd", has_text="70-67 · Q4 2:13").wait_for()
    assert "70-67 · Q4 2:13" in page.locator(f"tr[data-id='{id_}'] td[data-column=when]").inner_text()
    page.wait_for_function("document.querySelector('.mk-figure .textpoint')?.textContent.includes('70-67')")
    assert titles(page) == [f"{TITLE} 70-67 · Q4 2:13"]
    page.keyboard.press("Escape")  # the drawer lies over the bar
    card.wait_for(state="detached")
    (point,) = mark_points(page)
    page.mouse.move(point["x"], point["y"])
    hover = page.locator(".mk-figure .hovertext")
    hover.wait_for()
    assert hover.text_content().startswith(f"70-67 · Q4 2:13{TITLE}")
    page.screenshot(path=ARTIFACTS / "scores.png")
    page.locator(f"tr[data-id='{id_}']").click()
    card.wait_for()

    says(server, id_, home_points=SIGN, away_points=1)
    poll(page)
    page.wait_for_function("document.querySelector('.mk-figure .textpoint')?.textContent.includes('<img')")
    card.locator("dd", has_text=SIGN).wait_for()
    assert page.locator(".mk-explorer img").count() == 0

    server.script.clear()
    server.script.fail(500, path="/live_data/batch")
    poll(page)
    page.locator(".mk-scores", has_text="No live scores (ApiError)").wait_for()
    assert page.locator(".mk-alert").count() == 0

    page.get_by_label("Live scores").click()
    page.locator(".mk-scores [role=status]").wait_for(state="detached")
    page.wait_for_function(
        "(title) => document.querySelector('.mk-figure .textpoint')?.textContent === title", arg=TITLE
    )
    assert page.evaluate("window.hacked") is None
