"""Every version of every milestone ever seen, stored once, so that a change can be told.

Versions lie in append-only files (see `segments`), each row with a digest of its content. To tell what
is new, digests are compared, so that no old text is read. An index holds the last digest of each id
as of some file; it is derived from the files, and made anew when it is missing, damaged or too old.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import filelock
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.errors import CacheWarning, QueryError
from milestone_kit.pagecache import make_private_folder
from milestone_kit.query import to_utc
from milestone_kit.schema import ARROW_SCHEMA, from_arrow
from milestone_kit.segments import FORMAT, Segments, View, write_arrow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from milestone_kit.query import DateLike

__all__ = ["LOCK_SECONDS", "History"]

LOCK_SECONDS: Final = 30.0
"""How long a writer waits for another one before it gives up, with a CacheWarning."""

_DIGEST: Final = pa.binary(16)
_INSTANT: Final = pa.timestamp("us", tz="UTC")
_FLAG: Final = pa.bool_()
_SCHEMA: Final = pa.schema(
    [
        *ARROW_SCHEMA,
        pa.field("seen_at", _INSTANT, nullable=False),
        pa.field("deleted", _FLAG, nullable=False),
        pa.field("added", _FLAG, nullable=False),
        pa.field("digest", _DIGEST, nullable=False),
    ]
)
_HEADS: Final = pa.schema(
    [
        pa.field("id", pa.large_string(), nullable=False),
        pa.field("deleted", _FLAG, nullable=False),
        pa.field("digest", _DIGEST, nullable=False),
        pa.field("row", pa.int64(), nullable=False),
    ]
)
_INDEX_AFTER: Final = 50_000  # the index is made anew once so many rows are not in it
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

    Notes
    -----
    Nothing here raises because of the cache: what cannot be read is left out, what cannot be written
    is not kept, each with a CacheWarning. Readers never wait; one writer at a time, across processes.
    """

    def __init__(self, folder: Path, base_url: str) -> None:
        self._base_url = base_url
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
                warnings.warn(message, CacheWarning, stacklevel=3)
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
                    keep &= _numpy(pc.is_in(keys["id"], value_set=pa.array(wanted, pa.large_string())))
                if instant is not None:
                    keep &= _numpy(pc.greater_equal(keys["seen_at"], instant))
                found = view.take(rows[keep])
        return _frame(found)

    def clear(self) -> None:
        """Forget every version of this address."""
        with self._alone() as may_write:
            if may_write:
                self._segments.clear()

    def _record(self, table: pa.Table, seen_at: float, *, complete: bool, scope: str | None) -> int:
        with self._segments.view() as view:
            if view.foreign:
                return 0  # a warning has said so
            heads = self._heads(view)
            facts: dict[str, Any] = {"base_url": self._base_url, "swept": False, "scopes": []}
            facts |= view.facts()
            later = facts | {"swept": facts["swept"] or complete, "scopes": _scopes(facts["scopes"], scope)}
            was_asked = facts["swept"] or (scope is not None and later["scopes"] == facts["scopes"])
            new = _new_versions(table, heads, seen_at, was_asked=was_asked)
            if complete:
                is_gone = pc.invert(
                    pc.or_(heads["deleted"], pc.is_in(heads["id"], value_set=_whole(table["id"])))
                )
                last = view.take(np.sort(_numpy(heads["row"].filter(is_gone))))
                new = pa.concat_tables([new, _tombstones(last, seen_at)])
        if new.num_rows or later != facts:
            self._segments.append(new, later)
        return int(new.num_rows)

    def _heads(self, view: View) -> pa.Table:
        """Return id, digest, row and whether deleted of the last version of every id."""
        path = self.folder / "heads.arrow"
        indexed, through = _index(path, view)
        recent, rows = view.columns(["id", "deleted", "digest"], after=through)
        recent = recent.append_column(_HEADS.field("row"), pa.array(rows, pa.int64()))
        heads = pa.concat_tables([indexed, recent]).combine_chunks()
        codes = pc.dictionary_encode(heads["id"]).combine_chunks()
        last = np.zeros(len(codes.dictionary), dtype=np.int64)
        last[_numpy(codes.indices)] = np.arange(len(codes))  # of several the last one stays
        heads = heads.take(pa.array(last))
        if recent.num_rows > _INDEX_AFTER:
            number = view.last()
            with contextlib.suppress(OSError):  # it only saves time
                write_arrow(path, heads, {"through": number, "rows": view.rows_through(number)})
        return heads

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Hold the right to write; give False, with a warning, when it cannot be had."""
        path = self.folder / "writer.lock"
        lock = filelock.FileLock(path, timeout=LOCK_SECONDS, mode=0o600, thread_local=False)
        try:
            make_private_folder(self.folder.parent)
            make_private_folder(self.folder)
            lock.acquire()
        except (OSError, filelock.Timeout) as error:
            message = f"the history's lock {path} could not be had ({error}); nothing was recorded"
            warnings.warn(message, CacheWarning, stacklevel=4)
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


def _scopes(known: list[str], scope: str | None) -> list[str]:
    """Return the digests of the questions that were asked, with this one; the oldest are forgotten."""
    if scope is None:
        return known
    digest = hashlib.blake2b(scope.encode(), digest_size=8).hexdigest()
    return known if digest in known else [*known, digest][-_MOST_SCOPES:]


def _new_versions(table: pa.Table, heads: pa.Table, seen_at: float, *, was_asked: bool) -> pa.Table:
    """Return the rows that say something else than the last version of their id, as they are stored."""
    digests = _digests(table)
    stored = heads.take(pc.index_in(table["id"], value_set=_whole(heads["id"])))
    is_there = pc.invert(stored["deleted"]).fill_null(False)  # noqa: FBT003 - Arrow's own signature
    is_same = pc.and_(is_there, pc.equal(stored["digest"], digests).fill_null(False))  # noqa: FBT003
    is_new = pc.invert(is_same)
    added = pc.and_(pc.invert(is_there), pa.scalar(was_asked))
    return _stored(table.filter(is_new), seen_at, digests.filter(_whole(is_new)), added=added.filter(is_new))


def _tombstones(last: pa.Table, seen_at: float) -> pa.Table:
    return _stored(last.select(ARROW_SCHEMA.names), seen_at, last["digest"], deleted=True)


def _stored(
    table: pa.Table,
    seen_at: float,
    digests: pa.Array | pa.ChunkedArray,
    *,
    added: pa.ChunkedArray | None = None,
    deleted: bool = False,
) -> pa.Table:
    rows = table.num_rows
    instant = pa.scalar(round(seen_at * 1e6), pa.int64()).cast(_INSTANT)
    columns = [
        *table.columns,
        pa.repeat(instant, rows),
        pa.repeat(pa.scalar(deleted), rows),
        pa.repeat(pa.scalar(False), rows) if added is None else added,  # noqa: FBT003
        digests,
    ]
    return pa.table(columns, schema=_SCHEMA)


def _index(path: Path, view: View) -> tuple[pa.Table, int]:
    """Read the index; empty, as of before the first file, when it is not one of these files."""
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
    return _HEADS.empty_table(), 0


def _digests(table: pa.Table) -> pa.Array:
    """Return a digest of the content of each row, the same in every process and version."""
    texts, sizes = [], []
    for column in table.select(ARROW_SCHEMA.names).columns:
        if pa.types.is_list(column.type):
            sizes.append(pc.list_value_length(column))
            column = pc.binary_join(column, "\0")  # noqa: PLW2901 - the same column, as text
        elif pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())  # noqa: PLW2901
        text = column.cast(pa.large_string())
        texts.append(text)
        sizes.append(pc.binary_length(text))
    # the lengths come first, so that no text can be taken for the end of another one
    heads = [size.cast(pa.large_string()) for size in sizes]
    comma, nothing = (pa.scalar(text, pa.large_string()) for text in (",", ""))
    replace = {"null_handling": "replace", "null_replacement": "-"}
    lengths = pc.binary_join_element_wise(*heads, comma, **replace)
    joined = _whole(pc.binary_join_element_wise(lengths, *texts, nothing, **replace))
    offsets = np.frombuffer(joined.buffers()[1], dtype=np.int64)[joined.offset :].tolist()
    content = memoryview(joined.buffers()[2] or b"")
    digests = b"".join(
        hashlib.blake2b(content[offsets[row] : offsets[row + 1]], digest_size=16).digest()
        for row in range(len(joined))
    )
    return pa.Array.from_buffers(_DIGEST, len(joined), [None, pa.py_buffer(digests)])


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


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _numpy(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return np.asarray(_whole(values).to_numpy(zero_copy_only=False))
