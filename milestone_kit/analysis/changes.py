"""What changed: between two tables of milestones, and from version to version in the history."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.core.arguments import to_utc
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.arrays import equal_values, instants, stamp_instant, to_numpy
from milestone_kit.table.cell_text import cell_values
from milestone_kit.table.schema import ARROW_SCHEMA, DTYPES, check_milestones

if TYPE_CHECKING:
    import pandas as pd

    from milestone_kit.core.arguments import DateLike

__all__ = ["ADDED", "DELETED", "changes_table", "check_field", "diff_milestones"]

ADDED: Final = "added"
"""The `field` of a change that is a whole new row."""

DELETED: Final = "deleted"
"""The `field` of a change that is a whole row gone."""

# last_updated_ts says when the server touched a row, not what about it is new
_FIELDS: Final = tuple(name for name in DTYPES if name not in {"id", "last_updated_ts"})
_ORDER: Final = (DELETED, ADDED, *_FIELDS)
_NUMBER: Final = pa.int64()
_INSTANT: Final = pa.timestamp("us", tz="UTC")
_SHIFT: Final = pa.duration("us")
_TEXT: Final = pa.large_string()
_FEW_RUNS: Final = 1_000  # up to so many, laying slices side by side is quicker than copying rows
_PART: Final = 65_536  # rows
_CHANGES: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("order", pa.int64()),
        ("field", _TEXT),
        ("before", _TEXT),
        ("after", _TEXT),
        ("shift", _SHIFT),
    ]
)


def diff_milestones(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Tell what changed from one table of milestones to another, one row per changed field.

    How to read it, with `changes` as the result:

    - new milestones: ``changes[changes["field"] == "added"]``; gone ones: ``"deleted"``
    - rescheduled: ``changes[changes["field"] == "start_date"]``, by how much in `shift`
    - ends added: field ``"end_date"`` with `before` missing (``.isna()``)
    - tickers added or removed: field ``"related_event_tickers"`` or ``"primary_event_tickers"``, with
      the whole list as JSON in `before` and `after`
    - any other field that says something else than before, under its own name; `last_updated_ts`
      alone, which tells when and not what, is no change

    Parameters
    ----------
    before, after : pandas.DataFrame
        Milestones, one row per id, in any order. Only columns of the schema are compared.

    Returns
    -------
    pandas.DataFrame
        One row per milestone and changed field, sorted by id and then as the columns of the schema
        stand; RangeIndex:

        - `id`, `title`: str; the title as it is afterwards (of a row that is gone: as it was)
        - `field`: str
        - `before`, `after`: str, as `to_csv` writes the value; NA where it is missing, and for whole rows
        - `shift`: timedelta64[us], how much later `start_date` is, else NaT

    Raises
    ------
    QueryError
        When an id occurs twice in one table.
    SchemaError
        When a column is missing or has another dtype.

    Examples
    --------
    >>> import pandas as pd
    >>> from milestone_kit.sandbox import sample_milestones
    >>> yesterday = sample_milestones(100)
    >>> today = yesterday.iloc[1:].assign(start_date=lambda df: df["start_date"] + pd.Timedelta(hours=2))
    >>> changes = diff_milestones(yesterday, today)
    >>> changes["field"].value_counts().to_dict(), str(changes["shift"].max())
    ({'start_date': 99, 'deleted': 1}, '0 days 02:00:00')
    """
    old, new = _arrow(before), _arrow(after)
    ours, theirs = _partners(old["id"], new["id"])
    is_gone, is_new = np.ones(old.num_rows, dtype=bool), np.ones(new.num_rows, dtype=bool)
    is_gone[ours], is_new[theirs] = False, False
    changes = _changed_fields(old, ours, new, theirs)
    changes.append(_whole_rows(ADDED, np.flatnonzero(is_new)))
    # rows of the old table are numbered after those of the new one
    changes.append(_whole_rows(DELETED, np.flatnonzero(is_gone) + new.num_rows))
    names = pa.concat_tables([new.select(["id", "title"]), old.select(["id", "title"])])
    return _tidy(pa.concat_tables(changes), names)


