"""How one request is sent: at the shared pace, checked, read within bounds, again where that may help."""

from __future__ import annotations

import logging
import os
import ssl
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from milestone_kit.api.bodies import json_object, read_body
from milestone_kit.api.connections import Connections
from milestone_kit.api.pace import Pace
from milestone_kit.api.page_cache import VALUE
from milestone_kit.api.refusals import refusal, refusal_in
from milestone_kit.api.server_clock import ServerClock
from milestone_kit.core.forks import renew_after_fork
from milestone_kit.errors import ApiError, NetworkError, RateLimitError

if TYPE_CHECKING:
    from milestone_kit.api.retry import Retry
    from milestone_kit.api.shown import Shown

__all__ = ["Wire"]

_AUTHORITIES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""The variables by which OpenSSL is told whom to trust; requests knows only names of its own."""

_MOST_HOSTS: Final = 10
_MOST_CONNECTIONS: Final = 32

_log = logging.getLogger("milestone_kit")


class Wire(HTTPAdapter):
    """Sends requests, and keeps what all of them share: connections, pace, and what time it is at the server.

    Parameters
    ----------
    requests_per_second : float
        The pace of all requests together, retries included.
    retry : Retry
        How often and how long one request is tried.
    shown : Shown
        Keeps secrets out of what is said.

    Attributes
    ----------
    server_clock : ServerClock
        Set by every answer.
    stops : threading.local
        `event` ends the waits of a thread once it is set.
    """

    def __init__(self, requests_per_second: float, retry: Retry, shown: Shown) -> None:
        self._connections = Connections(retry.clock)
        super().__init__(max_retries=0, pool_maxsize=_MOST_CONNECTIONS)
        self._pace = Pace(requests_per_second, clock=retry.clock)
        self._retry = retry
        self._shown = shown
        self.server_clock = ServerClock()
        self.stops = threading.local()
        renew_after_fork(self)

    def renew(self) -> None:
        """Open connections of one's own from now on."""
        self.init_poolmanager(_MOST_HOSTS, _MOST_CONNECTIONS)
        self.proxy_manager = {}
        self.stops = threading.local()

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
        REQUESTS_CA_BUNDLE and SSL_CERT_FILE do, and switches nothing off.
        """
        started = self._retry.clock()
        trusted = verify if isinstance(verify, str) and verify else _named_authorities()
        options = {"timeout": timeout, "proxies": proxies, "verify": trusted}

        def attempt() -> requests.Response:
            while wait := self._pace.turn():
                self._sleep(wait)
            return self._paced(request, options)

        def enough(state: tenacity.RetryCallState) -> bool:
            done_by = self._retry.clock() - started + state.upcoming_sleep
            return state.attempt_number >= self._retry.attempts or done_by > self._retry.total_seconds

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_help_at_once),
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
        """Send once; return an answer that is a JSON object and says what was asked."""
        asked = self._shown(f"GET {request.url}")
        began = self._retry.clock()
        _log.debug(asked)
        response, body = self._exchange(request, options, asked, began)
        arrived = self._retry.clock()
        self.server_clock.heard(response.headers.get("Date"), arrived=arrived)
        _log.debug("%s: %d, %d bytes in %.2f s", asked, response.status_code, len(body), arrived - began)
        # requests-cache and requests find the body where they would have put it themselves
        response._content = body  # noqa: SLF001
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        if response.status_code != requests.codes.ok:
            raise refusal(response, asked, now=self._retry.wall_clock())
        value = json_object(body, asked)
        refused = refusal_in(value, body, asked)
        if refused is not None:
            raise refused
        setattr(response, VALUE, value)
        return response

    def _exchange(
        self, request: requests.PreparedRequest, options: dict[str, Any], asked: str, began: float
    ) -> tuple[requests.Response, bytes]:
        """Send once and read the answer; every way in which that can fail is a NetworkError."""
        try:
            with self._connections.answer_by(began + self._retry.attempt_seconds):
                response = super().send(request, stream=True, **options)
                return response, read_body(response.raw, asked)
        except requests.exceptions.SSLError as error:
            refused = _is_refused_certificate(error)
            what = "the server's certificate was refused" if refused else "no secure connection came about"
            said = self._shown(f"{asked}: {what}: {error}")
            raise NetworkError(said, retryable=not refused) from self._shown.cause(error)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, zlib.error) as error:
            said = self._shown(f"{asked}: no whole answer arrived: {error}")
            if self._retry.clock() - began >= self._retry.attempt_seconds:
                said = f"{asked}: the answer took longer than {self._retry.attempt_seconds:g} s"
            raise NetworkError(said, retryable=True) from self._shown.cause(error)


def _named_authorities() -> str | bool:
    """Return whom the environment says to trust, as OpenSSL's own programs do; True where it says nothing."""
    for name in _AUTHORITIES:
        path = os.environ.get(name)
        if path:
            if not Path(path).exists():
                raise NetworkError(
                    f"{name}={path!r}: there is no such file; name one with the certificates to trust, "
                    "or unset the variable"
                )
            return path
    return True


def _is_refused_certificate(error: BaseException) -> bool:
    """Tell whether the server showed a certificate that is not trusted, and not just broke off."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _may_help_at_once(error: BaseException) -> bool:
    """Tell whether to try again; where a redirect leads does not change within seconds."""
    is_redirect = isinstance(error, ApiError) and 300 <= (error.status_code or 0) < 400
    return isinstance(error, ApiError) and error.retryable and not is_redirect


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    _log.info("attempt %d failed, next in %.2f s: %s", state.attempt_number, state.upcoming_sleep, error)
