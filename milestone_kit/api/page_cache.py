"""A requests-cache backend that keeps pages as JSON in SQLite, waits boundedly, and never fails a request.

requests-cache's own SQLite backend waits for a locked database without end and rolls back without a
word when the disk is full. Here a lock is waited for some seconds at most; whatever goes wrong with the
cache, the answer still arrives, with a CacheWarning that says it was not cached. A file that is no
database is put aside and begun anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import orjson
import requests
from requests.structures import CaseInsensitiveDict
from requests_cache import NEVER_EXPIRE, CachedSession
from requests_cache.backends.base import BaseCache
from requests_cache.backends.sqlite import SQLiteDict
from requests_cache.models.request import CachedRequest
from requests_cache.models.response import CachedResponse
from requests_cache.serializers.pipeline import SerializerPipeline, Stage

from milestone_kit.core.files import make_own, quarantine, warn_refused
from milestone_kit.core.forks import Lock, renew_after_fork
from milestone_kit.core.notices import warn
from milestone_kit.core.rows import decode_answer
from milestone_kit.errors import CacheWarning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requests import PreparedRequest, Response

__all__ = ["VALUE", "PageCache", "PageSession", "page_session"]

VALUE: Final = "milestone_kit_value"
"""The attribute by which a response carries its decoded body, so that it is decoded once only."""

_KEPT: Final = ""  # what is kept of an address: nothing that anybody asks for

_left_behind: list[object] = []

_SQLITE_PAGE: Final = 32_768  # bytes, each written by a call of its own; an answer has some hundred thousand


class PageSession(CachedSession):
    """A requests-cache session whose cache is a `PageCache`."""

    cache: PageCache


class WalkSession(PageSession):
    """A page session whose answers never expire: what was kept is the answer, and there is no more to it.

    requests-cache would first weigh what HTTP's headers say on every request and answer, which costs
    as much as the request.
    """

    def send(  # type: ignore[override]  # none of requests-cache's own options are for pages of a walk
        self, request: PreparedRequest, **options: Any
    ) -> requests.Response:
        """Return the kept answer; ask the server for it, and keep it, when there is none."""
        key = self.cache.create_key(request)
        kept = self.cache.get_response(key)
        if kept is not None:
            return kept
        response = requests.Session.send(self, request, **options)
        self.cache.save_response(response, key)
        return response


def page_session(path: Path, *, expire_after: float, busy_seconds: float) -> PageSession:
    """Open a requests-cache session over one page cache file.

    Parameters
    ----------
    path : pathlib.Path
        The SQLite file; made, with mode 0600, when it is not there.
    expire_after : float
        Seconds until an answer expires; -1 for never.
    busy_seconds : float
        How long one read or write waits for another process's lock before it goes on uncached.

    Returns
    -------
    PageSession
        Only answers with status 200 are kept.
    """
    kind = WalkSession if expire_after == NEVER_EXPIRE else PageSession
    return kind(
        backend=PageCache(path, busy_seconds),
        expire_after=expire_after,
        allowable_codes=(200,),
        allowable_methods=("GET",),
        key_fn=_page_key,
    )


def _page_key(request: PreparedRequest, **_: Any) -> str:
    # the client builds each URL in one way only; it may have a secret in it, which no file shall tell
    return hashlib.sha256(f"{request.method} {request.url}".encode()).hexdigest()


class PageCache(BaseCache):
    """Answers by URL in one SQLite file; every failure of the file becomes a CacheWarning.

    Parameters
    ----------
    path : pathlib.Path
        The SQLite file.
    busy_seconds : float
        How long one read or write waits for another process's lock.
    """

    def __init__(self, path: Path, busy_seconds: float) -> None:
        super().__init__(cache_name=str(path))
        self._path = path
        self._busy_seconds = busy_seconds
        self._lock = Lock()
        self._broken = False
        self._open()

    def _open(self) -> None:
        """Open the file; put it aside and begin anew when it is no database."""
        for attempt in (1, 2):
            try:
                make_own(self._path)
                self.responses = _BoundedDict(self._path, self._busy_seconds)
            except (OSError, sqlite3.Error) as error:
                if attempt == 1 and _is_damage(error):
                    quarantine(self._path, error)
                    continue
                self._give_up(error)
            return

    def _give_up(self, error: Exception) -> None:
        """Say once that this file is not used any more."""
        with self._lock:
            if not self._broken:
                self._broken = True
                message = f"the cache file {self._path} cannot be used ({error}); answers are not cached"
                warn_refused(message, error)

    def get_response(self, key: str, default: CachedResponse | None = None) -> CachedResponse | None:
        """Return the kept answer, or `default` when there is none that can be read."""
        if self._broken:
            return default
        try:
            return super().get_response(key, default)
        except sqlite3.Error as error:
            if not _is_damage(error):
                self._give_up(error)
                return default
            with self._lock:
                self.responses.close()  # type: ignore[no-untyped-call]
                quarantine(self._path, error)
                self._open()
        return default

    def save_response(
        self, response: Response, cache_key: str | None = None, expires: dt.datetime | None = None
    ) -> None:
        """Keep an answer; when that fails, say so and go on."""
        if self._broken:
            return
        try:
            answer = _Answer.of(response, expires)
            self.responses[cache_key or self.create_key(response.request)] = answer  # type: ignore[assignment]
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self.responses.close()  # type: ignore[no-untyped-call]


def _is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class _Answer(NamedTuple):
    """What is kept of an answer."""

    status: int
    type: str
    created: dt.datetime
    expires: dt.datetime | None
    body: bytes

    @classmethod
    def of(cls, response: Response, expires: dt.datetime | None) -> Self:
        created = dt.datetime.now(dt.UTC)
        kind = response.headers.get("Content-Type", "")
        return cls(response.status_code, kind, created, expires, response.content)

    @property
    def expires_unix(self) -> int | None:
        """What SQLiteDict writes beside the answer."""
        return None if self.expires is None else round(self.expires.timestamp())


def _pack(answer: _Answer) -> bytes:
    """Write an answer as two lines of JSON: what is known about it, and the body as it came."""
    about = answer._asdict()
    body = about.pop("body")
    return b"\n".join((orjson.dumps(about | {"check": zlib.crc32(body)}), body))


def _unpack(packed: bytes) -> CachedResponse:
    try:
        return _unpacked(packed)
    except (KeyError, TypeError, ValueError) as error:
        message = (
            f"an answer in the cache is not usable ({type(error).__name__}: {error}); it is asked for again"
        )
        warn(message, CacheWarning)
        raise ValueError(message) from error  # what requests-cache takes for "not readable, a miss"


def _unpacked(packed: bytes) -> CachedResponse:
    head, _, body = packed.partition(b"\n")
    about = orjson.loads(head)
    if about["check"] != zlib.crc32(body):
        raise ValueError("its body is not the one that was kept")
    value, _ = decode_answer(body)
    if not isinstance(value, dict):
        raise TypeError("its body is no object")
    expires = about["expires"]
    response = CachedResponse(
        url=_KEPT,
        status_code=about["status"],
        headers=CaseInsensitiveDict({"Content-Type": about["type"]}),
        request=CachedRequest(method="GET", url=_KEPT),
        created_at=dt.datetime.fromisoformat(about["created"]),
        expires=None if expires is None else dt.datetime.fromisoformat(expires),
        encoding="utf-8",
        content=body,
    )
    setattr(response, VALUE, value)
    return response


# only what is needed to answer again is kept: no cookies, no request headers, nothing to unpickle
_PACKER: Final = SerializerPipeline([Stage(dumps=_pack, loads=_unpack)], name="milestone_kit", is_binary=True)


class _BoundedDict(SQLiteDict):
    """SQLiteDict whose writes wait boundedly for a lock and say when they fail."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        super().__init__(
            path,
            table_name="responses",
            serializer=_PACKER,
            busy_timeout=int(busy_seconds * 1000),
            fast_save=True,  # the cache can be fetched again; it need not survive a power cut
            lock=Lock(delays_forks=True),
        )
        renew_after_fork(self)

    def renew(self) -> None:
        """Open the file anew when it is next used.

        The connection of the process that was forked may be in the middle of writing: whoever closes the
        copy of it undoes that. So it is left as it is.
        """
        _left_behind.append(self._connection)
        self._connection = None
        self._active_transaction = False

    @contextmanager
    def connection(self, commit: bool = False) -> Iterator[sqlite3.Connection]:
        """Open (or reuse) the connection; with `commit`, hold a write transaction meanwhile."""
        with self._lock:
            is_new = self._connection is None
            with super().connection() as con:
                if is_new:
                    con.execute(f"PRAGMA page_size={_SQLITE_PAGE}")  # of a new file; no other heeds it
                    con.execute("PRAGMA journal_mode=TRUNCATE")  # cheaper than a journal for each answer
                if not commit:
                    yield con
                    return
                con.execute("BEGIN IMMEDIATE")
                try:
                    yield con
                    con.execute("COMMIT")
                except BaseException:
                    con.rollback()
                    raise
