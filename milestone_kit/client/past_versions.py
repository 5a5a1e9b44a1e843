"""Questions to the history, put as questions to the server are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from milestone_kit.analysis.changes import changes_table
from milestone_kit.analysis.groups import Groups
from milestone_kit.core.arguments import to_utc
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from milestone_kit.core.arguments import DateLike
    from milestone_kit.core.query import Query
    from milestone_kit.storage.history import History

__all__ = ["recall_changes", "recall_versions"]


def recall_versions(history: History, ids: str | Iterable[str] | None, query: Query) -> pd.DataFrame:
    """Return the versions of the milestones that match a query in some version.

    Parameters
    ----------
    history : History
        Where versions are kept.
    ids : str or iterable of str, optional
        Only these milestones.
    query : Query
        What some version of a milestone must match; it may not ask for a competition, of which the
        server alone knows which milestones belong to it.

    Returns
    -------
    pandas.DataFrame
        As from `History.versions`.
    """
    _check(query)
    return _matching(history.versions(ids), query)


def recall_changes(history: History, since: DateLike | None, query: Query) -> pd.DataFrame:
    """Return the changes of the milestones that match a query in some version.

    Parameters
    ----------
    history, query
        As for `recall_versions`.
    since : date-like, optional
        Only changes seen then or later.

    Returns
    -------
    pandas.DataFrame
        As from `analysis.changes.changes_table`.
    """
    _check(query)
    ids: list[str] | None = None
    if since is not None:
        # of a long history only those are read in whole that have anything new to tell
        ids = history.versions(since=to_utc(since, "since"))["id"].unique().tolist()
    return changes_table(_matching(history.versions(ids), query), since)


def _check(query: Query) -> None:
    if query.competition is not None:
        raise QueryError(
            f"competition={query.competition!r}: the history cannot tell competitions; filter what it gives, "
            "or pass the ids of a table that was fetched with this filter"
        )


def _matching(versions: pd.DataFrame, query: Query) -> pd.DataFrame:
    matches = pd.Series(True, index=versions.index)  # noqa: FBT003 - the value, not a flag
    for name in ("category", "type"):
        wanted = getattr(query, name)
        if wanted is not None:
            matches &= Groups.of(versions[name]).find([wanted])  # the server does not mind the case either
    if query.source_id is not None:
        matches &= (versions["source_id"] == query.source_id).fillna(False).astype(bool)  # noqa: FBT003
    if query.minimum_start_date is not None:
        matches &= versions["start_date"] >= pd.Timestamp(query.minimum_start_date)
    if query.maximum_start_date is not None:
        matches &= versions["start_date"] <= pd.Timestamp(query.maximum_start_date)
    if query.min_updated_ts is not None:
        matches &= versions["last_updated_ts"] >= pd.Timestamp(query.min_updated_ts, unit="s", tz="UTC")
    if query.related_event_ticker is not None:
        found = [query.related_event_ticker in tickers for tickers in versions["related_event_tickers"]]
        matches &= pd.Series(found, index=versions.index, dtype=bool)
    if matches.all():
        return versions
    return versions[versions["id"].isin(versions.loc[matches, "id"].unique())].reset_index(drop=True)
