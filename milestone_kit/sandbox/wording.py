"""How one synthetic row reads: its title, its event tickers and its free-form details, by family of types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from milestone_kit.sandbox.names import COMPANIES, ESPORTS_TEAMS, NOUNS, OFFICES, PEOPLE, PLACES, code_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from milestone_kit.sandbox.kinds import Kind, League

__all__ = ["Day", "Wording", "word"]

_ROUNDS: Final = (
    "Final",
    "Semifinal",
    "Quarterfinal",
    "Round of 16",
    "Round of 32",
    "Round of 64",
    "Qualification",
)
_STATUSES: Final = ("created", "scheduled", "not_started", "inprogress", "closed", "ended")
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
                  "October",
                  "November", "December")  # fmt: skip


class Day(NamedTuple):
    """The calendar day that a row's ticker and title name."""

    year: int
    month: int
    day: int

    @property
    def stamp(self) -> str:
        """The day as tickers write it, such as "26JAN15"."""
        return f"{self.year % 100:02d}{_MONTHS[self.month - 1][:3].upper()}{self.day:02d}"


class Wording(NamedTuple):
    """What a family's builder gives: title, ticker code, league, details."""

    title: str
    code: str
    league: League
    details: dict[str, Any]


def word(kind: Kind, numbers: list[int], day: Day) -> Wording:
    """Word one row from eight random integers (each below 2**30) and the day it happens."""
    return _FAMILIES[kind.family](kind, numbers, day)


def _pair(size: int, first: int, second: int) -> tuple[int, int]:
    one = first % size
    return one, (one + 1 + second % (size - 1)) % size


def _duel(kind: Kind, n: list[int], day: Day) -> Wording:
    one, two = _pair(len(PEOPLE), n[0], n[1])
    league = kind.leagues[n[2] % len(kind.leagues)]
    place = PLACES.names[n[3] % len(PLACES)]
    details = {
        "synthetic": True,
        "tour": league.name,
        "competition": league.competition,
        "tournament_name": f"{league.name} {place}",
        "round": _ROUNDS[n[4] % len(_ROUNDS)],
        "gender": "women" if league.name == "WTA" or (league.name == "ITF" and n[5] % 2) else "men",
        "first_competitor_id": PEOPLE.ids[one],
        "second_competitor_id": PEOPLE.ids[two],
        "season": {"year": day.year},
    }
    title = f"{PEOPLE.names[one]} vs {PEOPLE.names[two]}"
    return Wording(title, PEOPLE.codes[one] + PEOPLE.codes[two], league, details)


def _teams(kind: Kind, n: list[int], day: Day) -> Wording:
    away, home = _pair(len(PLACES), n[0], n[1])
    league = kind.leagues[n[2] % len(kind.leagues)]
    details = {
        "synthetic": True,
        "league": league.name,
        "competition": league.competition,
        "away_team_id": PLACES.ids[away],
        "home_team_id": PLACES.ids[home],
        "season": {"type": "PST" if day.month in (5, 6) else "REG", "week": n[3] % 18 + 1, "year": day.year},
        "session_id": f"{PLACES.ids[home][:8]}_{n[4]}",
        "status": _STATUSES[n[5] % len(_STATUSES)],
    }
    title = f"{PLACES.names[away]} at {PLACES.names[home]}"
    return Wording(title, PLACES.codes[away] + PLACES.codes[home], league, details)


def _soccer(kind: Kind, n: list[int], day: Day) -> Wording:
    home, away = _pair(len(PLACES), n[0], n[1])
    league = kind.leagues[n[2] % len(kind.leagues)]
    details = {
        "synthetic": True,
        "league": league.name,
        "competition": league.competition,
        "round": {"name": f"Matchday {n[3] % 38 + 1}", "number": n[3] % 38 + 1},
        "leg": n[4] % 2 + 1,
        "home_team_id": PLACES.ids[home],
        "away_team_id": PLACES.ids[away],
        "season": {"name": f"{league.name} {day.year}/{(day.year + 1) % 100:02d}", "year": day.year},
        "status": _STATUSES[n[5] % len(_STATUSES)],
    }
    title = f"{PLACES.names[home]} vs {PLACES.names[away]}"
    return Wording(title, PLACES.codes[home] + PLACES.codes[away], league, details)


