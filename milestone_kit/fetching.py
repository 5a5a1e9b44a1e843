"""How a question is answered: from a fresh snapshot, by a walk, or by an older snapshot where allowed."""

from __future__ import annotations

import logging
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

from milestone_kit.errors import (
    ApiError,
    IncompleteError,
    MilestoneKitError,
    OfflineError,
    PaginationError,
    SchemaError,
    StaleWarning,
)
from milestone_kit.frame import warn_repairs
from milestone_kit.progress import reporting
from milestone_kit.schema import ATTRS_KEY, from_arrow
from milestone_kit.store import Manifest, WalkRecord
from milestone_kit.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    import requests

    from milestone_kit.http import Transport
    from milestone_kit.pagecache import PageSession
    from milestone_kit.progress import Progress
    from milestone_kit.query import Query
    from milestone_kit.settings import Settings
    from milestone_kit.store import Store

__all__ = ["Fetcher", "Singles", "to_frame"]

_log = logging.getLogger("milestone_kit")


def to_frame(table: pa.Table, manifest: Manifest, *, stale: bool = False) -> pd.DataFrame:
    """Convert a snapshot, or the first rows of one, to the milestones table with its attrs."""
    df = from_arrow(table)
    df.attrs[ATTRS_KEY] = {
        "source": manifest.base_url,
        "query": manifest.query,
        "fetched_at": _moment(manifest.finished).isoformat(),
        "complete": manifest.complete and len(df) == manifest.rows,
        "stale": stale,
        "pages": manifest.pages,
        "repaired": manifest.repaired,
    }
    return df


def _moment(seconds: float) -> pd.Timestamp:
    return pd.Timestamp(seconds, unit="s", tz="UTC").floor("s")


