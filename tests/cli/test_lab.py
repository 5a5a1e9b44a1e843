"""`milestone-kit lab`: a real JupyterLab, its kernel, its data, and its end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import urllib3

import milestone_kit as mk
from milestone_kit.cli.lab import _wait

NOTEBOOK = "01_explore.ipynb"
PACKAGED = Path(__file__).resolve().parents[2] / "notebooks"
TOKEN = "only-for-this-test"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose owner has registered another Python as "python3", and prefers it."""
    home = tmp_path_factory.mktemp("home")
    kernel = home / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = {"argv": ["/elsewhere/python", "{connection_file}"], "display_name": "Other", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    return home


@pytest.fixture(scope="module")
def environment(home):
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MILESTONE_KIT_", "JUPYTER", "XDG_"))
    }
    return ours | {
        "HOME": str(home),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "MILESTONE_KIT_CACHE_DIR": str(home / "real-data"),
    }


def command(*words):
    return [sys.executable, "-m", "milestone_kit", "lab", *map(str, words)]


class RunningLab:
    """A lab on a free port that says what it does on stderr."""

    def __init__(self, process, port):
        self.process = psutil.Process(process.pid)
        self.address = f"http://127.0.0.1:{port}"
        self.said = [process.stderr.readline(), process.stderr.readline()]
        # whatever follows must be taken off, or the pipe fills up
        self._reader = threading.Thread(target=lambda: self.said.extend(process.stderr))
        self._reader.start()
        patience = urllib3.Retry(total=None, connect=100, backoff_factor=0.1, backoff_max=0.5)
        self._pool = urllib3.PoolManager(headers={"Authorization": f"token {TOKEN}"}, retries=patience)

    @property
    def sandbox(self):
        return re.search(r"served at (\S+);", self.said[0])[1]

    def ask(self, path, method="GET"):
        answer = self._pool.request(method, self.address + path)
        assert answer.status < 400, answer.data
        return answer

    def end(self):
        """Wait for its end and return its exit code."""
        code = self.process.wait(60)
        self._reader.join()
        self._pool.clear()
        return code


@contextmanager
def running_lab(folder, environment):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = command("--no-browser", "--rows", 200, "--port", port, "--", f"--IdentityProvider.token={TOKEN}")
    with subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        lab = RunningLab(process, port)
        try:
            yield lab
        finally:
            process.terminate()
            lab.end()


@pytest.fixture(scope="module")
def lab(tmp_path_factory, environment):
    with running_lab(tmp_path_factory.mktemp("lab"), environment) as lab:
        yield lab


def test_it_says_that_the_data_is_invented_and_how_to_stop(lab):
    assert "all 200 milestones are INVENTED" in lab.said[0]
    assert NOTEBOOK in lab.said[1]
    assert "Ctrl-C here stops everything" in lab.said[1]


def test_the_notebooks_are_there_to_be_opened(lab):
    placed = {file["name"] for file in lab.ask("/api/contents").json()["content"]}
    assert placed == {one.name for one in PACKAGED.glob("*.ipynb")}
    assert len(placed) >= 4
    folder = Path(lab.process.cwd(), "milestone_kit_notebooks")
    assert all((folder / name).read_bytes() == (PACKAGED / name).read_bytes() for name in placed)


def test_the_address_that_is_opened_is_the_notebooks(lab):
    assert lab.ask("/").geturl().rstrip("?") == f"/lab/tree/{NOTEBOOK}"


def test_the_kernel_is_this_python_whatever_else_is_registered(lab):
    known = lab.ask("/api/kernelspecs").json()
    assert known["default"] == "python3"
    assert known["kernelspecs"]["python3"]["spec"]["argv"][0] == sys.executable


def test_a_kernel_finds_the_sandbox_and_a_cache_of_its_own(lab, home):
    lab.ask("/api/kernels", "POST")
    kernels = [
        child for child in lab.process.children(recursive=True) if "ipykernel_launcher" in child.cmdline()
    ]
    inherited = kernels[0].environ()
    assert inherited["MILESTONE_KIT_BASE_URL"] == lab.sandbox
    assert not Path(inherited["MILESTONE_KIT_CACHE_DIR"]).is_relative_to(home)
    page = urllib3.request("GET", f"{lab.sandbox}/milestones?limit=1").json()
    assert page["milestones"][0]["details"]["synthetic"]


