"""Take tables away as Parquet, one file or a partitioned folder that DuckDB, Dask and Spark read too.

Only plain types are written: text, numbers, booleans, UTC instants in microseconds, lists of text;
durations are integers (microseconds) to programs other than Arrow. In a folder, a partition column is
not in the files but in their path (``category=Sports/part-0.parquet``), escaped as Hive does it.

When one machine's memory is not enough, write several such folders and let Dask take them one by one:
``dd.from_map(mk.read_parquet, folders).map_partitions(mk.explode_tickers)``, after
``dask.config.set({"dataframe.convert-string": False})``, so that text keeps its dtype.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from milestone_kit.core.arguments import check_whole_number
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.export.csv import check_table
from milestone_kit.export.parquet_care import (
    ABOUT_KEY,
    PARTITIONS,
    About,
    Categories,
    check_size,
    read_about,
    refused_if_unsound,
)
from milestone_kit.export.targets import write_whole
from milestone_kit.table.schema import ARROW_SCHEMA, COLUMNS, DTYPES, check_milestones, from_arrow

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Compression", "PartitionBy", "read_parquet", "to_parquet"]

PartitionBy = Literal["year", "month", "category", "type"]
"""What a folder may be partitioned by; year and month are those of `start_date`, in UTC."""

Compression = Literal["zstd", "snappy", "gzip", "brotli", "lz4", "none"]
"""How the files may be compressed."""

_ROW_GROUP: Final = 131_072
_FORMAT: Final = 1
_NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"
_LONGEST_NAME: Final = 255
"""The most bytes that the usual file systems take as the name of a folder."""


def to_parquet(
    df: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    partition_by: PartitionBy | Iterable[PartitionBy] | None = None,
    compression: Compression = "zstd",
) -> Path:
    """Write a table to a Parquet file, or to a folder of them, whole or not at all.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones, with or without columns of `compute_timeline` and your own; or any other table.
        The index is not written.
    path : str or path-like
        The file; with `partition_by`, the folder. The folder it lies in must exist. What is there
        is replaced once everything new is written; a folder only if it holds nothing but Parquet
        files.
    partition_by : {"year", "month", "category", "type"} or several, optional
        Make a folder with one level of folders for each, in this order (``year=2026/month=1/``).
    compression : {"zstd", "snappy", "gzip", "brotli", "lz4", "none"}
        All but "brotli" and "lz4" are read everywhere.

    Returns
    -------
    pathlib.Path
        Where the file or folder is.

    Raises
    ------
    QueryError
        When an argument cannot be used, or a column holds what Parquet cannot.
    SchemaError
        When the column to partition by is missing or has another dtype.
    OSError
        When the disk refuses.

    Notes
    -----
    A folder that exists is put aside and the new one put in its place, by two renames: who looks
    between them finds none, and never half of one.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(100)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = to_parquet(milestones, pathlib.Path(folder) / "m", partition_by="category")
    ...     read_parquet(path).equals(milestones)
    True
    """
    check_table(df)
    keys = _checked_keys(partition_by)
    if compression not in get_args(Compression):
        raise QueryError(f"compression={compression!r}: expected {_listed(get_args(Compression))}")
    table = _arrow(df, keys)
    if not keys:
        options = {"compression": compression, "row_group_size": _ROW_GROUP}
        return write_whole(path, lambda sink: pq.write_table(table, sink, **options))
    return _write_folder(Path(path), table, keys, compression)


def read_parquet(
    path: str | os.PathLike[str], *, columns: Iterable[str] | None = None, max_bytes: int | None = None
) -> pd.DataFrame:
    """Read a milestones table that `to_parquet` wrote.

    Parameters
    ----------
    path : str or path-like
        The file or the folder.
    columns : iterable of str, optional
        Read only these, in this order.
    max_bytes : int, optional
        The most memory that the columns may take once unpacked; else 1 GB or a hundred times what the
        files take on the disk, whichever is more. A small file can unpack to more than any memory.

    Returns
    -------
    pandas.DataFrame
        With a RangeIndex and every dtype as it was written. A file's rows stand as they were
        written; a folder's sorted by (start_date, id).

    Raises
    ------
    QueryError
        When there is nothing at `path`, or a column is asked for that is not there.
    SchemaError
        When it is no sound Parquet, unpacks to more than `max_bytes`, or a milestones column is missing
        or does not fit.

    Examples
    --------
    >>> read_parquet("nowhere.parquet")
    Traceback (most recent call last):
    milestone_kit.errors.QueryError: path='nowhere.parquet': there is no such file or folder
    """
    source = Path(path)
    if not source.exists():
        raise QueryError(f"path={os.fspath(path)!r}: there is no such file or folder")
    if not source.is_file() and not source.is_dir():
        raise QueryError(
            f"path={os.fspath(path)!r} is no file: Parquet is read from its end, which a pipe has not"
        )
    if max_bytes is not None:
        check_whole_number(max_bytes, "max_bytes")
    with refused_if_unsound(source.name):
        found, about = _dataset(source)
        wanted = _wanted(columns, about, found.schema, source)
        sort = [name for name in ("start_date", "id") if source.is_dir() and name in found.schema.names]
        needed = list(dict.fromkeys([*wanted, *sort]))
        check_size(found.files, needed, max_bytes)
        table = found.to_table(columns=needed)
        table.validate(full=True)
        if sort:
            table = table.take(pc.sort_indices(table, sort_keys=[(name, "ascending") for name in sort]))
        return _frame(table.select(wanted), about)


def _checked_keys(partition_by: object) -> list[str]:
    if partition_by is None:
        return []
    keys: list[Any] = [partition_by] if isinstance(partition_by, str) else list(partition_by)  # type: ignore[call-overload]
    expected = f"expected {_listed(PARTITIONS)}, or several of them, each once"
    if (
        not keys
        or not all(isinstance(key, str) and key in PARTITIONS for key in keys)
        or len(set(keys)) < len(keys)
    ):
        raise QueryError(f"partition_by={partition_by!r}: {expected}")
    return keys


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _arrow(df: pd.DataFrame, keys: list[str]) -> pa.Table:
    """Return the table as it is written: with the keys as columns, and with what it says of itself."""
    try:
        table = pa.Table.from_pandas(df, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeEncodeError) as error:
        raise QueryError(
            f"the table cannot be written as Parquet: {'; '.join(map(str, error.args))}"
        ) from error
    about = {
        "format": _FORMAT,
        "columns": table.column_names,
        "partition_by": keys,
        "arrow": [str(name) for name, dtype in df.dtypes.items() if isinstance(dtype, pd.ArrowDtype)],
        "categories": {
            str(name): {"values": dtype.categories.to_list(), "ordered": bool(dtype.ordered)}
            for name, dtype in df.dtypes.items()
            if isinstance(dtype, pd.CategoricalDtype) and isinstance(dtype.categories.dtype, pd.StringDtype)
        },
    }
    for key in keys:
        table = table.append_column(key, _years_or_months(df, key)) if key in {"year", "month"} else table
        if key in {"category", "type"}:
            check_milestones(df, [key])
            _refuse_unusable(key, pc.unique(table[key]).to_pylist())
    for_pandas = json.loads(table.schema.metadata[b"pandas"])
    for column in for_pandas["columns"]:
        if column["field_name"] in about["arrow"]:
            column["numpy_type"] = "object"  # pandas cannot read the names of its own Arrow dtypes
    return table.replace_schema_metadata(
        {b"pandas": json.dumps(for_pandas).encode(), ABOUT_KEY: json.dumps(about).encode()}
    )


def _refuse_unusable(key: str, values: Iterable[str]) -> None:
    """Raise where the name of a folder cannot tell a value: slashes, dots and such are escaped in it."""
    for value in values:
        if value == _NO_VALUE:
            why = "which is Hive's word for none"
        elif "\0" in value:
            why = "which has a NUL in it, and no name of a folder can"
        elif len(f"{key}={quote(value, safe='')}") > _LONGEST_NAME:
            why = f"which is too long for the name of a folder ({_LONGEST_NAME} characters when escaped)"
        else:
            continue
        shown = repr(value if len(value) <= 80 else f"{value[:80]}...")
        raise QueryError(
            f"partition_by={key!r}: a {key} is {shown}, {why}; change it, or partition by something else"
        )


def _years_or_months(df: pd.DataFrame, key: str) -> pa.Array:
    check_milestones(df, ["start_date"])
    if key in df.columns:
        raise QueryError(f"partition_by={key!r}: the table has a column of its own called {key!r}; rename it")
    part = pc.year if key == "year" else pc.month
    # without the zone, which is UTC, no time zone database is needed
    return part(pa.array(df["start_date"]).cast(pa.timestamp("us"))).cast(PARTITIONS[key])


def _write_folder(target: Path, table: pa.Table, keys: list[str], compression: str) -> Path:
    real = Path(os.path.realpath(target))
    if not real.parent.is_dir():
        raise QueryError(f"path={str(target)!r}: there is no folder {str(target.parent)!r}; create it first")
    if real.exists() and not _is_dataset(real):
        raise QueryError(f"path={str(target)!r} holds something else than Parquet files; name another folder")
    beside = real.with_name(f".{real.name}.{secrets.token_hex(4)}.tmp")
    before = beside.with_suffix(".old")
    try:
        beside.mkdir()
        _write_parts(beside, table, keys, compression)
        if real.exists():
            real.rename(before)
        beside.rename(real)
    except BaseException:
        if before.exists() and not real.exists():
            before.rename(real)
        shutil.rmtree(beside, ignore_errors=True)
        raise
    shutil.rmtree(before, ignore_errors=True)
    return target


def _write_parts(folder: Path, table: pa.Table, keys: list[str], compression: str) -> None:
    if not table.num_rows:
        pq.write_table(table.drop_columns(keys), folder / "part-0.parquet", compression=compression)
        return
    files = ds.ParquetFileFormat()
    ds.write_dataset(
        table,
        folder,
        format=files,
        partitioning=_partitioning(keys),
        file_options=files.make_write_options(compression=compression),
        basename_template="part-{i}.parquet",
        max_partitions=table.num_rows,
        max_rows_per_group=_ROW_GROUP,
    )
    written = ds.dataset(folder, format="parquet", partitioning=_partitioning(keys)).count_rows()
    if written != table.num_rows:
        raise OSError(
            f"{table.num_rows} rows were to be written and {written} are there: this file system does not "
            f"tell apart folders for values of {_listed(keys)} that differ in case only"
        )


def _is_dataset(folder: Path) -> bool:
    """Tell whether a folder holds nothing but folders of a Hive partitioning and Parquet files."""
    return folder.is_dir() and all(
        "=" in path.name if path.is_dir() else path.suffix == ".parquet" for path in folder.rglob("*")
    )


def _partitioning(keys: Iterable[str]) -> ds.Partitioning:
    return ds.partitioning(pa.schema([(key, PARTITIONS[key]) for key in keys]), flavor="hive")


def _dataset(source: Path) -> tuple[ds.Dataset, About]:
    """Open a file or a folder; return with it what it says of itself."""
    if not source.is_dir():
        found = ds.dataset(source, format="parquet")
        return found, read_about(found.schema)
    first = next(source.rglob("*.parquet"), None)
    if first is None:
        raise SchemaError(f"the folder {source.name} holds no Parquet file")
    about = read_about(pq.read_schema(first))
    keys = about.partition_by
    partitioning = "hive" if keys is None else _partitioning(keys)
    return ds.dataset(source, format="parquet", partitioning=partitioning), about


def _wanted(columns: Iterable[str] | None, about: About, schema: pa.Schema, source: Path) -> list[str]:
    there = [name for name in about.columns or schema.names if name in schema.names]
    if columns is not None:
        asked = [columns] if isinstance(columns, str) else list(columns)
        for name in asked:
            if name not in there:
                raise QueryError(f"columns: {source.name} has no column {name!r}; it has {', '.join(there)}")
        return asked
    for name in COLUMNS:
        if name not in there:
            raise SchemaError(
                f"{source.name} has no column {name!r}: it is no milestones table; name the columns that you "
                "want or read other tables with pandas.read_parquet",
                field=name,
            )
    return there


def _frame(table: pa.Table, about: About) -> pd.DataFrame:
    table = _plain(table)
    ours = {*DTYPES, *about.categories, *about.arrow}
    others = _others(table.select([name for name in table.column_names if name not in ours]))
    columns: dict[Any, Any] = dict(others.items())
    for name in table.column_names:
        if name in DTYPES:
            columns[name] = _milestone_column(name, table[name])
        elif name in about.categories:
            columns[name] = _categories(name, table[name], about.categories[name])
        elif name in ours:
            columns[name] = pd.Series(pd.array(table[name], dtype=pd.ArrowDtype(table[name].type)))
    return pd.DataFrame({name: columns[name] for name in table.column_names}, index=pd.RangeIndex(len(table)))


def _others(table: pa.Table) -> pd.DataFrame:
    """Convert columns of one's own by what pandas noted of them, where it can read its own notes."""
    try:
        df: pd.DataFrame = table.to_pandas()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        df = table.to_pandas(ignore_metadata=True)
    else:
        if (
            list(df.columns) != table.column_names
        ):  # one of them would be the index, or is told by another name
            df = table.to_pandas(ignore_metadata=True)
    return df


