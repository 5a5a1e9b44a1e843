"""How long rows without a reported end are expected to last, and how long at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from milestone_kit.analysis.details import league_of
from milestone_kit.analysis.groups import Groups
from milestone_kit.analysis.lengths import (
    MIN_SAMPLES,
    Assume,
    LevelName,
    known_durations,
    latest_of_types,
    learn,
)
from milestone_kit.analysis.priors import priors_table
from milestone_kit.analysis.quantiles import SHARES
from milestone_kit.analysis.tickers import series_of
from milestone_kit.core.arguments import read_duration
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants
from milestone_kit.table.schema import END_LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Expected", "expected_durations"]

_NAT: Final = np.timedelta64("NaT", "us")
_CURVE: Final = tuple(sorted(SHARES, key=SHARES.__getitem__))
_SHARES: Final = np.array([SHARES[name] for name in _CURVE])
_RECENT: Final = 2_000
"""From how many rows of a type, the latest ones, its leagues and series are learned."""

_ENOUGH: Final = 10_000
"""From how many rows of a type, the latest ones, it is learned itself."""

_NEAR: Final = np.timedelta64(60, "D")
"""How far from the fetch leagues and series of rows without an end are looked at."""

_PARTS: Final[dict[LevelName, tuple[str, ...]]] = {
    "league": ("id", "details"),
    "series": ("primary_event_tickers",),
}
"""What tells a row's part of its type, the finest first."""

_KEYS: Final = {
    "league": ("type", "league"),
    "series": ("type", "series"),
    "type": ("type",),
    "category": ("category",),
}


class _Source(NamedTuple):
    """What is known of durations from one place; `level` says what an end that rests on it is called."""

    table: pd.DataFrame
    least: int
    level: str | None = None


class _Way(NamedTuple):
    """The rows of one source at one level: where each stands, by its names in folded words."""

    names: tuple[str, ...]
    places: dict[tuple[str, ...], int]

    def find(self, kind: dict[str, str | None]) -> int | None:
        return self.places.get(tuple(str(kind[name]) for name in self.names))


class Expected(NamedTuple):
    """What to expect of the rows of a table.

    Attributes
    ----------
    duration, longest : ndarray of timedelta64[us], shape (rows,)
        How long a row lasts at the median, and after how long it is not believed to be on any more; NaT
        where nobody can tell. The caller's own durations are taken at their word: they have no `longest`.
    level : ndarray of int8, shape (rows,)
        Position in `END_LEVELS` of what it rests on, -1 for the caller's own words.
    samples : ndarray of int64, shape (rows,)
        From how many reported spans it was learned.
    curve : ndarray of float64, shape (rows, 7)
        The quantiles of `SHARES` in rising order, in microseconds; NaN where not known.
    """

    duration: NDArray[np.timedelta64]
    longest: NDArray[np.timedelta64]
    level: NDArray[np.int8]
    samples: NDArray[np.int64]
    curve: NDArray[np.float64]

    def after(self, elapsed: NDArray[np.timedelta64]) -> NDArray[np.timedelta64]:
        """Return how long each row is expected to last in all, when it is not over after so long.

        The median of what lasts longer than that; at least the plain median.
        """
        curve, us = self.curve, elapsed.astype(np.int64).astype(np.float64)
        known = ~np.isnan(curve).any(axis=1)
        total = self.duration.copy()
        at = np.flatnonzero(known & (us > np.where(known, curve[:, 0], 0)))
        if not len(at):
            return total
        passed = _shares_of(curve[at], us[at])
        middle = _values_at(curve[at], passed + (1 - passed) / 2)
        longest = self.longest[at].astype(np.int64)
        later = np.maximum(np.maximum(middle, us[at] + 1), self.duration[at].astype(np.int64))
        # beyond all quantiles, any moment may be the end
        total[at] = np.where(us[at] >= curve[at, -1], np.maximum(longest, us[at] + 1), later).astype(
            "timedelta64[us]"
        )
        return total


