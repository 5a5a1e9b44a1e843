"""`explore`: open the explorer on a table or on a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import pandas as pd

from milestone_kit.analysis.filters import CriteriaOptions
from milestone_kit.client.client import MilestoneClient
from milestone_kit.client.functions import get_milestones
from milestone_kit.core.arguments import spelled_out, to_utc
from milestone_kit.panel.explorer import MilestoneExplorer
from milestone_kit.panel.fetch import Fetch, running_loop
from milestone_kit.panel.state import PanelState
from milestone_kit.table.schema import check_milestones

if TYPE_CHECKING:
    from collections.abc import Callable

    from milestone_kit.core.arguments import DateLike

__all__ = ["explore"]

_PATIENCE: Final = 0.7
"""Seconds in which a fetch is waited for before the panel opens without its rows."""


@spelled_out(CriteriaOptions)
def explore(
    df_or_client: pd.DataFrame | MilestoneClient | None = None,
    *,
    group: str = "category",
    color: str = "category",
    tz: str = "UTC",
    window: tuple[DateLike, DateLike] | None = None,
    now: DateLike | None = None,
    **criteria: Unpack[CriteriaOptions],
) -> MilestoneExplorer:
    """Open the explorer on a milestones table, or on a client that fetches one.

    Parameters
    ----------
    df_or_client : pandas.DataFrame or MilestoneClient, optional
        Milestones; or the client to fetch the whole universe with, which also brings a refresh
        button; without it, the default client.
    now : str, date, datetime or Timestamp, optional
        What statuses and the now line are relative to; naive means UTC, the default is the current
        time.
    group, color : str
        What to group and colour by at first; see `MilestoneExplorer.state`.
    tz : str
        IANA time zone of all times shown.
    window : pair of date-like, optional
        The span on screen at first; without it, the one that fits.
    **criteria
        What to show first, as for `filter_milestones`. Simulated and placeholder rows are left out
        unless `simulated=None` or `placeholder=None` asks for them.

    Returns
    -------
    MilestoneExplorer
        A widget; show it by making it the last value of a cell. In a notebook it opens at once and
        shows how far the client's fetch is; `filtered` and the like wait for the rows.

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
    filters = {"simulated": False, "placeholder": False} | criteria
    view = {"group": group, "color": color, "tz": tz, "window": window}
    state = PanelState.of({**view, "filters": filters})
    instant = None if now is None else to_utc(now, "now")
    if isinstance(df_or_client, pd.DataFrame):
        check_milestones(df_or_client)
        return MilestoneExplorer(
            df_or_client, state=state, now=instant, source="...  # your milestones table"
        )
    if df_or_client is not None and not isinstance(df_or_client, MilestoneClient):
        raise TypeError(
            f"expected a milestones DataFrame or a MilestoneClient, got {type(df_or_client).__name__}"
        )
    fetch = get_milestones if df_or_client is None else df_or_client.get_milestones

    def reload(progress: Callable[[int, int], None]) -> pd.DataFrame:
        return fetch(refresh=True, progress=progress)

    if running_loop() is None:
        return MilestoneExplorer(fetch(), state=state, now=instant, reload=reload)
    first = Fetch(lambda progress: fetch(progress=progress))
    # what the cache holds is there at once, and a wrong address is refused at once
    ready = first.result() if first.wait(_PATIENCE) else first
    return MilestoneExplorer(ready, state=state, now=instant, reload=reload)
