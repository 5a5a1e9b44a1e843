"""What one address has ever taught of how long things last: one small file beside the snapshots.

The file counts durations in bins that grow by two per cent, by league, by type and by category. Each group
remembers between which ends it has counted, so that no row counts twice however often it is fetched.
"""

from __future__ import annotations

import functools
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from milestone_kit.analysis.lengths import Lasting, Level, known_durations, latest_of_types, levels_of
from milestone_kit.analysis.quantiles import SHARES
from milestone_kit.core.files import quarantine, read_own, write_whole
from milestone_kit.core.locks import locked
from milestone_kit.core.settings import Settings, shown_url
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants, stamp_instant
from milestone_kit.table.schema import ATTRS_KEY, DTYPES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["durations_path", "learn_from", "learned_durations", "learned_for", "remember_where"]

_FORMAT: Final = 1
_GROWTH: Final = np.log(1.02)
_MINUTE: Final = 60_000_000
_YEAR: Final = 366 * 24 * 60 * _MINUTE
_RECENT: Final = 2_000
"""From how many new rows of a type, the latest ones, its leagues are learned at one time."""

_LOCK_SECONDS: Final = 2.0
_FAILURES: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError)

_places: dict[str, Path] = {}


class _Key(NamedTuple):
    level: str
    type: str | None
    league: str | None
    category: str | None


class _Group(NamedTuple):
    """How long rows of one kind lasted: counts by bin, of ends from `since` to `through` (both included)."""

    since: int
    through: int
    counts: dict[int, int]


_Groups = dict[_Key, _Group]


def durations_path(folder: Path, base_url: str) -> Path:
    """Return the file with what an address taught, below a cache folder."""
    return folder / "durations" / f"{hashlib.sha256(base_url.encode()).hexdigest()[:32]}.json"


def remember_where(base_url: str, path: Path) -> None:
    """Note, for this process, where tables of an address find what it has taught."""
    _places[base_url] = path


def learned_for(df: pd.DataFrame) -> pd.DataFrame | None:
    """Return what the address that a table came from has taught; None where nothing is known.

    Where the table does not tell its address, that of the environment counts.
    """
    told = df.attrs.get(ATTRS_KEY)
    source = told.get("source") if isinstance(told, dict) else None
    if isinstance(source, str):
        path = _places.get(source)
        return None if path is None else _read_table(path)
    try:
        settings = Settings.of()
    except QueryError:  # the environment names an address that cannot be: whoever fetches is told
        return None
    return _read_table(
        _places.get(shown_url(settings.base_url), durations_path(settings.cache_dir, settings.base_url))
    )


def learned_durations(by: str = "league") -> pd.DataFrame:
    """Return what the address of the environment has taught, as `typical_durations` gives it."""
    found = learned_for(pd.DataFrame())
    table = _table({}) if found is None else found
    levels = {"category": ("category",), "type": ("type", "category")}.get(by, ("league", "type", "category"))
    table = table[table["level"].isin(levels)].reset_index(drop=True)
    return table if by == "league" else table.drop(columns="league")


def learn_from(df: pd.DataFrame, path: Path, *, now: pd.Timestamp) -> None:
    """Count the ends of a table that the file has not counted yet.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    path : pathlib.Path
        The file; made, for its owner only, where it is not there.
    now : pandas.Timestamp
        When the table was fetched: ends that lie ahead are plans and teach nothing.

    Raises
    ------
    OSError
        When the disk refuses.
    """
    spans = _believable(known_durations(df, as_of=stamp_instant(now)))
    if not len(spans.rows):
        return
    with locked(path.with_suffix(".lock"), seconds=_LOCK_SECONDS, otherwise="nothing was learned") as alone:
        if not alone:
            return
        groups = _read(path)
        before = dict(groups)
        leagues = latest_of_types(spans, _RECENT)
        for level in levels_of(spans.rows, "type"):
            _count(groups, level, spans)
        _count(groups, levels_of(df.iloc[leagues.places], "league")[0], leagues)
        if groups != before:
            text = _written(groups)
            write_whole(path, lambda file: file.write(text))


def _believable(spans: Lasting) -> Lasting:
    """Leave what is over and lasted between no time at all and a year."""
    us = spans.duration.astype(np.int64)
    kept = np.flatnonzero(spans.over & (us > 0) & (us <= _YEAR))
    return spans.take(kept)


