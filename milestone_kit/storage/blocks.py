"""Files of blocks: rows with a checksum for each block of them, so that damage is noticed and costs one.

A block is a header of 64 bytes and an Arrow stream of its own, schema and all. The header says which rows it
holds, and how many there are in all blocks, and has two checksums: of itself, and of the stream. Where a
header is damaged the next one is looked for. So every byte is covered, and no byte is so important that more
than one block is lost with it.

Blocks are read into memory of this process and never mapped: a file that another program cuts short would
otherwise end the process (SIGBUS), and on Windows a mapped file can be neither replaced nor deleted.
"""

from __future__ import annotations

import io
import json
import os
import struct
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, Protocol

import pyarrow as pa
import xxhash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "FAILURES",
    "MANIFEST",
    "BlockFile",
    "DamageError",
    "Place",
    "Rows",
    "copied",
    "facts_of",
    "open_rows",
    "write_blocks",
]

FAILURES: Final = (OSError, ValueError, TypeError, KeyError, pa.ArrowException)
"""What reading a damaged file may raise."""


MANIFEST: Final = b"milestone_kit"
"""The key of what is said about the rows, as JSON, in the metadata of every schema."""

_MARK: Final = b"\x93mkblk\r\n"
# mark; format; first row, rows, rows of all blocks; bytes; checksums of stream and header
_HEADER: Final = struct.Struct("<8sH6xQQQQQQ")
_SEALED: Final = _HEADER.size - 8
_ALIGNED: Final = 64
_PIECE: Final = (
    1 << 20
)  # read and summed at a time, so that it is summed while it is in the processor's cache
_FORMER: Final = b"ARROW1"


class DamageError(ValueError):
    """Bytes are not those that were written."""


class Place(NamedTuple):
    """Where a block is: its first row and how many it has; where in the file, and how many bytes."""

    first: int
    rows: int
    at: int
    length: int
    check: int


class Rows(Protocol):
    """Rows in a file, opened for reading, block by block."""

    format: int
    """The version of the content; with a newer one nothing else may be believed."""

    total: int
    """How many rows there should be."""

    places: list[Place]
    """The blocks that can be found, in order."""

    def read(self, place: Place, fields: Sequence[int] = ()) -> pa.Table:
        """Return the rows of a block, of all columns or some; raise DamageError or pyarrow's errors."""

    def read_all(self) -> pa.Table:
        """Return all rows; raise DamageError or pyarrow's errors where any are missing."""


def open_rows(file: BinaryIO) -> Rows:
    """Open a file of blocks, or one of an earlier version, which was a plain Arrow file.

    Parameters
    ----------
    file : BinaryIO
        Unbuffered, open for as long as anything is read.

    Raises
    ------
    DamageError
        When no block can be found in it.
    pyarrow.ArrowException
        When it is an Arrow file that cannot be read.
    """
    if _read_at(file, 0, len(_FORMER)) == _FORMER:
        return _ArrowFile(file)
    return BlockFile(file)


def facts_of(table: pa.Table) -> dict[str, Any]:
    """Return what is said about the rows beside them; raise ValueError where it is no JSON object."""
    facts = json.loads((table.schema.metadata or {}).get(MANIFEST, b"null"))
    if not isinstance(facts, dict):
        raise DamageError("it says nothing about its rows")
    return facts


