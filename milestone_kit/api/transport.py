"""GET requests that end in a decoded JSON object or in a typed error, at a set pace and within set bounds.

One `Transport` holds the connections, the pace and the retry budget of a client; every requests-cache
session it opens shares them. An answer reaches the cache only after it was read whole and found to
be a JSON object, so that nothing half or wrong is ever kept.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import logging
import random
import threading
import time
import zlib
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final, TypeVar

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from milestone_kit.api.connections import Connections
from milestone_kit.api.pace import Pace
from milestone_kit.api.page_cache import VALUE, page_session
from milestone_kit.api.refusals import refusal
from milestone_kit.core.notices import warn
from milestone_kit.core.rows import decode_answer
from milestone_kit.core.settings import is_loopback
from milestone_kit.core.strict_json import JSONTextError
from milestone_kit.errors import (
    AddressWarning,
    ApiError,
    DataWarning,
    NetworkError,
    RateLimitError,
    SchemaError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from milestone_kit.api.page_cache import PageSession

_Session = TypeVar("_Session", bound=requests.Session)

__all__ = ["MAX_BODY_BYTES", "Retry", "Transport"]

MAX_BODY_BYTES: Final = 64 * 2**20
"""The largest answer accepted, after unpacking; a page of 500 milestones has about 0.4 MB."""

_CHUNK: Final = 64 * 2**10
_log = logging.getLogger("milestone_kit")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long one request is tried.

    Attributes
    ----------
    attempts : int
        How many times the request is sent at most.
    first_wait, longest_wait : float
        Seconds of the exponential backoff between attempts; each wait is shortened at random by up to half.
    attempt_seconds : float
        Wall-clock budget of one attempt: an answer whose head or body drips in is given up then.
    total_seconds : float
        Wall-clock budget of all attempts; a wait that would exceed it is not begun, so that a request
        lasts at most `total_seconds` and one more attempt, its turn in the common pace not counted.
    sleep, clock, wall_clock, jitter : callable
        Sleep some seconds; monotonic seconds; seconds since 1970; a number from 0 to 1.
    """

    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 20.0
    attempt_seconds: float = 60.0
    total_seconds: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after the given attempt (1 for the first) failed."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        return longest * (1 - self.jitter() / 2)