def _count(groups: _Groups, level: Level, spans: Lasting) -> None:
    """Add to each group of a level what lies outside the ends that it has counted."""
    inside = np.flatnonzero(level.codes >= 0)
    codes = level.codes[inside]
    ends = instants(spans.rows["end_date"]).astype(np.int64)[inside]
    bins = _bins(spans.duration[inside])
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(level.names) + 1))
    spelled = {_folded(key): key for key in groups}
    for number, name in enumerate(level.names.to_dict("records")):
        rows = order[bounds[number] : bounds[number + 1]]
        key = _Key(level.name, name.get("type"), name.get("league"), name.get("category"))
        key = spelled.setdefault(_folded(key), key)  # case makes no other kind
        known = groups.get(key)
        if known is not None:
            rows = rows[(ends[rows] < known.since) | (ends[rows] > known.through)]
        if len(rows):
            groups[key] = _added(known, bins[rows], ends[rows])


def _folded(key: _Key) -> tuple[str, ...]:
    return tuple(str(part).casefold() for part in key)


def _added(known: _Group | None, bins: NDArray[np.int64], ends: NDArray[np.int64]) -> _Group:
    since, through = int(ends.min()), int(ends.max())
    counts = {} if known is None else dict(known.counts)
    for at, count in zip(*np.unique(bins, return_counts=True), strict=True):
        counts[int(at)] = counts.get(int(at), 0) + int(count)
    if known is not None:
        since, through = min(since, known.since), max(through, known.through)
    return _Group(since, through, counts)


def _bins(durations: NDArray[np.timedelta64]) -> NDArray[np.int64]:
    minutes = np.maximum(durations.astype(np.int64) / _MINUTE, 1.0)
    bins: NDArray[np.int64] = np.floor(np.log(minutes) / _GROWTH).astype(np.int64)
    return bins


def _read(path: Path) -> _Groups:
    """Read a file; what is damaged is put aside with a warning, and nothing is known then."""
    try:
        return _parsed(read_own(path))
    except FileNotFoundError:
        return {}
    except (OSError, *_FAILURES) as error:
        quarantine(path, error)
        return {}


def _parsed(text: bytes) -> _Groups:
    told = json.loads(text)
    if told["format"] != _FORMAT:
        raise ValueError(f"its format is {told['format']!r}, not {_FORMAT}")
    groups: _Groups = {}
    most = int(_bins(np.array([_YEAR], dtype="timedelta64[us]"))[0])
    for each in told["groups"]:
        key = _Key(each["level"], each["type"], each["league"], each["category"])
        counts = {int(at): int(count) for at, count in each["counts"]}
        if not counts or min(counts) < 0 or max(counts) > most or min(counts.values()) < 1:
            raise ValueError(f"it holds durations of {key} that cannot be")
        if key.level not in {"league", "type", "category"} or not isinstance(each["since"], int):
            raise ValueError(f"it holds a group {key} that is none")
        groups[key] = _Group(int(each["since"]), int(each["through"]), counts)
    return groups


def _written(groups: _Groups) -> bytes:
    told = [
        {**key._asdict(), **group._asdict(), "counts": sorted(group.counts.items())}
        for key, group in groups.items()
    ]
    return json.dumps({"format": _FORMAT, "groups": told}).encode()


def _read_table(path: Path) -> pd.DataFrame | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return _read_once(path, about.st_mtime_ns, about.st_size)


@functools.lru_cache(maxsize=8)
def _read_once(path: Path, _written_at: int, _size: int) -> pd.DataFrame | None:
    groups = _read(path)
    return _table(groups) if groups else None


def _table(groups: _Groups) -> pd.DataFrame:
    """Return groups as `typical_durations` gives what it learned, by level and then by name."""
    rows = [(*key, sum(group.counts.values()), *_quantiles(group.counts)) for key, group in groups.items()]
    columns = ["level", "type", "league", "category", "n", *SHARES]
    table = pd.DataFrame(rows, columns=columns)
    for name in SHARES:
        table[name] = pd.to_timedelta(table[name], unit="min").dt.as_unit("us")
    table["spread"] = table["q75"] - table["q25"]
    table = table.astype(dict.fromkeys(columns[:4], DTYPES["type"]) | {"n": "int64"})
    rank = table["level"].map({"league": 0, "type": 1, "category": 2})
    table = table.assign(rank=rank).sort_values(["rank", "type", "league", "category"], kind="stable")
    shown = [
        "level",
        "type",
        "league",
        "category",
        "n",
        "q25",
        "median",
        "q75",
        "spread",
        "q01",
        "q10",
        "q90",
        "q99",
    ]
    return table[shown].reset_index(drop=True)


def _quantiles(counts: dict[int, int]) -> list[float]:
    """Return the quantiles of `SHARES` in minutes, to the middle of a bin."""
    bins = np.array(sorted(counts))
    reached = np.cumsum([counts[at] for at in bins.tolist()])
    places = [int(np.searchsorted(reached, share * reached[-1])) for share in SHARES.values()]
    values: list[Any] = [float(np.exp((bins[min(at, len(bins) - 1)] + 0.5) * _GROWTH)) for at in places]
    return values
