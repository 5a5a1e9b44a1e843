"""The explorer over a client whose server takes its time, in a real browser."""

from __future__ import annotations

import threading

import pytest

from milestone_kit import sandbox
from tests.browser.conftest import ARTIFACTS
from tests.browser.harness import await_chart, execute


@pytest.fixture
def slow():
    gate = threading.Event()
    with sandbox.serve(1_500, seed=7, still=True, latency=0.2) as running:
        running.script.call(gate.wait)
        yield running, gate
        gate.set()


def test_the_panel_shows_how_far_a_fetch_is_and_what_stopped_it(notebook, slow, tmp_path):
    server, gate = slow
    client = f"client = mk.MilestoneClient(base_url={server.url!r}, cache_dir={str(tmp_path)!r})"
    page = notebook.run(f"{client}\nexplorer = mk.explore(client)\nexplorer")
    loading = page.locator(".mk-loading")
    loading.get_by_label("Fetching milestones").wait_for()
    assert page.locator(".mk-empty").inner_text() == "Waiting for the first milestones"
    assert "No milestones yet" in page.locator(".mk-summary").inner_text()
    assert "Fetching: 0 milestones" in loading.inner_text()
    page.screenshot(path=ARTIFACTS / "fetching.png")
    gate.set()
    await_chart(page)
    loading.get_by_text("All 1,500 milestones are here.").wait_for()
    assert "of 1,500 milestones" in page.locator(".mk-summary").inner_text()

    gate.clear()
    server.script.fail(status=401)
    page.get_by_role("button", name="Refresh").click()
    loading.get_by_text("Fetching").wait_for()
    # the kernel answers while it fetches, and the rows are still there
    assert int(execute(page, "print(len(explorer.filtered))")) > 1_000
    gate.set()
    page.locator(".mk-alert", has_text="401").wait_for()
    assert page.locator(".mk-main").is_visible()
    server.script.clear()
    page.get_by_role("button", name="Refresh").click()
    page.locator(".mk-alert").wait_for(state="detached")
    loading.get_by_text("All 1,500 milestones are here.").wait_for()