def changes_table(versions: pd.DataFrame, since: DateLike | None = None) -> pd.DataFrame:
    """Tell what changed from version to version.

    Parameters
    ----------
    versions : pandas.DataFrame
        Milestones columns with `seen_at` and `deleted`, in any order, as `client.history()` gives
        them; also `added`, whether a version brought a row that was not there before. Without that
        column, each first version counts as added that was seen later than the first of all.
    since : str, date, datetime or Timestamp, optional
        Only changes seen then or later; naive values are UTC.

    Returns
    -------
    pandas.DataFrame
        As `diff_milestones` gives it (see there how to read it), with `seen_at` (datetime64[us,
        UTC]) before `shift`, sorted by seen_at, id and the order of the schema. A row that comes
        back is "added", beside the fields that changed while it was away.

    Raises
    ------
    QueryError
        When `since` cannot be read.
    SchemaError
        When a column is missing or has another dtype.

    Examples
    --------
    >>> import pandas as pd
    >>> from milestone_kit.sandbox import sample_milestones
    >>> first = sample_milestones(100).assign(seen_at=pd.Timestamp("2026-01-01", tz="UTC"), deleted=False)
    >>> later = first.tail(1).assign(title="Postponed", seen_at=pd.Timestamp("2026-01-02", tz="UTC"))
    >>> changes_table(pd.concat([first, later]))[["field", "after"]]
       field      after
    0  title  Postponed
    """
    table, seen, deleted, added = _in_order(versions)
    ids = table["id"].combine_chunks()
    follows = np.zeros(len(ids), dtype=bool)
    follows[1:] = to_numpy(pc.equal(ids[1:], ids[:-1]))
    was_deleted = follows & np.concatenate([[False], deleted[:-1]])[: len(ids)]
    is_asked = np.ones(len(ids), dtype=bool)
    if since is not None:
        is_asked = seen >= stamp_instant(to_utc(since, "since"))
    is_new = ~follows & added | was_deleted
    later = np.flatnonzero(is_asked & follows & ~deleted)
    changes = _changed_fields(table, later - 1, table, later)
    changes.append(_whole_rows(ADDED, np.flatnonzero(is_asked & is_new & ~deleted)))
    changes.append(_whole_rows(DELETED, np.flatnonzero(is_asked & follows & deleted & ~was_deleted)))
    instants = pa.array(seen, pa.timestamp("us")).cast(_INSTANT)
    names = table.select(["id", "title"]).append_column("seen_at", instants)
    return _tidy(pa.concat_tables(changes), names)


def check_field(name: str) -> str:
    """Return a value of `field`, or raise QueryError when no change has it."""
    if name not in _ORDER:
        raise QueryError(f"field={name!r}: expected one of {', '.join(_ORDER)}")
    return name


def _arrow(df: pd.DataFrame) -> pa.Table:
    check_milestones(df)
    return pa.Table.from_pandas(df[list(DTYPES)], schema=ARROW_SCHEMA, preserve_index=False)


def _in_order(versions: pd.DataFrame) -> tuple[pa.Table, np.ndarray, np.ndarray, np.ndarray]:
    """Return the versions sorted by (id, seen_at); when seen, whether deleted, whether added."""
    check_milestones(versions)
    wanted = {"seen_at": DTYPES["start_date"]} | dict.fromkeys(("deleted", "added"), np.dtype("bool"))
    for name, dtype in wanted.items():
        found = versions.dtypes.get(name)
        if found != dtype and not (found is None and name == "added"):
            what = "no such column" if found is None else f"dtype {found}"
            raise SchemaError(
                f"column {name!r}: {what}, expected {dtype}; versions come from client.history()", field=name
            )
    keys = pa.table({"id": pa.array(versions["id"]), "seen": pa.array(versions["seen_at"])})
    order = pc.sort_indices(keys, sort_keys=[("id", "ascending"), ("seen", "ascending")]).to_numpy()
    ordered = versions.iloc[order]
    table = pa.Table.from_pandas(ordered[list(DTYPES)], schema=ARROW_SCHEMA, preserve_index=False)
    seen = instants(ordered["seen_at"])
    if "added" in ordered.columns:
        added = ordered["added"].to_numpy()
    else:
        added = seen > seen.min() if len(seen) else np.zeros(0, dtype=bool)
    return table, seen, ordered["deleted"].to_numpy(), added


