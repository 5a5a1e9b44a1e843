"""Append-only rows in a folder of files: each written whole, none ever changed, joined when many.

A file's name says which appended tables it holds and how many rows: `FIRST-LAST-ROWS.blocks`. Small
neighbours are joined into one file whose range covers theirs; a file within another's range is
superseded, so whoever is killed between writing the one and deleting the others leaves a folder that
reads the same. Readers hold the files open: what they have listed cannot vanish under them.

Damage costs the blocks that it lies in (see `blocks`). Readers leave those out and say so; whoever writes
next writes the file anew without them, and an empty one where a file is missing from the row of numbers.
"""

from __future__ import annotations

import contextlib
import re
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from milestone_kit.core.files import delete, discard, listed, open_own, put_aside, write_whole
from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning
from milestone_kit.storage.blocks import DamageError, facts_of, open_rows, write_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from milestone_kit.storage.blocks import Place, Rows

__all__ = ["FORMAT", "Segment", "Segments", "View", "write_rows"]

FORMAT: Final = 3
"""The version of the files; one written by a newer version is left alone and not read.

Versions 1 and 2 were plain Arrow files; in version 1 a digest of the row followed the columns, which is not
read.
"""

_NAME: Final = re.compile(r"(\d{12})-(\d{12})-(\d+)\.(?:blocks|arrow)")
_BATCH: Final = 16_384  # rows of a block: unpacked together when only some are wanted, lost together
_MANY: Final = 16  # files from which on the small ones at the end are joined
_JOIN: Final = 8  # at least so many of them
_TRIES: Final = 5
_FAILURES: Final = (OSError, ValueError, TypeError, KeyError, pa.ArrowException)


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
        return self._sorted_out()[0]

    def _sorted_out(self) -> tuple[list[Segment], list[Segment]]:
        found = []
        for path in listed(self.folder):
            match = _NAME.fullmatch(path.name)
            if match is not None:
                first, last, rows = map(int, match.groups())
                found.append(Segment(first, last, rows, path))
        # of two with one range the shorter was written later, without what was damaged
        found.sort(key=lambda segment: (segment.first, -segment.last, segment.rows))
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
            opened: dict[Segment, Rows | Exception] = {}
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
        # left by a writer that was killed, or because a reader had them open
        discard(*listed(self.folder, ".new-*"), *(one.path for one in self._sorted_out()[1]))
        segments = self.listed()
        number = segments[-1].last + 1 if segments else 1
        # the first is mostly the whole universe, which all that comes is compared with: it stays unpacked
        self._write(number, number, table, facts, packed=bool(segments))
        if len(segments) + 1 > _MANY:
            with contextlib.suppress(OSError):  # what was to be kept is kept; the next one may join
                self._join()

    def mend(self, harmed: Harm, facts: Mapping[str, Any]) -> None:
        """Write damaged files anew, without what is damaged, and put empty ones where files are missing.

        Parameters
        ----------
        harmed : Harm
            As a view found it.
        facts : mapping
            What the manifests are to say from now on.

        Raises
        ------
        OSError
            When the disk refuses.
        """
        self.append(self._schema.empty_table(), facts)  # first: from now on it is known that rows are lost
        for first, last in harmed.gaps:
            self._write(first, last, self._schema.empty_table(), facts)
        for segment in harmed.files:
            left = self._readable(segment)
            if left.num_rows == segment.rows:
                continue  # the disk gave it wrong once, and right now
            self._write(segment.first, segment.last, left, facts)
            with contextlib.suppress(OSError):  # superseded, so that it may also go later
                put_aside(segment.path)

    def _readable(self, segment: Segment) -> pa.Table:
        """Return the rows of a damaged file that are not."""
        parts = [self._schema.empty_table()]
        with contextlib.suppress(*_FAILURES), open_own(segment.path) as file:
            rows = open_rows(file)
            for place in rows.places:
                with contextlib.suppress(*_FAILURES):
                    parts.append(_checked(rows.read(place, range(len(self._schema))), self._schema))
        return pa.concat_tables(parts)

    def _write(
        self, first: int, last: int, table: pa.Table, facts: Mapping[str, Any], *, packed: bool = True
    ) -> None:
        path = self.folder / f"{first:012d}-{last:012d}-{table.num_rows}.blocks"
        write_rows(path, table, facts, packed=packed)

    def _join(self) -> None:
        """Join files at the end, up to one that is larger than all after it together."""
        segments = self.listed()
        start, rows = len(segments), 0
        while start > 0 and (len(segments) - start < _JOIN or segments[start - 1].rows <= rows):
            start -= 1
            rows += segments[start].rows
        with self.view() as view:
            joined, facts = view.after(segments[start].first - 1), view.facts()
        # what is damaged is first mended
        if joined.num_rows == rows:
            self._write(segments[start].first, segments[-1].last, joined, facts)
            discard(*(segment.path for segment in segments[start:]))

    def clear(self) -> None:
        """Delete every file but locks: whoever waits for one must not get another one's."""
        delete(*(path for path in listed(self.folder) if path.suffix != ".lock"))


