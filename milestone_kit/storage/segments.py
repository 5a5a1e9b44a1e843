"""Append-only rows in a folder of Arrow files: each written whole, none ever changed, joined when many.

A file's name says which appended tables it holds and how many rows: `FIRST-LAST-ROWS.arrow`. Small
neighbours are joined into one file whose range covers theirs; a file within another's range is
superseded, so whoever is killed between writing the one and deleting the others leaves a folder that
reads the same. Readers hold the files open: what they have listed cannot vanish under them.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from milestone_kit.core.files import delete, quarantine, write_whole
from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["FORMAT", "Segment", "Segments", "View", "write_arrow"]

FORMAT: Final = 2
"""The version of the files; one written by a newer version is left alone and not read.

In version 1 a digest of the row followed the columns; it is not read.
"""

_MANIFEST: Final = b"milestone_kit"
_NAME: Final = re.compile(r"(\d{12})-(\d{12})-(\d+)\.arrow")
_BATCH: Final = 16_384  # rows that are unpacked together when only some are wanted
_MANY: Final = 16  # files from which on the small ones at the end are joined
_JOIN: Final = 8  # at least so many of them
_TRIES: Final = 5
_FAILURES: Final = (OSError, ValueError, TypeError, pa.ArrowException)


class Segment(NamedTuple):
    """One file: the numbers of the first and last table appended to it, its rows, and where it is."""

    first: int
    last: int
    rows: int
    path: Path


class Segments:
    """The files of one folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made, for its owner only, when something is first written.
    schema : pyarrow.Schema
        The columns of every file.

    Notes
    -----
    There may be any number of readers. Writers must see to it that they are alone.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.folder = folder
        self._schema = schema

    def listed(self) -> list[Segment]:
        """Return the files that count, in the order in which their rows were appended."""
        return self._listed()[0]

    def _listed(self) -> tuple[list[Segment], list[Segment]]:
        found = []
        for path in self.folder.glob("*.arrow"):
            match = _NAME.fullmatch(path.name)
            if match is not None:
                first, last, rows = map(int, match.groups())
                found.append(Segment(first, last, rows, path))
        found.sort(key=lambda segment: (segment.first, -segment.last))
        counting: list[Segment] = []
        superseded: list[Segment] = []
        for segment in found:
            is_covered = bool(counting) and segment.last <= counting[-1].last
            (superseded if is_covered else counting).append(segment)
        return counting, superseded

    @contextlib.contextmanager
    def view(self) -> Iterator[View]:
        """Open all files for reading, as they are now."""
        with contextlib.ExitStack() as stack:
            opened: dict[Segment, pa.MemoryMappedFile] = {}
            for _ in range(_TRIES):
                try:
                    opened = {segment: _opened(segment, stack) for segment in self.listed()}
                except FileNotFoundError:
                    continue  # joined with others since it was listed
                break
            else:
                message = f"the files in {self.folder} change too fast to be read"
                warn(message, CacheWarning)
            yield View(opened, self._schema)

    def append(self, table: pa.Table, facts: Mapping[str, Any]) -> None:
        """Write a table as a new file; then join small files, when there are many.

        Parameters
        ----------
        table : pyarrow.Table
            In the schema.
        facts : mapping
            What the file's manifest is to say beside the format; joined files say it in the words
            of the last.

        Raises
        ------
        OSError
            When the disk refuses; nothing was appended then.
        """
        # left by a writer that was killed
        delete(*self.folder.glob(".new-*"), *(one.path for one in self._listed()[1]))
        segments = self.listed()
        number = segments[-1].last + 1 if segments else 1
        # the first is mostly the whole universe, which all that comes is compared with: it stays unpacked
        self._write(number, number, table, facts, packed=bool(segments))
        if len(segments) + 1 > _MANY:
            with contextlib.suppress(OSError):  # what was to be kept is kept; the next one may join
                self._join()

    def _write(
        self, first: int, last: int, table: pa.Table, facts: Mapping[str, Any], *, packed: bool = True
    ) -> None:
        path = self.folder / f"{first:012d}-{last:012d}-{table.num_rows}.arrow"
        write_arrow(path, table, facts, packed=packed)

    def _join(self) -> None:
        """Join files at the end, up to one that is larger than all after it together."""
        segments = self.listed()
        start, rows = len(segments), 0
        while start > 0 and (len(segments) - start < _JOIN or segments[start - 1].rows <= rows):
            start -= 1
            rows += segments[start].rows
        with self.view() as view:
            joined = view.after(segments[start].first - 1)
            # a damaged file was just put aside: its rows are gone, and the name must not count them
            if joined.num_rows == rows:
                self._write(segments[start].first, segments[-1].last, joined, view.facts())
                delete(*(segment.path for segment in segments[start:]))

    def clear(self) -> None:
        """Delete every file but locks: whoever waits for one must not get another one's."""
        delete(*(path for path in sorted(self.folder.glob("*")) if path.suffix != ".lock"))


