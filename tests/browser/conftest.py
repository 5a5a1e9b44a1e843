"""One JupyterLab over one sandbox for all browser tests, and one notebook that most of them share."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from milestone_kit import sandbox
from tests.browser.harness import (
    CHROMIUM_FLAGS,
    REPO,
    Lab,
    await_chart,
    end_kernels,
    find_chromium,
    notebook_of,
    run_cell,
)

ROWS = 2_000
VIEWPORT = {"width": 1400, "height": 1250}
EXPLORE = "explorer = mk.explore(mk.get_milestones())\nexplorer"
ARTIFACTS = Path(os.environ.get("MILESTONE_KIT_ARTIFACTS", REPO / "test-artifacts"))

_FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    # Last, because the browser's driver keeps an event loop running that no other test expects.
    items[:] = [item for item in items if item not in ours] + ours


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


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


@contextlib.contextmanager
def watched_page(browser, lab):
    """A page of its own; it notes requests that leave this machine, and its kernels end with it."""
    context = browser.new_context(viewport=VIEWPORT, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.url)
    fresh = context.new_page()
    fresh.strangers = []
    fresh.problems = []

    def watch(asked):
        host = urlsplit(asked.url).hostname
        if host is not None and host not in ("127.0.0.1", "localhost"):
            fresh.strangers.append(asked.url)

    fresh.on("request", watch)
    fresh.on("pageerror", lambda error: fresh.problems.append(str(error)))
    try:
        yield fresh
        end_kernels(fresh)
    finally:
        context.close()


@contextlib.contextmanager
def own_panel(browser, lab, notebook: str, viewport: dict[str, int]):
    """A page and a kernel of their own with a panel, for all tests of a module."""
    with watched_page(browser, lab) as page:
        page.set_viewport_size(viewport)
        assert lab.run(page, notebook, notebook_of("import milestone_kit as mk", EXPLORE)) == []
        await_chart(page)
        yield page


def _keep_picture(page, test):
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{test.name}.png")


@pytest.fixture
def page(browser, lab, request):
    """A fresh page whose every request must stay on this machine; its last picture is kept."""
    with watched_page(browser, lab) as fresh:
        yield fresh
        _keep_picture(fresh, request.node)
    assert fresh.strangers == []


class SharedNotebook:
    """A notebook of one cell, whose page and kernel many tests use one after the other."""

    def __init__(self, browser, lab) -> None:
        self._browser, self._lab = browser, lab
        self._held = contextlib.ExitStack()
        self._page = None
        self._shown: str | None = None
        self.spoilt = False

    def page(self):
        """Return the page as tests expect it: at its usual size, with nothing under the pointer."""
        if self._page is None:
            self._page = self._held.enter_context(watched_page(self._browser, self._lab))
            assert self._lab.run(self._page, "shared.ipynb", notebook_of("import milestone_kit as mk")) == []
        self._page.set_viewport_size(VIEWPORT)
        self._page.mouse.move(1, 1)
        return self._page

    def run(self, code: str):
        """Have the cell run this code, in place of what it showed before, and return the page."""
        page = self.page()
        self._shown = None
        assert run_cell(page, code) == []
        return page

    def show(self, code: str, *, anew: bool = True):
        """Run code that ends in a panel, and return the page once the panel's chart is drawn.

        With ``anew=False`` the panel that this code has made for the test before stays.
        """
        if not anew and code == self._shown:
            return self.page()
        page = self.run(code)
        await_chart(page)
        self._shown = code
        return page

    def spoil(self) -> None:
        """Have the next test get another page, since this one will not be what it was."""
        self.spoilt = True

    def throw_away(self) -> None:
        self._page = self._shown = None
        self.spoilt = False
        self._held.close()


@pytest.fixture(scope="package")
def _shared(browser, lab):
    notebook = SharedNotebook(browser, lab)
    yield notebook
    notebook.throw_away()


@pytest.fixture
def notebook(_shared, request):
    """The shared notebook; a test that fails or leaves an error takes page and kernel away with it."""
    yield _shared
    page = _shared.page()
    strangers, problems = list(page.strangers), list(page.problems)
    failed = request.node.stash.get(_FAILED, False)
    if failed:
        _keep_picture(page, request.node)
    if failed or strangers or problems or _shared.spoilt:
        _shared.throw_away()
    assert strangers == []
    assert problems == []


@pytest.fixture
def explorer(notebook):
    """The page of a notebook with an explorer that no test has touched yet."""
    return notebook.show(EXPLORE)
