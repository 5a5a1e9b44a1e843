"""`explore`: open the explorer on a table or on a client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np
import pandas as pd

from milestone_kit.analysis.filters import CriteriaOptions
from milestone_kit.analysis.watching import read_watch
from milestone_kit.core.arguments import check_flag, read_duration, spelled_out, to_utc
from milestone_kit.core.notices import warn
from milestone_kit.core.query import Query
from milestone_kit.core.settings import PRODUCTION_URL, Settings
from milestone_kit.errors import CacheWarning, QueryError
from milestone_kit.panel.cells import CellOwners
from milestone_kit.panel.explorer import MilestoneExplorer
from milestone_kit.panel.fetch import running_loop
from milestone_kit.panel.reproduce import YOUR_TABLE, name_of
from milestone_kit.panel.saved_views import saved_view
from milestone_kit.panel.state import PanelState
from milestone_kit.storage.panel_store import PanelStore
from milestone_kit.table.schema import check_milestones

if TYPE_CHECKING:
    from collections.abc import Iterable

    from milestone_kit.client.client import MilestoneClient
    from milestone_kit.core.arguments import DateLike, TimedeltaLike
    from milestone_kit.panel.fetch import Report, Tables

__all__ = ["explore"]

_QUESTIONS: Final = frozenset(Query.names()) - set(CriteriaOptions.__annotations__)
"""What only a server can be asked."""


_SHORTEST: Final = np.timedelta64(30, "s")


class ExploreOptions(CriteriaOptions, total=False):
    """What may be asked of the rows, and of the server that they come from."""

    competition: str | None
    source_id: str | None
    related_event_ticker: str | None
    minimum_start_date: DateLike | None
    maximum_start_date: DateLike | None
    min_updated_ts: DateLike | int | None


@spelled_out(ExploreOptions)
def explore(
    df_or_client: pd.DataFrame | MilestoneClient | None = None,
    *,
    group: str = "league",
    color: str = "category",
    tz: str = "UTC",
    window: tuple[DateLike, DateLike] | str | None = None,
    view: str | None = None,
    watch: str | Iterable[str] | None = None,
    now: DateLike | None = None,
    every: TimedeltaLike | None = None,
    scores: bool = True,
    **options: Unpack[ExploreOptions],
) -> MilestoneExplorer:
    """Open the explorer on a milestones table, or on a client that fetches one.

    Parameters
    ----------
    df_or_client : pandas.DataFrame or MilestoneClient, optional
        Milestones; or the client to fetch them with, which also brings a refresh button; without it, the
        default client.
    now : str, date, datetime or Timestamp, optional
        What statuses and the now line are relative to; naive means UTC, the default is the current
        time.
    every : str or timedelta, optional
        With a client: ask for what changed after so long ("5min"), while someone looks at the panel, and tell
        it; the panel has a switch for it too.
    group, color : str
        What to group and colour by at first; see `MilestoneExplorer.state`.
    tz : str
        IANA time zone of all times shown.
    window : pair of date-like, or str, optional
        The span on screen at first: two dates, or words that tell it from now and are right tomorrow as
        well ("next 6 h", "last 24 h", "last 1 d, next 6 d", "today", "tomorrow", "yesterday"), or "all";
        without it, the one that fits.
    view : str, optional
        The name of a saved view to open with (see `MilestoneExplorer.save_view`), in place of what else says
        what to show first.
    watch : str or iterable of str, optional
        Tickers of events, series or markets, and ids, whose milestones stand on top of chart and table; the
        list that the panel keeps beside the cache without it, which `watch` does not change.
    scores : bool
        Whether to ask a client how the live milestones on screen stand, every 15 seconds while somebody
        looks. A switch in the panel says the same; with `now` nothing is asked.
    **options
        What to show first, as for `filter_milestones`. Simulated and placeholder rows are left out
        unless `simulated=None` or `placeholder=None` asks for them. With a client, those that
        `get_milestones` knows (`category="Sports"`, `minimum_start_date=...`) are asked of the server:
        only such milestones are fetched, all of them without any.

    Returns
    -------
    MilestoneExplorer
        A widget; show it by making it the last value of a cell. In a notebook it opens at once and
        shows how far the client's fetch is; `filtered` and the like wait for the rows. `close()` frees all
        that it holds, and so does the notebook when its cell runs again, unless a name of yours still
        stands for it.

    Raises
    ------
    TypeError
        An unknown option.
    QueryError
        An option's value cannot be used.
    SchemaError
        When the table is no milestones table.

    Examples
    --------
    >>> import milestone_kit as mk
    >>> explorer = mk.explore(mk.sample_milestones(300), now="2026-01-15", category="Sports")
    >>> set(explorer.filtered["category"].str.casefold())
    {'sports'}
    """
    pause = _pause(every)
    instant = None if now is None else to_utc(now, "now")
    query = _query_of(df_or_client, dict(options))
    filters = {"simulated": False, "placeholder": False} | options
    asked = {"group": group, "color": color, "tz": tz, "window": window}
    state = PanelState.of({**asked, "filters": {n: v for n, v in filters.items() if n not in query}})
    store = PanelStore(lambda: _cache_folder(df_or_client))
    if view is not None:
        state = _saved(store, view, state)
    watched = None if watch is None else read_watch(watch)
    shown: dict[str, Any] = {
        "state": state,
        "now": instant,
        "every": pause,
        "scores": check_flag(scores, "scores"),
    }
    shown |= {"watch": watched, "store": store}
    explorer = _opened(df_or_client, query, **shown)
    owners = CellOwners.here()
    if owners is not None:
        owners.add(explorer)
    return explorer


def _cache_folder(given: object) -> Path:
    """Return the folder beside which the panel keeps what is a user's own."""
    folder = getattr(given, "cache_dir", None)
    # whatever address the environment names: only the folder is asked for
    return folder if isinstance(folder, Path) else Settings.of(base_url=PRODUCTION_URL).cache_dir


