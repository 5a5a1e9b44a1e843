"""How long rows that are alike last: their spans, at which levels they are alike, and the quantiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
import pandas as pd

from milestone_kit.analysis.details import league_of
from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.groups import Groups
from milestone_kit.analysis.quantiles import SHARES, SortedValues
from milestone_kit.analysis.tickers import series_of
from milestone_kit.core.arguments import TimedeltaLike
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants
from milestone_kit.table.schema import DTYPES, check_milestones

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MIN_SAMPLES",
    "Assume",
    "Lasting",
    "Level",
    "LevelName",
    "known_durations",
    "latest_of_types",
    "learn",
    "levels_of",
]

MIN_SAMPLES: Final = 5
"""A median is trusted from this many believable reported spans on."""

Assume = TimedeltaLike | Mapping[str, TimedeltaLike] | pd.DataFrame | None
"""How `compute_timeline` fills in ends that nobody reported."""

LevelName = Literal["category", "type", "league", "series"]
"""How finely durations are learned: per category only, per type, per league or series of a type as well."""

_NEEDED: Final = ("category", "type", "start_date", "end_date")
_PARTS: Final = ("league", "series")
_DETAILED: Final = {"league": ("id", "details"), "series": ("primary_event_tickers",)}


class Lasting(NamedTuple):
    """What is known of how long rows last.

    Attributes
    ----------
    rows : pandas.DataFrame
        The rows, with the columns that tell which of them last alike.
    places : ndarray of intp, shape (rows,)
        Where each stands in the table.
    duration : ndarray of timedelta64[us], shape (rows,)
        How long each lasts, or lasted until the table was fetched.
    over : ndarray of bool, shape (rows,)
        Where the end is reported; elsewhere the row lasts longer.
    """

    rows: pd.DataFrame
    places: NDArray[np.intp]
    duration: NDArray[np.timedelta64]
    over: NDArray[np.bool_]

    def take(self, kept: NDArray[np.intp]) -> Lasting:
        """Return some of the rows, by position."""
        return Lasting(self.rows.iloc[kept], self.places[kept], self.duration[kept], self.over[kept])


def known_durations(
    df: pd.DataFrame, by: LevelName = "type", *, as_of: np.datetime64 | None = None
) -> Lasting:
    """Return the rows whose end is known and to be believed.

    With `as_of` only those that were over then, and those that were on: what has an end ahead of time is
    another kind of thing than what has none yet.
    """
    check_milestones(df, _NEEDED)
    start, end = (instants(df[name]) for name in ("start_date", "end_date"))
    dated = ~is_placeholder(df).to_numpy()
    over = (end >= start) & dated
    if as_of is None:
        known, last = over, end
    else:
        over &= end <= as_of
        known = over | ((start < as_of) & np.isnat(end) & dated)
        last = np.where(over, end, as_of)
    detailed = _DETAILED.get(by, ()) if isinstance(by, str) else ()
    columns = [name for name in detailed if name in df.columns]
    at = np.flatnonzero(known)
    return Lasting(df[[*_NEEDED, *columns]].iloc[at], at, (last - start)[at], over[at])


def latest_of_types(spans: Lasting, most: int, of_types: pd.Series[str] | None = None) -> Lasting:
    """Leave the rows of each type, or of some types only, that start last: `most` of each."""
    if len(spans.rows) <= most:
        return spans
    types = Groups.of(spans.rows["type"])
    wanted = np.arange(len(types.codes))
    if of_types is not None:
        wanted = np.flatnonzero(types.find(of_types.unique()))
    start = instants(spans.rows["start_date"])
    if (start[1:] < start[:-1]).any():  # tables stand by start unless somebody has sorted them otherwise
        wanted = wanted[np.argsort(start[wanted], kind="stable")]
    # few values in few bytes are sorted in one go
    codes = types.codes[wanted].astype(np.uint16 if len(types.names) < 2**16 else np.intp)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(types.names)))
    return spans.take(np.sort(wanted[order[ends[codes[order]] - np.arange(len(order)) <= most]]))


def learn(spans: Lasting, by: LevelName, *, levels: int | None = None) -> pd.DataFrame:
    """Sum up spans as `typical_durations` tells; of what is not over, that it lasts longer than it has.

    With `levels` only the finest so many levels are told.
    """
    found = levels_of(spans.rows, by)
    parts = [_learned(level, spans, found[-1]) for level in found[:levels]]
    table = pd.concat(parts, ignore_index=True)
    names = ["level", "type", *([by] if by in _PARTS else []), "category", "n", *SHARES]
    texts = {name: DTYPES["type"] for name in names if name not in {"n", *SHARES}}
    table = table.reindex(columns=names).astype(texts)
    table = table.assign(spread=table["q75"] - table["q25"])
    return table[
        [*table.columns[: table.columns.tolist().index("q75") + 1], "spread", "q01", "q10", "q90", "q99"]
    ]


@dataclass(frozen=True, slots=True)
class Level:
    """One way to put rows into groups that last alike.

    Attributes
    ----------
    name : str
        "league", "type" or "category".
    codes : ndarray of intp, shape (rows,)
        Group of each row, -1 where it is in none.
    names : pandas.DataFrame, one row per group
        What the group is called, sorted: `category`, `type`, or `type` and `league`.
    """

    name: str
    codes: NDArray[np.intp]
    names: pd.DataFrame


def levels_of(df: pd.DataFrame, by: LevelName = "type") -> list[Level]:
    """Return the levels at which durations are learned, the finest first.

    Raises
    ------
    QueryError
        When `by` is none of "category", "type" and "league".
    """
    if not isinstance(by, str) or by not in ("category", "type", *_PARTS):
        raise QueryError(f"by={by!r}: expected 'type', 'league', 'series' or 'category'")
    check_milestones(df, _NEEDED)
    categories = _level(df["category"], "category")
    if by == "category":
        return [categories]
    types = _level(df["type"], "type")
    if by == "type":
        return [types, categories]
    parts = _level(league_of(df) if by == "league" else series_of(df), by)
    count = max(len(parts.names), 1)
    both = (types.codes >= 0) & (parts.codes >= 0)
    pairs, found = np.unique(types.codes[both] * np.intp(count) + parts.codes[both], return_inverse=True)
    codes = np.full(len(df), -1, dtype=np.intp)
    codes[both] = found
    of_type = types.names.iloc[pairs // count].reset_index(drop=True)
    of_part = parts.names.iloc[pairs % count].reset_index(drop=True)
    return [Level(by, codes, pd.concat([of_type, of_part], axis="columns")), types, categories]


def _level(column: pd.Series[str], name: str) -> Level:
    groups = Groups.of(column)
    return Level(name, groups.codes, pd.DataFrame({name: pd.Series(groups.names, dtype=DTYPES["type"])}))


def _learned(level: Level, spans: Lasting, category: Level) -> pd.DataFrame:
    """Sum up the spans of each group of a level."""
    inside = level.codes >= 0
    codes, over, groups = level.codes[inside], spans.over[inside], len(level.names)
    values = spans.duration[inside].astype(np.int64)
    seen = SortedValues.of(values[over], codes[over], groups)
    table = level.names.assign(level=level.name, n=seen.n)
    for name, share in SHARES.items():
        table[name] = seen.quantile(share)
    if not over.all():
        _weigh_what_goes_on(table, values, codes, over, seen)
    if level.name != "category":
        main = _main_category(codes[over], category.codes[inside][over], groups)
        table["category"] = category.names["category"].array.take(main, allow_fill=True)
    return table[table["n"] >= (MIN_SAMPLES if level.name in _PARTS else 1)]


def _weigh_what_goes_on(
    table: pd.DataFrame,
    values: NDArray[np.int64],
    codes: NDArray[np.intp],
    over: NDArray[np.bool_],
    seen: SortedValues,
) -> None:
    """Put the quantiles right of the groups of which some rows go on."""
    groups = len(table)
    most = np.full(groups, -1)
    most[seen.n > 0] = seen.values[(seen.first + seen.n - 1)[seen.n > 0]]
    # what goes on for far longer than any that was seen to end has been called off, or is another thing
    counts = over | (values <= 2 * most[codes])
    touched = np.bincount(codes[counts & ~over], minlength=groups) > 0
    every = SortedValues.of(values[counts], codes[counts], groups)
    ended = every.ended_shares(over[counts])
    for name, share in SHARES.items():
        table.loc[touched, name] = every.surviving_quantile(ended, share)[touched]


def _main_category(codes: NDArray[np.intp], categories: NDArray[np.intp], groups: int) -> NDArray[np.intp]:
    """Return the category that most rows of each group are in, the first by name of several, -1 for none."""
    count = int(categories.max(initial=0)) + 1
    pairs, n = np.unique(codes * np.intp(count) + categories, return_counts=True)
    # written from the rarest to the most frequent, so that the last one stays
    order = np.lexsort((-pairs, n))
    main = np.full(groups, -1, dtype=np.intp)
    main[pairs[order] // count] = pairs[order] % count
    return main
