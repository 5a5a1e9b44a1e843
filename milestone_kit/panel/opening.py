"""`explore`: open the explorer on a table or on a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

import pandas as pd

from milestone_kit.analysis.filters import CriteriaOptions
from milestone_kit.core.arguments import spelled_out, to_utc
from milestone_kit.core.query import Query
from milestone_kit.errors import QueryError
from milestone_kit.panel.cells import CellOwners
from milestone_kit.panel.explorer import MilestoneExplorer
from milestone_kit.panel.fetch import running_loop
from milestone_kit.panel.reproduce import YOUR_TABLE, name_of
from milestone_kit.panel.state import PanelState
from milestone_kit.table.schema import check_milestones

if TYPE_CHECKING:
    from collections.abc import Iterable

    from milestone_kit.client.client import MilestoneClient
    from milestone_kit.core.arguments import DateLike
    from milestone_kit.panel.fetch import Report

__all__ = ["explore"]

_QUESTIONS: Final = frozenset(Query.names()) - set(CriteriaOptions.__annotations__)
"""What only a server can be asked."""


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
    window: tuple[DateLike, DateLike] | None = None,
    now: DateLike | None = None,
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
    group, color : str
        What to group and colour by at first; see `MilestoneExplorer.state`.
    tz : str
        IANA time zone of all times shown.
    window : pair of date-like, optional
        The span on screen at first; without it, the one that fits.
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
    instant = None if now is None else to_utc(now, "now")
    query = _query_of(df_or_client, dict(options))
    filters = {"simulated": False, "placeholder": False} | options
    view = {"group": group, "color": color, "tz": tz, "window": window}
    state = PanelState.of({**view, "filters": {n: v for n, v in filters.items() if n not in query}})
    explorer = _opened(df_or_client, state, instant, query)
    owners = CellOwners.here()
    if owners is not None:
        owners.add(explorer)
    return explorer


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


def _opened(
    given: pd.DataFrame | MilestoneClient | None,
    state: PanelState,
    now: pd.Timestamp | None,
    query: dict[str, Any],
) -> MilestoneExplorer:
    if isinstance(given, pd.DataFrame):
        check_milestones(given)
        return MilestoneExplorer(given, state=state, now=now, source=name_of(given) or YOUR_TABLE)
    _check_client(given)
    Query.of(**query)

    def client() -> MilestoneClient:
        # the wire is imported with the first fetch, beside the widgets
        from milestone_kit.client.functions import default_client  # noqa: PLC0415

        return default_client() if given is None else given

    def coming(progress: Report) -> Iterable[pd.DataFrame]:
        yield client().get_milestones(progress=progress, **query)

    def reload(progress: Report) -> Iterable[pd.DataFrame]:
        yield client().get_milestones(refresh=True, progress=progress, **query)

    asked = "".join(f"{', ' if i else ''}{name}={value!r}" for i, (name, value) in enumerate(query.items()))
    source = f"{(given is not None and name_of(given)) or 'mk'}.get_milestones({asked})"
    if running_loop() is None:
        (table,) = coming(lambda _rows, _pages: None)
        return MilestoneExplorer(table, state=state, now=now, reload=reload, source=source)
    return MilestoneExplorer(coming, state=state, now=now, reload=reload, source=source)


def _check_client(given: object) -> None:
    if given is None:
        return
    from milestone_kit.client.client import MilestoneClient  # noqa: PLC0415 - who has one has imported it

    if not isinstance(given, MilestoneClient):
        raise TypeError(f"expected a milestones DataFrame or a MilestoneClient, got {type(given).__name__}")
