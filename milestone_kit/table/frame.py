"""Milestones, as rows or plain objects, to the milestones table.

A page becomes an Arrow table at once (`page_table`), so that a long walk holds compact columns and
not Python objects; `assemble` joins the pages into the DataFrame.
"""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.core.rows import MilestoneRow, plain_objects
from milestone_kit.errors import SchemaError
from milestone_kit.table.columns import POOL, UnreadableDateError, careful_columns, quick_columns
from milestone_kit.table.intake import DUPLICATES, Rejected, Repairs, are_most, warn_repairs
from milestone_kit.table.schema import ARROW_SCHEMA, from_arrow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["assemble", "join_pages", "milestones_frame", "page_table", "starts_of"]

_NUMBER: Final = pa.int64()
_NEVER: Final = -(2**63)


def milestones_frame(objects: Sequence[Any]) -> pd.DataFrame:
    """Convert raw milestone objects to the milestones table.

    Parameters
    ----------
    objects : sequence of dict
        Milestones as decoded from the API's JSON.

    Returns
    -------
    pandas.DataFrame
        The milestones schema; sorted by (start_date, id), one row per id (the newest
        `last_updated_ts` wins, the later one on a tie), RangeIndex.

    Raises
    ------
    SchemaError
        When a required field is missing, null or of the wrong type; names id and field.

    Warns
    -----
    DataWarning
        When optional dates were unreadable or text was not valid Unicode; the message counts them.

    Examples
    --------
    >>> raw = {
    ...     "id": "a1", "category": "Sports", "type": "football_game", "title": "A at B",
    ...     "start_date": "2026-01-15T20:00:00Z", "end_date": None, "notification_message": "",
    ...     "primary_event_tickers": ["KXGAME-1"], "related_event_tickers": ["KXGAME-1"],
    ...     "details": {"league": "NFL"}, "last_updated_ts": "2026-01-14T00:00:00Z",
    ... }
    >>> milestones_frame([raw])[["id", "start_date", "details"]]
       id                start_date           details
    0  a1 2026-01-15 20:00:00+00:00  {"league":"NFL"}
    """  # fmt: skip
    repairs = Repairs()
    df = assemble([page_table(objects, repairs)], repairs)
    warn_repairs(repairs)
    return df


def page_table(
    objects: Sequence[Any], repairs: Repairs | None = None, *, strict: bool = True, lenient: bool = False
) -> pa.Table:
    """Validate the milestones of one page and convert them to Arrow columns.

    Parameters
    ----------
    objects : sequence of dict and MilestoneRow
        Milestones as decoded from the API's JSON, in any order, repeated ids allowed.
    repairs : Repairs, optional
        Counts of what was repaired, and what was set aside, are added here.
    strict : bool
        Whether a milestone that breaks the contract is an error; else it is set aside, and only a page of
        which most are so is one.
    lenient : bool
        Whether the page is one of changes, which may be few; see `intake.are_most`.

    Returns
    -------
    pyarrow.Table
        In `ARROW_SCHEMA`, rows in the order given.

    Raises
    ------
    SchemaError
        Naming id and field.
    """
    repairs = Repairs() if repairs is None else repairs
    mended = Repairs()
    try:
        table = _converted(objects, mended)
    except SchemaError as error:
        if strict or isinstance(error, UnreadableDateError):
            raise
        good, rejected = _sorted_out(objects)
        if are_most(len(rejected), len(objects), lenient=lenient):
            raise SchemaError(
                f"{error}; {len(rejected)} of the {len(objects)} milestones of this page are such: the API "
                "may have changed",
                id=error.id,
                field=error.field,
            ) from error
        repairs.rejected += rejected
        mended = Repairs()
        table = _converted(good, mended)
    repairs += mended
    return table


def _sorted_out(objects: Sequence[Any]) -> tuple[list[Any], list[Rejected]]:
    """Tell the milestones that can be converted from those that cannot."""
    good: list[Any] = []
    rejected: list[Rejected] = []
    for each in objects:
        try:
            _converted([each], Repairs())
        except SchemaError as error:
            rejected.append(Rejected.of(each, error))
        else:
            good.append(each)
    return good, rejected


def _converted(objects: Sequence[Any], repairs: Repairs) -> pa.Table:
    is_row = np.fromiter((isinstance(each, MilestoneRow) for each in objects), bool, len(objects))
    columns = quick_columns([*compress(objects, is_row)]) if is_row.any() else None
    others = [*compress(objects, ~is_row)]
    if columns is None or set(map(type, others)) - {dict}:
        return _from_columns(careful_columns(plain_objects(objects), repairs))
    usual = _from_columns(columns)
    if not others:
        return usual
    both = pa.concat_tables([usual, _from_columns(careful_columns(others, repairs))])
    places = np.where(is_row, is_row.cumsum() - 1, len(usual) + (~is_row).cumsum() - 1)
    return both.take(pa.array(places))


def _from_columns(columns: list[pa.Array]) -> pa.Table:
    return pa.Table.from_arrays(columns, schema=ARROW_SCHEMA)


def starts_of(table: pa.Table) -> NDArray[np.int64]:
    """Return the starts of a table in `ARROW_SCHEMA` as microseconds since 1970."""
    return np.asarray(table["start_date"].cast(_NUMBER).to_numpy(), dtype=np.int64)


def assemble(tables: Iterable[pa.Table], repairs: Repairs | None = None) -> pd.DataFrame:
    """Join pages into one milestones table: one row per id, sorted by (start_date, id).

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        Pages from `page_table`, in the order they arrived.
    repairs : Repairs, optional
        The number of dropped duplicates is added here.

    Returns
    -------
    pandas.DataFrame
        The milestones schema with a RangeIndex.
    """
    return from_arrow(join_pages(tables, repairs))


def join_pages(tables: Iterable[pa.Table], repairs: Repairs | None = None) -> pa.Table:
    """Do what `assemble` does, but leave the table in Arrow columns, as it is stored."""
    table = pa.concat_tables([ARROW_SCHEMA.empty_table(), *tables]).combine_chunks(memory_pool=POOL)
    kept = _newest_per_id(table)
    if repairs is not None and kept.num_rows < table.num_rows:
        repairs[DUPLICATES] += table.num_rows - kept.num_rows
    return _in_order(kept)


def _newest_per_id(table: pa.Table) -> pa.Table:
    if pc.count_distinct(table["id"]).as_py() == table.num_rows:
        return table
    position = pa.array(range(table.num_rows), _NUMBER)
    # a time that is not known loses to any that is
    updated = table["last_updated_ts"].cast(_NUMBER).fill_null(_NEVER)
    keys = pa.table({"id": table["id"], "updated": updated, "position": position})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    ids = table["id"].combine_chunks().take(order)
    is_last = pa.concat_arrays([pc.not_equal(ids[1:], ids[:-1]), pa.array([True])])
    return table.take(order.filter(is_last))


def _in_order(table: pa.Table) -> pa.Table:
    if table.num_rows < 2:
        return table
    start, ids = table["start_date"].combine_chunks(), table["id"].combine_chunks()
    later = pc.greater(start[1:], start[:-1])
    tie_in_order = pc.and_(pc.equal(start[1:], start[:-1]), pc.greater(ids[1:], ids[:-1]))
    if pc.all(pc.or_(later, tie_in_order)).as_py():
        return table  # the server's own order: nothing to move
    return table.take(pc.sort_indices(table, sort_keys=[("start_date", "ascending"), ("id", "ascending")]))
