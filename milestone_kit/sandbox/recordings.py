"""Recorded answers of the API, read from a file or a folder of them, to be served again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Recorded", "read_recorded"]

_EXPECTED: Final = (
    'expected {"milestones": [...]}, {"milestone": {...}}, a list of milestones, {"live_datas": [...]}, '
    '{"live_data": {...}}, {"structured_targets": [...]}, one target, or {"filters_by_sports": {...}}'
)


@dataclass(slots=True)
class Recorded:
    """What was recorded: milestones, and what else is to be answered in place of what is invented.

    Attributes
    ----------
    milestones : list of dict
        Raw milestones.
    live : dict
        Live payloads as they are sent, by the milestone's id.
    targets : dict
        Structured targets by id.
    filters : dict, optional
        The answer of `/search/filters_by_sport`.
    """

    milestones: list[dict[str, Any]] = field(default_factory=list)
    live: dict[str, dict[str, Any]] = field(default_factory=dict)
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    filters: dict[str, Any] | None = None


def read_recorded(path: Path) -> Recorded:
    """Read a recorded answer, or all `.json` files of a folder in the order of their names.

    Of what has one id in two files the one that is read last counts. A target without an id gets the name of
    its file as one.

    Raises
    ------
    QueryError
        When a file cannot be read or is no answer of a known shape; names the file.
    """
    recorded = Recorded()
    for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
        try:
            content = orjson.loads(file.read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            raise QueryError(f"file={str(file)!r} cannot be served: {error}") from error
        if not _take(recorded, content, file.stem):
            raise QueryError(f"file={str(file)!r} cannot be served: {_EXPECTED}")
    return recorded


def _take(recorded: Recorded, content: Any, name: str) -> bool:
    """Add one file's content to what was recorded; False where it has no known shape."""
    if isinstance(content, list):
        content = {"milestones": content}
    if not isinstance(content, dict):
        return False
    milestones = _listed(content, "milestones", "milestone")
    live = _listed(content, "live_datas", "live_data")
    targets = _listed(content, "structured_targets", "structured_target")
    if "filters_by_sports" in content:
        recorded.filters = content
        return True
    if (milestones, live, targets) == (None, None, None):
        if not {"name", "type", "details"} <= content.keys():
            return False
        targets = [content]
    if any(not isinstance(row, dict) for rows in (milestones, live, targets) for row in rows or ()):
        return False
    again = {str(row.get("id")) for row in milestones or ()}
    recorded.milestones = [row for row in recorded.milestones if str(row.get("id")) not in again]
    recorded.milestones += milestones or []
    recorded.live.update({str(payload.get("milestone_id")): payload for payload in live or ()})
    recorded.targets.update({str(row.get("id", name)): {"id": name} | row for row in targets or ()})
    return True


def _listed(content: dict[str, Any], several: str, one: str) -> list[Any] | None:
    """Return what an answer lists, or its single object as a list; None where it is no such answer."""
    if one in content:
        return [content[one]]
    if several not in content:
        return None
    rows = content[several]
    return rows if isinstance(rows, list) else [] if rows is None else [rows]
