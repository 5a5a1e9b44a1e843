"""What is known of an answer beside its rows: how it came about, for its file and for `attrs`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
import pandas as pd

from milestone_kit.table.schema import ATTRS_KEY, from_arrow

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMAT", "Manifest", "moment", "read_record", "to_frame"]

FORMAT: Final = 2
"""The version of the snapshot and walk files; one of another version is not read but fetched again."""

_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot is an answer to, and how it came about.

    Attributes
    ----------
    base_url, query : str
        Where it was asked, and `Query.key()`.
    started, finished : float
        Seconds since 1970 at which the walk began and ended.
    rows, pages : int
        How many milestones and pages it has.
    last_full_sweep : float
        Seconds since 1970 at which the last walk through all pages began.
    as_of : float
        Seconds since 1970 at which the last question was put whose answer is in the table; changes
        since may be missing.
    server_as_of : float, optional
        The same moment on the server's clock, or a little before; None where the server told no time.
    repaired : int
        How many values or rows were repaired on the way.
    complete : bool
        Whether the walk reached its end.
    refreshed : int
        How many deltas were merged since the last full sweep.
    rejected : tuple of str
        Ids of milestones that are not in the table because they broke the contract; "" for one without.
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
    last_full_sweep: float
    as_of: float
    repaired: int = 0
    complete: bool = True
    refreshed: int = 0
    rejected: tuple[str, ...] = ()
    server_as_of: float | None = None
    format: int = FORMAT


class _Versioned(msgspec.Struct):
    format: int


def read_record(kind: type[_Record], text: bytes) -> _Record | None:
    """Read a record as it was written.

    Parameters
    ----------
    kind : type
        A dataclass with a field `format`.
    text : bytes
        JSON.

    Returns
    -------
    kind or None
        None when another version wrote it.

    Raises
    ------
    ValueError
        When it is no such record.
    """
    try:
        if msgspec.json.decode(text, type=_Versioned).format != FORMAT:
            return None
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


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
        "rejected": len(manifest.rejected),
        "last_full_sweep": moment(manifest.last_full_sweep).isoformat(),
    }
    return df


def moment(seconds: float) -> pd.Timestamp:
    """Return an instant given in seconds since 1970, to the second."""
    return pd.Timestamp(seconds, unit="s", tz="UTC").floor("s")