def _plain(table: pa.Table) -> pa.Table:
    """Take columns of extension types for what they are stored as: other programs mark JSON or ids so."""
    for at, field in enumerate(table.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            chunks = [chunk.storage for chunk in table.column(at).chunks]
            stored = pa.chunked_array(chunks, field.type.storage_type)
            table = table.set_column(at, pa.field(field.name, stored.type), stored)
    return table


def _categories(name: str, values: pa.ChunkedArray, kept: Categories) -> pd.Series[Any]:
    texts = values.cast(pa.string())
    if not set(texts.unique().to_pylist()) <= {*kept.values, None}:
        raise SchemaError(f"column {name!r} holds other values than the file says it does", field=name)
    dtype = pd.CategoricalDtype(pd.Index(kept.values, dtype="str"), ordered=kept.ordered)
    return pd.Series(texts.to_pandas().astype(dtype))


def _milestone_column(name: str, values: pa.ChunkedArray) -> pd.Series[Any]:
    field = ARROW_SCHEMA.field(name)
    try:
        values = values.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise SchemaError(f"column {name!r}: {error}", field=name) from error
    if values.null_count and not field.nullable:
        raise SchemaError(f"column {name!r} lacks {values.null_count} values", field=name)
    return from_arrow(pa.table({name: values}))[name]
