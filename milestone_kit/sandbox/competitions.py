"""What the sandbox answers to `GET /search/filters_by_sport`: the sports and competitions of its universe."""

from __future__ import annotations

from typing import Any, Final

from milestone_kit.sandbox.kinds import KINDS

__all__ = ["filters_by_sport"]

_SCOPES: Final = {
    "TOTAL": "Total", "SPREAD": "Spread", "TOP": "Finishing Position", "CUT": "Make the Cut",
    "MAP": "Map Winner",
    "ADVANCE": "To Advance",
}  # fmt: skip


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
            competitions[league.competition] = {"scopes": [*scopes, "Futures"]}
    filters: dict[str, Any] = {"All sports": {"competitions": {}, "scopes": ["Games", "Futures", "Events"]}}
    for sport in sorted(sports):
        known = dict.fromkeys(scope for entry in sports[sport].values() for scope in entry["scopes"])
        filters[sport] = {"competitions": sports[sport], "scopes": list(known)}
    return {"filters_by_sports": filters, "sport_ordering": ["All sports", *sports]}
