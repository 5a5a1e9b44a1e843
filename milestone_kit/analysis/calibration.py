"""How far assumed durations are off, measured on the milestones whose end is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from milestone_kit.analysis.expected import expected_durations
from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.lengths import MIN_SAMPLES, Level, known_durations, levels_of
from milestone_kit.analysis.quantiles import SHARES, SortedValues
from milestone_kit.core.arguments import read_duration
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants
from milestone_kit.table.schema import DTYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.analysis.lengths import Assume, Level, LevelName
    from milestone_kit.core.arguments import TimedeltaLike

__all__ = ["calibrate_durations"]

_NAT = np.timedelta64("NaT", "us")


def calibrate_durations(
    df: pd.DataFrame,
    *,
    assume: Assume = "typical",
    by: LevelName = "type",
    within: TimedeltaLike = "30min",
) -> pd.DataFrame:
    """Tell how far assumed ends would be off, on the milestones whose end is known.

    Each row with a believable reported end is treated as if it had none, and what would be assumed for it
    is held against what was reported. With "typical" nothing is learned from the row itself (leave one out):
    the assumption is the median of all others, as it would be if this end were not known.

    How to read it: `median_error` is how far off a typical assumed end is, `bias` to which side
    (above zero: assumed too long), `q25` to `q75` holds the middle half of the errors, and `within` is
    the share that is close enough for you. A type whose `median_error` is not small beside its usual
    duration (`typical_durations`) has no usual duration: give your own, or take its ends as open. Rows
    whose end was reported may differ from those whose end was not; the table cannot tell.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    assume : "typical", timedelta-like, mapping of type to timedelta-like, or DataFrame
        As for `compute_timeline`. A table of `typical_durations` is taken as it is: learn it from other
        rows than `df`, such as the year before, or it has seen the answers.
    by : {"type", "league", "category"}
        Only for "typical": how finely it is learned, as in `typical_durations`. `compute_timeline` does
        as "type" does; "category" tells how far off its fallback is, which types that seldom or never
        report an end depend on.
    within : timedelta-like
        How close is close enough for the column `within`.

    Returns
    -------
    pandas.DataFrame
        One row per type with such a row (`level` "type"), sorted by name, and one for all together
        (`level` "all"):

        - `level`: str
        - `type`: str, NA in the row for all
        - `n`: int64, rows with a believable reported end
        - `n_assumed`: int64, those of them for which something would be assumed; the rest of the columns
          is about these
        - `bias`: timedelta64[us], the median of assumed less reported
        - `q25`, `q75`: timedelta64[us], its quartiles
        - `median_error`: timedelta64[us], the median of its size
        - `within`: float64 from 0 to 1, the share whose error is at most `within`; NaN where none is told
        - `live_recall`, `live_precision`: float64 from 0 to 1, of the time in which rows are on, how much
          they would be called live (until they last longer than nearly all of their kind do), and of the
          time in which rows are called live, how much they are on. Rows that have been without an end for
          longer than their kind lasts are taken for called off; NaN where nobody can tell

    Raises
    ------
    QueryError
        When `assume`, `by` or `within` cannot be used; None assumes nothing, so there is nothing to measure.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(2000)
    >>> learned = calibrate_durations(milestones).iloc[-1]
    >>> guessed = calibrate_durations(milestones, assume="2h").iloc[-1]
    >>> bool(learned["median_error"] < guessed["median_error"])
    True
    """
    if assume is None:
        raise QueryError("assume=None assumes nothing, so there is nothing to measure; try 'typical'")
    tolerance = read_duration(within, "within")
    known, places, spans, _ = known_durations(df, by)
    levels, types = levels_of(known, by), levels_of(known)[0]
    if isinstance(assume, str) and assume == "typical":
        assumed = _without_itself([level.codes for level in levels], spans)
    else:
        every = np.ones(len(places), dtype=bool)
        assumed = expected_durations(df.iloc[places], every, assume, as_of=None).duration
    error, codes = assumed - spans, types.codes
    by_type = _errors(error, codes, len(types.names), tolerance)
    by_type = by_type.assign(level="type", type=types.names["type"].array)
    total = _errors(error, np.zeros_like(codes), 1, tolerance).assign(level="all", type=None)
    called = _called_live(df, types, spans)
    by_type = by_type.assign(**_shares(called))
    total = total.assign(**_shares(called.sum().to_frame().T))
    table = pd.concat([by_type, total.astype({"type": DTYPES["type"]})], ignore_index=True)
    names = ["level", "type", "n", "n_assumed", "bias", "q25", "q75", "median_error", "within"]
    names += ["live_recall", "live_precision"]
    return table[names].astype({"level": DTYPES["type"], "type": DTYPES["type"]})


def _called_live(df: pd.DataFrame, types: Level, spans: NDArray[np.timedelta64]) -> pd.DataFrame:
    """Return, by type, for how many seconds rows are on, are so while called live, and are called live."""
    groups = len(types.names)
    longest = SortedValues.of(spans.astype(np.int64), types.codes, groups).quantile(SHARES["q99"])
    seconds = spans / np.timedelta64(1, "s")
    most = np.where(np.isnat(longest), np.nan, longest / np.timedelta64(1, "s"))
    on = np.bincount(types.codes, weights=seconds, minlength=groups)
    right = np.bincount(types.codes, weights=np.fmin(seconds, most[types.codes]), minlength=groups)
    # what has no end and should have one long since was called live for as long as anything lasts
    newest = instants(df["end_date"])
    silent = df[np.isnat(newest) & ~is_placeholder(df).to_numpy()]
    at = types.names["type"].str.casefold().to_list()
    place = silent["type"].str.casefold().map({name: number for number, name in enumerate(at)})
    known = place.notna().to_numpy()
    code = place[known].to_numpy(dtype=np.intp)
    past = np.nanmax(newest.astype(np.int64), initial=np.iinfo(np.int64).min)
    waited = (past - instants(silent["start_date"])[known].astype(np.int64)) / 1e6
    given_up = waited > most[code]
    wrong = np.bincount(code[given_up], weights=most[code[given_up]], minlength=groups)
    return pd.DataFrame({"on": on, "right": right, "called": right + wrong})


def _shares(called: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = (called["right"] / called["on"]).to_numpy()
        precision = (called["right"] / called["called"]).to_numpy()
    return {"live_recall": recall, "live_precision": precision}


def _without_itself(
    levels: list[NDArray[np.intp]], spans: NDArray[np.timedelta64]
) -> NDArray[np.timedelta64]:
    """Return what "typical" would assume for each span if it were not known, the finest level first."""
    assumed = np.full(len(spans), _NAT)
    for codes in levels:
        inside = np.flatnonzero(codes >= 0)
        groups = int(codes.max(initial=-1)) + 1
        sorted_ = SortedValues.of(spans[inside].astype(np.int64), codes[inside], groups)
        medians, others = sorted_.medians_of_the_others()
        use = (others >= MIN_SAMPLES) & np.isnat(assumed[inside])
        assumed[inside[use]] = medians[use]
    return assumed


def _errors(
    error: NDArray[np.timedelta64], codes: NDArray[np.intp], groups: int, tolerance: np.timedelta64
) -> pd.DataFrame:
    """Sum up the errors of each group."""
    known = ~np.isnat(error)
    us, of = error[known].astype(np.int64), codes[known]
    signed, size = SortedValues.of(us, of, groups), SortedValues.of(np.abs(us), of, groups)
    close = np.bincount(of[np.abs(us) <= tolerance.astype(np.int64)], minlength=groups)
    share = np.full(groups, np.nan)
    np.divide(close, signed.n, out=share, where=signed.n > 0)
    return pd.DataFrame(
        {
            "n": np.bincount(codes, minlength=groups).astype(np.int64),
            "n_assumed": signed.n,
            "bias": signed.quantile(0.5),
            "q25": signed.quantile(0.25),
            "q75": signed.quantile(0.75),
            "median_error": size.quantile(0.5),
            "within": share,
        }
    )
