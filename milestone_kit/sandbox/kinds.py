"""The 44 milestone types of the synthetic universe: how often each occurs, how long it lasts, its words.

The types known from production are `tennis_tournament_singles`, `basketball_game`,
`soccer_tournament_multi_leg`, `esports_match`, `football_game` and `golf_tournament`; their counts, and
those of the categories, follow public recordings of 2026. The other types are invented in the same style.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CATEGORIES", "KINDS", "PRODUCTION_ROWS", "TYPES", "Kind", "League"]

PRODUCTION_ROWS: Final = 137_200
"""How many milestones production held when the shares below were taken."""

_DAY: Final = 24 * 60
_EUROPE: Final = (9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
_EVENING: Final = (16, 17, 18, 19, 19, 20, 20)
_AMERICA: Final = (0, 0, 1, 2, 3, 17, 18, 20, 22, 23, 23)
_OFFICE: Final = (13, 14, 15, 16, 18, 19)


@dataclass(frozen=True, slots=True)
class League:
    """A league, tour or product line: its name, the competition it is listed under, its tickers."""

    name: str
    competition: str
    series: str
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One (type, category) pair of the universe.

    `weight` is the number of rows production has, `minutes` the median length, `ends` the share of rows
    that report an end, `hours` the usual UTC start hours, `family` the builder that words a row.
    """

    type: str
    category: str
    weight: int
    family: str
    leagues: tuple[League, ...]
    minutes: int
    ends: float
    hours: tuple[int, ...]
    message: str = "The event is about to begin."
    title: str = ""
    sport: str = ""


def _sport(  # noqa: PLR0917 - a row of the table below, column by column
    type_: str, weight: int, family: str, sport: str, minutes: int, ends: float, hours: tuple[int, ...],
    *leagues: League, category: str = "Sports", message: str = "The match is about to begin.",
    title: str = "",
) -> Kind:  # fmt: skip
    return Kind(type_, category, weight, family, leagues, minutes, ends, hours, message, title, sport)


def _topic(  # noqa: PLR0917 - a row of the table below, column by column
    type_: str, category: str, weight: int, series: str, title: str, minutes: int, ends: float,
    hours: tuple[int, ...] = _OFFICE, message: str = "The event is about to begin.",
) -> Kind:  # fmt: skip
    return Kind(
        type_, category, weight, "topic", (League("", "", series),), minutes, ends, hours, message, title
    )


