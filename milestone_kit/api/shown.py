"""Texts about requests, without what may be a secret in the address that is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from requests.utils import requote_uri

from milestone_kit.core.settings import shown_url

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Shown"]

_ROOT: Final = "/"


class Shown:
    """Stars out, in any text, what `core.settings.shown_url` stars out of these addresses.

    Parameters
    ----------
    base_urls : iterable of str
        The addresses.

    Examples
    --------
    >>> shown = Shown(["https://proxy.example/s3cret/v2"])
    >>> shown("GET https://proxy.example/s3cret/v2/milestones?limit=5")
    'GET https://proxy.example/***/v2/milestones?limit=5'
    >>> shown("Max retries exceeded with url: /s3cret/v2/milestones")
    'Max retries exceeded with url: /***/v2/milestones'
    """

    def __init__(self, base_urls: Iterable[str]) -> None:
        self._changes: dict[str, str] = {}
        for base_url in base_urls:
            for url in (base_url, requote_uri(base_url)):  # as it was given, and as it is sent
                self._changes |= {text: shown for text, shown in _changes(url) if text != shown}

    def __call__(self, text: object) -> str:
        """Return a text as it may be shown."""
        said = str(text)
        for secret, shown in self._changes.items():
            said = said.replace(secret, shown)
        return said

    def cause(self, error: BaseException) -> BaseException | None:
        """Return an error where it may be shown as a cause; None where it tells a secret."""
        said = str(error)
        return error if self(said) == said else None


def _changes(url: str) -> list[tuple[str, str]]:
    path, shown = urlsplit(url).path, urlsplit(shown_url(url)).path
    return [(url, shown_url(url)), *([(path, shown)] if path != _ROOT else [])]
