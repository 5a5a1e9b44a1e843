"""What users give, read once: dates, durations, time zones, whole numbers; each error names the argument."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import numbers
import operator
import re
import zoneinfo
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "DateLike",
    "TimedeltaLike",
    "check_flag",
    "check_share",
    "check_text",
    "check_whole_number",
    "check_zone",
    "iso",
    "iso_bounds",
    "read_duration",
    "read_ids",
    "read_now",
    "spelled_out",
    "to_utc",
]

DateLike = str | dt.date | dt.datetime | pd.Timestamp
"""What the date arguments accept; a naive value is taken as UTC."""

TimedeltaLike = str | dt.timedelta | np.timedelta64
"""What durations accept: `pandas.Timedelta` is a `datetime.timedelta`; text such as "90min", "7d" or "h"."""

_P = ParamSpec("_P")
_T = TypeVar("_T")
_DAYS: Final = re.compile(r"(?<=\d)\s*d(?![a-z])")
_ISO: Final = re.compile(
    r"\d{4}(-\d{1,2}(-\d{1,2})?|\d{4})?"
    r"([T ]\d{1,2}(:?\d\d(:?\d\d([.,]\d+)?)?)?\s*(Z|UTC|[+-]\d\d(:?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_FIRST: Final = np.timedelta64(0, "us")
_LAST: Final = pd.Timedelta.max.as_unit("us").to_timedelta64()


def to_utc(value: DateLike, name: str) -> pd.Timestamp:
    """Read a date-like value as a UTC timestamp of microsecond precision.

    Parameters
    ----------
    value : str, datetime.date, datetime.datetime or pandas.Timestamp
        A naive value is taken as UTC; a bare date as its midnight. Text as in ISO 8601: year first.
    name : str
        The argument's name, for the error.

    Returns
    -------
    pandas.Timestamp
        With timezone UTC and unit microseconds.

    Raises
    ------
    QueryError
        When the value is no date, could be several, or is missing.

    Examples
    --------
    >>> to_utc("2026-01-15T12:00+02:00", "minimum_start_date")
    Timestamp('2026-01-15 10:00:00+0000', tz='UTC')
    """
    if not isinstance(value, (str, dt.date)):
        raise QueryError(
            f"{name}={value!r}: expected a date as str, date, datetime or Timestamp, "
            f"got {type(value).__name__}"
        )
    # what else pandas reads depends on the country (1/2/3) or on today ("10:00", "5")
    if isinstance(value, str) and value.strip() and not _ISO.fullmatch(value.strip()):
        raise QueryError(
            f"{name}={value!r} is not a date that can be read in one way only; "
            "write it like '2026-01-15' or '2026-01-15T20:00:00Z'"
        )
    try:
        stamp = pd.Timestamp(value)
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{name}={value!r} is not a date; write it like '2026-01-15T20:00:00Z'") from error
    if pd.isna(stamp):
        raise QueryError(f"{name}={value!r} is not a date; leave the argument out to set no bound")
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return stamp.as_unit("us")


def read_now(now: DateLike | None) -> pd.Timestamp:
    """Read the argument `now`: a moment as `to_utc` reads it, the current one for None."""
    return pd.Timestamp.now("UTC").as_unit("us") if now is None else to_utc(now, "now")


def iso(stamp: pd.Timestamp) -> str:
    """Write a UTC timestamp as RFC 3339 does, with `Z` and without zeros at the end of a fraction.

    Examples
    --------
    >>> iso(pd.Timestamp("2026-01-15T20:00:00.250Z"))
    '2026-01-15T20:00:00.25Z'
    """
    text = stamp.tz_localize(None).isoformat()
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "Z"


def iso_bounds(
    low: DateLike | None, high: DateLike | None, names: tuple[str, str]
) -> tuple[str | None, str | None]:
    """Read two dates that bound a span, both included, as RFC 3339 text; None for no bound.

    Raises
    ------
    QueryError
        When one is no date, or the first lies after the second.
    """
    first, last = (
        None if bound is None else to_utc(bound, name) for bound, name in zip((low, high), names, strict=True)
    )
    if first is not None and last is not None and first > last:
        raise QueryError(f"{names[0]}={low!r} lies after {names[1]}={high!r}; swap them")
    return None if first is None else iso(first), None if last is None else iso(last)


def read_duration(
    value: object,
    name: str,
    *,
    least: np.timedelta64 = _FIRST,
    most: np.timedelta64 = _LAST,
    seconds: bool = False,
) -> np.timedelta64:
    """Read a duration.

    Parameters
    ----------
    value : str, datetime.timedelta or numpy.timedelta64
        Text such as "90min", "1d12h", "7D", ISO 8601's "PT90M", or a unit alone ("h").
    name : str
        The argument's name, for the error.
    least, most : numpy.timedelta64
        Bounds, both included; zero and nearly 300,000 years unless told otherwise.
    seconds : bool
        Whether a plain number is one of seconds. Elsewhere numbers are refused: nobody can tell their unit.

    Returns
    -------
    numpy.timedelta64
        In microseconds.

    Raises
    ------
    QueryError
        When it is no duration or out of bounds.

    Examples
    --------
    >>> read_duration("h", "freq"), read_duration(90, "expire_after", seconds=True)
    (np.timedelta64(3600000000,'us'), np.timedelta64(90000000,'us'))
    """
    bounds = f"from {_words(least)} to {_words(most)}" if most < _LAST else f"{_words(least)} or longer"
    number = ", or seconds" if seconds else ""
    expected = (
        f"{name}={value!r}: expected a duration such as '90min', '7d' or "
        f"pandas.Timedelta(hours=2){number}, {bounds}"
    )
    # numpy counts its durations among the whole numbers
    is_number = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.timedelta64))
    if not isinstance(value, (str, dt.timedelta, np.timedelta64)) and not (seconds and is_number):
        raise QueryError(f"{expected}; got {type(value).__name__}")
    try:
        if isinstance(value, str):
            # "h" is one hour; a duration as ISO 8601 writes it begins with a P
            text = f"1{value}" if value[:1].isalpha() and value[:1] != "P" else value
            span = pd.Timedelta(_DAYS.sub("D", text))  # pandas wants days as "D"; people write "7d"
        else:
            span = pd.Timedelta(value, unit="s") if is_number else pd.Timedelta(value)  # type: ignore[arg-type]  # checked above
        span_us = np.timedelta64("NaT", "us") if pd.isna(span) else span.as_unit("us").to_timedelta64()
    except (ValueError, OverflowError) as error:
        raise QueryError(expected) from error
    if np.isnat(span_us) or not least <= span_us <= most:
        raise QueryError(expected)
    return span_us


def _words(span: np.timedelta64) -> str:
    us = int(span.astype("timedelta64[us]").astype(np.int64))
    if us == 0:
        return "zero"
    for unit, size in (("days", 86_400_000_000), ("s", 1_000_000)):
        if us % size == 0:
            return f"{us // size} {unit}"
    return f"{us} us"


def check_zone(tz: str | None) -> str:
    """Return the IANA name of a time zone ("UTC" for None), or raise QueryError."""
    if tz is None:
        return "UTC"
    try:
        return zoneinfo.ZoneInfo(tz).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        raise QueryError(f"tz={tz!r} is no time zone; give an IANA name like 'America/New_York'") from error


def check_whole_number(value: object, name: str, low: int = 1, high: int | None = None) -> int:
    """Return a whole number within its bounds, both included, or raise QueryError.

    Examples
    --------
    >>> check_whole_number(500, "limit", 1, 500)
    500
    """
    allowed = f"a whole number of at least {low}" if high is None else f"a whole number from {low} to {high}"
    # bool is an int to Python, but limit=True is a slip and never a page size
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise QueryError(f"{name}={value!r}: expected {allowed}, got {type(value).__name__}")
    number = operator.index(value)
    if number < low or (high is not None and number > high):
        raise QueryError(f"{name}={value!r}: expected {allowed}")
    return number


def check_text(text: str, name: str) -> str:
    """Return text that can be sent and stored, or raise QueryError where half a character is in it."""
    if not text.isascii() and re.search("[\ud800-\udfff]", text):
        raise QueryError(
            f"{name}={text!r} has half a character in it (a lone surrogate), which no text has; "
            "was it cut, or decoded as something that it is not?"
        )
    return text


def check_flag(value: object, name: str) -> bool:
    """Return True or False, or raise QueryError for anything else."""
    if not isinstance(value, bool):
        raise QueryError(f"{name}={value!r}: expected True or False")
    return value


def check_share(value: object, name: str) -> float:
    """Return a number above 0 and up to 1, or raise QueryError.

    Examples
    --------
    >>> check_share(0.1, "share")
    0.1
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 < float(value) <= 1:
        raise QueryError(f"{name}={value!r}: expected a number above 0 and up to 1")
    return float(value)


