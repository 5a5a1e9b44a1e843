"""How a question is answered: from a fresh snapshot, by a delta, by a walk, or by an older snapshot."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from milestone_kit.api.refusals import may_pass
from milestone_kit.core.notices import warn
from milestone_kit.core.settings import shown_url
from milestone_kit.core.threads import Beside
from milestone_kit.errors import (
    ApiError,
    IncompleteError,
    MilestoneKitError,
    NotJSONError,
    OfflineError,
    StaleWarning,
)
from milestone_kit.fetching.delta import Delta, DeltaRefusedError, changed_ids, changed_since, likely_cuts
from milestone_kit.fetching.full_walk import Ask
from milestone_kit.fetching.gathering import newest_of, within
from milestone_kit.fetching.growth import Growth, stages_of
from milestone_kit.fetching.progress import reporting
from milestone_kit.fetching.start_density import StartDensity
from milestone_kit.storage.manifests import FORMAT, Manifest, moment
from milestone_kit.table.frame import starts_of
from milestone_kit.table.intake import Repairs, refuse_rejected
from milestone_kit.table.merge import merge_tables

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from milestone_kit.core.query import Query
    from milestone_kit.core.settings import Settings
    from milestone_kit.fetching.delta import Deltas
    from milestone_kit.fetching.full_walk import FullWalks, Kept
    from milestone_kit.fetching.growth import Stage
    from milestone_kit.fetching.losses import Losses
    from milestone_kit.fetching.progress import Progress
    from milestone_kit.storage.cache_folder import CacheFolder
    from milestone_kit.storage.history import History

__all__ = ["Answer", "Fetcher"]

_REFUSES_DELTAS: Final = frozenset({403, 422})  # and 400, which `Deltas` tells by an error of its own
_log = logging.getLogger("milestone_kit")


class Answer(NamedTuple):
    """What is known of an answer.

    Attributes
    ----------
    table : pyarrow.Table
        In `ARROW_SCHEMA`, one row per id, in order.
    manifest : Manifest
        `complete` says whether the table is the whole answer.
    stale : bool
        Whether it is an older one, which stands in for one that failed or has not come yet.
    stage : Stage, optional
        Where more is to come: how much of it is there.
    """

    table: pa.Table
    manifest: Manifest
    stale: bool = False
    stage: Stage | None = None


class Fetcher:
    """Answers queries with whole tables.

    Parameters
    ----------
    settings : Settings
        Says how old an answer may be, and whether a stale one may stand in.
    cache : CacheFolder
        Keeps snapshots.
    history : History
        Is told every version of every row that comes.
    deltas : Deltas
        Asks for what changed.
    walks : FullWalks
        Asks for everything.
    losses : Losses
        Judges what a walk lacks of what was known.
    tell : callable
        Is given what had to be repaired or set aside.
    teach : callable
        Is given what was fetched, in `ARROW_SCHEMA`, and when, in seconds since 1970: what can be learned
        from it beside its rows is somebody else's. It raises nothing.
    now : callable
        Gives seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        cache: CacheFolder,
        history: History,
        deltas: Deltas,
        walks: FullWalks,
        *,
        losses: Losses,
        tell: Callable[[Repairs], object],
        teach: Callable[[pa.Table, float], object],
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._history = history
        self._deltas = deltas
        self._walks = walks
        self._losses = losses
        self._tell = tell
        self._teach = teach
        self._now = now

    def offline(self, query: Query) -> tuple[pa.Table, Manifest]:
        """Return the snapshot for a query, of any age; OfflineError when there is none."""
        kept = self._cache.read(query)
        if kept is None:
            raise OfflineError(
                f"offline=True, but the cache {self._cache.folder} holds no complete answer to "
                f"{query.key()} from {shown_url(self._settings.base_url)}; ask once without offline=True"
            )
        return kept

    def fresh(self, query: Query) -> Kept | None:
        """Return the snapshot for a query when it is young enough, else None."""
        return self._young(self._cache.read(query))

    def _young(self, kept: Kept | None, *, after: float = 0.0, swept: bool = False) -> Kept | None:
        """Return a snapshot when it is young enough, else None.

        Parameters
        ----------
        kept : tuple, optional
            The snapshot, where there is one.
        after : float
            Seconds since 1970 after which its walk or refresh must have begun.
        swept : bool
            Whether it must have been a walk through all pages.
        """
        if kept is None:
            return None
        manifest = kept[1]
        began = manifest.last_full_sweep if swept else manifest.started
        young = 0 <= self._now() - manifest.started <= self._settings.expire_after
        return kept if young and began > after else None

    def fetch(
        self,
        query: Query,
        *,
        limit: int,
        max_rows: int | None,
        refresh: bool,
        progress: Progress,
        full: bool = False,
        strict: bool = False,
        growth: Growth | None = None,
    ) -> Answer:
        """Return a fresh answer, asking for what changed, or walking for it, where needed.

        Parameters
        ----------
        query, limit, max_rows, refresh, progress
            As for `client.get_milestones`.
        full : bool
            Whether a refresh must walk through all pages.
        strict : bool
            Whether a milestone that had to be set aside is an error.
        growth : Growth, optional
            Watches a walk.

        Returns
        -------
        Answer
            More than `max_rows` rows where they are known.
        """
        asked = self._now()
        kept = None if refresh else self.fresh(query)
        if kept is not None and not (strict and kept[1].rejected):
            return Answer(*kept)
        given_up = (lambda: False) if growth is None else growth.stop.is_set
        with self._cache.lock(query, given_up=given_up):
            # whoever had the lock may just have fetched what is wanted here
            known = self._cache.read(query)
            kept = self._young(known, after=asked if refresh else 0.0, swept=full)
            full = full or (strict and known is not None and bool(known[1].rejected))
            if kept is not None and not (strict and kept[1].rejected):
                return Answer(*kept)
            ask = Ask(query, limit, max_rows, refresh, progress, strict, growth)
            try:
                return Answer(*self._ask(ask, known, full=full))
            except (ApiError, IncompleteError, NotJSONError) as error:
                return Answer(*self._stand_in(query, error), stale=True)

    def grow(
        self,
        query: Query,
        *,
        limit: int,
        refresh: bool,
        progress: Progress,
        strict: bool,
        now: int,
        stop: threading.Event,
    ) -> Iterator[Answer]:
        """Yield what is known of an answer, what comes of it as it comes, and at last the whole.

        Parameters
        ----------
        query, limit, refresh, progress, strict
            As for `fetch`.
        now : int
            The start around which it is fetched first, in microseconds since 1970.
        stop : threading.Event
            Ends it, with what has come by then, once it is set.

        Yields
        ------
        Answer
            First an older one, where there is one that is not fresh, as `stale`; the last is the whole one.
        """
        known = self._cache.read(query)
        kept = None if refresh else self._young(known)
        if kept is not None and not (strict and kept[1].rejected):
            yield Answer(*kept)
            return
        older = known if kept is None else None
        if older is not None:
            yield Answer(*older, stale=True)
        growth = Growth(now, stop, base=None if older is None else older[0])
        whole: list[Answer] = []

        def fetch() -> None:
            answer = self.fetch(
                query,
                limit=limit,
                max_rows=None,
                refresh=refresh,
                progress=progress,
                strict=strict,
                growth=growth,
            )
            whole.append(answer)

        began = self._now()
        with closing(stages_of(growth, fetch)) as stages:
            for stage in stages:
                yield Answer(stage.table, self._unfinished(query, stage, began), stage=stage)
        yield from whole

    def _unfinished(self, query: Query, stage: Stage, began: float) -> Manifest:
        return Manifest(
            base_url=shown_url(self._settings.base_url),
            query=query.key(),
            started=began,
            finished=self._now(),
            rows=stage.table.num_rows,
            pages=stage.pages,
            last_full_sweep=began,
            as_of=began,
            complete=False,
        )

    def _stand_in(self, query: Query, error: MilestoneKitError) -> Kept:
        """Return the older snapshot where it is allowed instead of `error`, else raise that."""
        is_short = isinstance(error, IncompleteError) and error.missing > 0
        cause = error.__cause__ if isinstance(error, IncompleteError) else error
        # what may succeed later: no network, 429, 5xx; a refusal (400, 401, 404) is the true answer
        allowed = self._settings.stale_if_error and (is_short or may_pass(cause))
        kept = self._cache.read(query) if allowed else None
        if kept is None:
            raise error
        message = f"using the answer of {moment(kept[1].finished)} because: {error}"
        warn(message, StaleWarning)
        return kept

    def _ask(self, ask: Ask, kept: Kept | None, *, full: bool) -> Kept:
        """Bring the snapshot up to date where there is one, else walk."""
        known = self._known(ask.query, kept)
        if kept is None:
            density = StartDensity.usual(self._now(), known=None if known is None else starts_of(known))
        else:
            density = StartDensity.of_starts(starts_of(kept[0]))
        if kept is not None and not full and not self._sweep_is_due(kept[1]):
            try:
                return self._refresh(ask, *kept, density)
            except (DeltaRefusedError, ApiError) as error:
                if isinstance(error, ApiError) and error.status_code not in _REFUSES_DELTAS:
                    raise
                _log.info("the server gives no deltas, walking through all pages: %s", error)
        return self._walk(ask, density, known)

    def _sweep_is_due(self, manifest: Manifest) -> bool:
        return not 0 <= self._now() - manifest.last_full_sweep < self._settings.full_sweep_after

    def _refresh(self, ask: Ask, table: pa.Table, manifest: Manifest, density: StartDensity) -> Kept:
        """Ask for what changed since the snapshot, and publish the snapshot with it."""
        since = changed_since(
            newest_of(table),
            began=manifest.as_of if manifest.server_as_of is None else manifest.server_as_of,
            lasted=manifest.finished - manifest.as_of,
            overlap=self._settings.overlap,
        )
        with reporting(ask.progress) as report:
            delta = self._deltas.ask(
                ask.query,
                since,
                limit=ask.limit,
                density=density.shape(),
                report=report,
                cuts=likely_cuts(table, limit=ask.limit),
                expected=changed_ids(table, since),
                stop=None if ask.growth is None else ask.growth.stop,
            )
        merged, counts = merge_tables(table, delta.table)
        merged = within(merged, ask.query)
        if ask.strict:
            refuse_rejected(delta.repairs)
        self._tell(delta.repairs)
        _log.info("refreshed: %d added, %d changed, in %d pages", *counts[:2], delta.pages)
        manifest = replace(
            manifest,
            started=delta.began,
            finished=self._now(),
            as_of=delta.as_of,
            server_as_of=delta.server_as_of,
            refreshed=manifest.refreshed + 1,
            rows=merged.num_rows,
            pages=delta.pages,
            repaired=delta.repairs.total(),
            rejected=_still_rejected(manifest, delta),
            format=FORMAT,
        )
        self._publish(ask.query, merged, manifest, seen=delta.table)
        return merged, manifest

    def _walk(self, ask: Ask, density: StartDensity, known: pa.Table | None) -> Kept:
        def judge(table: pa.Table, manifest: Manifest) -> pa.Table:
            return self._losses.judge(
                ask.query,
                self._cache.key(ask.query),
                known=known,
                swept=table,
                rejected=manifest.rejected,
            )

        table, manifest = self._walks.run(ask, density, judge)
        if manifest.complete:
            self._publish(ask.query, table, manifest, seen=table)
        return table, manifest

    def _known(self, query: Query, kept: Kept | None) -> pa.Table | None:
        """Return `id` and `start_date` of what a walk should bring, in order; None where nobody knows."""
        if kept is not None:
            return kept[0].select(["id", "start_date"])
        if query.as_dict():
            return None  # of a part the history cannot tell
        return self._history.living()

    def _publish(self, query: Query, table: pa.Table, manifest: Manifest, *, seen: pa.Table) -> None:
        """Keep a table as the snapshot, and what was seen of it now in the history."""
        # only a sweep through everything can tell that a row is gone, and what was set aside is not
        everything = not query.as_dict() and seen is table and not manifest.rejected
        recorded = Beside(
            lambda: self._history.record(
                seen,
                seen_at=manifest.finished,
                complete=everything,
                scope=query.key(),
                whole=seen is table and not manifest.rejected,
            )
        )
        taught = Beside(lambda: self._teach(seen, manifest.finished))
        try:
            # in this order: a version that a snapshot shows would not be asked for again
            self._cache.publish(query, table, manifest, ready=recorded.result)
        finally:
            recorded.wait()
            taught.wait()
        self._cache.prune(
            now=self._now(), keep=self._settings.expire_after, max_bytes=self._settings.max_cache_bytes
        )

    def stream(
        self, query: Query, *, limit: int, max_rows: int | None, strict: bool = False
    ) -> Iterator[pa.Table]:
        """Yield the answer page by page, from a fresh snapshot or the server, keeping nothing."""
        left = max_rows
        for table in self._stream(query, limit, max_rows, strict=strict):
            yield table.slice(0, left)
            left = None if left is None else left - table.num_rows
            if left is not None and left <= 0:
                return

    def _stream(self, query: Query, limit: int, max_rows: int | None, *, strict: bool) -> Iterator[pa.Table]:
        kept = self.fresh(query)
        if kept is not None and not (strict and kept[1].rejected):
            table, _ = kept
            yield from (table.slice(start, limit) for start in range(0, table.num_rows, limit))
        else:
            yield from self._walks.stream(query, limit=limit, max_rows=max_rows, strict=strict)


def _still_rejected(manifest: Manifest, delta: Delta) -> tuple[str, ...]:
    """Return the ids of what is set aside after a delta: what came right is not any more."""
    came = set(delta.table["id"].to_pylist())
    newly = [each.id or "" for each in delta.repairs.rejected]
    return tuple(dict.fromkeys(id_ for id_ in (*manifest.rejected, *newly) if id_ not in came))
