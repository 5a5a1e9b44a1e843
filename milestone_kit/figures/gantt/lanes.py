"""Pack marks into lanes by their pixels: as few as can be, or where they stood a moment ago."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NOWHERE", "fill_lanes", "pack_lanes"]

NOWHERE: Final = -1
"""The lane of a mark that has none."""


def pack_lanes(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    codes: NDArray[np.int64],
    groups: int,
    stood: NDArray[np.int64] | None = None,
    *,
    last: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int64], list[int]]:
    """Give each mark a lane of its group so that no two marks of a lane overlap.

    For what fits a screen, some hundred marks.

    Parameters
    ----------
    left, right : ndarray of float64, shape (n,)
        Where each mark begins and ends, in pixels.
    codes : ndarray of int64, shape (n,)
        The group of each mark, 0 .. groups - 1.
    groups : int
        How many groups there are.
    stood : ndarray of int64, shape (n,), optional
        The lane that each mark had before, or NOWHERE. It is kept wherever it is still free, so that
        marks stand still while the window moves; without it the fewest lanes are used.
    last : ndarray of bool, shape (n,), optional
        Marks that get a lane of their own each, below the others, where nothing stood before.

    Returns
    -------
    lanes : ndarray of int64, shape (n,)
    used : list of int
        How many lanes each group takes.
    """
    if stood is None or not (stood != NOWHERE).any():
        return _fewest(left, right, codes, groups, np.zeros(len(left), bool) if last is None else last)
    rooms = [_Room() for _ in range(groups)]
    lanes = np.full(len(left), NOWHERE, np.int64)
    by_left = np.argsort(left, kind="stable")
    # Whoever stood somewhere chooses first; those that come in take what is left.
    for i in (*by_left[stood[by_left] != NOWHERE], *by_left[stood[by_left] == NOWHERE]):
        room = rooms[codes[i]]
        begin, end = float(left[i]), float(right[i])
        lane = int(stood[i])
        if lane == NOWHERE or not room.is_free(lane, begin, end):
            lane = room.lowest(begin, end)
        room.take(lane, begin, end)
        lanes[i] = lane
    return lanes, [len(room.lanes) for room in rooms]


def fill_lanes(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    codes: NDArray[np.int64],
    taken: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]],
    used: list[int],
) -> NDArray[np.int64]:
    """Give further marks a lane where there is room without adding one.

    Parameters
    ----------
    left, right, codes : ndarray, shape (n,)
        As for `pack_lanes`.
    taken : tuple of ndarray
        `left`, `right`, `codes` and `lanes` of the marks that have theirs.
    used : list of int
        How many lanes each group has.

    Returns
    -------
    ndarray of int64, shape (n,)
        The lane of each mark, NOWHERE where there is no room.
    """
    rooms = [_Room(count) for count in used]
    for begin, end, code, lane in zip(*taken, strict=True):
        rooms[code].take(int(lane), float(begin), float(end))
    lanes = np.full(len(left), NOWHERE, np.int64)
    for i in np.argsort(left, kind="stable"):
        room = rooms[codes[i]]
        lane = room.lowest(float(left[i]), float(right[i]))
        if lane < used[codes[i]]:
            room.take(lane, float(left[i]), float(right[i]))
            lanes[i] = lane
    return lanes


def _fewest(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    codes: NDArray[np.int64],
    groups: int,
    last: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], list[int]]:
    lanes = np.zeros(len(left), np.int64)
    busy: list[list[tuple[float, int]]] = [[] for _ in range(groups)]
    free: list[list[int]] = [[] for _ in range(groups)]
    used = [0] * groups
    for i in np.lexsort((left, last)):
        code = codes[i]
        if last[i]:
            lanes[i], used[code] = used[code], used[code] + 1
            continue
        while busy[code] and busy[code][0][0] <= left[i]:
            heapq.heappush(free[code], heapq.heappop(busy[code])[1])
        if free[code]:
            lane = heapq.heappop(free[code])
        else:
            lane, used[code] = used[code], used[code] + 1
        lanes[i] = lane
        heapq.heappush(busy[code], (float(right[i]), lane))
    return lanes, used


class _Room:
    """The lanes of one group with the spans that are taken in each, sorted."""

    def __init__(self, lanes: int = 0) -> None:
        self.lanes: list[list[tuple[float, float]]] = [[] for _ in range(lanes)]

    def is_free(self, lane: int, begin: float, end: float) -> bool:
        if lane >= len(self.lanes):
            return True
        spans = self.lanes[lane]
        at = bisect_left(spans, (begin, begin))
        return (at == 0 or spans[at - 1][1] <= begin) and (at == len(spans) or spans[at][0] >= end)

    def lowest(self, begin: float, end: float) -> int:
        return next(
            (lane for lane in range(len(self.lanes)) if self.is_free(lane, begin, end)), len(self.lanes)
        )

    def take(self, lane: int, begin: float, end: float) -> None:
        while len(self.lanes) <= lane:
            self.lanes.append([])
        spans = self.lanes[lane]
        spans.insert(bisect_left(spans, (begin, end)), (begin, end))
