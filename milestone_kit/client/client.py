"""Ask Kalshi for milestones: the one place where transport, walk, table and cache come together."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final, Self, Unpack
from urllib.parse import quote

import pandas as pd
import pyarrow.compute as pc

from milestone_kit.analysis.details import ROLE_KEYS, participants
from milestone_kit.analysis.learned import durations_path, learn_from, remember_where
from milestone_kit.analysis.targets import named_in, targets_frame
from milestone_kit.api.transport import Retry, Transport
from milestone_kit.client.hints import CATEGORIES, TYPES, competitions_frame, near_values
from milestone_kit.client.live_data import LiveData
from milestone_kit.client.past_versions import recall_changes, recall_versions
from milestone_kit.client.single_answers import Singles
from milestone_kit.client.target_names import Targets
from milestone_kit.core.arguments import (
    check_flag,
    check_share,
    check_text,
    iso,
    read_ids,
    spelled_out,
    to_utc,
)
from milestone_kit.core.files import delete, warn_refused
from milestone_kit.core.notices import told_in_turn, told_once, warn
from milestone_kit.core.query import Query, QueryOptions, check_limit, check_max_rows
from milestone_kit.core.settings import OLDER_URLS, Patience, Settings, shown_url
from milestone_kit.errors import (
    EmptyResultWarning,
    IncompleteError,
    MilestoneKitError,
    QueryError,
    SchemaError,
)
from milestone_kit.fetching.delta import Deltas
from milestone_kit.fetching.fetcher import Fetcher
from milestone_kit.fetching.full_walk import FullWalks
from milestone_kit.fetching.losses import Losses
from milestone_kit.fetching.progress import check_progress
from milestone_kit.storage.cache_folder import CacheFolder
from milestone_kit.storage.history import History
from milestone_kit.storage.manifests import to_frame
from milestone_kit.storage.target_store import TargetStore
from milestone_kit.table.arrays import stamp_micros
from milestone_kit.table.frame import milestones_frame
from milestone_kit.table.intake import Rejected, Repairs, rejected_frame, warn_repairs
from milestone_kit.table.schema import ATTRS_KEY, from_arrow

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from milestone_kit.core.arguments import DateLike
    from milestone_kit.fetching.fetcher import Answer
    from milestone_kit.fetching.progress import Progress

__all__ = ["MilestoneClient"]

_LITTLE: Final = 0.02
_log = logging.getLogger("milestone_kit")


class MilestoneClient:
    """A connection to one API address, with its cache folder, pace and retry budget.

    Parameters
    ----------
    base_url : str, optional
        `PRODUCTION_URL` unless the environment variable MILESTONE_KIT_BASE_URL says otherwise. Plain
        http is accepted for this machine only.
    cache_dir : path, optional
        Where answers are kept; MILESTONE_KIT_CACHE_DIR or the platform's cache folder by default.
        Files are readable by their owner only.
    expire_after : str, timedelta or float
        How old an answer may be and still be used: text such as "1h", or seconds. 0 always asks anew.
    requests_per_second : float
        The pace of all requests together; production allows about 20.
    timeout : float or tuple of float
        Seconds to wait for a connection and for each piece of an answer.
    workers : int
        How many pages may be asked for side by side, all at the one pace; a short answer is one chain.
    stale_if_error : bool
        Whether an older complete table may be returned, with a StaleWarning, when the network fails
        or the server answers 429 or 5xx to the end.
    full_sweep_after : str, timedelta or float
        After how long a refresh walks through all pages again instead of asking for what changed. Only
        such a sweep notices deleted rows, rows that left a filter, and changes of rows whose
        `last_updated_ts` the server never set. 0 sweeps every time.
    overlap : str, timedelta or float
        How far a question for what changed reaches back behind what is known, for changes that the
        server shows some time after it dated them. The clocks need not agree.
    max_cache_bytes : int
        How large snapshots and unfinished walks may become together; beyond it the oldest go, but no
        snapshot younger than `expire_after`.
    strict : bool
        Whether a milestone that breaks the server's contract is a SchemaError; else it is set aside, told,
        and kept in `last_rejected`, and the others arrive.
    retry : Retry, optional
        How often and how long one request is tried: six times within two minutes by default.
    patience : Patience, optional
        How long other processes are waited for, and when a walk is given up; see the Notes.

    Notes
    -----
    Two threads may use one client, two processes one cache folder: the second that asks the same
    question waits for the first one's walk and uses it.

    Every wait has a bound. A request ends within two minutes and one more attempt of one minute at most
    (see `api.transport.Retry`); another process's walk is waited for five minutes, its hold on the history 30
    seconds, on a file of answers three seconds (see `core.settings.Patience`). After that the answer comes
    all the same, with a CacheWarning that says what was not cached.

    The logger "milestone_kit" tells each request at DEBUG, and each failed attempt with its reason and the
    wait that follows at INFO.

    Examples
    --------
    >>> import tempfile
    >>> from milestone_kit.sandbox import serve
    >>> with serve(rows=50) as server, tempfile.TemporaryDirectory() as folder:
    ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
    ...         df = client.get_milestones()
    >>> len(df), df.attrs["milestone_kit"]["complete"]
    (50, True)
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        expire_after: str | float | dt.timedelta = "1h",
        requests_per_second: float = 15,
        timeout: float | tuple[float, float] = (5, 30),
        workers: int = 4,
        stale_if_error: bool = False,
        full_sweep_after: str | float | dt.timedelta = "7d",
        overlap: str | float | dt.timedelta = "2min",
        max_cache_bytes: int = 2 * 10**9,
        retry: Retry | None = None,
        strict: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self._settings = Settings.of(
            base_url=base_url,
            cache_dir=cache_dir,
            expire_after=expire_after,
            requests_per_second=requests_per_second,
            timeout=timeout,
            workers=workers,
            stale_if_error=stale_if_error,
            full_sweep_after=full_sweep_after,
            overlap=overlap,
            max_cache_bytes=max_cache_bytes,
            patience=patience,
        )
        self._strict = check_flag(strict, "strict")
        retry, patience = retry or Retry(), self._settings.patience
        self._transport = Transport(
            self._settings.base_url,
            requests_per_second=self._settings.requests_per_second,
            timeout=self._settings.timeout,
            retry=retry,
            busy_seconds=patience.answers_file,
            older_url=OLDER_URLS.get(self._settings.base_url),
        )
        folder, address = self._settings.cache_dir, self._settings.base_url
        self._cache = CacheFolder(folder, address, lock_seconds=patience.other_walk)
        self._history = History(folder / "history", address, lock_seconds=patience.other_record)
        self._now = now = retry.wall_clock
        self._rejected: list[Rejected] = []
        deltas = Deltas(self._settings, self._transport, now)
        walks = FullWalks(self._settings, self._transport, self._cache, deltas, tell=self._tell, now=now)
        self._durations = durations_path(folder, address)
        remember_where(shown_url(address), self._durations)
        losses = Losses(self._transport, self._cache.doubts, workers=self._settings.workers, now=now)
        self._fetcher = Fetcher(
            self._settings,
            self._cache,
            self._history,
            deltas,
            walks,
            losses=losses,
            tell=self._tell,
            teach=self._teach,
            now=now,
        )
        self._singles = Singles(self._settings, self._transport, self._cache.answers_path)
        self._live = LiveData(
            self._transport, workers=self._settings.workers, clock=retry.clock, wall_clock=now
        )
        self._targets = Targets(
            self._transport,
            TargetStore(self._cache.names_path, now=now, busy_seconds=patience.answers_file),
            workers=self._settings.workers,
            requests_per_second=self._settings.requests_per_second,
            clock=retry.clock,
            sleep=retry.sleep,
        )

    def __repr__(self) -> str:
        return (
            f"MilestoneClient(base_url={shown_url(self.base_url)!r}, cache_dir={str(self._cache.folder)!r})"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def last_rejected(self) -> pd.DataFrame:
        """What the last fetch set aside because it breaks the server's contract, one row per milestone.

        Columns, all str: `id` and `field` (NA where not known), `reason`, and `milestone`, the JSON text of
        all that the server sent. Rows that are set aside are not in the table; `strict=True` makes the first
        an error instead.
        """
        return rejected_frame(self._rejected)

    @property
    def cache_dir(self) -> Path:
        """The folder in which answers are kept."""
        return self._settings.cache_dir

    @property
    def base_url(self) -> str:
        """The API address that is asked, in full; the client's own texts star out what could be a secret."""
        return self._settings.base_url

    @told_once
    @spelled_out(QueryOptions)
    def get_milestones(
        self,
        *,
        limit: int = 500,
        max_rows: int | None = None,
        refresh: bool = False,
        offline: bool = False,
        strict: bool | None = None,
        progress: Progress = None,
        **query: Unpack[QueryOptions],
    ) -> pd.DataFrame:
        """Fetch milestones, or take them from the cache; see the function `get_milestones`."""
        checked = Query.of(**query)
        limit, max_rows = check_limit(limit), check_max_rows(max_rows)
        _check_modes(refresh=refresh, offline=offline)
        check_progress(progress)
        strict = self._strict if strict is None else check_flag(strict, "strict")
        if offline:
            table, manifest = self._fetcher.offline(checked)
            if strict and manifest.rejected:
                raise SchemaError(
                    f"strict=True, but {len(manifest.rejected)} milestones of this answer were set aside, as "
                    f"they break the contract: {', '.join(manifest.rejected[:3])}",
                    id=manifest.rejected[0] or None,
                )
            return self._shown(checked, to_frame(table.slice(0, max_rows), manifest), offline=True)
        return self._fetch(
            checked, limit=limit, max_rows=max_rows, refresh=refresh, progress=progress, strict=strict
        )

    @told_once
    @spelled_out(QueryOptions)
    def refresh(
        self,
        *,
        limit: int = 500,
        full: bool = False,
        strict: bool | None = None,
        progress: Progress = None,
        **query: Unpack[QueryOptions],
    ) -> pd.DataFrame:
        """Ask the server only for what changed since the last answer, and return the whole table.

        Parameters
        ----------
        limit : int
            Milestones per page, 1 to 500.
        full : bool
            Walk through all pages instead, which also notices what a delta cannot (see Notes).
        strict : bool, optional
            Whether a milestone that breaks the contract is an error; by default as the client is set.
        progress : bool or callable, optional
            As for `get_milestones`.
        **query
            As for `get_milestones`; there is one snapshot per query.

        Returns
        -------
        pandas.DataFrame
            As from `get_milestones`. Without an earlier answer all pages are walked.

        Raises
        ------
        MilestoneKitError
            As for `get_milestones`.

        Notes
        -----
        A delta asks for `last_updated_ts` at or after the newest one known, less `overlap`. It cannot
        see deleted rows, rows whose filtered field changed away (another category, say), and changes of
        rows whose `last_updated_ts` the server never sets; a full sweep, made every `full_sweep_after`,
        does. A row that moved beyond the query's start dates does leave the table.

        Examples
        --------
        >>> import tempfile
        >>> from milestone_kit.sandbox import serve
        >>> with serve(rows=50) as server, tempfile.TemporaryDirectory() as folder:
        ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
        ...         before = client.get_milestones()
        ...         server.update(before["id"][0], title="Another title")
        ...         after = client.refresh()
        >>> after["title"][0]
        'Another title'
        """
        checked = Query.of(**query)
        return self._fetch(
            checked,
            limit=check_limit(limit),
            max_rows=None,
            refresh=True,
            full=check_flag(full, "full"),
            strict=self._strict if strict is None else check_flag(strict, "strict"),
            progress=check_progress(progress),
        )

    @spelled_out(QueryOptions)
    def stream(
        self,
        *,
        now: DateLike | None = None,
        limit: int = 500,
        refresh: bool = False,
        offline: bool = False,
        strict: bool | None = None,
        progress: Progress = False,
        stop: threading.Event | None = None,
        **query: Unpack[QueryOptions],
    ) -> Iterator[pd.DataFrame]:
        """Yield growing tables: what is on around now at once, and at last what `get_milestones` returns.

        Parameters
        ----------
        now : str, date, datetime or Timestamp, optional
            What is to come first; this moment by default, naive values are UTC.
        limit, refresh, offline, strict, progress
            As for `get_milestones`; no bar is shown unless asked for.
        stop : threading.Event, optional
            Ends the stream within half a second once somebody sets it, from any thread.
        **query
            As for `get_milestones`.

        Yields
        ------
        pandas.DataFrame
            Tables as from `get_milestones`: typed, sorted, one row per id.

            - With a fresh answer in the cache the whole, and nothing else.
            - With an older one that first, whole but marked as `stale`; then, where what changed can be asked
              for, the whole as it is now. Where all pages have to be walked, the older one with what has
              come in the place of what was there.
            - Else what starts from twelve hours before `now` to two days after; what began earlier and still
              runs comes with the next, from a week before to two weeks after. Then whatever comes, each
              time there are four rows for every ten that were there.
            - The last is the whole answer, which is then in the cache and, once, in the history.

            `attrs["milestone_kit"]` also holds `window_start` and `window_end` (ISO text), between which
            every row is there, the second excluded; None for no bound, and both where nothing is sure yet
            (`complete` False) or everything is (`complete` True). `rows`, `share` (0 to 1), `expected_rows`
            and `seconds_left` tell how far it is; all but `rows` are estimates, and None where nobody knows.

        Raises
        ------
        QueryError
            At once, before anything is asked.
        MilestoneKitError
            As for `get_milestones`, after the tables that could be had.

        Notes
        -----
        The pages are fetched in threads, which are gone when the stream has ended, is closed or left. What
        came is kept, and the next question of the kind goes on from there. While a stream runs, the same
        question by another client or kernel waits for it.

        Examples
        --------
        >>> import tempfile
        >>> from milestone_kit.sandbox import serve
        >>> with serve(rows=300) as server, tempfile.TemporaryDirectory() as folder:
        ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
        ...         for df in client.stream(category="Sports"):
        ...             rows, complete = len(df), df.attrs["milestone_kit"]["complete"]
        ...         rows == len(client.get_milestones(category="Sports")), complete
        (True, True)
        """
        checked = Query.of(**query)
        check_limit(limit)
        _check_modes(refresh=refresh, offline=offline)
        check_progress(progress)
        strict = self._strict if strict is None else check_flag(strict, "strict")
        if stop is not None and not isinstance(stop, threading.Event):
            raise QueryError(f"stop={stop!r}: expected a threading.Event")
        if offline:
            return iter([self.get_milestones(limit=limit, offline=True, strict=strict, **query)])
        moment = pd.Timestamp(self._now(), unit="s", tz="UTC") if now is None else to_utc(now, "now")
        answers = self._fetcher.grow(
            checked,
            limit=limit,
            refresh=refresh,
            progress=progress,
            strict=strict,
            now=stamp_micros(moment),
            stop=threading.Event() if stop is None else stop,
        )
        return told_in_turn(self._grown(checked, answers))

    def _grown(self, query: Query, answers: Iterator[Answer]) -> Iterator[pd.DataFrame]:
        try:
            for answer in answers:
                df = to_frame(answer.table, answer.manifest, stale=answer.stale)
                is_whole = answer.stage is None and not answer.stale
                df = self._shown(query, df, offline=False) if is_whole else self._named(df)
                df.attrs[ATTRS_KEY] |= _how_far(answer)
                yield df
        except IncompleteError as error:
            self._name_source(error.partial)
            raise

    def _fetch(
        self,
        query: Query,
        *,
        limit: int,
        max_rows: int | None,
        refresh: bool,
        progress: Progress,
        strict: bool,
        full: bool = False,
    ) -> pd.DataFrame:
        try:
            table, manifest, stale, _ = self._fetcher.fetch(
                query,
                limit=limit,
                max_rows=max_rows,
                refresh=refresh,
                full=full,
                progress=progress,
                strict=strict,
            )
        except IncompleteError as error:
            self._name_source(error.partial)
            raise
        return self._shown(query, to_frame(table.slice(0, max_rows), manifest, stale=stale), offline=False)

    def _shown(self, query: Query, df: pd.DataFrame, *, offline: bool) -> pd.DataFrame:
        self._name_source(df)
        if df.empty and query.filters():
            self._warn_empty(query, offline=offline)
        return df

    def _tell(self, repairs: Repairs) -> None:
        """Warn of what had to be repaired, and keep what was set aside."""
        self._rejected = repairs.rejected
        warn_repairs(repairs)

    def _teach(self, table: pa.Table, fetched: float) -> None:
        """Keep what a fetch teaches of how long things last."""
        names = ["category", "type", "start_date", "end_date", "id", "details"]
        try:
            learn_from(
                from_arrow(table.select(names)),
                self._durations,
                now=pd.Timestamp(fetched, unit="s", tz="UTC"),
            )
        except (OSError, MilestoneKitError) as error:
            warn_refused(f"what was fetched taught nothing of durations: {error}", error)

    def _named(self, df: pd.DataFrame) -> pd.DataFrame:
        self._name_source(df)
        return df

    def _name_source(self, df: pd.DataFrame) -> None:
        """Let a table tell where it is from, without what may be a secret in the address."""
        if ATTRS_KEY in df.attrs:
            df.attrs[ATTRS_KEY]["source"] = shown_url(self.base_url)

    @spelled_out(QueryOptions)
    def iter_pages(
        self, *, limit: int = 500, max_rows: int | None = None, **query: Unpack[QueryOptions]
    ) -> Iterator[pd.DataFrame]:
        """Yield milestones page by page, so that no more than one page is held.

        Parameters
        ----------
        limit : int
            Milestones per page, 1 to 500.
        max_rows : int, optional
            Stop after this many rows.
        **query
            As for `get_milestones`.

        Yields
        ------
        pandas.DataFrame
            One page in the milestones schema. A milestone that moves while the walk runs may come
            on two pages.

        Raises
        ------
        QueryError
            At once, before any page.
        MilestoneKitError
            When a page cannot be had; the pages before it were already given.
        """
        checked = Query.of(**query)
        limit, max_rows = check_limit(limit), check_max_rows(max_rows)
        return map(
            from_arrow, self._fetcher.stream(checked, limit=limit, max_rows=max_rows, strict=self._strict)
        )

    @told_once
    def get_milestone(self, id: str, *, refresh: bool = False, offline: bool = False) -> pd.Series:  # noqa: A002 - the field's own name
        """Fetch one milestone by its id; see the function `get_milestone`."""
        if not isinstance(id, str) or not id.strip() or id.strip(".") == "":
            raise QueryError(f"id={id!r}: expected the id of a milestone, as text")
        check_text(id, "id")
        _check_modes(refresh=refresh, offline=offline)
        path = f"/milestones/{quote(id, safe='')}"
        milestone = self._singles.get(path, refresh=refresh, offline=offline).get("milestone")
        if milestone is None:
            raise SchemaError(f"GET {path}: the answer has no field 'milestone'", id=id, field="milestone")
        row = milestones_frame([milestone]).iloc[0]
        return row.rename(id)

    @told_once
    def get_competitions(self, *, refresh: bool = False, offline: bool = False) -> pd.DataFrame:
        """Fetch the sports and their competitions; see the function `get_competitions`."""
        _check_modes(refresh=refresh, offline=offline)
        answer = self._singles.get("/search/filters_by_sport", refresh=refresh, offline=offline)
        return competitions_frame(answer)

    @told_once
    def get_live(
        self, ids_or_df: pd.DataFrame | str | Iterable[str], *, refresh: bool = False
    ) -> pd.DataFrame:
        """Ask how milestones stand at the moment; see the function `get_live`."""
        return self._live.table(ids_or_df, refresh=check_flag(refresh, "refresh"))

    @told_once
    def get_targets(
        self, ids_or_df: pd.DataFrame | str | Iterable[str], *, share: float = 1.0
    ) -> pd.DataFrame:
        """Ask which teams, players and candidates ids stand for; see the function `get_targets`."""
        check_share(share, "share")
        if isinstance(ids_or_df, pd.DataFrame):
            ids = named_in(participants(ids_or_df, ROLE_KEYS))
        else:
            ids = read_ids(ids_or_df, "ids_or_df")
        return targets_frame(ids, self._targets.find(ids, share=share))

    def _warn_empty(self, query: Query, *, offline: bool) -> None:
        hints = []
        for name, value in query.filters().items():
            known = self._known_values(name, offline=offline)
            near = [candidate for candidate in near_values(value, known) if candidate != value]
            hint = f"; near values: {', '.join(map(repr, near))}" if near else ""
            hints.append(f"{name}={value!r}{hint}")
        message = f"no milestone matches {' and '.join(hints)}"
        warn(message, EmptyResultWarning)

    def _known_values(self, name: str, *, offline: bool) -> set[str]:
        """Return the values of a filter that are known to exist, as far as that is cheap to tell."""
        known: set[str] = set()
        if name in {"category", "type"}:
            known.update(CATEGORIES if name == "category" else TYPES)
            for _, table, _ in self._cache.snapshots():
                known.update(pc.unique(table[name]).to_pylist())
        elif name == "competition":
            try:
                known.update(self.get_competitions(offline=offline)["competition"].dropna())
            except MilestoneKitError as error:
                _log.info("no hints about competitions: %s", error)
        return known

    @told_once
    @spelled_out(QueryOptions)
    def history(
        self,
        id: str | Iterable[str] | None = None,  # noqa: A002 - the field's own name
        **query: Unpack[QueryOptions],
    ) -> pd.DataFrame:
        """Return every version of milestones that fetches through this cache folder have seen.

        Parameters
        ----------
        id : str or iterable of str, optional
            Only these milestones.
        **query
            As for `get_milestones`, without `competition`: only milestones of which some version
            matches. Nothing is sent.

        Returns
        -------
        pandas.DataFrame
            The milestones columns, `seen_at`, `deleted` and `added` (see `storage.history.History.versions`),
            sorted by id and the order in which they came, which is also that of `seen_at`.

        Raises
        ------
        QueryError
            When an argument cannot be used.

        Examples
        --------
        >>> import tempfile
        >>> from milestone_kit.sandbox import serve
        >>> with serve(rows=50) as server, tempfile.TemporaryDirectory() as folder:
        ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
        ...         first = client.get_milestones()["id"][0]
        ...         server.update(first, title="Another title")
        ...         _ = client.refresh()
        ...         versions = client.history(first)
        >>> len(versions), versions["title"].iloc[-1]
        (2, 'Another title')
        """
        return recall_versions(self._history, id, Query.of(**query))

    @told_once
    @spelled_out(QueryOptions)
    def changes(self, since: DateLike | None = None, **query: Unpack[QueryOptions]) -> pd.DataFrame:
        """Tell what changed from fetch to fetch, one row per changed field.

        Parameters
        ----------
        since : str, date, datetime or Timestamp, optional
            Only changes seen then or later; naive values are UTC. Where the clock was set back, what came
            afterwards counts as seen just after what came before, so that none is missed.
        **query
            As for `history`.

        Returns
        -------
        pandas.DataFrame
            `id`, `title`, `field`, `before`, `after`, `seen_at` and `shift`; see
            `analysis.changes.changes_table`.

        Raises
        ------
        QueryError
            When an argument cannot be used.

        Examples
        --------
        >>> import tempfile, datetime as dt
        >>> from milestone_kit.sandbox import serve
        >>> with serve(rows=50) as server, tempfile.TemporaryDirectory() as folder:
        ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
        ...         first = client.get_milestones()["id"][0]
        ...         server.reschedule(first, dt.timedelta(hours=2))
        ...         _ = client.refresh()
        ...         changes = client.changes()
        >>> changes.loc[changes["field"] == "start_date", "shift"].tolist()
        [Timedelta('0 days 02:00:00')]
        """
        return recall_changes(self._history, since, Query.of(**query))

    @told_once
    def cache_info(self) -> pd.DataFrame:
        """Return what the cache folder holds for this address.

        Returns
        -------
        pandas.DataFrame
            One row per file: `kind` ("snapshot", "unfinished walk", "answers", "names" or "history"), `query`
            (JSON text, "" where it is none), `rows`, `pages` (nullable integers), `fetched_at` (UTC),
            `bytes`, `path`.
        """
        return self._cache.info(self._history.files())

    @told_once
    def clear_cache(self, *, history: bool = False) -> None:
        """Delete what can be fetched again from this address: snapshots, walks, answers, names, durations.

        Parameters
        ----------
        history : bool
            Whether to forget the history of this address as well, which nobody can fetch again.
        """
        self._singles.close()
        self._cache.clear()
        delete(self._durations)
        if history:
            self._history.clear()

    def close(self) -> None:
        """Close the connections and cache files."""
        self._singles.close()
        self._transport.close()


def _how_far(answer: Answer) -> dict[str, object]:
    """Return what a table of a stream tells of how much of the answer it holds."""
    rows, stage = answer.table.num_rows, answer.stage
    far: dict[str, object] = {"window_start": None, "window_end": None, "rows": rows}
    if stage is None:
        is_whole = answer.manifest.complete and not answer.stale
        known = {"share": 1.0, "expected_rows": rows, "seconds_left": 0.0}
        return far | (known if is_whole else {"complete": False} | dict.fromkeys(known))
    if stage.window is not None:
        far |= zip(("window_start", "window_end"), map(_iso, stage.window), strict=True)
    if stage.share < _LITTLE:  # too little to tell from
        return far | {"share": stage.share, "expected_rows": None, "seconds_left": None}
    expected = round(stage.came / stage.share)
    return far | {"share": stage.share, "expected_rows": expected, "seconds_left": stage.seconds_left}


def _iso(start: int | None) -> str | None:
    return None if start is None else iso(pd.Timestamp(start, unit="us"))


def _check_modes(*, refresh: bool, offline: bool) -> None:
    check_flag(refresh, "refresh")
    check_flag(offline, "offline")
    if refresh and offline:
        raise QueryError("refresh=True asks the server and offline=True forbids it; choose one")
