"""Walks that are not finished, and may be gone on with: the record of one, and the file with its pages.

The pages of a walk lie in a file of their own, so that pages of two walks can never mix, and forgetting
them is deleting it.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from milestone_kit.core.files import delete, listed, quarantine, read_own, warn_refused, write_whole
from milestone_kit.storage.manifests import FORMAT, read_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["UnfinishedWalk"]


@dataclass(frozen=True, slots=True)
class _Record:
    """What is written down of a walk; the public attributes are those of `UnfinishedWalk`."""

    id: str
    started: float
    limit: int
    interrupted: bool = False
    cuts: tuple[int, ...] = ()
    server_started: float | None = None
    format: int = FORMAT


class UnfinishedWalk:
    """A walk that is under way or was broken off; make one with `take_up`.

    Attributes
    ----------
    started : float
        Seconds since 1970.
    server_started : float, optional
        The same on the server's clock, as far as it is known.
    cuts : tuple of int
        Where it is cut into ranges of starts, in microseconds since 1970.
    pages_path : pathlib.Path
        The file with its pages.
    resumed : bool
        Whether an earlier attempt left pages in it.

    Notes
    -----
    Nothing here raises because of the cache: what cannot be read begins anew, what cannot be written is not
    kept, each with a CacheWarning.
    """

    def __init__(self, folder: Path, key: str, record: _Record) -> None:
        self._folder = folder
        self._key = key
        self._record = record
        self.pages_path = folder / f"{key}-{record.id}.sqlite"
        self.resumed = self.pages_path in listed(folder, f"{key}-*")

    @property
    def started(self) -> float:
        """When it began, in seconds since 1970."""
        return self._record.started

    @property
    def server_started(self) -> float | None:
        """When it began, on the server's clock."""
        return self._record.server_started

    @property
    def cuts(self) -> tuple[int, ...]:
        """Where it is cut into ranges."""
        return self._record.cuts

    @classmethod
    def take_up(
        cls, folder: Path, key: str, *, limit: int, now: float, longest: float, refresh: bool
    ) -> UnfinishedWalk:
        """Return the walk to go on with, or begin a new one.

        Parameters
        ----------
        folder : pathlib.Path
            Made, for its owner only, when something is first written.
        key : str
            What the question is filed under.
        limit : int
            Milestones per page; a walk with another limit has other pages.
        now : float
            Seconds since 1970.
        longest : float
            How many seconds ago a walk may have begun to be gone on with.
        refresh : bool
            Whether only a walk that ended in an error may be gone on with.
        """
        path = folder / f"{key}.json"
        record = _read(path)
        fits = record is not None and record.limit == limit and 0 <= now - record.started <= longest
        if record is not None and fits and (record.interrupted or not refresh):
            return cls(folder, key, record)
        forget(folder, key)
        walk = cls(folder, key, _Record(id=uuid.uuid4().hex[:12], started=now, limit=limit))
        walk._write()
        return walk

    def began(self, server_started: float | None) -> None:
        """Take note of when it began, on the server's clock; written down with what is written next."""
        self._record = replace(self._record, server_started=server_started)

    def cut(self, cuts: Sequence[int]) -> None:
        """Note where it is cut into ranges, so that whoever goes on with it asks for the same pages."""
        self._record = replace(self._record, cuts=tuple(cuts))
        self._write()

    def interrupt(self) -> None:
        """Note that it ended in an error, so that even a refresh goes on with it."""
        self._record = replace(self._record, interrupted=True)
        self._write()

    def forget(self) -> None:
        """Delete the record and the pages."""
        forget(self._folder, self._key)

    def _write(self) -> None:
        path = self._folder / f"{self._key}.json"
        text = json.dumps(asdict(self._record)).encode()
        try:
            write_whole(path, lambda file: file.write(text))
        except OSError as error:
            warn_refused(f"{path} could not be written ({error}); the answer is not cached", error)


def forget(folder: Path, key: str) -> None:
    """Delete whatever is kept of walks for the question that is filed under a key."""
    delete(folder / f"{key}.json", *listed(folder, f"{key}-*"))


def _read(path: Path) -> _Record | None:
    try:
        return read_record(_Record, read_own(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        quarantine(path, error)
        return None
