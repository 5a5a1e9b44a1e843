"""What people keep of the panel, beside the cache: views by name, and a watchlist.

Two JSON files that can be read, and mended, by hand. Nothing of the cache is needed for them, and clearing it
leaves them: nobody could fetch them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from milestone_kit.core.files import is_refusal, open_own, put_aside, write_whole
from milestone_kit.core.locks import locked
from milestone_kit.core.notices import hushed
from milestone_kit.core.strict_json import decode
from milestone_kit.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["KeptViews", "KeptWatch", "PanelStore"]

_LARGEST: Final = 2_000_000
"""Bytes: more than anybody keeps, and little enough to be read at once."""

_FORMAT: Final = 1
_LOCK_SECONDS: Final = 1.0  # another kernel writes for milliseconds; who clicks does not wait for long


class KeptViews(NamedTuple):
    """Views by name, each as it was kept, and what is to be said of their file ("" where all is well)."""

    views: dict[str, dict[str, Any]]
    note: str


class KeptWatch(NamedTuple):
    """Tickers and ids, and what is to be said of their file ("" where all is well)."""

    watch: list[str]
    note: str


class PanelStore:
    """The files of one cache folder.

    Parameters
    ----------
    folder : callable
        Gives the cache folder; asked each time, as the environment may name another one by then.

    Notes
    -----
    What is damaged is put aside and said in a note. Keys of later versions stay in the file.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    def views(self) -> KeptViews:
        """Return all views, in the order in which they were first kept."""
        kept, note = self._read("views", dict)
        views = {name: state for name, state in kept.get("views", {}).items() if isinstance(state, dict)}
        lost = [name for name in kept.get("views", {}) if name not in views]
        if lost:
            note = f"{self._path('views')} has no usable view under {', '.join(map(repr, lost)):.200}"
        return KeptViews(views, note)

    def keep_view(self, name: str, state: dict[str, Any]) -> None:
        """Keep a view under a name, in place of the one before.

        Raises
        ------
        CacheError
            When the file cannot be written; what was kept before stays.
        """
        self._change("views", dict, lambda views: views | {name: state})

    def forget_view(self, name: str) -> None:
        """Forget a view; CacheError when the file cannot be written."""
        self._change("views", dict, lambda views: {key: one for key, one in views.items() if key != name})

    def watch(self) -> KeptWatch:
        """Return the watchlist."""
        kept, note = self._read("watch", list)
        watch = [one for one in kept.get("watch", []) if isinstance(one, str)]
        if len(watch) < len(kept.get("watch", [])):
            note = f"{self._path('watch')} holds entries that are no text; they are left out"
        return KeptWatch(watch, note)

    def keep_watch(self, watch: list[str]) -> None:
        """Keep a watchlist; CacheError when the file cannot be written."""
        self._change("watch", list, lambda _: list(watch))

    def _path(self, what: str) -> Path:
        return self._folder() / "panel" / f"{what}.json"

    def _read(self, what: str, kind: type) -> tuple[dict[str, Any], str]:
        """Return what a file says, and what is to be said of it; nothing where there is none."""
        path = self._path(what)
        try:
            return _loaded(path, what, kind)
        except OSError as error:
            return {}, f"{path} could not be read ({error.strerror or error}); it is left as it is"

    def _change(self, what: str, kind: type, change: Callable[[Any], Any]) -> None:
        path = self._path(what)
        try:
            # without the lock another kernel's change of this second may be lost, and no more
            with hushed(), locked(path.with_suffix(".lock"), seconds=_LOCK_SECONDS, otherwise="writing"):
                kept, _ = _loaded(path, what, kind)
                changed = {"format": _FORMAT} | kept | {what: change(kept.get(what, kind()))}
                text = orjson.dumps(changed, option=orjson.OPT_INDENT_2) + b"\n"
                write_whole(path, lambda file: file.write(text))
        except OSError as error:
            raise CacheError(
                f"{path} could not be written ({error.strerror or error}); nothing was kept: set "
                "MILESTONE_KIT_CACHE_DIR to a folder of yours"
            ) from error


def _loaded(path: Path, what: str, kind: type) -> tuple[dict[str, Any], str]:
    """Return what a file says and what is to be said of it; raise OSError where the system refuses it."""
    try:
        with open_own(path) as file:
            return _checked(file.read(_LARGEST + 1), what, kind), ""
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError) as error:
        if is_refusal(error):
            raise
        return {}, f"{path} is not usable ({error}); it was put aside as {put_aside(path).name}"


def _checked(text: bytes, what: str, kind: type) -> dict[str, Any]:
    if len(text) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST:,} bytes")
    kept, _ = decode(text)
    if not isinstance(kept, dict) or not isinstance(kept.get(what, kind()), kind):
        raise ValueError(f"it does not hold {what!r} as this package writes it")  # noqa: TRY004 - of the file
    return kept
