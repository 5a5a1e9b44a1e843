"""The settings of a client, checked before anything is opened or sent."""

from __future__ import annotations

import errno
import math
import numbers
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import numpy as np
import platformdirs

from milestone_kit.core.arguments import check_flag, check_whole_number, read_duration
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["DEMO_URL", "OLDER_URLS", "PRODUCTION_URL", "Patience", "Settings", "is_loopback", "shown_url"]

PRODUCTION_URL: Final = "https://external-api.kalshi.com/trade-api/v2"
"""Kalshi's production API, the host that its description lists first; milestones need no account."""

DEMO_URL: Final = "https://external-api.demo.kalshi.co/trade-api/v2"
"""Kalshi's demo API."""

OLDER_URLS: Final = {
    PRODUCTION_URL: "https://api.elections.kalshi.com/trade-api/v2",
    DEMO_URL: "https://demo-api.kalshi.co/trade-api/v2",
}
"""The hosts of before, which the description calls "also supported": asked where the newer do not answer."""

_HIDDEN: Final = "***"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,15}://")
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._\-]*)(:[0-9]{0,5})?")
_KNOWN_PART: Final = re.compile(r"|trade-api|api|v[0-9]{1,2}")
_URL_VARIABLE: Final = "MILESTONE_KIT_BASE_URL"
_FOLDER_VARIABLE: Final = "MILESTONE_KIT_CACHE_DIR"
_LONGEST_NAME: Final = "x" * 120  # no file in the cache has a longer one


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is waited for, and when a walk is given up; what concerns one request is in `Retry`.

    Attributes
    ----------
    other_walk : float
        Seconds for which another process's walk for the same answer is waited for.
    other_record : float
        Seconds for which another process's hold on the history is waited for.
    answers_file : float
        Seconds for which one read or write of a file of answers waits for another process.
    page : float
        Seconds without a page after which a walk's other threads join, provided that the processor had little
        to do meanwhile: longer than an idle machine takes for a page of its own, shorter than one from afar.
    slow_page : float
        Seconds after which they join whatever the processor did: longer than a page takes from this machine.
    last_pages : float
        Seconds in which what is under way may still come in once a walk has failed.
    most_bytes : int
        How much memory the rows of a walk may take before it is given up: about five times as much as all
        milestones that there are.
    most_pages : int
        Where a walk is given up: 2.5 million milestones at 500 a page, 18 times what there is.
    """

    other_walk: float = 300.0
    other_record: float = 30.0
    answers_file: float = 3.0
    page: float = 0.02
    slow_page: float = 0.1
    last_pages: float = 5.0
    most_pages: int = 5_000
    most_bytes: int = 2**29


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked settings; make them with `Settings.of`, whose arguments are those of `MilestoneClient`.

    `expire_after`, `full_sweep_after` and `overlap` are in seconds; `timeout` is (connect, read) in seconds.
    """

    base_url: str = field(repr=False)  # may have a secret in it; see `shown_url`
    cache_dir: Path
    expire_after: float
    requests_per_second: float
    timeout: tuple[float, float]
    workers: int
    stale_if_error: bool
    full_sweep_after: float
    overlap: float
    max_cache_bytes: int
    patience: Patience = Patience()

    @classmethod
    def of(
        cls,
        *,
        base_url: str | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        expire_after: str | float | dt.timedelta = "1h",
        requests_per_second: float = 15,
        timeout: float | tuple[float, float] = (5, 30),
        workers: int = 4,
        stale_if_error: bool = False,
        full_sweep_after: str | float | dt.timedelta = "7d",
        overlap: str | float | dt.timedelta = "2min",
        max_cache_bytes: int = 2 * 10**9,
        patience: Patience | None = None,
    ) -> Settings:
        """Check every argument; what is None comes from the environment or the platform.

        Raises
        ------
        QueryError
            Naming the argument, its value and what is allowed.

        Examples
        --------
        >>> Settings.of(base_url="https://example.com/v2/", expire_after="90min").expire_after
        5400.0
        """
        url = base_url if base_url is not None else os.environ.get(_URL_VARIABLE) or PRODUCTION_URL
        folder = cache_dir if cache_dir is not None else os.environ.get(_FOLDER_VARIABLE) or _default_folder()
        both = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        if len(both) != 2:
            raise QueryError(f"timeout={timeout!r}: expected seconds, or (connect, read) in seconds")
        return cls(
            base_url=_checked_url(url),
            cache_dir=_folder(folder),
            expire_after=_seconds(expire_after, "expire_after"),
            requests_per_second=_positive(requests_per_second, "requests_per_second"),
            timeout=(_positive(both[0], "timeout"), _positive(both[1], "timeout")),
            workers=check_whole_number(workers, "workers"),
            stale_if_error=check_flag(stale_if_error, "stale_if_error"),
            full_sweep_after=_seconds(full_sweep_after, "full_sweep_after"),
            overlap=_seconds(overlap, "overlap"),
            max_cache_bytes=check_whole_number(max_cache_bytes, "max_cache_bytes"),
            patience=patience or Patience(),
        )


