"""`milestone-kit lab`: JupyterLab on the explorer notebook, over the sandbox or over Kalshi's own data."""

from __future__ import annotations

import importlib.resources
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from milestone_kit.cli.console import interruptible, port_number, say
from milestone_kit.core.settings import PRODUCTION_URL
from milestone_kit.errors import MilestoneKitError, QueryError

if TYPE_CHECKING:
    import argparse
    from importlib.resources.abc import Traversable

    from milestone_kit.cli.console import Commands

__all__ = ["add", "run"]

_NOTEBOOK: Final = "01_explore.ipynb"
_NEWS: Final = "@jupyterlab/apputils-extension:announcements"


def add(commands: Commands) -> None:
    """Describe the command and its options."""
    parser = commands.add_parser(
        "lab",
        help="open the explorer notebook in JupyterLab",
        description="Open the explorer notebook in JupyterLab. Without --live it shows invented milestones, "
        "served on this machine: no network, no account. Words after -- are passed on to JupyterLab.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    parser.add_argument("--live", action="store_true", help="Kalshi's production data; needs no account")
    parser.add_argument(
        "--rows", type=int, default=20_000, metavar="N", help="how many to invent (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="the same seed invents the same rows"
    )
    parser.add_argument(
        "--dir",
        type=Path,
        default=Path("milestone_kit_notebooks"),
        help="working folder; gets the notebooks that it does not have already (default: ./%(default)s)",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--port", type=port_number, metavar="P", help="JupyterLab's port (8888 or the next free one)"
    )
    parser.add_argument("--ip", metavar="IP", help="where JupyterLab listens (this machine only by default)")


def run(args: argparse.Namespace) -> int:
    """Start what serves the data and JupyterLab, wait for its end, and return its exit code."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise MilestoneKitError(
            "JupyterLab is not installed in this Python; "
            f"run: {sys.executable} -m pip install 'milestone-kit[lab]'"
        )
    folder = args.dir.absolute()
    with interruptible(), ExitStack() as stack:
        own = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="milestone-kit-lab-")))
        environment = os.environ | _jupyter_folders(own)
        if args.live:
            environment["MILESTONE_KIT_BASE_URL"] = PRODUCTION_URL
            say(f"milestones come live from {PRODUCTION_URL}")
        else:
            from milestone_kit.sandbox import serve  # noqa: PLC0415 - not needed with --live

            url = stack.enter_context(serve(args.rows, seed=args.seed)).url
            environment["MILESTONE_KIT_BASE_URL"] = url
            # of its own, so that invented rows never get among the user's real ones
            environment["MILESTONE_KIT_CACHE_DIR"] = str(own / "cache")
            say(f"all {args.rows:,} milestones are INVENTED, served at {url}; --live shows Kalshi's")
        notebook = _place_notebooks(folder)
        say(f"JupyterLab opens {notebook}; Ctrl-C here stops everything")
        return _wait(_command(args, folder), environment)


def _jupyter_folders(own: Path) -> dict[str, str]:
    """Prepare what this JupyterLab finds before the user's own settings, which stay as they are."""
    from ipykernel.kernelspec import write_kernel_spec  # noqa: PLC0415 - comes with JupyterLab only

    # Another Jupyter on this machine may have registered its Python as "python3"; ours comes first.
    kernels = own / "share" / "kernels"
    kernels.mkdir(parents=True)
    write_kernel_spec(kernels / "python3")
    config = own / "config" / "labconfig"
    config.mkdir(parents=True)
    (config / "page_config.json").write_text(json.dumps({"disabledExtensions": {_NEWS: True}}), "utf-8")
    # A workspace of its own: the user's usual one may name files that this folder does not have.
    return {
        "JUPYTER_PATH": _before(own / "share", "JUPYTER_PATH"),
        "JUPYTER_CONFIG_PATH": _before(own / "config", "JUPYTER_CONFIG_PATH"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
    }


def _before(folder: Path, variable: str) -> str:
    return os.pathsep.join(filter(None, (str(folder), os.environ.get(variable))))


def _place_notebooks(folder: Path) -> Path:
    """Copy the notebooks into the working folder, but for those of which the user has a copy there.

    The path of the first one is returned.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise QueryError(f"--dir {str(folder)!r} is no folder; name another one") from error
    kept = []
    for notebook in _packaged_notebooks():
        try:
            with (folder / notebook.name).open("xb") as sink:
                sink.write(notebook.read_bytes())
        except FileExistsError:
            kept.append(notebook.name)
    if kept:
        say(f"your copies are kept as they are: {', '.join(kept)}")
    return folder / _NOTEBOOK


def _packaged_notebooks() -> list[Traversable]:
    package = importlib.resources.files("milestone_kit")
    installed = package / "notebooks"
    # an editable install reads the package, and so the notebooks too, from the source tree
    here = installed if installed.is_dir() else Path(str(package)).parent / "notebooks"
    return sorted((one for one in here.iterdir() if one.name.endswith(".ipynb")), key=lambda one: one.name)


def _command(args: argparse.Namespace, folder: Path) -> list[str]:
    words: list[str] = [sys.executable, "-m", "jupyterlab"]
    # in the address that is printed as well as in the one that a browser opens
    words += [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{quote(_NOTEBOOK)}"]
    if not args.live:
        # its list of extensions would come from the package index
        words.append("--LabApp.extension_manager=readonly")
    if args.no_browser:
        words.append("--no-browser")
    if args.port is not None:
        words.append(f"--port={args.port}")
    if args.ip is not None:
        words.append(f"--ip={args.ip}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--allow-root")
    return [*words, *args.passed_on]


def _wait(command: list[str], environment: dict[str, str], *, patience: float = 10.0) -> int:
    """Run JupyterLab to its end; `patience` is how many seconds it may take to end by itself on Windows."""
    # In a session of its own, Ctrl-C reaches us alone: JupyterLab is then told once, and asks nothing.
    # Windows has no sessions: its console tells JupyterLab, which asks nothing there, as well as us.
    is_windows = sys.platform == "win32"
    child = subprocess.Popen(command, env=environment, start_new_session=not is_windows)  # noqa: S603 - our own words
    try:
        code = child.wait()
    except KeyboardInterrupt:
        say("stopping JupyterLab")
        if is_windows:  # `terminate` would leave no time to end the kernels
            with suppress(subprocess.TimeoutExpired):
                child.wait(patience)
        child.terminate()
        code = child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    return code if code >= 0 else 128 - code
