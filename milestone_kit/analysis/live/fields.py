"""Which fields of live payloads say what: the one table of names that the readers go by.

The names and words are those that production's payloads, Kalshi's description (3.34) and public clients
show. A payload belongs to a family by the fields that it has, not by its type: types are many and drift,
and some payloads answer under another type than their milestone's.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import pandas as pd

__all__ = [
    "FAMILIES",
    "PHASES",
    "PHASE_DTYPE",
    "PHASE_OF_WORD",
    "STATUS_FIELDS",
    "UPDATED_FIELDS",
    "Family",
]

PHASES: Final = ("before", "live", "over")
"""The values of `phase`, in the order of a milestone's life."""

PHASE_DTYPE: Final = pd.CategoricalDtype(list(PHASES), ordered=True)
"""The dtype of `phase`: before < live < over."""

STATUS_FIELDS: Final = (
    "widget_status",
    "status",
    "match_status",
    "half",
    "race_call_status",
)
"""Where payloads say how far something is. `winner` is none of them: often empty when all is over."""

_WORDS: Final = {
    "before": ("created", "scheduled", "not started"),
    "live": (
        "live",
        "in progress",
        "1st",
        "first half",
        "HT",
        "halftime",
        "2nd",
        "second half",
        "too early to call",
    ),
    # what is called off will not go on, either
    "over": (
        "finished",
        "complete",
        "closed",
        "ended",
        "final",
        "retired",
        "walkover",
        "cancelled",
        "FT",
        "called",
    ),
}

PHASE_OF_WORD: Final = {
    "".join(filter(str.isalnum, word.casefold())): phase for phase, words in _WORDS.items() for word in words
}
"""Status words, letters and digits only and case folded, to the phase that they stand for."""

UPDATED_FIELDS: Final = (
    "last_updated_ts",
    "last_updated",
    "score_last_updated_ts",
    "last_play.occurence_ts",  # the API's own spelling
)
"""Where payloads say when they changed, the best first; a dot reaches into an object."""


class Family(NamedTuple):
    """Payloads that are read alike.

    Attributes
    ----------
    score : tuple of str
        The fields that count, of the first (home) side and of the second; or the one that does.
    clock : tuple of str
        The fields that say how far it is; the first of them tells families of one score apart.
    sides : tuple of str
        What `leader` calls the sides.
    parts : tuple of str
        Fields that count by set, map or innings, in the order of `score`.
    """

    score: tuple[str, ...]
    clock: tuple[str, ...]
    sides: tuple[str, str] = ("home", "away")
    parts: tuple[str, ...] = ()


_POINTS: Final = ("home_points", "away_points")

FAMILIES: Final = {
    "innings": Family(_POINTS, ("inning", "inning_half", "outs")),
    "quarters": Family(_POINTS, ("quarter", "clock")),
    "periods": Family(_POINTS, ("period", "period_remaining_time", "period_type")),
    "halves": Family(("home_same_game_score", "away_same_game_score"), ("half", "time")),
    "sets": Family(
        ("competitor1_overall_score", "competitor2_overall_score"),
        ("competitor1_current_round_score", "competitor2_current_round_score", "advantage"),
        sides=("competitor1_id", "competitor2_id"),
        parts=("competitor1_round_scores", "competitor2_round_scores"),
    ),
    "maps": Family(("home_score", "away_score"), (), parts=("home_periods", "away_periods")),
    "runs": Family(
        ("home_total_runs", "away_total_runs"),
        ("cricket_result.status_text",),
        parts=("home_wickets", "away_wickets"),
    ),
    "leaderboard": Family(("leaderboard",), ("round_label", "current_round")),
    "votes": Family(("candidates",), ("reporting_percentage",)),
    "indicator": Family(("latest_value",), ("latest_point_date",)),
    "streams": Family(("current_total",), ("period_end",)),
}
"""The families whose shape is known, by name. Where several fit, the first whose clock fits too is meant."""
