"""The bands of a Gantt chart: which groups a window has, in which order, how high, and which are folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.analysis.groups import Keys
from milestone_kit.figures.gantt.lanes import NOWHERE
from milestone_kit.figures.gantt.scene import Group

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from milestone_kit.figures.colors import ColorScale

__all__ = ["WATCHED", "Grouping", "group_slots", "stack", "stack_of_lanes", "with_band"]

WATCHED: Final = "Watched"
"""The band on top, of the milestones that somebody watches."""
_GROUP_GAP_LANES: Final = 0.6
_LABEL_LINE_PX: Final = 13.0


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups present among the visible rows: one code per row, labels by code."""

    codes: NDArray[np.int64]
    labels: tuple[str, ...]
    folded: NDArray[np.bool_]
    place: NDArray[np.int64] | None = None

    @classmethod
    def of(
        cls,
        keys: Keys | None,
        rows: NDArray[np.int64],
        most: int,
        throughout: NDArray[np.bool_],
        *,
        folded: Collection[str],
        top: int = NOWHERE,
    ) -> Grouping:
        """Rank the groups by how many rows begin or end here; `throughout` tells which do neither.

        The group with the code `top` stands first.
        """
        if keys is None:
            return cls(np.zeros(len(rows), np.int64), ("",), np.zeros(1, bool))
        counts = np.bincount(keys.codes[rows], minlength=len(keys.names))
        events = np.bincount(keys.codes[rows[~throughout]], minlength=len(keys.names))
        present = np.flatnonzero(counts)
        ranked = present[np.lexsort((-counts[present], -events[present], present != top))]
        kept = ranked if len(ranked) <= most else ranked[: most - 1]
        labels = tuple(keys.names[code] for code in kept)
        rest = NOWHERE
        if len(kept) < len(ranked):
            rest = len(kept)
            labels = (*labels, f"{len(ranked) - len(kept)} others")
        place = np.full(len(keys.names), rest, np.int64)
        place[kept] = np.arange(len(kept))
        return cls(place[keys.codes[rows]], labels, np.array([label in folded for label in labels]), place)

    def of_rows(self, keys: Keys | None, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the group of other rows, NOWHERE where it is not on screen."""
        if keys is None or self.place is None:
            return np.zeros(len(rows), np.int64)
        return self.place[keys.codes[rows]]


def stack(grouping: Grouping, heights: list[float]) -> tuple[Group, ...]:
    """Return the bands from top to bottom, of so many lanes each."""
    counts = np.bincount(grouping.codes, minlength=len(grouping.labels)).tolist()
    groups, top = [], 0.0
    for label, count, folded, height in zip(
        grouping.labels, counts, grouping.folded.tolist(), heights, strict=True
    ):
        groups.append(Group(label, count, top, top + height, folded))
        top += height + _GROUP_GAP_LANES
    return tuple(groups)


def stack_of_lanes(grouping: Grouping, used: list[int], height: int) -> tuple[Group, ...]:
    """Stack the groups, none of them lower than the line of text that names it."""
    lane_px = height / (sum(used) + _GROUP_GAP_LANES * len(used))
    least = _LABEL_LINE_PX / max(lane_px, 0.1)
    return stack(grouping, [max(float(lanes), least) for lanes in used])


def group_slots(colors: ColorScale, row: NDArray[np.int64], grouping: Grouping) -> tuple[int, ...]:
    """Return one colour slot per group: its own where all its rows share one, else the commonest."""
    slots = colors.slots[row]
    return tuple(
        int(np.bincount(slots[grouping.codes == code], minlength=1).argmax())
        for code in range(len(grouping.labels))
    )


def with_band(groups: Keys | None, watched: NDArray[np.bool_]) -> tuple[Keys, int]:
    """Return the groups with one more for the rows that are watched, and its code."""
    codes, names = (np.int64(0), ("",)) if groups is None else (groups.codes, groups.names)
    return Keys(np.where(watched, len(names), codes), (*names, WATCHED)), len(names)
