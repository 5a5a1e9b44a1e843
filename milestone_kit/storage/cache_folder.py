"""The cache folder of one API address: what is filed where, who may walk, what goes when it is full."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from milestone_kit.core.files import delete, listed
from milestone_kit.core.locks import locked
from milestone_kit.storage import unfinished
from milestone_kit.storage.doubts import Doubts
from milestone_kit.storage.snapshots import Snapshots, is_snapshot
from milestone_kit.storage.target_store import targets_path
from milestone_kit.storage.unfinished import UnfinishedWalk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from milestone_kit.core.query import Query
    from milestone_kit.storage.manifests import Manifest

__all__ = ["CacheFolder", "clear_all"]

_REMAINS_SECONDS: Final = 86_400.0
_log = logging.getLogger("milestone_kit")


class CacheFolder:
    """The snapshots and walks of one API address under one cache folder.

    Parameters
    ----------
    folder : pathlib.Path
        The cache folder; made, for its owner only, when something is first written.
    base_url : str
        The API address; answers of different addresses never mix.
    lock_seconds : float
        How long a second process waits for the first one's walk before it walks on its own.

    Attributes
    ----------
    doubts : Doubts
        What sweeps lacked of what was known.

    Notes
    -----
    Nothing here raises because of the cache: what cannot be read is a miss, what cannot be written
    is not kept, each with a CacheWarning.
    """

    def __init__(self, folder: Path, base_url: str, *, lock_seconds: float = 300.0) -> None:
        self.folder = folder
        self._base_url = base_url
        self._lock_seconds = lock_seconds
        # with what the names of its files begin, so that they can be told from those of other addresses
        self._address = hashlib.sha256(base_url.encode()).hexdigest()[:16]
        self._snapshots = Snapshots(folder / "snapshots", base_url, self._address)
        self._walks = folder / "walks"
        self.doubts = Doubts(folder / "doubts", self._address)

    @property
    def answers_path(self) -> Path:
        """The file that keeps single answers: milestones by id, the list of competitions."""
        return self.folder / f"answers-{self._address}.sqlite"

    @property
    def names_path(self) -> Path:
        """The file that keeps the names of teams, players and candidates."""
        return targets_path(self.folder, self._base_url)

    def key(self, query: Query) -> str:
        """Return the name under which everything about a query is filed."""
        return hashlib.sha256(f"{self._base_url}\n{query.key()}".encode()).hexdigest()[:32]

    def read(self, query: Query) -> tuple[pa.Table, Manifest] | None:
        """Return the snapshot for a query, of any age; None when there is no usable one.

        The table is in `ARROW_SCHEMA`, in memory that is nobody else's.
        """
        kept = self._snapshots.read(self.key(query))
        return kept if kept is not None and kept[1].query == query.key() else None

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
        key = self.key(query)
        if self._snapshots.publish(key, table, manifest, ready):
            unfinished.forget(self._walks, f"{self._address}-{key}")

    def walk(self, query: Query, *, limit: int, now: float, longest: float, refresh: bool) -> UnfinishedWalk:
        """Return the walk to go on with, or begin a new one; see `UnfinishedWalk.take_up`."""
        return UnfinishedWalk.take_up(
            self._walks,
            f"{self._address}-{self.key(query)}",
            limit=limit,
            now=now,
            longest=longest,
            refresh=refresh,
        )

    @contextlib.contextmanager
    def lock(self, query: Query, *, given_up: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Hold the right to walk a query; when it cannot be had in time, a CacheWarning says so.

        `given_up` is asked now and then whether to wait no more.
        """

        def waiting() -> None:
            _log.info("waiting up to %g s for another walk of %s", self._lock_seconds, query.key())

        path = self.folder / "locks" / f"{self.key(query)}.lock"
        with locked(
            path,
            seconds=self._lock_seconds,
            otherwise="walking without it",
            waiting=waiting,
            given_up=given_up,
        ):
            yield

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
        self._snapshots.discard_superseded()
        sizes: dict[Path, tuple[float, int]] = {}
        for name in ("snapshots", "walks"):
            for path in listed(self.folder / name):
                with contextlib.suppress(OSError):  # another process may have deleted it
                    about = path.stat()
                    sizes[path] = (now - about.st_mtime, about.st_size)
        old = [
            path
            for path, (age, _) in sizes.items()
            if not is_snapshot(path) and age > max(keep, _REMAINS_SECONDS)
        ]
        delete(*old)
        left = {path: about for path, about in sizes.items() if path not in old}
        excess = sum(size for _, size in left.values()) - max_bytes
        for path, (age, size) in sorted(left.items(), key=lambda item: -item[1][0]):
            if excess <= 0:
                return
            if age > keep:
                delete(path)
                excess -= size

    def snapshots(self) -> Iterator[tuple[Path, pa.Table, Manifest]]:
        """Yield every readable snapshot of this address, with its file."""
        return self._snapshots.all()

    def info(self, history: Iterable[tuple[Path, int]] = ()) -> pd.DataFrame:
        """Return what the cache folder holds.

        Parameters
        ----------
        history : iterable of (pathlib.Path, int)
            The files of the history and their rows.

        Returns
        -------
        pandas.DataFrame
            One row per file: `kind` ("snapshot", "unfinished walk", "answers", "names" or "history"), `query`
            (JSON text, "" where it is none), `rows`, `pages` (nullable integers), `fetched_at` (UTC),
            `bytes`, `path`.
        """
        files: list[tuple[Any, ...]] = []
        for path, _, manifest in self.snapshots():
            fetched = pd.Timestamp(manifest.finished, unit="s", tz="UTC")
            files.append(("snapshot", manifest.query, manifest.rows, manifest.pages, fetched, path))
        walks = listed(self._walks, f"{self._address}-*.sqlite")
        others = [("unfinished walk", path) for path in walks]
        others += [("answers", path) for path in listed(self.folder, self.answers_path.name)]
        others += [("names", path) for path in listed(self.names_path.parent, self.names_path.name)]
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
        """Delete every snapshot, unfinished walk, kept answer, name and doubt of this address."""
        self.doubts.clear()
        former = listed(self.folder, "answers.sqlite*")  # of all addresses; nobody reads it any more
        delete(
            *self._snapshots.files(),
            *listed(self._walks, f"{self._address}-*"),
            *listed(self.folder, f"{self.answers_path.name}*"),
            *former,
            self.names_path,
        )


def clear_all(folder: Path, *, history: bool = False) -> tuple[int, int]:
    """Delete what is kept for all addresses, but no locks: whoever waits for one must not get another one's.

    Parameters
    ----------
    folder : pathlib.Path
        The cache folder.
    history : bool
        Whether to forget all histories as well, which nobody can fetch again.

    Returns
    -------
    tuple of int
        How many files there were, and how many bytes they had.
    """
    kept = [listed(folder, "answers*.sqlite*")]
    kept += [listed(folder / name) for name in ("snapshots", "walks", "durations", "names", "doubts")]
    kept += [listed(folder, "history/*/*")] if history else []
    paths = [path for found in kept for path in found if path.suffix != ".lock" and path.is_file()]
    size = sum(path.stat().st_size for path in paths)
    delete(*paths)
    return len(paths), size
