"""Moments as the API writes them and as microseconds since 1970, and the clocks that a sandbox runs on."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Final

from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["instant", "make_clock", "microseconds", "moved", "rfc3339"]

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


def instant(text: object) -> int | None:
    """Return an RFC 3339 text as microseconds since 1970, or None when it is no such text."""
    try:
        moment = dt.datetime.fromisoformat(text)  # type: ignore[arg-type]  # the TypeError is caught
    except (TypeError, ValueError):
        return None
    return None if moment.tzinfo is None else microseconds(moment)


def microseconds(moment: dt.datetime) -> int:
    """Return an aware moment as microseconds since 1970."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def rfc3339(moment: dt.datetime | int) -> str:
    """Write an aware moment, or microseconds since 1970, as the API does.

    Examples
    --------
    >>> rfc3339(dt.datetime(2026, 1, 15, 20, 0, 0, 250_000, tzinfo=dt.UTC))
    '2026-01-15T20:00:00.25Z'
    """
    if isinstance(moment, int):
        moment = _EPOCH + moment * _MICROSECOND
    text = moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "Z"


def moved(text: str, shift: dt.timedelta) -> str:
    """Return an RFC 3339 text that lies later by `shift`."""
    return rfc3339(dt.datetime.fromisoformat(text) + shift)


def make_clock(
    now: dt.datetime | Callable[[], dt.datetime] | None,
    speed: float | None = None,
    *,
    timer: Callable[[], float] = time.monotonic,
) -> Callable[[], dt.datetime]:
    """Return the clock that `serve` is asked for.

    Parameters
    ----------
    now : datetime.datetime or callable, optional
        A moment that stands still unless there is a speed, or a clock; the real time when left out.
    speed : float, optional
        How much faster than `now` (or, from a fixed moment on, than real time) the clock runs.
    timer : callable
        Gives real seconds.

    Examples
    --------
    >>> seconds = iter([10.0, 12.0])
    >>> clock = make_clock(dt.datetime(2026, 1, 15, tzinfo=dt.UTC), 60, timer=lambda: next(seconds))
    >>> clock().isoformat()
    '2026-01-15T00:02:00+00:00'
    """
    if isinstance(now, dt.datetime) and now.tzinfo is None:
        raise QueryError(f"now={now!r} carries no time zone; write datetime(..., tzinfo=UTC)")
    if speed is not None and not speed > 0:
        raise QueryError(f"speed={speed!r}: expected a number above 0")
    if now is None:
        now = _real_time if speed is None else _real_time()
    if isinstance(now, dt.datetime):
        return _running(now, speed, timer) if speed is not None else _standing(now)
    return now if speed is None else _hastened(now, speed)


def _real_time() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _standing(now: dt.datetime) -> Callable[[], dt.datetime]:
    return lambda: now


def _running(begin: dt.datetime, speed: float, timer: Callable[[], float]) -> Callable[[], dt.datetime]:
    started = timer()
    return lambda: begin + dt.timedelta(seconds=(timer() - started) * speed)


def _hastened(clock: Callable[[], dt.datetime], speed: float) -> Callable[[], dt.datetime]:
    begin = clock()
    return lambda: begin + (clock() - begin) * speed
