"""What a server says when it refuses: which error that is, in whose words, and when to ask again."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, Final

from requests import codes

from milestone_kit.api.server_clock import read_date
from milestone_kit.core.strict_json import JSONTextError, decode
from milestone_kit.errors import ApiError, NotFoundError, NotJSONError, RateLimitError

if TYPE_CHECKING:
    from requests import Response

__all__ = ["may_pass", "refusal", "refusal_in", "server_words"]

_LOOKED_AT: Final = 64 * 2**10
_SHOWN: Final = 300
_WORDS: Final = frozenset({"error", "errors", "code", "message", "msg", "details", "service", "status"})
_PASSING: Final = frozenset(
    {codes.found, codes.see_other, codes.temporary_redirect}
    | {codes.request_timeout, codes.too_early, codes.too_many_requests}
)
_UNSEEN: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.DOTALL | re.IGNORECASE)


def refusal(response: Response, asked: str, *, now: float) -> ApiError:
    """Return the error that a response stands for, whose status is not 200.

    Parameters
    ----------
    response : requests.Response
        Read whole.
    asked : str
        What was asked for.
    now : float
        Seconds since 1970, for a `Retry-After` that is a date where the server tells no time itself.

    Returns
    -------
    ApiError
        `NotFoundError` for 404, `RateLimitError` for 429. Retryable is what may pass: 5xx, 408, 425, 429, an
        answer without content (204 and its like), and a redirect that says of itself that it is temporary.
    """
    status, words = response.status_code, server_words(response.content)
    message = f"{asked}: the server answered {status}: {words or response.reason}"
    if response.is_redirect:
        target = response.headers.get("Location", "")
        message = f"{asked}: the server redirects to {target!r}; redirects are not followed"
    has_nothing = codes.ok < status < codes.multiple_choices
    passes = has_nothing or status in _PASSING or status >= codes.server_error
    kinds: dict[int, type[ApiError]] = {404: NotFoundError, 429: RateLimitError}
    return kinds.get(status, ApiError)(
        message,
        status_code=status,
        body=words,
        retry_after=_retry_after(response, now) if passes else None,
        retryable=passes,
    )


def refusal_in(value: dict[str, Any], body: bytes, asked: str) -> ApiError | None:
    """Return the error that an answer with status 200 tells in its body; None where it tells none.

    Parameters
    ----------
    value : dict
        The decoded body.
    body : bytes
        The body itself.
    asked : str
        What was asked for.
    """
    told = {name for name, content in value.items() if content}
    if not told or not told <= _WORDS or told.isdisjoint({"error", "errors", "message", "msg"}):
        return None
    words = server_words(body)
    message = f"{asked}: the server answered 200, and an error: {words}"
    return ApiError(message, status_code=codes.ok, body=words, retryable=True)


def may_pass(error: BaseException | None) -> bool:
    """Tell whether an error is one that may be gone later, so that an older answer may stand in meanwhile."""
    return (isinstance(error, ApiError) and error.retryable) or isinstance(error, NotJSONError)


def _retry_after(response: Response, now: float) -> float | None:
    """Read `Retry-After` as seconds from now; None for what is no use: absent, garbage or past."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text) or None
    until = read_date(text)
    there = read_date(response.headers.get("Date"))  # the server's own clock: ours may be wrong
    now = now if there is None else there
    return until - now if until is not None and until > now else None


def server_words(body: bytes) -> str:
    """Pull what the server wants to say out of an error body of any known shape.

    Parameters
    ----------
    body : bytes
        JSON (`{"error": "..."}`, `{"error": {"code", "message"}}`, `{"msg": "..."}`,
        `{"code", "message", "details"}`), HTML, plain text or nothing.

    Returns
    -------
    str
        One line of at most 300 characters, without markup.

    Examples
    --------
    >>> server_words(b'{"error": {"code": "bad_request", "message": "limit too large"}}')
    'bad_request: limit too large'
    >>> server_words(b"<html><title>502</title><h1>Bad  Gateway</h1></html>")
    '502 Bad Gateway'
    """
    try:
        value, _ = decode(body)
    except JSONTextError:
        text = html.unescape(_UNSEEN.sub(" ", body[:_LOOKED_AT].decode(errors="replace")))
    else:
        text = _said(value)
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    if "error" in value:
        return _said(value["error"])
    said = [str(value[key]) for key in ("code", "message", "msg", "details") if value.get(key)]
    return ": ".join(said) or str(value or "")
