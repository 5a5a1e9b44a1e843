"""When milestones end and whether they are on: reported, told by live data, expected, or open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from milestone_kit.analysis.expected import Expected, expected_durations
from milestone_kit.analysis.flags import is_date_only, is_placeholder
from milestone_kit.analysis.learned import learned_for
from milestone_kit.core.arguments import DateLike, TimedeltaLike, read_duration, read_now
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants, stamp_instant
from milestone_kit.table.schema import ATTRS_KEY, END_SOURCES, STATUSES, check_milestones

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.analysis.lengths import Assume

__all__ = ["LIVE_FOR", "Ends", "Outlook", "fetched_at", "judged_as_of"]

LIVE_FOR: Final = "24h"
"""How long after its start a milestone without any end counts as live, unless told otherwise."""

# what lies behind it, Python and the server have no words for
_LAST: Final = np.datetime64("9999-12-31T23:59:59.999999", "us")
_NEVER: Final = np.datetime64("NaT", "us")
_NEEDED: Final = ("category", "type", "start_date", "end_date")
_CURRENT: Final = np.timedelta64(30, "m")
_QUIET: Final = np.timedelta64(3, "D")
_DAY: Final = np.timedelta64(24 * 3_600_000_000, "us")
_MANY: Final = 10
_UPCOMING, _LIVE, _ENDED = (STATUSES.index(name) for name in STATUSES)
_REPORTED, _TOLD, _ASSUMED, _OPEN = (END_SOURCES.index(name) for name in END_SOURCES)


@dataclass(frozen=True, slots=True)
class Ends:
    """When the rows of a table end, how that is known, and what it makes of them now.

    Attributes
    ----------
    end : ndarray of datetime64[us], shape (rows,)
        UTC, NaT for none.
    source : ndarray of int8, shape (rows,)
        Position in `END_SOURCES`.
    level : ndarray of int8, shape (rows,)
        Position in `END_LEVELS` of what an assumed end rests on, -1 for none.
    samples : ndarray of int64, shape (rows,)
        From how many reported spans an assumed end was learned.
    status : ndarray of int8, shape (rows,)
        Position in `STATUSES`, -1 for placeholders.
    overdue : ndarray of bool, shape (rows,)
        Where a row is on for longer than its kind usually is.
    suspect : ndarray of bool, shape (rows,)
        Where the dates are not to be believed.
    """

    end: NDArray[np.datetime64]
    source: NDArray[np.int8]
    level: NDArray[np.int8]
    samples: NDArray[np.int64]
    status: NDArray[np.int8]
    overdue: NDArray[np.bool_]
    suspect: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        df: pd.DataFrame,
        assume: Assume,
        *,
        now: DateLike | None = None,
        live_for: TimedeltaLike = LIVE_FOR,
        live: pd.DataFrame | None = None,
        learned: pd.DataFrame | None = None,
    ) -> Ends:
        """Work out the ends, as `compute_timeline` describes them."""
        now = read_now(now)
        outlook = Outlook.of(df, assume, now=now, live_for=live_for, learned=learned)
        made = outlook.ends(now)
        return made if live is None else made.overruled(df, live, stamp_instant(now), outlook.settled)

    def overruled(
        self, df: pd.DataFrame, live: pd.DataFrame, now: np.datetime64, settled: NDArray[np.bool_]
    ) -> Ends:
        """Let live data have the last word about rows whose end is not reported."""
        phase = _phases(df, live)
        begun = instants(df["start_date"]) <= now
        end, source = self.end.copy(), self.source.copy()
        status, overdue, suspect = self.status.copy(), self.overdue.copy(), self.suspect.copy()
        on, over, before = (phase == name for name in ("live", "over", "before"))
        on, over, before = on & ~settled, over & ~settled & begun, before & ~settled & begun
        # an assumed end that is past, of what goes on, is no end
        overdue |= on & (self.source == _ASSUMED) & (end <= now)
        end[on & (end <= now)] = _NEVER
        source[on & np.isnat(end)] = _OPEN
        status[on], status[before] = _LIVE, _UPCOMING
        overdue[before] = False
        suspect[on] = False
        told = source != _ASSUMED
        level, samples = np.where(told, -1, self.level), np.where(told, 0, self.samples)
        made = Ends(end, source, level.astype(np.int8), samples, status, overdue, suspect)
        return made.told_over(np.flatnonzero(over), now)

    def told_over(self, at: NDArray[np.intp], since: NDArray[np.datetime64] | np.datetime64) -> Ends:
        """Let some rows be over, as live data say, since a moment or an assumed end before that.

        Parameters
        ----------
        at : ndarray of intp, shape (told,)
            Positions of rows whose end is not reported.
        since : datetime64[us] or ndarray of it, shape (told,)
            When that was heard, UTC; it is not in the future.
        """
        if not len(at):
            return self
        made = Ends(*(getattr(self, name).copy() for name in Ends.__slots__))
        made.end[at] = np.fmin(made.end[at], since)
        made.source[at], made.status[at] = _TOLD, _ENDED
        made.level[at], made.samples[at] = -1, 0
        made.overdue[at] = made.suspect[at] = False
        return made


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of the ends of a table's rows, whatever the clock says: worked out once, asked often.

    Attributes
    ----------
    df : pandas.DataFrame
        The milestones.
    live_for : numpy.timedelta64
        How long a row without any end counts as live.
    reported : ndarray of datetime64[us], shape (rows,)
        UTC, NaT for none.
    believed, placeholder : ndarray of bool, shape (rows,)
        Where the reported end does not lie before the start; where the row is a placeholder.
    at : ndarray of intp, shape (asked,)
        The rows whose end has to be expected.
    expected : Expected
        What is expected of them.
    """

    df: pd.DataFrame
    live_for: np.timedelta64
    reported: NDArray[np.datetime64]
    believed: NDArray[np.bool_]
    placeholder: NDArray[np.bool_]
    at: NDArray[np.intp]
    expected: Expected

    @property
    def settled(self) -> NDArray[np.bool_]:
        """Which rows live data have no say about."""
        return self.believed | self.placeholder

    @classmethod
    def of(
        cls,
        df: pd.DataFrame,
        assume: Assume,
        *,
        now: DateLike | None = None,
        live_for: TimedeltaLike = LIVE_FOR,
        learned: pd.DataFrame | None = None,
    ) -> Outlook:
        """Learn what is to be expected, as of `now`; the arguments are those of `compute_timeline`."""
        check_milestones(df, _NEEDED)
        window = read_duration(live_for, "live_for")
        as_of = judged_as_of(df, stamp_instant(read_now(now)))
        start, reported = instants(df["start_date"]), instants(df["end_date"])
        placeholder, believed = is_placeholder(df).to_numpy(), reported >= start
        asked = ~believed & ~placeholder
        at = np.flatnonzero(asked)
        learned = learned_for(df) if learned is None else learned
        expected = expected_durations(df, asked, assume, as_of=as_of, learned=learned)
        # a date may stand for "some time that day"
        day = np.where(is_date_only(df).to_numpy()[at], _DAY, np.timedelta64("NaT", "us"))
        longest = np.where(np.isnat(expected.longest), expected.longest, np.fmax(expected.longest, day))
        return cls(df, window, reported, believed, placeholder, at, expected._replace(longest=longest))

    def ends(self, now: DateLike | None) -> Ends:
        """Tell when the rows end and which of them are on, at a moment."""
        moment = stamp_instant(read_now(now))
        as_of = judged_as_of(self.df, moment)
        start, at, expected = instants(self.df["start_date"]), self.at, self.expected
        rows = len(start)
        end = np.where(self.believed, self.reported, _NEVER)
        source = np.where(self.believed, _REPORTED, _OPEN).astype(np.int8)
        level, samples = np.full(rows, -1, dtype=np.int8), np.zeros(rows, dtype=np.int64)
        overdue, silent = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool)

        silent[at] = _silent(expected, start[at], as_of)
        later = start[at] + np.where(
            silent[at] | (start[at] > as_of), expected.duration, expected.after(as_of - start[at])
        )
        later = np.where(later > _LAST, _NEVER, later)
        end[at] = later
        used = ~np.isnat(later)
        source[at] = np.where(used, _ASSUMED, _OPEN)
        level[at], samples[at] = np.where(used, expected.level, -1), np.where(used, expected.samples, 0)
        overdue[at] = (as_of > start[at] + expected.duration) & (moment < later) & ~silent[at]

        over = np.where(np.isnat(end), start + self.live_for, end)
        status = np.where(start > moment, _UPCOMING, np.where(over > moment, _LIVE, _ENDED)).astype(np.int8)
        status[self.placeholder] = -1
        called_off = _called_off(silent, self.believed & (end <= as_of))
        suspect = (self.reported < start) | self.placeholder | called_off
        return Ends(end, source, level, samples, status, overdue, suspect)


