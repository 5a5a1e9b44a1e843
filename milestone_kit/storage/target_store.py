"""Teams, players and candidates that the server has named: kept for a month, one small file an address."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import zlib
from typing import TYPE_CHECKING, Final

import orjson

from milestone_kit.core.files import make_own, open_own, quarantine, warn_refused
from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

__all__ = ["TargetStore", "targets_path"]

_KEPT_DAYS: Final = 30
"""How long a name is kept: they hardly ever change."""

_MOST_TARGETS: Final = 300_000
"""How many are kept at most, about 150 MB; the oldest go."""

_DAY: Final = 86_400.0
_UNKNOWN_DAYS: Final = 1  # after which an id that the server did not know is asked for again
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS targets (id TEXT PRIMARY KEY, fetched REAL, body BLOB, checksum INTEGER)"
)
_OF_THESE: Final = (
    "SELECT id, fetched, body, checksum FROM targets WHERE id IN (SELECT value FROM json_each(?))"
)
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


def targets_path(folder: Path, base_url: str) -> Path:
    """Return the file with what an address has named, below a cache folder."""
    return folder / "names" / f"{hashlib.sha256(base_url.encode()).hexdigest()[:32]}.sqlite"


class TargetStore:
    """What the server said of targets, by id.

    Parameters
    ----------
    path : pathlib.Path
        The SQLite file; made, for its owner only, when something is first kept.
    now : callable
        Gives seconds since 1970.
    busy_seconds : float
        How long another process's write is waited for.
    most : int
        How many targets are kept at most.

    Notes
    -----
    Nothing here raises because of the file: what cannot be read is asked for again, what cannot be written
    is not kept, each with a CacheWarning. A file that is damaged is put aside.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], float],
        busy_seconds: float = 3.0,
        most: int = _MOST_TARGETS,
    ) -> None:
        self._path = path
        self._now = now
        self._busy_seconds = busy_seconds
        self._most = most

    def read(self, ids: Iterable[str]) -> dict[str, dict[str, Any] | None]:
        """Return what is kept of these ids: the target as the server sent it, None where it knew none."""
        rows: list[tuple[str, float, bytes | None, int]] = []
        # without a file nothing was kept yet
        with (
            self._told("they are asked for again"),
            contextlib.suppress(FileNotFoundError),
            self._open() as file,
        ):
            asked = json.dumps(list(ids))
            rows = file.execute(_OF_THESE, (asked,)).fetchall()
        now, found, damaged = self._now(), dict[str, "dict[str, Any] | None"](), 0
        for id_, fetched, body, checksum in rows:
            days = _KEPT_DAYS if body is not None else _UNKNOWN_DAYS
            if not isinstance(fetched, float) or not 0 <= now - fetched < days * _DAY:
                continue
            try:
                found[id_] = _unpacked(body, checksum)
            except (TypeError, ValueError):
                damaged += 1
        if damaged:
            warn(f"{damaged:,} names in {self._path} are damaged and are asked for again", CacheWarning)
        return found

    def write(self, targets: Mapping[str, dict[str, Any] | None]) -> None:
        """Keep targets; None for what the server does not know."""
        now = self._now()
        bodies = {id_: None if each is None else orjson.dumps(each) for id_, each in targets.items()}
        rows = [(id_, now, body, zlib.crc32(body or b"")) for id_, body in bodies.items()]
        with self._told("they are not kept"):
            make_own(self._path)
            with self._open() as file, file:
                file.execute(_TABLE)
                file.executemany("INSERT OR REPLACE INTO targets VALUES (?, ?, ?, ?)", rows)
                (count,) = file.execute("SELECT count(*) FROM targets").fetchone()
                file.execute(
                    "DELETE FROM targets WHERE fetched < ? OR id IN "
                    "(SELECT id FROM targets ORDER BY fetched, id LIMIT ?)",
                    (now - _KEPT_DAYS * _DAY, max(count - self._most, 0)),
                )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        open_own(self._path).close()
        with contextlib.closing(sqlite3.connect(self._path, timeout=self._busy_seconds)) as file:
            yield file

    @contextlib.contextmanager
    def _told(self, otherwise: str) -> Iterator[None]:
        """Turn what goes wrong with the file into a warning."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                quarantine(self._path, error)
            else:
                warn_refused(f"the names in {self._path} cannot be used ({error}); {otherwise}", error)


def _unpacked(body: bytes | None, checksum: int) -> dict[str, Any] | None:
    if zlib.crc32(body or b"") != checksum:
        raise ValueError("it is not what was kept")
    if body is None:
        return None
    target = orjson.loads(body)
    if not isinstance(target, dict):
        raise TypeError("it is no target")
    return target
