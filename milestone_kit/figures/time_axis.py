"""The time axis: a window in UTC milliseconds, the window that fits a table, and ticks in a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = [
    "DAY",
    "HOUR",
    "Ticks",
    "Window",
    "bin_step",
    "fit_window",
    "format_instants",
    "format_short",
    "format_step",
    "midnight",
    "ticks",
    "to_ms",
    "window_around",
]

MINUTE: Final = 60_000.0
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
_MONTH, _YEAR = 30.44 * DAY, 365.25 * DAY

# Years 1 to 9999: what plotly, Python and the table can hold.
_EARLIEST, _LATEST = -62_135_596_800_000.0, 253_402_300_799_000.0


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time on screen, in milliseconds since 1970 UTC."""

    start: float
    end: float

    @property
    def span(self) -> float:
        """Length in milliseconds."""
        return self.end - self.start

    def padded(self, share: float) -> Window:
        """Return the window widened on both sides by a share of its span."""
        return Window(self.start - share * self.span, self.end + share * self.span).clamped()

    def at_least(self, span: float) -> Window:
        """Return the window widened around its middle to at least `span` milliseconds."""
        lack = max(span - self.span, 0.0) / 2
        return Window(self.start - lack, self.end + lack).clamped()

    def clamped(self) -> Window:
        """Return the part of the window that lies in the years 1 to 9999."""
        return Window(min(max(self.start, _EARLIEST), _LATEST), max(min(self.end, _LATEST), _EARLIEST))


def to_ms(instants: pd.Series | pd.DatetimeIndex) -> NDArray[np.float64]:
    """Return UTC instants as float64 milliseconds since 1970, NaN where NaT."""
    values = instants.to_numpy(dtype="datetime64[us]")
    ms: NDArray[np.float64] = values.astype(np.int64) / 1000.0
    ms[np.isnat(values)] = np.nan
    return ms


def midnight(day: dt.date, zone: str) -> pd.Timestamp:
    """Return the first moment of a local day, also where the clocks skip or repeat midnight."""
    return pd.Timestamp(day).tz_localize(zone, ambiguous=True, nonexistent="shift_forward")