def spelled_out(options: type) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Let a function that takes `**Unpack[options]` show these keywords as its own, and refuse any other.

    Parameters
    ----------
    options : type
        A TypedDict whose keys may all be left out. What is left out counts as None.

    Examples
    --------
    >>> from milestone_kit.core.query import QueryOptions
    >>> @spelled_out(QueryOptions)
    ... def ask(*, limit=500, **query): ...
    >>> list(inspect.signature(ask).parameters)[-2:]
    ['min_updated_ts', 'limit']
    """

    def decorate(function: Callable[_P, _T]) -> Callable[_P, _T]:
        signature = inspect.signature(function)
        *own, _ = signature.parameters.values()
        given = [each for each in own if each.kind is not inspect.Parameter.KEYWORD_ONLY]
        keyword = inspect.Parameter.KEYWORD_ONLY
        added = [
            inspect.Parameter(name, keyword, default=None, annotation=getattr(kind, "__forward_arg__", kind))
            for name, kind in inspect.get_annotations(options).items()
        ]
        shown = [*given, *added, *(each for each in own if each not in given)]
        known = {each.name for each in shown}

        @functools.wraps(function)
        def call(*arguments: _P.args, **options: _P.kwargs) -> _T:
            for name in options:
                if name not in known:
                    names = [each.name for each in shown if each.name not in {"self", "cls"}]
                    raise TypeError(
                        f"{function.__name__}() got an unexpected keyword argument {name!r}; "
                        f"it takes {', '.join(names)}"
                    )
            return function(*arguments, **options)

        as_shown: Any = call
        as_shown.__signature__ = signature.replace(parameters=shown)
        return call

    return decorate


def read_ids(ids: object, name: str) -> list[str]:
    """Return the distinct ids that were given, in their order.

    Parameters
    ----------
    ids : str or iterable of str
        One id, or several: a list, a Series, an Index.
    name : str
        The argument's name, for the error.

    Raises
    ------
    QueryError
        When one is no text, or blank.

    Examples
    --------
    >>> read_ids(["b", "a", "b"], "ids_or_df")
    ['b', 'a']
    """
    several = [ids] if isinstance(ids, str) else ids
    if not isinstance(several, Iterable) or isinstance(several, (bytes, dict)):
        raise QueryError(
            f"{name}={ids!r:.80}: expected an id or several ids as text, got {type(ids).__name__}"
        )
    asked = list(several)
    for each in asked:
        if not isinstance(each, str) or not each.strip():
            raise QueryError(f"{name}: {each!r:.80} is no id; expected text, as in df['id']")
    return [check_text(each, name) for each in dict.fromkeys(asked)]
