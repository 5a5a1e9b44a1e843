"""A deterministic synthetic universe of milestones with production's shape; every row is invented.

Each row carries `"synthetic": true` in its `details`, and where it has `source_ids` they name only the
sandbox, so nobody can take it for a real one. The shape (shares of types and categories, where in time
the rows lie, missing ends, odd time stamps) follows public recordings of 2026.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.errors import QueryError
from milestone_kit.sandbox.kinds import CATEGORIES, KINDS, TYPES, Kind
from milestone_kit.sandbox.wording import Day, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "CATEGORIES",
    "DEFAULT_NOW",
    "GO_ZERO_TIME",
    "TYPES",
    "iter_milestones",
    "sample_milestones",
    "synthetic_milestones",
]

DEFAULT_NOW: Final = dt.datetime(2026, 1, 15, 18, tzinfo=dt.UTC)
"""The moment that separates past from future where the caller names none."""

GO_ZERO_TIME: Final = "0001-01-01T00:00:00Z"
"""What production writes into `last_updated_ts` for "never"."""

_MINUTE: Final = 60_000_000
_DAY: Final = 86_400_000_000
_NONE: Final = np.iinfo(np.int64).min
_FUTURE_SHARE: Final = 0.03
_OLD_SHARE: Final = 0.07
_BURST_SHARE: Final = 0.18
_BURST_DAYS: Final = 12
_NEAR: Final = 36 * 60 * _MINUTE


@dataclass(slots=True)
class _Draw:
    """Everything random about the rows, one array entry per row, times in microseconds since 1970."""

    kind: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    updated: NDArray[np.int64]
    numbers: NDArray[np.int64]
    ids: NDArray[np.str_]
    simulated: NDArray[np.bool_]

    def sorted(self) -> _Draw:
        """Order the rows as the endpoint does, by (start_date, id)."""
        order = np.lexsort((self.ids, self.start))
        return _Draw(**{name: getattr(self, name)[order] for name in self.__slots__})


def synthetic_milestones(n: int, seed: int = 0, *, now: dt.datetime = DEFAULT_NOW) -> list[dict[str, Any]]:
    """Invent `n` milestones as the objects that `GET /milestones` would list.

    Parameters
    ----------
    n : int
        How many rows; production has about 137,200.
    seed : int
        The same seed, `n` and `now` give the same rows, byte for byte.
    now : datetime.datetime
        Aware; 97 % of the rows start before it.

    Returns
    -------
    list of dict
        Sorted by (start_date, id); keys and value types as the API's, `source_ids` included.

    Examples
    --------
    >>> rows = synthetic_milestones(1000)
    >>> len({row["type"] for row in rows}), rows[0]["start_date"]
    (44, '2000-01-01T00:00:00Z')
    >>> all(row["details"]["synthetic"] for row in rows)
    True
    """
    return list(iter_milestones(n, seed, now=now))


def iter_milestones(n: int, seed: int = 0, *, now: dt.datetime = DEFAULT_NOW) -> Iterator[dict[str, Any]]:
    """Yield the rows of `synthetic_milestones` one by one, which needs far less memory.

    Raises
    ------
    QueryError
        When `n` is no whole number of at least 0, or `now` carries no time zone.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise QueryError(f"n={n!r}: expected a whole number of at least 0")
    if now.tzinfo is None:
        raise QueryError(f"now={now!r} carries no time zone; write datetime(..., tzinfo=UTC)")
    return _rows(n, seed, now)


def _rows(n: int, seed: int, now: dt.datetime) -> Iterator[dict[str, Any]]:
    moment = round(now.timestamp()) * 1_000_000
    draw = _draw(n, np.random.default_rng(seed), moment).sorted()
    columns = zip(
        draw.kind.tolist(),
        draw.numbers.tolist(),
        draw.ids.tolist(),
        draw.simulated.tolist(),
        _calendar(draw),
        _rfc3339(draw.start),
        _rfc3339(draw.end),
        _rfc3339(draw.updated),
        strict=True,
    )
    for kind, numbers, id_, simulated, day, start, end, updated in columns:
        row = _object(KINDS[kind], numbers, id_, day, (start, end, updated))
        if simulated:
            _simulate(row, numbers)
        yield row


def sample_milestones(n: int = 500, seed: int = 0, *, now: dt.datetime = DEFAULT_NOW) -> pd.DataFrame:
    """Return `n` invented milestones as a milestones table, for trying things out without a server.

    Parameters
    ----------
    n : int
        How many rows.
    seed : int
        The same seed gives the same table.
    now : datetime.datetime
        Aware; most rows start before it, a few are live or upcoming.

    Returns
    -------
    pandas.DataFrame
        In the milestones schema; `attrs["milestone_kit"]["source"]` is "synthetic".

    Examples
    --------
    >>> table = sample_milestones(50)
    >>> len(table), table.attrs["milestone_kit"]["source"]
    (50, 'synthetic')
    """
    # imported here: serving rows needs no pandas
    from milestone_kit.table.frame import milestones_frame  # noqa: PLC0415
    from milestone_kit.table.schema import ATTRS_KEY  # noqa: PLC0415

    table = milestones_frame(synthetic_milestones(n, seed, now=now))
    table.attrs[ATTRS_KEY] = {**table.attrs.get(ATTRS_KEY, {}), "source": "synthetic"}
    return table


