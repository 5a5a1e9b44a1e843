"""When in the week things start: a clock that runs fast in busy hours, so that starts follow the week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.sandbox.catalog import LINES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MONDAY", "WEEK", "from_busy_time", "to_busy_time"]

WEEK: Final = 7 * 86_400_000_000
"""A week in microseconds."""

MONDAY: Final = 4 * 86_400_000_000
"""A Monday, 00:00 UTC, in microseconds since 1970."""

_HOURS: Final = 168

# Weights of the 24 hours of a day in UTC, and of the days of a week from Monday on
_DAYTIME: Final = (0, 0, 0, 0, 0, 0, 1, 2, 4, 5, 5, 5, 6, 6, 6, 6, 5, 5, 4, 3, 2, 1, 0, 0)
_RHYTHMS: Final[dict[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    "around": ((1.0,) * 24, (1.0,) * 7),
    "tennis": (
        (5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 5, 5, 5, 5, 5, 4, 4, 4, 4, 4),
        (1.1, 1.15, 1.15, 1.05, 0.95, 0.8, 0.8),
    ),
    "basketball": (
        (7, 6, 4, 3, 0.5, 0, 0, 0.5, 2, 2, 3, 4, 2, 1, 1, 2, 4, 5, 5, 5, 4, 4, 4, 7),
        (0.85, 0.95, 1, 0.95, 1, 1.25, 1),
    ),
    "soccer": (
        (4, 2, 2, 0.5, 0.5, 0.5, 0.5, 1, 1, 2, 3, 4, 6, 5, 7, 6, 6, 8, 8, 9, 8, 3, 3, 3),
        (0.8, 0.9, 0.95, 0.85, 0.95, 1.35, 1.2),
    ),
    "esports": (
        (2, 2, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 7, 7, 6, 6, 6, 5, 5, 4, 3, 3, 2),
        (0.9, 1, 1, 1, 1.05, 1.05, 1),
    ),
    "football": (
        (8, 4, 1, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0.5, 0, 6, 9, 3, 3, 9, 6, 2, 8),
        (0.5, 0.1, 0.15, 0.5, 0.8, 2.8, 2.1),
    ),
    "golf": ((0, 0, 0, 0, 0, 0, 3, 2, 0, 0, 1, 4, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), (0, 0, 0, 1, 0, 0, 0)),
    "baseball": (
        (8, 4, 4, 1, 0.5, 1, 1, 0.5, 1, 4, 4, 1, 0, 0, 0, 0, 2, 5, 3, 3, 3, 3, 8, 9),
        (0.8, 1, 1.05, 0.9, 1.1, 1.2, 1.2),
    ),
    "hockey": (
        (8, 4, 4, 2, 0.5, 0, 0, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 4, 4, 3, 2, 2, 5, 9),
        (0.7, 1, 0.9, 1, 1, 1.4, 1),
    ),
    "cricket": ((0, 0, 0, 1, 2, 1, 0, 0, 2, 4, 5, 2, 1, 1, 6, 3, 0, 0, 0, 0, 0, 0, 1, 1), (1,) * 7),
    "evening": (_DAYTIME[-3:] + _DAYTIME[:-3], (0.9, 0.9, 1, 1, 1.1, 1.2, 1)),
    "weekend": (_DAYTIME, (0, 0, 0, 0.2, 0.6, 2, 3)),
    "fights": (
        (3, 4, 5, 5, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3),
        (0, 0, 0, 0, 1, 3, 3),
    ),
    "elections": (
        (2, 0, 0, 0, 1, 3, 3, 2, 1, 1, 3, 4, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (0.5, 4, 1, 1, 0.5, 1, 3),
    ),
    "weekly": (
        (0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (0.4, 0.2, 0.2, 0.2, 3, 0.2, 0.2),
    ),
    "reports": (
        (0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 3, 6, 6, 3, 0, 0, 0, 0, 0, 2, 7, 7, 2, 0),
        (0.7, 1.2, 1.3, 1.5, 0.5, 0, 0),
    ),
    "midnight": ((1, 0, 0, 0, 0.3, 0.3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), (1,) * 7),
    "office": (
        (0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 6, 6, 4, 4, 4, 3, 3, 1, 1, 0, 0, 0),
        (1, 1.1, 1.1, 1.1, 0.9, 0.05, 0.05),
    ),
    "market": (
        (0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 5, 1, 0, 0, 1, 1, 0, 0, 0, 0),
        (1, 1, 1, 1, 1, 0, 0),
    ),
    "speeches": (
        (4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 5, 5, 5, 4, 4, 4, 4, 4),
        (1, 1.1, 1.1, 1.1, 1, 0.5, 0.5),
    ),
}  # fmt: skip


def _cumulative(name: str) -> NDArray[np.float64]:
    """Return how much of the week's starts lie before each hour, 169 values from 0 to 1."""
    hours, days = _RHYTHMS[name]
    # a trickle at every hour keeps the clock from standing still, so that it can be turned back
    weights = np.outer(np.asarray(days, dtype=np.float64), np.asarray(hours, dtype=np.float64)).ravel()
    weights += weights.sum() * 1e-5
    return np.concatenate([[0.0], np.cumsum(weights / weights.sum())])


_TABLE: Final = np.stack([_cumulative(kind.rhythm) for kind in LINES.kinds])
_TABLE[:, -1] = 1.0
# one function of "line + share of the week" for all lines: np.interp then warps every row in one call
_LINES: Final = np.arange(len(_TABLE))[:, None]
_BUSY: Final = (_TABLE * (1 - 1e-9) + _LINES).ravel()
_CLOCK: Final = (np.linspace(0.0, 1.0, _HOURS + 1)[None, :] * (1 - 1e-9) + _LINES).ravel()


def to_busy_time(line: NDArray[np.int64], moment: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the weeks since `MONDAY` of a clock that runs as fast as a line starts things.

    On that clock starts are spread evenly, so ages and leads can be drawn without regard to the hour.
    """
    weeks, rest = np.divmod(moment - MONDAY, WEEK)
    return weeks + np.interp(line + rest / WEEK, _CLOCK, _BUSY) - line


def from_busy_time(line: NDArray[np.int64], busy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Turn `to_busy_time` back: the moment in microseconds since 1970."""
    weeks = np.floor(busy)
    share = np.interp(line + (busy - weeks), _BUSY, _CLOCK) - line
    return MONDAY + (weeks.astype(np.int64) * WEEK) + (share * WEEK).astype(np.int64)