class BlockFile:
    """A file of blocks, opened for reading; see `Rows`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.format, self.total = 0, 0
        self.places: list[Place] = []
        self._find_blocks(os.fstat(file.fileno()).st_size)
        if not self.format:
            raise DamageError("no block can be found in it")

    def _find_blocks(self, size: int) -> None:
        at = 0
        while at + _HEADER.size <= size:
            header = _header(_read_at(self._file, at, _HEADER.size))
            if header is None:
                at = self._next_header(at + 1, size)
                continue
            self.format, first, rows, self.total, length, check = header
            at += _HEADER.size
            if at + length <= size:
                self.places.append(Place(first, rows, at, length, check))
            at += length

    def _next_header(self, at: int, size: int) -> int:
        rest = bytes(_read_at(self._file, at, size - at))
        found = rest.find(_MARK)
        while found >= 0 and _header(rest[found : found + _HEADER.size]) is None:
            found = rest.find(_MARK, found + 1)
        return size if found < 0 else at + found

    def read(self, place: Place, fields: Sequence[int] = ()) -> pa.Table:
        """Return the rows of a block, in memory of their own."""
        stream = pa.allocate_buffer(place.length)
        if _read_into(self._file, place.at, memoryview(stream)) != place.check:
            raise DamageError("its bytes are not those that were written")
        # what has the right sum is what was written: it need not be gone through value by value
        with pa.ipc.open_stream(pa.BufferReader(stream), options=_options(fields)) as reader:
            table = reader.read_all()
        if table.num_rows != place.rows:
            raise DamageError("it has other rows than it should have")
        return table

    def read_all(self) -> pa.Table:
        """Return all rows, in memory of their own."""
        if not self.places or sum(place.rows for place in self.places) != self.total:
            raise DamageError("it is not whole")
        return pa.concat_tables([self.read(place) for place in self.places])


class _ArrowFile:
    """A plain Arrow file, as earlier versions wrote it, without checksums; see `Rows`."""

    def __init__(self, file: BinaryIO) -> None:
        size = os.fstat(file.fileno()).st_size
        self._content = pa.allocate_buffer(size)
        _read_into(file, 0, memoryview(self._content))
        reader = self._reader(())
        self.format = int(facts_of(reader.schema.empty_table())["format"])
        self.places, self.total = [], 0
        for number in range(reader.num_record_batches):
            rows = reader.get_batch(number).num_rows
            self.places.append(Place(self.total, rows, number, 0, 0))
            self.total += rows

    def _reader(self, fields: Sequence[int]) -> Any:
        return pa.ipc.open_file(pa.BufferReader(self._content), options=_options(fields))

    def read(self, place: Place, fields: Sequence[int] = ()) -> pa.Table:
        reader = self._reader(fields)
        return _validated(pa.Table.from_batches([reader.get_batch(place.at)], reader.schema))

    def read_all(self) -> pa.Table:
        return _validated(self._reader(()).read_all())


def write_blocks(
    file: IO[bytes],
    tables: Sequence[pa.Table],
    facts: Mapping[str, Any],
    *,
    format: int,  # noqa: A002 - what it is called in the file
    packed: bool,
) -> None:
    """Write tables as blocks.

    Parameters
    ----------
    file : IO of bytes
        Can seek; is at its beginning.
    tables : sequence of pyarrow.Table
        One for each block, all in one schema; at least one.
    facts : mapping
        What is said about the rows, kept with each block.
    format : int
        The version of the content.
    packed : bool
        Whether the rows are compressed.
    """
    schema = tables[0].schema.with_metadata({MANIFEST: json.dumps(dict(facts)).encode()})
    codec = pa.Codec("zstd", compression_level=1) if packed else None
    options = pa.ipc.IpcWriteOptions(compression=codec)
    first, total = 0, sum(table.num_rows for table in tables)
    for table in tables:
        at = file.tell()
        file.write(bytes(_HEADER.size))  # filled in below: the sum is known when all is written
        sink = _SummingSink(file)
        with pa.ipc.new_stream(sink, schema, options=options) as writer:
            writer.write_table(table.replace_schema_metadata(schema.metadata))
        sink.write(bytes(-sink.length % _ALIGNED))
        place = (first, table.num_rows, total, sink.length, sink.sum())
        head = _HEADER.pack(_MARK, format, *place, 0)[:_SEALED]
        file.seek(at)
        file.write(head + struct.pack("<Q", xxhash.xxh3_64_intdigest(head)))
        file.seek(0, os.SEEK_END)
        first += table.num_rows


class _SummingSink(io.RawIOBase):
    """Writes into a file, and sums and counts what it writes."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file, self._summed, self.length = file, xxhash.xxh3_64(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self._summed.update(data)
        self._file.write(data)
        self.length += size
        return size

    def sum(self) -> int:
        """Return the checksum of all that was written."""
        return int(self._summed.intdigest())


def _header(content: bytes) -> tuple[int, ...] | None:
    """Return what a header says after its mark; None when it is none, or damaged."""
    if len(content) < _HEADER.size:
        return None
    mark, *told, check = _HEADER.unpack(content)
    is_sound = mark == _MARK and check == xxhash.xxh3_64_intdigest(content[:_SEALED])
    return tuple(told) if is_sound else None


def _validated(table: pa.Table) -> pa.Table:
    """Go through what has no checksum: damaged lengths would end the process where they are used."""
    table.validate(full=True)
    return table


def _options(fields: Sequence[int]) -> Any:
    return pa.ipc.IpcReadOptions(included_fields=list(fields))


def copied(table: pa.Table) -> pa.Table:
    """Copy some columns, so that they do not hold the memory of those that lay beside them."""
    here = pa.default_cpu_memory_manager()
    columns = [pa.chunked_array([c.copy_to(here) for c in each.chunks], each.type) for each in table.columns]
    return pa.table(columns, schema=table.schema)


def _read_at(file: BinaryIO, at: int, length: int) -> bytes:
    content = bytearray(length)
    got = _read_into(file, at, memoryview(content), summed=False)
    return bytes(content[:got])


def _read_into(file: BinaryIO, at: int, target: memoryview, *, summed: bool = True) -> int:
    """Fill memory from a file; return the checksum of what came, or else how many bytes came."""
    sums, got = xxhash.xxh3_64(), 0
    file.seek(at)
    while got < len(target):
        size = file.readinto(target[got : got + _PIECE])  # type: ignore[attr-defined]
        if not size:
            break  # cut short: the sum will tell
        if summed:
            sums.update(target[got : got + size])
        got += size
    return int(sums.intdigest()) if summed else got
