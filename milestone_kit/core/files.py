"""Files that are whole or not there: written beside their place, locked for a time, put aside if damaged."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import IO, TYPE_CHECKING

import filelock

from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["delete", "locked", "make_private_folder", "quarantine", "write_whole"]


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it that are not there, which only their owner can enter."""
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)  # says what is wrong where a file stands in its place


def write_whole(
    path: Path,
    write: Callable[[IO[bytes]], object],
    *,
    ready: Callable[[], object] = lambda: None,
    private: bool = True,
) -> None:
    """Put what `write` writes in the place of a file, or leave everything as it was.

    Parameters
    ----------
    path : pathlib.Path
        The file; a private one's folder is made, for its owner only, where it is not there.
    write : callable
        Is given the file to write bytes to.
    ready : callable
        Is called when all is on the disk, before the file takes its place.
    private : bool
        Whether only the owner may read it; else it gets the mode of the file that it replaces.

    Raises
    ------
    OSError
        When the disk refuses; and whatever `write` and `ready` raise.
    """
    if private:
        make_private_folder(path.parent)
    temporary = path.with_name(f".new-{secrets.token_hex(6)}")
    try:
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(temporary, flags, 0o600 if private else 0o666), "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if not private:
            with contextlib.suppress(FileNotFoundError):
                temporary.chmod(path.stat().st_mode & 0o777)
        ready()
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


@contextlib.contextmanager
def locked(
    path: Path,
    *,
    seconds: float,
    otherwise: str,
    waiting: Callable[[], object] = lambda: None,
    given_up: Callable[[], bool] = lambda: False,
) -> Iterator[bool]:
    """Hold a lock, across threads and processes; give False, with a CacheWarning, when it cannot be had.

    Parameters
    ----------
    path : pathlib.Path
        The file that stands for the lock; made, with its folder, for its owner only.
    seconds : float
        How long whoever has it is waited for.
    otherwise : str
        What is done without it, for the warning.
    waiting : callable
        Is called when somebody else has it.
    given_up : callable
        Is asked now and then meanwhile whether to wait no more.
    """
    lock = filelock.FileLock(path, timeout=seconds, mode=0o600, thread_local=False)
    try:
        make_private_folder(path.parent)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            waiting()
            lock.acquire(cancel_check=given_up)
    except (OSError, NotImplementedError, filelock.Timeout) as error:  # some file systems know no locks
        if not given_up():
            warn(f"the lock {path} could not be had ({error}); {otherwise}", CacheWarning)
    try:
        yield lock.is_locked
    finally:
        lock.release()


def quarantine(path: Path, why: object) -> None:
    """Put an unusable cache file aside under a name ending in `.bad`, with a CacheWarning."""
    aside = path.with_name(f"{path.name}.bad")
    try:
        path.replace(aside)
        what = f"was put aside as {aside.name}"
    except OSError as error:
        what = f"could not be put aside ({error})"
    warn(f"cache file {path} is not usable ({why}); it {what}", CacheWarning)


def delete(*paths: Path) -> None:
    """Delete files where they are; a CacheWarning names each that cannot be."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            warn(f"{path} could not be deleted ({error})", CacheWarning)