def _esports(kind: Kind, n: list[int], day: Day) -> Wording:
    one, two = _pair(len(ESPORTS_TEAMS), n[0], n[1])
    league = kind.leagues[n[2] % len(kind.leagues)]
    details = {
        "synthetic": True,
        "league": league.name,
        "competition": league.competition,
        "tournament_name": f"{league.name} {NOUNS[n[3] % len(NOUNS)]} League {day.year}",
        "best_of": (1, 3, 3, 3, 5)[n[4] % 5],
        "round": f"Group {'ABCD'[n[5] % 4]}",
        "team_ids": [ESPORTS_TEAMS.ids[one], ESPORTS_TEAMS.ids[two]],
        "maps": [{"number": number, "status": "not_started"} for number in (1, 2, 3)],
        "stream": None,
    }
    title = f"{ESPORTS_TEAMS.names[one]} vs {ESPORTS_TEAMS.names[two]}"
    return Wording(title, ESPORTS_TEAMS.codes[one] + ESPORTS_TEAMS.codes[two], league, details)


def _field(kind: Kind, n: list[int], day: Day) -> Wording:
    """Word a tournament of many: `competitor_ids` makes it up to 6 KB."""
    league = kind.leagues[n[2] % len(kind.leagues)]
    title = _fill(kind.title, n, day)
    first, count = n[6] % len(PEOPLE), 40 + n[7] % 100
    details = {
        "synthetic": True,
        "tour": league.name,
        "competition": league.competition,
        "tournament_name": title,
        "season": {"year": day.year},
        "competitor_ids": [PEOPLE.ids[(first + 3 * step) % len(PEOPLE)] for step in range(count)],
    }
    return Wording(title, code_of(title), league, details)


def _board(kind: Kind, n: list[int], day: Day) -> Wording:
    """Word a race whose details hold hundreds of flat keys, as some of production's do."""
    league = kind.leagues[n[2] % len(kind.leagues)]
    title = _fill(kind.title, n, day)
    details: dict[str, Any] = {
        "synthetic": True,
        "league": league.name,
        "competition": league.competition,
        "tournament_name": title,
        "season": {"year": day.year, "round": n[6] % 24 + 1},
    }
    starters = 20 + n[7] % 80
    for place in range(1, starters + 1):
        details[f"grid_{place}"] = PEOPLE.names[(n[5] + 7 * place) % len(PEOPLE)]
        details[f"laps_{place}"] = (n[6] + place) % 60
        details[f"gap_{place}"] = round(place * 1.37, 2)
    return Wording(title, code_of(title), league, details)


def _topic(kind: Kind, n: list[int], day: Day) -> Wording:
    league = kind.leagues[0]
    company = n[2] % len(COMPANIES)
    details = {
        "synthetic": True,
        "topic": kind.type,
        "region": PLACES.names[n[0] % len(PLACES)],
        "organisation": COMPANIES.names[company],
        "organisation_id": COMPANIES.ids[company],
        "period": {"year": day.year, "quarter": (day.month + 2) // 3, "month": day.month},
        "importance": n[5] % 3 + 1,
        "confirmed": n[6] % 4 > 0,
        "url": f"https://example.org/{kind.type}/{n[7] % 1_000_000}",
        "notes": "Synthetic row of the sandbox; the organiser may still move the start."
        if n[6] % 3 == 0
        else None,
    }
    title = _fill(kind.title, n, day)
    return Wording(title, COMPANIES.codes[company] + PLACES.codes[n[0] % len(PLACES)], league, details)


def _fill(template: str, n: list[int], day: Day) -> str:
    return template.format(
        place=PLACES.names[n[0] % len(PLACES)],
        place2=PLACES.names[(n[0] + 1 + n[1] % (len(PLACES) - 1)) % len(PLACES)],
        person=PEOPLE.names[n[1] % len(PEOPLE)],
        company=COMPANIES.names[n[2] % len(COMPANIES)],
        noun=NOUNS[n[3] % len(NOUNS)],
        office=OFFICES[n[4] % len(OFFICES)],
        number=n[4] % 20 + 4,
        quarter=(day.month + 2) // 3,
        year=day.year,
        month=_MONTHS[day.month - 1],
        day=f"{_MONTHS[day.month - 1][:3]} {day.day}, {day.year}",
    )


_FAMILIES: Final[dict[str, Callable[[Kind, list[int], Day], Wording]]] = {
    "duel": _duel,
    "teams": _teams,
    "soccer": _soccer,
    "esports": _esports,
    "field": _field,
    "board": _board,
    "topic": _topic,
}
