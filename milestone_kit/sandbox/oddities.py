"""What production has a little of, planted into a draw: placeholders, a far tail, simulations, zero times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from milestone_kit.sandbox.catalog import LINES
from milestone_kit.sandbox.draw import DAY, MINUTE, NEVER, NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.sandbox.draw import Draw

__all__ = ["PLACEHOLDER", "plant"]

PLACEHOLDER: Final = 946_684_800_000_000
"""2000-01-01, the start that stands for "no date yet", in microseconds since 1970."""

_FARTHEST: Final = 1_990_656_000_000_000  # 2033-01-30, some days before the last row of the census
_OLDEST: Final = 1_577_836_800_000_000  # 2020-01-01
_NEAR: Final = 2 * DAY


def plant(draw: Draw, rng: np.random.Generator, now: int) -> None:
    """Change a few of the rows that are listed at `now`; universes below 50 rows stay as they are."""
    n = len(draw)
    if n < 50:
        return
    past = rng.permutation(np.flatnonzero(draw.start < now - _NEAR))
    few = max(2, n // 30_000)
    _hold(draw, past[:few])
    _simulate(draw, past[few:], max(1, n // 6000), now)
    rest = past[few:][~draw.simulated[past[few:]]]
    draw.start[rest[:1]] = draw.first_start[rest[:1]] = _OLDEST
    draw.end[rest[:1]] = _OLDEST + 2 * 60 * MINUTE
    draw.reported[rest[:1]] = _OLDEST + 125 * MINUTE
    draw.announced[rest[:1]] = _OLDEST - DAY
    draw.cancelled[rest[:1]] = draw.opened[rest[:1]] = draw.moved[rest[:1]] = NEVER
    _cancel(draw, rest[1 : 1 + max(1, n // 4000)])
    _forget(draw, rest[-max(1, n // 50_000) :])
    _spread_far(draw, rng, now)
    draw.touched[:] = _last_touch(draw, rng, now)


def _line_of(type_: str) -> NDArray[np.int64]:
    return np.array([at for at, kind in enumerate(LINES.kinds) if kind.type == type_])


def _hold(draw: Draw, rows: NDArray[np.int64]) -> None:
    """Make placeholders of rows: political races whose date is not known."""
    draw.line[rows] = _line_of("political_race")[0]
    draw.start[rows] = draw.first_start[rows] = PLACEHOLDER
    draw.end[rows] = NONE
    draw.plan[rows] = DAY
    draw.moved[rows] = draw.opened[rows] = draw.cancelled[rows] = draw.reported[rows] = NEVER


def _simulate(draw: Draw, rows: NDArray[np.int64], count: int, now: int) -> None:
    """Make simulated games of rows: they sit among the real ones for years and are touched all the time."""
    for code in ("NBA", "NFL"):
        line = next(at for at, league in enumerate(LINES.leagues) if league.code == code)
        free = rows[~draw.simulated[rows]][:count]
        draw.simulated[free] = True
        draw.line[free] = line
        draw.announced[free] = now - draw.numbers[free, 0] % (300 * MINUTE)
        draw.plan[free] = draw.end[free] = NONE
        draw.first_start[free] = draw.start[free]
        draw.moved[free] = draw.opened[free] = draw.cancelled[free] = draw.reported[free] = NEVER


def _cancel(draw: Draw, rows: NDArray[np.int64]) -> None:
    """Call rows off in good time, so that the end in the listing lies before the start."""
    draw.cancelled[rows] = draw.start[rows] - 90 * MINUTE
    draw.announced[rows] = np.minimum(draw.announced[rows], draw.start[rows] - 3 * DAY)
    draw.reported[rows] = draw.start[rows] - 85 * MINUTE
    draw.opened[rows] = draw.moved[rows] = NEVER
    draw.first_start[rows] = draw.start[rows]


def _forget(draw: Draw, rows: NDArray[np.int64]) -> None:
    """Let rows end without anybody ever saying so."""
    draw.plan[rows] = NONE
    draw.reported[rows] = NEVER


def _spread_far(draw: Draw, rng: np.random.Generator, now: int) -> None:
    """Let some races and one-off rows lie years ahead, the last one in 2033."""
    slow = np.isin(draw.line, np.concatenate([_line_of("political_race"), _line_of("one_off_milestone")]))
    ahead = np.flatnonzero(draw.start > now + 60 * MINUTE)
    rows = np.concatenate([ahead[slow[ahead]], ahead[~slow[ahead]]])[: max(2, len(draw) // 3500)]
    if not len(rows):
        return
    last = max(_FARTHEST, now + 2 * 365 * DAY) // DAY * DAY
    begin = now + 30 * DAY
    spread = begin + ((last - begin) * rng.random(len(rows)) ** 4).astype(np.int64)
    spread[0] = last
    draw.line[rows] = np.where(slow[rows], draw.line[rows], _line_of("political_race")[0])
    span = 16 * 60 * MINUTE
    draw.start[rows] = draw.first_start[rows] = spread // DAY * DAY
    draw.end[rows] = draw.start[rows] + span
    draw.reported[rows] = draw.end[rows] + 4 * MINUTE
    draw.plan[rows] = np.where(draw.numbers[rows, 0] % 3 > 0, span, NONE)
    draw.moved[rows] = draw.opened[rows] = draw.cancelled[rows] = NEVER


def _last_touch(draw: Draw, rng: np.random.Generator, now: int) -> NDArray[np.int64]:
    """Touch many old rows at one instant, as a migration does."""
    migration = (now // DAY - 176) * DAY + 57_180_757_782
    return np.where((draw.announced < migration) & (rng.random(len(draw)) < 0.2), migration, NONE)