def _draw(n: int, rng: np.random.Generator, now: int) -> _Draw:
    kind = _draw_kinds(n, rng)
    start = _draw_starts(kind, rng, now)
    numbers = rng.integers(0, 1 << 30, size=(n, 9))
    draw = _Draw(
        kind=kind,
        start=start,
        end=_draw_ends(kind, start, rng),
        updated=np.zeros(n, dtype=np.int64),
        numbers=numbers,
        ids=_uuids(n, rng),
        simulated=np.zeros(n, dtype=np.bool_),
    )
    _add_oddities(draw, rng, now)
    draw.updated = _draw_updates(draw.start, rng, now)
    return draw


def _draw_kinds(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Share the rows out by weight; from 500 rows on, every kind occurs."""
    weights = np.array([kind.weight for kind in KINDS], dtype=np.float64)
    counts = np.floor(weights / weights.sum() * n).astype(np.int64)
    if n >= 500:
        counts = np.maximum(counts, 1)
    missing = n - int(counts.sum())
    # what rounding left over (or took too much) goes to the most frequent kind
    counts[0] += missing
    return rng.permutation(np.repeat(np.arange(len(KINDS), dtype=np.int64), counts))


def _draw_starts(kind: NDArray[np.int64], rng: np.random.Generator, now: int) -> NDArray[np.int64]:
    n = len(kind)
    future, old = round(n * _FUTURE_SHARE), round(n * _OLD_SHARE)
    # however small the universe, something is on at this moment
    live = max(4, n // 1000) if n >= 100 else 0
    days = np.concatenate(
        [
            60 * rng.random(future) ** 3,
            -730 - 1500 * rng.random(old) ** 1.5,
            -730 * rng.random(n - future - old - live) ** 1.7,
            -1 / 24 * rng.random(live),
        ]
    )
    offset = rng.permutation((days * _DAY).astype(np.int64))
    near = np.abs(offset) < _NEAR
    start = np.where(near, _to_grid(now, offset), _to_usual_hour(kind, now + offset, rng))
    _add_bursts(start, ~near & (offset < 0), rng, now)
    # a few feeds report to the fraction of a second, with any number of digits
    fraction = rng.random(n) < 0.03
    unit = 10 ** rng.integers(0, 6, size=n)
    start += np.where(fraction, rng.integers(1, 1_000_000, size=n) // unit * unit, 0)
    return start


def _to_grid(now: int, offset: NDArray[np.int64]) -> NDArray[np.int64]:
    """Round to five minutes away from now, so that no row changes sides."""
    step = 5 * _MINUTE
    away: NDArray[np.int64] = np.sign(offset) * (-(-np.abs(offset) // step)) * step
    return now + away


def _to_usual_hour(
    kind: NDArray[np.int64], moment: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Keep the day, and start at one of the type's usual hours: many rows then share a time stamp."""
    width = max(len(entry.hours) for entry in KINDS)
    hours = np.array([(entry.hours * width)[:width] for entry in KINDS], dtype=np.int64)
    n = len(kind)
    hour = hours[kind, rng.integers(0, width, size=n)]
    minute = rng.choice(np.array([0, 0, 0, 0, 30, 30, 15, 45, 5, 10, 20, 40]), size=n)
    of_day = np.where(rng.random(n) < 0.06, 0, (hour * 60 + minute) * _MINUTE)
    return moment // _DAY * _DAY + of_day


def _add_bursts(
    start: NDArray[np.int64], free: NDArray[np.bool_], rng: np.random.Generator, now: int
) -> None:
    """Pile rows up on a few days, almost half of each pile on one time stamp."""
    rows = np.flatnonzero(free & (rng.random(len(start)) < _BURST_SHARE))
    ages = np.sort(rng.choice(np.arange(20, 640), size=_BURST_DAYS, replace=False))
    days = (now // _DAY - ages) * _DAY
    pick = rng.integers(0, _BURST_DAYS, size=len(rows))
    of_day = start[rows] % _DAY
    shared = rng.random(len(rows)) < 0.45
    of_day[shared] = np.where(pick[shared] % 3 == 0, 0, (9 + pick[shared] % 4) * 60 * _MINUTE)
    start[rows] = days[pick] + of_day


def _draw_ends(
    kind: NDArray[np.int64], start: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    n = len(kind)
    typical = np.array([entry.minutes for entry in KINDS], dtype=np.float64)[kind]
    share = np.array([entry.ends for entry in KINDS])[kind]
    drawn = np.round(typical * np.exp(rng.normal(0, 0.22, size=n))).astype(np.int64)
    # what lasts days is planned in whole days and keeps its plan
    minutes = np.where(typical >= 1440, typical.astype(np.int64), drawn)
    known = (rng.random(n) < share) & (typical > 0)
    return np.where(known, start + minutes * _MINUTE, _NONE)


def _add_oddities(draw: _Draw, rng: np.random.Generator, now: int) -> None:
    """Plant what production has a little of: a far outlier, placeholders, negative spans, simulations."""
    n = len(draw.kind)
    if n < 50:
        return
    past = rng.permutation(np.flatnonzero(draw.start < now - _NEAR))
    few = max(2, n // 2000)
    placeholder, negative = past[:few], past[few : 2 * few]
    draw.start[placeholder] = 946_684_800_000_000  # 2000-01-01
    draw.end[placeholder] = 946_684_800_000_000 + _DAY
    draw.end[negative] = draw.start[negative] - rng.integers(1, 600, size=len(negative)) * _MINUTE
    future = np.flatnonzero(draw.start > now + _NEAR)[:1]
    draw.start[future] = 1_999_036_800_000_000  # 2033-05-07
    draw.end[future] = _NONE
    names = [entry.type for entry in KINDS]
    for name in ("basketball_game", "football_game"):
        rows = past[2 * few :][draw.kind[past[2 * few :]] == names.index(name)]
        draw.simulated[rows[: max(1, n // 1500)]] = True


def _draw_updates(start: NDArray[np.int64], rng: np.random.Generator, now: int) -> NDArray[np.int64]:
    """Rows were last touched around their start, but never after now; one in 120 never (Go's zero time)."""
    n = len(start)
    about = start + (rng.normal(0, 1.5, size=n) * _DAY).astype(np.int64)
    latest = now - (rng.random(n) ** 3 * 20 * _DAY).astype(np.int64)
    unit = 10 ** rng.choice(7, size=n, p=[0.68, 0.1, 0.06, 0.06, 0.03, 0.03, 0.04])
    updated = np.minimum(about, latest) // unit * unit
    return np.where(rng.random(n) < 1 / 120, _NONE, updated)


def _uuids(n: int, rng: np.random.Generator) -> NDArray[np.str_]:
    text = rng.bytes(16 * n).hex()
    variants = "89ab"
    return np.array(
        [
            f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{variants[int(h[16], 16) % 4]}{h[17:20]}-{h[20:]}"
            for h in (text[at : at + 32] for at in range(0, 32 * n, 32))
        ],
        dtype="U36",
    )


def _calendar(draw: _Draw) -> list[Day]:
    """Give the day each ticker names: one in 25 is stale, because the game moved after it was listed."""
    stale = draw.numbers[:, 8] % 25 == 0
    days = draw.start // _DAY + np.where(stale, draw.numbers[:, 7] % 9 - 4, 0)
    unique, inverse = np.unique(days, return_inverse=True)
    known = [Day(*(dt.date(1970, 1, 1) + dt.timedelta(days=int(day))).timetuple()[:3]) for day in unique]
    return [known[at] for at in inverse.tolist()]


def _rfc3339(moments: NDArray[np.int64]) -> list[str | None]:
    """Write microseconds as the API does: `Z`, and a fraction without its trailing zeros."""
    texts = np.datetime_as_string(moments.view("datetime64[us]"), unit="us").tolist()
    return [None if text == "NaT" else text.rstrip("0").rstrip(".") + "Z" for text in texts]


def _object(
    kind: Kind, numbers: list[int], id_: str, day: Day, times: tuple[str | None, str | None, str | None]
) -> dict[str, Any]:
    title, code, league, details = word(kind, numbers, day)
    start, end, updated = times
    chance = numbers[8]
    tail = f"-{day.stamp}{code}"
    event = league.series + tail
    related = [event, *(series + tail for series in league.extra)]
    if chance % 4 == 1:
        season = league.series.removesuffix("GAME").removesuffix("MATCH")
        related.append(f"{season}-{day.year % 100:02d}")
    row: dict[str, Any] = {
        "category": kind.category,
        "details": details,
        "id": id_,
        "last_updated_ts": updated or GO_ZERO_TIME,
        "notification_message": kind.message,
        "primary_event_tickers": [] if chance % 33 == 2 else [event],
        # one row in a hundred does not repeat its primary ticker here
        "related_event_tickers": related[1:] if chance % 101 == 3 else related,
        "start_date": start,
        "title": title,
        "type": kind.type,
    }
    if end is not None or chance % 5 < 3:
        row["end_date"] = end
    if chance % 7 != 5:
        row["source_id"] = None if chance % 7 == 6 else f"sb:match:{chance % 100_000_000}"
    if chance % 6 != 4:
        row["source_ids"] = {} if chance % 6 == 3 else {"sandbox": f"sb-{id_[:8]}"}
    return row


def _simulate(row: dict[str, Any], numbers: list[int]) -> None:
    """Turn a row into one of the simulated games that production lists among the real ones."""
    ticker = "SIMNBAGAME" if row["type"] == "basketball_game" else "SIMNFLGAME"
    row["primary_event_tickers"] = [ticker]
    row["related_event_tickers"] = [ticker]
    row["details"]["league"] = ticker[3:6]
    row["details"]["status"] = ("created", "inprogress", "ended")[numbers[0] % 3]
