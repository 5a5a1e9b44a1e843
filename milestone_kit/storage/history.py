"""Every version of every milestone ever seen, stored once, so that a change can be told.

Versions lie in append-only files (see `segments`). To tell what is new, rows are laid beside the last
versions of their ids. An index holds where the last version of each id lies, as of some file; it is
derived from the files, and made anew when it is missing, damaged or too old.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.core.arguments import to_utc
from milestone_kit.core.files import locked
from milestone_kit.core.notices import warn
from milestone_kit.core.settings import shown_url
from milestone_kit.errors import CacheWarning, QueryError
from milestone_kit.storage.segments import FORMAT, Segments, View, write_arrow
from milestone_kit.table.arrays import one_chunk, to_numpy
from milestone_kit.table.merge import same_rows
from milestone_kit.table.schema import ARROW_SCHEMA, from_arrow

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from milestone_kit.core.arguments import DateLike

__all__ = ["History"]

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_FLAG: Final = pa.bool_()
_SCHEMA: Final = pa.schema(
    [
        *ARROW_SCHEMA,
        pa.field("seen_at", _INSTANT, nullable=False),
        pa.field("deleted", _FLAG, nullable=False),
        pa.field("added", _FLAG, nullable=False),
    ]
)
_HEADS: Final = pa.schema(
    [
        pa.field("id", pa.large_string(), nullable=False),
        pa.field("deleted", _FLAG, nullable=False),
        pa.field("row", pa.int64(), nullable=False),
    ]
)
_MOST_SCOPES: Final = 1_000
_FAILURES: Final = (OSError, ValueError, TypeError, KeyError, pa.ArrowException)


class History:
    """The versions seen at one API address.

    Parameters
    ----------
    folder : pathlib.Path
        Where the histories of all addresses lie; made, for its owner only, when first written to.
    base_url : str
        The API address; versions of different addresses never mix.
    lock_seconds : float
        How long a writer waits for another one before it gives up, with a CacheWarning.
    index_after : int
        How many rows may not be in the index before it is made anew.

    Notes
    -----
    Nothing here raises because of the cache: what cannot be read is left out, what cannot be written
    is not kept, each with a CacheWarning. Readers never wait; one writer at a time, across processes.
    """

    def __init__(
        self, folder: Path, base_url: str, *, lock_seconds: float = 30.0, index_after: int = 50_000
    ) -> None:
        self._base_url = base_url
        self._lock_seconds = lock_seconds
        self._index_after = index_after
        self.folder = folder / hashlib.sha256(base_url.encode()).hexdigest()[:32]
        self._segments = Segments(self.folder, _SCHEMA)

    def record(self, table: pa.Table, *, seen_at: float, complete: bool, scope: str | None = None) -> int:
        """Store the rows whose content is not that of the last stored version of their id.

        Parameters
        ----------
        table : pyarrow.Table
            In `ARROW_SCHEMA`, one row per id.
        seen_at : float
            Seconds since 1970.
        complete : bool
            Whether the table is all there is at the address. Then a known id that is not in it is
            stored as deleted, and an id that comes back as a version of its own, even when its
            content is the old one.
        scope : str, optional
            The question that the table answers, in full or by what changed since. An unknown row counts
            as added once everything, or the whole answer to this question, was recorded before.

        Returns
        -------
        int
            How many versions are new, deletions among them.
        """
        with self._alone() as may_write:
            if not may_write:
                return 0
            try:
                return self._record(table, seen_at, complete=complete, scope=scope)
            except _FAILURES as error:
                message = f"the history in {self.folder} could not be written ({error}); nothing was recorded"
                warn(message, CacheWarning)
                return 0

    def versions(self, ids: str | Iterable[str] | None = None, since: DateLike | None = None) -> pd.DataFrame:
        """Return stored versions.

        Parameters
        ----------
        ids : str or iterable of str, optional
            Only the versions of these ids.
        since : str, date, datetime or Timestamp, optional
            Only the versions first seen then or later; naive values are UTC.

        Returns
        -------
        pandas.DataFrame
            The milestones columns, and at the end

            - `seen_at`: datetime64[us, UTC], when this version was first seen
            - `deleted`: bool, True where the id was gone; the row repeats its last content
            - `added`: bool, True where the id was not there when this was last asked for

            sorted by (id, seen_at), RangeIndex.

        Raises
        ------
        QueryError
            When `ids` or `since` cannot be read.
        """
        wanted = _checked_ids(ids)
        instant = None if since is None else pa.scalar(to_utc(since, "since").to_pydatetime(), _INSTANT)
        with self._segments.view() as view:
            if wanted is None and instant is None:
                found = view.after(0)
            else:
                keys, rows = view.columns(["id", "seen_at"])
                keep = np.ones(len(rows), dtype=bool)
                if wanted is not None:
                    keep &= to_numpy(pc.is_in(keys["id"], value_set=pa.array(wanted, pa.large_string())))
                if instant is not None:
                    keep &= to_numpy(pc.greater_equal(keys["seen_at"], instant))
                found = view.take(rows[keep])
        return _frame(found)

    def living(self) -> pa.Table | None:
        """Return `id` and `start_date` of what is not deleted, by start; None where nothing is known."""
        with self._segments.view() as view:
            places, rows = view.columns(["id", "deleted", "start_date"])
        if not places.num_rows:
            return None
        codes = pc.dictionary_encode(one_chunk(places["id"]))
        last = np.zeros(len(codes.dictionary), dtype=np.int64)
        last[to_numpy(codes.indices)] = np.arange(len(rows))  # of several the last one stays
        heads = places.take(pa.array(last))
        living = heads.filter(pc.invert(heads["deleted"])).select(["id", "start_date"])
        return living.sort_by([("start_date", "ascending"), ("id", "ascending")])

    def files(self) -> list[tuple[Path, int]]:
        """Return the files that hold versions, and how many each holds."""
        return [(segment.path, segment.rows) for segment in self._segments.listed()]

    def clear(self) -> None:
        """Forget every version of this address."""
        with self._alone() as may_write:
            if may_write:
                self._segments.clear()

    def _record(
        self, table: pa.Table, seen_at: float, *, complete: bool, scope: str | None, again: bool = True
    ) -> int:
        with self._segments.view() as view:
            if view.foreign:
                return 0  # a warning has said so
            heads = self._heads(view)
            facts: dict[str, Any] = {"base_url": shown_url(self._base_url), "swept": False, "scopes": []}
            facts |= view.facts()
            later = facts | {"swept": facts["swept"] or complete, "scopes": _scopes(facts["scopes"], scope)}
            was_asked = facts["swept"] or (scope is not None and later["scopes"] == facts["scopes"])
            try:
                new = self._news(table, heads, view, seen_at, was_asked=was_asked)
            except _LostRowsError:
                if not again:
                    raise
                # damaged files were just put aside; what they held is not known any more
                return self._record(table, seen_at, complete=complete, scope=scope, again=False)
            if complete and heads.num_rows:
                is_gone = pc.invert(
                    pc.or_(heads["deleted"], pc.is_in(heads["id"], value_set=one_chunk(table["id"])))
                )
                last = view.take(np.sort(to_numpy(heads["row"].filter(is_gone))))
                new = pa.concat_tables([new, _stored(last.select(ARROW_SCHEMA.names), seen_at, deleted=True)])
        if new.num_rows or later != facts:
            self._segments.append(new, later)
        return int(new.num_rows)

    def _news(
        self, table: pa.Table, heads: pa.Table, view: View, seen_at: float, *, was_asked: bool
    ) -> pa.Table:
        """Return the rows that say something else than the last version of their id, as they are stored."""
        if not heads.num_rows:
            return _stored(table, seen_at, added=was_asked)
        at = pc.index_in(table["id"], value_set=one_chunk(heads["id"]))
        head = heads.take(at)
        is_there = to_numpy(pc.invert(head["deleted"]).fill_null(False))  # noqa: FBT003 - Arrow's signature
        is_new = ~is_there
        known = np.flatnonzero(is_there)
        rows = to_numpy(head["row"].take(known))
        order = np.argsort(rows)
        stored = view.take(rows[order]).select(ARROW_SCHEMA.names)
        if stored.num_rows < len(known):
            raise _LostRowsError("versions that the index knows cannot be read")
        is_new[known[order]] = ~same_rows(stored, table.take(known[order]))
        return _stored(table.filter(pa.array(is_new)), seen_at, added=~is_there[is_new] & was_asked)

    def _heads(self, view: View) -> pa.Table:
        """Return id, row and whether deleted of the last version of every id."""
        path = self.folder / "heads.arrow"
        indexed, through = _index(path, view) or _first_of_all(view)
        recent = _places(view, after=through)
        codes = pc.dictionary_encode(one_chunk(recent["id"]))
        last = np.zeros(len(codes.dictionary), dtype=np.int64)
        last[to_numpy(codes.indices)] = np.arange(len(codes))  # of several the last one stays
        older = indexed.filter(pc.invert(pc.is_in(indexed["id"], value_set=codes.dictionary)))
        heads = pa.concat_tables([older, recent.take(pa.array(last))]).combine_chunks()
        if recent.num_rows > self._index_after:
            number = view.last()
            with contextlib.suppress(OSError):  # it only saves time
                write_arrow(path, heads, {"through": number, "rows": view.rows_through(number)})
        return heads

    def _alone(self) -> contextlib.AbstractContextManager[bool]:
        """Hold the right to write; give False, with a warning, when it cannot be had."""
        path = self.folder / "writer.lock"
        return locked(path, seconds=self._lock_seconds, otherwise="nothing was recorded")


def _scopes(known: list[str], scope: str | None) -> list[str]:
    """Return the digests of the questions that were asked, with this one; the oldest are forgotten."""
    if scope is None:
        return known
    digest = hashlib.blake2b(scope.encode(), digest_size=8).hexdigest()
    return known if digest in known else [*known, digest][-_MOST_SCOPES:]


class _LostRowsError(OSError):
    """Rows that the index knows could not be read."""


def _stored(
    table: pa.Table, seen_at: float, *, added: np.ndarray | bool = False, deleted: bool = False
) -> pa.Table:
    rows = table.num_rows
    instant = pa.scalar(round(seen_at * 1e6), pa.int64()).cast(_INSTANT)
    about = [
        pa.repeat(instant, rows),
        pa.repeat(pa.scalar(deleted), rows),
        pa.array(np.broadcast_to(added, rows)),
    ]
    return pa.table([*table.columns, *about], schema=_SCHEMA)


def _places(view: View, *, after: int, through: int | None = None) -> pa.Table:
    places, rows = view.columns(["id", "deleted"], after=after, through=through)
    return places.append_column(_HEADS.field("row"), pa.array(rows, pa.int64()))


def _first_of_all(view: View) -> tuple[pa.Table, int]:
    """Return the first table ever recorded, whose ids all differ; nothing once it was joined with others."""
    through = view.first()
    return _places(view, after=0, through=through), through


def _index(path: Path, view: View) -> tuple[pa.Table, int] | None:
    """Read the index; None when it is not one of these files."""
    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        facts = json.loads((table.schema.metadata or {}).get(b"milestone_kit", b"{}"))
        table = table.replace_schema_metadata(None)
        table.validate(full=True)
        is_ours = facts.get("format") == FORMAT and table.schema == _HEADS
        if is_ours and facts["rows"] == view.rows_through(facts["through"]):
            return table, int(facts["through"])
    except _FAILURES:
        pass
    return None


def _frame(versions: pa.Table) -> pd.DataFrame:
    keys = versions.select(["id", "seen_at"])
    # stable: versions seen in one instant stay in the order in which they were stored
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    versions = versions.take(order)
    df = from_arrow(versions.select(ARROW_SCHEMA.names))
    return df.assign(
        seen_at=versions["seen_at"].to_pandas(),
        deleted=versions["deleted"].to_numpy(),
        added=versions["added"].to_numpy(),
    )


def _checked_ids(ids: object) -> list[str] | None:
    if ids is None:
        return None
    wanted: list[Any] = [ids] if isinstance(ids, str) or not isinstance(ids, Iterable) else list(ids)
    wrong = [one for one in wanted if not isinstance(one, str)]
    if wrong:
        raise QueryError(f"ids: {wrong[0]!r} is no id; expected the id of a milestone, or several, as text")
    return wanted
