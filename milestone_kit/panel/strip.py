"""The overview above the chart: how many rows start when, over the whole span of the table."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.figures.time_axis import fit_window, ticks

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.figures.gantt.scene import GanttIndex
    from milestone_kit.figures.time_axis import Window

__all__ = ["StartIndex"]

_BINS: Final = 240


class StartIndex:
    """The starts of a table in bins, made once, so that counting some of the rows takes no search.

    Parameters
    ----------
    timeline : pandas.DataFrame
        A milestones table.
    index : GanttIndex
        Of `timeline`.
    """

    def __init__(self, timeline: pd.DataFrame, index: GanttIndex) -> None:
        self._timeline, self._index = timeline, index

    @cached_property
    def span(self) -> Window:
        """The span of the overview: all rows with believable dates, but for outliers."""
        dated = ~is_placeholder(self._timeline).to_numpy()[self._index.row]
        return fit_window(self._index.start[dated], self._index.end[dated])

    @cached_property
    def _bin(self) -> NDArray[np.int64]:
        """The bin of each row, in the order of the table; `_BINS` where it lies outside the span."""
        start, span = self._index.start, self.span
        place = np.floor((start - span.start) / span.span * _BINS)
        place = np.where(start == span.end, _BINS - 1, place)
        outside = (start < span.start) | (start > span.end)
        bins = np.empty(len(start), np.int64)
        bins[self._index.row] = np.where(outside, _BINS, np.clip(place, 0, _BINS - 1)).astype(np.int64)
        return bins

    def counts(self, chosen: NDArray[np.bool_]) -> list[int]:
        """Return how many of the chosen rows start in each bin of the span."""
        counted: list[int] = np.bincount(self._bin[chosen], minlength=_BINS + 1)[:_BINS].tolist()
        return counted

    def marks(self, zone: str, width: int) -> list[dict[str, Any]]:
        """Return what is written below a strip of `width` pixels, and where."""
        found = ticks(self.span, zone, width // 2)
        texts = (label.replace("<br>", " ").replace("<b>", "").replace("</b>", "") for label in found.labels)
        return [{"at": at, "label": text} for at, text in zip(found.values, texts, strict=True)]