class View:
    """Files opened for reading; rows are numbered from 0 over all of them, unreadable ones counted.

    Parameters
    ----------
    opened : mapping of Segment to pyarrow.MemoryMappedFile
        In order; None for a file that cannot be read.
    schema : pyarrow.Schema
        The columns that each must have.

    Attributes
    ----------
    foreign : bool
        Whether there are files of a newer version, so that nothing may be added.
    """

    def __init__(self, opened: Mapping[Segment, pa.MemoryMappedFile | None], schema: pa.Schema) -> None:
        self._opened = {segment: source for segment, source in opened.items() if source is not None}
        self._schema = schema
        starts = np.cumsum([0, *(segment.rows for segment in opened)])
        self._starts = dict(zip(opened, starts.tolist(), strict=False))
        self.foreign = any(source is None and segment.path.exists() for segment, source in opened.items())

    def rows_through(self, number: int) -> int:
        """Return how many rows the files up to an appended table's number have; -1 when it is amid one."""
        if any(segment.first <= number < segment.last for segment in self._starts):
            return -1
        return sum(segment.rows for segment in self._starts if segment.last <= number)

    def last(self) -> int:
        """Return the number of the last appended table; 0 when there is none."""
        return max((segment.last for segment in self._starts), default=0)

    def first(self) -> int:
        """Return the number of the first appended table; 0 when there is none with a file of its own."""
        first = min(self._starts, default=None)
        return 0 if first is None or first.first != first.last else first.first

    def facts(self) -> dict[str, Any]:
        """Return the manifest of the last file; empty when there is none."""
        if not self._opened:
            return {}
        source = self._opened[max(self._opened)]
        return _manifest(pa.ipc.open_file(source).schema)

    def columns(
        self, names: Sequence[str], *, after: int = 0, through: int | None = None
    ) -> tuple[pa.Table, np.ndarray]:
        """Read some columns of the files that hold nothing up to an appended table's number.

        Parameters
        ----------
        names : sequence of str
            Columns of the schema.
        after : int
            The number; 0 for all files.
        through : int, optional
            The number that none of the files may go beyond.

        Returns
        -------
        table : pyarrow.Table
            The columns, in the schema's order.
        rows : numpy.ndarray
            int64, the number of each row.
        """
        fields = sorted(self._schema.get_field_index(name) for name in names)
        options = pa.ipc.IpcReadOptions(included_fields=fields)
        schema = pa.schema([self._schema.field(number) for number in fields])
        tables, rows = [schema.empty_table()], [np.empty(0, dtype=np.int64)]
        for segment, source in list(self._opened.items()):
            if segment.first <= after or (through is not None and segment.last > through):
                continue
            try:
                table = _checked(pa.ipc.open_file(source, options=options).read_all(), segment, schema)
            except _FAILURES as error:
                self._drop(segment, error)
                continue
            tables.append(table)
            rows.append(self._starts[segment] + np.arange(segment.rows))
        return pa.concat_tables(tables), np.concatenate(rows)

    def after(self, number: int) -> pa.Table:
        """Read the files that hold nothing up to an appended table's number, whole."""
        return self.columns(self._schema.names, after=number)[0]

    def take(self, rows: np.ndarray) -> pa.Table:
        """Read rows by their numbers, unpacking no more than the batches that they lie in.

        Parameters
        ----------
        rows : numpy.ndarray
            Ascending.

        Returns
        -------
        pyarrow.Table
            In the schema; without those that turn out not to be readable.
        """
        parts = [self._schema.empty_table()]
        for segment, source in list(self._opened.items()):
            start = self._starts[segment]
            first, stop = np.searchsorted(rows, [start, start + segment.rows])
            if first == stop:
                continue
            try:
                parts += _picked(source, rows[first:stop] - start, self._schema)
            except _FAILURES as error:
                self._drop(segment, error)
        return pa.concat_tables(parts)

    def _drop(self, segment: Segment, why: object) -> None:
        del self._opened[segment]
        quarantine(segment.path, why)


def _opened(segment: Segment, stack: contextlib.ExitStack) -> pa.MemoryMappedFile | None:
    """Open a file; None, with a warning, when it is damaged or a newer version's."""
    try:
        source = stack.enter_context(pa.memory_map(str(segment.path)))
        manifest = _manifest(pa.ipc.open_file(source).schema)
    except FileNotFoundError:
        raise
    except _FAILURES as error:
        quarantine(segment.path, error)
        return None
    if 1 <= manifest["format"] <= FORMAT:
        return source
    message = f"{segment.path} was written by a newer milestone_kit; its rows are left out"
    warn(message, CacheWarning)
    return None


def _picked(source: pa.MemoryMappedFile, rows: np.ndarray, schema: pa.Schema) -> list[pa.Table]:
    reader = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=list(range(len(schema)))))
    # every batch but the last has _BATCH rows
    parts = []
    for number in np.unique(rows // _BATCH).tolist():
        batch = pa.Table.from_batches([reader.get_batch(number)]).replace_schema_metadata(None)
        within = rows[(rows // _BATCH) == number] - number * _BATCH
        parts.append(_checked(batch.take(pa.array(within)), None, schema))
    return parts


def _checked(table: pa.Table, segment: Segment | None, schema: pa.Schema) -> pa.Table:
    table = table.replace_schema_metadata(None)
    if table.schema != schema or (segment is not None and table.num_rows != segment.rows):
        raise ValueError("its columns or rows are not those that it should have")
    table.validate(full=True)
    return table


def _manifest(schema: pa.Schema) -> dict[str, Any]:
    manifest = json.loads((schema.metadata or {}).get(_MANIFEST, b"null"))
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise TypeError("it has no format version")
    return manifest


def write_arrow(path: Path, table: pa.Table, facts: Mapping[str, Any], *, packed: bool = True) -> None:
    """Write an Arrow file for its owner only, whole, with a manifest; raise OSError if refused."""
    schema = table.schema.with_metadata({_MANIFEST: json.dumps(dict(facts) | {"format": FORMAT}).encode()})
    codec = pa.Codec("zstd", compression_level=1) if packed else None
    options = pa.ipc.IpcWriteOptions(compression=codec)

    def write(file: IO[bytes]) -> None:
        with pa.ipc.new_file(file, schema, options=options) as writer:
            writer.write_table(table.combine_chunks().replace_schema_metadata(schema.metadata), _BATCH)

    write_whole(path, write)
