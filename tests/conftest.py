from __future__ import annotations

import contextlib
import datetime as dt
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from milestone_kit.api.transport import Retry
from milestone_kit.client.client import MilestoneClient
from milestone_kit.core.settings import Patience
from milestone_kit.sandbox import serve
from tests.processes import CAN_FORK, Forker

NIGHTLY = bool(os.environ.get("MILESTONE_KIT_NIGHTLY"))
"""Whether there is time for many more examples, seeds and kills."""

# the machines that run this differ: a slow one is no failure. The same few examples each time, so that no
# change is blamed for what another example finds; at night many, and others each time
hypothesis.settings.register_profile("milestone_kit", deadline=None, max_examples=15, derandomize=True)
hypothesis.settings.register_profile("nightly", deadline=None, max_examples=600)
hypothesis.settings.load_profile("nightly" if NIGHTLY else "milestone_kit")


def pytest_xdist_auto_num_workers(config):
    """One worker for each processor, and none where a few tests are asked for: starting them takes longer."""
    narrowed = config.option.keyword or config.option.markexpr or config.option.collectonly
    whole = all(Path(arg).is_dir() for arg in config.args)
    return (os.cpu_count() or 1) if whole and not narrowed else 0


SHARING = (
    "tests/browser/",  # one JupyterLab
    "tests/cli/test_lab.py",
    "tests/contract/test_packaging.py",
    "tests/faults/test_panel_faults.py",  # one kernel
    "tests/sandbox/test_universe.py",  # universes of production's size
)
"""Tests whose fixtures take long to make, so that one worker makes them for all."""


class Sharing(LoadScopeScheduling):
    """Hands out tests one by one, but those that share what takes long to make all to one worker."""

    def _split_scope(self, nodeid):
        if nodeid.startswith("tests/contract/test_notebooks.py"):
            return nodeid.partition("[")[2] or nodeid  # each notebook is executed once
        return next((one for one in SHARING if nodeid.startswith(one)), nodeid)


def pytest_xdist_make_scheduler(config, log):
    return Sharing(config, log)


@dataclass
class Clock:
    """A clock that only sleeping and the test itself move."""

    now: float = 1_790_000_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        if seconds > 0.01:  # a shorter one only keeps the pace of 10,000 requests a second
            self.slept.append(seconds)
        self.now += seconds

    def retry(self, **changes):
        return Retry(sleep=self.sleep, clock=self, wall_clock=self, jitter=lambda: 0.0, **changes)

    def moment(self):
        return dt.datetime.fromtimestamp(self.now, dt.UTC)


@pytest.fixture(autouse=True, scope="session")
def _nobody_elses_cache(tmp_path_factory):
    """What this machine's user has fetched must teach no test anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILESTONE_KIT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def forker(_nobody_elses_cache):
    """A process that forks in milliseconds what takes others a second to start."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no forks")
    with contextlib.closing(Forker()) as made:
        yield made


@pytest.fixture(scope="session")
def run_python(request):
    """Run a Python program, "-c" or "-m", in a process of its own and give back how it ended."""
    if CAN_FORK:
        return request.getfixturevalue("forker").run

    def run(arguments, *, stdout=None, **options):
        pipes = {"stdout": stdout or subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, **{"text": True} | options | pipes, timeout=120, check=False)

    return run


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server(clock):
    """A sandbox of 1,200 rows: three pages of 500; nothing happens in it but what a test does."""
    with serve(rows=1200, now=clock.moment, still=True) as running:
        yield running


@pytest.fixture
def walked(server):
    """Say which pages were asked for and given; deltas and single milestones are left out."""

    def pages():
        asked = [r for r in server.requests if r.status == 200 and "min_updated_ts" not in r.query]
        return [request.page for request in asked if request.page is not None]

    return pages


IMPATIENT = Patience(page=0.0, slow_page=0.0)
"""Has walks cut into ranges at once, near as the server is, as those are whose pages come from afar."""


@pytest.fixture
def patience():
    """How long the clients of `make_client` wait for what; to be overridden."""
    return Patience()


@pytest.fixture
def make_client(tmp_path, clock, patience):
    """Make clients on one cache folder, with a clock that does not really sleep."""
    made = []

    def make(base_url, **options):
        common = {"cache_dir": tmp_path / "cache", "requests_per_second": 10_000, "patience": patience}
        options = common | options
        made.append(MilestoneClient(base_url=base_url, retry=clock.retry(), **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client, server):
    return make_client(server.url)
