"""Every version of every milestone ever seen, stored once, so that a change can be told.

Versions lie in append-only files (see `segments`). To tell what is new, rows are laid beside the last
versions of their ids. An index holds where the last version of each id lies, as of some file; it is
derived from the files, and made anew when it is missing, damaged or too old.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.core.arguments import to_utc
from milestone_kit.core.files import discard, open_own, quarantine, warn_refused
from milestone_kit.core.locks import locked
from milestone_kit.core.settings import shown_url
from milestone_kit.errors import QueryError
from milestone_kit.storage.blocks import FAILURES, facts_of, open_rows
from milestone_kit.storage.generations import Generations
from milestone_kit.storage.segments import Segments, write_rows
from milestone_kit.storage.view import FORMAT
from milestone_kit.table.arrays import one_chunk, stamp_micros, to_numpy
from milestone_kit.table.merge import same_rows
from milestone_kit.table.schema import ARROW_SCHEMA, from_arrow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from milestone_kit.core.arguments import DateLike
    from milestone_kit.storage.view import View

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
        self._indexes = Generations(self.folder, "heads", ".blocks")

    def record(
        self,
        table: pa.Table,
        *,
        seen_at: float,
        complete: bool,
        scope: str | None = None,
        whole: bool = True,
    ) -> int:
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
        whole : bool
            Whether the table is the whole answer to that question.

        Returns
        -------
        int
            How many versions are new, deletions among them.
        """
        with self._alone() as may_write:
            if not may_write:
                return 0
            try:
                return self._record(table, seen_at, complete=complete, scope=scope, whole=whole)
            except FAILURES as error:
                message = f"the history in {self.folder} could not be written ({error}); nothing was recorded"
                warn_refused(message, error)
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

            sorted by id and then in the order in which they came, RangeIndex. That is also the order of
            `seen_at`: where the clock was set back, what came afterwards is told a microsecond after what
            came before, until the clock shows more. So nothing that came after a moment that you have
            seen is missing when you ask for what came since.

        Raises
        ------
        QueryError
            When `ids` or `since` cannot be read.
        """
        wanted = _checked_ids(ids)
        instant = None if since is None else stamp_micros(to_utc(since, "since"))
        with self._segments.view() as view:
            if wanted is None and instant is None:
                found = view.after(0)
                seen = _never_back(found["seen_at"])
            else:
                keys, rows = view.columns(["id", "seen_at"])
                seen = _never_back(keys["seen_at"])
                keep = np.ones(len(rows), dtype=bool)
                if wanted is not None:
                    keep &= to_numpy(pc.is_in(keys["id"], value_set=pa.array(wanted, pa.large_string())))
                if instant is not None:
                    keep &= seen >= instant
                found, there = view.take(rows[keep])
                seen = seen[np.searchsorted(rows, there)]
        return _frame(found, seen)

    def living(self) -> pa.Table | None:
        """Return `id` and `start_date` of what is not deleted, by start; None where nothing is known."""
        with self._segments.view() as view:
            places, _ = view.columns(["id", "deleted", "start_date"])
        if not places.num_rows:
            return None
        _, last = _last_of_each(places["id"])
        heads = places.take(last)
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
        self, table: pa.Table, seen_at: float, *, complete: bool, scope: str | None, whole: bool
    ) -> int:
        facts: dict[str, Any] = {"base_url": shown_url(self._base_url), "swept": False, "scopes": []}
        for _ in range(2):
            with self._segments.view() as view:
                if view.foreign:
                    return 0  # a warning has said so
                told = facts | view.facts()
                new = self._news(table, view, seen_at, complete=complete, was_asked=_was_asked(told, scope))
                harm = view.harm
            if not harm:
                later = told | {"swept": told["swept"] or complete}
                later["scopes"] = _scopes(told["scopes"], scope if whole else None)
                if new.num_rows or later != told:
                    self._segments.append(new, later)
                return int(new.num_rows)
            # a row that was lost must not count as added when it comes: from now on nothing was asked for
            self._segments.mend(harm, facts)
        raise OSError("what is damaged could not be left out")

    def _news(
        self, table: pa.Table, view: View, seen_at: float, *, complete: bool, was_asked: bool
    ) -> pa.Table:
        """Return the versions that a table brings, as they are stored."""
        heads = self._heads(view)
        new = _different(table, heads, view, seen_at, was_asked=was_asked)
        if not complete or not heads.num_rows:
            return new
        is_there = pc.is_in(heads["id"], value_set=one_chunk(table["id"]))
        is_gone = pc.invert(pc.or_(heads["deleted"], is_there))
        last, _ = view.take(np.sort(to_numpy(heads["row"].filter(is_gone))))
        return pa.concat_tables([new, _stored(last.select(ARROW_SCHEMA.names), seen_at, deleted=True)])

    def _heads(self, view: View) -> pa.Table:
        """Return id, row and whether deleted of the last version of every id."""
        indexed, through = self._index(view) or _first_of_all(view)
        recent = _places(view, after=through)
        ids, last = _last_of_each(recent["id"])
        older = indexed.filter(pc.invert(pc.is_in(indexed["id"], value_set=ids)))
        heads = pa.concat_tables([older, recent.take(last)]).combine_chunks()
        if recent.num_rows > self._index_after and not view.harm:
            self._write_index(heads, view)
        return heads

    def _index(self, view: View) -> tuple[pa.Table, int] | None:
        """Read the index; None when it is not one of these files."""
        path = next(iter(self._indexes.newest_first()), None)
        if path is None:
            return None
        try:
            with open_own(path) as file:
                table = open_rows(file).read_all()
            facts = facts_of(table)
            table = table.replace_schema_metadata(None)
            is_ours = facts["format"] == FORMAT and table.schema == _HEADS
            if is_ours and facts["rows"] == view.rows_through(facts["through"]):
                return table, int(facts["through"])
        except FileNotFoundError:
            pass
        except FAILURES as error:
            quarantine(path, error)
        return None

    def _write_index(self, heads: pa.Table, view: View) -> None:
        number, path = view.last(), self._indexes.next()
        with contextlib.suppress(OSError):  # it only saves time
            write_rows(path, heads, {"through": number, "rows": view.rows_through(number)})
            self._indexes.discard_before(path)
            discard(self.folder / "heads.arrow")  # that of an earlier version

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


def _was_asked(facts: Mapping[str, Any], scope: str | None) -> bool:
    """Tell whether everything was recorded before, or the whole answer to this question."""
    return bool(facts["swept"]) or (scope is not None and _scopes(facts["scopes"], scope) == facts["scopes"])


def _different(table: pa.Table, heads: pa.Table, view: View, seen_at: float, *, was_asked: bool) -> pa.Table:
    """Return the rows that say something else than the last version of their id, as they are stored."""
    if not heads.num_rows:
        return _stored(table, seen_at, added=was_asked)
    head = heads.take(pc.index_in(table["id"], value_set=one_chunk(heads["id"])))
    is_there = to_numpy(pc.invert(head["deleted"]).fill_null(False))  # noqa: FBT003 - Arrow's signature
    is_new = ~is_there
    known = np.flatnonzero(is_there)
    rows = to_numpy(head["row"].take(known))
    order = np.argsort(rows)
    known, rows = known[order], rows[order]
    stored, there = view.take(rows)
    known = known[np.isin(rows, there)]  # what is damaged was told, and is mended before anything is kept
    is_new[known] = ~same_rows(stored.select(ARROW_SCHEMA.names), table.take(known))
    return _stored(table.filter(pa.array(is_new)), seen_at, added=~is_there[is_new] & was_asked)


def _last_of_each(ids: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Return the distinct ids, and the position of each one's last row."""
    codes = pc.dictionary_encode(one_chunk(ids))
    last = np.zeros(len(codes.dictionary), dtype=np.int64)
    last[to_numpy(codes.indices)] = np.arange(len(codes))  # of several the last one stays
    return codes.dictionary, pa.array(last)


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


def _never_back(seen: pa.ChunkedArray) -> np.ndarray:
    """Return when versions were seen, in the order in which they came, in microseconds since 1970.

    A clock that is set back must not turn their order round, nor hide what came since a moment that it has
    shown already: what comes later is told a microsecond later at least, be the clock behind.
    """
    stamps = to_numpy(seen.cast(pa.int64()))
    if not len(stamps):
        return stamps
    starts = np.flatnonzero(np.diff(stamps, prepend=stamps[0] - 1))  # of what was seen at once
    number = np.arange(len(starts))
    told = np.maximum.accumulate(stamps[starts] - number) + number
    return np.repeat(told, np.diff(starts, append=len(stamps)))


def _frame(versions: pa.Table, seen: np.ndarray) -> pd.DataFrame:
    # stable: versions of one id stay in the order in which they came
    order = pc.sort_indices(versions.select(["id"]), sort_keys=[("id", "ascending")])
    seen_at = pa.array(seen, pa.int64()).cast(_INSTANT)
    versions = versions.set_column(versions.schema.get_field_index("seen_at"), "seen_at", seen_at).take(order)
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
