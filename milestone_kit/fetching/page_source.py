"""Who asks: the one place that writes a page's URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from milestone_kit.api.page_cache import PageSession
from milestone_kit.core.arguments import iso

if TYPE_CHECKING:
    import requests

    from milestone_kit.api.transport import Transport
    from milestone_kit.core.query import Query

__all__ = ["PageSource"]

_PATH: Final = "/milestones"


class PageSource:
    """Asks for the pages of one query.

    Parameters
    ----------
    transport : Transport
        Asks the server.
    query : Query
        The question.
    limit : int
        Rows of a full page.
    session : requests.Session, optional
        One of the transport's; its cache, where it has one, is used. One without a cache by default.
    resumed : bool
        Whether the session's cache may hold pages of this walk.

    Attributes
    ----------
    until : callable
        Takes an event; gives a context in which the thread's requests end once it is set.
    hang_up : callable
        Ends all requests at once.
    """

    def __init__(
        self,
        transport: Transport,
        query: Query,
        *,
        limit: int,
        session: requests.Session | None = None,
        resumed: bool = False,
    ) -> None:
        self._transport = transport
        self._session = session or transport.session()
        self._params = query.server_params() | {"limit": str(limit)}
        self._resumed = resumed
        self.until = transport.until
        self.hang_up = transport.hang_up

    def fetch(self, low: int | None, cursor: str | None) -> tuple[dict[str, Any], bool]:
        """Return a decoded page, and whether the server was asked for it.

        Parameters
        ----------
        low : int, optional
            The first start of a range, in microseconds since 1970; None for the query's own.
        cursor : str, optional
            None for the first page.
        """
        asked = dict(self._params)
        if low is not None:
            asked["minimum_start_date"] = iso(pd.Timestamp(low, unit="us"))
        if cursor is not None:
            asked["cursor"] = cursor
        if self._resumed and isinstance(self._session, PageSession):
            kept = self._transport.kept(self._session, _PATH, asked)
            if kept is not None:
                return kept, False
        return self._transport.get(self._session, _PATH, asked), True