def test_the_page_asks_nothing_of_the_world(lab):
    page = lab.ask(f"/lab/tree/{NOTEBOOK}").data.decode()
    settings = json.loads(
        re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1]
    )
    assert "@jupyterlab/apputils-extension:announcements" in settings["disabledExtensions"]
    assert settings["extensionManager"]["name"] == "read-only"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_sigterm_ends_jupyterlab_its_kernels_and_the_sandbox(tmp_path, environment):
    with running_lab(tmp_path, environment) as lab:
        lab.ask("/api/kernels", "POST")
        below = lab.process.children(recursive=True)
        temporary = Path(below[0].environ()["MILESTONE_KIT_CACHE_DIR"]).parent
        assert temporary.is_dir()
        assert len(below) >= 2
        lab.process.terminate()
        assert lab.end() == 0
        assert psutil.wait_procs(below, timeout=10)[1] == []
        with pytest.raises(urllib3.exceptions.MaxRetryError):
            urllib3.request("GET", lab.sandbox, retries=0)
        assert not temporary.exists()
        assert any("Shutting down" in line for line in lab.said), "JupyterLab was killed, not asked to stop"


@pytest.fixture
def run(tmp_path, environment, run_python):
    """Run a lab whose JupyterLab ends at once, because of what it is told after "--"."""

    def run(*words):
        return run_python(["-m", "milestone_kit", "lab", *words], cwd=tmp_path, env=environment)

    return run


def test_a_notebook_that_the_user_has_changed_is_kept(run, tmp_path):
    own = tmp_path / "mine" / NOTEBOOK
    own.parent.mkdir()
    own.write_text("my own")
    done = run("--rows", 1, "--dir", "mine", "--", "--version")
    assert done.returncode == 0
    assert own.read_text() == "my own"
    assert f"your copies are kept as they are: {NOTEBOOK}\n" in done.stderr
    assert (own.parent / "02_timelines.ipynb").read_bytes() == (PACKAGED / "02_timelines.ipynb").read_bytes()


def test_live_means_kalshis_production_and_the_users_own_cache(run, tmp_path, home):
    told = "import json, os, sys; json.dump(dict(os.environ), open('told.json', 'w')); sys.exit(0)"
    (tmp_path / "probe.py").write_text(told)
    done = run("--live", "--dir", ".", "--", f"--config={tmp_path / 'probe.py'}")
    assert f"milestones come live from {mk.PRODUCTION_URL}" in done.stderr
    inherited = json.loads((tmp_path / "told.json").read_text())
    assert inherited["MILESTONE_KIT_BASE_URL"] == mk.PRODUCTION_URL
    assert inherited["MILESTONE_KIT_CACHE_DIR"] == str(home / "real-data")


def test_jupyterlabs_exit_code_is_passed_on(run):
    assert run("--rows", 1, "--", "--ServerApp.port=seven").returncode == 1


def test_a_folder_that_is_a_file_is_refused(run, tmp_path):
    (tmp_path / "taken").write_text("")
    done = run("--rows", 1, "--dir", "taken")
    assert done.returncode == 2
    assert "is no folder" in done.stderr


def test_without_jupyterlab_it_says_what_to_install():
    code = """if True:
        import sys
        sys.modules["jupyterlab"] = None
        from milestone_kit.cli import main
        sys.exit(main(["lab"]))
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "pip install 'milestone-kit[lab]'" in done.stderr


CHILD = """
import signal, sys, time
from pathlib import Path
stays = sys.argv[2] == "stays"
signal.signal(signal.SIGINT, signal.SIG_IGN if stays else signal.default_int_handler)
try:
    Path(sys.argv[1]).write_text("ready")
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(7)
"""


@pytest.fixture
def hears_ctrl_c():
    """A test process that others started may have been told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name != "posix", reason="Windows' console is imitated by signals")
@pytest.mark.usefixtures("hears_ctrl_c")
@pytest.mark.parametrize(
    ("system", "words", "code"), [("win32", "ends", 7), ("win32", "stays", 143), ("linux", "ends", 143)]
)
def test_ctrl_c_reaches_jupyterlab_once_on_every_system(tmp_path, monkeypatch, system, words, code):
    """Windows' console tells every process of it; elsewhere JupyterLab is alone, and told by us."""
    monkeypatch.setattr("milestone_kit.cli.lab.sys", SimpleNamespace(platform=system))
    ready, group, heard = tmp_path / "ready", os.getpgrp(), threading.Event()
    monkeypatch.setattr("milestone_kit.cli.lab.say", lambda _: heard.set())

    def press():
        while not ready.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        # at the very same moment POSIX may lose the code of a child that ends, which Windows keeps
        heard.wait()
        for child in psutil.Process().children():
            with suppress(psutil.Error, ProcessLookupError):  # another test's process, which has just ended
                if str(ready) in child.cmdline() and os.getpgid(child.pid) == group:
                    child.send_signal(signal.SIGINT)

    keys = threading.Thread(target=press)
    keys.start()
    patience = 20 if words == "ends" else 0.1
    assert (
        _wait([sys.executable, "-c", CHILD, str(ready), words], dict(os.environ), patience=patience) == code
    )
    keys.join()
