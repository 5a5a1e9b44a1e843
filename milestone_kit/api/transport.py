"""GET requests that end in a decoded JSON object or in a typed error, at a set pace and within set bounds.

One `Transport` holds the connections, the pace and the retry budget of a client; every requests-cache
session it opens shares them. An answer reaches the cache only after it was read whole and found to
be a JSON object, so that nothing half or wrong is ever kept.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, TypeVar

import requests

from milestone_kit.api.page_cache import VALUE, page_session
from milestone_kit.api.retry import Retry
from milestone_kit.api.shown import Shown
from milestone_kit.api.wire import Wire
from milestone_kit.core.notices import warn
from milestone_kit.core.settings import is_loopback
from milestone_kit.errors import AddressWarning, NetworkError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from milestone_kit.api.page_cache import PageSession

_Session = TypeVar("_Session", bound=requests.Session)

__all__ = ["Retry", "Transport"]


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
        self._shown = Shown(url for url in (base_url, older_url) if url)
        self._retry = retry or Retry()
        self._adapter = Wire(requests_per_second, self._retry, self._shown)

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
            message = f"{self.base_url} does not answer; {self._older_url} is asked instead"
            warn(self._shown(message), AddressWarning)
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

    def clock(self) -> float:
        """Return monotonic seconds."""
        return self._retry.clock()

    def server_time(self, moment: float) -> float | None:
        """Return what the server's clock said, in seconds since 1970, at a moment of `clock`.

        A little less rather than more; None before any answer came, and where the server tells no `Date`.
        """
        return self._adapter.server_clock.at(moment)

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


def _object_of(response: requests.Response) -> dict[str, Any]:
    value: dict[str, Any] = getattr(response, VALUE)  # set when it was read, from wire or cache
    return value
