"""Files of which only the latest counts: each is written under a new name, so that none is ever replaced.

On Windows a file that somebody has open can be neither replaced nor deleted. So the latest is found by its
name, `STEM-NUMBER-CHANCE.SUFFIX`, of which the highest number wins; older ones are deleted when that can be.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

from milestone_kit.core.files import discard, listed

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Generations", "stem_of"]

_NAME: Final = re.compile(r"(?P<stem>.+)-(?P<number>\d{8})-(?P<chance>[0-9a-f]{8})")


class Generations:
    """The files of one stem in a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where they lie.
    stem, suffix : str
        What their names begin and end with.
    """

    def __init__(self, folder: Path, stem: str, suffix: str) -> None:
        self._folder, self._stem, self._suffix = folder, stem, suffix

    def newest_first(self) -> list[Path]:
        """Return the files that are there now, the one that counts first."""
        found = listed(self._folder, f"{self._stem}-*{self._suffix}")
        return sorted((path for path in found if stem_of(path) == self._stem), reverse=True)

    def next(self) -> Path:
        """Return a name that counts more than all there are, and that nobody else will take."""
        newest = next(iter(self.newest_first()), None)
        number = 1 if newest is None else int(newest.stem.rsplit("-", 2)[1]) + 1
        return self._folder / f"{self._stem}-{number:08d}-{secrets.token_hex(4)}{self._suffix}"

    def discard_before(self, path: Path) -> None:
        """Delete the files that count less than one; those that are open may stay for now."""
        discard(*(each for each in self.newest_first() if each.name < path.name))


def stem_of(path: Path) -> str | None:
    """Return the stem of a file with a number; None for any other file."""
    found = _NAME.fullmatch(path.stem)
    return None if found is None else found["stem"]
