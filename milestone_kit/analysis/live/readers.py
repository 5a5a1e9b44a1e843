"""What a live payload says: phase, score, clock, who leads; nothing that a server sends makes them fail."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from milestone_kit.analysis.flags import FIRST_REAL_START
from milestone_kit.analysis.live.fields import (
    FAMILIES,
    PHASE_OF_WORD,
    PHASES,
    STATUS_FIELDS,
    UPDATED_FIELDS,
    Family,
)
from milestone_kit.core.arguments import to_utc
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Reading", "read_payload"]

_WIDEST: Final = 60
"""The most characters of a score or a clock; a server's text may be of any length."""

_MOST_PARTS: Final = 9
"""The most sets or maps that are shown."""

_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_LARGEST: Final = 10**15
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999
_NO_TIME: Final = pd.NaT
_ON: Final = "ongoing"


class Reading(NamedTuple):
    """What one payload says; None where it does not say it.

    Attributes
    ----------
    phase : {"before", "live", "over"} or None
        None where no word is known: "not known" is not "over".
    score : str or None
        The first (home) side's count before the second's, such as "56-67", with sets or maps behind it.
    clock : str or None
        How far it is, such as "Q2 2:27", "2nd 62'" or "set 3, 15-0".
    leader : str or None
        Who is ahead, or was at the end: "home", "away", or an id. None where it is level.
    winner : str or None
        As the payload names it, once it is over; often not at all.
    updated_at : pandas.Timestamp or NaT
        When it changed, UTC.
    """

    phase: str | None
    score: str | None
    clock: str | None
    leader: str | None
    winner: str | None
    updated_at: Any


class _Standing(NamedTuple):
    score: str | None = None
    clock: str | None = None
    leader: str | None = None


def read_payload(details: Mapping[str, Any]) -> Reading:
    """Read the details of a live payload.

    Parameters
    ----------
    details : mapping
        Decoded JSON of any shape.

    Returns
    -------
    Reading
        Before the start there is neither score nor clock: the zeros that payloads have then are none.

    Examples
    --------
    >>> game = {"status": "inprogress", "home_points": 56, "away_points": "67", "period": 2}
    >>> reading = read_payload(game | {"period_type": "quarter", "period_remaining_time": "2:27"})
    >>> reading.phase, reading.score, reading.clock, reading.leader
    ('live', '56-67', 'Q2 2:27', 'away')
    """
    phase = _phase(details)
    name = _family(details)
    standing = _Standing() if name is None else _READERS[name](details, FAMILIES[name], phase == "live")
    if phase == "before":
        standing = _Standing()
    winner = _text(details.get("winner")) if phase == "over" else None
    return Reading(phase, *standing, winner, _updated(details))


def _phase(details: Mapping[str, Any]) -> str | None:
    """Return the latest phase that any of the payload's words stands for."""
    said = {PHASE_OF_WORD.get(_letters(details.get(field))) for field in STATUS_FIELDS}
    if details.get("is_live") is True or any(_ON in _outcomes(side) for side in _parts(details, "sets")):
        said.add("live")
    return next((phase for phase in reversed(PHASES) if phase in said), None)


def _family(details: Mapping[str, Any]) -> str | None:
    fitting = [name for name, family in FAMILIES.items() if all(field in details for field in family.score)]
    telling = (
        name for name in fitting for field in FAMILIES[name].clock[:1] if _reach(details, field) is not None
    )
    return next(telling, fitting[0] if fitting else None)


def _two(details: Mapping[str, Any], family: Family) -> _Standing:
    """Read the counts of two sides, and who has the greater."""
    counts = [details.get(field) for field in family.score]
    shown = [_text(count) for count in counts]
    if None in shown:
        return _Standing()
    one, other = map(_number, counts)
    sides = [_text(details.get(side)) if side.endswith("_id") else side for side in family.sides]
    leader = None
    if one is not None and other is not None and one != other:
        leader = sides[0] if one > other else sides[1]
    return _Standing(_joined(shown), None, leader)