_ATP = League("ATP", "ATP Tour", "KXATPMATCH", ("KXATPSETWINNER", "KXATPGAMESTOTAL"))
_WTA = League("WTA", "WTA Tour", "KXWTAMATCH", ("KXWTASETWINNER",))
_CHALLENGER = League("Challenger", "ATP Challenger", "KXATPCHALLENGERMATCH", ("KXATPCHALLENGERSET",))
_ITF = League("ITF", "ITF World Tennis Tour", "KXITFMATCH")
_BASKETBALL = (
    League("NBA", "Pro Basketball (M)", "KXNBAGAME", ("KXNBASPREAD", "KXNBATOTAL", "KXNBAPTS", "KXNBAREB")),
    League("NCAAB", "College Basketball (M)", "KXNCAAMBGAME", ("KXNCAAMBSPREAD", "KXNCAAMBTOTAL")),
    League("NCAAWB", "College Basketball (W)", "KXNCAAWBGAME"),
    League("Euroleague", "Euroleague", "KXEUROLEAGUEGAME"),
    League("WNBA", "Pro Basketball (W)", "KXWNBAGAME", ("KXWNBATOTAL",)),
)
_SOCCER = (
    League("EPL", "EPL", "KXEPLGAME", ("KXEPLSPREAD", "KXEPLTOTAL", "KXEPLBTTS", "KXEPLGOAL")),
    League("La Liga", "La Liga", "KXLALIGAGAME", ("KXLALIGATOTAL", "KXLALIGABTTS")),
    League("Serie A", "Serie A", "KXSERIEAGAME", ("KXSERIEATOTAL",)),
    League("Bundesliga", "Bundesliga", "KXBUNDESLIGAGAME", ("KXBUNDESLIGATOTAL",)),
    League("Ligue 1", "Ligue 1", "KXLIGUE1GAME"),
    League("UCL", "UEFA Champions League", "KXUCLGAME", ("KXUCLADVANCE", "KXUCLTOTAL")),
    League("Liga MX", "Liga MX", "KXLIGAMXGAME"),
    League("Super Lig", "Super Lig", "KXSUPERLIGGAME"),
)
_ESPORTS = (
    League("CS2", "CS2", "KXCS2GAME", ("KXCS2MAP", "KXCS2TOTALMAPS")),
    League("LoL", "League of Legends", "KXLOLGAME", ("KXLOLMAP", "KXLOLTOTALMAPS")),
    League("Valorant", "Valorant", "KXVALORANTGAME", ("KXVALORANTMAP",)),
    League("Dota 2", "Dota 2", "KXDOTA2GAME"),
    League("R6", "R6", "KXR6GAME"),
)
_GOLF = (
    League("PGA", "PGA Tour", "KXPGATOUR", ("KXPGATOP5", "KXPGATOP10", "KXPGATOP20", "KXPGACUT")),
    League("LPGA", "LPGA Tour", "KXLPGATOUR"),
    League("DP World", "DP World Tour", "KXDPWORLDTOUR", ("KXDPWORLDTOP10",)),
)
_NFL = League("NFL", "Pro Football", "KXNFLGAME", ("KXNFLSPREAD", "KXNFLTOTAL", "KXNFLANYTD", "KXNFLRSHYDS"))
_NCAAF = League("NCAAF", "College Football", "KXNCAAFGAME", ("KXNCAAFSPREAD", "KXNCAAFTOTAL"))
_MLB = League("MLB", "Pro Baseball", "KXMLBGAME", ("KXMLBTOTAL", "KXMLBSPREAD", "KXMLBHR"))
_NHL = League("NHL", "Pro Hockey", "KXNHLGAME", ("KXNHLTOTAL", "KXNHLSPREAD", "KXNHLGOAL"))
_VICTORY: Final = "Who will emerge victorious?"

