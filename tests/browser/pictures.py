"""`python -m tests.browser.pictures [FOLDER]`: take the pictures of the README, light and dark."""

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
SHOW = "mk.explore(mk.sample_milestones(2_000, seed=3), now='2026-01-15T18:00', tz='America/New_York')"


def take(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        lab = Lab(Path(root), {})
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
            page = browser.new_page(viewport={"width": 1500, "height": 1600}, device_scale_factor=1.5)
            assert lab.run(page, "picture.ipynb", notebook_of(LOAD, SHOW)) == []
            await_chart(page)
            for theme in ("Light", "Dark"):
                set_theme(page, f"JupyterLab {theme}")
                page.wait_for_timeout(500)
                settle(page)
                point = max(mark_points(page), key=lambda one: one["y"])
                page.mouse.move(point["x"], point["y"])
                page.wait_for_timeout(400)
                page.locator(".mk-explorer").screenshot(path=folder / f"explorer-{theme.lower()}.png")
                page.mouse.move(2, 2)
            browser.close()
        finally:
            lab.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else REPO / ".github")
