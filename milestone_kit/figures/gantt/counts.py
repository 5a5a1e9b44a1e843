"""How many milestones start in each bin of time, or are on in it: what silhouettes are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from milestone_kit.figures.gantt.lanes import NOWHERE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.figures.time_axis import Window

__all__ = ["count_on", "count_starts"]


def count_on(
    spans: tuple[NDArray[np.float64], NDArray[np.float64]],
    codes: NDArray[np.int64],
    groups: int,
    span: Window,
    step: float,
) -> tuple[float, NDArray[np.int64]]:
    """Count what is on per group and bin of `step` milliseconds; what has no end is on where it starts."""
    first, bins = _grid(span, step)
    here = codes != NOWHERE
    start, last = spans[0][here], np.fmax(spans[0], spans[1])[here]
    begins = np.clip((start - first) // step, 0, bins - 1).astype(np.int64)
    # who ends as a bin begins is not on in it
    ends = np.clip(np.ceil((last - first) / step), begins + 1, bins).astype(np.int64)
    inside = (last >= span.start) & (start <= span.end)
    row = codes[here][inside] * (bins + 1)
    size = groups * (bins + 1)
    change = np.bincount(row + begins[inside], minlength=size) - np.bincount(
        row + ends[inside], minlength=size
    )
    return first, np.cumsum(change.reshape(groups, bins + 1), axis=1)[:, :bins]


def count_starts(
    spans: tuple[NDArray[np.float64], NDArray[np.float64]],
    codes: NDArray[np.int64],
    groups: int,
    span: Window,
    step: float,
) -> tuple[float, NDArray[np.int64]]:
    """Count the starts per group and bin of `step` milliseconds."""
    starts, _ = spans
    first, bins = _grid(span, step)
    position = ((starts - first) // step).astype(np.int64)
    # What began before has no start to count here, and would stand as a false peak.
    begins = (starts >= span.start) & (codes != NOWHERE)
    flat = np.bincount(codes[begins] * bins + position[begins], minlength=groups * bins)
    return first, flat.reshape(groups, bins)


def _grid(span: Window, step: float) -> tuple[float, int]:
    """Return where the first bin begins, and how many there are: what starts right at the end is inside."""
    first = float(np.floor(span.start / step) * step)
    return first, int((span.end - first) // step) + 1
