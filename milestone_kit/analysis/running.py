"""A timeline that goes on with the clock, at a small part of what it costs to make one."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from milestone_kit.analysis.ends import Ends, Outlook
from milestone_kit.analysis.timeline import clock_columns, timeline_of
from milestone_kit.table.arrays import instants, stamp_instant
from milestone_kit.table.schema import check_milestones, has_timeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Passed", "RunningTimeline"]

_NOTICEABLE: Final = np.timedelta64(20, "s")
"""An end that has moved by less is the same end: nobody sees it."""


class Passed(NamedTuple):
    """What has changed while time went by; both of shape (rows,).

    Attributes
    ----------
    told : ndarray of bool
        Where the status, what the end rests on, or a doubt is another.
    moved : ndarray of bool
        Where the end is.
    """

    told: NDArray[np.bool_]
    moved: NDArray[np.bool_]


class RunningTimeline:
    """A milestones table with the columns of `compute_timeline`, now and at any other moment.

    How long things last is learned once; what the clock makes of it takes milliseconds.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; with the columns of `compute_timeline`, these stay as they are at any moment.
    now : pandas.Timestamp
        The first moment, UTC.

    Attributes
    ----------
    table : pandas.DataFrame
        The rows of `df` with the columns of `compute_timeline`, as of the last moment that was asked for.
    """

    def __init__(self, df: pd.DataFrame, now: pd.Timestamp) -> None:
        check_milestones(df)
        self._outlook = None if has_timeline(df) else Outlook.of(df, "typical", now=now)
        self._start = instants(df["start_date"])
        self._ends: Ends | None = None
        self._over: Mapping[str, pd.Timestamp] = {}
        self._over_at = np.empty(0, np.intp)
        self._over_since = np.empty(0, "datetime64[us]")
        self.table = df
        if self._outlook is not None:
            self._ends = self._outlook.ends(now)
            self.table = timeline_of(df, self._ends, stamp_instant(now))

    def ended(self, over: Mapping[str, pd.Timestamp]) -> RunningTimeline:
        """Return the timeline that takes it from live data that some milestones are over.

        Parameters
        ----------
        over : mapping
            By id, when that was first heard, UTC: it ended then, or at an assumed end before that. An end
            that is reported counts more; ids of other tables do not matter. All that is known, each time.

        Returns
        -------
        RunningTimeline
            `table` is what it was: `at` tells what it makes of the rows.
        """
        if self._outlook is None or over == self._over:
            return self
        known = self.table["id"].isin(list(over)).to_numpy(dtype=bool)
        at = np.flatnonzero(known & ~self._outlook.settled)
        since = np.array([stamp_instant(over[id_]) for id_ in self.table["id"].iloc[at]], "datetime64[us]")
        begun = self._start[at] <= since
        later = copy(self)
        vars(later).update(_over=dict(over), _over_at=at[begun], _over_since=since[begun])
        return later

    def at(self, now: pd.Timestamp) -> tuple[RunningTimeline, Passed]:
        """Return the timeline at another moment, and in which rows it says something else.

        Parameters
        ----------
        now : pandas.Timestamp
            UTC; earlier than before is as good as later.

        Returns
        -------
        timeline : RunningTimeline
        passed : Passed
            What is another than before, as far as anybody can see.
        """
        if self._outlook is None or self._ends is None:
            none = np.zeros(len(self.table), bool)
            return self, Passed(none, none)
        before, ends = self._ends, self._outlook.ends(now)
        heard = self._over_since <= stamp_instant(now)
        ends = ends.told_over(self._over_at[heard], self._over_since[heard])
        moved = _have_moved(before.end, ends.end)
        # what has moved unseen stays, until it adds up to something that is seen
        ends = replace(ends, end=np.where(moved, ends.end, before.end))
        told = np.zeros(len(moved), bool)
        for name in ("status", "source", "suspect", "overdue"):
            told |= getattr(before, name) != getattr(ends, name)
        later = copy(self)
        table = self.table.assign(**clock_columns(ends, self._start, stamp_instant(now)))
        vars(later).update(_ends=ends, table=table)
        return later, Passed(told, moved)


def _have_moved(before: NDArray[np.datetime64], after: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    known, still = ~np.isnat(before), ~np.isnat(after)
    moved: NDArray[np.bool_] = (known != still) | (known & still & (abs(after - before) >= _NOTICEABLE))
    return moved
