"""Everything random about a synthetic universe: when each row is listed, moved, starts, ends, is reported.

A row's whole life is drawn at once, so what is listed at a moment follows from the draw and the moment
alone, and a clock can run through it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.sandbox.catalog import KINDS, LINES
from milestone_kit.sandbox.kinds import PRODUCTION_ROWS
from milestone_kit.sandbox.rhythm import WEEK, from_busy_time, to_busy_time

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = [
    "AHEAD_SHARE",
    "DAY",
    "MINUTE",
    "NEVER",
    "NONE",
    "Draw",
    "draw_listed",
    "draw_to_come",
    "starts_a_day",
]

MINUTE: Final = 60_000_000
"""A minute in microseconds."""

DAY: Final = 86_400_000_000
"""A day in microseconds."""

NONE: Final = np.iinfo(np.int64).min
"""Stands for a moment that a row does not have; numpy's NaT."""

NEVER: Final = np.iinfo(np.int64).max
"""Stands for something that will not happen: later than every clock."""

AHEAD_SHARE: Final = 0.03
"""The share of listed rows that lie ahead."""

# Ages: most rows fall off over a year, a few come from the years before
_RECENT_DAYS: Final = 300.0
_OLD_DAYS: Final = 470.0
_OLD_SHARE: Final = 0.09
_OLDEST_DAYS: Final = 2400.0
_CROWD_DAYS: Final = 14.0
_DENSITY: Final = (1 - _OLD_SHARE) / _RECENT_DAYS + _OLD_SHARE / _OLD_DAYS

_WEIGHTS: Final = np.array(LINES.weights) / sum(LINES.weights)
_LEADS: Final = np.array([kind.lead for kind in LINES.kinds])
_SEASON: Final = np.array([kind.season for kind in LINES.kinds])
_PLANNED: Final = np.array([kind.planned for kind in LINES.kinds])
_FEW_LEAD: Final = 0.6  # spread of the logarithm of the leads of what is listed day by day


@dataclass(slots=True)
class Draw:
    """The lives of some rows, one array entry per row, times in microseconds since 1970.

    `line` is the index into `LINES`; `announced` when the row is first listed, with the start
    `first_start`; `moved` when that becomes `start`; `opened` when its details learn that it began; `end`
    the true end; `plan` the span that is told in advance; `cancelled` when it is called off; `reported`
    when its end (or its being called off) gets into the listing. NEVER and NONE where that is not so.
    """

    line: Ints
    announced: Ints
    first_start: Ints
    moved: Ints
    start: Ints
    opened: Ints
    end: Ints
    plan: Ints
    cancelled: Ints
    reported: Ints
    numbers: Ints
    ids: NDArray[np.str_]
    simulated: NDArray[np.bool_]
    touched: Ints

    def __len__(self) -> int:
        return len(self.line)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Draw:
        """Return some of the rows, or all in another order."""
        return Draw(**{field.name: getattr(self, field.name)[rows] for field in dataclasses.fields(self)})


def starts_a_day(n: int) -> float:
    """Return how many things start a day in a universe of n rows, at its now."""
    near, days = _crowd(n)
    return n * (1 - AHEAD_SHARE) * ((1 - near) * _DENSITY + near / days)


def _crowd(n: int) -> tuple[float, float]:
    """Return which share of a universe of n rows crowds into the last days, and how many days those are.

    A universe that is smaller than production's spans the same years. Were it only thinner, hardly
    anything would ever be on; so up to half of it crowds around now, where its density shrinks but by the
    root of its size.
    """
    size = n / PRODUCTION_ROWS
    missing = _DENSITY * (max(size, 1e-9) ** -0.55 - 1)
    if missing <= 0:
        return 0.0, _CROWD_DAYS
    near = min(0.5, missing * _CROWD_DAYS)
    return near, near / missing


