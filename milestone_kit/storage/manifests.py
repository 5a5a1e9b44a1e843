"""What is known of an answer beside its rows: how it came about, or how far it has come."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import pandas as pd

from milestone_kit.table.schema import ATTRS_KEY, from_arrow

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMAT", "Manifest", "WalkRecord", "moment", "read_record", "to_frame"]

FORMAT: Final = 2
"""The version of the snapshot and walk files; older ones are read, one of a newer version is not.

Format 1 did not tell when the last full sweep was, nor where a walk is cut into ranges.
"""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot is an answer to, and how it came about.

    Attributes
    ----------
    base_url, query : str
        Where it was asked, and `Query.key()`.
    started, finished : float
        Seconds since 1970 at which the walk began and ended.
    rows, pages, repaired : int
        How many milestones and pages it has; how many values or rows were repaired on the way.
    complete : bool
        Whether the walk reached its end.
    last_full_sweep : float
        Seconds since 1970 at which the last walk through all pages began; 0 in format 1.
    as_of : float
        Seconds since 1970 at which the last question was put whose answer is in the table; changes
        since may be missing. 0 in format 1.
    refreshed : int
        How many deltas were merged since the last full sweep.
    format : int
        `FORMAT` of the version that wrote it.

    Notes
    -----
    `started`, `finished`, `pages` and `repaired` are those of the last walk or refresh.
    """

    base_url: str
    query: str
    started: float
    finished: float
    rows: int
    pages: int
    repaired: int = 0
    complete: bool = True
    last_full_sweep: float = 0.0
    as_of: float = 0.0
    refreshed: int = 0
    format: int = FORMAT

    @property
    def swept(self) -> float:
        """When the last walk through all pages began, in seconds since 1970, as far as it is known."""
        return self.last_full_sweep or self.started


@dataclass(frozen=True, slots=True)
class WalkRecord:
    """An unfinished walk that may be taken up again.

    Attributes
    ----------
    id : str
        Names the file with its pages.
    started : float
        Seconds since 1970.
    limit : int
        Milestones per page; a walk with another limit has other pages.
    interrupted : bool
        Whether it ended in an error, so that even a refresh goes on with it.
    cuts : tuple of int
        Where it is cut into ranges of starts, in microseconds since 1970.
    format : int
        `FORMAT` of the version that wrote it.
    """

    id: str
    started: float
    limit: int
    interrupted: bool = False
    cuts: tuple[int, ...] = ()
    format: int = FORMAT


_Record = TypeVar("_Record", Manifest, WalkRecord)


def read_record(kind: type[_Record], text: bytes) -> _Record | None:
    """Read a manifest or record as it was written.

    Parameters
    ----------
    kind : type
        `Manifest` or `WalkRecord`.
    text : bytes
        JSON.

    Returns
    -------
    Manifest, WalkRecord or None
        None when a newer version wrote it.

    Raises
    ------
    ValueError, TypeError
        When it is no such record.
    """
    fields = json.loads(text)
    if not isinstance(fields, dict) or not isinstance(fields.get("format"), int):
        raise TypeError("it has no format version")
    if not 1 <= fields["format"] <= FORMAT:
        return None
    for name in ("started", "finished", "last_full_sweep", "as_of"):
        if not isinstance(fields.get(name, 0.0), float | int):
            raise TypeError(f"its field {name!r} is no time")
    cuts = fields.get("cuts", [])
    if not isinstance(cuts, list) or not all(isinstance(cut, int) for cut in cuts):
        raise TypeError("its field 'cuts' is no list of whole numbers")
    if "cuts" in fields:
        fields["cuts"] = tuple(cuts)
    return kind(**fields)


def to_frame(table: pa.Table, manifest: Manifest, *, stale: bool = False) -> pd.DataFrame:
    """Convert a snapshot, or the first rows of one, to the milestones table with its attrs."""
    df = from_arrow(table)
    df.attrs[ATTRS_KEY] = {
        "source": manifest.base_url,
        "query": manifest.query,
        "fetched_at": moment(manifest.finished).isoformat(),
        "complete": manifest.complete and len(df) == manifest.rows,
        "stale": stale,
        "pages": manifest.pages,
        "repaired": manifest.repaired,
        "refreshed": manifest.refreshed,
        "last_full_sweep": moment(manifest.swept).isoformat(),
    }
    return df


def moment(seconds: float) -> pd.Timestamp:
    """Return an instant given in seconds since 1970, to the second."""
    return pd.Timestamp(seconds, unit="s", tz="UTC").floor("s")