def _points(details: Mapping[str, Any], family: Family, live: bool) -> _Standing:
    """Read a game of quarters, periods or innings."""
    number, *rest = (_text(_reach(details, field)) for field in family.clock)
    if number in {None, "0"}:
        clock = None
    elif family is FAMILIES["innings"]:
        half, outs = rest
        named = {"1": "top ", "2": "bottom "}.get(half or "", "")
        clock = f"{named}{number}" + (f", {outs} out" if outs and live else "")
    else:
        kind = "quarter" if family is FAMILIES["quarters"] else rest[1] if len(rest) > 1 else None
        clock = " ".join(filter(None, (_period(str(number), kind), rest[0])))
    return _two(details, family)._replace(clock=_cut(clock))


def _period(number: str, kind: str | None) -> str:
    """Name a period as scoreboards do: "Q2", "H1", "P3", "OT", "2OT"."""
    regular = {"quarter": 4, "half": 2}.get(kind or "", 3)
    letter = {"quarter": "Q", "half": "H"}.get(kind or "", "P")
    over = int(number) - regular if number.isdecimal() and len(number) < 4 else 0
    if over > 0:
        return "OT" if over == 1 else f"{over}OT"
    return f"{letter}{number}"


def _halves(details: Mapping[str, Any], family: Family, live: bool) -> _Standing:
    """Read soccer: "1st 45+2'", "HT", "2nd 62'", "FT"."""
    half, time = (_text(details.get(field)) for field in family.clock)
    clock = f"{half} {time}" if half and time and live and half != "HT" else half or (time if live else None)
    return _two(details, family)._replace(clock=_cut(clock))


def _sets(details: Mapping[str, Any], family: Family, live: bool) -> _Standing:
    """Read tennis: sets won, games by set, and the points of the game that is on."""
    standing = _with_parts(details, family, "sets")
    played = max(len(side) for side in _parts(details, "sets"))
    if not live or not played:
        return standing
    points = [_text(details.get(field)) for field in family.clock[:2]]
    ahead = _text(details.get(family.clock[2]))
    if ahead is not None:
        points = ["Ad" if ahead == _text(details.get(side)) else shown
                  for side, shown in zip(family.sides, points, strict=True)]  # fmt: skip
    said = "" if None in points else f", {_joined(points)}"
    return standing._replace(clock=_cut(f"set {played}{said}"))


def _maps(details: Mapping[str, Any], family: Family, live: bool) -> _Standing:
    """Read esports: maps won, and rounds by map."""
    standing = _with_parts(details, family, "maps")
    played = max(len(side) for side in _parts(details, "maps"))
    return standing._replace(clock=f"map {played}" if live and played else None)


def _with_parts(details: Mapping[str, Any], family: Family, name: str) -> _Standing:
    standing = _two(details, family)
    scores = [[_text(_count(part)) for part in side] for side in _parts(details, name)]
    pairs = [_joined(pair) for pair in zip(*scores, strict=False) if None not in pair][:_MOST_PARTS]
    if standing.score and pairs:
        standing = standing._replace(score=_cut(f"{standing.score} ({', '.join(pairs)})"))
    return standing


def _runs(details: Mapping[str, Any], family: Family, live: bool) -> _Standing:
    """Read cricket: runs and wickets; who has more runs leads only once both have batted."""
    standing = _two(details, family)
    runs = [_text(details.get(field)) for field in family.score]
    wickets = [_text(details.get(field)) for field in family.parts]
    both = [f"{one}/{out}" if one and out else one for one, out in zip(runs, wickets, strict=True)]
    score = None if None in both else _cut(" - ".join(map(str, both)))
    leader = None if live else standing.leader
    return _Standing(score, _text(_reach(details, family.clock[0])), leader)


def _leaderboard(details: Mapping[str, Any], family: Family, _: bool) -> _Standing:
    """Read golf: the round, and who is first with what."""
    label, number = (_text(details.get(field)) for field in family.clock)
    clock = label or (f"R{number}" if number not in {None, "0"} else None)
    entries = _objects(details.get(family.score[0]))
    first = next((each for each in entries if _text(each.get("position")) in {"1", "T1"}), None)
    if first is None:
        return _Standing(clock=_cut(clock))
    return _Standing(_text(first.get("score")), _cut(clock), _id_of(first))


