"""Warnings that point at the user's own line, one for each cause, from whichever thread noticed it.

A warning is given for the innermost line of the stack that is neither this package's nor pandas' (which
calls us through `.pipe`). Inside a call that is `told_once`, what is noticed, also by threads that work
for the call (`carried`), is collected, and given when the call returns: each cause once.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, ParamSpec, TypeVar

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from milestone_kit.errors import MilestoneKitWarning

__all__ = ["carried", "hushed", "told_in_turn", "told_once", "warn"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Notice(NamedTuple):
    message: str
    counted: int | None = None

    def text(self) -> str:
        return self.message if self.counted is None else self.message.replace("{count}", f"{self.counted}")


_Notices = dict[tuple[str, type["MilestoneKitWarning"]], _Notice]
_ours: Final = tuple(
    str(folder) + os.sep for folder in (Path(__file__).parents[1], Path(str(pd.__file__)).parent)
)
_END: Final = object()
_collected: Final[contextvars.ContextVar[_Notices | None]] = contextvars.ContextVar(
    "milestone_kit_notices", default=None
)


def warn(
    message: str, category: type[MilestoneKitWarning], *, cause: str | None = None, count: int | None = None
) -> None:
    """Give a warning, or collect it where the call under way is `told_once`.

    Parameters
    ----------
    message : str
        What happened, and what to do.
    category : type
        One of `errors`.
    cause : str, optional
        What it comes from, where that brings about several messages: of those the first is given. By default
        the message.
    count : int, optional
        What `{count}` in the message stands for; what is counted for one cause during one call is added up.
    """
    collected = _collected.get()
    if collected is None:
        warnings.warn(_Notice(message, count).text(), category, stacklevel=_level_of_user())
    else:
        first = collected.get((cause or message, category), _Notice(message))
        counts = [each for each in (first.counted, count) if each is not None]
        collected[cause or message, category] = first._replace(counted=sum(counts) if counts else None)


def told_once(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Collect what is warned of during a call, and give each warning once when the call returns or raises."""

    @functools.wraps(function)
    def call(*arguments: _P.args, **options: _P.kwargs) -> _T:
        if _collected.get() is not None:  # within another such call, which will tell
            return function(*arguments, **options)
        notices: _Notices = {}
        token = _collected.set(notices)
        try:
            return function(*arguments, **options)
        finally:
            _collected.reset(token)
            for (_, category), (message, counted) in list(notices.items()):
                warn(message, category, count=counted)

    return call


def told_in_turn(items: Iterator[_T]) -> Iterator[_T]:
    """Yield the items of an iterator; what is noticed while one is made is told before it."""
    notices: _Notices = {}
    told: set[tuple[str, type[MilestoneKitWarning]]] = set()
    try:
        while True:
            token = _collected.set(notices)
            try:
                item = next(items, _END)
            finally:
                _collected.reset(token)
                for key, (message, counted) in list(notices.items()):
                    if key not in told:
                        told.add(key)
                        warn(message, key[1], count=counted)
            if item is _END:
                return
            yield item  # type: ignore[misc]  # what is not the end is an item
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Give no warning within: for work that nobody asked for, and that says in another way how it went."""
    token = _collected.set({})
    try:
        yield
    finally:
        _collected.reset(token)


def carried(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Return the function for another thread to call: its warnings are collected with the call under way."""
    context = contextvars.copy_context()

    @functools.wraps(function)
    def call(*arguments: _P.args, **options: _P.kwargs) -> _T:
        # a context can be entered by one thread at a time, a copy of it by each
        return context.copy().run(function, *arguments, **options)

    return call


def _level_of_user() -> int:
    """Return the `stacklevel`, seen from `warn`, of the innermost frame that is a user's."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - the standard library's own way
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_ours):
        level, frame = level + 1, frame.f_back
    return level
