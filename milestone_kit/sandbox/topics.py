"""What is no sport in the synthetic universe: elections, reports, mentions, streams, and the one-off rows.

The names, and the counts of all but `tv_views`, are production's (a census of 2026-08-31); how the 16,055
one-off rows divide among the categories follows from the census of categories.
"""

from __future__ import annotations

from typing import Final

from milestone_kit.sandbox.kinds import DAY, Family, Kind, League, Length

__all__ = ["TOPICS"]

_MINUTES: Final = Length(45, 0.5)
_SPEECH: Final = Length(72, 0.5, 0.03, 90)


def _topic(  # noqa: PLR0917 - a row of the table below, column by column
    type_: str, category: str, weight: int, series: str, title: str, length: Length, lead: float, rhythm: str,
    message: str = "The event is about to begin.", *, planned: float = 0.0, live: str = "status",
) -> Kind:  # fmt: skip
    league = League("", "", series)
    family: Family = "race" if type_ == "political_race" else "topic"
    return Kind(type_, category, weight, family, (league,), length, lead, rhythm, planned=planned,
                message=message, title=title, live=live)  # fmt: skip


def _one_off(  # noqa: PLR0917 - a row of the table below, column by column
    category: str, weight: int, series: str, title: str, length: Length, rhythm: str, message: str,
    *, planned: float = 0.0, lead: float = 6,
) -> Kind:  # fmt: skip
    return _topic("one_off_milestone", category, weight, series, title, length, lead, rhythm, message,
                  planned=planned)  # fmt: skip


TOPICS: Final[tuple[Kind, ...]] = (
    _topic("political_race", "Elections", 917, "KXRACE", "{place} {office} race", Length(16 * 60, 0.15), 24,
           "elections", "Polls are about to open.", planned=0.65, live="race"),
    _topic("artist_streams", "Entertainment", 675, "KXARTISTSTREAMS", "{person}: streams this week",
           Length(7 * DAY, 0.001), 4, "weekly", "A new week of streams begins.", planned=1.0, live="streams"),
    _topic("company_report", "Companies", 530, "KXEARNINGS", "{company} Q{quarter} {year} earnings", _MINUTES,
           16, "reports", "Earnings are about to be released.", live="report"),
    _topic("truflation", "Economics", 245, "KXTRUFLATION", "Inflation index on {day}", Length(DAY, 0.01), 2,
           "midnight", "A new reading is about to come.", live="truflation"),
    _topic("Companies", "Companies", 23, "KXCOMPANY", "{company} presents the {noun} {number}", _SPEECH, 6,
           "office", live=""),
    _topic("kpis", "Companies", 14, "KXKPI", "{company}: users in Q{quarter}", _MINUTES, 10, "office"),
    _topic("tv_views", "Entertainment", 120, "KXTVVIEWS", "The {noun} Hour: views this week",
           Length(7 * DAY, 0.001), 4, "weekly", "A new week of views begins.", planned=1.0),
    _one_off("Sports", 6_401, "KXSPORTSEVENT", "{place} {noun} press conference", Length(58, 0.6, 0.05, 120),
             "around", "What will {person} say?"),
    _one_off("Sports", 1_200, "KXSPORTSWEEK", "{place} {noun}: this week", Length(4 * DAY, 0.05), "midnight",
             "What will happen this week?", planned=0.9),
    _one_off("Mentions", 1_955, "KXMENTION", "What will {person} say in {place}?", _SPEECH, "speeches",
             "What will {person} say?"),
    _one_off("Mentions", 1_450, "KXMENTIONWEEK", "What will {person} say this week?", Length(5 * DAY, 0.05),
             "midnight", "What will {person} say?", planned=0.9),
    _one_off("Financials", 2_272, "KXINDEXCLOSE", "{noun} 500 close on {day}", Length(390, 0.01), "market",
             "Where will the {noun} 500 close?"),
    _one_off("Economics", 1_610, "KXECONRELEASE", "{place} inflation release, {month} {year}", _MINUTES,
             "office", "What will {place} report?", lead=14),
    _one_off("Commodities", 320, "KXCOMMODITY", "{place} crude settlement on {day}", _MINUTES, "market",
             "Where will crude settle?"),
    _one_off("Finance", 205, "KXFXCLOSE", "{place} crown rate on {day}", _MINUTES, "market",
             "Where will the crown close?"),
    _one_off("Elections", 201, "KXELECTION", "{place} {office} debate", Length(95, 0.2), "speeches",
             "What will {person} say?"),
    _one_off("Science and Technology", 150, "KXLAUNCH", "{company} launches {noun} {number}", Length(80, 0.8),
             "around", "Will {noun} {number} fly?"),
    _one_off("Politics", 78, "KXVOTE", "{place} votes on the {noun} Act", Length(190, 0.6), "office",
             "Will the {noun} Act pass?"),
    _one_off("Climate and Weather", 64, "KXHIGHTEMP", "Highest temperature in {place} on {day}",
             Length(DAY, 0.01), "midnight", "How hot will it be?", planned=0.5, lead=2),
    _one_off("Crypto", 34, "KXCRYPTO", "{noun}coin price on {day}", _MINUTES, "around",
             "Where will {noun}coin stand?", lead=2),
    _one_off("Entertainment", 30, "KXAWARDSHOW", "{number}th {noun} Awards", Length(205, 0.1), "speeches",
             "Who will win?"),
    _one_off("Technology", 30, "KXMODEL", "{company} ships {noun} {number}", _SPEECH, "office",
             "What will be shown?"),
    _one_off("Companies", 27, "KXCEO", "{company} names a chief executive", _MINUTES, "office",
             "Who will it be?"),
    _one_off("World", 2, "KXSUMMIT", "{person} addresses the {place} summit", _SPEECH, "speeches",
             "What will {person} say?"),
    _one_off("Science & Technology", 1, "KXLAUNCH", "{company} launches {noun} {number}", Length(80, 0.8),
             "around", "Will {noun} {number} fly?"),
)  # fmt: skip
"""Every pair of a type that is no sport and a category."""
