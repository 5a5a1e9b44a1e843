"""One JupyterLab over one sandbox for all browser tests; a fresh page and kernel for each."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from milestone_kit import sandbox
from tests.browser.harness import CHROMIUM_FLAGS, REPO, Lab, find_chromium

ROWS = 2_000
ARTIFACTS = Path(os.environ.get("MILESTONE_KIT_ARTIFACTS", REPO / "test-artifacts"))


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    # Last, because the browser's driver keeps an event loop running that no other test expects.
    items[:] = [item for item in items if item not in ours] + ours


@pytest.fixture(scope="package")
def browser():
    path = find_chromium()
    if path is None:
        reason = "no Chromium found: install it, or name one in MILESTONE_KIT_CHROMIUM"
        if os.environ.get("MILESTONE_KIT_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="package")
def server():
    with sandbox.serve(ROWS, seed=7, still=True) as running:
        yield running


@pytest.fixture(scope="package")
def lab(browser, server, tmp_path_factory):
    root = tmp_path_factory.mktemp("lab")
    environment = {
        "MILESTONE_KIT_BASE_URL": server.url,
        "MILESTONE_KIT_CACHE_DIR": str(root / "cache"),
    }
    running = Lab(root, environment)
    yield running
    running.close()


@pytest.fixture
def page(browser, lab, request):
    """A fresh page whose every request must stay on this machine; its last picture is kept."""
    context = browser.new_context(viewport={"width": 1400, "height": 1250}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.url)
    fresh = context.new_page()
    strangers: list[str] = []
    problems: list[str] = []

    def watch(asked):
        host = urlsplit(asked.url).hostname
        if host is not None and host not in ("127.0.0.1", "localhost"):
            strangers.append(asked.url)

    fresh.on("request", watch)
    fresh.on("pageerror", lambda error: problems.append(str(error)))
    fresh.problems = problems
    yield fresh
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    fresh.screenshot(path=ARTIFACTS / f"{request.node.name}.png")
    fresh.evaluate("window.jupyterapp?.serviceManager.sessions.shutdownAll()")
    context.close()
    assert strangers == []
