"""What may be asked of `GET /milestones`, checked before any request is made.

Source of the parameters: Kalshi's endpoint description (`limit`, `minimum_start_date`, `category`,
`competition`, `source_id`, `type`, `related_event_ticker`, `cursor`) and `min_updated_ts` (Unix
seconds), which the server knows but the description does not. `maximum_start_date` is ours: pages
come ordered by start date, so a walk can stop there.
"""

from __future__ import annotations

import datetime as dt
import json
import numbers
import operator
import zoneinfo
from dataclasses import asdict, dataclass, fields
from typing import Final

import pandas as pd

from milestone_kit.errors import QueryError

__all__ = ["MAX_LIMIT", "DateLike", "Query", "check_limit", "check_max_rows", "check_zone", "to_utc"]

MAX_LIMIT: Final = 500
"""The largest page the server gives; 501 answers 400."""

DateLike = str | dt.date | dt.datetime | pd.Timestamp
"""What the date arguments accept; a naive value is taken as UTC."""

_FILTERS: Final = ("category", "competition", "type", "source_id", "related_event_ticker")


def to_utc(value: DateLike, name: str) -> pd.Timestamp:
    """Read a date-like value as a UTC timestamp of microsecond precision.

    Parameters
    ----------
    value : str, datetime.date, datetime.datetime or pandas.Timestamp
        A naive value is taken as UTC; a bare date as its midnight.
    name : str
        The argument's name, for the error.

    Returns
    -------
    pandas.Timestamp
        With timezone UTC and unit microseconds.

    Raises
    ------
    QueryError
        When the value is no date, or is missing.

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
    try:
        stamp = pd.Timestamp(value)
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{name}={value!r} is not a date; write it like '2026-01-15T20:00:00Z'") from error
    if pd.isna(stamp):
        raise QueryError(f"{name}={value!r} is not a date; leave the argument out to set no bound")
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return stamp.as_unit("us")


def check_zone(tz: str | None) -> str:
    """Return the IANA name of a time zone ("UTC" for None), or raise QueryError."""
    if tz is None:
        return "UTC"
    try:
        return zoneinfo.ZoneInfo(tz).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        raise QueryError(f"tz={tz!r} is no time zone; give an IANA name like 'America/New_York'") from error


def check_limit(limit: int) -> int:
    """Return the page size as an int, or raise QueryError unless it is one of 1..500."""
    return _whole_number(limit, "limit", 1, MAX_LIMIT)


def check_max_rows(max_rows: int | None) -> int | None:
    """Return the row cap as an int or None, or raise QueryError unless it is positive."""
    return None if max_rows is None else _whole_number(max_rows, "max_rows", 1, None)


def _whole_number(value: object, name: str, low: int, high: int | None) -> int:
    allowed = f"a whole number of at least {low}" if high is None else f"a whole number from {low} to {high}"
    # bool is an int to Python, but limit=True is a slip and never a page size
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise QueryError(f"{name}={value!r}: expected {allowed}, got {type(value).__name__}")
    number = operator.index(value)
    if number < low or (high is not None and number > high):
        raise QueryError(f"{name}={value!r}: expected {allowed}")
    return number


def _filter_text(value: object, name: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise QueryError(f"{name}={value!r}: expected text, got {type(value).__name__}; ask once per value")
    if not value.strip():
        raise QueryError(f"{name}={value!r} is empty; leave the argument out to set no filter")
    return value


def _rfc3339(stamp: pd.Timestamp) -> str:
    text = stamp.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{stamp.microsecond:06d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def _unix_seconds(value: object, name: str) -> int:
    if isinstance(value, numbers.Integral):
        return _whole_number(value, name, 0, None)
    return int(to_utc(value, name).timestamp())  # type: ignore[arg-type]  # to_utc names what is wrong


@dataclass(frozen=True, slots=True)
class Query:
    """One question to `GET /milestones`, already checked and in the form that is sent.

    Make one with `Query.of`. Dates are RFC 3339 text with `Z`; `min_updated_ts` is Unix seconds.
    """

    category: str | None = None
    competition: str | None = None
    type: str | None = None
    source_id: str | None = None
    related_event_ticker: str | None = None
    minimum_start_date: str | None = None
    maximum_start_date: str | None = None
    min_updated_ts: int | None = None

    @classmethod
    def of(
        cls,
        *,
        category: str | None = None,
        competition: str | None = None,
        type: str | None = None,  # noqa: A002 - the endpoint's own name
        source_id: str | None = None,
        related_event_ticker: str | None = None,
        minimum_start_date: DateLike | None = None,
        maximum_start_date: DateLike | None = None,
        min_updated_ts: DateLike | int | None = None,
    ) -> Query:
        """Check every argument and build the query.

        Raises
        ------
        QueryError
            Naming the argument, its value and what is allowed.

        Examples
        --------
        >>> Query.of(category="Sports", minimum_start_date="2026-01-15").server_params()
        {'category': 'Sports', 'minimum_start_date': '2026-01-15T00:00:00Z'}
        """
        low = None if minimum_start_date is None else to_utc(minimum_start_date, "minimum_start_date")
        high = None if maximum_start_date is None else to_utc(maximum_start_date, "maximum_start_date")
        if low is not None and high is not None and low > high:
            raise QueryError(
                f"minimum_start_date={minimum_start_date!r} lies after "
                f"maximum_start_date={maximum_start_date!r}; swap them"
            )
        return cls(
            category=_filter_text(category, "category"),
            competition=_filter_text(competition, "competition"),
            type=_filter_text(type, "type"),
            source_id=_filter_text(source_id, "source_id"),
            related_event_ticker=_filter_text(related_event_ticker, "related_event_ticker"),
            minimum_start_date=None if low is None else _rfc3339(low),
            maximum_start_date=None if high is None else _rfc3339(high),
            min_updated_ts=None
            if min_updated_ts is None
            else _unix_seconds(min_updated_ts, "min_updated_ts"),
        )

    def server_params(self) -> dict[str, str]:
        """Return the query parameters that the server knows, as text, without `limit` and `cursor`."""
        return {name: str(value) for name, value in self.as_dict().items() if name != "maximum_start_date"}

    def as_dict(self) -> dict[str, str | int]:
        """Return the arguments that are set, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def key(self) -> str:
        """Return one text per distinct query, the same on every machine and in every session."""
        return json.dumps(self.as_dict(), sort_keys=True, ensure_ascii=True)

    def filters(self) -> dict[str, str]:
        """Return the exact-match filters that are set: the values a user can misspell."""
        return {name: str(value) for name, value in self.as_dict().items() if name in _FILTERS}

    @staticmethod
    def names() -> tuple[str, ...]:
        """Return the names of all query arguments."""
        return tuple(field.name for field in fields(Query))
