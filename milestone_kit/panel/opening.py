"""`explore`: open the explorer on a table or on a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

import pandas as pd

from milestone_kit.analysis.filters import CriteriaOptions
from milestone_kit.core.arguments import spelled_out, to_utc
from milestone_kit.panel.cells import CellOwners
from milestone_kit.panel.explorer import MilestoneExplorer
from milestone_kit.panel.fetch import Fetch, running_loop
from milestone_kit.panel.state import PanelState
from milestone_kit.table.schema import check_milestones

if TYPE_CHECKING:
    from collections.abc import Callable

    from milestone_kit.client.client import MilestoneClient
    from milestone_kit.core.arguments import DateLike

__all__ = ["explore"]

_PATIENCE: Final = 0.25
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
    filters = {"simulated": False, "placeholder": False} | criteria
    view = {"group": group, "color": color, "tz": tz, "window": window}
    state = PanelState.of({**view, "filters": filters})
    instant = None if now is None else to_utc(now, "now")
    explorer = _opened(df_or_client, state, instant)
    owners = CellOwners.here()
    if owners is not None:
        owners.add(explorer)
    return explorer


def _opened(
    given: pd.DataFrame | MilestoneClient | None, state: PanelState, now: pd.Timestamp | None
) -> MilestoneExplorer:
    if isinstance(given, pd.DataFrame):
        check_milestones(given)
        return MilestoneExplorer(given, state=state, now=now, source="...  # your milestones table")
    fetch = _fetch_of(given)

    def reload(progress: Callable[[int, int], None]) -> pd.DataFrame:
        return fetch(refresh=True, progress=progress)

    if running_loop() is None:
        return MilestoneExplorer(fetch(), state=state, now=now, reload=reload)
    first = Fetch(lambda progress: fetch(progress=progress))
    # what the cache holds is there at once, and a wrong address is refused at once
    ready = first.result() if first.wait(_PATIENCE) else first
    return MilestoneExplorer(ready, state=state, now=now, reload=reload)


def _fetch_of(client: MilestoneClient | None) -> Callable[..., pd.DataFrame]:
    """Return what fetches; the wire is imported with the first fetch, beside the widgets."""
    if client is None:

        def fetch(**options: Any) -> pd.DataFrame:
            from milestone_kit.client.functions import get_milestones  # noqa: PLC0415

            return get_milestones(**options)

        return fetch
    from milestone_kit.client.client import MilestoneClient  # noqa: PLC0415 - who has one has imported it

    if not isinstance(client, MilestoneClient):
        raise TypeError(f"expected a milestones DataFrame or a MilestoneClient, got {type(client).__name__}")
    return client.get_milestones
