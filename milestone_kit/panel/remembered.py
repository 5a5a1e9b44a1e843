"""A method that gives the same object again when it is asked the same again."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["remembered"]

_Self = TypeVar("_Self")
_P = ParamSpec("_P")
_T = TypeVar("_T")

_MOST: Final = 8
"""How many answers a method keeps; a mask of 137,200 rows takes 137 kB."""


def remembered(
    method: Callable[Concatenate[_Self, _P], _T],
) -> Callable[Concatenate[_Self, _P], _T]:
    """Let a method keep its last answers with its object: the same arguments bring the same object.

    The arguments are positional and can be hashed; the answer depends on nothing else that changes.

    Examples
    --------
    >>> class Table:
    ...     @remembered
    ...     def page(self, number):
    ...         return [number]
    >>> table = Table()
    >>> table.page(1) is table.page(1)
    True
    """
    place = f"_remembered_{method.__name__}"

    @functools.wraps(method)
    def call(self: _Self, /, *key: _P.args, **none: _P.kwargs) -> _T:
        known = self.__dict__.setdefault(place, {})
        if key not in known:
            if len(known) >= _MOST:
                del known[next(iter(known))]
            known[key] = method(self, *key, **none)
        answer: _T = known[key]
        return answer

    return call
