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
from typing import IO, TYPE_CHECKING, Any, Final

import pyarrow as pa

from milestone_kit.core.files import delete, discard, is_refusal, listed, open_own, put_aside, write_whole
from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning
from milestone_kit.storage.blocks import FAILURES, open_rows, write_blocks
from milestone_kit.storage.view import FORMAT, Segment, View, checked, opened_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from milestone_kit.storage.blocks import Rows
    from milestone_kit.storage.view import Harm

__all__ = ["Segments", "write_rows"]

_NAME: Final = re.compile(r"(\d{12})-(\d{12})-(\d+)\.(?:blocks|arrow)")
_BATCH: Final = 16_384  # rows of a block: unpacked together when only some are wanted, lost together
_MANY: Final = 16  # files from which on the small ones at the end are joined
_JOIN: Final = 8  # at least so many of them
_TRIES: Final = 5


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
                    opened = {segment: opened_rows(segment, stack) for segment in self.listed()}
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
        segments, superseded = self._sorted_out()
        discard(*listed(self.folder, ".new-*"), *(one.path for one in superseded))
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
        try:
            with open_own(segment.path) as file:
                rows = open_rows(file)
                for place in rows.places:
                    with contextlib.suppress(*FAILURES):
                        parts.append(checked(rows.read(place, range(len(self._schema))), self._schema))
        except FAILURES as error:
            if is_refusal(error):  # the file itself may be sound
                raise
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


def write_rows(path: Path, table: pa.Table, facts: Mapping[str, Any], *, packed: bool = True) -> None:
    """Write a file for its owner only, whole, with a manifest; raise OSError if refused."""
    table = table.combine_chunks()
    blocks = [table.slice(first, _BATCH) for first in range(0, max(table.num_rows, 1), _BATCH)]

    def write(file: IO[bytes]) -> None:
        write_blocks(file, blocks, dict(facts) | {"format": FORMAT}, format=FORMAT, packed=packed)

    write_whole(path, write)
