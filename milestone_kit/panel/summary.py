"""The line at the top of the panel: how many of how many, how they stand, as of when."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from milestone_kit.figures.gantt.scene import scene_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.figures.gantt.scene import Scene

__all__ = ["as_of_words", "clock_words", "status_words", "summary_line"]


def summary_line(scene: Scene, total: int, selected: int, statuses: str, as_of: str) -> str:
    """Return the words at the top as safe HTML: lines that keep their number whatever is selected.

    Parameters
    ----------
    scene : Scene
        What the chart shows.
    total, selected : int
        How many milestones the table has, and how many are selected.
    statuses, as_of : str
        As `status_words` and `as_of_words` say it.
    """
    chosen = f" · {selected:,} selected" if selected else ""
    return (
        f"<b>{scene.matching:,}</b> of {total:,} milestones · "
        f"{html.escape(statuses)}<br>{html.escape(as_of)}{chosen}"
        f'<br><span class="mk-muted">In the chart: {html.escape(scene_words(scene))}</span>'
    )


def status_words(status: pd.Series[Any], chosen: NDArray[np.bool_]) -> str:
    """Return how many of the rows that pass have which status, a category of the table."""
    categories, codes = status.cat.categories, status.cat.codes
    counts = np.bincount(codes[chosen] + 1, minlength=len(categories) + 1)[1:]
    return " · ".join(f"{count:,} {name}" for name, count in zip(categories, counts, strict=True))


def as_of_words(now: float, zone: str, *, fixed: bool) -> str:
    """Return which moment all this is true of.

    Parameters
    ----------
    now : float
        Milliseconds UTC.
    zone : str
        IANA time zone.
    fixed : bool
        Whether it is a moment that was asked for, and not that of the clock.
    """
    instant = pd.Timestamp(now, unit="ms", tz="UTC").tz_convert(zone)
    if fixed:
        return f"As of {instant:%d %b %Y %H:%M:%S} {zone}, held there by now="
    return f"As of {instant:%H:%M:%S} {zone}"


def clock_words(ms: float, zone: str) -> str:
    """Return an instant as people say it of today: hour and minute in a zone.

    Examples
    --------
    >>> clock_words(0.0, "Asia/Tokyo")
    '09:00'
    """
    return f"{pd.Timestamp(ms, unit='ms', tz='UTC').tz_convert(zone):%H:%M}"