def expected_durations(
    df: pd.DataFrame,
    asked: NDArray[np.bool_],
    assume: Assume,
    *,
    as_of: np.datetime64 | None,
    learned: pd.DataFrame | None = None,
) -> Expected:
    """Tell how long the asked rows of a table are expected to last.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    asked : ndarray of bool, shape (rows,)
        The rows that are told of, in order.
    assume
        As for `compute_timeline`.
    as_of : numpy.datetime64, optional
        When the table was fetched: what had no end then was on, or to come. Without it, ends that are not
        reported say nothing.
    learned : pandas.DataFrame, optional
        What was learned from other tables, as `typical_durations` gives it.

    Raises
    ------
    QueryError
        When `assume` is none of the forms that are allowed.
    """
    rows = df[asked]
    if assume is None:
        return _nothing(len(rows))
    if isinstance(assume, pd.DataFrame):
        return _looked_up(rows, [_Source(_checked_table(assume), MIN_SAMPLES)], as_of)
    if not (isinstance(assume, str) and assume == "typical"):
        return _nothing(len(rows))._replace(duration=_own(rows, assume))
    sources = [
        *(_Source(table, MIN_SAMPLES) for table in _taught(df, rows, as_of)),
        *([] if learned is None else [_Source(learned, MIN_SAMPLES, "learned")]),
        _Source(priors_table(), 0, "prior"),
    ]
    return _looked_up(rows, sources, as_of)


def _nothing(rows: int) -> Expected:
    return Expected(
        np.full(rows, _NAT),
        np.full(rows, _NAT),
        np.full(rows, -1, dtype=np.int8),
        np.zeros(rows, dtype=np.int64),
        np.full((rows, len(_CURVE)), np.nan),
    )


def _own(rows: pd.DataFrame, assume: Any) -> NDArray[np.timedelta64]:
    """Return the caller's own durations."""
    if isinstance(assume, Mapping):
        by_type = {
            str(name).casefold(): read_duration(value, f"assume[{name!r}]") for name, value in assume.items()
        }
        types = Groups.of(rows["type"])
        # code -1, a missing type, reads the last entry
        return np.array([*(by_type.get(name.casefold(), _NAT) for name in types.names), _NAT])[types.codes]
    try:
        return np.full(len(rows), read_duration(assume, "assume"))
    except QueryError as error:
        raise QueryError(
            f"{error}; or 'typical', a mapping of type to durations, a table of typical_durations, or None"
        ) from error


def _taught(df: pd.DataFrame, rows: pd.DataFrame, as_of: np.datetime64 | None) -> Iterator[pd.DataFrame]:
    """Yield what the table itself teaches: by league and series from its latest rows, and by type."""
    spans = known_durations(df, as_of=as_of)
    if len(rows) and len(spans.rows):
        recent = latest_of_types(spans, _RECENT, rows["type"][_is_near(rows, as_of)])
        recent = recent._replace(rows=df.iloc[recent.places])
        for by in _told_in(df):
            # types and categories are better learned from all rows
            yield learn(recent, by, levels=1)
    yield learn(latest_of_types(spans, _ENOUGH), "type")


def _told_in(df: pd.DataFrame) -> list[LevelName]:
    """Return which parts of types a table can tell: it need not have all columns of milestones."""
    return [part for part, needed in _PARTS.items() if set(needed) <= set(df.columns)]


def _is_near(rows: pd.DataFrame, as_of: np.datetime64 | None) -> NDArray[np.bool_]:
    if as_of is None:
        return np.ones(len(rows), dtype=bool)
    near: NDArray[np.bool_] = abs(instants(rows["start_date"]) - as_of) <= _NEAR
    return near


def _looked_up(rows: pd.DataFrame, sources: list[_Source], as_of: np.datetime64 | None) -> Expected:
    """Look each kind of row up: in each source the finest level that it has, and its category at last."""
    fine: list[_Way] = []
    coarse: list[_Way] = []
    tables: list[pd.DataFrame] = []
    offset = 0
    for source in sources:
        table = source.table[(source.table["n"] >= source.least) & source.table["median"].notna()]
        for level, names in _KEYS.items():
            rows_of = np.flatnonzero((table["level"] == level).to_numpy(dtype=bool))
            if len(rows_of):
                keys = zip(*(table[name].iloc[rows_of].str.casefold() for name in names), strict=True)
                way = _Way(names, dict(zip(keys, (rows_of + offset).tolist(), strict=True)))
                (coarse if level == "category" else fine).append(way)
        tables.append(table.assign(told=table["level"] if source.level is None else source.level))
        offset += len(table)
    known = pd.concat(tables, ignore_index=True)
    longest = _us(known["q99"]) if "q99" in known else np.full(len(known), np.nan)
    kinds, codes = _kinds(rows, {name for way in fine for name in way.names}, as_of)
    places, most = np.full(len(kinds), -1), np.full(len(kinds), np.nan)
    for number, kind in enumerate(kinds):
        hits = [place for way in fine if (place := way.find(kind)) is not None]
        hits = hits or [place for way in coarse if (place := way.find(kind)) is not None][:1]
        if hits:
            places[number] = hits[0]
            most[number] = np.fmax.reduce(longest[hits])
    return _given(known, places[codes], most[codes])