def _saved(store: PanelStore, name: str, asked: PanelState) -> PanelState:
    """Return a saved view; QueryError where something else was asked for as well."""
    first = PanelState(group="league").as_dict()
    for one, value in asked.as_dict().items():
        if value != first[one]:
            raise QueryError(
                f"view={name!r} says itself what to show first, and so does {one}={value!r:.100}; "
                "leave one of them out"
            )
    kept = store.views()
    state, note = saved_view(kept.views, name)
    for words in filter(None, (kept.note, note)):
        warn(words, CacheWarning)
    return state


def _query_of(given: object, options: dict[str, Any]) -> dict[str, Any]:
    """Return those of the options that are asked of the server."""
    asked = {name: value for name, value in options.items() if name in Query.names() and value is not None}
    if isinstance(given, pd.DataFrame):
        for name in _QUESTIONS.intersection(asked):
            raise QueryError(
                f"{name}={asked[name]!r} is a question to the server, and this is a table; "
                "ask it with mk.get_milestones, or of a client"
            )
        return {}
    # several values are more than the server can be asked for at once: the rows are filtered
    return {name: value for name, value in asked.items() if name in _QUESTIONS or isinstance(value, str)}


def _pause(every: TimedeltaLike | None) -> float | None:
    """Return seconds between two refreshes; the server need not be asked more often than twice a minute."""
    if every is None:
        return None
    return float(read_duration(every, "every", least=_SHORTEST, seconds=True) / np.timedelta64(1, "s"))


def _opened(
    given: pd.DataFrame | MilestoneClient | None, query: dict[str, Any], **shown: Any
) -> MilestoneExplorer:
    if isinstance(given, pd.DataFrame):
        check_milestones(given)
        if shown.pop("every") is not None:
            raise QueryError(
                "every=... needs a client to ask, and this is a table; call explore(client, every=...)"
            )
        return MilestoneExplorer(given, source=name_of(given) or YOUR_TABLE, **shown)
    _check_client(given)
    Query.of(**query)

    def client() -> MilestoneClient:
        # the wire is imported with the first fetch, beside the widgets
        from milestone_kit.client.functions import default_client  # noqa: PLC0415

        return default_client() if given is None else given

    def coming(report: Report) -> Iterable[pd.DataFrame]:
        return client().stream(now=shown["now"], progress=report.note, stop=report.stop, **query)

    def reload(report: Report) -> Iterable[pd.DataFrame]:
        yield client().get_milestones(refresh=True, progress=report, **query)

    asked = "".join(f"{', ' if i else ''}{name}={value!r}" for i, (name, value) in enumerate(query.items()))
    source = f"{(given is not None and name_of(given)) or 'mk'}.get_milestones({asked})"
    first: pd.DataFrame | Tables = coming
    if running_loop() is None:
        first = client().get_milestones(**query)
    return MilestoneExplorer(first, reload=reload, source=source, client=client, **shown)


def _check_client(given: object) -> None:
    if given is None:
        return
    from milestone_kit.client.client import MilestoneClient  # noqa: PLC0415 - who has one has imported it

    if not isinstance(given, MilestoneClient):
        raise TypeError(f"expected a milestones DataFrame or a MilestoneClient, got {type(given).__name__}")
