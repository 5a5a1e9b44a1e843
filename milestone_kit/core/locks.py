"""Locks across threads and processes, for a bounded time, also where the file system knows none."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from typing import TYPE_CHECKING, Final

import filelock

from milestone_kit.core.files import make_private_folder, warn_refused
from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["locked"]

_WITHOUT_LOCKS: Final = {
    getattr(errno, name)
    for name in ("ENOSYS", "ENOLCK", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "EIO")
    if hasattr(errno, name)
}


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
    lock = _SystemLock(path, timeout=seconds, mode=0o600, thread_local=False)
    try:
        make_private_folder(path.parent)
        _acquire(lock, waiting, given_up)
    except _NoLocksError as error:
        warn(
            f"the file system of {path.parent} knows no locks ({error}): processes may walk side by side for "
            "one answer, and nothing is recorded in the history",
            CacheWarning,
            cause="no locks",
        )
    except filelock.Timeout as error:
        if not given_up():
            warn(f"the lock {path} could not be had ({error}); {otherwise}", CacheWarning)
    except OSError as error:
        warn_refused(f"the lock {path} could not be had ({error}); {otherwise}", error)
    try:
        yield lock.is_locked
    finally:
        lock.release()


class _NoLocksError(Exception):
    """The file system knows no locks."""


class _SystemLock(filelock.FileLock):
    """A lock of the operating system or none: files that stand in for locks outlive whoever is killed."""

    def _fallback_to_soft_lock(self) -> None:
        raise NotImplementedError("it has no function for them")


def _acquire(lock: _SystemLock, waiting: Callable[[], object], given_up: Callable[[], bool]) -> None:
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        if not _knows_locks(lock):
            raise _NoLocksError("one that nobody can hold counts as held") from None
        waiting()
        lock.acquire(cancel_check=given_up)
    except NotImplementedError as error:
        raise _NoLocksError(str(error)) from None
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise
        raise _NoLocksError(str(error)) from None


def _knows_locks(lock: _SystemLock) -> bool:
    """Tell whether a lock can be had of which nobody else knows, where another one is held."""
    probe = f"{lock.lock_file}.{secrets.token_hex(4)}"
    try:
        with _SystemLock(probe, timeout=0, mode=0o600):
            return True
    except filelock.Timeout:
        return False
    finally:
        with contextlib.suppress(OSError):
            os.unlink(probe)  # noqa: PTH108 - the library gives text
