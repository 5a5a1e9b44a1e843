"""Strict JSON: decode what a server sent, and refuse what the standard does not allow."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

import orjson

__all__ = ["JSONTextError", "decode", "replace_lone_surrogates"]

# a well-formed pair and an escaped backslash are eaten first, so that what is left over is lone
_ESCAPES: Final = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.", re.DOTALL)

_TO_ZEROS: Final = bytes.maketrans(b"123456789.", b"0" * 10)
_LONG: Final = b"0" * 17  # shorter numbers, their point counted, are exact as 64-bit integers or doubles
_INT64: Final = range(-(2**63), 2**64)


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
        What the text says. A number with more digits than a 64-bit integer or a double holds comes as
        an `orjson.Fragment`, which `orjson.dumps` writes as it was.
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
        value = orjson.loads(text)
        return (_exactly(text) if _LONG in text.translate(_TO_ZEROS) else value), 0
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


def _exactly(text: bytes) -> Any:
    """Decode sound JSON text so that no digit of a long number is lost."""
    try:
        return json.loads(text.decode(), parse_int=_whole_number, parse_float=_broken_number)
    except RecursionError as error:
        raise JSONTextError("it has long numbers and is nested too deep", cut_short=False) from error


def _whole_number(digits: str) -> int | orjson.Fragment:
    number = int(digits)
    return number if number in _INT64 else orjson.Fragment(digits)


def _broken_number(digits: str) -> float | orjson.Fragment:
    number = float(digits)
    return number if Decimal(digits) == Decimal(repr(number)) else orjson.Fragment(digits)


def _is_cut_short(text: bytes, error: orjson.JSONDecodeError) -> bool:
    begun = text.lstrip()
    if begun[:1] not in {b"{", b"["}:
        return not begun
    try:
        return error.pos >= len(text.decode())
    except UnicodeDecodeError as undecodable:
        return undecodable.end == len(text)
