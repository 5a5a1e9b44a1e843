"""What the panel says of an error: a sentence, and its name where it is no error of ours."""

from __future__ import annotations

from typing import Final

from milestone_kit.errors import IncompleteError, MilestoneKitError, NetworkError

__all__ = ["error_words"]

_LONGEST: Final = 600
_REASON: Final = 160


def error_words(error: BaseException) -> str:
    """Return an error in words.

    Examples
    --------
    >>> from milestone_kit.errors import QueryError
    >>> error_words(QueryError("From must lie before To"))
    'From must lie before To'
    >>> error_words(KeyError("end"))
    "This should not have happened: KeyError: 'end'"
    """
    cause = error.__cause__ if isinstance(error, IncompleteError) else error
    if isinstance(cause, NetworkError):
        why = " ".join(str(cause).split())[:_REASON]
        return f"The server does not answer; what is here stays, and Refresh tries again. The reason: {why}"
    if isinstance(error, MilestoneKitError):
        return str(error)[:_LONGEST]
    return f"This should not have happened: {type(error).__name__}: {error}"[:_LONGEST]
