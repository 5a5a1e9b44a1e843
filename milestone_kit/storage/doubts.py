"""What sweeps lacked of what was known: kept until another sweep tells whether it is gone.

One small file for each question. Nothing here raises because of the cache: what cannot be read is not known,
what cannot be written is not kept, with a CacheWarning.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from milestone_kit.core.files import delete, listed, quarantine, read_own, warn_refused, write_whole
from milestone_kit.storage.manifests import FORMAT, read_record

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Doubt", "Doubts"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a sweep lacked.

    Attributes
    ----------
    ids : tuple of str
        The milestones that did not come.
    since : float
        Seconds since 1970 at which a sweep first lacked them.
    format : int
        `FORMAT` of the version that wrote it.
    """

    ids: tuple[str, ...]
    since: float
    format: int = FORMAT


class Doubts:
    """The doubts about one API address.

    Parameters
    ----------
    folder : pathlib.Path
        Where those of all addresses lie; made, for its owner only, when something is first written.
    address : str
        What the names of its files begin with.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address

    def read(self, key: str) -> Doubt | None:
        """Return what the last sweep for a question lacked; None where it lacked nothing."""
        path = self._path(key)
        try:
            return read_record(Doubt, read_own(path))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            quarantine(path, error)
            return None

    def write(self, key: str, doubt: Doubt) -> None:
        """Keep what a sweep lacked."""
        path, text = self._path(key), json.dumps(asdict(doubt)).encode()
        try:
            write_whole(path, lambda file: file.write(text))
        except OSError as error:
            warn_refused(f"{path} could not be written ({error}); what a sweep lacked is not kept", error)

    def forget(self, key: str) -> None:
        """Forget what a sweep lacked: it is there again, or gone for good."""
        delete(self._path(key))

    def clear(self) -> None:
        """Forget all about this address."""
        delete(*listed(self._folder, f"{self._address}-*"))

    def _path(self, key: str) -> Path:
        return self._folder / f"{self._address}-{key}.json"
