"""The command `milestone-kit`: the explorer in JupyterLab, files without a notebook, sandbox, cache."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

import milestone_kit
from milestone_kit.cli import cache, changes, fetch, lab, serving, sync, upcoming
from milestone_kit.cli.console import any_terminal, say, warnings_as_lines
from milestone_kit.errors import MilestoneKitError, QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after the program's name; those of the process if left out.

    Returns
    -------
    int
        0 when all went well, 2 when the command was not understood or an argument cannot be used,
        130 after Ctrl-C, 1 for every other failure. Failures are told in one line on stderr.
    """
    with any_terminal():
        return _told(list(sys.argv[1:] if argv is None else argv))


def _told(words: list[str]) -> int:
    # argparse treats "--" differently from one Python to the next, and only `lab` passes words on
    own, passed_on = _split(words)
    parser = _parser()
    if not words:
        parser.print_help()
        return 0
    args = parser.parse_args(own)
    if passed_on and args.run is not lab.run:
        parser.error(f"unexpected {' '.join(passed_on)!r}: only `lab` passes words on")
    args.passed_on = passed_on
    with warnings_as_lines():
        return _run(args)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _run(args: argparse.Namespace) -> int:
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except QueryError as error:
        say(error)
        return 2
    except BrokenPipeError:
        # the reader of our output has gone; what Python flushes at its end must not complain again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (MilestoneKitError, OSError) as error:
        say(error)
        return 1
    except KeyboardInterrupt:
        say(args.interrupted)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="milestone-kit",
        description="Kalshi milestones: explore them in JupyterLab, take them away as CSV or as a chart.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"milestone-kit {milestone_kit.__version__}")
    parser.set_defaults(interrupted="interrupted")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (lab, fetch, upcoming, sync, changes, serving, cache):
        command.add(commands)
    return parser
