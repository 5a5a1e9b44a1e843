"""Every error and warning that milestone_kit raises, under one root each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AddressWarning",
    "ApiError",
    "CacheError",
    "CacheWarning",
    "DataWarning",
    "EmptyResultWarning",
    "IncompleteError",
    "MilestoneKitError",
    "MilestoneKitWarning",
    "NetworkError",
    "NotFoundError",
    "NotJSONError",
    "OfflineError",
    "PaginationError",
    "QueryError",
    "RateLimitError",
    "SchemaError",
    "StaleWarning",
    "TooLargeError",
]


class MilestoneKitError(Exception):
    """Root of every error that this package raises on purpose."""


class QueryError(MilestoneKitError, ValueError):
    """An argument has a value that cannot be used; nothing was sent.

    The message names the argument, the value and what is allowed.
    """


class ApiError(MilestoneKitError):
    """The server refused or failed to answer.

    Attributes
    ----------
    status_code : int or None
        HTTP status; None when there was no answer at all.
    body : str
        The server's words, shortened to a few hundred characters; "" when there was no answer.
    retry_after : float or None
        Seconds the server asked to wait, where it did.
    retryable : bool
        Whether the same request may succeed later; an older answer may then stand in (`stale_if_error`).
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        body: str = "",
        retry_after: float | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.body = body
        self.retry_after = retry_after
        self.retryable = retryable


class NetworkError(ApiError):
    """No usable answer arrived: refused, reset, timed out, cut short or too large."""


class RateLimitError(ApiError):
    """The server answered 429 until the retry budget was spent."""


class NotFoundError(ApiError):
    """The server answered 404: no milestone has this id, or the address is wrong."""


class SchemaError(MilestoneKitError):
    """Data does not follow the contract.

    Attributes
    ----------
    id : str or None
        The milestone's id, where it is known.
    field : str or None
        The field or column at fault, where there is one.
    """

    def __init__(self, message: str, *, id: str | None = None, field: str | None = None) -> None:  # noqa: A002 - the field's own name
        super().__init__(message)
        self.id = id
        self.field = field


class NotJSONError(SchemaError):
    """An answer with status 200 is no JSON: as a rule, a page of a proxy, or one about maintenance."""


class PaginationError(MilestoneKitError):
    """The server's pages lead to no end: a cursor or a page came twice, or the page cap was reached."""


class IncompleteError(MilestoneKitError):
    """A fetch stopped before the end, or brought too little to be believed; what came is in `partial`.

    Attributes
    ----------
    partial : pandas.DataFrame
        The rows that arrived, in the milestones schema, `attrs["milestone_kit"]["complete"]` False.
    pages : int
        How many pages arrived.
    missing : int
        How many milestones that were known did not come in a sweep that reached its end; else 0.

    Notes
    -----
    Asking again with the same arguments goes on from the last page that arrived, as long as the
    cached pages of the walk have not expired.
    """

    def __init__(self, message: str, *, partial: pd.DataFrame, pages: int, missing: int = 0) -> None:
        super().__init__(message)
        self.partial = partial
        self.pages = pages
        self.missing = missing


class TooLargeError(MilestoneKitError):
    """An answer takes more memory than a walk may hold; the message says how to ask for less."""


class OfflineError(MilestoneKitError):
    """`offline=True` and the cache holds no complete answer to this query."""


class CacheError(MilestoneKitError):
    """The cache folder cannot be used in a way that the request depends on."""


class MilestoneKitWarning(UserWarning):
    """Root of every warning that this package gives on purpose."""


class AddressWarning(MilestoneKitWarning):
    """The API's address did not answer, and an older one of the same API is asked instead."""


class CacheWarning(MilestoneKitWarning):
    """The cache could not be read or written; the answer itself is not affected."""


class DataWarning(MilestoneKitWarning):
    """Some values from the server were repaired or set to missing; the message counts them."""


class EmptyResultWarning(MilestoneKitWarning):
    """A filtered query matched nothing; the message names near values that exist."""


class StaleWarning(MilestoneKitWarning):
    """The network failed and an older complete table was returned, as was allowed."""
