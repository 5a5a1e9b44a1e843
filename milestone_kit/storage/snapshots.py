"""Snapshots: the tables of finished walks, one Arrow file for each question, old or new, never half.

The file's schema carries a JSON manifest. It is read through a memory map: columns that nobody touches
cost nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Final

import pyarrow as pa

from milestone_kit.core.files import quarantine, write_whole
from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning
from milestone_kit.storage.manifests import Manifest, read_record
from milestone_kit.table.schema import ARROW_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Kept = tuple[pa.Table, Manifest]

__all__ = ["Snapshots"]

_MANIFEST: Final = b"milestone_kit"


class Snapshots:
    """The snapshots under one folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made, for its owner only, when something is first written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Return the file of the question that is filed under a key."""
        return self.folder / f"{key}.arrow"

    def read(self, key: str) -> Kept | None:
        """Return a snapshot, which lies in a memory map; None when there is no usable one."""
        return _read(self.path(key))

    def all(self) -> Iterator[tuple[Path, pa.Table, Manifest]]:
        """Yield every readable snapshot, with its file."""
        for path in sorted(self.folder.glob("*.arrow")):
            found = _read(path)
            if found is not None:
                yield path, *found

    def publish(self, key: str, table: pa.Table, manifest: Manifest, ready: Callable[[], object]) -> bool:
        """Make a table the snapshot; return whether that went well, with a CacheWarning where it did not.

        `ready` is called when the file is written, before it takes its place.
        """
        schema = ARROW_SCHEMA.with_metadata({_MANIFEST: json.dumps(asdict(manifest)).encode()})

        def write(file: IO[bytes]) -> None:
            with pa.ipc.new_file(file, schema) as writer:
                writer.write_table(table.cast(schema))

        path = self.path(key)
        try:
            write_whole(path, write, ready=ready)
        except (OSError, pa.ArrowException) as error:
            warn(f"{path} could not be written ({error}); the answer is not cached", CacheWarning)
            return False
        return True


def _read(path: Path) -> Kept | None:
    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        manifest = read_record(Manifest, (table.schema.metadata or {}).get(_MANIFEST, b""))
        if manifest is not None:
            table.validate(full=True)
            table = table.replace_schema_metadata(None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        quarantine(path, error)
        return None
    if manifest is None:
        message = f"the snapshot {path} was written by another version of milestone_kit; it is fetched again"
        warn(message, CacheWarning)
        return None
    if table.schema != ARROW_SCHEMA or table.num_rows != manifest.rows:
        quarantine(path, "its columns or rows are not those of a snapshot")
        return None
    return table, manifest
