"""Reading all files of a history as they are at one moment: what is damaged is left out, noted and told."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from milestone_kit.core.files import open_own, warn_refused
from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning
from milestone_kit.storage.blocks import FAILURES, DamageError, copied, facts_of, open_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from milestone_kit.storage.blocks import Place, Rows

__all__ = ["FORMAT", "Harm", "Segment", "View", "checked", "opened_rows"]

FORMAT: Final = 3
"""The version of the files; one written by a newer version is left alone and not read.

Versions 1 and 2 were plain Arrow files; in version 1 a digest of the row followed the columns, which is not
read.
"""

_SERVED: Final = "the other versions are served"


class Segment(NamedTuple):
    """One file: the numbers of the first and last table appended to it, its rows, and where it is."""

    first: int
    last: int
    rows: int
    path: Path


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
        warn_refused(message, why if isinstance(why, Exception) else None)

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
                with contextlib.suppress(*FAILURES):
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
                    tables.append(table if len(fields) == len(self._schema) else copied(table))
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
            return checked(rows.read(place, fields), schema)
        except FAILURES as error:
            self._harmed(segment, place.rows, error)
            return None


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


def opened_rows(segment: Segment, stack: contextlib.ExitStack) -> Rows | Exception:
    """Open a file for reading, or return why that cannot be; raise FileNotFoundError where it is gone."""
    try:
        rows = open_rows(stack.enter_context(open_own(segment.path)))
    except FileNotFoundError:
        raise
    except FAILURES as error:
        return error
    if rows.format <= FORMAT and rows.total != segment.rows:
        return DamageError(f"it has {rows.total} rows, and its name tells of {segment.rows}")
    return rows


def checked(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table of a schema without what is said about it; raise DamageError for any other one."""
    table = table.replace_schema_metadata(None)
    if table.schema != schema:
        raise DamageError("its columns are not those that it should have")
    return table
