"""Bring a table up to date with a delta: one row per id, the newer version wins, order kept."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.table.arrays import equal_values, map_columns, one_chunk, to_numpy
from milestone_kit.table.columns import POOL
from milestone_kit.table.frame import join_pages

__all__ = ["MergeCounts", "merge_tables", "same_rows"]

_NUMBER: Final = pa.int64()


class MergeCounts(NamedTuple):
    """What a delta did to a table.

    Attributes
    ----------
    added : int
        Ids that the table did not have.
    changed : int
        Ids whose row is another one than before.
    unchanged : int
        Ids of the delta whose row stayed: it was the same, or older than what the table had.
    """

    added: int
    changed: int
    unchanged: int


def merge_tables(base: pa.Table, delta: pa.Table, *, many_runs: int = 10_000) -> tuple[pa.Table, MergeCounts]:
    """Put the rows of a delta into a table.

    Parameters
    ----------
    base : pyarrow.Table
        In `ARROW_SCHEMA`, one row per id, sorted by (start_date, id), as `join_pages` gives it.
    delta : pyarrow.Table
        In `ARROW_SCHEMA`, in any order; where an id comes more than once its newest row counts.
    many_runs : int
        From how many runs of rows on they are copied one by one.

    Returns
    -------
    table : pyarrow.Table
        In `ARROW_SCHEMA`, one row per id, sorted by (start_date, id). Of two rows of one id the one
        with the later `last_updated_ts` stays; the delta's, when they are equal or one is null.
    counts : MergeCounts
        What was added, changed and left.

    Notes
    -----
    Of a large table the cost is one copy of its columns; the rows are looked at by id and start only.
    """
    delta = join_pages([delta])
    if not delta.num_rows:
        return base, MergeCounts(0, 0, 0)
    at = pc.index_in(base["id"], value_set=delta["id"].combine_chunks())
    known = np.flatnonzero(to_numpy(at.is_valid()))
    twin = to_numpy(at.drop_null()).astype(np.intp)
    wins = _wins(base["last_updated_ts"].take(known), delta["last_updated_ts"].take(twin))
    # a row that says the same again is left where it is
    wins[wins] = ~same_rows(base.take(known[wins]), delta.take(twin[wins]))
    counts = MergeCounts(
        added=delta.num_rows - len(known), changed=int(wins.sum()), unchanged=int((~wins).sum())
    )
    if not counts.added and not counts.changed:
        return base, counts
    stays, comes = np.ones(base.num_rows, dtype=bool), np.ones(delta.num_rows, dtype=bool)
    stays[known[wins]] = False
    comes[twin[~wins]] = False
    merged = _interleaved(base, np.flatnonzero(stays), delta, np.flatnonzero(comes), many_runs)
    return merged, counts


def same_rows(left: pa.Table, right: pa.Table) -> np.ndarray:
    """Tell which rows of two tables of one length and one schema hold the same.

    Returns
    -------
    numpy.ndarray
        bool, one for each row.
    """
    same = np.ones(left.num_rows, dtype=bool)
    for name in left.column_names:
        np.logical_and(same, equal_values(left[name], right[name]), out=same)
    return same


def _wins(base: pa.ChunkedArray, delta: pa.ChunkedArray) -> np.ndarray:
    """Tell where the delta's row stays: it is not older, or nobody can tell."""
    return ~to_numpy(pc.less(delta, base).fill_null(False))  # noqa: FBT003


def _interleaved(
    base: pa.Table, stays: np.ndarray, delta: pa.Table, comes: np.ndarray, many_runs: int
) -> pa.Table:
    """Merge two sorted choices of rows into one sorted table."""
    rows = np.concatenate([stays, comes + base.num_rows])
    start = np.concatenate(
        [
            to_numpy(base["start_date"].cast(_NUMBER))[stays],
            to_numpy(delta["start_date"].cast(_NUMBER))[comes],
        ]
    )
    order = np.argsort(start, kind="stable")  # two sorted runs: linear
    both = pa.concat_tables([base, delta])
    _settle_ties(order, rows, start, both["id"], len(stays))
    return pa.table(_copied(both, rows[order], base.num_rows, many_runs), schema=base.schema)


def _copied(both: pa.Table, rows: np.ndarray, seam: int, many_runs: int) -> list[pa.Array]:
    """Copy rows out of two tables that follow each other: whole runs of them where there are few runs."""
    begins = np.flatnonzero((np.diff(rows, prepend=-2) != 1) | (rows == seam))
    lengths = np.diff(begins, append=len(rows))
    runs = list(zip(rows[begins].tolist(), lengths.tolist(), strict=True))
    places = pa.array(rows)

    def copied(column: pa.ChunkedArray) -> pa.Array:
        if len(runs) > many_runs:
            return pc.take(one_chunk(column), places, memory_pool=POOL)
        first, second = one_chunk(column.slice(0, seam)), one_chunk(column.slice(seam))
        parts = [first.slice(at, n) if at < seam else second.slice(at - seam, n) for at, n in runs]
        return pa.concat_arrays(parts, memory_pool=POOL)

    return map_columns(copied, both.columns)


def _settle_ties(
    order: np.ndarray, rows: np.ndarray, start: np.ndarray, ids: pa.ChunkedArray, first_new: int
) -> None:
    """Put rows of one start into the order of their ids, where a new row is among them."""
    ordered = start[order]
    group = np.concatenate([[0], np.cumsum(ordered[1:] != ordered[:-1])])
    has_new = np.zeros(group[-1] + 1, dtype=bool)
    has_new[group[order >= first_new]] = True
    places = np.flatnonzero(has_new[group] & (np.bincount(group)[group] > 1))
    if len(places):
        tied = pa.table({"group": group[places], "id": ids.take(pa.array(rows[order[places]]))})
        by_id = pc.sort_indices(tied, sort_keys=[("group", "ascending"), ("id", "ascending")])
        order[places] = order[places[by_id.to_numpy()]]
