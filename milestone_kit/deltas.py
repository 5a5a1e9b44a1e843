"""Ask only for what changed: the delta that closes a walk's gap, and the one that refreshes a snapshot."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.errors import ApiError
from milestone_kit.frame import Repairs, join_pages
from milestone_kit.source import source_of
from milestone_kit.sweep import Sweep, newest_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from milestone_kit.http import Transport
    from milestone_kit.query import Query
    from milestone_kit.ranges import Density
    from milestone_kit.settings import Settings

__all__ = ["Delta", "DeltaRefusedError", "Deltas", "changed_since"]

_ROUNDS: Final = 3
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
    pages : int
        How many pages it took.
    repairs : Repairs
        What had to be repaired.
    """

    table: pa.Table
    began: float
    as_of: float
    pages: int
    repairs: Repairs


def changed_since(newest: int | None, *, began: float, ended: float, overlap: float) -> int:
    """Return since when a delta must ask so that it misses nothing that happened after `began`.

    Parameters
    ----------
    newest : int, optional
        The newest `last_updated_ts` of what was fetched, in microseconds since 1970.
    began, ended : float
        Seconds since 1970, on this machine's clock, between which it was fetched.
    overlap : float
        Seconds to reach back further: a server may show a change a while after it dated it.

    Returns
    -------
    int
        Unix seconds, on the server's clock.

    Notes
    -----
    The two clocks may differ. No row can have been dated after the fetch ended, so the newest
    `last_updated_ts` less the time that the fetch took is, on the server's own clock, not after its
    beginning. The earlier of that and `began` is taken: dates that lie in the future are no harm then.
    """
    since = began if newest is None else min(began, newest / 1e6 - max(0.0, ended - began))
    return max(0, int(since - overlap))


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
        density: Density,
        report: Callable[[int, int], object] = lambda _rows, _pages: None,
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
        density : Density
            Where rows are expected.
        report : callable
            Is told (rows, pages) after each page.

        Raises
        ------
        DeltaRefusedError
            When the server does not know the parameter.
        MilestoneKitError
            When a page cannot be had.

        Notes
        -----
        Rows go on changing while a delta of several pages is walked, so what changed since it began is
        asked for once more, until one page holds it all (at most three times).
        """
        tables: list[pa.Table] = []
        repairs = Repairs()
        pages = 0
        began = as_of = self._now()
        for _ in range(_ROUNDS):
            as_of = self._now()
            asked = max(since, query.min_updated_ts or 0)
            sweep = self._sweep(query, asked, limit, density, report)
            tables.append(sweep.table())
            pages += sweep.pages
            repairs += sweep.repairs
            if sweep.pages <= 1:
                break
            since = changed_since(
                newest_of(tables[-1]), began=as_of, ended=self._now(), overlap=self._settings.overlap
            )
        return Delta(join_pages(tables), began, as_of, pages, repairs)

    def _sweep(
        self,
        query: Query,
        since: int,
        limit: int,
        density: Density,
        report: Callable[[int, int], object],
    ) -> Sweep:
        changed = replace(query, minimum_start_date=None, maximum_start_date=None, min_updated_ts=since)

        def check(page: pa.Table) -> None:
            oldest = pc.min(page["last_updated_ts"]).cast(pa.int64()).as_py()
            if oldest is not None and oldest < since * 1_000_000:
                raise DeltaRefusedError(f"rows of {oldest} came, asked for since {since}")

        sweep = Sweep(changed, check=check)
        source = source_of(self._transport, self._transport.session(), changed, limit=limit)
        try:
            sweep.run_ranges(
                source, limit=limit, workers=self._settings.workers, density=density, report=report
            )
        except ApiError as error:
            if error.status_code != _BAD_REQUEST:
                raise
            raise DeltaRefusedError(str(error)) from error
        return sweep
