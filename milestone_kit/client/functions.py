"""`get_milestones` and its like as plain functions, over one client for the whole process."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING, Unpack

from milestone_kit.client.client import MilestoneClient
from milestone_kit.core.arguments import spelled_out
from milestone_kit.core.forks import Lock
from milestone_kit.core.query import QueryOptions
from milestone_kit.core.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from milestone_kit.fetching.progress import Progress

__all__ = ["default_client", "get_competitions", "get_milestone", "get_milestones"]

_defaults: dict[Settings, MilestoneClient] = {}
_defaults_lock = Lock()


def default_client() -> MilestoneClient:
    """Return the process-wide client for the address and cache folder that the environment names now."""
    with _defaults_lock:
        settings = Settings.of()
        if settings not in _defaults:
            _defaults[settings] = MilestoneClient()
            atexit.register(_defaults[settings].close)
        return _defaults[settings]


@spelled_out(QueryOptions)
def get_milestones(
    *,
    limit: int = 500,
    max_rows: int | None = None,
    refresh: bool = False,
    offline: bool = False,
    strict: bool | None = None,
    progress: Progress = None,
    client: MilestoneClient | None = None,
    **query: Unpack[QueryOptions],
) -> pd.DataFrame:
    """Fetch milestones as a table, from the cache where that is fresh; without a filter, all there are.

    Parameters
    ----------
    category, competition, type, source_id, related_event_ticker : str, optional
        Exact matches, made by the server. A value that does not exist gives no rows.
    minimum_start_date, maximum_start_date : str, date, datetime or Timestamp, optional
        Bounds of `start_date`, both included; naive values are UTC. The server knows only the lower
        one; at the upper one the walk stops, since pages come ordered by start date.
    min_updated_ts : date-like or int, optional
        Only milestones updated since; an int is Unix seconds.
    limit : int
        Milestones per page, 1 to 500.
    max_rows : int, optional
        Return the first rows only; `attrs["milestone_kit"]["complete"]` is False where more follow.
    refresh : bool
        Ask the server even if the cache is fresh: for what changed since the last answer, or for all
        pages where there is none; see `MilestoneClient.refresh`.
    offline : bool
        Take the last complete answer from the cache, of any age, and never touch the network.
    strict : bool, optional
        Whether a milestone that breaks the server's contract is a SchemaError. By default it is set aside,
        told in a DataWarning and kept in `client.last_rejected`, and the others arrive.
    progress : bool or callable, optional
        None: a bar once the walk takes over two seconds; True or False: at once or never; a
        function: is called with (rows, pages) after each page.
    client : MilestoneClient, optional
        A process-wide client with default settings when left out.

    Returns
    -------
    pandas.DataFrame
        The milestones schema (see `schema.DTYPES`), also when empty: one row per id, sorted by
        (start_date, id), RangeIndex. `attrs["milestone_kit"]` holds source, query, fetched_at,
        complete, stale, pages, repaired, refreshed, rejected and last_full_sweep.

    Raises
    ------
    QueryError
        When an argument cannot be used; nothing was sent.
    NetworkError, RateLimitError, ApiError
        When the first page could not be had; the message has the server's words.
    IncompleteError
        When a later page could not be had: `partial` has the rows so far. Asking again goes on from there.
    SchemaError, PaginationError
        When the server does not follow its contract; of milestones, when most of a page do not.
    OfflineError
        When `offline=True` and the cache has no complete answer.

    Warns
    -----
    EmptyResultWarning
        When filters were given and nothing matches; it names near values.
    StaleWarning, DataWarning, CacheWarning
        When an older answer stands in, values were repaired, or the cache could not be used.

    Notes
    -----
    A request waits at most two minutes in all, retries included; for another process's walk of the
    same query a call waits at most five minutes. Source of the parameters: Kalshi's description of
    `GET /milestones`.

    Examples
    --------
    >>> import tempfile
    >>> from milestone_kit.sandbox import serve
    >>> with serve(rows=300) as server, tempfile.TemporaryDirectory() as folder:
    ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
    ...         df = get_milestones(category="Sports", max_rows=100, client=client)
    >>> len(df), set(df["category"].str.casefold())
    (100, {'sports'})
    """
    return (client or default_client()).get_milestones(
        limit=limit,
        max_rows=max_rows,
        refresh=refresh,
        offline=offline,
        strict=strict,
        progress=progress,
        **query,
    )


def get_milestone(
    id: str,  # noqa: A002 - the field's own name
    *,
    refresh: bool = False,
    offline: bool = False,
    client: MilestoneClient | None = None,
) -> pd.Series:
    """Fetch one milestone by its id.

    Parameters
    ----------
    id : str
        The milestone's id.
    refresh, offline, client
        As for `get_milestones`.

    Returns
    -------
    pandas.Series
        One row of the milestones table: its columns as index, the id as name.

    Raises
    ------
    NotFoundError
        When no milestone has this id.
    MilestoneKitError
        As for `get_milestones`.

    Examples
    --------
    >>> import tempfile
    >>> from milestone_kit.sandbox import serve
    >>> with serve(rows=5) as server, tempfile.TemporaryDirectory() as folder:
    ...     known = server.milestones()[0]["id"]
    ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
    ...         row = get_milestone(known, client=client)
    >>> row.name == row["id"] == known
    True
    """
    return (client or default_client()).get_milestone(id, refresh=refresh, offline=offline)


def get_competitions(
    *, refresh: bool = False, offline: bool = False, client: MilestoneClient | None = None
) -> pd.DataFrame:
    """Fetch the sports and competitions that the `competition` filter knows.

    Parameters
    ----------
    refresh, offline, client
        As for `get_milestones`.

    Returns
    -------
    pandas.DataFrame
        One row per competition: `sport` (str), `competition` (str, NA where a sport lists none),
        `scopes` (list<string>, the kinds of market there are). Source: `/search/filters_by_sport`.

    Raises
    ------
    MilestoneKitError
        As for `get_milestones`.

    Examples
    --------
    >>> import tempfile
    >>> from milestone_kit.sandbox import serve
    >>> with serve(rows=5) as server, tempfile.TemporaryDirectory() as folder:
    ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
    ...         competitions = get_competitions(client=client)
    >>> list(competitions.columns)
    ['sport', 'competition', 'scopes']
    """
    return (client or default_client()).get_competitions(refresh=refresh, offline=offline)
