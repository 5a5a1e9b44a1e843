"""What may be asked of `GET /milestones`, checked before any request is made.

Source of the parameters: Kalshi's description of the endpoint (`limit`, `minimum_start_date`, `category`,
`competition`, `source_id`, `type`, `related_event_ticker`, `cursor`, and since 3.13 `min_updated_ts`, Unix
seconds). `maximum_start_date` is ours: pages come ordered by start date, so a walk can stop there.
"""

from __future__ import annotations

import json
import numbers
from dataclasses import asdict, dataclass, fields
from typing import Final, TypedDict, Unpack

from milestone_kit.core.arguments import (
    DateLike,
    check_text,
    check_whole_number,
    iso_bounds,
    spelled_out,
    to_utc,
)
from milestone_kit.errors import QueryError

__all__ = ["MAX_LIMIT", "Query", "QueryOptions", "check_limit", "check_max_rows"]

MAX_LIMIT: Final = 500
"""The largest page the server gives; 501 answers 400."""

_MOST_ROWS: Final = 10**12
"""A larger cap caps nothing; that of a table is 2**63."""

_LAST_SECOND: Final = 253_402_300_799  # 9999-12-31T23:59:59Z
_FILTERS: Final = ("category", "competition", "type", "source_id", "related_event_ticker")


def check_limit(limit: int) -> int:
    """Return the page size as an int, or raise QueryError unless it is one of 1..500."""
    return check_whole_number(limit, "limit", 1, MAX_LIMIT)


def check_max_rows(max_rows: int | None) -> int | None:
    """Return the row cap as an int or None, or raise QueryError unless it is positive."""
    return None if max_rows is None else min(check_whole_number(max_rows, "max_rows"), _MOST_ROWS)


def _filter_text(value: object, name: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise QueryError(f"{name}={value!r}: expected text, got {type(value).__name__}; ask once per value")
    if not value.strip():
        raise QueryError(f"{name}={value!r} is empty; leave the argument out to set no filter")
    return check_text(value, name)


def _unix_seconds(value: object, name: str) -> int:
    if isinstance(value, numbers.Integral):
        return check_whole_number(value, name, 0, _LAST_SECOND)
    return int(to_utc(value, name).timestamp())  # type: ignore[arg-type]  # to_utc names what is wrong


class QueryOptions(TypedDict, total=False):
    """The arguments that say which milestones are wanted; see `get_milestones`."""

    category: str | None
    competition: str | None
    type: str | None
    source_id: str | None
    related_event_ticker: str | None
    minimum_start_date: DateLike | None
    maximum_start_date: DateLike | None
    min_updated_ts: DateLike | int | None


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
    @spelled_out(QueryOptions)
    def of(cls, **given: Unpack[QueryOptions]) -> Query:
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
        low, high = iso_bounds(
            given.get("minimum_start_date"),
            given.get("maximum_start_date"),
            ("minimum_start_date", "maximum_start_date"),
        )
        updated = given.get("min_updated_ts")
        return cls(
            **{name: _filter_text(given.get(name), name) for name in _FILTERS},
            minimum_start_date=low,
            maximum_start_date=high,
            min_updated_ts=None if updated is None else _unix_seconds(updated, "min_updated_ts"),
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
