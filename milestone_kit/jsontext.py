"""Strict JSON: decode what a server sent, and refuse what the standard does not allow."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

__all__ = ["JSONTextError", "decode", "replace_lone_surrogates"]

# a well-formed pair and an escaped backslash are eaten first, so that what is left over is lone
_ESCAPES: Final = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.", re.DOTALL)


class JSONTextError(ValueError):
    """A text is not JSON.

    Attributes
    ----------
    cut_short : bool
        Whether the text looks like the beginning of JSON, so that asking again may help.
    """

    def __init__(self, message: str, *, cut_short: bool) -> None:
        super().__init__(message)
        self.cut_short = cut_short


def decode(text: bytes) -> tuple[Any, int]:
    """Decode JSON text; NaN, Infinity, numbers beyond a double and deep nesting are refused.

    Parameters
    ----------
    text : bytes
        UTF-8.

    Returns
    -------
    value : object
        What the text says.
    replaced : int
        How many lone surrogates (half characters, written as escapes) were replaced by U+FFFD.

    Raises
    ------
    JSONTextError
        When the text is not JSON; its message says where.

    Examples
    --------
    >>> decode(b'{"title": "A at B"}')
    ({'title': 'A at B'}, 0)
    """
    try:
        return orjson.loads(text), 0
    except orjson.JSONDecodeError as error:
        mended, replaced = replace_lone_surrogates(text)
        if replaced:
            return decode(mended)[0], replaced
        raise JSONTextError(str(error), cut_short=_is_cut_short(text, error)) from error


def replace_lone_surrogates(text: bytes) -> tuple[bytes, int]:
    r"""Replace escapes of half characters in JSON text by U+FFFD, and count them.

    Examples
    --------
    >>> replace_lone_surrogates(rb'"\ud800 \ud83d\ude00 \\ud800"')
    (b'"\\ufffd \\ud83d\\ude00 \\\\ud800"', 1)
    """
    replaced = 0

    def mend(escape: re.Match[bytes]) -> bytes:
        nonlocal replaced
        if escape[1] is None:
            return escape[0]
        replaced += 1
        return rb"\ufffd"

    return _ESCAPES.sub(mend, text), replaced


def _is_cut_short(text: bytes, error: orjson.JSONDecodeError) -> bool:
    begun = text.lstrip()
    if begun[:1] not in {b"{", b"["}:
        return not begun
    try:
        return error.pos >= len(text.decode())
    except UnicodeDecodeError as undecodable:
        return undecodable.end == len(text)
