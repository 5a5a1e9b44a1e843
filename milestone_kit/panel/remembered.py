"""A method that gives the same object again when it is asked the same again."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["forget", "remembered"]

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
    place = _place(method.__name__)

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


def forget(thing: object, kept: Mapping[str, Callable[[tuple[Any, ...]], bool]]) -> None:
    """Let a copied object forget its answers, and keep those that still hold in dicts of its own.

    Parameters
    ----------
    thing : object
        Its methods are `remembered`.
    kept : mapping
        By the name of a method, which of its arguments have answers that still hold.
    """
    values = vars(thing)
    for place in [name for name in values if name.startswith(_place(""))]:
        holds = kept.get(place.removeprefix(_place("")), _never)
        values[place] = {key: answer for key, answer in values[place].items() if holds(key)}


def _never(_key: tuple[Any, ...]) -> bool:
    return False


def _place(name: str) -> str:
    return f"_remembered_{name}"