def _us(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return durations in microseconds, NaN where there is none."""
    spans = column.to_numpy("timedelta64[us]")
    return np.where(np.isnat(spans), np.nan, spans.astype(np.int64))


def _kinds(
    rows: pd.DataFrame, names: set[str], as_of: np.datetime64 | None
) -> tuple[list[dict[str, str | None]], NDArray[np.intp]]:
    """Return the different kinds of rows there are, in folded words, and which each row is of."""
    near = np.flatnonzero(_is_near(rows, as_of))
    columns: dict[str, pd.Series[Any]] = {"type": rows["type"], "category": rows["category"]}
    told = _told_in(rows)
    for name, read in (("league", league_of), ("series", series_of)):
        if name in names and name in told:
            found = pd.Series(None, index=range(len(rows)), dtype=rows["type"].dtype)
            found.iloc[near] = read(rows.iloc[near]).to_numpy()
            columns[name] = found
    folded = [Groups.of(column.reset_index(drop=True)) for column in columns.values()]
    code = np.zeros(len(rows), dtype=np.int64)
    for groups in folded:
        code = code * (len(groups.names) + 1) + groups.codes + 1
    _, first, codes = np.unique(code, return_index=True, return_inverse=True)
    kinds = []
    for row in first:
        kind: dict[str, str | None] = dict.fromkeys(("type", "category", "league", "series"))
        for name, groups in zip(columns, folded, strict=True):
            at = groups.codes[row]
            kind[name] = None if at < 0 else str(groups.names[at]).casefold()
        kinds.append(kind)
    return kinds, codes


def _given(known: pd.DataFrame, places: NDArray[np.int64], most: NDArray[np.float64]) -> Expected:
    """Give each row what is known at its place."""
    found = _nothing(len(places))
    some = np.flatnonzero(places >= 0)
    at = places[some]
    for number, name in enumerate(_CURVE):
        if name in known:
            found.curve[some, number] = _us(known[name])[at]
    # what was not seen to be over at a quantile is over no sooner than at the one before, and at last
    found.curve[some, -1] = np.fmax(found.curve[some, -1], most[some])
    for number in range(1, len(_CURVE) - 1):
        column = found.curve[some, number]
        found.curve[some, number] = np.where(np.isnan(column), found.curve[some, number - 1], column)
    found.duration[some] = known["median"].to_numpy("timedelta64[us]")[at]
    found.level[some] = known["told"].map(END_LEVELS.index).to_numpy(dtype=np.int8)[at]
    found.samples[some] = known["n"].to_numpy(dtype=np.int64)[at]
    told = np.flatnonzero(~np.isnan(most))
    found.longest[told] = most[told].astype(np.int64).astype("timedelta64[us]")
    return found


def _shares_of(curve: NDArray[np.float64], us: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tell which share of its kind is over after so long, between the quantiles in proportion."""
    above = np.clip((curve <= us[:, None]).sum(axis=1), 1, len(_SHARES) - 1)
    row = np.arange(len(us))
    low, high = curve[row, above - 1], curve[row, above]
    part = np.clip((us - low) / np.maximum(high - low, 1), 0, 1)
    share: NDArray[np.float64] = _SHARES[above - 1] + part * (_SHARES[above] - _SHARES[above - 1])
    return share


def _values_at(curve: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return after how long such a share is over."""
    above = np.clip((_SHARES[None, :] <= share[:, None]).sum(axis=1), 1, len(_SHARES) - 1)
    row = np.arange(len(share))
    part = np.clip((share - _SHARES[above - 1]) / (_SHARES[above] - _SHARES[above - 1]), 0, 1)
    value: NDArray[np.float64] = curve[row, above - 1] + part * (curve[row, above] - curve[row, above - 1])
    return value


def _checked_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that `typical_durations` may have made, or raise QueryError."""
    needed = ["level", "type", "category", "n", "median"]
    needed += [part for part in ("league", "series") if "level" in table and (table["level"] == part).any()]
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
