"""How long milestones last: learned from the ends that are reported, assumed where none is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from milestone_kit.analysis.details import league_of
from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.groups import Groups
from milestone_kit.analysis.quantiles import SortedValues
from milestone_kit.core.arguments import TimedeltaLike, read_duration
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants
from milestone_kit.table.schema import DTYPES, END_LEVELS, check_milestones

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MIN_SAMPLES",
    "Assume",
    "Assumed",
    "Level",
    "LevelName",
    "known_durations",
    "levels_of",
    "typical_durations",
]

MIN_SAMPLES: Final = 5
"""A median is trusted from this many believable reported spans on."""

Assume = TimedeltaLike | Mapping[str, TimedeltaLike] | pd.DataFrame | None
"""How `compute_timeline` fills in ends that nobody reported."""

LevelName = Literal["category", "type", "league"]
"""How finely durations are learned: per category only, per type as well, or per league of a type as well."""

_NEEDED: Final = ("category", "type", "start_date", "end_date")
_NAT: Final = np.timedelta64("NaT", "us")
_QUARTILES: Final = {"q25": 0.25, "median": 0.5, "q75": 0.75}


def typical_durations(df: pd.DataFrame, *, by: LevelName = "type") -> pd.DataFrame:
    """Learn from the reported ends how long milestones of a type, a league or a category last.

    A span counts when its end is not before its start and the row is no placeholder.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    by : {"type", "league", "category"}
        "league" also learns from each league of each type, as the details tell it (`league_of`), where
        at least `MIN_SAMPLES` spans allow it. It reads the details' JSON, which takes several times as
        long as the rest. "category" learns from categories only.

    Returns
    -------
    pandas.DataFrame
        The rows of leagues, where asked for (`level` "league"), then one row per type that has such a
        span (`level` "type"), then one per category (`level` "category"), each sorted by name:

        - `level`: str
        - `type`: str, NA in the rows of level "category"
        - `league`: str, NA but in the rows of level "league"; only there with `by="league"`
        - `category`: str; for a type or league, the category that most of its spans are in
        - `n`: int64, how many spans
        - `q25`, `median`, `q75`: timedelta64[us]
        - `spread`: timedelta64[us], `q75 - q25`: half of the spans lie within so much of each other

        `compute_timeline` uses a type's median where `n >= MIN_SAMPLES`, else its category's where
        that has as many, else none. Given this table as `assume=`, it does so with what was learned
        here, a league's median first.

    Raises
    ------
    QueryError
        When `by` is none of these.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(2000)
    >>> learned = typical_durations(milestones, by="league")
    >>> learned["level"].unique().tolist()
    ['league', 'type', 'category']
    >>> learned.columns.tolist()
    ['level', 'type', 'league', 'category', 'n', 'q25', 'median', 'q75', 'spread']
    """
    known, spans = known_durations(df, details=by == "league")
    levels = levels_of(known, by)
    parts = [_learned(level, spans.astype(np.int64), levels[-1]) for level in levels]
    table = pd.concat(parts, ignore_index=True)
    names = ["level", "type", *(["league"] if by == "league" else []), "category", "n", *_QUARTILES]
    texts = {name: DTYPES["type"] for name in names if name not in {"n", *_QUARTILES}}
    table = table.reindex(columns=names).astype(texts)
    return table.assign(spread=table["q75"] - table["q25"])


def known_durations(df: pd.DataFrame, *, details: bool) -> tuple[pd.DataFrame, NDArray[np.timedelta64]]:
    """Return the rows whose end is known and to be believed, and their durations (timedelta64[us]).

    Of the columns only those that tell which rows last alike, the details where they are asked for.
    """
    check_milestones(df, _NEEDED)
    start, end = (instants(df[name]) for name in ("start_date", "end_date"))
    known = (end >= start) & ~is_placeholder(df).to_numpy()
    columns = [name for name in ("id", "details") if details and name in df.columns]
    return df.loc[known, [*_NEEDED, *columns]], (end - start)[known]


@dataclass(frozen=True, slots=True)
class Assumed:
    """What durations to assume for the rows of a table, and what that rests on.

    Attributes
    ----------
    duration : ndarray of timedelta64[us], shape (rows,)
        NaT for none.
    level : ndarray of int8, shape (rows,)
        Position in `END_LEVELS` of the level at which it was learned, -1 where nothing was learned.
    samples : ndarray of int64, shape (rows,)
        How many reported spans it was learned from, 0 where nothing was.
    """

    duration: NDArray[np.timedelta64]
    level: NDArray[np.int8]
    samples: NDArray[np.int64]

    @classmethod
    def of(cls, df: pd.DataFrame, assume: Assume) -> Assumed:
        """Work out what `compute_timeline` assumes, also for rows that need no assumption.

        Raises
        ------
        QueryError
            When `assume` is none of the forms that are allowed.
        """
        if isinstance(assume, pd.DataFrame):
            return cls._by_table(df, _checked_table(assume))
        if isinstance(assume, str) and assume == "typical":
            return cls._by_table(df, typical_durations(df))
        rows = len(df)
        return cls(_own(df, assume), np.full(rows, -1, dtype=np.int8), np.zeros(rows, dtype=np.int64))

    @classmethod
    def _by_table(cls, df: pd.DataFrame, table: pd.DataFrame) -> Assumed:
        """Look up what a table of `typical_durations` tells, the finest level first."""
        table = table[(table["n"] >= MIN_SAMPLES) & table["median"].notna()]
        made = cls(
            np.full(len(df), _NAT), np.full(len(df), -1, dtype=np.int8), np.zeros(len(df), dtype=np.int64)
        )
        for level in levels_of(df, "league" if (table["level"] == "league").any() else "type"):
            rows = table[table["level"] == level.name]
            names = zip(*(rows[key] for key in level.names.columns), strict=True)
            told = zip(rows["median"].to_numpy("timedelta64[us]"), rows["n"], strict=True)
            learned = dict(zip(map(_folded, names), told, strict=True))
            own = map(_folded, level.names.itertuples(index=False, name=None))
            known = [learned.get(name, (_NAT, 0)) for name in own]
            medians = _picked(level.codes, [median for median, _ in known], _NAT)
            use = np.isnat(made.duration) & ~np.isnat(medians)
            made.duration[use] = medians[use]
            made.level[use] = END_LEVELS.index(level.name)
            made.samples[use] = _picked(level.codes, [n for _, n in known], 0)[use]
        return made


def _own(df: pd.DataFrame, assume: TimedeltaLike | Mapping[str, TimedeltaLike] | None) -> np.ndarray:
    """Return the caller's own durations."""
    if assume is None:
        return np.full(len(df), _NAT)
    if isinstance(assume, Mapping):
        by_type = {
            str(name).casefold(): read_duration(value, f"assume[{name!r}]") for name, value in assume.items()
        }
        types = Groups.of(df["type"])
        return _picked(types.codes, [by_type.get(name.casefold(), _NAT) for name in types.names], _NAT)
    try:
        return np.full(len(df), read_duration(assume, "assume"))
    except QueryError as error:
        raise QueryError(
            f"{error}; or 'typical', a mapping of type to durations, a table of typical_durations, or None"
        ) from error


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
    if by not in ("category", "type", "league"):
        raise QueryError(f"by={by!r}: expected 'type', 'league' or 'category'")
    check_milestones(df, _NEEDED)
    categories = _level(df["category"], "category")
    if by == "category":
        return [categories]
    types = _level(df["type"], "type")
    if by == "type":
        return [types, categories]
    leagues = _level(league_of(df), "league")
    count = max(len(leagues.names), 1)
    both = (types.codes >= 0) & (leagues.codes >= 0)
    pairs, found = np.unique(types.codes[both] * np.intp(count) + leagues.codes[both], return_inverse=True)
    codes = np.full(len(df), -1, dtype=np.intp)
    codes[both] = found
    of_type = types.names.iloc[pairs // count].reset_index(drop=True)
    of_league = leagues.names.iloc[pairs % count].reset_index(drop=True)
    return [Level("league", codes, pd.concat([of_type, of_league], axis="columns")), types, categories]


def _level(column: pd.Series[str], name: str) -> Level:
    groups = Groups.of(column)
    return Level(name, groups.codes, pd.DataFrame({name: pd.Series(groups.names, dtype=DTYPES["type"])}))


def _learned(level: Level, values: NDArray[np.int64], category: Level) -> pd.DataFrame:
    """Sum up the spans of each group of a level."""
    inside = level.codes >= 0
    codes = level.codes[inside]
    spans = SortedValues.of(values[inside], codes, len(level.names))
    table = level.names.assign(level=level.name, n=spans.n)
    for name, share in _QUARTILES.items():
        table[name] = spans.quantile(share)
    if level.name != "category":
        main = _main_category(codes, category.codes[inside], len(level.names))
        table["category"] = category.names["category"].array.take(main, allow_fill=True)
    return table[table["n"] >= (MIN_SAMPLES if level.name == "league" else 1)]


def _main_category(codes: NDArray[np.intp], categories: NDArray[np.intp], groups: int) -> NDArray[np.intp]:
    """Return the category that most rows of each group are in, the first by name of several, -1 for none."""
    count = int(categories.max(initial=0)) + 1
    pairs, n = np.unique(codes * np.intp(count) + categories, return_counts=True)
    # written from the rarest to the most frequent, so that the last one stays
    order = np.lexsort((-pairs, n))
    main = np.full(groups, -1, dtype=np.intp)
    main[pairs[order] // count] = pairs[order] % count
    return main


def _folded(names: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(str(name).casefold() for name in names)


def _checked_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that `typical_durations` may have made, or raise QueryError."""
    needed = ["level", "type", "category", "n", "median"]
    if "level" in table and (table["level"] == "league").any():
        needed.append("league")
    missing = [name for name in needed if name not in table]
    if missing:
        raise QueryError(
            f"assume: this table has no column {missing[0]!r}; expected one as typical_durations makes it"
        )
    lengths = table["median"]
    if lengths.dtype.kind != "m" or (lengths < pd.Timedelta(0)).any() or table["n"].dtype.kind not in "iu":
        raise QueryError(
            f"assume: median is {lengths.dtype} and n {table['n'].dtype}; expected timedelta64, none "
            "below zero, and int64, as typical_durations makes them"
        )
    return table


def _picked(codes: NDArray[np.intp], values: list[Any], missing: object) -> np.ndarray:
    # a row in no group has code -1, which is the one at the end
    return np.array([*values, missing])[codes]