class Harm(NamedTuple):
    """What is missing: the ranges of numbers without a file, and the files of which something is damaged."""

    gaps: list[tuple[int, int]]
    files: list[Segment]

    def __bool__(self) -> bool:
        return bool(self.gaps or self.files)


class View:
    """Files opened for reading; rows are numbered from 0 over all of them, unreadable ones counted.

    Parameters
    ----------
    opened : mapping of Segment to Rows or Exception
        In order; an exception says why a file cannot be read.
    schema : pyarrow.Schema
        The columns that each must have.

    Attributes
    ----------
    foreign : bool
        Whether there are files of a newer version, so that nothing may be added.
    harm : Harm
        What was found to be missing so far; a CacheWarning has told each.
    """

    def __init__(self, opened: Mapping[Segment, Rows | Exception], schema: pa.Schema) -> None:
        self._schema = schema
        self._opened = {one: rows for one, rows in opened.items() if not isinstance(rows, Exception)}
        self.foreign = any(rows.format > FORMAT for rows in self._opened.values())
        self._opened = {one: rows for one, rows in self._opened.items() if rows.format <= FORMAT}
        starts = np.cumsum([0, *(segment.rows for segment in opened)])
        self._starts = dict(zip(opened, starts.tolist(), strict=False))
        self.harm = Harm(_gaps(list(opened)), [])
        for first, last in self.harm.gaps:
            which = f"number {first}" if first == last else f"numbers {first} to {last}"
            warn(f"a file of the history is missing, {which} of {_folder(opened)}; {_SERVED}", CacheWarning)
        for segment, rows in opened.items():
            if isinstance(rows, Exception):
                self._harmed(segment, segment.rows, rows)
            elif segment in self._opened:
                lost = segment.rows - sum(place.rows for place in rows.places)
                if lost:
                    self._harmed(segment, lost, "blocks of it cannot be found")
            else:
                message = f"{segment.path} was written by a newer milestone_kit; its rows are left out"
                warn(message, CacheWarning)

    def _harmed(self, segment: Segment, rows: int, why: object) -> None:
        """Note, and tell, that rows of a file are lost."""
        if segment not in self.harm.files:
            self.harm.files.append(segment)
        message = f"{rows} of {segment.rows} versions in {segment.path} are damaged ({why}); {_SERVED}"
        warn(message, CacheWarning)

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
        """Return the manifest of the last file of which anything can be read; empty when there is none."""
        for _, rows in sorted(self._opened.items(), reverse=True, key=lambda item: item[0]):
            for place in reversed(rows.places):
                with contextlib.suppress(*_FAILURES):
                    return facts_of(rows.read(place, [0]))
        return {}

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
            The columns, in the schema's order; without rows that turn out to be damaged.
        rows : numpy.ndarray
            int64, the number of each row.
        """
        fields = sorted(self._schema.get_field_index(name) for name in names)
        schema = pa.schema([self._schema.field(number) for number in fields])
        tables, numbers = [schema.empty_table()], [np.empty(0, dtype=np.int64)]
        for segment, rows in self._opened.items():
            if segment.first <= after or (through is not None and segment.last > through):
                continue
            for place in rows.places:
                table = self._block(segment, rows, place, fields, schema)
                if table is not None:
                    tables.append(table)
                    numbers.append(self._starts[segment] + place.first + np.arange(place.rows))
        return pa.concat_tables(tables), np.concatenate(numbers)

    def after(self, number: int) -> pa.Table:
        """Read the files that hold nothing up to an appended table's number, whole."""
        return self.columns(self._schema.names, after=number)[0]

    def take(self, wanted: np.ndarray) -> tuple[pa.Table, np.ndarray]:
        """Read rows by their numbers, unpacking no more than the blocks that they lie in.

        Parameters
        ----------
        wanted : numpy.ndarray
            int64, ascending.

        Returns
        -------
        table : pyarrow.Table
            In the schema; without rows that turn out to be damaged.
        rows : numpy.ndarray
            int64, the number of each row.
        """
        tables, numbers = [self._schema.empty_table()], [np.empty(0, dtype=np.int64)]
        for segment, opened in self._opened.items():
            for place in opened.places:
                start = self._starts[segment] + place.first
                inside = slice(*np.searchsorted(wanted, [start, start + place.rows]))
                if inside.start == inside.stop:
                    continue
                block = self._block(segment, opened, place, range(len(self._schema)), self._schema)
                if block is not None:
                    tables.append(block.take(pa.array(wanted[inside] - start)))
                    numbers.append(wanted[inside])
        return pa.concat_tables(tables), np.concatenate(numbers)

    def _block(
        self, segment: Segment, rows: Rows, place: Place, fields: Sequence[int], schema: pa.Schema
    ) -> pa.Table | None:
        try:
            return _checked(rows.read(place, fields), schema)
        except _FAILURES as error:
            self._harmed(segment, place.rows, error)
            return None


