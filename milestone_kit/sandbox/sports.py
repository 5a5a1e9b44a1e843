"""The sports of the synthetic universe: types, leagues, counts, lengths, and when in the week they start.

The counts of `tennis_tournament_singles`, `basketball_game`, `soccer_tournament_multi_leg`,
`esports_match`, `football_game` and `golf_tournament`, and those of the football leagues, are production's
(a census of 2026-08-31). Of the other named types only the counts among the oldest 24,000 rows are known,
so theirs are estimates. Types after `INVENTED` are made up: production has 44 and not all names are known.
Lengths are what the sports usually take; no public table of them exists.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from milestone_kit.sandbox.kinds import DAY, Family, Kind, League, Length

__all__ = ["INVENTED", "SPORTS"]

_BEST_OF_3: Final = Length(98, 0.3, 0.04, 35)

_TENNIS: Final = (
    League("ATP", "ATP", "KXATPMATCH", ("KXATPSETWINNER", "KXATPGAMESTOTAL"), 0.28,
           Length(112, 0.32, 0.06, 50)),
    League("WTA", "WTA", "KXWTAMATCH", ("KXWTASETWINNER",), 0.28, Length(96, 0.29, 0.04, 35)),
    League("Challenger", "ATP Challenger", "KXATPCHALLENGERMATCH", ("KXATPCHALLENGERSET",), 0.24, None),
    League("ITF", "ITF", "KXITFMATCH", (), 0.2, Length(92, 0.3, 0.03, 30)),
)  # fmt: skip

_BASKETBALL: Final = (
    League("NBA", "Pro Basketball (M)", "KXNBAGAME", ("KXNBASPREAD", "KXNBATOTAL", "KXNBAPTS", "KXNBAREB"),
           0.1, Length(141, 0.06, 0.06, 22)),
    League("NCAAMB", "College Basketball (M)", "KXNCAAMBGAME", ("KXNCAAMBSPREAD", "KXNCAAMBTOTAL"), 0.4,
           Length(124, 0.07, 0.06, 18)),
    League("NCAAWB", "College Basketball (W)", "KXNCAAWBGAME", (), 0.22, Length(118, 0.07, 0.05, 16)),
    League("WNBA", "Pro Basketball (W)", "KXWNBAGAME", ("KXWNBATOTAL",), 0.03, Length(125, 0.06, 0.05, 15)),
    League("Euroleague", "Euroleague", "KXEUROLEAGUEGAME", (), 0.1, Length(116, 0.06, 0.04, 14)),
    League("CBA", "Chinese Basketball Association", "KXCBAGAME", (), 0.15, Length(121, 0.07, 0.05, 15)),
)  # fmt: skip

_NFL_SERIES: Final = (
    "KXNFLSPREAD", "KXNFLTOTAL", "KXNFLTEAMTOTAL", "KXNFL1HWINNER", "KXNFL1HSPREAD", "KXNFL1HTOTAL",
    "KXNFL1QWINNER", "KXNFLANYTD", "KXNFLFIRSTTD", "KXNFL2TD", "KXNFLRSHYDS", "KXNFLRECYDS", "KXNFLPASSYDS",
    "KXNFLPASSTD", "KXNFLREC", "KXNFLRSHATT", "KXNFLPASSATT", "KXNFLCOMP", "KXNFLINT", "KXNFLSACKS",
    "KXNFLFG", "KXNFLOVERTIME", "KXNFLMENTION", "KXNFLMARGIN", "KXNFLHALFTIME", "KXNFLRACE",
)  # fmt: skip
_NCAAF_SERIES: Final = tuple(name.replace("NFL", "NCAAF") for name in _NFL_SERIES)
_FOOTBALL: Final = (
    League("NCAAFB", "College Football", "KXNCAAFGAME", _NCAAF_SERIES, 1519,
           Length(207, 0.07, 0.05, 28), also=("NCAA Football",)),
    League("NFL", "Pro Football", "KXNFLGAME", _NFL_SERIES, 432, Length(189, 0.05, 0.06, 17)),
    League("CFL", "CFL", "KXCFLGAME", _NFL_SERIES[:6], 61, Length(178, 0.06, 0.04, 15)),
    League("UFL", "UFL", "KXUFLGAME", _NFL_SERIES[:6], 40, Length(175, 0.05, 0.03, 12)),
)  # fmt: skip

_CUP: Final = Length(116, 0.04, 0.17, 32)
_SOCCER: Final = (
    League("EPL", "EPL", "KXEPLGAME", ("KXEPLSPREAD", "KXEPLTOTAL", "KXEPLBTTS", "KXEPLGOAL"), 0.12),
    League("La Liga", "La Liga", "KXLALIGAGAME", ("KXLALIGATOTAL", "KXLALIGABTTS"), 0.11),
    League("Serie A", "Serie A", "KXSERIEAGAME", ("KXSERIEATOTAL",), 0.11),
    League("Bundesliga", "Bundesliga", "KXBUNDESLIGAGAME", ("KXBUNDESLIGATOTAL",), 0.1),
    League("Ligue 1", "Ligue 1", "KXLIGUE1GAME", (), 0.1),
    League("Liga MX", "Liga MX", "KXLIGAMXGAME", (), 0.1, Length(117, 0.05, 0.03, 20)),
    League("UCL", "UCL", "KXUCLGAME", ("KXUCLADVANCE", "KXUCLTOTAL"), 0.08, _CUP),
    League("Super Lig", "Super Lig", "KXSUPERLIGGAME", (), 0.1),
    League("FA Cup", "FA Cup", "KXFACUPGAME", ("KXFACUPADVANCE",), 0.06, _CUP),
    League("NWSL", "NWSL", "KXNWSLGAME", (), 0.05),
    League("MLS", "MLS", "KXMLSGAME", ("KXMLSTOTAL",), 0.07),
)  # fmt: skip

_ESPORTS: Final = (
    League("CS2", "CS2", "KXCS2GAME", ("KXCS2MAP", "KXCS2TOTALMAPS"), 0.42, Length(128, 0.38, 0.03, 60)),
    League("LoL", "League of Legends", "KXLOLGAME", ("KXLOLMAP", "KXLOLTOTALMAPS"), 0.2,
           Length(104, 0.42, 0.03, 45)),
    League("Valorant", "Valorant", "KXVALORANTGAME", ("KXVALORANTMAP",), 0.2, Length(133, 0.33, 0.03, 50)),
    League("Dota 2", "Dota 2", "KXDOTA2GAME", (), 0.12, Length(112, 0.4, 0.04, 50)),
    League("R6", "R6", "KXR6GAME", (), 0.06, Length(95, 0.35, 0.02, 40)),
)  # fmt: skip

_GOLF: Final = (
    League("pga", "PGA Tour", "KXPGATOUR", ("KXPGATOP5", "KXPGATOP10", "KXPGATOP20", "KXPGACUT"), 0.4),
    League("lpga", "LPGA Tour", "KXLPGATOUR", (), 0.3),
    League("dpworld", "DP World Tour", "KXDPWORLDTOUR", ("KXDPWORLDTOP10",), 0.3),
)

_VICTORY: Final = "Who will emerge victorious?"
_MATCH: Final = "The match is about to begin."


def _sport(  # noqa: PLR0917 - a row of the table below, column by column
    type_: str, weight: int, family: Family, sport: str, length: Length, lead: float, rhythm: str,
    *leagues: League, category: str = "Sports", season: bool = False, message: str = _MATCH, title: str = "",
    live: str = "", invented: bool = False, planned: float = 0.0,
) -> Kind:  # fmt: skip
    named = tuple(replace(league, pool=_pool(family, sport, league.code)) for league in leagues)
    return Kind(type_, category, weight, family, named, length, lead, rhythm, season, planned, message, title,
                sport, live, invented)  # fmt: skip


def _pool(family: Family, sport: str, code: str) -> str:
    """Name the pool of those who take part: people by sport, teams by league as well."""
    if family in {"duel", "field", "race"}:
        return f"people:{sport}"
    return f"{'esports' if family == 'esports' else 'teams'}:{sport}:{code}"


def _invented(  # noqa: PLR0917 - a row of the table below, column by column
    type_: str, weight: int, family: Family, sport: str, code: str, minutes: int, live: str = ""
) -> Kind:
    """Describe a type whose name is made up, with one made-up league."""
    league = League(code, code, f"KX{code.replace(' ', '').upper()}GAME")
    return _sport(type_, weight, family, sport, Length(minutes, 0.2, 0.05, minutes / 4), 4, "evening", league,
                  title=f"{{place}} {sport} {{noun}}", live=live, invented=True)  # fmt: skip


SPORTS: Final[tuple[Kind, ...]] = (
    _sport("tennis_tournament_singles", 49_877, "duel", "Tennis", _BEST_OF_3, 1.3, "tennis", *_TENNIS,
           live="tennis"),
    _sport("basketball_game", 15_564, "teams", "Basketball", Length(125, 0.07, 0.05, 18), 25, "basketball",
           *_BASKETBALL, season=True, message=_VICTORY, live="basketball"),
    _sport("soccer_tournament_multi_leg", 15_546, "soccer", "Soccer", Length(114, 0.03, 0.03, 9), 16,
           "soccer", *_SOCCER, season=True, live="soccer"),
    _sport("esports_match", 8_678, "esports", "Esports", Length(120, 0.4), 3, "esports", *_ESPORTS,
           live="esports"),
    _sport("esports_match", 2_746, "esports", "Esports", Length(120, 0.4), 3, "esports", *_ESPORTS,
           category="Esports", live="esports"),
    _sport("football_game", 2_052, "football", "Football", Length(200, 0.07), 60, "football", *_FOOTBALL,
           season=True, message=_VICTORY, live="football"),
    _sport("golf_tournament", 172, "field", "Golf", Length(3 * DAY + 620, 0.02, 0.05, 900), 20, "golf",
           *_GOLF, title="{place} {noun} Open", planned=0.8, live="golf",
           message="Get ready: the first round is about to start."),
    _sport("baseball_tournament", 8_500, "teams", "Baseball", Length(162, 0.12, 0.05, 55), 20, "baseball",
           League("MLB", "Pro Baseball", "KXMLBGAME", ("KXMLBTOTAL", "KXMLBSPREAD", "KXMLBHR"), 0.5),
           League("KBO", "KBO", "KXKBOGAME", (), 0.25, Length(187, 0.12, 0.05, 45)),
           League("NPB", "NPB", "KXNPBGAME", (), 0.25, Length(186, 0.11, 0.05, 40)),
           season=True, message=_VICTORY, live="baseball"),
    _sport("hockey_tournament", 7_000, "teams", "Hockey", Length(152, 0.05, 0.12, 22), 25, "hockey",
           League("NHL", "Pro Hockey", "KXNHLGAME", ("KXNHLTOTAL", "KXNHLSPREAD", "KXNHLGOAL"), 0.4),
           League("AHL", "AHL", "KXAHLGAME", (), 0.3), League("KHL", "KHL", "KXKHLGAME", (), 0.3),
           season=True, message=_VICTORY, live="hockey"),
    _sport("table_tennis_match", 5_000, "duel", "Table Tennis", Length(34, 0.25), 0.5, "around",
           League("WTT", "World Table Tennis", "KXTTMATCH"), live="status"),
    _sport("mma_match", 900, "duel", "MMA", Length(24, 0.5, 0.1, 20), 14, "fights",
           League("UFC", "UFC", "KXUFCFIGHT", ("KXUFCROUNDS", "KXUFCMOV")), live="status"),
    _sport("cricket_match", 700, "teams", "Cricket", Length(212, 0.12, 0.08, 80), 6, "cricket",
           League("IPL", "Indian Premier League", "KXIPLGAME"),
           League("WPL", "Women's Premier League", "KXWPLGAME"),
           League("T20", "Men's T20 World Cup", "KXT20MATCH"), live="cricket"),
    _sport("darts_match", 500, "duel", "Darts", Length(62, 0.35), 2, "evening",
           League("PDC", "PDC", "KXDARTSMATCH"), live="status"),
    _sport("rugby_match", 220, "teams", "Rugby", Length(108, 0.06), 10, "soccer",
           League("URC", "United Rugby Championship", "KXRUGBYGAME"), League("NRL", "NRL", "KXNRLGAME"),
           live="status"),
    _sport("racing_tournament", 140, "race", "Motorsport", Length(112, 0.2, 0.1, 50), 20, "weekend",
           League("F1", "F1", "KXF1RACE", ("KXF1POLE", "KXF1FASTLAP")),
           League("NASCAR", "NASCAR", "KXNASCARRACE", (), 1.0, Length(196, 0.15, 0.1, 80)),
           title="{place} Grand Prix", message="Lights out is near.", live="status"),
    _sport("boxing_match", 70, "duel", "Boxing", Length(38, 0.45), 14, "fights",
           League("Boxing", "Boxing", "KXBOXING"), live="status"),
    _sport("hockey_match", 30, "teams", "Hockey", Length(150, 0.06), 5, "hockey",
           League("IIHF", "IIHF", "KXIIHFGAME"), message=_VICTORY, live="hockey"),
    _sport("golf_match", 20, "duel", "Golf", Length(175, 0.2), 5, "weekend",
           League("TGL", "Tomorrow's Golf League (TGL)", "KXTGLMATCH"), live=""),
    _sport("baseball_game", 8, "teams", "Baseball", Length(165, 0.12), 5, "baseball",
           League("WBC", "World Baseball Classic", "KXWBCGAME"), message=_VICTORY, live="baseball"),
)  # fmt: skip
"""The sports whose type names are known from production."""

INVENTED: Final[tuple[Kind, ...]] = (
    _invented("volleyball_match", 210, "teams", "Volleyball", "SuperSerie", 118, "status"),
    _invented("handball_match", 120, "teams", "Handball", "Handliga", 96, "status"),
    _invented("lacrosse_game", 60, "teams", "Lacrosse", "LaxLeague", 128, "status"),
    _invented("badminton_match", 120, "duel", "Badminton", "Shuttle Tour", 52, "status"),
    _invented("snooker_match", 80, "duel", "Snooker", "Baize Tour", 170, "status"),
    _invented("padel_match", 80, "duel", "Padel", "Padel Tour", 88, "status"),
    _invented("futsal_match", 60, "teams", "Futsal", "Futsal Liga", 82),
    _invented("water_polo_match", 40, "teams", "Water Polo", "Polo Liga", 70),
    _invented("netball_match", 30, "teams", "Netball", "Netball Super", 84),
    _invented("field_hockey_match", 30, "teams", "Field Hockey", "Stick Liga", 86),
    _invented("chess_tournament", 30, "field", "Chess", "Board Masters", 300),
    _invented("cycling_stage", 40, "race", "Cycling", "Pedal Tour", 280),
    _invented("winter_sports_event", 30, "field", "Winter Sports", "Snow Cup", 130),
    _invented("athletics_meet", 15, "field", "Athletics", "Track Tour", 160),
    _invented("swimming_meet", 10, "field", "Swimming", "Lane Tour", 140),
    _invented("sailing_regatta", 9, "field", "Sailing", "Wind Cup", 180),
    _invented("surfing_event", 6, "field", "Surfing", "Wave Tour", 360),
    _invented("climbing_final", 6, "field", "Climbing", "Boulder Cup", 110),
)
"""Types that stand for production's unknown ones: all of these names are made up."""
