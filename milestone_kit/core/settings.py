"""The settings of a client, checked before anything is opened or sent."""

from __future__ import annotations

import datetime as dt
import math
import numbers
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pandas as pd
import platformdirs

from milestone_kit.api.transport import is_loopback
from milestone_kit.errors import QueryError

__all__ = ["DEMO_URL", "PRODUCTION_URL", "Settings"]

PRODUCTION_URL: Final = "https://api.elections.kalshi.com/trade-api/v2"
"""Kalshi's production API; milestones need no account."""

DEMO_URL: Final = "https://demo-api.kalshi.co/trade-api/v2"
"""Kalshi's demo API."""

_DAYS: Final = re.compile(r"(?<=\d)\s*d\b")
_URL_VARIABLE: Final = "MILESTONE_KIT_BASE_URL"
_FOLDER_VARIABLE: Final = "MILESTONE_KIT_CACHE_DIR"


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked settings; make them with `Settings.of`, whose arguments are those of `MilestoneClient`.

    `expire_after`, `full_sweep_after` and `overlap` are in seconds; `timeout` is (connect, read) in seconds.
    """

    base_url: str
    cache_dir: Path
    expire_after: float
    requests_per_second: float
    timeout: tuple[float, float]
    workers: int
    stale_if_error: bool
    full_sweep_after: float
    overlap: float
    max_cache_bytes: int

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
            workers=_count(workers, "workers"),
            stale_if_error=_flag(stale_if_error, "stale_if_error"),
            full_sweep_after=_seconds(full_sweep_after, "full_sweep_after"),
            overlap=_seconds(overlap, "overlap"),
            max_cache_bytes=_count(max_cache_bytes, "max_cache_bytes"),
        )


def _default_folder() -> str:
    return platformdirs.user_cache_dir("milestone_kit", appauthor=False)


def _checked_url(url: Any) -> str:
    if not isinstance(url, str):
        raise QueryError(f"base_url={url!r}: expected text such as {PRODUCTION_URL!r}")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        raise QueryError(f"base_url={url!r}: expected scheme, host and path only, such as {PRODUCTION_URL!r}")
    if parts.scheme == "http" and not is_loopback(url):
        raise QueryError(f"base_url={url!r}: plain http is for this machine only; use https")
    return url.rstrip("/")


def _folder(folder: Any) -> Path:
    if not isinstance(folder, str | os.PathLike) or not str(folder):
        raise QueryError(f"cache_dir={folder!r}: expected the path of a folder")
    return Path(folder).expanduser().absolute()


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise QueryError(f"{name}={value!r}: expected a whole number of at least 1")
    return int(value)


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise QueryError(f"{name}={value!r}: expected True or False")
    return value


def _positive(value: Any, name: str) -> float:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value <= 0:
        raise QueryError(f"{name}={value!r}: expected a number above 0")
    return float(value)


def _seconds(value: Any, name: str) -> float:
    expected = f"{name}={value!r}: expected text such as '1h', a timedelta, or seconds"
    if isinstance(value, bool) or not isinstance(value, str | numbers.Real | dt.timedelta):
        raise QueryError(expected)
    try:
        # pandas wants days as "D"; people write "7d"
        value = _DAYS.sub("D", value) if isinstance(value, str) else value
        seconds = float(value) if isinstance(value, numbers.Real) else pd.Timedelta(value).total_seconds()
    except (ValueError, OverflowError) as error:
        raise QueryError(expected) from error
    if not 0 <= seconds < math.inf:
        raise QueryError(f"{expected}, 0 or more")
    return seconds