def is_loopback(url: str) -> bool:
    """Tell whether a URL points at this machine."""
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def shown_url(url: str) -> str:
    """Return a URL as it may be shown, printed and logged: whatever could be a secret is starred out.

    Examples
    --------
    >>> shown_url("https://me:secret@api.example:8443/trade-api/v2?key=secret")
    'https://***@api.example:8443/trade-api/v2?***'
    >>> shown_url("https://proxy.example/s3cret/v2")
    'https://proxy.example/***/v2'
    """
    scheme = found[0] if (found := _SCHEME.match(url)) else ""
    user, at, rest = url[len(scheme) :].rpartition("@")  # a password may hold any of the marks below
    place, *more = re.split(r"([?#])", rest, maxsplit=1)
    host, *parts = place.split("/")
    shown = [host if _HOST.fullmatch(host) else _HIDDEN]
    shown += [part if _KNOWN_PART.fullmatch(part) else _HIDDEN for part in parts]
    before = f"{_HIDDEN}@" if at else user
    return f"{scheme}{before}{'/'.join(shown)}{f'{more[0]}{_HIDDEN}' if more else ''}"


def _seconds(value: Any, name: str) -> float:
    return float(read_duration(value, name, seconds=True) / np.timedelta64(1, "s"))


def _default_folder() -> str:
    return platformdirs.user_cache_dir("milestone_kit", appauthor=False)


def _checked_url(url: Any) -> str:
    if not isinstance(url, str):
        raise QueryError(f"base_url: expected text such as {PRODUCTION_URL!r}, got {type(url).__name__}")
    shown = shown_url(url)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        usable = usable and url.isprintable() and " " not in url
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        raise QueryError(
            f"base_url={shown!r}: expected scheme, host and path only, such as {PRODUCTION_URL!r}"
        )
    if parts.scheme == "http" and not is_loopback(url):
        raise QueryError(f"base_url={shown!r}: plain http is for this machine only; use https")
    return url.rstrip("/")


def _folder(folder: Any) -> Path:
    if not isinstance(folder, str | os.PathLike) or not str(folder):
        raise QueryError(f"cache_dir={folder!r}: expected the path of a folder")
    try:
        path = Path(folder).expanduser().absolute()
        os.lstat(path / _LONGEST_NAME)
    except (RuntimeError, ValueError) as error:  # no such user's home; NUL, or text that is no name
        raise QueryError(f"cache_dir={folder!r}: no folder can be there ({error})") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise QueryError(f"cache_dir={folder!r}: the name is too long for this file system") from error
    return path


def _positive(value: Any, name: str) -> float:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value <= 0:
        raise QueryError(f"{name}={value!r}: expected a number above 0")
    return float(value)
