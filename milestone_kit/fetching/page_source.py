"""Where the pages of a query come from: the one place that writes a page's URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from milestone_kit.api.page_cache import PageSession
from milestone_kit.core.arguments import iso
from milestone_kit.fetching.workers import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from milestone_kit.api.transport import Transport
    from milestone_kit.core.query import Query

__all__ = ["chain_of", "source_of"]

_PATH = "/milestones"


def source_of(
    transport: Transport,
    session: requests.Session,
    query: Query,
    *,
    limit: int,
    cut: Callable[[list[int]], object] = lambda _: None,
    resumed: bool = False,
) -> Source:
    """Return the source that walkers ask for pages.

    Parameters
    ----------
    transport : Transport
        Asks the server.
    session : requests.Session
        One of the transport's; its cache, where it has one, is used.
    query : Query
        The question.
    limit : int
        Rows of a full page.
    cut : callable
        Is told where the walk is cut.
    resumed : bool
        Whether the session's cache may hold pages of this walk.
    """
    params = query.server_params() | {"limit": str(limit)}

    def fetch(low: int | None, cursor: str | None) -> tuple[dict[str, Any], bool]:
        asked = dict(params)
        if low is not None:
            asked["minimum_start_date"] = iso(pd.Timestamp(low, unit="us"))
        if cursor is not None:
            asked["cursor"] = cursor
        if resumed and isinstance(session, PageSession):
            kept = transport.kept(session, _PATH, asked)
            if kept is not None:
                return kept, False
        return transport.get(session, _PATH, asked), True

    return Source(fetch, cut, transport.until, transport.hang_up)


def chain_of(source: Source) -> Callable[[str | None], dict[str, Any]]:
    """Return what `cursor.walk` asks for the pages of a single chain."""
    return lambda cursor: source.fetch(None, cursor)[0]
