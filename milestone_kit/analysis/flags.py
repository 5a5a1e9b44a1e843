"""What a row really is (placeholder, simulation, perhaps only a day), and the dtypes of what we derive."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.table.schema import check_milestones

__all__ = [
    "END_LEVELS",
    "END_LEVEL_DTYPE",
    "END_SOURCES",
    "END_SOURCE_DTYPE",
    "FIRST_REAL_START",
    "STATUSES",
    "STATUS_DTYPE",
    "TIMELINE_DTYPES",
    "is_date_only",
    "is_placeholder",
    "is_simulated",
    "ticker_lists",
]

FIRST_REAL_START: Final = pd.Timestamp("2001-01-01", tz="UTC").as_unit("us")
"""Earlier starts are no dates: production's placeholders stand at 2000-01-01, Go's zero time at year 1."""

SIMULATED_PREFIX: Final = "SIM"
"""Series of simulated games begin with this (`SIMNBAGAME`)."""

_DAY: Final = 86_400_000_000

STATUSES: Final = ("upcoming", "live", "ended")
"""The values of a timeline's `status`, in the order of a milestone's life."""

END_SOURCES: Final = ("reported", "assumed", "open")
"""The values of a timeline's `end_source`."""

END_LEVELS: Final = ("league", "type", "category")
"""The values of a timeline's `end_level`, the finest first."""

STATUS_DTYPE: Final = pd.CategoricalDtype(list(STATUSES), ordered=True)
"""The dtype of `status`: upcoming < live < ended."""

END_SOURCE_DTYPE: Final = pd.CategoricalDtype(list(END_SOURCES))
"""The dtype of `end_source`."""

END_LEVEL_DTYPE: Final = pd.CategoricalDtype(list(END_LEVELS))
"""The dtype of `end_level`."""

TIMELINE_DTYPES: Final[dict[str, np.dtype | pd.api.extensions.ExtensionDtype]] = {
    "end": pd.DatetimeTZDtype("us", "UTC"),
    "end_source": END_SOURCE_DTYPE,
    "end_level": END_LEVEL_DTYPE,
    "end_samples": np.dtype("int64"),
    "duration": np.dtype("timedelta64[us]"),
    "status": STATUS_DTYPE,
    "starts_in": np.dtype("timedelta64[us]"),
    "lane": np.dtype("int32"),
    "suspect": np.dtype("bool"),
    "date_only": np.dtype("bool"),
}
"""Name to dtype of the columns that `compute_timeline` adds, in column order."""


def ticker_lists(df: pd.DataFrame, column: str) -> pa.ListArray:
    """Return a ticker column as one Arrow list array, without copying where it is one chunk.

    Parameters
    ----------
    df : pandas.DataFrame
        A table with this column.
    column : str
        A column of dtype `list<string>[pyarrow]`.

    Returns
    -------
    pyarrow.ListArray
        One list per row of `df`, in order.
    """
    lists = pa.array(df[column])
    return lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists


def is_placeholder(df: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows have a start date that stands for "no date yet".

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; only `start_date` is read.

    Returns
    -------
    pandas.Series
        bool, on the index of `df`: True where the start lies before 2001-01-01 UTC.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(100)
    >>> bool((milestones[is_placeholder(milestones)]["start_date"] < "2001").all())
    True
    """
    check_milestones(df, ["start_date"])
    return (df["start_date"] < FIRST_REAL_START).rename(None)


def is_date_only(df: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows start at midnight UTC to the microsecond, and so may only mean that day.

    Such a start can be a real one (a game at 7 pm in New York is at 00:00 UTC in winter) or stand for
    "some time that day" (an election, a report). The server does not tell the two apart; neither
    does this.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; only `start_date` is read.

    Returns
    -------
    pandas.Series
        bool, on the index of `df`.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(100)
    >>> milestones[is_date_only(milestones)]["start_date"].dt.hour.unique().tolist()
    [0]
    """
    check_milestones(df, ["start_date"])
    us = df["start_date"].to_numpy(dtype="datetime64[us]").astype(np.int64)
    return pd.Series(us % _DAY == 0, index=df.index)


def is_simulated(df: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows are simulated games that live among the real ones.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; the two ticker columns are read.

    Returns
    -------
    pandas.Series
        bool, on the index of `df`: True where the primary tickers (the related ones, where there is
        no primary one) are all of a series that begins with "SIM", and there is at least one.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> is_simulated(sample_milestones(100)).dtype
    dtype('bool')
    """
    check_milestones(df, ["primary_event_tickers", "related_event_tickers"])
    primary, primary_simulated = _count_simulated(ticker_lists(df, "primary_event_tickers"))
    related, related_simulated = _count_simulated(ticker_lists(df, "related_event_tickers"))
    by_primary = primary_simulated == primary
    by_related = (related > 0) & (related_simulated == related)
    return pd.Series(np.where(primary > 0, by_primary, by_related), index=df.index, dtype=bool)


def _count_simulated(lists: pa.ListArray) -> tuple[np.ndarray, np.ndarray]:
    """Count per row all tickers, and those of a simulated series."""
    rows = pc.list_parent_indices(lists).to_numpy()
    simulated = pc.starts_with(lists.flatten(), SIMULATED_PREFIX, ignore_case=True)
    hits = rows[simulated.to_numpy(zero_copy_only=False).astype(bool)]
    return np.bincount(rows, minlength=len(lists)), np.bincount(hits, minlength=len(lists))
