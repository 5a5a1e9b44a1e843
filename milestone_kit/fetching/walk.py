"""A walk through all pages of a query: taken up again after a failure, closed by what changed meanwhile."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from milestone_kit.core.notices import carried
from milestone_kit.errors import ApiError, IncompleteError, PaginationError, SchemaError
from milestone_kit.fetching.delta import DeltaRefusedError, changed_since
from milestone_kit.fetching.page_source import chain_of, source_of
from milestone_kit.fetching.progress import reporting
from milestone_kit.fetching.sweep import Sweep, within
from milestone_kit.storage.manifests import Manifest, to_frame
from milestone_kit.table.frame import join_pages, warn_repairs
from milestone_kit.table.merge import merge_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from milestone_kit.api.page_cache import PageSession
    from milestone_kit.api.transport import Transport
    from milestone_kit.core.query import Query
    from milestone_kit.core.settings import Settings
    from milestone_kit.fetching.delta import Delta, Deltas
    from milestone_kit.fetching.plan import Density
    from milestone_kit.fetching.progress import Progress
    from milestone_kit.storage.manifests import WalkRecord
    from milestone_kit.storage.store import Store

    Kept = tuple[pa.Table, Manifest]

__all__ = ["Ask", "Walks"]

_log = logging.getLogger("milestone_kit")


class Ask(NamedTuple):
    """One question, as `Fetcher.fetch` got it."""

    query: Query
    limit: int
    max_rows: int | None
    refresh: bool
    progress: Progress


class _Walk:
    """A walk under way: its sweep, and the record by which it can be gone on with."""

    def __init__(self, store: Store, query: Query, record: WalkRecord, sweep: Sweep) -> None:
        self._store = store
        self.query = query
        self.record = record
        self.sweep = sweep
        self.resumed = store.pages_path(query, record).exists()

    def cut(self, cuts: list[int]) -> None:
        self.record = self._store.cut(self.query, self.record, cuts)

    def interrupt(self) -> None:
        self._store.interrupt(self.query, self.record)


class Walks:
    """Walks through the pages of queries.

    Parameters
    ----------
    settings : Settings
        Says how many pages may be asked for side by side, and how old a walk may be to be gone on with.
    transport : Transport
        Asks the server.
    store : Store
        Keeps unfinished walks.
    deltas : Deltas
        Asks for what changed.
    now : callable
        Gives seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        transport: Transport,
        store: Store,
        deltas: Deltas,
        *,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._store = store
        self._deltas = deltas
        self._now = now

    def run(self, ask: Ask, density: Density) -> Kept:
        """Walk through the pages of a query, or go on where an earlier attempt ended.

        Parameters
        ----------
        ask : Ask
            The question.
        density : Density
            Where rows are expected.

        Returns
        -------
        table : pyarrow.Table
            In `ARROW_SCHEMA`, one row per id, in order; closed by a delta where it took several pages.
        manifest : Manifest
            `complete` says whether the walk reached its end; it need not with `max_rows`.

        Raises
        ------
        IncompleteError
            When pages came, and then no more could be had; with the rows so far.
        MilestoneKitError
            When none could be had, or they are wrong.
        """
        try:
            return self._run_once(ask, density)
        except IncompleteError as error:
            cause = error.__cause__
            if not (isinstance(cause, ApiError) and cause.status_code == 400):
                raise
            # after a good page a 400 can only mean the cursor: it expired, so begin once more
            _log.info("the walk's cursor was refused, walking anew: %s", cause)
            self._store.forget_walk(ask.query)
            return self._run_once(ask, density)

    def stream(self, query: Query, *, limit: int, max_rows: int | None) -> Iterator[pa.Table]:
        """Yield the answer page by page as it comes, keeping nothing; some rows more than `max_rows`."""
        sweep = Sweep(query, max_rows=max_rows)
        source = source_of(self._transport, self._transport.session(), query, limit=limit)
        for table in sweep.run(chain_of(source)):
            yield join_pages([table], sweep.repairs)
        warn_repairs(sweep.repairs)

    def _run_once(self, ask: Ask, density: Density) -> Kept:
        query = ask.query
        record = self._store.walk(
            query,
            limit=ask.limit,
            now=self._now(),
            longest=self._settings.expire_after,
            refresh=ask.refresh,
        )
        walk = _Walk(self._store, query, record, Sweep(query, max_rows=ask.max_rows))
        session = self._transport.cached_session(self._store.pages_path(query, record))
        try:
            self._go(ask, walk, session, density)
            with ThreadPoolExecutor(1) as beside:
                joined = beside.submit(carried(walk.sweep.table))  # while the network is asked for the gap
                closed = self._close(ask, walk, density)
                table = joined.result()
        except (SchemaError, PaginationError):
            self._store.forget_walk(query)  # its pages are wrong: they must not be served again
            raise
        except KeyboardInterrupt:
            walk.interrupt()
            raise
        except ApiError as error:
            if not walk.sweep.pages:
                raise
            walk.interrupt()
            raise self._incomplete(walk, error) from error
        finally:
            session.cache.close()  # only the page file: the connections are shared
        warn_repairs(walk.sweep.repairs)
        return self._closed(walk, table, closed)

    def _go(self, ask: Ask, walk: _Walk, session: PageSession, density: Density) -> None:
        """Walk through the pages, those that an earlier attempt left in the cache included."""
        source = source_of(
            self._transport, session, ask.query, limit=ask.limit, cut=walk.cut, resumed=walk.resumed
        )
        with reporting(ask.progress) as report:
            if ask.max_rows is not None:
                walk.sweep.keep(walk.sweep.run(chain_of(source)), report)
                return
            walk.sweep.run_ranges(
                source,
                limit=ask.limit,
                workers=self._settings.workers,
                density=density,
                report=report,
                cuts=walk.record.cuts,
            )

    def _close(self, ask: Ask, walk: _Walk, density: Density) -> Delta | None:
        """Ask for what changed while a walk of several pages ran; None where that cannot be or needs not."""
        sweep = walk.sweep
        if not sweep.whole or sweep.pages <= 1 or ask.query.min_updated_ts is not None:
            return None
        since = changed_since(
            sweep.newest(), began=walk.record.started, ended=self._now(), overlap=self._settings.overlap
        )
        try:
            return self._deltas.ask(ask.query, since, limit=ask.limit, density=density.shape())
        except DeltaRefusedError as error:
            _log.warning("what changed while the walk ran is not known: %s", error)
            return None

    def _closed(self, walk: _Walk, table: pa.Table, delta: Delta | None) -> Kept:
        """Merge the closing delta, and say how it all came about."""
        repaired = walk.sweep.repairs.total() + walk.sweep.rescued
        if delta is not None:
            table, counts = merge_tables(table, delta.table)
            before = table.num_rows
            table = within(table, walk.query)
            # of what a delta brings beyond the bounds nothing was repaired
            repaired += max(0, counts.added - (before - table.num_rows)) + counts.changed
        manifest = self._manifest(walk, table, repaired)
        return table, manifest if delta is None else replace(manifest, as_of=delta.as_of)

    def _incomplete(self, walk: _Walk, error: ApiError) -> IncompleteError:
        sweep = walk.sweep
        table = sweep.table()
        message = (
            f"the walk stopped after {sweep.pages} pages ({table.num_rows} milestones are in .partial): "
            f"{error}; ask again with the same arguments to go on from there"
        )
        manifest = replace(self._manifest(walk, table, sweep.repairs.total()), complete=False)
        return IncompleteError(message, partial=to_frame(table, manifest), pages=sweep.pages)

    def _manifest(self, walk: _Walk, table: pa.Table, repaired: int) -> Manifest:
        return Manifest(
            base_url=self._settings.base_url,
            query=walk.query.key(),
            started=walk.record.started,
            finished=self._now(),
            rows=table.num_rows,
            pages=walk.sweep.pages,
            repaired=repaired,
            complete=walk.sweep.whole,
            last_full_sweep=walk.record.started,
            as_of=walk.record.started,
        )
