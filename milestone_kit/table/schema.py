"""The milestones table: its columns, their dtypes, and how to check or make an empty one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from milestone_kit.errors import SchemaError
from milestone_kit.table.arrays import one_chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ARROW_SCHEMA",
    "ATTRS_KEY",
    "COLUMNS",
    "DTYPES",
    "END_LEVELS",
    "END_LEVEL_DTYPE",
    "END_SOURCES",
    "END_SOURCE_DTYPE",
    "STATUSES",
    "STATUS_DTYPE",
    "STRING_LIST",
    "TICKER_LISTS",
    "TIMELINE_DTYPES",
    "check_milestones",
    "empty_milestones",
    "event_tickers",
    "from_arrow",
    "has_timeline",
    "ticker_lists",
]

ATTRS_KEY: Final = "milestone_kit"
"""Where `DataFrame.attrs` holds the small scalars about a table's origin; nothing depends on it."""

_TIMESTAMP = pa.timestamp("us", tz="UTC")
_STRINGS = pa.list_(pa.string())

ARROW_SCHEMA: Final = pa.schema(
    [
        pa.field("id", pa.large_string(), nullable=False),
        pa.field("category", pa.large_string(), nullable=False),
        pa.field("type", pa.large_string(), nullable=False),
        pa.field("title", pa.large_string(), nullable=False),
        pa.field("start_date", _TIMESTAMP, nullable=False),
        pa.field("end_date", _TIMESTAMP),
        pa.field("primary_event_tickers", _STRINGS, nullable=False),
        pa.field("related_event_tickers", _STRINGS, nullable=False),
        pa.field("source_id", pa.large_string()),
        pa.field("source_ids", pa.large_string(), nullable=False),
        pa.field("notification_message", pa.large_string(), nullable=False),
        pa.field("details", pa.large_string(), nullable=False),
        pa.field("last_updated_ts", _TIMESTAMP),
        pa.field("extra", pa.large_string()),
    ]
)
"""The table as Arrow holds it, in column order."""

STRING_LIST: Final = pd.ArrowDtype(_STRINGS)
"""The dtype of the two ticker columns, `list<string>[pyarrow]`."""


def _pandas_dtype(arrow_type: pa.DataType) -> pd.api.extensions.ExtensionDtype:
    if arrow_type == _STRINGS:
        return STRING_LIST
    if arrow_type == _TIMESTAMP:
        return pd.DatetimeTZDtype("us", "UTC")
    return pd.StringDtype(na_value=float("nan"))


DTYPES: Final = {field.name: _pandas_dtype(field.type) for field in ARROW_SCHEMA}
"""Column name to pandas dtype, in column order."""

COLUMNS: Final = tuple(DTYPES)
"""The column names, in order."""


STATUSES: Final = ("upcoming", "live", "ended")
"""The values of a timeline's `status`, in the order of a milestone's life."""

END_SOURCES: Final = ("reported", "live", "assumed", "open")
"""The values of a timeline's `end_source`."""

END_LEVELS: Final = ("league", "series", "type", "category", "learned", "prior")
"""The values of a timeline's `end_level`: the table's own, the finest first; other tables'; priors."""

STATUS_DTYPE: Final = pd.CategoricalDtype(list(STATUSES), ordered=True)
"""The dtype of `status`: upcoming < live < ended."""

END_SOURCE_DTYPE: Final = pd.CategoricalDtype(list(END_SOURCES))
"""The dtype of `end_source`."""

END_LEVEL_DTYPE: Final = pd.CategoricalDtype(list(END_LEVELS))
"""The dtype of `end_level`."""

TIMELINE_DTYPES: Final[dict[str, np.dtype | pd.api.extensions.ExtensionDtype]] = {
    "end": pd.DatetimeTZDtype("us", "UTC"),
    "end_source": END_SOURCE_DTYPE,
    "end_level": END_LEVEL_DTYPE,
    "end_samples": np.dtype("int64"),
    "duration": np.dtype("timedelta64[us]"),
    "status": STATUS_DTYPE,
    "starts_in": np.dtype("timedelta64[us]"),
    "overdue": np.dtype("bool"),
    "lane": np.dtype("int32"),
    "suspect": np.dtype("bool"),
    "date_only": np.dtype("bool"),
}
"""Name to dtype of the columns that `compute_timeline` adds, in column order."""

TICKER_LISTS: Final = ("primary_event_tickers", "related_event_tickers")
"""The two list columns, the one that the milestone decides first."""

