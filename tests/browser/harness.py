"""Start a JupyterLab of our own and drive a notebook in headless Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

REPO = Path(__file__).resolve().parents[2]

_RUN_ALL = """
async (path) => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = await app.commands.execute("docmanager:open", { path, factory: "Notebook" });
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  app.shell.collapseLeft();
  await app.commands.execute("notebook:run-all-cells");
  return panel.content.model.sharedModel.cells
    .flatMap((cell) => cell.outputs ?? [])
    .filter((one) => one.output_type === "error")
    .map((one) => `${one.ename}: ${one.evalue}`);
}
"""


_RUN_CELL = """
async (code) => {
  const app = window.jupyterapp;
  const { content } = app.shell.currentWidget;
  const [cell] = content.model.sharedModel.cells;
  cell.setOutputs([]);
  cell.setSource(code);
  content.activeCellIndex = 0;
  document.activeElement?.blur();
  await app.commands.execute("notebook:run-cell");
  document.querySelector(".jp-WindowedPanel-outer").scrollTop = 0;
  return cell.outputs
    .filter((one) => one.output_type === "error")
    .map((one) => `${one.ename}: ${one.evalue}`);
}
"""


_END_KERNELS = """
() => Promise.all(
  Array.from(window.jupyterapp?.shell.widgets("main") ?? [], (one) => one.sessionContext?.shutdown())
)
"""


_EXECUTE = """
async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  let text = "";
  const future = kernel.requestExecute({ code, store_history: false });
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") text += content.text;
    if (header.msg_type === "error") text += `${content.ename}: ${content.evalue}`;
  };
  await future.done;
  return text;
}
"""


def find_chromium() -> str | None:
    """The browser named by MILESTONE_KIT_CHROMIUM, or the first one on the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = (shutil.which(name) for name in names)
    return os.environ.get("MILESTONE_KIT_CHROMIUM") or next(filter(None, found), None)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def notebook_of(*cells: str) -> str:
    """A notebook as JSON text, one code cell per argument."""
    body = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": cell,
        }
        for i, cell in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": body, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


class Lab:
    """One JupyterLab on a folder of its own, with nothing of the user's settings."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root / "work"
        self.root.mkdir(parents=True)
        self.port = free_port()
        folders = {
            name: str(root / name.lower())
            for name in (
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "JUPYTERLAB_SETTINGS_DIR",
                "JUPYTERLAB_WORKSPACES_DIR",
                "IPYTHONDIR",
            )
        }
        quiet = Path(folders["JUPYTER_CONFIG_DIR"]) / "labconfig"
        quiet.mkdir(parents=True)
        (quiet / "page_config.json").write_text(
            json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
        )
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={self.port}"),
            *("--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
            *("--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True"),
            *("--JupyterNotebookApp.expose_app_in_browser=True", "--allow-root"),
            f"--ServerApp.root_dir={self.root}",
        ]
        self._log = (root / "jupyter.log").open("w")
        self._process = subprocess.Popen(
            command,
            env=os.environ | folders | environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=self.root,
        )
        self.url = f"http://127.0.0.1:{self.port}"
        self._await()

    def _await(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{self.url}/api/status", timeout=2).close()
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.2)
        raise RuntimeError(f"JupyterLab did not start; see {self._log.name}")

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def run(self, page, notebook: str, text: str | None = None) -> list[str]:
        """Open a notebook, run all of its cells, and return the errors that they raised."""
        if text is not None:
            (self.root / notebook).write_text(text)
        page.goto(f"{self.url}/lab?reset", wait_until="domcontentloaded")
        page.wait_for_function("window.jupyterapp !== undefined", timeout=60_000)
        return page.evaluate(_RUN_ALL, notebook)


def run_cell(page, code: str) -> list[str]:
    """Make the first cell of the open notebook this code, run it, and return the errors that it raised."""
    return page.evaluate(_RUN_CELL, code)


def end_kernels(page) -> None:
    """Shut down the kernels of what is open on a page, if that is JupyterLab; other pages keep theirs."""
    page.evaluate(_END_KERNELS)


def execute(page, code: str) -> str:
    """Run code in the kernel of the open notebook and return what it prints."""
    return page.evaluate(_EXECUTE, code).strip()


def set_theme(page, name: str) -> None:
    """Switch JupyterLab to "JupyterLab Dark" or "JupyterLab Light"."""
    page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)


def await_chart(page) -> None:
    """Wait until the explorer's chart has been drawn at the width of the browser."""
    page.wait_for_selector(".mk-main[data-ready=true] .js-plotly-plot .main-svg", timeout=60_000)
    settle(page)


def settle(page) -> None:
    """Wait until the chart has not been redrawn for a moment."""
    page.evaluate(
        """async () => {
          const gd = document.querySelector(".mk-figure .js-plotly-plot");
          let last = performance.now();
          const note = () => { last = performance.now(); };
          gd.on("plotly_afterplot", note);
          while (performance.now() - last < 400) await new Promise((done) => setTimeout(done, 50));
          gd.removeListener("plotly_afterplot", note);
        }"""
    )


def is_an_events(link) -> bool:
    """Tell whether a link leads to an event's page, in a tab of its own that is told nothing of this one."""
    told = {name: link.get_attribute(name) or "" for name in ("href", "target", "rel")}
    leads_there = told["href"].startswith("https://kalshi.com/events/")
    return leads_there and told["target"] == "_blank" and told["rel"] == "noopener noreferrer"


def change_chart(page, act) -> float:
    """Do something that redraws the chart; return the milliseconds until its last repaint."""
    page.evaluate(
        """() => {
          const gd = document.querySelector(".mk-figure .js-plotly-plot");
          window.repainted = null;
          gd.once("plotly_afterplot", () => { window.repainted = performance.now(); });
          const begin = () => { window.began ??= performance.now(); };
          window.began = undefined;
          for (const kind of ["pointerdown", "input", "keydown"])
            document.addEventListener(kind, begin, { once: true, capture: true });
        }"""
    )
    act()
    page.wait_for_function("window.repainted !== null", timeout=30_000)
    settle(page)
    return page.evaluate("window.repainted - (window.began ?? window.repainted)")


def mark_points(page) -> list[dict]:
    """Where the marks in sight stand on the page: id, and the middle of each in pixels."""
    return page.evaluate(
        """() => {
          document.querySelector(".mk-figure").scrollIntoView({ block: "center" });
          const seen = (point) => document.elementFromPoint(point.x, point.y)?.closest(".mk-figure");
          const gd = document.querySelector(".mk-figure .js-plotly-plot");
          const box = gd.getBoundingClientRect();
          const { xaxis, yaxis } = gd._fullLayout;
          const [low, high] = xaxis.range.map((edge) => xaxis.r2l(edge));
          const points = [];
          for (const trace of gd.calcdata.map((one) => one[0].trace)) {
            if (trace.type !== "bar" || !trace.visible || !trace.customdata) continue;
            for (let i = 0; i < trace._length; i++) {
              const start = Math.max(Number(trace.base[i]), low);
              const end = Math.min(Number(trace.base[i]) + Number(trace.x[i]), high);
              points.push({
                id: trace.customdata[i],
                x: box.left + xaxis._offset + xaxis.l2p((start + end) / 2),
                y: box.top + yaxis._offset + yaxis.l2p(Number(trace.y[i])),
              });
            }
          }
          const { _offset: top, _length: height } = yaxis;
          return points.filter(({ y }) => y > box.top + top && y < box.top + top + height).filter(seen);
        }"""
    )