class Transport:
    """The connections, pace and retry budget that all requests of one client share.

    Parameters
    ----------
    base_url : str
        Where the API lives, without a trailing slash.
    requests_per_second : float
        The pace of all requests together, retries included.
    timeout : tuple of float
        Seconds to wait for a connection, and for each next piece of the answer.
    retry : Retry
        How often and how long one request is tried.
    busy_seconds : float
        How long a file of answers that another process has locked is waited for.
    older_url : str, optional
        Another address of the same API, asked, with an AddressWarning, where the first never answers.
    """

    def __init__(
        self,
        base_url: str,
        *,
        requests_per_second: float,
        timeout: tuple[float, float],
        retry: Retry | None = None,
        busy_seconds: float = 3.0,
        older_url: str | None = None,
    ) -> None:
        self.base_url = base_url
        self._older_url = older_url
        self._timeout = timeout
        self._busy_seconds = busy_seconds
        self._adapter = _Wire(requests_per_second, retry or Retry())

    def session(self) -> requests.Session:
        """Open a session on this transport that keeps no answers."""
        return self._prepared(requests.Session())

    def cached_session(self, cache: Path, *, expire_after: float = -1) -> PageSession:
        """Open a requests-cache session on this transport.

        Parameters
        ----------
        cache : pathlib.Path
            The SQLite file that keeps answers.
        expire_after : float
            Seconds until a kept answer expires; -1 for never.
        """
        session = page_session(cache, expire_after=expire_after, busy_seconds=self._busy_seconds)
        return self._prepared(session)

    def _prepared(self, session: _Session) -> _Session:
        session.mount("https://", self._adapter)
        session.mount("http://", self._adapter)
        session.headers.update(
            {
                "User-Agent": f"milestone_kit/{_version()}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            }
        )
        # the API needs no account: nothing that identifies a user is sent or kept
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.auth = _no_credentials
        if is_loopback(self.base_url):
            session.trust_env = False  # a proxy cannot reach this machine
        return session

    def get(
        self,
        session: requests.Session,
        path: str,
        params: Mapping[str, str | Sequence[str]] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Ask for one path, from the session's cache or the server, and return the decoded object.

        Parameters
        ----------
        session : requests.Session
            From `session`.
        path : str
            Below the base URL, beginning with a slash.
        params : mapping of str, optional
            Query parameters; one with several values is repeated.
        **options
            For requests-cache, such as `force_refresh=True`.

        Raises
        ------
        NetworkError
            When no usable answer arrived within the retry budget.
        RateLimitError, NotFoundError, ApiError
            When the server refused; `ApiError.body` has its words.
        SchemaError
            When the answer is no JSON object.
        """
        try:
            response = self._ask(session, self.base_url, path, params, options)
        except NetworkError as error:
            if self._older_url is None or error.status_code is not None:
                raise
            response = self._ask(session, self._older_url, path, params, options)
            warn(f"{self.base_url} does not answer; {self._older_url} is asked instead", AddressWarning)
            self.base_url = self._older_url
        self._older_url = None  # once anything was answered, this is the address
        return _object_of(response)

    def _ask(
        self,
        session: requests.Session,
        base_url: str,
        path: str,
        params: Mapping[str, str | Sequence[str]] | None,
        options: dict[str, Any],
    ) -> requests.Response:
        return session.get(
            base_url + path, params=params, timeout=self._timeout, allow_redirects=False, **options
        )

    def kept(
        self, session: PageSession, path: str, params: Mapping[str, str] | None = None
    ) -> dict[str, Any] | None:
        """Return the object that the session's cache holds for a path, of any age; None when none."""
        request = session.prepare_request(requests.Request("GET", self.base_url + path, params=params))
        response = session.cache.get_response(session.cache.create_key(request))
        return None if response is None else _object_of(response)

    @contextlib.contextmanager
    def until(self, stop: threading.Event) -> Iterator[None]:
        """Let this thread's requests end, in a NetworkError, once `stop` is set, instead of waiting on."""
        self._adapter.stops.event = stop
        try:
            yield
        finally:
            del self._adapter.stops.event

    def hang_up(self) -> None:
        """End every connection at once; requests that are to go on open new ones."""
        self._adapter.hang_up()

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()


@functools.cache
def _version() -> str:
    try:
        return importlib.metadata.version("milestone-kit")
    except importlib.metadata.PackageNotFoundError:
        return "uninstalled"


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request  # an auth of our own keeps requests from looking into ~/.netrc


class _Wire(HTTPAdapter):
    """Sends a request at the shared pace, checks the answer, and tries again where that may help."""

    def __init__(self, requests_per_second: float, retry: Retry) -> None:
        self._connections = Connections(retry.clock)
        super().__init__(max_retries=0, pool_maxsize=32)
        self._pace = Pace(requests_per_second, clock=retry.clock)
        self.stops = threading.local()
        self._retry = retry

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Set up connection pools whose waits can be ended."""
        super().init_poolmanager(*args, **options)
        self._connections.adopt(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Return the pools for a proxy; their waits can be ended as well."""
        manager = super().proxy_manager_for(*args, **options)
        self._connections.adopt(manager)
        return manager

    def hang_up(self) -> None:
        """End every connection at once: whoever waits for an answer gets a NetworkError or tries again."""
        self._connections.hang_up()

    def send(
        self,
        request: requests.PreparedRequest,
        *_: Any,
        timeout: Any = None,
        verify: Any = True,
        proxies: Any = None,
        **__: Any,
    ) -> requests.Response:
        """Send a request until there is a good answer, no hope or no time left.

        The server's certificate is always checked: `verify` may name the authorities to trust, as
        REQUESTS_CA_BUNDLE does, and switches nothing off.
        """
        started = self._retry.clock()
        options = {"timeout": timeout, "proxies": proxies, "verify": verify or True}

        def attempt() -> requests.Response:
            while wait := self._pace.turn():
                self._sleep(wait)
            return self._paced(request, options)

        def enough(state: tenacity.RetryCallState) -> bool:
            done_by = self._retry.clock() - started + state.upcoming_sleep
            return state.attempt_number >= self._retry.attempts or done_by > self._retry.total_seconds

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_help),
            wait=self._wait,
            stop=enough,
            sleep=self._sleep,
            before_sleep=_log_retry,
            reraise=True,
        )
        return retrying(attempt)

    def _paced(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        """Send once, and let the pace learn from the answer."""
        sent = self._retry.clock()
        try:
            response = self._attempt(request, options)
        except RateLimitError as error:
            wait = self._retry.first_wait if error.retry_after is None else error.retry_after
            # a wait beyond the budget is this request's error, and no reason to hold up the others
            self._pace.refused(sent=sent, wait=wait if wait <= self._retry.total_seconds else 0.0)
            raise
        self._pace.answered()
        return response

    def _sleep(self, seconds: float) -> None:
        stop: threading.Event | None = getattr(self.stops, "event", None)
        if stop is None:
            self._retry.sleep(seconds)
            return
        if self._retry.sleep is not time.sleep:
            self._retry.sleep(seconds)
        else:
            stop.wait(seconds)
        if stop.is_set():
            raise NetworkError("the walk was stopped before this request was sent")

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, ApiError) else None
        return self._retry.backoff(state.attempt_number) if asked is None else asked

    def _attempt(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        began = self._retry.clock()
        _log.debug("GET %s", request.url)
        try:
            with self._connections.answer_by(began + self._retry.attempt_seconds):
                response = super().send(request, stream=True, **options)
                body = self._read(response.raw, f"GET {request.url}")
        except requests.exceptions.SSLError as error:
            raise NetworkError(f"GET {request.url}: the server's certificate was refused: {error}") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, zlib.error) as error:
            message = f"GET {request.url}: no whole answer arrived: {error}"
            if self._retry.clock() - began >= self._retry.attempt_seconds:
                message = f"GET {request.url}: the answer took longer than {self._retry.attempt_seconds:g} s"
            raise NetworkError(message, retryable=True) from error
        _log.debug(
            "GET %s: %d, %d bytes in %.2f s",
            request.url, response.status_code, len(body), self._retry.clock() - began,
        )  # fmt: skip
        # requests-cache and requests find the body where they would have put it themselves
        response._content = body  # noqa: SLF001
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        if response.status_code != requests.codes.ok:
            raise refusal(response, now=self._retry.wall_clock())
        setattr(response, VALUE, _json_object(body, str(request.url)))
        return response

    def _read(self, raw: urllib3.HTTPResponse, asked: str) -> bytes:
        """Read a body piece by piece, within the size cap."""
        try:
            return b"".join(_pieces(raw, asked))
        except BaseException:
            raw.close()  # what is left on the connection is of no use to the next request
            raise

    def close(self) -> None:
        """Close the connections."""
        super().close()


