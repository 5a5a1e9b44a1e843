"""Snapshots: the tables of finished walks, old or new, never half, each in a file that is never changed.

A file is one block (see `blocks`) with its manifest. What is not as it was written is put aside, and is a
miss. Earlier versions kept one plain Arrow file for each question, which is read as long as there is no
newer one.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Final

import pyarrow as pa

from milestone_kit.core.files import discard, listed, open_own, quarantine, warn_refused, write_whole
from milestone_kit.core.notices import warn
from milestone_kit.core.settings import shown_url
from milestone_kit.errors import CacheWarning
from milestone_kit.storage.blocks import FAILURES, MANIFEST, open_rows, write_blocks
from milestone_kit.storage.generations import Generations, stem_of
from milestone_kit.storage.manifests import FORMAT, Manifest, read_record
from milestone_kit.table.schema import ARROW_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Kept = tuple[pa.Table, Manifest]

__all__ = ["Snapshots", "is_snapshot"]

_SUFFIX: Final = ".blocks"
_FORMER_SUFFIX: Final = ".arrow"
_TRIES: Final = 20


class Snapshots:
    """The snapshots of one API address.

    Parameters
    ----------
    folder : pathlib.Path
        Where those of all addresses lie; made, for its owner only, when something is first written.
    base_url : str
        The address: what was fetched from another one is never given.
    address : str
        What the names of its files begin with.
    """

    def __init__(self, folder: Path, base_url: str, address: str) -> None:
        self.folder = folder
        self._shown = shown_url(base_url)  # a file tells no more of an address
        self._address = address

    def read(self, key: str) -> Kept | None:
        """Return the snapshot of the question that is filed under a key; None when there is no usable one."""
        found = self._newest(key)
        return None if found is None else found[1:]

    def _newest(self, key: str) -> tuple[Path, pa.Table, Manifest] | None:
        generations = self._generations(key)
        for _ in range(_TRIES):
            there = [*generations.newest_first(), self.folder / f"{key}{_FORMER_SUFFIX}"]
            vanished = False
            for path in there:
                try:
                    found = self._read(path)
                except FileNotFoundError:
                    vanished = vanished or path.suffix == _SUFFIX
                    continue
                if found is not None:
                    return path, *found
            if not vanished:  # else a newer one has taken its place meanwhile
                return None
        return None

    def _generations(self, key: str) -> Generations:
        return Generations(self.folder, f"{self._address}-{key}", _SUFFIX)

    def all(self) -> Iterator[tuple[Path, pa.Table, Manifest]]:
        """Yield every readable snapshot of the address, with its file."""
        prefix = f"{self._address}-"
        keys = {stem.removeprefix(prefix) for path in self._ours() if (stem := stem_of(path))}
        keys |= {path.stem for path in listed(self.folder, f"*{_FORMER_SUFFIX}")}
        for key in sorted(keys):
            found = self._newest(key)
            if found is not None:
                yield found

    def _ours(self) -> list[Path]:
        return listed(self.folder, f"{self._address}-*{_SUFFIX}")

    def publish(self, key: str, table: pa.Table, manifest: Manifest, ready: Callable[[], object]) -> bool:
        """Make a table the snapshot; return whether that went well, with a CacheWarning where it did not.

        `ready` is called when the file is written, before it takes its place.
        """

        def write(file: IO[bytes]) -> None:
            write_blocks(file, [table.cast(ARROW_SCHEMA)], asdict(manifest), format=FORMAT, packed=False)

        generations = self._generations(key)
        path = generations.next()
        try:
            write_whole(path, write, ready=ready)
        except (OSError, pa.ArrowException) as error:
            warn_refused(f"{path} could not be written ({error}); the answer is not cached", error)
            return False
        generations.discard_before(path)
        discard(self.folder / f"{key}{_FORMER_SUFFIX}")
        return True

    def discard_superseded(self) -> None:
        """Delete what a newer snapshot has taken the place of, and could not be deleted then."""
        ours = self._ours()  # in the order of their names: of each stem the last one counts
        newest = {stem_of(path): path for path in ours}
        discard(*(path for path in ours if (stem := stem_of(path)) and path != newest[stem]))

    def files(self) -> list[Path]:
        """Return every file of the address, also those that are of no use any more."""
        former = [path for path in listed(self.folder, f"*{_FORMER_SUFFIX}") if self._is_ours(path)]
        return [*listed(self.folder, f"{self._address}-*"), *former]

    def _is_ours(self, former: Path) -> bool:
        """Tell whether a file of an earlier version, whose name tells no address, is of this one."""
        with contextlib.suppress(FileNotFoundError):
            return self._read(former) is not None
        return False

    def _read(self, path: Path) -> Kept | None:
        try:
            with open_own(path) as file:
                table = open_rows(file).read_all()
            manifest = read_record(Manifest, (table.schema.metadata or {}).get(MANIFEST, b""))
        except FileNotFoundError:
            raise
        except FAILURES as error:
            quarantine(path, error)
            return None
        if manifest is None:
            message = (
                f"the snapshot {path} was written by another version of milestone_kit; it is fetched again"
            )
            warn(message, CacheWarning)
            return None
        table = table.replace_schema_metadata(None)
        if table.schema != ARROW_SCHEMA or table.num_rows != manifest.rows:
            quarantine(path, "its columns or rows are not those of a snapshot")
            return None
        return (table, manifest) if manifest.base_url == self._shown else None


def is_snapshot(path: Path) -> bool:
    """Tell whether a file in the folder of snapshots is one, and not something left behind."""
    return path.suffix in {_SUFFIX, _FORMER_SUFFIX}