def fit_window(start: NDArray[np.float64], end: NDArray[np.float64]) -> Window:
    """Return the window that shows the table without letting a few outliers squeeze the rest.

    A start more than one core span away from the core (all but the outer 2 % on each side) stays
    outside: a placeholder in the year 2000 or a lone row in 2033 must not ruin the axis.

    Parameters
    ----------
    start : ndarray of float64, shape (n,)
        Sorted, milliseconds UTC.
    end : ndarray of float64, shape (n,)
        Milliseconds UTC, NaN where open.
    """
    if not len(start):
        return Window(0.0, 7 * DAY)
    trim = max(len(start) // 50, 1 if len(start) >= 4 else 0)
    core_low, core_high = start[trim], start[len(start) - 1 - trim]
    reach = max(core_high - core_low, DAY)
    inside = (start >= core_low - reach) & (start <= core_high + reach)
    low, high = start[inside].min(), start[inside].max()
    ends = end[inside]
    ends = ends[ends <= high + reach]
    high = max(high, ends.max()) if len(ends) else high
    return Window(float(low), float(high)).at_least(2 * HOUR).padded(0.04)


def window_around(start: NDArray[np.float64], now: float, count: int) -> Window:
    """Return the window about `now` that holds the `count` starts nearest to it.

    Parameters
    ----------
    start : ndarray of float64, shape (n,)
        Sorted, milliseconds UTC.
    now : float
        Milliseconds UTC.
    count : int
        How many rows to show; at least one.
    """
    if not len(start):
        return Window(now - DAY, now + DAY)
    distance = np.abs(start - now)
    nearest = np.partition(distance, min(count, len(start)) - 1)[min(count, len(start)) - 1]
    near = start[distance <= nearest]
    return Window(float(near.min()), float(near.max())).at_least(6 * HOUR).padded(0.03)


_STEPS: Final = (
    ("min", 1, MINUTE),
    ("min", 5, 5 * MINUTE),
    ("min", 15, 15 * MINUTE),
    ("min", 30, 30 * MINUTE),
    ("h", 1, HOUR),
    ("h", 3, 3 * HOUR),
    ("h", 6, 6 * HOUR),
    ("h", 12, 12 * HOUR),
    ("D", 1, DAY),
    ("D", 2, 2 * DAY),
    ("W-MON", 1, 7 * DAY),
    ("MS", 1, _MONTH),
    ("MS", 3, 3 * _MONTH),
    ("YS", 1, _YEAR),
    ("YS", 2, 2 * _YEAR),
    ("YS", 5, 5 * _YEAR),
    ("YS", 25, 25 * _YEAR),
    ("YS", 100, 100 * _YEAR),
    ("YS", 1000, 1000 * _YEAR),
)

_BIN_STEPS: Final = (
    *(step for _, _, step in _STEPS if step <= 7 * DAY),
    *(weeks * 7 * DAY for weeks in (2, 4, 13, 26, 52)),
)


def bin_step(window: Window, bins: int) -> float:
    """Return the smallest round bin width, in milliseconds, that needs at most `bins` bins."""
    return next((step for step in _BIN_STEPS if window.span / step <= bins), window.span / bins)


def format_step(step: float) -> str:
    """Return a bin width in words.

    Examples
    --------
    >>> format_step(HOUR), format_step(7 * DAY)
    ('1 h', '7 d')
    """
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if step >= size:
            return f"{step / size:g} {unit}" if step % size == 0 else f"{step / size:.1f} {unit}"
    return f"{step / 1000:.0f} s"


@dataclass(frozen=True, slots=True)
class Ticks:
    """Tick positions (milliseconds UTC) and their two-line labels."""

    values: list[float]
    labels: list[str]


def _instants(ms: NDArray[np.float64]) -> pd.DatetimeIndex:
    # pandas reads floats by way of nanoseconds, which end in the year 2262
    whole = np.clip(np.round(ms), _EARLIEST, _LATEST).astype(np.int64)
    return pd.DatetimeIndex(whole.astype("datetime64[ms]")).tz_localize("UTC")


def _local_grid(window: Window, zone: str, freq: str, multiple: int) -> pd.DatetimeIndex:
    # A zone may move an instant by a day, and no calendar here goes beyond the years 1 to 9999.
    edges = np.clip([window.start, window.end], _EARLIEST + 8 * DAY, _LATEST - 8 * DAY)
    bounds = _instants(edges).tz_convert(zone).tz_localize(None)
    first, last = bounds[0], bounds[1]
    if freq == "YS":
        years = np.arange(first.year - first.year % multiple, last.year + multiple + 1, multiple)
        naive = pd.DatetimeIndex([pd.Timestamp(year=int(y), month=1, day=1) for y in years if 1 < y <= 9999])
    elif freq == "MS":
        january = pd.Timestamp(year=first.year, month=1, day=1)
        naive = pd.date_range(january, last, freq=f"{multiple}MS")
    elif freq in ("D", "W-MON"):
        monday = first.normalize() - pd.Timedelta(days=first.weekday())
        naive = pd.date_range(monday, last, freq="7D" if freq == "W-MON" else f"{multiple}D")
    else:
        naive = pd.date_range(first.normalize(), last, freq=f"{multiple}{freq}")
    # A wall-clock time that a DST change skips has no tick; one that it repeats gets its first.
    local = naive.tz_localize(zone, ambiguous=np.ones(len(naive), bool), nonexistent="NaT")
    return local[local.notna()]


def _day_month(local: pd.DatetimeIndex) -> pd.Index[str]:
    # strftime has no portable way to leave out the leading zero of a day
    return local.strftime("%a ") + local.day.astype(str) + local.strftime(" %b")


def _labels(local: pd.DatetimeIndex, freq: str) -> list[str]:
    if freq in ("min", "h"):
        upper, lower = local.strftime("%H:%M"), _day_month(local)
    elif freq in ("D", "W-MON"):
        upper, lower = local.day.astype(str), local.strftime("%b %Y")
    elif freq == "MS":
        upper, lower = local.strftime("%b"), local.strftime("%Y")
    else:
        return list(local.strftime("%Y"))
    shown = ""
    labels = []
    for top, bottom in zip(upper, lower, strict=True):
        labels.append(f"{top}<br><b>{bottom}</b>" if bottom != shown else top)
        shown = bottom
    return labels


def ticks(window: Window, zone: str, pixels: int) -> Ticks:
    """Return ticks at round wall-clock times of `zone`, about one every 75 pixels.

    Positions are true instants, so a day of a DST change is 23 or 25 hours wide, as it was.

    Parameters
    ----------
    window : Window
        The span on screen.
    zone : str
        IANA time zone.
    pixels : int
        Width of the plotting area.
    """
    wanted = max(pixels // 75, 2)
    freq, multiple, _ = next((s for s in _STEPS if window.span / s[2] <= wanted), _STEPS[-1])
    local = _local_grid(window, zone, freq, multiple)
    values = to_ms(local.tz_convert("UTC").as_unit("us"))
    inside = (values >= window.start) & (values <= window.end)
    return Ticks([float(v) for v in values[inside]], _labels(local[inside], freq))


def format_short(ms: NDArray[np.float64], zone: str) -> list[str]:
    """Return instants as text like `2026-01-16 20:00` in `zone`, "" where NaN."""
    return _format(ms, zone, lambda local: local.strftime("%Y-%m-%d %H:%M"))


def format_instants(ms: NDArray[np.float64], zone: str) -> list[str]:
    """Return instants as text like `Fri 16 Jan 2026 20:00` in `zone`, "" where NaN."""
    return _format(ms, zone, lambda local: _day_month(local) + local.strftime(" %Y %H:%M"))


def _format(
    ms: NDArray[np.float64], zone: str, write: Callable[[pd.DatetimeIndex], pd.Index[str]]
) -> list[str]:
    # Within a day of the years 1 and 9999 a zone could lead out of what strftime can write.
    rim = (ms < _EARLIEST + DAY) | (ms > _LATEST - DAY)
    texts = np.full(len(ms), "", dtype=object)
    for some, tz, note in ((~np.isnan(ms) & ~rim, zone, ""), (rim, "UTC", " UTC")):
        if some.any():
            texts[some] = write(_instants(ms[some]).tz_convert(tz)) + note
    return list(texts)
