"""What a sweep lacks of what was known: whether it is deleted, or was lost on the way.

A server that cuts its answer short says "complete" all the same. So whatever was known and did not come is
asked for once more, by its id, as far as it is little, and a sample of it where it is much:

- what is still there is put into the table (little), or proves the sweep wrong (much);
- what is gone by id as well is deleted, as far as it is little, or a small share that lies scattered;
- anything else, such as the end of the table or a whole year, counts as deleted once a second sweep lacks it
  too. Where rows were found by id nevertheless, that second sweep must be a day younger.

Until then the sweep is an error, and neither snapshot nor history is touched.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.core.notices import warn
from milestone_kit.core.threads import spread
from milestone_kit.errors import ApiError, DataWarning, NotFoundError, SchemaError
from milestone_kit.fetching.gathering import within
from milestone_kit.storage.doubts import Doubt
from milestone_kit.table.arrays import to_numpy
from milestone_kit.table.frame import join_pages, page_table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from milestone_kit.api.transport import Transport
    from milestone_kit.core.query import Query
    from milestone_kit.storage.doubts import Doubts

__all__ = ["Losses", "LostRowsError"]

_FEW: Final = 20
_SMALL_SHARE: Final = 0.05
_DAY: Final = 86_400.0


class LostRowsError(Exception):
    """Rows that were known did not come, and nobody can say yet that they are gone.

    Attributes
    ----------
    missing : int
        How many.
    """

    def __init__(self, message: str, missing: int) -> None:
        super().__init__(message)
        self.missing = missing


class _Fate(enum.Enum):
    GONE = "gone"
    LEFT = "changed, and no answer to the question any more"
    THERE = "still there"
    UNKNOWN = "not to be told"


class _Found(NamedTuple):
    fate: _Fate
    row: pa.Table | None = None


class Losses:
    """Judges what sweeps lack.

    Parameters
    ----------
    transport : Transport
        Asks for single milestones.
    doubts : Doubts
        Keeps what a sweep lacked until the next.
    workers : int
        How many milestones may be asked for side by side.
    now : callable
        Gives seconds since 1970.
    """

    def __init__(
        self, transport: Transport, doubts: Doubts, *, workers: int, now: Callable[[], float]
    ) -> None:
        self._transport = transport
        self._doubts = doubts
        self._workers = workers
        self._now = now

    def judge(
        self, query: Query, key: str, *, known: pa.Table | None, swept: pa.Table, rejected: Collection[str]
    ) -> pa.Table:
        """Return what a sweep brought, with what it lacked wrongly.

        Parameters
        ----------
        query : Query
            The question.
        key : str
            What it is filed under.
        known : pyarrow.Table, optional
            `id` and `start_date` of what was known, in order; None where nothing was.
        swept : pyarrow.Table
            All that the sweep brought, in `ARROW_SCHEMA`.
        rejected : collection of str
            Ids that came, and were set aside.

        Raises
        ------
        LostRowsError
            When so much is missing that a second sweep must agree.
        """
        if known is None:
            return swept
        came = pa.concat_arrays([swept["id"].combine_chunks(), pa.array(rejected, pa.large_string())])
        places = np.flatnonzero(~to_numpy(pc.is_in(known["id"], value_set=came)))
        if not len(places):
            self._doubts.forget(key)
            return swept
        missing = known["id"].take(pa.array(places)).to_pylist()
        found = self._look_again(query, missing, swept)
        fates = {each.fate for each in found.values()}
        if len(found) == len(missing) and _Fate.UNKNOWN not in fates:
            self._doubts.forget(key)
            return _with_rows(swept, [each.row for each in found.values() if each.fate is _Fate.THERE])
        are_gone = fates <= {_Fate.GONE, _Fate.LEFT}
        if (are_gone and _lie_scattered(places, known.num_rows)) or self._agrees(key, missing, fates):
            self._doubts.forget(key)
            return swept
        raise LostRowsError(_words(swept.num_rows, len(missing), list(found.values())), len(missing))

    def _agrees(self, key: str, missing: list[str], fates: set[_Fate]) -> bool:
        """Tell whether an earlier sweep lacked the same already; else keep what this one lacked."""
        before = self._doubts.read(key)
        if before is None or not set(missing) <= set(before.ids):
            self._doubts.write(key, Doubt(tuple(missing), self._now()))
            return False
        return _Fate.THERE not in fates or not 0 <= self._now() - before.since < _DAY

    def _look_again(self, query: Query, missing: list[str], swept: pa.Table) -> dict[str, _Found]:
        """Ask for what is missing by id: for all of it, or for a few that lie evenly among them."""
        count = min(len(missing), _FEW)
        asked = [missing[at] for at in np.linspace(0, len(missing) - 1, count).astype(int).tolist()]
        found = dict(
            zip(asked, spread(lambda id_: self._look(query, id_), asked, threads=self._workers), strict=True)
        )
        if any(each.fate is _Fate.GONE for each in found.values()) and not self._tells_by_id(swept):
            return {id_: _Found(_Fate.UNKNOWN) for id_ in asked}
        return found

    def _tells_by_id(self, swept: pa.Table) -> bool:
        """Tell whether what just came can be had by id as well: else "not found" means nothing."""
        return swept.num_rows > 0 and self._look(None, swept["id"][0].as_py()).fate is _Fate.THERE

    def _look(self, query: Query | None, id_: str) -> _Found:
        path = f"/milestones/{quote(id_, safe='')}"
        try:
            answer = self._transport.get(self._transport.session(), path)
            row = page_table([answer.get("milestone")])
        except NotFoundError:
            return _Found(_Fate.GONE)
        except (ApiError, SchemaError):
            return _Found(_Fate.UNKNOWN)
        if row["id"].to_pylist() != [id_]:
            return _Found(_Fate.UNKNOWN)
        if query is not None and not _matches(row, query):
            return _Found(_Fate.LEFT)
        return _Found(_Fate.THERE, row)


def _matches(row: pa.Table, query: Query) -> bool:
    """Tell whether a milestone answers a question, as far as anybody but the server can tell."""
    (only,) = row.select(["category", "type", "source_id", "related_event_tickers"]).to_pylist()
    updated = row["last_updated_ts"].cast(pa.int64())[0].as_py()
    return (
        within(row, query).num_rows == 1
        and (query.category is None or only["category"].casefold() == query.category.casefold())
        and query.type in {None, only["type"]}
        and query.source_id in {None, only["source_id"]}
        and (
            query.related_event_ticker is None or query.related_event_ticker in only["related_event_tickers"]
        )
        and (query.min_updated_ts is None or (updated or 0) >= query.min_updated_ts * 1_000_000)
    )


def _with_rows(table: pa.Table, rows: list[pa.Table | None]) -> pa.Table:
    """Put rows that were found by id into a table, and say so."""
    if not rows:
        return table
    message = (
        f"{len(rows)} milestones that are known were on no page of the sweep; they were asked for by id, are "
        "still there, and are in the table"
    )
    warn(message, DataWarning)
    return join_pages([table, *(row for row in rows if row is not None)])


def _lie_scattered(places: np.ndarray, rows: int) -> bool:
    """Tell whether what is missing is a small share, in short runs, and not the end."""
    runs = np.split(places, np.flatnonzero(np.diff(places) != 1) + 1)
    return len(places) <= _SMALL_SHARE * rows and places[-1] != rows - 1 and max(map(len, runs)) <= _FEW


def _words(came: int, missing: int, found: list[_Found]) -> str:
    counts = {fate: sum(each.fate is fate for each in found) for fate in _Fate}
    fates = ", ".join(f"{count} are {fate.value}" for fate, count in counts.items() if count)
    return (
        f"{came} milestones came, and {missing} that are known did not (of {len(found)} asked for by id, "
        f"{fates}); the older answer is kept. Ask again: what a second sweep, refresh(full=True), does not "
        "bring either counts as deleted"
    )
