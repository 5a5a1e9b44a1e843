"""Which span of time is shown: the one that fits, and those of the preset buttons."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import pandas as pd

from milestone_kit.figures.gantt.scene import MAX_BARS
from milestone_kit.figures.time_axis import DAY, Window, fit_window, midnight, window_around

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from milestone_kit.figures.gantt.scene import DetailLevel

__all__ = ["PRESETS", "fitting_window", "preset_window"]

_FIRST_COUNTS: Final = (120, 80, 55, 38, 26, 18, 12)
"""How many starts about now the first view tries to hold, the widest first."""

PRESETS: Final = {"Near now": None, "Today": 0, "7 days": 7, "30 days": 30, "All": -1}
"""Button to days on screen: None for the window that fits, 0 for the local day, -1 for everything."""


def fitting_window(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    now: float,
    level_of: Callable[[Window], DetailLevel],
) -> Window:
    """Return the widest window about now in which marks can be read.

    Parameters
    ----------
    start, end : ndarray of float64, shape (n,)
        Of the rows that pass the filters, sorted by start; milliseconds UTC, `end` NaN where open.
    now : float
        Milliseconds UTC.
    level_of : callable
        Tells how much detail fits in a window.
    """
    if not len(start):
        return Window(now - DAY, now + DAY)
    windows = [fit_window(start, end)] if len(start) <= MAX_BARS else []
    windows += [window_around(start, now, count) for count in _FIRST_COUNTS if count <= len(start)]
    crowded = None
    for window in dict.fromkeys(windows):
        level = level_of(window)
        if level == "labelled":
            return window
        if level == "bars":
            crowded = crowded or window
    return crowded or windows[-1]


def preset_window(
    name: str, start: NDArray[np.float64], end: NDArray[np.float64], now: float, zone: str
) -> Window | None:
    """Return the window of a preset button, None for the one that fits; see `fitting_window`."""
    days = PRESETS[name]
    if days is None:
        return None
    if days < 0:
        return fit_window(start, end)
    if days == 0:
        today = pd.Timestamp(now, unit="ms", tz="UTC").tz_convert(zone).date()
        edges = (midnight(day, zone) for day in (today, today + dt.timedelta(days=1)))
        return Window(*(edge.timestamp() * 1000 for edge in edges))
    return Window(now - days * DAY / 7, now + days * DAY * 6 / 7)
