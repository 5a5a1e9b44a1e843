"""How full the calendar is: how many at once, the busiest hours, the quiet ones, and what is next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from milestone_kit.analysis.flags import is_date_only, is_placeholder
from milestone_kit.analysis.groups import groups_of
from milestone_kit.analysis.intervals import GroupOrder
from milestone_kit.analysis.occupancy import MAX_BINS, Bins, Spans, read_width, sweep
from milestone_kit.core.arguments import DateLike, check_whole_number, check_zone, read_now, to_utc
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import stamp_micros, utc_index
from milestone_kit.table.schema import ATTRS_KEY, check_milestones

if TYPE_CHECKING:
    from milestone_kit.core.arguments import TimedeltaLike

__all__ = ["busiest", "calendar_counts", "concurrency", "gaps", "next_up"]

_PERIODS: Final = ("D", "W", "M")
_COUNTED: Final = ("peak", "mean", "starts")


def concurrency(
    df: pd.DataFrame,
    freq: TimedeltaLike = "1h",
    by: str | None = None,
    *,
    start: DateLike | None = None,
    end: DateLike | None = None,
    now: DateLike | None = None,
) -> pd.DataFrame:
    """Count how many milestones are on at once, exactly, in bins of equal width.

    A milestone is on from its start until just before its end. One without a known end, or of no
    length, is on only in the instant of its start: it counts in `peak` and `starts` and weighs nothing
    in `mean`. Rows whose dates are not to be believed (`suspect`) are left out. A start at midnight UTC
    is taken at its word, though it may only mean that day: a peak at midnight is worth a look at
    `date_only`.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; `end` and `suspect` are used where `compute_timeline` made them, else it is called.
    freq : timedelta-like
        Width of a bin, up to 366 days. Bins that divide a day begin at midnight UTC, bins of seven
        days on Mondays.
    by : str, optional
        A column, or "league" as the details tell it: each of its values is counted by itself
        (missing values are one of them).
    start, end : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        The window, widened to whole bins; from the first start to the last end if left out. Naive
        means UTC. What was already on at `start` is counted.
    now : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        As for `compute_timeline`; only read where that is called.

    Returns
    -------
    pandas.DataFrame
        One row per bin (and value of `by`), also where nothing is on, sorted by them:

        - `bin_start`: datetime64[us, UTC]
        - the column `by`, where given
        - `peak`: int64, the most at one instant of the bin
        - `mean`: float64, weighted by time
        - `starts`: int64, how many start in the bin

        `attrs["milestone_kit"]` counts the `milestones` read, the `suspect` ones left out and the
        `open` ones.

    Raises
    ------
    QueryError
        When an argument cannot be used, or there would be more than 1,000,000 rows.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> busy = concurrency(sample_milestones(500), "1h", start="2026-01-15", end="2026-01-16")
    >>> list(busy.columns), len(busy)
    (['bin_start', 'peak', 'mean', 'starts'], 24)
    """
    width = read_width(freq, "freq", 1)
    _check_free(by, ("bin_start", *_COUNTED))
    spans = Spans.of(df, by=by, now=now)
    bins = Bins.over(spans, width, start, end)
    groups = len(spans.names)
    if bins.count * groups > MAX_BINS:
        coarser = _coarser(bins, groups)
        values = "" if by is None else f" for each of {groups:,} values of {by!r}"
        raise QueryError(
            f"freq={freq!r} makes {bins.count * groups:,} bins, {bins.count:,} from "
            f"{_day(bins.first)} to {_day(bins.end)}{values}; at most {MAX_BINS:,} are given: "
            f"set start= and end={coarser}"
        )
    counted = sweep(spans, bins)
    table = pd.DataFrame({"bin_start": utc_index(np.repeat(bins.edges, groups))})
    if by is not None:
        table[by] = spans.names.take(np.tile(np.arange(groups), bins.count))
    for name in _COUNTED:
        table[name] = getattr(counted, name).T.ravel()
    table.attrs[ATTRS_KEY] = {"milestones": len(df), "suspect": spans.suspect, "open": spans.open}
    return table


def busiest(
    df: pd.DataFrame,
    n: int = 10,
    freq: TimedeltaLike = "1h",
    by: str | None = None,
    *,
    start: DateLike | None = None,
    end: DateLike | None = None,
    now: DateLike | None = None,
) -> pd.DataFrame:
    """List the bins in which the most milestones are on at once.

    Parameters
    ----------
    df, freq, by, start, end, now
        As for `concurrency`.
    n : int
        How many bins; with `by`, how many for each of its values.

    Returns
    -------
    pandas.DataFrame
        The columns of `concurrency`; the highest `peak` first, then the highest `mean`, then the
        earliest. Bins in which nothing is on are not listed.

    Raises
    ------
    QueryError, SchemaError
        As `concurrency`; also when `n` is not a whole number of at least 1.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> top = busiest(sample_milestones(500), 3, start="2026-01-01", end="2026-02-01")
    >>> bool(top["peak"].is_monotonic_decreasing)
    True
    """
    count = check_whole_number(n, "n")
    table = concurrency(df, freq, by, start=start, end=end, now=now)
    table = table[table["peak"] > 0]
    order = np.lexsort((table["bin_start"].to_numpy(), -table["mean"].to_numpy(), -table["peak"].to_numpy()))
    ranked = table.iloc[order]
    chosen = ranked.head(count) if by is None else ranked.groupby(by, sort=False, dropna=False).head(count)
    return chosen.reset_index(drop=True)


def calendar_counts(
    df: pd.DataFrame,
    freq: str = "D",
    by: str | None = "category",
    *,
    tz: str | None = None,
) -> pd.DataFrame:
    """Count how many milestones start on each day, week or month of the calendar.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones. Placeholder rows (`is_placeholder`) have no date and are not counted.
    freq : {"D", "W", "M"}
        Days, weeks from Monday, or months.
    by : str or None
        A column, or "league" as the details tell it, to count apart; None counts all together.
    tz : str, optional
        IANA time zone whose days these are, UTC without it. A day of a clock change is the 23 or 25
        hours that it was.

    Returns
    -------
    pandas.DataFrame
        One row per period (and value of `by`) in which something starts, sorted by them:

        - `period_start`: datetime64[us, tz], the first moment of the period
        - the column `by`, where given
        - `n`: int64

    Raises
    ------
    QueryError
        When an argument cannot be used.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> days = calendar_counts(sample_milestones(500), tz="America/New_York")
    >>> days.columns.tolist(), str(days["period_start"].dtype)
    (['period_start', 'category', 'n'], 'datetime64[us, America/New_York]')
    """
    check_milestones(df, ["start_date"])
    if not isinstance(freq, str) or freq not in _PERIODS:
        raise QueryError(f"freq={freq!r}: expected 'D' (days), 'W' (weeks from Monday) or 'M' (months)")
    zone = check_zone(tz)
    _check_free(by, ("period_start", "n"))
    group, names = groups_of(df, by)
    dated = ~is_placeholder(df).to_numpy()
    local = df["start_date"].dt.tz_convert(zone).dt.tz_localize(None)
    periods = _period_starts(local.to_numpy(dtype="datetime64[us]")[dated], freq)
    days, codes = np.unique(periods, return_inverse=True)
    cells, n = np.unique(codes * np.intp(len(names)) + group[dated], return_counts=True)
    moments = pd.DatetimeIndex(days.astype("datetime64[us]")).tz_localize(
        zone, ambiguous=np.ones(len(days), dtype=bool), nonexistent="shift_forward"
    )
    table = pd.DataFrame({"period_start": moments.take(cells // max(len(names), 1))})
    if by is not None:
        table[by] = names.take(cells % max(len(names), 1))
    return table.assign(n=n.astype(np.int64))


def next_up(
    df: pd.DataFrame, n: int = 10, *, now: DateLike | None = None, by: str | None = None
) -> pd.DataFrame:
    """List the milestones that start next.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    n : int
        How many; with `by`, how many for each of its values.
    now : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        Only what starts later is listed; naive means UTC. The current time if left out.
    by : str, optional
        A column, or "league" as the details tell it.

    Returns
    -------
    pandas.DataFrame
        Rows of `df` with their index, the earliest start first, by id where starts are equal, and two
        columns:

        - `starts_in`: timedelta64[us], counted from `now`
        - `date_only`: bool, True where the start is midnight UTC and may only mean that day
          (`is_date_only`), so that `starts_in` may be up to a day short. For the same reason something
          of today may still be ahead and not be listed: its midnight is past

    Raises
    ------
    QueryError
        When an argument cannot be used.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> soon = next_up(sample_milestones(500), 3, now="2026-01-15")
    >>> len(soon), bool((soon["starts_in"] > pd.Timedelta(0)).all())
    (3, True)
    """
    check_milestones(df, ["id", "start_date"])
    count = check_whole_number(n, "n")
    moment = read_now(now)
    group, _ = groups_of(df, by)
    ahead = (df["start_date"] > moment).to_numpy() & ~is_placeholder(df).to_numpy()
    rows = df[ahead]
    starts_in = (rows["start_date"] - moment).astype("timedelta64[us]")
    rows = rows.assign(starts_in=starts_in, date_only=is_date_only(rows))
    keys = rows[["start_date", "id"]].reset_index(drop=True).assign(group=group[ahead])
    keys = keys.sort_values(["start_date", "id"], kind="stable")
    return rows.iloc[keys.groupby("group", sort=False).head(count).index]


def gaps(
    df: pd.DataFrame,
    min_gap: TimedeltaLike = "1h",
    by: str | None = None,
    *,
    start: DateLike | None = None,
    end: DateLike | None = None,
    now: DateLike | None = None,
) -> pd.DataFrame:
    """List the spans of time in which no milestone is on.

    A milestone without a known end, or of no length, cuts a gap in two at its start. Rows whose dates
    are not to be believed (`suspect`) are left out.

    Parameters
    ----------
    df, by, now
        As for `concurrency`.
    min_gap : timedelta-like
        The shortest gap to list, up to 366 days.
    start, end : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        The window; gaps reach as far as its bounds. Without them, only gaps between milestones count.

    Returns
    -------
    pandas.DataFrame
        One row per gap, sorted by (`by` and) start:

        - the column `by`, where given
        - `gap_start`, `gap_end`: datetime64[us, UTC]
        - `length`: timedelta64[us]

    Raises
    ------
    QueryError
        When an argument cannot be used.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> quiet = gaps(sample_milestones(500), "6h", start="2026-01-15", end="2026-01-22")
    >>> bool((quiet["length"] >= pd.Timedelta("6h")).all())
    True
    """
    shortest = max(read_width(min_gap, "min_gap", 0), 1)
    _check_free(by, ("gap_start", "gap_end", "length"))
    spans = Spans.of(df, by=by, now=now)
    low, high = (
        None if value is None else to_utc(value, name) for name, value in (("start", start), ("end", end))
    )
    if low is not None and high is not None and low >= high:
        raise QueryError(f"start={start!r} does not lie before end={end!r}; there is nothing in between")
    begin, until, group = _bounded(spans, low, high)
    ordering = GroupOrder.over(len(spans.names), begin, until)
    begins = ordering.keys(group, begin)
    order = np.argsort(begins, kind="stable")
    begins, begin, group = begins[order], begin[order], group[order]
    latest = np.maximum.accumulate(ordering.keys(group, until[order]))
    after = np.flatnonzero((group[1:] == group[:-1]) & (begins[1:] > latest[:-1]))
    gap_start, gap_end = ordering.times(group[after], latest[after]), begin[after + 1]
    long = gap_end - gap_start >= shortest
    after, gap_start, gap_end = after[long], gap_start[long], gap_end[long]
    columns = {} if by is None else {by: spans.names.take(group[after])}
    columns |= {"gap_start": utc_index(gap_start), "gap_end": utc_index(gap_end)}
    return pd.DataFrame(columns | {"length": (gap_end - gap_start).astype("timedelta64[us]")})


def _bounded(
    spans: Spans, low: pd.Timestamp | None, high: pd.Timestamp | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return starts, ends and groups with a wall at each bound, and nothing beyond it."""
    begin, until, group = spans.start, spans.end, spans.group
    every = np.arange(len(spans.names))
    if low is not None:
        wall = stamp_micros(low)
        inside = until >= wall
        begin = np.concatenate([np.full(len(every), wall), begin[inside]])
        until = np.concatenate([np.full(len(every), wall), until[inside]])
        group = np.concatenate([every, group[inside]])
    if high is not None:
        wall = stamp_micros(high)
        inside = begin <= wall
        begin = np.concatenate([begin[inside], np.full(len(every), wall)])
        until = np.concatenate([until[inside], np.full(len(every), wall)])
        group = np.concatenate([group[inside], every])
    return begin, until, group


def _period_starts(local: np.ndarray, freq: str) -> np.ndarray:
    """Return the local day (datetime64[D]) on which the period of each local time begins."""
    if freq == "M":
        return local.astype("datetime64[M]").astype("datetime64[D]")
    days = local.astype("datetime64[D]")
    if freq == "D":
        return days
    return days - (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday


def _check_free(by: str | None, own: tuple[str, ...]) -> None:
    if by in own:
        raise QueryError(f"by={by!r}: the result has a column of this name; rename yours first")


def _day(us: int) -> str:
    return str(np.datetime64(us, "us").astype("datetime64[D]"))


def _coarser(bins: Bins, groups: int) -> str:
    """Return the advice to take wider bins, where such are allowed and help."""
    for text, us in (
        ("1h", 3_600_000_000),
        ("6h", 21_600_000_000),
        ("1D", 86_400_000_000),
        ("7D", 604_800_000_000),
    ):
        if us > bins.width and (bins.end - bins.first) // us * groups < MAX_BINS:
            return f", or a freq of at least '{text}'"
    return ""
