"""What the sandbox answers to `GET /search/filters_by_sport`, and which competitions a row belongs to."""

from __future__ import annotations

from typing import Any, Final

from milestone_kit.sandbox.catalog import KINDS
from milestone_kit.sandbox.names import PLACES

__all__ = ["TOURNAMENT_PLACES", "competitions_of", "filters_by_sport"]

TOURNAMENT_PLACES: Final = 12
"""Tennis is played at that many places, the first of the pool: each is a competition, as in production."""

_SCOPES: Final = {
    "TOTAL": "Total", "SPREAD": "Spread", "TOP": "Finishing Position", "CUT": "Make the Cut",
    "MAP": "Map Winner",
    "ADVANCE": "To Advance",
}  # fmt: skip
_OF_LEAGUE: Final[dict[tuple[str, str], tuple[object, ...]]] = {
    (kind.type, league.code): (league.competition, *league.also)
    for kind in KINDS
    for league in kind.leagues
    if kind.sport and kind.sport != "Tennis"
}


def competitions_of(type_: object, details: object) -> tuple[object, ...]:
    """Return the names by which the parameter `competition` finds a row.

    A row says its league's code and not the competition's name, so that is looked up. Tournaments are
    found under their own names.
    """
    if not isinstance(details, dict):
        return ()
    code = details.get("league") or details.get("tour")
    known = _OF_LEAGUE.get((type_, code), ()) if isinstance(type_, str) and isinstance(code, str) else ()
    named = details.get("tournament_name")
    said = details.get("competition")
    if said:
        known = (*known, said)
    return (*known, named) if named else known


def filters_by_sport() -> dict[str, Any]:
    """Return the endpoint's object: `filters_by_sports` by sport, and `sport_ordering`.

    Every name under `competitions` is a value that the `competition` parameter of `GET /milestones`
    knows. "All sports" lists none, as in production.
    """
    sports: dict[str, dict[str, dict[str, list[str]]]] = {}
    for kind in KINDS:
        if not kind.sport:
            continue
        competitions = sports.setdefault(kind.sport, {})
        for league in kind.leagues:
            scopes = ["Games", *(scope for mark, scope in _SCOPES.items() if mark in "".join(league.extra))]
            names = (
                [f"{league.code} {place}" for place in PLACES.names[:TOURNAMENT_PLACES]]
                if kind.sport == "Tennis"
                else [league.competition]
            )
            competitions.update({name: {"scopes": [*scopes, "Futures"]} for name in names})
    filters: dict[str, Any] = {"All sports": {"competitions": {}, "scopes": ["Games", "Futures", "Events"]}}
    for sport in sorted(sports):
        known = dict.fromkeys(scope for entry in sports[sport].values() for scope in entry["scopes"])
        filters[sport] = {"competitions": sports[sport], "scopes": list(known)}
    return {"filters_by_sports": filters, "sport_ordering": ["All sports", *sports]}
