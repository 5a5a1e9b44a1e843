"""A walk through all pages of a query: taken up again after a failure, closed by what changed meanwhile."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from milestone_kit.core.notices import warn
from milestone_kit.core.settings import shown_url
from milestone_kit.core.threads import Beside
from milestone_kit.errors import (
    ApiError,
    DataWarning,
    IncompleteError,
    PaginationError,
    SchemaError,
    TooLargeError,
)
from milestone_kit.fetching.delta import DeltaRefusedError, changed_since
from milestone_kit.fetching.gathering import Gathering, within
from milestone_kit.fetching.losses import LostRowsError
from milestone_kit.fetching.page_source import PageSource
from milestone_kit.fetching.progress import reporting
from milestone_kit.fetching.start_density import StartDensity
from milestone_kit.storage.manifests import Manifest, to_frame
from milestone_kit.table.frame import join_pages
from milestone_kit.table.intake import Repairs, refuse_rejected
from milestone_kit.table.merge import merge_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    import requests

    from milestone_kit.api.transport import Transport
    from milestone_kit.core.query import Query
    from milestone_kit.core.settings import Settings
    from milestone_kit.fetching.delta import Delta, Deltas
    from milestone_kit.fetching.growth import Growth
    from milestone_kit.fetching.progress import Progress
    from milestone_kit.storage.cache_folder import CacheFolder
    from milestone_kit.storage.unfinished import UnfinishedWalk

    Kept = tuple[pa.Table, Manifest]

__all__ = ["Ask", "FullWalks"]

_BAD_REQUEST: Final = 400
_log = logging.getLogger("milestone_kit")


class Ask(NamedTuple):
    """One question, as `Fetcher.fetch` got it."""

    query: Query
    limit: int
    max_rows: int | None
    refresh: bool
    progress: Progress
    strict: bool = False
    growth: Growth | None = None

    def shown(
        self, gathering: Gathering, report: Callable[[int, int], object]
    ) -> Callable[[int, int], object]:
        """Return what is told (rows, pages) after each page, so that whoever watches sees it as well."""
        growth = self.growth
        if growth is None:
            return report

        def tell(rows: int, pages: int) -> None:
            report(rows, pages)
            growth.saw(gathering)

        return tell


class _UnderWay(NamedTuple):
    ask: Ask
    walk: UnfinishedWalk
    gathering: Gathering


class FullWalks:
    """Walks through the pages of queries.

    Parameters
    ----------
    settings : Settings
        Says how many pages may be asked for side by side, and how old a walk may be to be gone on with.
    transport : Transport
        Asks the server.
    cache : CacheFolder
        Keeps unfinished walks.
    deltas : Deltas
        Asks for what changed.
    tell : callable
        Is given what had to be repaired or set aside.
    now : callable
        Gives seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        transport: Transport,
        cache: CacheFolder,
        deltas: Deltas,
        *,
        tell: Callable[[Repairs], object],
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._cache = cache
        self._deltas = deltas
        self._tell = tell
        self._now = now

    def run(self, ask: Ask, density: StartDensity, judge: Callable[[pa.Table, Manifest], pa.Table]) -> Kept:
        """Walk through the pages of a query, or go on where an earlier attempt ended.

        Parameters
        ----------
        ask : Ask
            The question.
        density : StartDensity
            Where rows are expected.
        judge : callable
            Is given what a walk that reached its end brought; returns it, maybe with what it lacked, or
            raises LostRowsError.

        Returns
        -------
        table : pyarrow.Table
            In `ARROW_SCHEMA`, one row per id, in order; closed by a delta where it took several pages.
        manifest : Manifest
            `complete` says whether the walk reached its end; it need not with `max_rows`.

        Raises
        ------
        IncompleteError
            When pages came, and then no more could be had, with the rows so far; or when rows are missing.
        MilestoneKitError
            When none could be had, or they are wrong.
        """
        try:
            return self._run_once(ask, density, judge)
        except IncompleteError as error:
            if not _is_about_the_cursor(error.__cause__):
                raise
            _log.info("the walk's cursor was refused, walking anew: %s", error.__cause__)
            return self._run_once(ask, density, judge)

    def stream(
        self, query: Query, *, limit: int, max_rows: int | None, strict: bool = False
    ) -> Iterator[pa.Table]:
        """Yield the answer page by page as it comes, keeping nothing; some rows more than `max_rows`."""
        gathering = Gathering(
            query,
            PageSource(self._transport, query, limit=limit),
            limit=limit,
            density=StartDensity.usual(self._now()),
            patience=self._settings.patience,
        )
        for page in gathering.in_turn(max_rows):
            if strict:
                refuse_rejected(page.repairs)
            yield join_pages([page.table], gathering.repairs)
        self._tell(gathering.repairs)

    def _run_once(
        self, ask: Ask, density: StartDensity, judge: Callable[[pa.Table, Manifest], pa.Table]
    ) -> Kept:
        walk = self._cache.walk(
            ask.query,
            limit=ask.limit,
            now=self._now(),
            longest=self._settings.expire_after,
            refresh=ask.refresh,
        )
        session = self._transport.cached_session(walk.pages_path)
        date = self._dating(walk)
        gathering = self._gathering(ask, walk, session, density, date)
        run = _UnderWay(ask, walk, gathering)
        try:
            try:
                with reporting(ask.progress) as report:
                    shown = ask.shown(gathering, report)
                    gathering.gather(workers=self._settings.workers, max_rows=ask.max_rows, report=shown)
            finally:
                date()
            joined = Beside(gathering.table)  # while the network is asked for the gap
            try:
                closed = self._close(run, density)
            finally:
                joined.wait()
            table = joined.result()
            if ask.strict:
                refuse_rejected(gathering.repairs)
        except (SchemaError, PaginationError, TooLargeError):
            walk.forget()  # its pages are of no use: they must not be served again
            raise
        except ApiError as error:
            if not gathering.pages:
                raise
            if _is_about_the_cursor(error):
                walk.forget()  # nobody can go on from there
            else:
                walk.interrupt()
            raise self._incomplete(run, error) from error
        except BaseException:  # somebody wants no more for now
            walk.interrupt()
            raise
        finally:
            session.cache.close()  # only the page file: the connections are shared
        self._tell(gathering.repairs)
        return self._judged(run, *self._closed(run, table, closed), judge)

    @staticmethod
    def _judged(
        run: _UnderWay,
        table: pa.Table,
        manifest: Manifest,
        judge: Callable[[pa.Table, Manifest], pa.Table],
    ) -> Kept:
        if not manifest.complete:
            return table, manifest
        try:
            judged = judge(table, manifest)
        except LostRowsError as error:
            run.walk.forget()  # asking again must be another sweep
            partial = to_frame(table, replace(manifest, complete=False))
            raise IncompleteError(
                str(error), partial=partial, pages=manifest.pages, missing=error.missing
            ) from None
        return judged, replace(manifest, rows=judged.num_rows)

    def _dating(self, walk: UnfinishedWalk) -> Callable[[], None]:
        """Return what notes, as soon as that is known, when a new walk began on the server's clock."""
        began = self._transport.clock()

        def date() -> None:
            if not walk.resumed and walk.server_started is None:
                walk.began(self._transport.server_time(began))

        return date

    def _gathering(
        self,
        ask: Ask,
        walk: UnfinishedWalk,
        session: requests.Session,
        density: StartDensity,
        date: Callable[[], None],
    ) -> Gathering:
        source = PageSource(
            self._transport, ask.query, limit=ask.limit, session=session, resumed=walk.resumed
        )

        def cut(cuts: list[int]) -> None:
            date()
            walk.cut(cuts)

        return Gathering(
            ask.query,
            source,
            limit=ask.limit,
            density=density,
            cuts=walk.cuts if ask.max_rows is None else (),  # the first rows come with the first range
            cut=cut,
            near=None if ask.growth is None else ask.growth.now,
            resumed=walk.resumed,
            stop=None if ask.growth is None else ask.growth.stop,
            patience=self._settings.patience,
        )

    def _close(self, run: _UnderWay, density: StartDensity) -> Delta | None:
        """Ask for what changed while a walk of several pages ran; None where that cannot be or needs not."""
        ask, walk, gathering = run
        if not gathering.whole or gathering.pages <= 1 or ask.query.min_updated_ts is not None:
            return None
        started = walk.started if walk.server_started is None else walk.server_started
        since = changed_since(
            gathering.newest(),
            began=started,
            lasted=self._now() - walk.started,
            overlap=self._settings.overlap,
        )
        try:
            return self._deltas.ask(
                ask.query,
                since,
                limit=ask.limit,
                density=density.shape(),
                stop=None if ask.growth is None else ask.growth.stop,
            )
        except DeltaRefusedError as error:
            _log.warning("what changed while the walk ran is not known: %s", error)
        except ApiError as error:  # the walk is whole all the same
            message = f"what changed while the walk ran is not known; the next refresh asks for it: {error}"
            warn(message, DataWarning)
        return None

    def _closed(self, run: _UnderWay, table: pa.Table, delta: Delta | None) -> Kept:
        """Merge the closing delta, and say how it all came about."""
        repaired = run.gathering.repairs.total() + run.gathering.rescued
        if delta is None:
            return table, self._manifest(run, table, repaired)
        table, counts = merge_tables(table, delta.table)
        before = table.num_rows
        table = within(table, run.ask.query)
        # of what a delta brings beyond the bounds nothing was repaired
        repaired += max(0, counts.added - (before - table.num_rows)) + counts.changed
        return table, replace(
            self._manifest(run, table, repaired), as_of=delta.as_of, server_as_of=delta.server_as_of
        )

    def _incomplete(self, run: _UnderWay, error: ApiError) -> IncompleteError:
        table, pages = run.gathering.table(), run.gathering.pages
        message = (
            f"the walk stopped after {pages} pages ({table.num_rows} milestones are in .partial): "
            f"{error}; ask again with the same arguments to go on from there"
        )
        manifest = self._manifest(run, table, run.gathering.repairs.total())
        return IncompleteError(
            message, partial=to_frame(table, replace(manifest, complete=False)), pages=pages
        )

    def _manifest(self, run: _UnderWay, table: pa.Table, repaired: int) -> Manifest:
        return Manifest(
            base_url=shown_url(self._settings.base_url),
            query=run.ask.query.key(),
            started=run.walk.started,
            finished=self._now(),
            rows=table.num_rows,
            pages=run.gathering.pages,
            last_full_sweep=run.walk.started,
            as_of=run.walk.started,
            server_as_of=run.walk.server_started,
            repaired=repaired,
            complete=run.gathering.whole,
            rejected=tuple(each.id or "" for each in run.gathering.repairs.rejected),
        )


def _is_about_the_cursor(error: BaseException | None) -> bool:
    """Tell whether an answer after a good page was a 400: that can only mean the cursor, which expired."""
    return isinstance(error, ApiError) and error.status_code == _BAD_REQUEST
