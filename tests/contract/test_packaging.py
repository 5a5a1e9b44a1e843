"""What is installed, what it is called, and what an import costs."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import milestone_kit as mk
from milestone_kit.cli import main

REPO = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["project"]
NOTEBOOKS = sorted((REPO / "notebooks").glob("*.ipynb"))

MAIN_JOB = 'python3 -m venv .venv && .venv/bin/pip install -e ".[lab]" && .venv/bin/milestone-kit lab'
TESTS = 'python3 -m venv .venv && .venv/bin/pip install -e ".[test]" && .venv/bin/python -m pytest'


NAMES_AT_CONDA_FORGE = {"python-xxhash": "xxhash"}


def bounds(lines):
    """Give the version bounds of every requirement, by its name at PyPI."""
    required = [Requirement(line) for line in lines]
    names = [canonicalize_name(one.name) for one in required]
    return {
        NAMES_AT_CONDA_FORGE.get(name, name): str(one.specifier)
        for name, one in zip(names, required, strict=True)
    }


def test_conda_and_pip_install_the_same_dependencies_within_the_same_bounds():
    listed = yaml.safe_load((REPO / "environment.yml").read_text("utf-8"))["dependencies"]
    for_pip = [line for one in listed if isinstance(one, dict) for line in one["pip"]]
    for_conda = bounds(line for line in listed if isinstance(line, str))
    wanted = bounds([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]])
    assert for_conda == wanted | {"python": PROJECT["requires-python"], "pip": ""}
    assert for_pip == ["--editable ."]


def test_the_readme_has_the_two_commands_each_in_a_block_of_its_own():
    blocks = re.findall(
        r"^```\w*\n(.*?)\n```$", (REPO / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert MAIN_JOB in blocks
    assert TESTS in blocks


def test_every_public_name_is_there_and_documented():
    for name in mk.__all__:
        value = getattr(mk, name)
        assert isinstance(value, str) or (value.__doc__ or "").strip(), f"{name} says nothing about itself"


def test_the_list_of_public_names_is_what_the_stub_imports():
    tree = ast.parse(Path(mk.__file__).with_suffix(".pyi").read_text("utf-8"))
    imported = [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(imported) == sorted(mk.__all__)
    assert set(mk.__all__) <= set(dir(mk))


def test_an_import_loads_nothing_that_only_some_uses_need():
    code = "import sys, json, milestone_kit; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(json.loads(done.stdout))
    heavy = {
        "plotly",
        "ipywidgets",
        "anywidget",
        "requests",
        "requests_cache",
        "tqdm",
        "milestone_kit.sandbox",
    }
    assert loaded & heavy == set()


def test_the_command_is_installed():
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="milestone-kit")
    assert entry.load() is main


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(REPO)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel):
    sources = {
        path.relative_to(REPO).as_posix()
        for path in (REPO / "milestone_kit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == sources | {f"milestone_kit/notebooks/{path.name}" for path in NOTEBOOKS}
    assert {"milestone_kit/py.typed", "milestone_kit/__init__.pyi"} <= held


def test_an_installed_wheel_opens_its_own_notebook(wheel, tmp_path):
    target = tmp_path / "site"
    words = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, timeout=120)
    environment = os.environ | {"PYTHONPATH": str(target)}
    where = subprocess.run(
        [sys.executable, "-c", "import milestone_kit; print(milestone_kit.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert Path(where.stdout.strip()).is_relative_to(target)
    lab = [sys.executable, "-m", "milestone_kit", "lab", "--rows", "1", "--dir", "here", "--", "--version"]
    subprocess.run(lab, cwd=tmp_path, env=environment, check=True, timeout=120)
    assert (tmp_path / "here" / "01_explore.ipynb").read_bytes() == NOTEBOOKS[0].read_bytes()


def test_ci_runs_the_readmes_test_command():
    script = REPO / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=30)
    # the script takes the README's first line that has this in it
    assert "'\".[test]\"' README.md" in script.read_text("utf-8")
    lines = (REPO / "README.md").read_text("utf-8").splitlines()
    assert next(line for line in lines if '".[test]"' in line) == TESTS


def test_whoever_opens_the_package_sees_rooms_and_hardly_a_module():
    inside = [path.name for path in Path(mk.__file__).parent.iterdir() if path.suffix == ".py"]
    assert len(inside) <= 6
    rooms = [path for path in Path(mk.__file__).parent.iterdir() if (path / "__init__.py").exists()]
    for room in rooms:
        assert ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8"))), room.name
