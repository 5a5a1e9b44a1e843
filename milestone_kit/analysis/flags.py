"""What a row really is (placeholder, simulation, perhaps only a day), ."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.table.arrays import micros
from milestone_kit.table.schema import check_milestones, ticker_lists

__all__ = ["FIRST_REAL_START", "is_date_only", "is_placeholder", "is_simulated"]

FIRST_REAL_START: Final = pd.Timestamp("2001-01-01", tz="UTC").as_unit("us")
"""Earlier starts are no dates: production's placeholders stand at 2000-01-01, Go's zero time at year 1."""

SIMULATED_PREFIX: Final = "SIM"
"""Series of simulated games begin with this (`SIMNBAGAME`)."""

_DAY: Final = 86_400_000_000


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
    return pd.Series(micros(df["start_date"]) % _DAY == 0, index=df.index)


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
