"""Parsed snapshots of finished walks, and the records by which an unfinished walk is taken up again.

A snapshot is one Arrow file (Feather) whose schema carries a JSON manifest; it is written beside its
place and moved there whole, so that a reader sees the old one or the new one and never half of one.
It is read through a memory map: columns that nobody touches cost nothing. The pages of a walk lie in
a file of their own, so that pages of two walks can never mix, and forgetting them is deleting it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import uuid
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

import filelock
import pandas as pd
import pyarrow as pa

from milestone_kit.api.page_cache import make_private_folder, quarantine
from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning
from milestone_kit.storage.manifests import Manifest, WalkRecord, read_record
from milestone_kit.table.schema import ARROW_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from milestone_kit.core.query import Query

__all__ = ["LOCK_SECONDS", "Store"]

LOCK_SECONDS: Final = 300.0
"""How long a second process waits for the first one's walk before it walks on its own."""

_REMAINS_SECONDS: Final = 86_400.0
_MANIFEST: Final = b"milestone_kit"
_log = logging.getLogger("milestone_kit")


class Store:
    """The snapshots and walks of one API address under one cache folder.

    Parameters
    ----------
    folder : pathlib.Path
        The cache folder; made, for its owner only, when something is first written.
    base_url : str
        The API address; answers of different addresses never mix.

    Notes
    -----
    Nothing here raises because of the cache: what cannot be read is a miss, what cannot be written
    is not kept, each with a CacheWarning.
    """

    def __init__(self, folder: Path, base_url: str) -> None:
        self.folder = folder
        self._base_url = base_url

    @property
    def answers_path(self) -> Path:
        """The file that keeps single answers: milestones by id, the list of competitions."""
        return self.folder / "answers.sqlite"

    def key(self, query: Query) -> str:
        """Return the name under which everything about a query is filed."""
        return hashlib.sha256(f"{self._base_url}\n{query.key()}".encode()).hexdigest()[:32]

    def _snapshot_path(self, key: str) -> Path:
        return self.folder / "snapshots" / f"{key}.arrow"

    def _record_path(self, key: str) -> Path:
        return self.folder / "walks" / f"{key}.json"

    def pages_path(self, query: Query, record: WalkRecord) -> Path:
        """Return the file with the pages of one walk."""
        return self.folder / "walks" / f"{self.key(query)}-{record.id}.sqlite"

    def read(self, query: Query) -> tuple[pa.Table, Manifest] | None:
        """Return the snapshot for a query, of any age.

        Parameters
        ----------
        query : Query
            The question.

        Returns
        -------
        tuple of (pyarrow.Table, Manifest) or None
            The table is in `ARROW_SCHEMA` and lies in a memory map; None when there is no usable one.
        """
        return self._load(self._snapshot_path(self.key(query)))

    def _load(self, path: Path) -> tuple[pa.Table, Manifest] | None:
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
            message = f"the snapshot {path} was written by a newer milestone_kit; it is fetched again"
            warn(message, CacheWarning)
            return None
        if table.schema != ARROW_SCHEMA or table.num_rows != manifest.rows:
            quarantine(path, "its columns or rows are not those of a snapshot")
            return None
        return table, manifest

    def publish(
        self,
        query: Query,
        table: pa.Table,
        manifest: Manifest,
        *,
        ready: Callable[[], object] = lambda: None,
    ) -> None:
        """Make a finished walk's table the snapshot of its query, and forget the walk.

        `ready` is called when the file is written, before it takes its place.
        """
        schema = ARROW_SCHEMA.with_metadata({_MANIFEST: json.dumps(asdict(manifest)).encode()})

        def write(file: Any) -> None:
            with pa.ipc.new_file(file, schema) as writer:
                writer.write_table(table.cast(schema))

        if _write_whole(self._snapshot_path(self.key(query)), write, ready):
            self.forget_walk(query)

    def walk(self, query: Query, *, limit: int, now: float, longest: float, refresh: bool) -> WalkRecord:
        """Return the unfinished walk to go on with, or begin a new one.

        Parameters
        ----------
        query : Query
            The question.
        limit : int
            Milestones per page.
        now : float
            Seconds since 1970.
        longest : float
            How many seconds ago a walk may have begun to be gone on with.
        refresh : bool
            Whether only a walk that ended in an error may be gone on with.
        """
        record = self._walk_record(query)
        if (
            record is not None
            and record.limit == limit
            and 0 <= now - record.started <= longest
            and (record.interrupted or not refresh)
        ):
            return record
        self.forget_walk(query)
        record = WalkRecord(id=uuid.uuid4().hex[:12], started=now, limit=limit)
        self._write_record(query, record)
        return record

    def cut(self, query: Query, record: WalkRecord, cuts: Sequence[int]) -> WalkRecord:
        """Note where a walk is cut into ranges, so that whoever goes on with it asks for the same pages."""
        record = replace(record, cuts=tuple(cuts))
        self._write_record(query, record)
        return record

    def interrupt(self, query: Query, record: WalkRecord) -> None:
        """Note that a walk ended in an error and may be gone on with."""
        self._write_record(query, replace(record, interrupted=True))

    def forget_walk(self, query: Query) -> None:
        """Delete the unfinished walk of a query with its pages."""
        key = self.key(query)
        _delete(self._record_path(key), *self.folder.joinpath("walks").glob(f"{key}-*"))

    def _walk_record(self, query: Query) -> WalkRecord | None:
        path = self._record_path(self.key(query))
        try:
            return read_record(WalkRecord, path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            quarantine(path, error)
            return None

    def _write_record(self, query: Query, record: WalkRecord) -> None:
        text = json.dumps(asdict(record)).encode()
        _write_whole(self._record_path(self.key(query)), lambda file: file.write(text))

    @contextlib.contextmanager
    def lock(self, query: Query, *, seconds: float | None = None) -> Iterator[None]:
        """Hold the right to walk a query; wait at most `seconds` (`LOCK_SECONDS`) for whoever has it.

        When it cannot be had, a CacheWarning says so and the block runs all the same.
        """
        seconds = LOCK_SECONDS if seconds is None else seconds
        path = self.folder / "locks" / f"{self.key(query)}.lock"
        lock = filelock.FileLock(path, timeout=seconds, mode=0o600, thread_local=False)
        try:
            make_private_folder(self.folder)
            make_private_folder(path.parent)
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                _log.info("waiting up to %g s for another walk of %s", seconds, query.key())
                lock.acquire()
        except (OSError, filelock.Timeout) as error:
            message = f"the walk's lock {path} could not be had ({error}); walking without it"
            warn(message, CacheWarning)
        try:
            yield
        finally:
            lock.release()

    def prune(self, *, now: float, keep: float, max_bytes: int) -> None:
        """Delete what is of no more use, and the oldest files where the cache is larger than it may be.

        Parameters
        ----------
        now : float
            Seconds since 1970.
        keep : float
            Seconds for which a snapshot is kept whatever its size: as long as it is an answer.
        max_bytes : int
            How large snapshots and walks may be together.

        Notes
        -----
        Unfinished walks, files put aside and remains of writes that were cut short go after a day (a
        walk not before `keep`); snapshots only go where room is needed, the oldest first.
        """
        sizes: dict[Path, tuple[float, int]] = {}
        for name in ("snapshots", "walks"):
            for path in self.folder.joinpath(name).glob("*"):
                with contextlib.suppress(OSError):  # another process may have deleted it
                    about = path.stat()
                    sizes[path] = (now - about.st_mtime, about.st_size)
        old = [
            p for p, (age, _) in sizes.items() if p.suffix != ".arrow" and age > max(keep, _REMAINS_SECONDS)
        ]
        _delete(*old)
        left = {path: about for path, about in sizes.items() if path not in old}
        excess = sum(size for _, size in left.values()) - max_bytes
        for path, (age, size) in sorted(left.items(), key=lambda item: -item[1][0]):
            if excess <= 0:
                return
            if age > keep:
                _delete(path)
                excess -= size

    def snapshots(self) -> Iterator[tuple[Path, pa.Table, Manifest]]:
        """Yield every readable snapshot of this address."""
        for path in sorted(self.folder.joinpath("snapshots").glob("*.arrow")):
            loaded = self._load(path)
            if loaded is not None and loaded[1].base_url == self._base_url:
                yield path, *loaded

    def info(self, history: Iterable[tuple[Path, int]] = ()) -> pd.DataFrame:
        """Return what the cache folder holds.

        Parameters
        ----------
        history : iterable of (pathlib.Path, int)
            The files of the history and their rows.

        Returns
        -------
        pandas.DataFrame
            One row per file: `kind` ("snapshot", "unfinished walk", "answers" or "history"), `query`
            (JSON text, "" where it is none), `rows`, `pages` (nullable integers), `fetched_at` (UTC),
            `bytes`, `path`.
        """
        files: list[tuple[Any, ...]] = []
        for path, _, manifest in self.snapshots():
            fetched = pd.Timestamp(manifest.finished, unit="s", tz="UTC")
            files.append(("snapshot", manifest.query, manifest.rows, manifest.pages, fetched, path))
        others = [
            ("unfinished walk", path) for path in sorted(self.folder.joinpath("walks").glob("*.sqlite"))
        ]
        others += [("answers", self.answers_path)] if self.answers_path.exists() else []
        files += [(kind, "", pd.NA, pd.NA, pd.NaT, path) for kind, path in others]
        files += [("history", "", rows, pd.NA, pd.NaT, path) for path, rows in history]
        names = ["kind", "query", "rows", "pages", "fetched_at", "path"]
        table = pd.DataFrame(files, columns=names)
        table.insert(5, "bytes", [path.stat().st_size for path in table["path"]])
        table["path"] = table["path"].astype("str")
        table["fetched_at"] = pd.to_datetime(table["fetched_at"], utc=True).dt.as_unit("us")
        return table.astype(
            {"kind": "str", "query": "str", "rows": "Int64", "pages": "Int64", "bytes": "int64"}
        )

    def clear(self) -> None:
        """Delete every snapshot, unfinished walk and kept answer in the cache folder."""
        for name in ("snapshots", "walks"):
            _delete(*self.folder.joinpath(name).glob("*"))
        _delete(*self.folder.glob(f"{self.answers_path.name}*"))


def _write_whole(
    path: Path, write: Callable[[Any], object], ready: Callable[[], object] = lambda: None
) -> bool:
    """Write a file beside its place, call `ready`, and move it there; return whether that went well."""
    temporary = None
    try:
        make_private_folder(path.parent.parent)
        make_private_folder(path.parent)
        # mkstemp makes files that only their owner can read
        descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        ready()
        os.replace(temporary, path)  # noqa: PTH105 - mkstemp gives text
    except BaseException as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
        if not isinstance(error, OSError | pa.ArrowException):
            raise
        warn(f"{path} could not be written ({error}); the answer is not cached", CacheWarning)
        return False
    return True


def _delete(*paths: Path) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            warn(f"{path} could not be deleted ({error})", CacheWarning)
