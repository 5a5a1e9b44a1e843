"""How long things last where nobody has seen any end yet: a small table, whose sources are told.

Source of the rows marked `authors`: ranges that several authors of public code and notes use for when a
game of Kalshi's milestones should be over, as collected in 2026 (NFL 3 to 4 hours, college football 4, NBA
2.5 to 3, college basketball 2.5, NHL 3, MLB 3 to 3.5, soccer 2 to 2.5, tennis up to 4 to 5). Those marked
`rules` follow from how the thing is scheduled (a streaming week, a trading day). The rest are judgements.
They only have to serve until the table, or this machine's cache, has seen a few ends of the kind.
"""

from __future__ import annotations

import functools
from typing import Final

import pandas as pd

from milestone_kit.analysis.quantiles import SHARES
from milestone_kit.table.schema import DTYPES

__all__ = ["priors_table"]

_DAY: Final = 24 * 60

# type, league, minutes: a quarter is over, half, three quarters, nearly all
_TYPES: Final = (
    ("football_game", "NFL", 180, 192, 205, 250, "authors"),
    ("football_game", "NCAAFB", 195, 207, 220, 270, "authors"),
    ("football_game", None, 185, 200, 215, 265, "authors"),
    ("basketball_game", "NBA", 133, 141, 150, 185, "authors"),
    ("basketball_game", "WNBA", 120, 128, 138, 170, "judgement"),
    ("basketball_game", "NCAAMB", 117, 125, 136, 175, "authors"),
    ("basketball_game", None, 115, 123, 133, 170, "authors"),
    ("baseball_tournament", None, 155, 170, 187, 270, "authors"),
    ("baseball_game", None, 155, 170, 187, 270, "authors"),
    ("hockey_tournament", None, 147, 153, 163, 205, "authors"),
    ("hockey_match", None, 147, 153, 163, 205, "authors"),
    ("soccer_tournament_multi_leg", None, 111, 115, 118, 160, "authors"),
    ("tennis_tournament_singles", None, 85, 105, 140, 290, "authors"),
    ("esports_match", None, 90, 120, 155, 310, "judgement"),
    ("table_tennis_match", None, 28, 34, 41, 70, "judgement"),
    ("mma_match", None, 17, 25, 35, 110, "judgement"),
    ("boxing_match", None, 28, 38, 52, 110, "judgement"),
    ("cricket_match", None, 200, 218, 240, 420, "judgement"),
    ("darts_match", None, 48, 62, 79, 140, "judgement"),
    ("rugby_match", None, 103, 108, 113, 140, "judgement"),
    ("racing_tournament", None, 105, 125, 190, 330, "judgement"),
    ("golf_tournament", None, 3.3 * _DAY, 3.4 * _DAY, 3.5 * _DAY, 5 * _DAY, "rules"),
    ("golf_match", None, 150, 175, 205, 320, "judgement"),
    ("political_race", None, 14 * 60, 16 * 60, 18 * 60, 2 * _DAY, "judgement"),
    ("artist_streams", None, 7 * _DAY, 7 * _DAY, 7 * _DAY, 7.1 * _DAY, "rules"),
    ("tv_views", None, 7 * _DAY, 7 * _DAY, 7 * _DAY, 7.1 * _DAY, "rules"),
    ("company_report", None, 32, 45, 65, 180, "judgement"),
    ("kpis", None, 32, 45, 65, 180, "judgement"),
    ("truflation", None, _DAY, _DAY, _DAY, 1.1 * _DAY, "rules"),
)

_CATEGORIES: Final = (
    ("Sports", 75, 115, 150, 360, "judgement"),
    ("Esports", 90, 120, 155, 310, "judgement"),
    ("Mentions", 50, 75, 110, 360, "judgement"),
    ("Financials", 360, 390, 400, 480, "rules"),
    ("Economics", 32, 45, 65, 200, "judgement"),
    ("Elections", 80, 100, 120, 16 * 60, "judgement"),
    ("Entertainment", 120, 180, 220, 420, "judgement"),
    ("Companies", 32, 50, 75, 240, "judgement"),
    ("Commodities", 32, 45, 65, 180, "judgement"),
    ("Finance", 32, 45, 65, 180, "judgement"),
    ("Science and Technology", 50, 80, 140, 480, "judgement"),
    ("Science & Technology", 50, 80, 140, 480, "judgement"),
    ("Politics", 125, 190, 280, 720, "judgement"),
    ("Climate and Weather", _DAY, _DAY, _DAY, 1.1 * _DAY, "rules"),
    ("Crypto", 32, 45, 65, 180, "judgement"),
    ("Technology", 50, 72, 100, 240, "judgement"),
    ("World", 50, 72, 100, 240, "judgement"),
)


@functools.cache
def priors_table() -> pd.DataFrame:
    """Return the priors as `typical_durations` gives what it learned, with `n` 0 and their `source`.

    Examples
    --------
    >>> priors_table().groupby("level")["source"].count().to_dict()
    {'category': 17, 'league': 5, 'type': 24}
    """
    rows = [
        ("type" if league is None else "league", type_, league, None, *minutes)
        for type_, league, *minutes in _TYPES
    ]
    rows += [("category", None, None, category, *minutes) for category, *minutes in _CATEGORIES]
    names = ["level", "type", "league", "category", "q25", "median", "q75", "q99", "source"]
    table = pd.DataFrame(rows, columns=names).assign(n=0)
    for name in ("q25", "median", "q75", "q99"):
        table[name] = pd.to_timedelta(table[name], unit="min").dt.as_unit("us")
    # a bell about the middle, as far as two quartiles tell
    below, above = table["median"] - table["q25"], table["q75"] - table["median"]
    table["q10"] = table["median"] - 1.9 * below
    table["q01"] = table["median"] - 2.6 * below
    later = table["median"] + 1.9 * above
    table["q90"] = later.where(later < table["q99"], table["q99"])
    table["spread"] = table["q75"] - table["q25"]
    texts = dict.fromkeys(("level", "type", "league", "category", "source"), DTYPES["type"])
    columns = ["level", "type", "league", "category", "n", *SHARES, "spread", "source"]
    return table[columns].astype(texts | dict.fromkeys((*SHARES, "spread"), "timedelta64[us]"))
