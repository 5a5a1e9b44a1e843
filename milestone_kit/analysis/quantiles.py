"""Quantiles of durations in groups: sorted once, then looked up, also where some are not over yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.analysis.intervals import GroupOrder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SHARES", "SortedValues"]

SHARES: Final = {
    "q25": 0.25, "median": 0.5, "q75": 0.75, "q01": 0.01, "q10": 0.1, "q90": 0.9, "q99": 0.99,
}  # fmt: skip
"""The quantiles that are told of durations, by name, in the order of the columns."""

_NAT: Final = np.timedelta64("NaT", "us")


@dataclass(frozen=True, slots=True)
class SortedValues:
    """Whole numbers in groups, sorted once, so that every quantile of every group can be looked up.

    Attributes
    ----------
    values : ndarray of int64, shape (numbers,)
        By group, then by size.
    first, n : ndarray of int64, shape (groups,)
        Where each group begins in `values`, and how many it has.
    order : ndarray of intp, shape (numbers,)
        Where each of `values` stood before.
    """

    values: NDArray[np.int64]
    first: NDArray[np.int64]
    n: NDArray[np.int64]
    order: NDArray[np.intp]

    @classmethod
    def of(cls, values: NDArray[np.int64], codes: NDArray[np.intp], groups: int) -> SortedValues:
        """Sort values by group."""
        order = np.argsort(GroupOrder.over(groups, values).keys(codes, values), kind="stable")
        n = np.bincount(codes, minlength=groups).astype(np.int64)
        return cls(values[order], np.cumsum(n) - n, n, order)

    def quantile(self, share: float) -> NDArray[np.timedelta64]:
        """Return a quantile of each group (timedelta64[us], NaT where it is empty), as pandas does."""
        found = np.full(len(self.n), _NAT)
        some = self.n > 0
        at = (self.n[some] - 1) * share
        below = self.values[self.first[some] + np.floor(at).astype(np.int64)]
        above = self.values[self.first[some] + np.ceil(at).astype(np.int64)]
        between = np.rint((above - below) * (at % 1)).astype(np.int64)
        found[some] = (below + between).astype("timedelta64[us]")
        return found

    def ended_shares(self, over: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return for each of `values` which share of its group is over by then, where some go on.

        The product-limit estimate (Kaplan and Meier): each value that is over is weighed against all that
        had lasted as long.

        Parameters
        ----------
        over : ndarray of bool, shape (numbers,)
            Which of the numbers, as they stood before sorting, are final; the others are at least so large.
        """
        group = np.repeat(np.arange(len(self.n)), self.n)
        at_risk = self.n[group] - (np.arange(len(self.values)) - self.first[group])
        # the last one ends all; a logarithm of zero would spoil the groups behind it
        running = np.cumsum(np.log(np.maximum(1 - over[self.order] / at_risk, 1e-300)))
        before = np.concatenate([[0.0], running])[self.first]
        ended: NDArray[np.float64] = 1 - np.exp(running - before[group])
        return ended

    def surviving_quantile(self, ended: NDArray[np.float64], share: float) -> NDArray[np.timedelta64]:
        """Return a quantile of each group by `ended_shares`, NaT beyond what was seen to end."""
        found = np.full(len(self.n), _NAT)
        group = np.repeat(np.arange(len(self.n)), self.n)
        place = np.searchsorted(group * 2 + ended, np.arange(len(self.n)) * 2 + share - 1e-9)
        reached = place < self.first + self.n
        found[reached] = self.values[place[reached]].astype("timedelta64[us]")
        return found

    def medians_of_the_others(self) -> tuple[NDArray[np.timedelta64], NDArray[np.int64]]:
        """Return for each number the median of the others of its group, and how many others there are.

        In the order in which the numbers stood. Taking one out of a sorted list moves only what comes
        after it, so that the middle of the rest is looked up, not sorted anew.
        """
        group = np.repeat(np.arange(len(self.n)), self.n)
        first, others = self.first[group], self.n[group] - 1
        rank = np.arange(len(self.values)) - first
        # the two places about the middle of the others, and past the number itself where they lie behind it
        low, high = np.maximum(others - 1, 0) // 2, others // 2
        low, high = (first + np.minimum(at + (at >= rank), others) for at in (low, high))
        below, above = self.values[low], self.values[high]
        medians = (below + np.rint((above - below) / 2).astype(np.int64)).astype("timedelta64[us]")
        medians[others == 0] = _NAT
        found, count = np.empty_like(medians), np.empty_like(others)
        found[self.order], count[self.order] = medians, others
        return found, count
