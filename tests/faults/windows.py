"""A file layer that refuses what Windows refuses: to replace or delete a file that is open or mapped."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

__all__ = ["refuse_as_windows_does", "strange_names"]

_SHARING_VIOLATION = 32
_RESERVED = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)', re.IGNORECASE)


def refuse_as_windows_does(monkeypatch):
    """Patch what renames and deletes: files that this process holds are refused; return the refusals."""
    refused = []

    def guarded(name, *places):
        usual = getattr(os, name)

        def call(*paths, **options):
            for path in paths[: len(places)]:
                if is_held(path):
                    refused.append((name, os.fspath(path)))
                    error = PermissionError(13, "The process cannot access the file", os.fspath(path))
                    error.winerror = _SHARING_VIOLATION
                    raise error
            return usual(*paths, **options)

        monkeypatch.setattr(os, name, call)

    for name in ("replace", "rename"):
        guarded(name, "source", "target")
    for name in ("unlink", "remove"):
        guarded(name, "path")
    return refused


def is_held(path):
    """Tell whether this process has a file open or mapped."""
    real = os.path.realpath(path)
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # that of the listing itself
            if str(descriptor.readlink()) == real:
                return True
    maps = Path("/proc/self/maps").read_text()
    return any(line.endswith(f" {real}") for line in maps.splitlines())


def strange_names(folder):
    """Give the names below a folder that Windows does not allow, or takes for one another."""
    paths = [path.relative_to(folder) for path in Path(folder).rglob("*")]
    folded = [str(path).casefold() for path in paths]
    strange = [part for path in paths for part in path.parts if _RESERVED.search(part)]
    return strange + [name for name in folded if folded.count(name) > 1]
