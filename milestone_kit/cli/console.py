"""What every command shares: one-line messages, and a way to be stopped."""

from __future__ import annotations

import argparse
import io
import signal
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from milestone_kit.errors import MilestoneKitWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no public name

__all__ = [
    "Commands",
    "add_client_options",
    "any_terminal",
    "interruptible",
    "one_line",
    "port_number",
    "say",
    "warnings_as_lines",
]

_LONGEST: Final = 2000


def one_line(value: object, width: int = _LONGEST) -> str:
    r"""Return text as one line that a terminal shows as it is.

    Parameters
    ----------
    value : object
        What `str` makes text of; it may come from a server, with control characters in it.
    width : int
        The most characters to return.

    Examples
    --------
    >>> one_line("50\n  \x1b[31mred")
    '50 ?[31mred'
    """
    words = " ".join(str(value)[: 2 * width].split())
    line = "".join(letter if letter.isprintable() else "?" for letter in words)
    return line if len(line) <= width else line[: width - 1] + "…"


def port_number(text: str) -> int:
    """Read a TCP port for argparse; 0 means a free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected a whole number from 0 to 65535")
    return int(text)


def say(message: object) -> None:
    """Tell the user one line on stderr, where it does not mix with output."""
    sys.stderr.write(f"milestone-kit: {one_line(message)}\n")
    sys.stderr.flush()


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Show our warnings as one line each, without the place in the code that gave them."""

    def show(message: Warning | str, category: type[Warning], *place: object, **more: object) -> None:
        if issubclass(category, MilestoneKitWarning):
            say(f"warning: {message}")
        else:
            usual(message, category, *place, **more)  # type: ignore[arg-type]  # passed on as it came

    with warnings.catch_warnings():
        usual = warnings.showwarning
        warnings.simplefilter("always", MilestoneKitWarning)
        warnings.showwarning = show
        yield


@contextmanager
def any_terminal() -> Iterator[None]:
    """Show "?" for letters that the terminal's encoding has not (cp1252, ASCII), instead of failing."""
    streams = [one for one in (sys.stdout, sys.stderr) if isinstance(one, io.TextIOWrapper)]
    before = [one.errors for one in streams]
    for one in streams:
        one.reconfigure(errors="replace")
    try:
        yield
    finally:
        for one, errors in zip(streams, before, strict=True):
            if not one.closed:
                one.reconfigure(errors=errors)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the block as Ctrl-C does: with KeyboardInterrupt."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # SIGINT too: a shell starts background jobs with it ignored
    before = {name: signal.signal(getattr(signal, name), signal.default_int_handler) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def add_client_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which server and which cache folder."""
    parser.add_argument(
        "--base-url", metavar="URL", help="the API's address (MILESTONE_KIT_BASE_URL, or Kalshi's production)"
    )
    parser.add_argument(
        "--cache-dir",
        metavar="DIR",
        help="where answers are kept (MILESTONE_KIT_CACHE_DIR, or the user's cache folder)",
    )
