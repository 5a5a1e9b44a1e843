"""What the panel says of time and of fetches, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from milestone_kit.panel.progress import Progress

__all__ = ["NOTHING_CAME", "all_here", "broken_off", "fetching", "seconds_words", "stopped", "until_words"]

NOTHING_CAME: Final = "Stopped before the first milestones came; Refresh goes on from there."
"""What is said where a fetch was stopped at once."""

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def seconds_words(seconds: float) -> str:
    """Return a span of time as people say it, to the minute, and to the second below one.

    Examples
    --------
    >>> [seconds_words(one) for one in (0.4, 42, 60, 720, 5_400, 90_000, 8 * 86_400)]
    ['1 s', '42 s', '1 min', '12 min', '1 h 30 min', '1 d 1 h', '8 d']
    """
    if seconds < _MINUTE:
        return f"{max(round(seconds), 1)} s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < _DAY:
        hours, minutes = divmod(int(seconds // _MINUTE), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(int(seconds // _HOUR), 24)
    return f"{days:,} d {hours} h" if hours and days < 7 else f"{days:,} d"


def until_words(status: str, starts_in: float, ends_in: float, *, assumed: bool) -> str:
    """Return what the clock says of a milestone: when it starts, or ends; "" once it is over.

    Parameters
    ----------
    status : str
        As `compute_timeline` tells it.
    starts_in, ends_in : float
        Seconds from now; NaN where not known.
    assumed : bool
        Whether the end is no reported one.

    Examples
    --------
    >>> until_words("upcoming", 720.0, 9_000.0, assumed=True)
    'in 12 min'
    >>> until_words("live", -3_600.0, 2_400.0, assumed=True)
    'ends in about 40 min'
    """
    if status == "upcoming" and starts_in == starts_in:  # noqa: PLR0124 - NaN
        return f"in {seconds_words(starts_in)}"
    if status != "live":
        return ""
    if ends_in != ends_in or ends_in <= 0:  # noqa: PLR0124 - NaN
        return "on, end not known"
    return f"ends in {'about ' if assumed else ''}{seconds_words(ends_in)}"


def fetching(progress: Progress, seconds: float) -> str:
    """Return how far a fetch is that has taken so many seconds."""
    came = f"{progress.rows:,} milestones"
    if progress.share is None:
        pages = f" on {progress.pages:,} pages" if progress.pages else ""
        return f"Fetching: {came}{pages}, {seconds:.0f} s"
    left = progress.seconds_left
    rest = "" if left is None else f" · about {seconds_words(left)} left"
    return f"Fetching: {came} · {progress.share:.0%}{rest}"


def stopped(progress: Progress) -> str:
    """Return what is there once the user has stopped a fetch."""
    return f"Stopped: {_of_all(progress)} are here; Refresh fetches the rest."


def broken_off(progress: Progress) -> str:
    """Return what is there where a fetch has failed on its way."""
    return f"{_of_all(progress)} are here; Refresh tries again."


def all_here(rows: int) -> str:
    """Return that nothing is missing."""
    return f"All {rows:,} milestones are here."


def _of_all(progress: Progress) -> str:
    expected = progress.expected
    return f"{progress.rows:,}" + (f" of about {expected:,}" if expected else "") + " milestones"
