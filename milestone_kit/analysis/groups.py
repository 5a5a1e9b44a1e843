"""Which value of a column each row has, spellings that differ only in case being one value.

Whoever tells rows apart by a column (filters, schedules, durations, overlaps, colours) does it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from milestone_kit.analysis.details import league_of
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["NONE", "Groups", "Keys", "column_of", "groups_of"]

NONE: Final = "(none)"
"""What a missing value is called where it is shown."""

_IDENTIFIERS: Final = ("id", "source_id")
"""Columns whose values are no words: case makes another one."""


@dataclass(frozen=True, slots=True)
class Groups:
    """A column as codes of its distinct values.

    Attributes
    ----------
    codes : ndarray of intp, shape (rows,)
        Position in `names`, -1 where the value is missing.
    names : pandas.Index
        The distinct values, sorted; text whose spellings differ only in case is one value, under the
        commonest spelling (of equally common ones, the first by name).
    """

    codes: NDArray[np.intp]
    names: pd.Index[Any]

    @classmethod
    def of(cls, column: pd.Series[Any]) -> Groups:
        """Read a column whose values can be sorted; TypeError or NotImplementedError where they cannot."""
        codes, names = pd.factorize(column, sort=True)
        names = pd.Index(names)
        if column.name in _IDENTIFIERS or names.inferred_type not in {"string", "categorical"}:
            return cls(codes, names)
        folded, keys = pd.factorize(pd.Index(names.astype("str")).str.casefold())
        if len(keys) == len(names):
            return cls(codes, names)
        times = np.bincount(codes[codes >= 0], minlength=len(names))
        ranked = np.lexsort((np.arange(len(names)), -times))
        _, first = np.unique(folded[ranked], return_index=True)
        kept = names[np.sort(ranked[first])]
        place = np.append(kept.get_indexer(names[ranked[first]])[folded], -1)
        return cls(place[codes], kept)

    def find(self, wanted: Iterable[str]) -> NDArray[np.bool_]:
        """Tell which rows have one of these values, whatever their case."""
        folded = {name.casefold() for name in wanted}
        hits = [str(name).casefold() in folded for name in self.names]
        # code -1, a missing value, reads the last entry
        found: NDArray[np.bool_] = np.array([*hits, False])[self.codes]
        return found


@dataclass(frozen=True, slots=True)
class Keys:
    """A column as codes of its distinct values as text, the most frequent first: ready to be drawn.

    Attributes
    ----------
    codes : ndarray of int64, shape (rows,)
        Position in `names`.
    names : tuple of str
        As in `Groups`; a missing value is a value called `NONE`.
    """

    codes: NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def of(cls, column: pd.Series[Any]) -> Keys:
        """Read a column of any dtype as text."""
        groups = Groups.of(column.astype("str").fillna(NONE))
        order = np.argsort(-np.bincount(groups.codes, minlength=len(groups.names)), kind="stable")
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return cls(place[groups.codes], tuple(groups.names[order]))


def column_of(df: pd.DataFrame, name: object, argument: str = "by") -> pd.Series[Any]:
    """Return a column of the table, or the league that the details tell where no column is called so.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    name : str
        A column, or "league".
    argument : str
        The argument's name, for the error.

    Raises
    ------
    QueryError
        When there is no such column.
    """
    if isinstance(name, str) and name in df.columns:
        return df[name]
    if name == "league":
        return league_of(df)
    raise QueryError(
        f"{argument}={name!r}: this table has no such column; it has {', '.join(map(str, df.columns))}, "
        "and the details may tell a 'league'"
    )


def groups_of(df: pd.DataFrame, by: str | None) -> tuple[NDArray[np.intp], pd.Index[Any]]:
    """Return which value of a column each row has, and the distinct values, sorted.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    by : str or None
        A column, or "league" as the details tell it; None for one nameless value. A missing value
        is a value of its own, the last one.

    Raises
    ------
    QueryError
        When there is no such column, or its values cannot be told apart.
    """
    if by is None:
        return np.zeros(len(df), dtype=np.intp), pd.Index([None])
    column = column_of(df, by)
    try:
        groups = Groups.of(column)
    except (TypeError, NotImplementedError) as error:
        raise QueryError(f"by={by!r}: a column of {column.dtype} cannot tell rows apart") from error
    if (groups.codes >= 0).all():
        return groups.codes, groups.names
    missing = pd.Index(pd.Series([None]).astype(groups.names.dtype))
    codes = np.where(groups.codes < 0, len(groups.names), groups.codes)
    return codes, groups.names.append(missing)
