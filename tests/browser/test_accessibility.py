"""axe-core over the panel, light and dark, narrow and wide, with everything open that opens."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import own_panel
from tests.browser.harness import set_theme, settle

# JupyterLab hides what sticks out of its page: in there axe takes every text for one that nobody sees
NOTHING_CUT = "body, .jp-LabShell { overflow: visible !important }"


@pytest.fixture(scope="module")
def opened(lab, browser):
    with own_panel(browser, lab, "accessibility.ipynb", {"width": 1900, "height": 2400}) as page:
        page.add_style_tag(content=NOTHING_CUT)
        yield page
        set_theme(page, "JupyterLab Light")  # JupyterLab keeps it for whatever is opened next
        page.wait_for_function("document.body.dataset.jpThemeLight === 'true'")


def serious(page, least):
    """Return what axe finds serious or worse; it must have judged the contrast of so many texts at least.

    The texts of the chart lie over its marks, where axe judges nothing and takes seconds for that.
    """
    scope = {"include": [[".mk-explorer"]], "exclude": [[".mk-figure .main-svg"]]}
    found = Axe().run(page, context=scope, options={"resultTypes": ["violations", "passes"]}).response
    contrast = [len(rule["nodes"]) for rule in found["passes"] if rule["id"] == "color-contrast"]
    assert sum(contrast) >= least
    return [
        (rule["id"], [node["html"][:120] for node in rule["nodes"][:3]])
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
    ]


def widen(page, width):
    page.evaluate("(px) => { document.querySelector('.mk-explorer').style.width = `${px}px`; }", width)
    page.wait_for_function("(px) => document.querySelector('.mk-explorer').offsetWidth === px", arg=width)
    settle(page)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_serious(opened, theme):
    panel = opened.locator(".mk-explorer")
    fold, search = panel.locator(".mk-fold"), panel.get_by_label("Search", exact=True)
    set_theme(opened, f"JupyterLab {theme}")
    dark = str(theme == "Dark").lower()
    opened.wait_for_function(f"(document.body.dataset.jpThemeLight === 'false') === {dark}")
    for width in (1440, 500):
        widen(opened, width)
        panel.locator(".mk-table tbody tr[data-id] td[data-column=title]").first.click()
        panel.locator(".mk-card").wait_for()
        panel.locator(".mk-card summary").click()
        assert serious(opened, least=40) == []
        opened.keyboard.press("Escape")
        panel.locator(".mk-card").wait_for(state="detached")
    fold.click()
    search.fill("a team that nobody has")
    panel.locator(".mk-empty").wait_for()
    assert serious(opened, least=20) == []
    fold.click()
    widen(opened, 1440)
    search.fill("vs")
    panel.get_by_role("button", name="Agenda").click()
    panel.locator("table[data-form=agenda] mark").first.wait_for()
    assert serious(opened, least=80) == []
    panel.get_by_role("button", name="Table", exact=True).click()
    panel.get_by_role("button", name="Reset", exact=True).click()
    panel.locator(".mk-table mark").first.wait_for(state="detached")
