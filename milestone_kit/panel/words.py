"""What the panel says of fetches, in plain words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from milestone_kit.core.words import seconds_words

if TYPE_CHECKING:
    from milestone_kit.panel.progress import Progress

__all__ = [
    "NOTHING_CAME",
    "all_here",
    "broken_off",
    "fetching",
    "no_scores",
    "some_scores",
    "stopped",
]

NOTHING_CAME: Final = "Stopped before the first milestones came; Refresh goes on from there."
"""What is said where a fetch was stopped at once."""


def fetching(progress: Progress, seconds: float) -> str:
    """Return how far a fetch is that has taken so many seconds."""
    came = f"{progress.rows:,} milestones"
    if progress.share is None:
        pages = f" on {progress.pages:,} pages" if progress.pages else ""
        return f"Fetching: {came}{pages}, {seconds:.0f} s"
    left = progress.seconds_left
    rest = "" if left is None else f" · about {seconds_words(left)} left"
    low, high = progress.window
    whole = "" if low is None or high is None else f" · all from {_day(low)} to {_day(high)} UTC are here"
    return f"Fetching: {came} · {progress.share:.0%}{rest}{whole}"


def _day(iso: str) -> str:
    return f"{dt.datetime.fromisoformat(iso):%a %d %b %H:%M}"


def stopped(progress: Progress) -> str:
    """Return what is there once the user has stopped a fetch."""
    return f"Stopped: {_of_all(progress)} are here; Refresh fetches the rest."


def broken_off(progress: Progress) -> str:
    """Return what is there where a fetch has failed on its way."""
    return f"{_of_all(progress)} are here; Refresh tries again."


def all_here(rows: int) -> str:
    """Return that nothing is missing."""
    return f"All {rows:,} milestones are here."


def no_scores(error: Exception, pause: float) -> str:
    """Return that live scores could not be asked for, and when that is tried again."""
    return f"No live scores ({type(error).__name__}); trying again in {seconds_words(pause)}"


def some_scores(failed: int, asked: int) -> str:
    """Return that some live scores are missing."""
    return f"Live scores of {failed:,} of {asked:,} milestones did not arrive"


def _of_all(progress: Progress) -> str:
    expected = progress.expected
    return f"{progress.rows:,}" + (f" of about {expected:,}" if expected else "") + " milestones"