def draw_listed(n: int, rng: np.random.Generator, now: int) -> Draw:
    """Draw the n rows that are listed at `now`: most have started, some are ahead."""
    line = _draw_lines(n, rng)
    ahead = _choose_ahead(line, n, rng)
    near, days = _crowd(n)
    of = rng.random(n)
    mean = np.where(of < near, days, np.where(of < near + (1 - near) * _OLD_SHARE, _OLD_DAYS, _RECENT_DAYS))
    age = rng.exponential(1, n) * mean % _OLDEST_DAYS
    lead = _leads(line, n, rng, biased=ahead)
    to_go = lead * rng.random(n)
    busy = to_busy_time(line, np.full(n, now)) + np.where(ahead, to_go, -age) * DAY / WEEK
    start = _on_grid(from_busy_time(line, busy), rng)
    announced = np.minimum(start - 10 * MINUTE, start - (lead * DAY).astype(np.int64))
    # rounding a start down must not announce a row that lies ahead only later
    announced = np.minimum(announced, now - MINUTE)
    return _lives(line, announced, start, rng)


def draw_to_come(n: int, rng: np.random.Generator, begin: int) -> Draw:
    """Draw the rows that a universe of n rows gets to list in the 24 hours after `begin`."""
    count = int(rng.poisson(starts_a_day(n)))
    line = rng.choice(len(_WEIGHTS), size=count, p=_WEIGHTS)
    announced = begin + MINUTE + (rng.random(count) * (DAY - MINUTE)).astype(np.int64)
    lead = _leads(line, n, rng, biased=np.zeros(count, dtype=np.bool_))
    busy = to_busy_time(line, announced) + lead * DAY / WEEK
    start = _on_grid(from_busy_time(line, busy), rng)
    soon = (announced // (5 * MINUTE) + 3) * 5 * MINUTE
    return _lives(line, announced, np.maximum(start, soon), rng)


def _draw_lines(n: int, rng: np.random.Generator) -> Ints:
    """Share the rows out by weight; from 500 rows on, every kind occurs."""
    counts = np.floor(_WEIGHTS * n).astype(np.int64)
    if n >= 500:
        seen: set[int] = set()
        for at, kind in enumerate(LINES.kinds):
            first = KINDS.index(kind) not in seen
            seen.add(KINDS.index(kind))
            counts[at] = max(counts[at], int(first))
    missing = n - int(counts.sum())
    if missing > 0:
        counts += rng.multinomial(missing, _WEIGHTS)
    else:
        counts[0] += missing
    return rng.permutation(np.repeat(np.arange(len(counts), dtype=np.int64), counts))


def _stretch(n: int) -> float:
    """Return by how much leads are shortened so that the wanted share of a universe lies ahead."""
    return AHEAD_SHARE * n / (starts_a_day(n) * float(_WEIGHTS @ _LEADS)) if n else 1.0


def _choose_ahead(line: Ints, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose who lies ahead: the longer in advance a line is listed, the more of it does."""
    count = round(n * AHEAD_SHARE)
    weights = _LEADS[line]
    ahead = np.zeros(n, dtype=np.bool_)
    if count:
        ahead[rng.choice(n, size=count, replace=False, p=weights / weights.sum())] = True
    return ahead


def _leads(line: Ints, n: int, rng: np.random.Generator, *, biased: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Draw how many days ahead rows are listed.

    A row that is met while it lies ahead tends to be one with a long lead: `biased` rows get theirs from
    the length-biased distribution, so that the density of starts is the same on both sides of now.
    """
    count = len(line)
    mean = _LEADS[line] * _stretch(n)
    u = rng.random(count)
    low, high = 0.05, 1.95
    whole_season = np.where(
        biased, np.sqrt(low * low + u * (high * high - low * low)), low + u * (high - low)
    )
    day_by_day = np.exp(rng.normal(0, _FEW_LEAD, count) + _FEW_LEAD**2 * (biased - 0.5))
    leads: NDArray[np.float64] = mean * np.where(_SEASON[line], whole_season, day_by_day)
    return leads


def _on_grid(moment: Ints, rng: np.random.Generator) -> Ints:
    """Round down to the times at which things begin, so that many rows share a start."""
    grid = rng.choice(np.array([60, 30, 15, 5]), size=len(moment), p=[0.45, 0.3, 0.1, 0.15]) * MINUTE
    start = moment // grid * grid
    # a few feeds report to the fraction of a second
    exact = rng.random(len(moment)) < 0.01
    unit = 10 ** rng.integers(0, 6, size=len(moment))
    odd = start + rng.integers(0, MINUTE, size=len(moment)) // unit * unit
    starts: Ints = np.where(exact, odd, start)
    return starts


def _lives(line: Ints, announced: Ints, start: Ints, rng: np.random.Generator) -> Draw:
    """Draw what happens to rows between their listing and the report of their end."""
    n = len(line)
    unit = 10 ** rng.choice(7, size=n, p=[0.74, 0.1, 0.05, 0.04, 0.03, 0.02, 0.02])
    announced = announced // unit * unit
    minutes = _minutes(line, rng)
    planned = rng.random(n) < _PLANNED[line]
    median = np.array([length.median for length in LINES.lengths])[line]
    plan = np.where(planned, (median * MINUTE).astype(np.int64), NONE)
    kept = planned & (rng.random(n) < 0.7)
    end = start + np.where(kept, plan, (minutes * MINUTE).astype(np.int64) // unit * unit)
    # now and then somebody closes a game by hand, on the hour
    hour = 60 * MINUTE
    end = np.where(rng.random(n) < 0.03, -(-end // hour) * hour, end)
    cancelled = _cancelled(announced, start, rng)
    closed = np.where(cancelled < NEVER, cancelled, end)
    reported = (closed + _delay(n, rng)) // unit * unit
    forgotten = rng.random(n)
    reported = np.where(forgotten < 0.0002, NEVER, reported)
    reported = np.where((cancelled < NEVER) & (forgotten > 0.92), NEVER, reported)
    # half of the rows never say in their details how far they are
    opened = start + (rng.integers(20, 90, size=n) * 1_000_000 + rng.integers(0, 1_000_000, n)) // unit * unit
    quiet = (rng.random(n) < 0.5) | (cancelled < NEVER) | (opened >= reported)
    first_start, moved = _moves(announced, start, cancelled, unit, rng)
    return Draw(
        line, announced, first_start, moved, start, np.where(quiet, NEVER, opened), end, plan, cancelled,
        reported, rng.integers(0, 1 << 30, size=(n, 9)), _uuids(n, rng), np.zeros(n, dtype=np.bool_),
        np.full(n, NONE),
    )  # fmt: skip


def _minutes(line: Ints, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw how long things last: log-normal, and for some there is overtime, rain, a deciding set."""
    median, spread, tail, more = np.array(LINES.lengths)[line].T
    n = len(line)
    minutes = median * np.exp(spread * rng.normal(0, 1, n))
    longer = np.where(rng.random(n) < tail, rng.exponential(1, n) * more, 0)
    lasts: NDArray[np.float64] = np.maximum(minutes + longer, 2.0)
    return lasts


def _delay(n: int, rng: np.random.Generator) -> Ints:
    """Draw how long after the end it is reported: minutes; for a few rows somebody has to notice first."""
    minutes = np.clip(np.exp(rng.normal(np.log(3), 0.5, n)), 1, 10)
    late = rng.random(n) < 0.002
    delay: Ints = (np.where(late, rng.exponential(900, n) + 30, minutes) * MINUTE).astype(np.int64)
    return delay


def _cancelled(announced: Ints, start: Ints, rng: np.random.Generator) -> Ints:
    """Draw which rows are called off, from half a day before the start to an hour after it."""
    n = len(start)
    moment = start + ((rng.random(n) * 13 - 12) * 60 * MINUTE).astype(np.int64) // 1000 * 1000
    off = (rng.random(n) < 0.006) & (moment > announced + 60 * MINUTE)
    return np.where(off, moment, NEVER)


def _moves(
    announced: Ints, start: Ints, cancelled: Ints, unit: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Draw the starts that rows are first listed with, and when they get the ones they keep."""
    n = len(start)
    steps = np.where(rng.random(n) < 0.65, rng.integers(1, 25, n) * 5 * MINUTE, rng.integers(1, 4, n) * DAY)
    shift = steps * np.where(rng.random(n) < 0.6, 1, -1)
    first = np.where(rng.random(n) < 0.12, start - shift, start)
    # listed for the day as long as nobody knows the hour
    day_only = (rng.random(n) < 0.15) & (start - announced > 6 * DAY)
    first = np.where(day_only, start // DAY * DAY, first)
    latest = np.minimum(np.minimum(first, start), cancelled) - 30 * MINUTE
    room = latest - announced
    early = announced + ((0.3 + 0.7 * rng.random(n) ** 0.3) * np.maximum(room, 0)).astype(np.int64)
    moves = (first != start) & (room > 2 * 60 * MINUTE)
    return np.where(moves, first, start), np.where(moves, early // unit * unit, NEVER)


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