def judged_as_of(df: pd.DataFrame, now: np.datetime64) -> np.datetime64:
    """Return the moment as of which a missing end says something: when the table was fetched, `now` at most.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones. Its attrs tell when it was fetched; where they are lost, the server's last touch
        does, if it lies days back.
    now : numpy.datetime64
        UTC.

    Notes
    -----
    A table fetched within the last half hour counts as current.
    """
    fetched = fetched_at(df)
    if fetched is None:
        fetched = _newest(df, now)
        if np.isnat(fetched) or now - fetched <= _QUIET:
            return now
    return now if now - fetched <= _CURRENT else fetched


def fetched_at(df: pd.DataFrame) -> np.datetime64 | None:
    """Return when a table was fetched, in UTC microseconds, as its attrs tell; None where they do not."""
    told = df.attrs.get(ATTRS_KEY)
    try:
        fetched = pd.Timestamp(told["fetched_at"]) if isinstance(told, dict) else pd.NaT
        return None if pd.isna(fetched) else stamp_instant(fetched.tz_convert("UTC"))
    except (KeyError, TypeError, ValueError):
        return None


def _newest(df: pd.DataFrame, now: np.datetime64) -> np.datetime64:
    """Return when the server last touched a row, `now` at most; NaT where the table does not tell."""
    if "last_updated_ts" not in df.columns:
        return _NEVER
    touched = instants(df["last_updated_ts"])
    touched = touched[touched <= now]
    newest: np.datetime64 = touched.max() if len(touched) else _NEVER
    return newest


def _silent(expected: Expected, start: NDArray[np.datetime64], as_of: np.datetime64) -> NDArray[np.bool_]:
    """Tell which rows have been without an end for longer than is to be believed."""
    return np.asarray(start + np.fmax(expected.longest, expected.duration) <= as_of) & ~np.isnat(
        expected.longest
    )


def _called_off(silent: NDArray[np.bool_], closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the silent rows, unless the table is one of those, of old, that report hardly any end."""
    return silent & (int(silent.sum()) < max(_MANY, int(closed.sum())))


def _phases(df: pd.DataFrame, live: pd.DataFrame) -> NDArray[Any]:
    """Return what live data say of each row: "before", "live", "over", or None."""
    if not isinstance(live, pd.DataFrame) or not {"id", "phase"} <= set(live.columns):
        raise QueryError(
            f"live={type(live).__name__}: expected a table with id and phase, as get_live gives it"
        )
    check_milestones(df, ["id"])
    told = live.drop_duplicates("id", keep="last").set_index("id")["phase"]
    return df["id"].map(told.astype(object)).to_numpy(dtype=object)
