"""Warnings that point at the user's own line, one for each cause, from whichever thread noticed it.

A warning is given for the innermost line of the stack that is neither this package's nor pandas' (which
calls us through `.pipe`). Inside a call that is `told_once`, what is noticed, also by threads that work
for the call (`carried`), is collected, and given when the call returns: each cause once.
"""

from __future__ import annotations

import contextvars
import functools
import os
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from milestone_kit.errors import MilestoneKitWarning

__all__ = ["carried", "told_in_turn", "told_once", "warn"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

_Notices = dict[tuple[str, type["MilestoneKitWarning"]], int]
_ours: Final = tuple(
    str(folder) + os.sep for folder in (Path(__file__).parents[1], Path(str(pd.__file__)).parent)
)
_SYSTEM_ERROR: Final = re.compile(r"\[Errno \d+\]")
_COSTS: Final = "not cached"
_END: Final = object()
_collected: Final[contextvars.ContextVar[_Notices | None]] = contextvars.ContextVar(
    "milestone_kit_notices", default=None
)


def warn(message: str, category: type[MilestoneKitWarning], *, count: int = 0) -> None:
    """Give a warning, or collect it where the call under way is `told_once`.

    `{count}` in a message stands for `count`; what is counted during one call is added up.
    """
    collected = _collected.get()
    if collected is None:
        text = message.replace("{count}", str(count))
        warnings.warn(text, category, stacklevel=_level_of_user())
    else:
        collected[message, category] = collected.get((message, category), 0) + count


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
            for message, category, count in _one_for_each_cause(notices):
                warn(message, category, count=count)

    return call


def _one_for_each_cause(notices: _Notices) -> Iterator[tuple[str, type[MilestoneKitWarning], int]]:
    """Leave of the notices with one system error that which says what it costs, and count the others."""
    groups: dict[object, list[tuple[str, type[MilestoneKitWarning], int]]] = {}
    for (message, category), count in notices.items():
        found = _SYSTEM_ERROR.search(message)
        cause = message if found is None else found[0]
        groups.setdefault((category, cause), []).append((message, category, count))
    for group in groups.values():
        message, category, count = max(group, key=lambda notice: _COSTS in notice[0])
        others = len(group) - 1
        yield f"{message}; {others} more files have the same trouble" if others else message, category, count


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
                for (message, category), count in list(notices.items()):
                    if (message, category) not in told:
                        told.add((message, category))
                        warn(message, category, count=count)
            if item is _END:
                return
            yield item  # type: ignore[misc]  # what is not the end is an item
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()


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
