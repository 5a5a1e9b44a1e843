"""How one synthetic row reads: its title, its event tickers and its free-form details, by family of types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from milestone_kit.sandbox.competitions import TOURNAMENT_PLACES
from milestone_kit.sandbox.names import COMPANIES, NOUNS, OFFICES, PEOPLE, PLACES, code_of, pool

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from milestone_kit.sandbox.kinds import Family, Kind, League

__all__ = ["Day", "Wording", "fill", "word"]

_ROUNDS: Final = (
    "Final",
    "Semifinal",
    "Quarterfinal",
    "Round of 16",
    "Round of 32",
    "Round of 64",
    "Qualification",
)
_CONFERENCES: Final = ("Atlantic Shore", "Great Plains", "High Desert", "Lakeland", "Northern", "Southern")
_DIVISIONS: Final = ("East", "North", "South", "West")
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
                  "October",
                  "November", "December")  # fmt: skip


class Day(NamedTuple):
    """The calendar day that a row's ticker and title name; `stamp` as tickers write it ("26JAN15")."""

    year: int
    month: int
    day: int
    stamp: str

    @classmethod
    def of(cls, date: dt.date) -> Day:
        """Write a date's stamp once for all its rows."""
        month = _MONTHS[date.month - 1][:3].upper()
        return cls(date.year, date.month, date.day, f"{date.year % 100:02d}{month}{date.day:02d}")


class Wording(NamedTuple):
    """What a family's builder gives: title, ticker code, details, and how many extra event tickers there are.

    `shared` says that primary and related tickers are the same list; `tickers` None means one for every
    extra series of the league.
    """

    title: str
    code: str
    details: dict[str, Any]
    tickers: int | None = None
    shared: bool = False


def word(kind: Kind, league: League, numbers: list[int], day: Day) -> Wording:
    """Word one row from eight random integers (each below 2**30) and the day it happens."""
    return _FAMILIES[kind.family](kind, league, numbers, day)


