"""Parquet is looked at before it is unpacked: what it says of itself, and how large it becomes."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from milestone_kit.errors import MilestoneKitError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "ABOUT_KEY",
    "PARTITIONS",
    "About",
    "Categories",
    "check_size",
    "read_about",
    "refused_if_unsound",
]

ABOUT_KEY: Final = b"milestone_kit"
"""Under which key of its metadata a file says what pandas' dtypes its columns had."""

PARTITIONS: Final[dict[str, pa.DataType]] = {
    "year": pa.int32(),
    "month": pa.int32(),
    "category": pa.string(),
    "type": pa.string(),
}
"""What a folder may be partitioned by, and as which type it is read from the folders' names."""

_LEAST: Final = 10**9
_TIMES: Final = 100
_BATCH: Final = 1024
_LARGE: Final = 2 << 20
"""A dictionary above this many bytes is unpacked by fewer rows at a time; writers usually stop at 1 MB."""

_BATCH_BYTES: Final = 1 << 29
_WORD: Final = 8
_DAMAGED: Final = (
    pa.ArrowException,
    msgspec.MsgspecError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
)


class Categories(msgspec.Struct):
    """The values of a column of categories, in their order."""

    values: list[str]
    ordered: bool


class About(msgspec.Struct):
    """What a file that `to_parquet` wrote says of itself; all empty in a file of another program."""

    format: int = 0
    columns: list[str] = []
    partition_by: list[str] | None = None
    arrow: list[str] = []
    categories: dict[str, Categories] = {}


def read_about(schema: pa.Schema) -> About:
    """Read what a file says of itself, or raise SchemaError where that cannot be so."""
    text = (schema.metadata or {}).get(ABOUT_KEY, b"{}")
    about = msgspec.json.decode(text, type=About)
    lists = (about.columns, about.partition_by or [], *(one.values for one in about.categories.values()))
    if any(len(set(names)) < len(names) for names in lists) or set(about.partition_by or ()) - set(
        PARTITIONS
    ):
        raise SchemaError(f"the file says of itself what cannot be: {json.dumps(text.decode())[:200]}")
    return about


@contextmanager
def refused_if_unsound(name: str) -> Iterator[None]:
    """Turn whatever the parts of an unsound file end in into a SchemaError that names the file."""
    try:
        yield
    except MilestoneKitError:
        raise
    except _DAMAGED as error:
        raise SchemaError(f"{name} cannot be read as Parquet: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise SchemaError(f"{name} cannot be read as Parquet: {error}") from error  # Arrow's word for damage


class _Extent(NamedTuple):
    """How large a column of one file may become, and its largest dictionary."""

    most: int
    dictionary: int


def check_size(files: Iterable[str], columns: Iterable[str], max_bytes: int | None) -> None:
    """Raise SchemaError when columns of files unpack to too much, before they are unpacked.

    Parameters
    ----------
    files : iterable of str
        Paths of Parquet files.
    columns : iterable of str
        The columns that are to be read.
    max_bytes : int, optional
        The most; else 1 GB or a hundred times the size of the files, whichever is more.

    Notes
    -----
    The footers tell how much there is, but not how often a text of a dictionary is repeated. Where that
    could be too much, the texts are unpacked, some rows at a time, and counted.
    """
    paths, wanted = [Path(file) for file in files], set(columns)
    on_disk = sum(path.stat().st_size for path in paths)
    most = max(_LEAST, _TIMES * on_disk) if max_bytes is None else max_bytes
    left = most
    for path in paths:
        with path.open("rb") as stream, pq.ParquetFile(stream) as file:
            extents = _extents(file.metadata, stream, wanted)
            # what is small, however often it is repeated, need not be unpacked
            repeated = {name: one for name, one in extents.items() if one.dictionary and one.most > left / 50}
            left -= sum(one.most for name, one in extents.items() if name not in repeated)
            for batch in _batches(file, repeated) if left >= 0 and repeated else ():
                left -= batch.nbytes
                if left < 0:
                    break
        if left < 0:
            raise SchemaError(
                f"{path.name} unpacks to more than {most:,} bytes, of {on_disk:,} on the disk; "
                "if it comes from somebody you trust, allow more with max_bytes=, or read some columns= only"
            )


def _batches(file: pq.ParquetFile, repeated: dict[str, _Extent]) -> Iterator[pa.RecordBatch]:
    largest = max(one.dictionary for one in repeated.values())
    rows = _BATCH if largest <= _LARGE else max(1, _BATCH_BYTES // largest)
    batches: Iterator[pa.RecordBatch] = file.iter_batches(min(rows, _BATCH), columns=list(repeated))
    return batches


def _extents(footer: Any, stream: Any, wanted: set[str]) -> dict[str, _Extent]:
    extents: dict[str, _Extent] = {}
    for group in range(footer.num_row_groups):
        about = footer.row_group(group)
        for at in range(about.num_columns):
            column = about.column(at)
            name = column.path_in_schema.split(".")[0]
            if name not in wanted and column.path_in_schema not in wanted:
                continue
            most, dictionary = column.total_uncompressed_size + _WORD * column.num_values, 0
            if column.has_dictionary_page and column.physical_type.endswith("BYTE_ARRAY"):
                dictionary = _dictionary_bytes(stream, column)
                most = column.num_values * (dictionary + _WORD)
            known = extents.get(name, _Extent(0, 0))
            extents[name] = _Extent(known.most + most, max(known.dictionary, dictionary))
    return extents


def _dictionary_bytes(stream: Any, column: Any) -> int:
    """Return how large the dictionary of a column is once unpacked: the second number of its page's header.

    Source: Parquet's PageHeader, in Thrift's compact protocol: each field a byte, then a zigzag varint.
    """
    stream.seek(column.dictionary_page_offset)
    header = stream.read(16)
    if len(header) < 16 or header[:3] != b"\x15\x04\x15":  # field 1, type: a dictionary (2); field 2
        return int(column.total_uncompressed_size)
    size, shift = 0, 0
    for byte in header[3:]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return size >> 1
