"""Single answers, such as one milestone or the list of competitions, through one cache file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from milestone_kit.api.refusals import may_pass
from milestone_kit.core.forks import Lock, renew_after_fork
from milestone_kit.core.notices import warn
from milestone_kit.errors import ApiError, NotJSONError, OfflineError, StaleWarning

if TYPE_CHECKING:
    from pathlib import Path

    from milestone_kit.api.page_cache import PageSession
    from milestone_kit.api.transport import Transport
    from milestone_kit.core.settings import Settings

__all__ = ["Singles"]


class Singles:
    """Answers single GETs (one milestone, the list of competitions) through one cache file.

    Parameters
    ----------
    settings : Settings
        Says how old an answer may be, and whether a stale one may stand in.
    transport : Transport
        Asks the server.
    answers_path : pathlib.Path
        The cache file.
    """

    def __init__(self, settings: Settings, transport: Transport, answers_path: Path) -> None:
        self._settings = settings
        self._transport = transport
        self._path = answers_path
        self._session: PageSession | None = None
        self._lock = Lock()
        renew_after_fork(self)

    def renew(self) -> None:
        """Open a session of one's own when next asked: requests' sessions have locks in them."""
        self._session = None

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
        except (ApiError, NotJSONError) as error:
            allowed = self._settings.stale_if_error and may_pass(error)
            kept = self._transport.kept(session, path) if allowed else None
            if kept is None:
                raise
            warn(f"using an older answer because: {error}", StaleWarning)
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
