"""`python -m tests.browser.pictures [FOLDER]`: take the pictures of the README."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.harness import (
    CHROMIUM_FLAGS,
    REPO,
    Lab,
    await_chart,
    find_chromium,
    mark_points,
    notebook_of,
    set_theme,
    settle,
)

LOAD = "import milestone_kit as mk"
SHOW = "mk.explore(mk.sample_milestones(20_000, seed=3), now='2026-01-15T18:00', tz='America/New_York')"
MANY = "mk.explore(mk.sample_milestones(20_000, seed=3), now='2026-01-15T18:00', tz='America/New_York'{})"

# name -> what is shown, the theme, and whether a mark is pointed at
PICTURES = {
    "explorer-light": (SHOW, "Light", True),
    "explorer-dark": (SHOW, "Dark", True),
    "everything": (MANY.format(", group='category', window=['2019-06-01', '2026-04-01']"), "Light", False),
    "evening": (
        MANY.format(
            ", category='Sports', type=['tennis_tournament_singles', 'soccer_tournament_multi_leg'],"
            " group='league', color='type', window=['2026-01-15T19:00', '2026-01-16T05:00']"
        ),
        "Light",
        False,
    ),
}


def take(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        lab = Lab(Path(root), {})
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
            for name, (cell, theme, pointed) in PICTURES.items():
                page = browser.new_page(viewport={"width": 1500, "height": 1600}, device_scale_factor=1.5)
                assert lab.run(page, "picture.ipynb", notebook_of(LOAD, cell)) == []
                await_chart(page)
                set_theme(page, f"JupyterLab {theme}")
                page.wait_for_timeout(500)
                settle(page)
                if pointed:
                    point = max(mark_points(page), key=lambda one: one["y"])
                    page.mouse.move(point["x"], point["y"])
                    page.wait_for_timeout(400)
                # of the others, the chart is what is worth a look
                part = page.locator(".mk-explorer" if pointed else ".mk-figure")
                part.screenshot(path=folder / f"{name}.png")
                page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
                page.close()
            browser.close()
        finally:
            lab.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else REPO / ".github")
