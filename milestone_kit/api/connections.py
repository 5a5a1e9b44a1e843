"""Connections whose waits can be ended: by a deadline for the whole answer, or by hanging up on all of them.

A read timeout bounds the wait for the next byte only, so a server that sends one byte at a time, of the
head or of the body, can hold a reader for hours. Here every read looks at how much time is left.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import threading
import weakref
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from milestone_kit.core.forks import Lock, renew_after_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Connections"]


class Connections:
    """The open connections of some urllib3 pool managers.

    Parameters
    ----------
    clock : callable
        Gives monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Know of no connection: those of the process that was forked are not this one's to end."""
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._here = threading.local()

    def adopt(self, manager: Any) -> None:
        """Let every pool that a urllib3 PoolManager opens from now on open connections of this kind."""
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: self._adopted(pool) for scheme, pool in pools.items()}

    @contextlib.contextmanager
    def answer_by(self, deadline: float) -> Iterator[None]:
        """Let this thread's reads fail with a TimeoutError once the clock has passed `deadline`."""
        self._here.deadline = deadline
        try:
            yield
        finally:
            del self._here.deadline

    def hang_up(self) -> None:
        """End every connection at once; whoever waits on one gets an error."""
        with self._lock:
            for connection in list(self._sockets):
                with contextlib.suppress(OSError):
                    # not the method of a TLS socket, which another thread may be reading from
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def _adopted(self, pool: Any) -> Any:
        if getattr(pool, "adopted", False):
            return pool
        remember, left = self._remember, self._left

        def connect(self: Any) -> None:
            pool.ConnectionCls.connect(self)
            remember(self.sock)

        class Response(http.client.HTTPResponse):
            def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
                super().__init__(_Readable(sock, left), *args, **options)  # type: ignore[arg-type]

            def _read_status(self) -> tuple[str, int, str]:
                # http.client passes over 100 only, and takes any other interim answer for the answer
                while True:
                    version, status, reason = super()._read_status()  # type: ignore[misc]
                    if status == HTTPStatus.SWITCHING_PROTOCOLS or status // 100 != 1:
                        return version, status, reason
                    http.client.parse_headers(self.fp)

        members = {"connect": connect, "response_class": Response}
        connection = type("Connection", (pool.ConnectionCls,), members)
        return type("Pool", (pool,), {"ConnectionCls": connection, "adopted": True})

    def _remember(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.add(connection)

    def _left(self) -> float:
        return float(getattr(self._here, "deadline", float("inf")) - self._clock())


class _Readable:
    """What `http.client` wants of a socket: a file to read the answer from."""

    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._connection = connection
        self._left = left

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Timed(self._connection, self._left))


class _Timed(io.RawIOBase):
    """Reads a socket; no read waits longer than the socket's timeout or the time that is left."""

    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._connection = connection
        self._file = connection.makefile("rb", buffering=0)
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self._left()
        if left <= 0:
            raise TimeoutError("the time for this answer is over")
        timeout = self._connection.gettimeout()
        if timeout is None or left < timeout:
            self._connection.settimeout(left)
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
