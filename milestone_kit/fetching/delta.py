"""Ask only for what changed: the delta that closes a walk's gap, and the one that refreshes a snapshot."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.errors import ApiError
from milestone_kit.fetching.gathering import Gathering, newest_of
from milestone_kit.fetching.page_source import PageSource
from milestone_kit.table.frame import join_pages, starts_of
from milestone_kit.table.intake import Repairs

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from milestone_kit.api.transport import Transport
    from milestone_kit.core.query import Query
    from milestone_kit.core.settings import Settings
    from milestone_kit.fetching.start_density import StartDensity

__all__ = ["Delta", "DeltaRefusedError", "Deltas", "changed_ids", "changed_since", "likely_cuts"]

_ROUNDS: Final = 3
_NOTICEABLE: Final = 1.0
_LARGE: Final = 100
_RECENT: Final = 100
_BAD_REQUEST: Final = 400
_log = logging.getLogger("milestone_kit")


class DeltaRefusedError(Exception):
    """The server does not know `min_updated_ts`: it refuses or ignores it."""


class Delta(NamedTuple):
    """What changed.

    Attributes
    ----------
    table : pyarrow.Table
        In `ARROW_SCHEMA`, one row per id.
    began, as_of : float
        Seconds since 1970 at which it was first asked for, and at which the last question was put.
    server_as_of : float, optional
        `as_of` on the server's clock, or a little before; None where the server told no time.
    pages : int
        How many pages it took.
    repairs : Repairs
        What had to be repaired.
    """

    table: pa.Table
    began: float
    as_of: float
    server_as_of: float | None
    pages: int
    repairs: Repairs


def changed_since(newest: int | None, *, began: float, lasted: float, overlap: float) -> int:
    """Return since when a delta must ask so that it misses nothing that happened after `began`.

    Parameters
    ----------
    newest : int, optional
        The newest `last_updated_ts` of what was fetched, in microseconds since 1970.
    began : float
        Seconds since 1970 at which it was begun to be fetched: on the server's clock where that is known,
        else on this machine's.
    lasted : float
        How many seconds that took.
    overlap : float
        Seconds to reach back further: a server may show a change a while after it dated it.

    Returns
    -------
    int
        Unix seconds, on the server's clock.

    Notes
    -----
    This machine's clock may differ from the server's, and the server's from that which dates its rows. No
    row can have been dated after the fetch ended, so the newest `last_updated_ts` less the time that the
    fetch took is, on the clock that dates rows, not after its beginning. The earlier of that and `began` is
    taken: dates that lie in the future are no harm then.
    """
    since = began if newest is None else min(began, newest / 1e6 - max(0.0, lasted))
    return max(0, int(since - overlap))


def changed_ids(table: pa.Table, since: int) -> pa.ChunkedArray:
    """Return the ids of the rows of a table that changed since, in Unix seconds: a delta gives them again."""
    updated = table["last_updated_ts"].cast(pa.int64())
    return table["id"].filter(pc.greater_equal(updated, since * 1_000_000).fill_null(False))  # noqa: FBT003


def likely_cuts(table: pa.Table, *, limit: int) -> list[int]:
    """Return where to cut the delta of a large table, so that a few pages come at one time.

    Parameters
    ----------
    table : pyarrow.Table
        The snapshot, in `ARROW_SCHEMA` and in order.
    limit : int
        Rows of a full page.

    Returns
    -------
    list of int
        Microseconds since 1970: at the quarters of the table, and at the middle of what changed last, where
        most of what changes next will be. Empty for a table of less than a hundred pages, whose delta
        should be one question.
    """
    if table.num_rows < _LARGE * limit:
        return []
    starts = starts_of(table)
    updated = table["last_updated_ts"].cast(pa.int64()).fill_null(0).to_numpy()
    latest = np.argpartition(updated, -_RECENT)[-_RECENT:]
    quarters = [starts[quarter * len(starts) // 4] for quarter in (1, 2, 3)]
    chosen = [*quarters, int(np.median(starts[latest]))]
    return sorted({int(start) // 1_000_000 * 1_000_000 + 1_000_000 for start in chosen})


class Deltas:
    """Asks for what changed since a moment.

    Parameters
    ----------
    settings : Settings
        Says how many pages may be asked for side by side, and the overlap.
    transport : Transport
        Asks the server.
    now : callable
        Gives seconds since 1970.
    """

    def __init__(self, settings: Settings, transport: Transport, now: Callable[[], float]) -> None:
        self._settings = settings
        self._transport = transport
        self._now = now

    def ask(
        self,
        query: Query,
        since: int,
        *,
        limit: int,
        density: StartDensity,
        report: Callable[[int, int], object] = lambda _rows, _pages: None,
        cuts: Sequence[int] = (),
        expected: pa.ChunkedArray | None = None,
        stop: threading.Event | None = None,
    ) -> Delta:
        """Fetch the rows that match the filters of a query and changed since.

        Parameters
        ----------
        query : Query
            Its bounds on the start are left out: a row that moved beyond them did change.
        since : int
            Unix seconds.
        limit : int
            Rows of a full page.
        density : StartDensity
            Where rows are expected.
        report : callable
            Is told (rows, pages) after each page.
        cuts : sequence of int
            Starts, in microseconds since 1970, at which it is cut into ranges from the beginning.
        expected : pyarrow.ChunkedArray, optional
            Ids of rows that are known to have changed since. An answer without one of them is asked for
            once more: the row may be gone, but it may also be the answer that is short.
        stop : threading.Event, optional
            Ends it, in a StoppedError, once it is set.

        Raises
        ------
        DeltaRefusedError
            When the server does not know the parameter.
        MilestoneKitError
            When a page cannot be had.

        Notes
        -----
        Rows go on changing while a delta of several pages is walked. One that took more than a second
        is therefore followed by another for what changed since it began, at most twice; what changes
        during the last one is for the next refresh, which asks from the beginning of that on.
        """
        tables: list[pa.Table] = []
        repairs = Repairs()
        pages = 0
        began = as_of = self._now()
        server_as_of: float | None = None
        for _ in range(_ROUNDS):
            as_of, moment = self._now(), self._transport.clock()
            gathering = self._gathering(query, since, limit, density, cuts, stop)
            try:
                gathering.gather(workers=self._settings.workers, report=report)
            except ApiError as error:
                if error.status_code != _BAD_REQUEST:
                    raise
                raise DeltaRefusedError(str(error)) from error
            tables.append(gathering.table())
            pages += gathering.pages
            repairs += gathering.repairs
            server_as_of = self._transport.server_time(moment)
            if expected is not None and not _has_all(tables[-1], expected):
                expected = None
                continue
            if gathering.pages <= 1 or self._now() - as_of < _NOTICEABLE:
                break
            since = changed_since(
                newest_of(tables[-1]),
                began=as_of if server_as_of is None else server_as_of,
                lasted=self._now() - as_of,
                overlap=0.0,
            )
            cuts = ()
        return Delta(join_pages(tables), began, as_of, server_as_of, pages, repairs)

    def _gathering(  # noqa: PLR0917 - what `ask` was given
        self,
        query: Query,
        since: int,
        limit: int,
        density: StartDensity,
        cuts: Sequence[int],
        stop: threading.Event | None,
    ) -> Gathering:
        asked = max(since, query.min_updated_ts or 0)
        changed = replace(query, minimum_start_date=None, maximum_start_date=None, min_updated_ts=asked)

        def check(page: pa.Table) -> None:
            oldest = pc.min(page["last_updated_ts"]).cast(pa.int64()).as_py()
            if oldest is not None and oldest < asked * 1_000_000:
                raise DeltaRefusedError(f"rows of {oldest} came, asked for since {asked}")

        return Gathering(
            changed,
            PageSource(self._transport, changed, limit=limit),
            limit=limit,
            density=density,
            cuts=cuts,
            patience=self._settings.patience,
            check=check,
            lenient=True,
            stop=stop,
        )


def _has_all(table: pa.Table, ids: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.is_in(ids, value_set=table["id"].combine_chunks())).as_py() is not False)
