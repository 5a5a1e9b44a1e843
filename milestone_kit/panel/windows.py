"""Which span of time is shown: the one that fits, and those of the preset buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from milestone_kit.figures.gantt.scene import MAX_BARS
from milestone_kit.figures.time_axis import DAY, Window, fit_window, window_around
from milestone_kit.panel.relative import ALL, relative_window

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from milestone_kit.figures.gantt.scene import DetailLevel
    from milestone_kit.panel.state import PanelState

__all__ = ["PRESETS", "asked_window", "fitting_window", "is_behind", "still_holds"]

_FIRST_COUNTS: Final = (120, 80, 55, 38, 26, 18, 12)
"""How many starts about now the first view tries to hold, the widest first."""

PRESETS: Final = {
    "Near now": None,
    "Next 6 h": "next 6 h",
    "Today": "today",
    "7 days": "last 1 d, next 6 d",
    "30 days": "last 4 d, next 26 d",
    "All": ALL,
}
"""Button to the window of its state: None for the one that fits."""

_AHEAD: Final = 0.25
"""How much of a window that fits lies ahead of now at least; else another one is taken."""

_BEHIND: Final = 1 / 24
"""How far, of its span, a window that is told from now may lag: it moves now and then, not each minute."""


def asked_window(
    state: PanelState,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    now: float,
    level_of: Callable[[Window], DetailLevel],
) -> Window:
    """Return the window that a state asks for at a moment; the arguments are those of `fitting_window`."""
    dated = state.span()
    if dated is not None:
        return dated
    if state.window == ALL:
        return fit_window(start, end)
    if isinstance(state.window, str):
        return relative_window(state.window, now, state.tz)
    return fitting_window(start, end, now, level_of)


def still_holds(before: PanelState, state: PanelState, *, same_width: bool) -> bool:
    """Tell whether what a window came to before is the one to keep: it depends on nothing that is another."""
    if before.window != state.window:
        return False
    if state.window is None:
        return same_width and (before.filters, before.group) == (state.filters, state.group)
    return before.filters == state.filters if state.window == ALL else before.tz == state.tz


def is_behind(state: PanelState, shown: Window, before: float, now: float) -> bool:
    """Tell whether time has gone so far since another moment that the window is to be asked for again."""
    if state.window is None:
        # what fitted about now lies in the past by now
        return now > shown.end - _AHEAD * shown.span > before
    if state.window == ALL or not isinstance(state.window, str):
        return False
    wanted = relative_window(state.window, now, state.tz)
    return abs(wanted.start - shown.start) > _BEHIND * shown.span


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
