"""Files that are whole or not there: written beside their place, read if they are ours, put aside if damaged.

On Windows a file that anybody has open can be neither replaced nor deleted: what is refused for that reason
is tried again for a bounded time.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from typing import IO, TYPE_CHECKING, BinaryIO, Final, TypeVar

from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "delete",
    "discard",
    "is_held",
    "is_refusal",
    "listed",
    "make_own",
    "make_private_folder",
    "open_own",
    "put_aside",
    "quarantine",
    "read_own",
    "warn_refused",
    "write_whole",
]

_Made = TypeVar("_Made")

_HELD: Final = {5, 32, 33}
"""What Windows answers for a file that is open elsewhere: access denied, sharing or lock violation."""

_OF_THE_FOLDER: Final = {
    getattr(errno, name)
    for name in ("EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENAMETOOLONG", "ENOTDIR", "EEXIST", "ELOOP")
    if hasattr(errno, name)
}
_HELD_SECONDS: Final = 0.5  # longer than a virus scanner or an indexer holds a new file
_HELD_STEP: Final = 0.02


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it that are not there, which only their owner can enter."""
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)  # says what is wrong where a file stands in its place


def make_own(path: Path) -> None:
    """Make a file that only its owner can read, in place of a library that would let others in.

    Raises
    ------
    OSError
        As `open_own`, and where it cannot be made.
    """
    make_private_folder(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    open_own(path).close()


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


def listed(folder: Path, pattern: str = "*") -> list[Path]:
    """Return the files of a folder, sorted; none, with a CacheWarning, where it may not be looked into."""
    try:
        return sorted(folder.glob(pattern))
    except OSError as error:
        warn_refused(f"{folder} cannot be looked into ({error}); what is in it is not used", error)
        return []


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


def is_refusal(error: Exception) -> bool:
    """Tell whether the system refused something, rather than we what we found (see `open_own`)."""
    return isinstance(error, OSError) and error.errno is not None


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


def put_aside(path: Path) -> Path:
    """Rename an unusable cache file to a name ending in `.bad`; return that, or raise OSError."""
    aside = path.with_name(f"{path.name}.bad")
    _patiently(lambda: path.replace(aside))
    return aside


def quarantine(path: Path, why: object) -> None:
    """Put an unusable cache file aside under a name ending in `.bad`, with a CacheWarning.

    What the system refused (no permission, too many open files) says nothing about the file, which stays.
    """
    if isinstance(why, OSError) and is_refusal(why):
        warn_refused(f"cache file {path} could not be read ({why}); it is left as it is", why)
        return
    try:
        what = f"was put aside as {put_aside(path).name}"
    except OSError as error:
        what = f"could not be put aside ({error})"
    warn(f"cache file {path} is not usable ({why}); it {what}", CacheWarning)


def warn_refused(message: str, error: BaseException | None) -> None:
    """Warn of something about the cache that could not be done.

    Parameters
    ----------
    message : str
        What, and what is done instead.
    error : exception, optional
        Why. What the whole folder refuses (it is another user's, read-only, full or no folder) is told in one
        message in each call, whatever else it keeps from being done.
    """
    if isinstance(error, OSError) and error.errno in _OF_THE_FOLDER and not is_held(error):
        message = f"the cache cannot be used ({error}); the answer is not cached, and nothing was recorded"
        warn(message, CacheWarning, cause="the cache folder")
    else:
        warn(message, CacheWarning)


def delete(*paths: Path) -> None:
    """Delete files where they are; a CacheWarning names each that cannot be."""
    for path in paths:
        try:
            _patiently(lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]
        except OSError as error:
            warn_refused(f"{path} could not be deleted ({error})", error)


def discard(*paths: Path) -> None:
    """Delete files that nobody needs any more; one that cannot be deleted now, as it is open, may stay."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