def _votes(details: Mapping[str, Any], family: Family, _: bool) -> _Standing:
    """Read a race: the shares of the first two, and how much is counted."""
    counted = _text(details.get(family.clock[0]))
    shares = [(_number(each.get("percentage")), each) for each in _objects(details.get(family.score[0]))]
    ranked = sorted(
        ((share, place, each) for place, (share, each) in enumerate(shares) if share),
        key=lambda one: (-one[0], one[1]),
    )
    score = " - ".join(f"{_text(share)}%" for share, _, _ in ranked[:2]) or None
    level = len(ranked) > 1 and ranked[0][0] == ranked[1][0]
    leader = _id_of(ranked[0][2]) if ranked and not level else None
    return _Standing(score, None if counted is None else f"{counted.rstrip('%')}% reported", leader)


def _figure(details: Mapping[str, Any], family: Family, _: bool) -> _Standing:
    """Read a figure that grows or changes: the figure, and the day that it is of."""
    return _Standing(_text(details.get(family.score[0])), _text(details.get(family.clock[0])))


_READERS: Final[dict[str, Callable[[Mapping[str, Any], Family, bool], _Standing]]] = {
    "innings": _points,
    "quarters": _points,
    "periods": _points,
    "halves": _halves,
    "sets": _sets,
    "maps": _maps,
    "runs": _runs,
    "leaderboard": _leaderboard,
    "votes": _votes,
    "indicator": _figure,
    "streams": _figure,
}


def _parts(details: Mapping[str, Any], name: str) -> list[list[Any]]:
    """Return the counts by set or map of each side: production sends lists, or objects by number."""
    found = []
    for field in FAMILIES[name].parts:
        parts = details.get(field)
        found.append(list(parts.values()) if isinstance(parts, dict) else parts)
    return [parts if isinstance(parts, list) else [] for parts in found]


def _outcomes(parts: list[Any]) -> set[str | None]:
    return {_text(part.get("outcome")) for part in parts if isinstance(part, dict)}


def _count(part: Any) -> Any:
    return part.get("score") if isinstance(part, dict) else part


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _id_of(entry: Mapping[str, Any]) -> str | None:
    ids = (_text(entry.get(field)) for field in ("competitor_id", "candidate_id", "player_id", "id"))
    return next(filter(None, ids), None)


def _reach(details: Mapping[str, Any], path: str) -> Any:
    value: Any = details
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str | None:
    """Return a number or a text as one short line; None for what is neither, or empty."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, str):
        return _cut(" ".join(_UNSEEN.sub(" ", value[: 4 * _WIDEST]).split()))
    if not -_LARGEST <= value <= _LARGEST:  # nor is what is no number at all
        return None
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _cut(line: str | None) -> str | None:
    if not line:
        return None
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1].rstrip() + "…"


def _number(value: Any) -> float | None:
    try:
        number = float(_text(value) or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _joined(pair: Any) -> str:
    return "-".join(map(str, pair))


def _letters(value: Any) -> str:
    return "".join(filter(str.isalnum, value[:_WIDEST].casefold())) if isinstance(value, str) else ""


def _updated(details: Mapping[str, Any]) -> Any:
    """Return the first moment that can be read: Unix seconds, as number or text, or RFC 3339."""
    moments = (_moment(_reach(details, field)) for field in UPDATED_FIELDS)
    return next((moment for moment in moments if moment is not _NO_TIME), _NO_TIME)


def _moment(value: Any) -> Any:
    seconds = _number(value)
    try:
        if seconds is not None:
            known = 0 < seconds <= _LAST_SECOND
            moment = pd.Timestamp(seconds, unit="s", tz="UTC").as_unit("us") if known else _NO_TIME
        else:
            moment = to_utc(value[:_WIDEST], "moment") if isinstance(value, str) else _NO_TIME
    except QueryError:
        return _NO_TIME
    return moment if moment >= FIRST_REAL_START else _NO_TIME