KINDS: Final[tuple[Kind, ...]] = (
    _sport("tennis_tournament_singles", 49_795, "duel", "Tennis", 118, 0.13, _EUROPE,
           _ATP, _WTA, _CHALLENGER, _ITF),
    _sport("tennis_tournament_singles", 80, "duel", "Tennis", 118, 0.13, _EUROPE, _ATP, _WTA,
           category="sports"),
    _sport("tennis_tournament_doubles", 4_800, "duel", "Tennis", 95, 0.12, _EUROPE,
           League("ATP", "ATP Tour", "KXATPDOUBLES"), League("WTA", "WTA Tour", "KXWTADOUBLES")),
    _sport("basketball_game", 15_539, "teams", "Basketball", 150, 0.12, _AMERICA, *_BASKETBALL,
           message=_VICTORY),
    _sport("basketball_game", 25, "teams", "Basketball", 150, 0.12, _AMERICA, *_BASKETBALL, message=_VICTORY,
           category="sports"),
    _sport("soccer_tournament_multi_leg", 15_546, "soccer", "Soccer", 120, 0.16, _EVENING, *_SOCCER),
    _sport("soccer_match", 2_500, "soccer", "Soccer", 115, 0.10, _EVENING,
           League("Friendly", "International Friendlies", "KXFIFAGAME", ("KXFIFATOTAL",)),
           League("NWSL", "NWSL", "KXNWSLGAME")),
    _sport("esports_match", 8_678, "esports", "Esports", 150, 0.15, _EUROPE, *_ESPORTS),
    _sport("esports_match", 2_728, "esports", "Esports", 150, 0.15, _EUROPE, *_ESPORTS, category="Esports"),
    _sport("football_game", 3_900, "teams", "Football", 200, 0.14, _AMERICA, _NFL, _NCAAF, message=_VICTORY),
    _sport("hockey_game", 4_700, "teams", "Hockey", 160, 0.12, _AMERICA, _NHL, message=_VICTORY),
    _sport("baseball_game", 6_900, "teams", "Baseball", 175, 0.13, _AMERICA, _MLB, message=_VICTORY),
    _sport("cricket_match", 2_150, "teams", "Cricket", 210, 0.30, (4, 9, 10, 14),
           League("IPL", "Indian Premier League", "KXIPLGAME"), League("WPL", "Women's Premier League",
           "KXWPLGAME"),
           League("T20", "Men's T20 World Cup", "KXT20MATCH")),
    _sport("mma_fight", 1_950, "duel", "MMA", 25, 0.08, (0, 1, 2, 3, 22, 23),
           League("UFC", "UFC", "KXUFCFIGHT", ("KXUFCROUNDS", "KXUFCMOV"))),
    _sport("boxing_fight", 360, "duel", "Boxing", 45, 0.08, (1, 2, 3, 21), League("Boxing", "Boxing",
           "KXBOXING")),
    _sport("table_tennis_match", 3_100, "duel", "Table Tennis", 40, 0.10, _EUROPE,
           League("WTT", "World Table Tennis", "KXTTMATCH")),
    _sport("volleyball_match", 1_000, "teams", "Volleyball", 125, 0.12, _EVENING,
           League("SuperLega", "SuperLega", "KXVOLLEYGAME")),
    _sport("rugby_match", 760, "teams", "Rugby", 110, 0.20, _EVENING,
           League("URC", "United Rugby Championship", "KXRUGBYGAME"), League("NRL", "NRL", "KXNRLGAME")),
    _sport("handball_match", 420, "teams", "Handball", 100, 0.12, _EVENING,
           League("EHF", "EHF Champions League", "KXHANDBALLGAME")),
    _sport("darts_match", 480, "duel", "Darts", 75, 0.10, _EVENING, League("PDC", "PDC", "KXDARTSMATCH")),
    _sport("lacrosse_game", 240, "teams", "Lacrosse", 130, 0.15, _AMERICA, League("PLL", "PLL", "KXPLLGAME")),
    _sport("golf_tournament", 420, "field", "Golf", 4 * _DAY, 0.85, (0, 6, 11, 12), *_GOLF,
           title="{place} {noun} Open", message="The tournament is about to begin."),
    _sport("chess_tournament", 90, "field", "Chess", 9 * _DAY, 0.80, (0, 13), League("FIDE", "Chess",
           "KXCHESS"),
           title="{place} Chess Masters", message="The tournament is about to begin."),
    _sport("motorsport_race", 190, "board", "Motorsport", 110, 0.55, (5, 13, 14, 19),
           League("F1", "F1", "KXF1RACE", ("KXF1POLE", "KXF1FASTLAP")), League("NASCAR", "NASCAR",
           "KXNASCARRACE"),
           title="{place} Grand Prix", message="Lights out is near."),
    _sport("cycling_stage", 110, "board", "Cycling", 290, 0.55, (10, 11, 12), League("UCI", "UCI WorldTour",
           "KXCYCLING"),
           title="Tour of {place}, stage {number}", message="The stage is about to begin."),
    _sport("winter_sports_event", 180, "field", "Winter Sports", 150, 0.50, (9, 10, 12, 18),
           League("FIS", "FIS World Cup", "KXFIS"), title="{place} Downhill",
           message="The race is about to begin."),
    _sport("sports_draft", 30, "field", "Football", 3 * _DAY, 0.70, (0,), League("NFL", "Pro Football",
           "KXNFLDRAFT"),
           title="{year} {place} Draft", message="The draft is about to begin."),
    _sport("sports_award", 60, "field", "Basketball", 120, 0.20, (0, 23),
           League("NBA", "Pro Basketball (M)", "KXNBAAWARD"), title="{year} {noun} Award ceremony"),
    _topic("political_speech", "Mentions", 1_480, "KXSPEECHMENTION", "What will {person} say in {place}?", 60,
           0.45),
    _topic("political_speech", "World", 60, "KXWORLDSPEECH", "{person} addresses the {place} summit", 60,
           0.45),
    _topic("earnings_call_mention", "Mentions", 820, "KXEARNINGSMENTION",
           "What will {company} say on its Q{quarter} call?", 60, 0.35, (12, 13, 21, 21, 22)),
    _topic("broadcast_mention", "Mentions", 700, "KXBROADCASTMENTION",
           "What will the announcers say during {place} vs {place2}?", 180, 0.10, _AMERICA),
    _topic("show_mention", "Mentions", 405, "KXSHOWMENTION", "What will be said on The {noun} Hour?", 60,
           0.50, (0, 3, 23)),
    _topic("index_close", "Financials", 1_300, "KXINDEXCLOSE", "{noun} 500 close on {day}", 390, 0.30, (14,
           21)),
    _topic("index_close", "Finance", 70, "KXINDEXCLOSE", "{noun} 100 close on {day}", 390, 0.30, (14, 21)),
    _topic("commodity_close", "Financials", 600, "KXCOMMODITY", "{place} crude settlement on {day}", 60, 0.20,
           (18, 19)),
    _topic("currency_close", "Financials", 371, "KXFXCLOSE", "{place} crown rate on {day}", 60, 0.20, (15,
           16)),
    _topic("economic_release", "Economics", 1_500, "KXECONRELEASE",
           "{place} inflation release, {month} {year}",
           30, 0.25, (12, 13, 13, 15)),
    _topic("central_bank_decision", "Economics", 354, "KXRATEDECISION",
           "{place} rate decision, {month} {year}",
           60, 0.40, (11, 18, 19)),
    _topic("election", "Elections", 800, "KXELECTION", "{place} {office} election", _DAY, 0.65, (0,),
           "Polls are about to open."),
    _topic("election", "elections", 18, "KXELECTION", "{place} {office} election", _DAY, 0.65, (0,),
           "Polls are about to open."),
    _topic("election_primary", "Elections", 300, "KXPRIMARY", "{place} {office} primary", _DAY, 0.60, (0,),
           "Polls are about to open."),
    _topic("award_show", "Entertainment", 205, "KXAWARDSHOW", "{number}th {noun} Awards", 210, 0.60, (0, 1,
           23)),
    _topic("album_release", "Entertainment", 320, "KXALBUM", "{person}: “{noun}” album release", 0, 0.0, (0,
           4, 5)),
    _topic("movie_release", "Entertainment", 300, "KXMOVIE", "“The {noun} of {place}” opens in cinemas",
           3 * _DAY, 0.40, (0,)),
    _topic("earnings_report", "Companies", 594, "KXEARNINGS", "{company} Q{quarter} {year} earnings", 60,
           0.35,
           (11, 12, 13, 20, 21, 21), "Earnings are about to be released."),
    _topic("legislative_vote", "Politics", 210, "KXVOTE", "{place} senate votes on the {noun} Act", 180,
           0.35),
    _topic("crypto_close", "Crypto", 190, "KXCRYPTO", "{noun}coin price on {day}", 60, 0.80, (17, 21)),
    _topic("weather_report", "Climate and Weather", 230, "KXHIGHTEMP",
           "Highest temperature in {place} on {day}",
           _DAY, 0.70, (0, 4, 5)),
    _topic("product_launch", "Science and Technology", 110, "KXLAUNCH",
           "{company} presents the {noun} {number}",
           90, 0.40),
    _topic("product_launch", "Science & Technology", 40, "KXLAUNCH", "{company} presents the {noun} {number}",
           90, 0.40),
)  # fmt: skip
"""Every (type, category) pair with its share; the weights are production's counts."""

TYPES: Final = tuple(dict.fromkeys(kind.type for kind in KINDS))
"""The 44 values of `type`, in the order of `KINDS`."""

CATEGORIES: Final = tuple(dict.fromkeys(kind.category for kind in KINDS))
"""The 17 values of `category`, near-twins and case drift included, in the order of `KINDS`."""
