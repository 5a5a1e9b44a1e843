"""What a process must not share with those forked off it: connections, open databases, and locks.

A forked process gets copies of all objects. Two that read from one connection take each other's answers; a
lock that another thread held in that moment is never let go in the copy.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Lock", "renew_after_fork"]


class _Renewable(Protocol):
    def renew(self) -> None: ...


# by their ids, because not all of them can be hashed
_renewable: weakref.WeakValueDictionary[int, _Renewable] = weakref.WeakValueDictionary()


_delaying: weakref.WeakValueDictionary[int, Lock] = weakref.WeakValueDictionary()
_held: list[Lock] = []
_LONGEST_DELAY: Final = 1.0


def renew_after_fork(one: _Renewable) -> None:
    """Have `renew` of an object called in every process that is forked off while the object lives."""
    _renewable[id(one)] = one


def _hold() -> None:
    _held.extend(lock for lock in list(_delaying.values()) if lock.hold(_LONGEST_DELAY))


def _let_go() -> None:
    while _held:
        _held.pop().let_go()


def _renew() -> None:
    _held.clear()
    for one in list(_renewable.values()):
        one.renew()


class Lock:
    """A lock that is free in a process that was just forked off, whoever held it before.

    The thread that holds it may take it again.

    Parameters
    ----------
    delays_forks : bool
        Whether a fork waits, for a second at most, until nobody holds it: for what is done in libraries
        that have locks of their own, which nobody can free in the copy.

    Examples
    --------
    >>> lock = Lock()
    >>> with lock, lock:
    ...     pass
    """

    def __init__(self, *, delays_forks: bool = False) -> None:
        self.renew()
        renew_after_fork(self)
        if delays_forks:
            _delaying[id(self)] = self

    def hold(self, seconds: float) -> bool:
        """Take it within some seconds; tell whether that could be."""
        return self._lock.acquire(timeout=seconds)

    def let_go(self) -> None:
        """Give it back."""
        self._lock.release()

    def renew(self) -> None:
        """Be free."""
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


if hasattr(os, "register_at_fork"):  # systems that cannot fork have it not
    os.register_at_fork(before=_hold, after_in_parent=_let_go, after_in_child=_renew)
