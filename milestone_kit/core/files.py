"""Files that are whole or not there: written beside their place, locked for a time, put aside if damaged.

On Windows a file that anybody has open can be neither replaced nor deleted: what is refused for that reason
is tried again for a bounded time.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from typing import IO, TYPE_CHECKING, BinaryIO, Final, TypeVar

import filelock

from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = [
    "delete",
    "discard",
    "is_held",
    "locked",
    "make_private_folder",
    "open_own",
    "put_aside",
    "quarantine",
    "read_own",
    "write_whole",
]

_Made = TypeVar("_Made")

_HELD: Final = {5, 32, 33}
"""What Windows answers for a file that is open elsewhere: access denied, sharing or lock violation."""

_HELD_SECONDS: Final = 0.5  # longer than a virus scanner or an indexer holds a new file
_HELD_STEP: Final = 0.02


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it that are not there, which only their owner can enter."""
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)  # says what is wrong where a file stands in its place


def open_own(path: Path) -> BinaryIO:
    """Open a file for reading that is a file, and this user's or root's; never wait for anything.

    Raises
    ------
    OSError
        FileNotFoundError where there is none; else what stands there, or whose it is. What another user
        planted in a folder that all can write to is not to be trusted.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    # a pipe that nobody writes to would otherwise be waited for
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    try:
        _check_own(os.fstat(descriptor))
        return os.fdopen(descriptor, "rb", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise


def _check_own(about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise OSError(f"it is no file but a {_KINDS.get(stat.S_IFMT(about.st_mode), 'device')}")
    if hasattr(os, "geteuid") and about.st_uid not in {0, os.geteuid()}:
        raise OSError(f"it belongs to another user, number {about.st_uid}")


_KINDS: Final = {stat.S_IFIFO: "pipe", stat.S_IFDIR: "folder", stat.S_IFSOCK: "socket"}


def read_own(path: Path) -> bytes:
    """Return what is in a file; see `open_own` for what is refused."""
    with open_own(path) as file:
        return file.read()


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
        When the disk refuses, or on Windows when the file is open elsewhere (see `is_held`); and
        whatever `write` and `ready` raise.
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
        _patiently(lambda: temporary.replace(path))
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def is_held(error: OSError) -> bool:
    """Tell whether Windows refused because the file is open in this or another program."""
    return getattr(error, "winerror", None) in _HELD


def _patiently(action: Callable[[], _Made]) -> _Made:
    """Do what may be refused while somebody has a file open, again and again for a bounded time."""
    until = time.monotonic() + _HELD_SECONDS
    while True:
        try:
            return action()
        except PermissionError as error:
            if not is_held(error) or time.monotonic() >= until:
                raise
            time.sleep(_HELD_STEP)


@contextlib.contextmanager
def locked(
    path: Path, *, seconds: float, otherwise: str, waiting: Callable[[], object] = lambda: None
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
    """
    lock = filelock.FileLock(path, timeout=seconds, mode=0o600, thread_local=False)
    try:
        make_private_folder(path.parent)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            waiting()
            lock.acquire()
    except (OSError, NotImplementedError, filelock.Timeout) as error:  # some file systems know no locks
        warn(f"the lock {path} could not be had ({error}); {otherwise}", CacheWarning)
    try:
        yield lock.is_locked
    finally:
        lock.release()


def put_aside(path: Path) -> Path:
    """Rename an unusable cache file to a name ending in `.bad`; return that, or raise OSError."""
    aside = path.with_name(f"{path.name}.bad")
    _patiently(lambda: path.replace(aside))
    return aside


def quarantine(path: Path, why: object) -> None:
    """Put an unusable cache file aside under a name ending in `.bad`, with a CacheWarning."""
    try:
        what = f"was put aside as {put_aside(path).name}"
    except OSError as error:
        what = f"could not be put aside ({error})"
    warn(f"cache file {path} is not usable ({why}); it {what}", CacheWarning)


def delete(*paths: Path) -> None:
    """Delete files where they are; a CacheWarning names each that cannot be."""
    for path in paths:
        try:
            _patiently(lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]
        except OSError as error:
            warn(f"{path} could not be deleted ({error})", CacheWarning)


def discard(*paths: Path) -> None:
    """Delete files that nobody needs any more; one that cannot be deleted now, as it is open, may stay."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
