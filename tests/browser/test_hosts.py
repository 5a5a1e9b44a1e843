"""The explorer in the other places where notebooks are opened: Notebook 7 and Voila."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import ARTIFACTS, ROWS
from tests.browser.harness import await_chart, change_chart, notebook_of

_RUN_ALL = """
async () => {
  const app = window.jupyterapp;
  await app.restored;
  const { context, sessionContext } = app.shell.currentWidget;
  await context.ready;
  await sessionContext.ready;
  await sessionContext.session.kernel.info;
  await app.commands.execute("notebook:run-all-cells");
}
"""


def open_in_notebook(page, url, notebook):
    page.goto(f"{url}/notebooks/{notebook}")
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate(_RUN_ALL)


def open_in_voila(page, url, notebook):
    # its own page asks for fonts and MathJax from elsewhere; the panel needs neither
    page.route(re.compile("^https:"), lambda route: route.abort())
    page.goto(f"{url}/voila/render/{notebook}")


@pytest.mark.parametrize("opened", [open_in_notebook, open_in_voila])
def test_the_explorer_works_wherever_notebooks_are_opened(lab, guest, opened):
    text = notebook_of("import milestone_kit as mk\nexplorer = mk.explore(mk.get_milestones())\nexplorer")
    (lab.root / "guest.ipynb").write_text(text)
    opened(guest, lab.url, "guest.ipynb")
    await_chart(guest)
    assert f"of {ROWS:,} milestones" in guest.locator(".mk-summary").inner_text()
    option = guest.locator("fieldset[data-facet=category] label.mk-option", has_text="Economics")
    expected = option.locator(".mk-count").inner_text()
    change_chart(guest, option.locator("input").click)
    assert guest.locator(".mk-summary").inner_text().startswith(f"{expected} of")
    guest.screenshot(path=ARTIFACTS / f"{opened.__name__}.png")


@pytest.fixture
def guest(browser):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield context.new_page()
    context.close()
