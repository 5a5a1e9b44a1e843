"""Time passes while the panel is looked at, in a real browser."""

from __future__ import annotations

import re

from tests.browser.harness import execute


def test_minutes_pass_while_the_panel_is_in_sight_and_keys_stay_in_it(explorer, notebook):
    notebook.spoil()  # the page's clock stays another
    code = (
        "import pandas as pd\nfrom milestone_kit.panel.state import PanelState\n"
        "explorer._clock = lambda: pd.Timestamp.now('UTC') + pd.Timedelta(hours=hours)\nexplorer._now = None"
    )
    execute(explorer, f"hours = 0\n{code}")
    explorer.clock.install()
    explorer.evaluate("document.querySelector('.mk-explorer').scrollIntoView()")

    def hour():
        return re.search(r"As of ([\d:]+)", explorer.locator(".mk-summary").inner_text())[1]

    def pass_time(hours):
        execute(explorer, f"hours = {hours}")
        explorer.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        explorer.clock.run_for(130_000)

    before = hour()
    pass_time(2)
    explorer.wait_for_function(
        "(before) => !document.querySelector('.mk-summary').innerText.includes(before)", arg=before
    )
    drawn = explorer.locator(".mk-figure .annotation").all_inner_texts()
    assert len(drawn) <= 1
    # out of sight, nothing is asked of the kernel
    explorer.evaluate("document.querySelector('.mk-main').style.display = 'none'")
    explorer.clock.run_for(1_000)
    still = hour()
    pass_time(5)
    explorer.clock.run_for(600_000)
    assert hour() == still
    explorer.evaluate("document.querySelector('.mk-main').style.display = ''")
    explorer.clock.run_for(1_000)
    explorer.wait_for_function(
        "(still) => !document.querySelector('.mk-summary').innerText.includes(still)", arg=still
    )
    cells = explorer.evaluate("window.jupyterapp.shell.currentWidget.content.model.cells.length")
    explorer.get_by_role("button", name="Today").click()
    explorer.keyboard.press("x")
    assert explorer.evaluate("window.jupyterapp.shell.currentWidget.content.model.cells.length") == cells