def _partners(old: pa.ChunkedArray, new: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of both tables that have one id, side by side, in the order of the new one."""
    ids = pa.chunked_array([*old.chunks, *new.chunks], old.type).combine_chunks().dictionary_encode()
    codes = to_numpy(ids.indices)
    ours, theirs = codes[: len(old)], codes[len(old) :]
    for name, side in (("before", ours), ("after", theirs)):
        counts = np.bincount(side, minlength=1)
        if counts.max() > 1:
            twice = ids.dictionary[int(counts.argmax())].as_py()
            raise QueryError(f"{name}: the id {twice!r} occurs twice; keep one row of each id")
    row = np.full(len(ids.dictionary), -1)
    row[ours] = np.arange(len(ours))
    partners = row[theirs]
    return partners[partners >= 0], np.flatnonzero(partners >= 0)


def _changed_fields(
    old: pa.Table, old_rows: np.ndarray, new: pa.Table, new_rows: np.ndarray
) -> list[pa.Table]:
    """Compare rows laid side by side; return one table of changes per field."""
    ours, theirs = _Side.of(old, old_rows), _Side.of(new, new_rows)
    changes = [_CHANGES.empty_table()]
    for name in _FIELDS:
        differ = _differing(ours, theirs, name)
        if not len(differ):
            continue
        before, after = ours.at(name, differ), theirs.at(name, differ)
        shift = pa.nulls(len(differ), _SHIFT)
        if name == "start_date":
            shift = pc.subtract(after.cast(_NUMBER), before.cast(_NUMBER)).cast(_SHIFT)
        texts = cell_values(before), cell_values(after)
        changes.append(_table(name, new_rows[differ], *texts, shift))
    return changes


class _Side(NamedTuple):
    """Some rows of a table, and where they follow one another, unless that is often broken off."""

    table: pa.Table
    rows: np.ndarray
    runs: list[tuple[int, int]] | None

    @classmethod
    def of(cls, table: pa.Table, rows: np.ndarray) -> _Side:
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        if len(breaks) > _FEW_RUNS:
            return cls(table, rows, None)
        return cls(table, rows, list(itertools.pairwise([0, *breaks.tolist(), len(rows)])))

    def column(self, name: str) -> pa.Array | pa.ChunkedArray:
        """Return what `part` cuts: the rows laid out without copying them, or the whole column."""
        column = self.table[name]
        if self.runs is None:
            # from several chunks Arrow takes several times as long as it takes to make them one
            return column.combine_chunks()
        chunks = [
            chunk
            for first, stop in self.runs
            if first < stop
            for chunk in column.slice(self.rows[first], stop - first).chunks
        ]
        return pa.chunked_array(chunks, column.type)

    def part(self, column: pa.Array | pa.ChunkedArray, first: int, stop: int) -> pa.ChunkedArray:
        """Return the values in the rows from place `first` to before `stop`."""
        if self.runs is not None:
            return column.slice(first, stop - first)
        return pa.chunked_array([pc.take(column, pa.array(self.rows[first:stop]), boundscheck=False)])

    def at(self, name: str, places: np.ndarray) -> pa.Array:
        """Return the values in the rows at these places."""
        return self.table[name].take(pa.array(self.rows[places])).combine_chunks()


def _differing(ours: _Side, theirs: _Side, name: str) -> np.ndarray:
    """Return in which places two columns differ."""
    left, right = ours.column(name), theirs.column(name)
    size = len(ours.rows)
    # copied rows are compared a part at a time, in memory that is still warm
    step = size if ours.runs is not None and theirs.runs is not None else _PART
    found = [np.zeros(0, dtype=np.intp)]
    for first in range(0, size, max(step, 1)):
        stop = min(first + step, size)
        same = equal_values(ours.part(left, first, stop), theirs.part(right, first, stop))
        found.append(np.flatnonzero(~same) + first)
    return np.concatenate(found)


def _whole_rows(field: str, rows: np.ndarray) -> pa.Table:
    nothing = pa.nulls(len(rows), _TEXT)
    return _table(field, rows, nothing, nothing, pa.nulls(len(rows), _SHIFT))


def _table(field: str, rows: np.ndarray, before: pa.Array, after: pa.Array, shift: pa.Array) -> pa.Table:
    order = pa.repeat(_ORDER.index(field), len(rows)).cast(pa.int64())
    names = pa.repeat(pa.scalar(field, _TEXT), len(rows))
    return pa.table([pa.array(rows, pa.int64()), order, names, before, after, shift], schema=_CHANGES)


def _tidy(changes: pa.Table, names: pa.Table) -> pd.DataFrame:
    """Sort the changes and say whose they are."""
    whose = names.take(changes["row"])
    columns = {name: whose[name] for name in names.column_names}
    columns |= {name: changes[name] for name in ("field", "before", "after", "order", "shift")}
    keys = [name for name in ("seen_at", "id", "order") if name in columns]
    table = pa.table(columns)
    table = table.take(pc.sort_indices(table, sort_keys=[(name, "ascending") for name in keys]))
    shown = ["id", "title", "field", "before", "after", "seen_at", "shift"]
    table = table.select([name for name in shown if name in columns])
    df: pd.DataFrame = table.to_pandas(types_mapper={_TEXT: DTYPES["title"]}.get)
    return df
