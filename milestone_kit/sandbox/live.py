"""Live data of invented milestones: what `GET /live_data/...` tells of a game at a moment.

Everything follows from the row, its true course and the moment: a payload is "before" until the start,
grows with the clock, and is over at the true end, minutes before the listing reports that. The keys are
those seen in production, by family; where only a key's name is known its value is made up. Scores, names
and results are invented, and `details` say so (`"synthetic": true`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from milestone_kit.sandbox.catalog import KIND_OF_TYPE
from milestone_kit.sandbox.live_readings import READINGS
from milestone_kit.sandbox.live_scores import SCORES
from milestone_kit.sandbox.oddities import PLACEHOLDER
from milestone_kit.sandbox.times import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from milestone_kit.sandbox.schedule import Course

__all__ = ["Stage", "live_data"]

Phase = Literal["before", "live", "over", "off"]

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_OLD: Final = 60 * 24 * 60 * _MINUTE
# production had payloads for 112,551 of 137,253 rows: nearly all new ones, and fewer of the old
_MISSING_NEW: Final = 0.04
_MISSING_OLD: Final = 0.2
_REPORTS_AS_ONE_OFF: Final = 285 / 530


@dataclass(frozen=True, slots=True)
class Stage:
    """How far something is: its phase, the share of it that is over, and the moment in Unix seconds.

    `chance` gives the same numbers at every moment of one milestone, `turn` the same for some seconds.
    `start` and `end` are Unix seconds too; `details` are the row's.
    """

    phase: Phase
    share: float
    now: int
    start: int
    end: int
    chance: random.Random
    turn: random.Random
    details: dict[str, Any]

    @property
    def over(self) -> bool:
        """Whether it took place and is over."""
        return self.phase == "over"

    @property
    def live(self) -> bool:
        """Whether it is on."""
        return self.phase == "live"

    def word(self, before: str, live: str, over: str, off: str = "cancelled") -> str:
        """Choose the word for the phase."""
        return {"before": before, "live": live, "over": over, "off": off}[self.phase]


_FAMILIES: Final[dict[str, Callable[[Stage], dict[str, Any]]]] = {**SCORES, **READINGS}


def live_data(row: dict[str, Any], course: Course, now: int) -> dict[str, Any] | None:
    """Return what the endpoints tell of a row at `now` (microseconds since 1970), None where nothing.

    Parameters
    ----------
    row : dict
        As it is listed.
    course : Course
        How it really goes on.
    now : int
        Microseconds since 1970. Live data trail by some seconds.
    """
    type_, id_ = str(row.get("type")), str(row.get("id"))
    kind = KIND_OF_TYPE.get(type_)
    start = instant(row.get("start_date"))
    if kind is None or not kind.live or start is None:
        return None
    chance = random.Random(id_)  # noqa: S311 - nothing secret
    missing, answers_as, trail = chance.random(), chance.random(), chance.randint(3, 25) * _SECOND
    if not course.simulated and missing < (_MISSING_OLD if now - start > _OLD else _MISSING_NEW):
        return None
    stage = _stage(row, course, start, now - trail, chance, kind.length.median)
    details = {"synthetic": True, **_FAMILIES[kind.live](stage)}
    if type_ == "company_report" and answers_as < _REPORTS_AS_ONE_OFF:
        type_ = "one_off_milestone"
    return {"type": type_, "details": details, "milestone_id": id_}


def _stage(  # noqa: PLR0917 - one call, right above
    row: dict[str, Any], course: Course, start: int, now: int, chance: random.Random, median: float
) -> Stage:
    usual = start + int(median * _MINUTE)
    end = course.end if course.end is not None and course.end > start else usual
    phase: Phase = "before"
    if course.simulated:
        phase, end = "live", max(end, now + 30 * _MINUTE)
    elif course.cancelled is not None and now >= course.cancelled:
        phase = "off"
    elif start != PLACEHOLDER and now >= start:
        phase = "live" if now < end else "over"
    share = {"before": 0.0, "live": min((now - start) / max(end - start, 1), 1.0), "over": 1.0, "off": 0.0}
    details = row.get("details")
    return Stage(
        phase,
        share[phase],
        now // _SECOND,
        start // _SECOND,
        end // _SECOND,
        chance,
        random.Random(f"{row.get('id')}/{now // (40 * _SECOND)}"),  # noqa: S311 - nothing secret
        details if isinstance(details, dict) else {},
    )
