"""The ids that milestones have where they come from (Sportradar and others): tabulated, and found by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.analysis.details import json_objects
from milestone_kit.core.arguments import read_ids
from milestone_kit.table.arrays import one_chunk
from milestone_kit.table.schema import DTYPES, check_milestones

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["find_by_source", "source_table"]

_OWN: Final = "source_id"
_STR: Final = DTYPES["source_id"]


class _Links(NamedTuple):
    """One entry per row, source and id."""

    rows: NDArray[np.int64]
    sources: pa.Array
    ids: pa.Array


def source_table(df: pd.DataFrame) -> pd.DataFrame:
    """Tabulate which ids milestones have at their sources.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; `source_id` and the JSON text of `source_ids` are read.

    Returns
    -------
    pandas.DataFrame
        One row per milestone, source and id: milestones in the order of `df`, `source_id` first, then
        `source_ids` in the order of its text; RangeIndex. Columns:

        - `milestone_id`: str
        - `source`: str, "source_id", or the key of `source_ids` ("source_1_id"); the server does not say who
          they are
        - `source_id`: str; a number is given as its digits
        - `start_date`: datetime64[us, UTC]
        - `title`: str

    Raises
    ------
    SchemaError
        When a needed column is missing, or `source_ids` holds something other than JSON objects; names the
        row's id.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> source_table(sample_milestones(100)).columns.to_list()
    ['milestone_id', 'source', 'source_id', 'start_date', 'title']
    """
    check_milestones(df, ["id", "title", "start_date", "source_id", "source_ids"])
    links = _links(df)
    of_row = df[["id", "start_date", "title"]].take(links.rows).reset_index(drop=True)
    return pd.DataFrame(
        {
            "milestone_id": of_row["id"],
            "source": pd.array(links.sources, dtype=_STR),
            "source_id": pd.array(links.ids, dtype=_STR),
            "start_date": of_row["start_date"],
            "title": of_row["title"],
        },
        copy=False,
    )


def find_by_source(df: pd.DataFrame, ids: str | Iterable[str]) -> pd.DataFrame:
    """Find the milestones that have one of these ids at a source.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    ids : str or iterable of str
        Ids as `source_id` and `source_ids` hold them, thousands if need be; they must fit exactly.

    Returns
    -------
    pandas.DataFrame
        The rows of `df` that have one of them; columns, order and index as in `df`. No ids, no rows.

    Raises
    ------
    QueryError
        When an id is not text, or is blank.
    SchemaError
        As for `source_table`.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(100)
    >>> known = source_table(milestones)
    >>> wanted = known["source_id"].iloc[-1]
    >>> known["milestone_id"].iloc[-1] in set(find_by_source(milestones, wanted)["id"])
    True
    """
    check_milestones(df, ["id", "source_id", "source_ids"])
    links = _links(df)
    hit = np.asarray(
        pc.is_in(links.ids, value_set=pa.array(read_ids(ids, "ids"), pa.large_string())), dtype=bool
    )
    found = np.zeros(len(df), dtype=bool)
    found[links.rows[hit]] = True
    return df[found]


def _links(df: pd.DataFrame) -> _Links:
    own = pa.array(df["source_id"].array).cast(pa.large_string())
    places = np.flatnonzero(np.asarray(own.is_valid(), dtype=bool))
    rows, sources, ids = _listed(df)
    all_rows = np.concatenate([places, np.array(rows, dtype=np.int64)])
    order = np.argsort(all_rows, kind="stable")
    names = pa.array([_OWN] * len(places) + sources, pa.large_string())
    values = pa.concat_arrays([one_chunk(own.drop_null()), pa.array(ids, pa.large_string())])
    at = pa.array(order)
    return _Links(all_rows[order], names.take(at), values.take(at))


def _listed(df: pd.DataFrame) -> tuple[list[int], list[str], list[str]]:
    """Take the JSON of `source_ids` apart: the row, the key and the id of each entry."""
    rows: list[int] = []
    sources: list[str] = []
    ids: list[str] = []
    for row, entries in enumerate(json_objects(df, "source_ids")):
        for source, value in entries.items():
            for id_ in value if isinstance(value, list) else [value]:
                if id_ is not None:
                    rows.append(row)
                    sources.append(source)
                    ids.append(id_ if isinstance(id_, str) else orjson.dumps(id_).decode())
    return rows, sources, ids
