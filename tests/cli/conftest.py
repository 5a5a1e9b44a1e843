"""The command line as users run it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import sys

import pytest

COMMAND = [sys.executable, "-m", "milestone_kit"]


@pytest.fixture
def environment(tmp_path):
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MILESTONE_KIT_")}
    return ours | {"MILESTONE_KIT_CACHE_DIR": str(tmp_path / "cache")}


@pytest.fixture
def run(tmp_path, environment, run_python):
    """Run a command and give back how it ended."""

    def run(*words, text=True):
        return run_python(["-m", "milestone_kit", *words], cwd=tmp_path, env=environment, text=text)

    return run


def only_line(text):
    """The one line that the program said about itself."""
    (line,) = text.splitlines()
    assert line.startswith("milestone-kit: ")
    return line