class Fetcher:
    """Answers queries with whole tables.

    Parameters
    ----------
    settings : Settings
        Says how old an answer may be, and whether a stale one may stand in.
    transport : Transport
        Asks the server.
    store : Store
        Keeps snapshots and unfinished walks.
    now : callable
        Gives seconds since 1970.
    """

    def __init__(
        self, settings: Settings, transport: Transport, store: Store, now: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._store = store
        self._now = now

    def offline(self, query: Query) -> tuple[pa.Table, Manifest]:
        """Return the snapshot for a query, of any age; OfflineError when there is none."""
        kept = self._store.read(query)
        if kept is None:
            raise OfflineError(
                f"offline=True, but the cache {self._store.folder} holds no complete answer to "
                f"{query.key()} from {self._settings.base_url}; ask once without offline=True"
            )
        return kept

    def fresh(self, query: Query, *, after: float = 0.0) -> tuple[pa.Table, Manifest] | None:
        """Return the snapshot for a query when it is young enough, else None.

        Parameters
        ----------
        query : Query
            The question.
        after : float
            Seconds since 1970 after which its walk must have begun.
        """
        kept = self._store.read(query)
        if kept is None:
            return None
        started = kept[1].started
        young = 0 <= self._now() - started <= self._settings.expire_after
        return kept if young and started > after else None

    def fetch(
        self, query: Query, *, limit: int, max_rows: int | None, refresh: bool, progress: Progress
    ) -> tuple[pa.Table, Manifest, bool]:
        """Return a fresh answer, walking for it where needed.

        Returns
        -------
        table : pyarrow.Table
            In `ARROW_SCHEMA`, one row per id, in order; more than `max_rows` rows where they are known.
        manifest : Manifest
            `complete` says whether the table is the whole answer.
        stale : bool
            Whether an older snapshot stands in for a walk that failed.
        """
        asked = self._now()
        kept = None if refresh else self.fresh(query)
        if kept is not None:
            return *kept, False
        with self._store.lock(query):
            # whoever had the lock may just have fetched what is wanted here
            kept = self.fresh(query, after=asked if refresh else 0.0)
            if kept is not None:
                return *kept, False
            try:
                return *self._walk(query, limit, max_rows, refresh, progress), False
            except (ApiError, IncompleteError) as error:
                return *self._stand_in(query, error), True

    def _stand_in(self, query: Query, error: MilestoneKitError) -> tuple[pa.Table, Manifest]:
        """Return the older snapshot where it is allowed instead of `error`, else raise that."""
        cause = error if isinstance(error, ApiError) else error.__cause__
        # what may succeed later: no network, 429, 5xx; a refusal (400, 401, 404) is the true answer
        allowed = self._settings.stale_if_error and isinstance(cause, ApiError) and cause.retryable
        kept = self._store.read(query) if allowed else None
        if kept is None:
            raise error
        message = f"using the answer of {_moment(kept[1].finished)} because: {error}"
        warnings.warn(message, StaleWarning, stacklevel=5)
        return kept

    def _walk(
        self, query: Query, limit: int, max_rows: int | None, refresh: bool, progress: Progress
    ) -> tuple[pa.Table, Manifest]:
        try:
            return self._walk_once(query, limit, max_rows, refresh, progress)
        except IncompleteError as error:
            cause = error.__cause__
            if not (isinstance(cause, ApiError) and cause.status_code == 400):
                raise
            # after a good page a 400 can only mean the cursor: it expired, so begin once more
            _log.info("the walk's cursor was refused, walking anew: %s", cause)
            self._store.forget_walk(query)
            return self._walk_once(query, limit, max_rows, refresh, progress)

    def _walk_once(
        self, query: Query, limit: int, max_rows: int | None, refresh: bool, progress: Progress
    ) -> tuple[pa.Table, Manifest]:
        record = self._store.walk(
            query, limit=limit, now=self._now(), longest=self._settings.expire_after, refresh=refresh
        )
        session = self._transport.cached_session(self._store.pages_path(query, record))
        sweep = Sweep(query, max_rows=max_rows)
        tables: list[pa.Table] = []
        try:
            with reporting(progress) as report:
                for table in sweep.run(self._pages(session, query, limit)):
                    tables.append(table)
                    report(sweep.rows, sweep.pages)
        except (SchemaError, PaginationError):
            self._store.forget_walk(query)  # its pages are wrong: they must not be served again
            raise
        except ApiError as error:
            if not tables:
                raise
            self._store.interrupt(query, record)
            raise self._incomplete(query, record, sweep, tables, error) from error
        finally:
            session.cache.close()  # only the page file: the connections are shared
        joined = sweep.join(tables)
        warn_repairs(sweep.repairs)
        manifest = self._manifest(query, record, sweep, joined)
        if sweep.whole:
            self._store.publish(query, joined, manifest)
        return joined, manifest

    def _incomplete(
        self, query: Query, record: WalkRecord, sweep: Sweep, tables: list[pa.Table], error: ApiError
    ) -> IncompleteError:
        table = sweep.join(tables)
        message = (
            f"the walk stopped after {sweep.pages} pages ({table.num_rows} milestones are in .partial): "
            f"{error}; ask again with the same arguments to go on from there"
        )
        partial = to_frame(table, self._manifest(query, record, sweep, table))
        return IncompleteError(message, partial=partial, pages=sweep.pages)

    def _manifest(self, query: Query, record: WalkRecord, sweep: Sweep, table: pa.Table) -> Manifest:
        return Manifest(
            base_url=self._settings.base_url,
            query=query.key(),
            started=record.started,
            finished=self._now(),
            rows=table.num_rows,
            pages=sweep.pages,
            repaired=sweep.repairs.total(),
            complete=sweep.whole,
        )

    def _pages(
        self, session: requests.Session, query: Query, limit: int
    ) -> Callable[[str | None], dict[str, Any]]:
        params = query.server_params() | {"limit": str(limit)}

        def fetch(cursor: str | None) -> dict[str, Any]:
            asked = params if cursor is None else params | {"cursor": cursor}
            return self._transport.get(session, "/milestones", asked)

        return fetch

    def stream(self, query: Query, *, limit: int, max_rows: int | None) -> Iterator[pa.Table]:
        """Yield the answer page by page, from a fresh snapshot or the server, keeping nothing."""
        left = max_rows
        for table in self._stream(query, limit, max_rows):
            yield table.slice(0, left)
            left = None if left is None else left - table.num_rows
            if left is not None and left <= 0:
                return

    def _stream(self, query: Query, limit: int, max_rows: int | None) -> Iterator[pa.Table]:
        kept = self.fresh(query)
        if kept is not None:
            table, _ = kept
            yield from (table.slice(start, limit) for start in range(0, table.num_rows, limit))
            return
        sweep = Sweep(query, max_rows=max_rows)
        for table in sweep.run(self._pages(self._transport.session(), query, limit)):
            yield sweep.join([table])
        warn_repairs(sweep.repairs)


class Singles:
    """Answers single GETs (one milestone, the list of competitions) through one cache file.

    Parameters
    ----------
    settings, transport, store
        As for `Fetcher`.
    """

    def __init__(self, settings: Settings, transport: Transport, store: Store) -> None:
        self._settings = settings
        self._transport = transport
        self._path = store.answers_path
        self._session: PageSession | None = None
        self._lock = threading.Lock()

    def get(self, path: str, *, refresh: bool, offline: bool) -> dict[str, Any]:
        """Return the decoded answer for a path below the base URL.

        Parameters
        ----------
        path : str
            Begins with a slash.
        refresh, offline : bool
            Ask the server even if the kept answer is fresh; never ask it.
        """
        session = self._opened()
        if offline:
            kept = self._transport.kept(session, path)
            if kept is None:
                raise OfflineError(f"offline=True, but the cache {self._path} holds no answer to {path}")
            return kept
        try:
            return self._transport.get(session, path, force_refresh=refresh)
        except ApiError as error:
            allowed = self._settings.stale_if_error and error.retryable
            kept = self._transport.kept(session, path) if allowed else None
            if kept is None:
                raise
            warnings.warn(f"using an older answer because: {error}", StaleWarning, stacklevel=3)
            return kept

    def _opened(self) -> PageSession:
        with self._lock:
            if self._session is None:
                self._session = self._transport.cached_session(
                    self._path, expire_after=self._settings.expire_after
                )
            return self._session

    def close(self) -> None:
        """Close the cache file; the next question opens it again."""
        with self._lock:
            if self._session is not None:
                self._session.cache.close()
                self._session = None
