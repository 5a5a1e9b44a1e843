"""Structured targets: the invented teams, players and candidates behind the ids in details."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from milestone_kit.sandbox.catalog import KINDS
from milestone_kit.sandbox.names import FIRST_NAMES, NOUNS, pool
from milestone_kit.sandbox.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from milestone_kit.sandbox.kinds import League

__all__ = ["TargetPage", "targets_page"]

_COUNTRIES: Final = ("USA", "FRA", "BEL", "ESP", "SWE", "JPN", "BRA", "CZE", "TUR", "AUS")
_TYPES: Final = {"MMA": "ufc_competitor", "Politics": "political_candidate"}
_LISTED: Final = 1_753_286_000_757_782  # 2025-07-23, in microseconds since 1970


class TargetPage(NamedTuple):
    """A page of targets, and where the next one begins ("" after the last)."""

    rows: list[dict[str, Any]]
    cursor: str


def targets_page(
    *,
    ids: Collection[str] = (),
    type_: str | None = None,
    competition: str | None = None,
    after: str = "",
    page_size: int = 100,
    recorded: Mapping[str, dict[str, Any]] | None = None,
) -> TargetPage:
    """Return a page of the targets in the order of their ids; ids that are not known are left out.

    Parameters
    ----------
    ids : collection of str
        Only these, all when empty.
    type_, competition : str, optional
        Only those of this type, or that play in this competition.
    after : str
        Only those whose id lies behind this one.
    page_size : int
        How many at most.
    recorded : mapping, optional
        Rows by id that stand before the invented ones.
    """
    known = _targets()
    if recorded:
        known = dict(sorted((known | {id_: _Target(row, ()) for id_, row in recorded.items()}).items()))
    wanted = sorted(id_ for id_ in set(ids) if id_ in known) if ids else list(known)
    rows = [
        known[id_].row
        for id_ in wanted
        if id_ > after
        and type_ in {None, known[id_].row.get("type")}
        and (competition is None or competition in known[id_].competitions)
    ]
    page = rows[:page_size]
    return TargetPage(page, page[-1]["id"] if len(rows) > page_size else "")


class _Target(NamedTuple):
    row: dict[str, Any]
    competitions: tuple[str, ...]


@functools.cache
def _targets() -> dict[str, _Target]:
    """Make all targets, in the order of their ids; people play in all competitions of their sport."""
    leagues: dict[str, tuple[str, list[League]]] = {"people:Politics": ("Politics", [])}
    for kind in KINDS:
        for league in kind.leagues:
            if league.pool:
                leagues.setdefault(league.pool, (kind.sport, []))[1].append(league)
    made = {}
    for key, (sport, plays_in) in leagues.items():
        competitions = tuple(dict.fromkeys(name for one in plays_in for name in (one.competition, *one.also)))
        who = pool(key)
        for number, id_ in enumerate(who.ids):
            row = _row(key.partition(":")[0], sport, plays_in, number, who.names[number], who.codes[number])
            row["details"] = {"synthetic": True, **row["details"]}
            made[id_] = _Target({"id": id_, **row, **_source(id_, number)}, competitions)
    return dict(sorted(made.items()))


def _row(  # noqa: PLR0917 - one call, right above
    who: str, sport: str, leagues: list[League], number: int, name: str, code: str
) -> dict[str, Any]:
    noun = NOUNS[(number * 7 + len(sport)) % len(NOUNS)]
    country = _COUNTRIES[number % len(_COUNTRIES)]
    label = sport.lower().replace(" ", "_")
    if who == "people":
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        details = {"first_name": first, "last_name": name, "country": country}
        if sport in {"MMA", "Boxing"}:
            details |= {"abbreviation": code, "gender": "male", "record": f"{number % 20}-{number % 7}-0"}
        return {
            "name": f"{first} {name}",
            "type": _TYPES.get(sport, f"{label}_competitor"),
            "details": details,
        }
    league = leagues[0].code
    if who == "esports":
        return {
            "name": name,
            "type": "esports_competitor",
            "details": {"abbreviation": code, "league": league},
        }
    if sport == "Soccer":
        details = {"abbreviation": code, "country": country, "gender": "male", "short_name": name}
        return {"name": f"{name} FC", "type": "soccer_team", "details": details}
    details = {
        "abbreviation": code,
        "short_name": name,
        "market": name,
        "team_name": f"{noun}s",
        "league": league,
    }
    return {"name": f"{name} {noun}s", "type": f"{label}_team", "details": details}


def _source(id_: str, number: int) -> dict[str, Any]:
    """Mark a target as invented, and say from which feed it would come and when it changed."""
    return {
        "source_id": f"sandbox:competitor:{id_[:8]}",
        "source_ids": {"source_1_id": f"sandbox:one:{id_[:8]}"},
        "last_updated_ts": rfc3339(_LISTED + number * 8_640_123_456),
    }
