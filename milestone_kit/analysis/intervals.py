"""Spans of time in groups: numbers that sort them by group and time, and lanes that keep them apart."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GroupOrder", "lowest_lanes"]


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """Turn (group, time) into one number that sorts by group, then by time, and back.

    One sort of numbers is several times as fast as a sort by two columns, and a running maximum over
    such numbers starts anew in each group.

    Attributes
    ----------
    low, stride : int
        The earliest time, and how far the numbers of one group reach.
    instants : ndarray of int64, optional
        All the times, sorted, where only their ranks fit into the numbers.
    """

    low: int
    stride: int
    instants: NDArray[np.int64] | None = None

    @classmethod
    def over(cls, groups: int, *times: NDArray[np.int64]) -> GroupOrder:
        """Return the order for these times in so many groups.

        Parameters
        ----------
        groups : int
            How many groups there are; they are numbered from 0.
        *times : ndarray of int64
            Every time that is to be ordered, in any unit.
        """
        some = [each for each in times if len(each)]
        if not some:
            return cls(0, 1)
        low, high = min(int(each.min()) for each in some), max(int(each.max()) for each in some)
        if groups * (high - low + 1) < 2**62:
            return cls(low, high - low + 1)
        # thousands of years in many groups: ranks instead of microseconds
        instants = np.unique(np.concatenate(some))
        return cls(0, len(instants), instants)

    def keys(self, group: NDArray[np.intp], times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of each (group, time)."""
        if self.instants is not None:
            times = np.searchsorted(self.instants, times)
        return group * np.int64(self.stride) + (times - self.low)

    def times(self, group: NDArray[np.intp], keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the times that these numbers stand for."""
        times = keys - group * np.int64(self.stride) + self.low
        return times if self.instants is None else self.instants[times]


def lowest_lanes(
    begin: NDArray[np.int64], end: NDArray[np.int64], group: NDArray[np.intp], groups: int
) -> NDArray[np.int32]:
    """Give each span the lowest lane of its group that is free at its begin.

    Spans are taken by begin, and in the order given where they begin together. That is a greedy colouring of
    an interval graph, so that there are never more lanes than spans at one instant. Everything is sorted
    beforehand, n log n; what is left to the loop is one small heap of the free lanes.

    Parameters
    ----------
    begin, end : ndarray of int64, shape (spans,)
        Half-open: a span may begin where another of its lane ends. Each end lies after its begin.
    group : ndarray of intp, shape (spans,)
        Group of each span, from 0; lanes are counted in each by itself.
    groups : int
        How many groups there are.

    Returns
    -------
    ndarray of int32, shape (spans,)
        Lanes from 0.

    Examples
    --------
    >>> hours = np.array([[0, 3], [1, 2], [2, 4], [3, 4]])
    >>> lowest_lanes(hours[:, 0], hours[:, 1], np.zeros(4, dtype=np.intp), 1).tolist()
    [0, 1, 1, 0]
    """
    ordering = GroupOrder.over(groups, begin, end)
    begins, ends = ordering.keys(group, begin), ordering.keys(group, end)
    order, by_end = np.argsort(begins, kind="stable"), np.argsort(ends, kind="stable")
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    # of all spans up to this one's group, how many have ended when it begins
    ended = np.searchsorted(ends[by_end], begins[order], side="right").tolist()
    ending = position[by_end].tolist()
    bounds = np.append(np.flatnonzero(np.diff(group[order], prepend=-1)), len(order)).tolist()
    taken: list[int] = []
    for first, last in pairwise(bounds):
        _take_lanes(taken, ended[first:last], ending)
    lanes = np.empty(len(order), dtype=np.int32)
    lanes[order] = taken
    return lanes


def _take_lanes(taken: list[int], ended: list[int], ending: list[int]) -> None:
    """Append the lanes of the next group, whose spans begin after so many have ended."""
    opened, done = 0, len(taken)  # the ends of the groups before need no more looking at
    free: list[int] = []
    push, pop, replace, take = heapq.heappush, heapq.heappop, heapq.heappushpop, taken.append
    for upto in ended:
        if done == upto - 1:  # the common case on a full calendar: one ended, one begins
            take(replace(free, taken[ending[done]]))
            done = upto
            continue
        for place in ending[done:upto]:
            push(free, taken[place])
        done = upto
        if free:
            take(pop(free))
        else:
            take(opened)
            opened += 1