_SERVED: Final = "the other versions are served"


def _folder(opened: Mapping[Segment, object]) -> Path:
    return next(iter(opened)).path.parent


def _gaps(segments: list[Segment]) -> list[tuple[int, int]]:
    """Return the ranges of numbers that no file has, though later ones are there."""
    ends = [0, *(segment.last for segment in segments)]
    return [
        (last + 1, segment.first - 1)
        for last, segment in zip(ends, segments, strict=False)
        if segment.first > last + 1
    ]


def _opened(segment: Segment, stack: contextlib.ExitStack) -> Rows | Exception:
    """Open a file for reading, or return why that cannot be; raise FileNotFoundError where it is gone."""
    try:
        rows = open_rows(stack.enter_context(open_own(segment.path)))
    except FileNotFoundError:
        raise
    except _FAILURES as error:
        return error
    if rows.format <= FORMAT and rows.total != segment.rows:
        return DamageError(f"it has {rows.total} rows, and its name tells of {segment.rows}")
    return rows


def _checked(table: pa.Table, schema: pa.Schema) -> pa.Table:
    table = table.replace_schema_metadata(None)
    if table.schema != schema:
        raise DamageError("its columns are not those that it should have")
    return table


def write_rows(path: Path, table: pa.Table, facts: Mapping[str, Any], *, packed: bool = True) -> None:
    """Write a file for its owner only, whole, with a manifest; raise OSError if refused."""
    table = table.combine_chunks()
    blocks = [table.slice(first, _BATCH) for first in range(0, max(table.num_rows, 1), _BATCH)]

    def write(file: IO[bytes]) -> None:
        write_blocks(file, blocks, dict(facts) | {"format": FORMAT}, format=FORMAT, packed=packed)

    write_whole(path, write)