def _pieces(raw: urllib3.HTTPResponse, asked: str) -> Iterator[bytes]:
    encoding = raw.headers.get("Content-Encoding", "identity").lower()
    unpacker = zlib.decompressobj(wbits=31) if encoding in {"gzip", "x-gzip"} else None
    if unpacker is None and encoding != "identity":
        raise NetworkError(f"{asked}: the answer is packed as {encoding!r}, which was not asked for")
    size = 0
    while piece := raw.read1(_CHUNK, decode_content=False):
        unpacked = unpacker.decompress(piece, MAX_BODY_BYTES + 1) if unpacker else piece
        size += len(unpacked)
        if size > MAX_BODY_BYTES:
            raise NetworkError(f"{asked}: the answer is larger than {MAX_BODY_BYTES} bytes")
        yield unpacked
    if unpacker and not unpacker.eof:
        raise NetworkError(f"{asked}: the packed answer ends too early", retryable=True)


def _object_of(response: requests.Response) -> dict[str, Any]:
    value: dict[str, Any] = getattr(response, VALUE)  # set when it was read, from wire or cache
    return value


def _may_help(error: BaseException) -> bool:
    return isinstance(error, ApiError) and error.retryable


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    _log.info("attempt %d failed, next in %.2f s: %s", state.attempt_number, state.upcoming_sleep, error)


def _json_object(body: bytes, url: str) -> dict[str, Any]:
    try:
        value, replaced = decode_answer(body)
    except JSONTextError as error:
        if error.cut_short:
            raise NetworkError(f"GET {url}: the answer stops in the middle", retryable=True) from error
        message = f"GET {url}: the answer is not JSON ({error}); it begins {_beginning(body)!r}"
        raise SchemaError(message) from error
    if not isinstance(value, dict):
        raise SchemaError(f"GET {url}: the answer is not a JSON object; it begins {_beginning(body)!r}")
    if replaced:
        message = f"GET {url}: {replaced} half characters (lone surrogates) were replaced"
        warn(message, DataWarning)
    return value


def _beginning(body: bytes) -> str:
    return body[:60].decode(errors="replace")
