"""Where an export goes: into the place of a file, whole or not at all, or into a pipe or a device."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from milestone_kit.core import files
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["write_whole"]

_DESCRIPTOR: Final = re.compile(r"/dev/(stdout|stderr)|/(?:dev|proc/self)/fd/([0-9]{1,6})")
_STANDARD: Final = {"stdout": 1, "stderr": 2}


def write_whole(path: str | os.PathLike[str], write: Callable[[IO[bytes]], object]) -> Path:
    """Put what `write` writes in the place of a file, or leave everything as it was.

    Parameters
    ----------
    path : str or path-like
        The file. Its folder must exist; a link stays a link, and what it points to is replaced. What is
        no file but a pipe or a device (``/dev/stdout``) is written into and stays what it is.
    write : callable
        Is given the file to write bytes to.

    Returns
    -------
    pathlib.Path
        Where the file is.

    Raises
    ------
    QueryError
        When the folder does not exist, the path is a folder, or another program has the file open (Windows).
    OSError
        When the disk refuses.
    """
    target = Path(path)
    if _is_stream(target):
        _write_into(target, write)
        return target
    real = Path(os.path.realpath(target))
    if not real.parent.is_dir():
        raise QueryError(
            f"path={os.fspath(path)!r}: there is no folder {str(target.parent)!r}; create it first"
        )
    if real.is_dir():
        raise QueryError(f"path={os.fspath(path)!r} is a folder; name a file in it")
    try:
        files.write_whole(real, write, private=False)
    except PermissionError as error:
        if not files.is_held(error):
            raise
        raise QueryError(
            f"path={os.fspath(path)!r} is open in a program; close it there, or name another file"
        ) from error
    return target


def _is_stream(target: Path) -> bool:
    """Tell whether a path leads to a pipe, a device or an open descriptor, and not to a place for a file."""
    is_special = target.exists() and not target.is_file() and not target.is_dir()
    # what is behind it may be a file, to which the shell directed our output: it goes on writing there
    return is_special or _descriptor(target) is not None


def _descriptor(target: Path) -> int | None:
    found = _DESCRIPTOR.fullmatch(os.path.abspath(target))  # noqa: PTH100 - Path would follow the link
    return None if found is None else _STANDARD[found[1]] if found[1] else int(found[2])


def _write_into(target: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write into a pipe or a device: a file put in its place would not reach whoever reads there."""
    if target.is_block_device():
        raise QueryError(f"path={str(target)!r} is a disk, whose content would be lost; name a file")
    whole = io.BytesIO()
    write(whole)  # first, so that a table that cannot be written leaves nothing behind
    for stream in (sys.stdout, sys.stderr):  # what was said before stands before it
        stream.flush()
    try:
        descriptor = _opened(target)
    except OSError as error:
        why = "nobody reads from this pipe" if error.errno == errno.ENXIO else error.strerror
        raise QueryError(f"path={str(target)!r} cannot be written into: {why}; name a file") from error
    with os.fdopen(descriptor, "wb") as sink:
        sink.write(whole.getbuffer())


def _opened(target: Path) -> int:
    known = _descriptor(target)
    if known is not None:
        return os.dup(known)
    # a pipe without a reader would let us wait for ever
    descriptor = os.open(target, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    if hasattr(os, "set_blocking"):
        os.set_blocking(descriptor, True)
    return descriptor