def fill(template: str, n: list[int], day: Day) -> str:
    """Put names, numbers and the day into a title or a message."""
    return template.format(
        place=PLACES.names[n[0] % len(PLACES)],
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


def _pair(size: int, first: int, second: int) -> tuple[int, int]:
    one = first % size
    return one, (one + 1 + second % (size - 1)) % size


def _duel(_: Kind, league: League, n: list[int], day: Day) -> Wording:
    people = pool(league.pool)
    one, two = _pair(len(people), n[0], n[1])
    code = league.code
    details = {
        "synthetic": True,
        "tour": code,
        "tournament_name": f"{code} {PLACES.names[n[3] % TOURNAMENT_PLACES]}",
        "round": _ROUNDS[n[4] % len(_ROUNDS)],
        "gender": "women" if code == "WTA" or (code == "ITF" and n[5] % 2) else "men",
        "first_competitor_id": people.ids[one],
        "second_competitor_id": people.ids[two],
        "year": day.year,
    }
    return Wording(
        f"{people.names[one]} vs {people.names[two]}", people.codes[one] + people.codes[two], details
    )


def _teams(kind: Kind, league: League, n: list[int], day: Day) -> Wording:
    teams = pool(league.pool)
    home, away = _pair(len(teams), n[0], n[1])
    details = {
        "synthetic": True,
        "league": league.code,
        "home_team_id": teams.ids[home],
        "away_team_id": teams.ids[away],
        "season": {"type": "REG" if n[3] % 5 else "PST", "year": day.year},
        "session_id": f"sandbox-{n[7]:08x}_-{n[6]}",
        "status": "",
    }
    meet = " at " if kind.type == "basketball_game" else " vs "
    return Wording(
        teams.names[away] + meet + teams.names[home], teams.codes[away] + teams.codes[home], details
    )


def _football(_: Kind, league: League, n: list[int], day: Day) -> Wording:
    """Word a game that may be a big one: then it has tier 1 and many event tickers."""
    teams = pool(league.pool)
    home, away = _pair(len(teams), n[0], n[1])
    big = n[5] % 12 == 0
    code = teams.codes[away] + teams.codes[home]
    details = {
        "synthetic": True,
        "league": league.code,
        "conference": _CONFERENCES[n[2] % len(_CONFERENCES)],
        "division": _DIVISIONS[n[3] % len(_DIVISIONS)],
        "home_team_id": teams.ids[home],
        "away_team_id": teams.ids[away],
        "season": {"type": "REG" if n[4] % 9 else "PST", "week": n[6] % 18 + 1, "year": day.year},
        "tier": 1 if big else 2 + n[5] % 2,
        "main_game_event_ticker": f"{league.series}-{day.stamp}{code}",
        "status": "",
    }
    return Wording(
        f"{teams.names[away]} vs {teams.names[home]}", code, details, 26 if big else 3 + n[7] % 5, shared=True
    )


def _soccer(_: Kind, league: League, n: list[int], day: Day) -> Wording:
    teams = pool(league.pool)
    home, away = _pair(len(teams), n[0], n[1])
    details = {
        "synthetic": True,
        "league": league.code,
        "round": {"name": f"Matchday {n[3] % 38 + 1}", "number": n[3] % 38 + 1},
        "leg": n[4] % 2 + 1,
        "home_team_id": teams.ids[home],
        "away_team_id": teams.ids[away],
        "season": {"name": f"{league.code} {day.year}/{(day.year + 1) % 100:02d}", "year": day.year},
        "status": "",
    }
    return Wording(
        f"{teams.names[home]} vs {teams.names[away]}", teams.codes[home] + teams.codes[away], details
    )


def _esports(_: Kind, league: League, n: list[int], day: Day) -> Wording:
    teams = pool(league.pool)
    one, two = _pair(len(teams), n[0], n[1])
    details = {
        "synthetic": True,
        "league": league.code,
        "tournament_name": f"{league.code} {NOUNS[n[3] % len(NOUNS)]} League {day.year}",
        "best_of": (1, 3, 3, 3, 5)[n[4] % 5],
        "round": f"Group {'ABCD'[n[5] % 4]}",
        "home_competitor_id": teams.ids[one],
        "away_competitor_id": teams.ids[two],
        "stream": None,
        "status": "",
    }
    return Wording(f"{teams.names[one]} vs {teams.names[two]}", teams.codes[one] + teams.codes[two], details)


def _field(kind: Kind, league: League, n: list[int], day: Day) -> Wording:
    """Word a tournament of many: `competitor_ids` makes it up to 6 KB."""
    people = pool(league.pool)
    title = fill(kind.title, n, day)
    first, count = n[6] % len(people), 40 + n[7] % 100
    details = {
        "synthetic": True,
        "tour": league.code,
        "tournament_name": title,
        "season": {"year": day.year},
        "competitor_ids": [people.ids[(first + 3 * step) % len(people)] for step in range(count)],
    }
    return Wording(title, code_of(title), details)


def _race(kind: Kind, league: League, n: list[int], day: Day) -> Wording:
    """Word an election by its candidates, or a race of machines by hundreds of flat keys."""
    title = fill(kind.title, n, day)
    if kind.type == "political_race":
        people = pool("people:Politics")
        first, count = n[1] % len(people), 2 + n[7] % 7
        details: dict[str, Any] = {
            "synthetic": True,
            "office": OFFICES[n[4] % len(OFFICES)],
            "region": PLACES.names[n[0] % len(PLACES)],
            "year": day.year,
            "candidate_ids": [people.ids[(first + 11 * step) % len(people)] for step in range(count)],
            "status": "",
        }
        return Wording(title, code_of(title), details)
    people = pool(league.pool)
    details = {
        "synthetic": True,
        "league": league.code,
        "tournament_name": title,
        "season": {"year": day.year, "round": n[6] % 24 + 1},
    }
    starters = 20 + n[7] % 80
    for place in range(1, starters + 1):
        details[f"grid_{place}"] = people.names[(n[5] + 7 * place) % len(people)]
        details[f"laps_{place}"] = (n[6] + place) % 60
        details[f"gap_{place}"] = round(place * 1.37, 2)
    return Wording(title, code_of(title), details)


def _topic(kind: Kind, _: League, n: list[int], day: Day) -> Wording:
    company = n[2] % len(COMPANIES)
    place = n[0] % len(PLACES)
    details = {
        "synthetic": True,
        "topic": kind.category,
        "region": PLACES.names[place],
        "organisation": COMPANIES.names[company],
        "period": {"year": day.year, "quarter": (day.month + 2) // 3, "month": day.month},
        "importance": n[5] % 3 + 1,
        "confirmed": n[6] % 4 > 0,
        "url": f"https://example.org/{kind.type}/{n[7] % 1_000_000}",
    }
    return Wording(fill(kind.title, n, day), COMPANIES.codes[company] + PLACES.codes[place], details)


_FAMILIES: Final[dict[Family, Callable[[Kind, League, list[int], Day], Wording]]] = {
    "duel": _duel,
    "teams": _teams,
    "football": _football,
    "soccer": _soccer,
    "esports": _esports,
    "field": _field,
    "race": _race,
    "topic": _topic,
}