_TELLING: Final = ("end", "end_source", "status", "suspect")


def event_tickers(row: Mapping[Any, Any] | pd.Series) -> list[str]:
    """Return the distinct event tickers of one milestone, its primary ones first."""
    return list(dict.fromkeys(itertools.chain.from_iterable(row[name] for name in TICKER_LISTS)))


def from_arrow(table: pa.Table) -> pd.DataFrame:
    """Convert an Arrow table in `ARROW_SCHEMA` to the pandas table, with a RangeIndex.

    Parameters
    ----------
    table : pyarrow.Table
        Columns and types as in `ARROW_SCHEMA`.

    Returns
    -------
    pandas.DataFrame
        The columns of `COLUMNS` with the dtypes of `DTYPES`; all of them may be written to.

    Notes
    -----
    Instants are copied where pandas would share Arrow's memory, which may not be written to: setting one
    such cell would end in an AssertionError. Of 137,200 rows that takes a millisecond. Text and lists stay
    shared: pandas makes them anew when a cell is set.
    """
    df: pd.DataFrame = table.to_pandas(types_mapper=_pandas_dtype, ignore_metadata=True)
    for field in table.schema:
        if pa.types.is_timestamp(field.type) and not table[field.name].null_count:
            df[field.name] = df[field.name].copy()
    return df


def empty_milestones() -> pd.DataFrame:
    """Return a milestones table without rows, with every column and dtype in place.

    Examples
    --------
    >>> empty_milestones().shape
    (0, 14)
    """
    return from_arrow(ARROW_SCHEMA.empty_table())


def check_milestones(df: object, columns: Iterable[str] = COLUMNS) -> None:
    """Raise unless `df` has the given milestone columns with the dtypes of the schema.

    Parameters
    ----------
    df : pandas.DataFrame
        Any table; checked to be one. Columns beyond the schema are welcome.
    columns : iterable of str
        The schema columns that the caller needs; all of them by default.

    Raises
    ------
    SchemaError
        Naming the first column that is missing, has another dtype, or lacks values that every milestone has.
    TypeError
        When `df` is not a DataFrame.
    """
    if not isinstance(df, pd.DataFrame):
        message = f"expected a milestones DataFrame, got {type(df).__name__}"
        raise TypeError(message)
    for name in columns:
        if name not in df.columns:
            message = (
                f"this table has no column {name!r}; milestone tables come from get_milestones(), "
                "read_csv() or sample_milestones()"
            )
            raise SchemaError(message, field=name)
        column: Any = df[name]
        if isinstance(column, pd.DataFrame):
            message = f"column {name!r} occurs {column.shape[1]} times; rename or drop all but one"
            raise SchemaError(message, field=name)
        if column.dtype != DTYPES[name]:
            message = (
                f"column {name!r} has dtype {column.dtype}, expected {DTYPES[name]}; "
                f"convert it with df.astype({{{name!r}: ...}}) or read the file with read_csv()"
            )
            raise SchemaError(message, field=name)
        if not ARROW_SCHEMA.field(name).nullable:
            _refuse_gaps(column, name)


def _refuse_gaps(column: pd.Series[Any], name: str) -> None:
    if column.hasnans:
        gaps = column.isna()
        message = (
            f"column {name!r} lacks {gaps.sum():,} of {len(gaps):,} values, the first in row "
            f"{gaps.idxmax()!r}; every milestone has one: fill them, or drop these rows with "
            f"df.dropna(subset={name!r})"
        )
        raise SchemaError(message, field=name)
    if column.dtype == STRING_LIST and one_chunk(pa.array(column)).flatten().null_count:
        message = f"column {name!r} has a list with a missing ticker in it; lists hold only text"
        raise SchemaError(message, field=name)


def has_timeline(df: pd.DataFrame) -> bool:
    """Tell whether a table has what `compute_timeline` adds, so that nobody needs to compute it again.

    A column of the same name but another dtype is somebody else's, or came from a file as text.
    """
    return all(name in df.columns and df[name].dtype == TIMELINE_DTYPES[name] for name in _TELLING)


def ticker_lists(df: pd.DataFrame, column: str) -> pa.ListArray:
    """Return a ticker column as one Arrow list array, without copying where it is one chunk.

    Parameters
    ----------
    df : pandas.DataFrame
        A table with this column.
    column : str
        A column of dtype `list<string>[pyarrow]`.

    Returns
    -------
    pyarrow.ListArray
        One list per row of `df`, in order.
    """
    return one_chunk(pa.array(df[column]))
