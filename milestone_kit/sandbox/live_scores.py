"""The live payloads of games that are scored, by family: what a stage of a game looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from milestone_kit.sandbox.live import Stage

__all__ = ["SCORES"]

_QUARTERS: Final = {"NBA": (4, 720), "WNBA": (4, 600), "Euroleague": (4, 600), "CBA": (4, 720)}
_POINTS_OF_TENNIS: Final = (0, 15, 30, 40)
_SETS: Final = ("set_1", "set_2", "set_3")


def _basketball(stage: Stage) -> dict[str, Any]:
    chance, turn = stage.chance, stage.turn
    league = stage.details.get("league")
    periods, seconds = _QUARTERS.get(str(league), (2, 1200))
    base = 112 if league == "NBA" else 76
    home, away = _apart(chance, base - 22, base + 24)
    period, left = _period(stage.share, periods, seconds)
    return {
        "home_points": int(home * stage.share),
        "away_points": int(away * stage.share),
        "period": 0 if stage.phase == "before" else period,
        "period_type": "quarter" if periods == 4 else "half",
        "period_remaining_time": _clock(left),
        "possession": turn.choice(["home", "away"]) if stage.live else "",
        "status": stage.word("scheduled", "inprogress", "closed"),
        "widget_status": stage.word("created", "live", "finished", "none"),
        "winner": _winner(home, away) if stage.over else "",
        "last_event_created_ts": None,
        "last_event_is_timeout": stage.live and turn.random() < 0.05,
        "last_updated_ts": _updated(stage),
        "score_last_updated_ts": _updated(stage) if stage.phase in {"live", "over"} else None,
    }


def _football(stage: Stage) -> dict[str, Any]:
    chance, turn = stage.chance, stage.turn
    home, away = (_drives(chance) for _ in range(2))
    period, left = _period(stage.share, 4, 900)
    holder = turn.choice(["home", "away"])
    return {
        "home_points": sum(points for at, points in home if at <= stage.share),
        "away_points": sum(points for at, points in away if at <= stage.share),
        "quarter": 0 if stage.phase == "before" else period,
        "clock": _clock(left, digits=2),
        "situation": {
            "down": turn.randint(1, 4),
            "yfd": turn.randint(1, 15),
            "yardline": turn.randint(1, 50),
            "goal_to_go": turn.random() < 0.1,
            "possession_team_id": stage.details.get(f"{holder}_team_id", ""),
            "side_team_id": stage.details.get(f"{turn.choice(['home', 'away'])}_team_id", ""),
        }
        if stage.phase in {"live", "over"}
        else {},
        "timeouts": {"home": 3 - int(3 * stage.share), "away": 3 - int(2 * stage.share)},
        "last_play": _last_play(stage, "End Game", ["Run up the middle.", "Pass incomplete.", "Punt."]),
        "status": stage.word("scheduled", "inprogress", "closed"),
        "widget_status": stage.word("created", "live", "finished", "none"),
        # production leaves it empty on a closed game
        "winner": "",
        "last_updated_ts": _updated(stage),
    }


def _baseball(stage: Stage) -> dict[str, Any]:
    turn = stage.turn
    home, away = _apart(stage.chance, 0, 11)
    halves = min(int(stage.share * 18), 17)
    return {
        "home_points": int(home * stage.share),
        "away_points": int(away * stage.share),
        "inning": 0 if stage.phase == "before" else halves // 2 + 1,
        "inning_half": halves % 2 + 1,
        "outs": turn.randint(0, 2),
        "balls": turn.randint(0, 3),
        "strikes": turn.randint(0, 2),
        "bases": [base for base in (1, 2, 3) if turn.random() < 0.3] if stage.live else [],
        "status": stage.word("scheduled", "inprogress", "closed"),
        "widget_status": stage.word("created", "live", "finished", "none"),
        "winner": _winner(home, away) if stage.over else "",
        "last_updated_ts": _updated(stage),
    }


def _hockey(stage: Stage) -> dict[str, Any]:
    home, away = _apart(stage.chance, 0, 6)
    period, left = _period(stage.share, 3, 1200)
    return {
        "home_points": int(home * stage.share),
        "away_points": int(away * stage.share),
        "period": 0 if stage.phase == "before" else period,
        "period_remaining_time": _clock(left),
        "status": stage.word("scheduled", "inprogress", "closed"),
        "widget_status": stage.word("created", "live", "finished", "none"),
        "winner": _winner(home, away) if stage.over else "",
        "last_updated_ts": _updated(stage),
    }


def _soccer(stage: Stage) -> dict[str, Any]:
    chance = stage.chance
    goals = [[chance.random() for _ in range(chance.choice([0, 0, 1, 1, 1, 2, 2, 3, 4]))] for _ in range(2)]
    scores = [sum(at <= stage.share for at in side) for side in goals]
    earlier = [chance.randint(0, 3) for _ in range(2)] if stage.details.get("leg") == 2 else [0, 0]
    half, time = _half(stage)
    return {
        "home_same_game_score": scores[0],
        "away_same_game_score": scores[1],
        "home_aggregate_score": scores[0] + earlier[0],
        "away_aggregate_score": scores[1] + earlier[1],
        "half": half,
        "time": time,
        "status": stage.word("scheduled", "live", "closed"),
        "status_text": f"{half} - {time}" if half in {"1st", "2nd"} else half,
        "match_status": {"1st": "first_half", "HT": "halftime", "2nd": "second_half", "FT": "ended"}.get(
            half, stage.word("not_started", "", "ended")
        ),
        "home_significant_events": [],
        "away_significant_events": [],
        "last_play": _last_play(stage, "Full time.", ["Free kick.", "Throw-in.", "Corner.", "Offside."]),
        "winner": _winner(*scores) if stage.over else "",
    }


def _tennis(stage: Stage) -> dict[str, Any]:
    chance, turn = stage.chance, stage.turn
    ids = [str(stage.details.get(f"{which}_competitor_id", "")) for which in ("first", "second")]
    best = chance.randint(0, 1)
    word, retired = chance.random(), 0.97
    outcome = "complete" if word < retired else "retired" if word < 0.99 else "walkover"
    sets = _sets(chance, best)
    played = stage.share * sum(sum(games) for games in sets)
    shown = _played(sets, played) if stage.phase in {"live", "over"} else []
    won = [sum(scores[side] > scores[1 - side] for scores, done in shown if done) for side in (0, 1)]
    return {
        "competitor1_id": ids[0],
        "competitor2_id": ids[1],
        "competitor1_overall_score": won[0],
        "competitor2_overall_score": won[1],
        **{
            f"competitor{side + 1}_round_scores": [
                {"outcome": _outcome(scores, done, side), "score": scores[side]} for scores, done in shown
            ]
            for side in (0, 1)
        },
        **{
            f"competitor{side}_current_round_score": turn.choice(_POINTS_OF_TENNIS) if stage.live else 0
            for side in (1, 2)
        },
        "advantage": "",
        "server": ids[int(played) % 2] if stage.live else "",
        "match_status": stage.word("not_started", _SETS[max(len(shown), 1) - 1], "ended"),
        "status": stage.word("scheduled", "live", outcome),
        "winner": ids[best] if stage.over else "",
    }


def _esports(stage: Stage) -> dict[str, Any]:
    chance = stage.chance
    best_of = stage.details.get("best_of")
    needed = (best_of if isinstance(best_of, int) else 3) // 2 + 1
    maps = _maps(chance, needed)
    at = stage.share * len(maps)
    done = maps[: int(at)]
    home, away = ({f"period_{n + 1}": scores[side] for n, scores in enumerate(done)} for side in (0, 1))
    if stage.live and int(at) < len(maps):
        for periods, score in zip((home, away), maps[int(at)], strict=True):
            periods[f"period_{len(done) + 1}"] = int(score * (at % 1))
    return {
        "home_score": sum(one > other for one, other in done),
        "away_score": sum(one < other for one, other in done),
        "home_periods": home,
        "away_periods": away,
        "is_live": stage.live,
        "status": stage.word("created", "live", "complete"),
        "widget_status": stage.word("created", "live", "complete", "none"),
    }


def _cricket(stage: Stage) -> dict[str, Any]:
    home, away = _apart(stage.chance, 105, 225)
    first, second = min(stage.share * 2, 1.0), max(stage.share * 2 - 1, 0.0)
    return {
        "home_total_runs": int(home * first),
        "away_total_runs": int(away * second),
        "home_wickets": int(stage.chance.randint(3, 10) * first),
        "away_wickets": int(stage.chance.randint(3, 10) * second),
        "batting": ("home" if second == 0 else "away") if stage.live else "",
        "cricket_result": {
            "status_text": stage.word("Not started", "In progress", f"{_winner(home, away)} won", "Abandoned")
        },
        "status": stage.word("scheduled", "live", "complete"),
    }


def _apart(chance: random.Random, low: int, high: int) -> tuple[int, int]:
    """Draw two final scores that are not the same."""
    one = chance.randint(low, high)
    other = chance.randint(low, high - 1)
    return one, other + (other >= one)


def _winner(home: int, away: int) -> str:
    return "" if home == away else "home" if home > away else "away"


def _period(share: float, count: int, seconds: int) -> tuple[int, int]:
    """Return which period it is, from 1, and how many seconds of it are left."""
    at = min(share * count, count)
    number = min(int(at), count - 1)
    return number + 1, round(seconds * (1 - (at - number)))


def _clock(seconds: int, digits: int = 1) -> str:
    return f"{seconds // 60:0{digits}d}:{seconds % 60:02d}"


def _updated(stage: Stage) -> int:
    return {"live": stage.now, "over": stage.end}.get(stage.phase, stage.start - 6 * 3600)


def _drives(chance: random.Random) -> list[tuple[float, int]]:
    """Draw when a football team scores, and how many points."""
    return [(chance.random(), chance.choice([3, 3, 6, 7, 7, 7, 8])) for _ in range(chance.randint(0, 7))]


def _last_play(stage: Stage, last: str, words: list[str]) -> dict[str, Any]:
    if stage.phase not in {"live", "over"}:
        return {}
    # the API's own spelling
    return {"description": last if stage.over else stage.turn.choice(words), "occurence_ts": _updated(stage)}


def _half(stage: Stage) -> tuple[str, str]:
    """Return the half and the minute as a scoreboard writes it: stoppage time as "45+2'"."""
    if stage.phase in {"before", "off"}:
        return "", ""
    if stage.over:
        return "FT", "90'"
    if stage.share < 0.43:
        return "1st", _minute(stage.share / 0.43 * 48, 45)
    if stage.share < 0.56:
        return "HT", "45'"
    return "2nd", _minute(45 + (stage.share - 0.56) / 0.44 * 50, 90)


def _minute(minute: float, regular: int) -> str:
    whole = int(minute) + 1
    return f"{whole}'" if whole <= regular else f"{regular}+{whole - regular}'"


def _sets(chance: random.Random, best: int) -> list[tuple[int, int]]:
    """Draw the sets of a best-of-three that `best` (0 or 1) wins."""
    winners = [best, best] if chance.random() < 0.6 else chance.choice([[best, 1 - best, best],
                                                                         [1 - best, best, best]])  # fmt: skip
    sets = []
    for winner in winners:
        games = chance.choice([(6, 2), (6, 3), (6, 4), (6, 4), (7, 5), (7, 6), (6, 1), (6, 0)])
        sets.append(games if winner == 0 else (games[1], games[0]))
    return sets


def _played(sets: list[tuple[int, int]], games: float) -> list[tuple[tuple[int, int], bool]]:
    """Return the sets so far, the last one as far as it is, and whether each is over."""
    shown: list[tuple[tuple[int, int], bool]] = []
    for one, other in sets:
        total = one + other
        if games >= total:
            shown.append(((one, other), True))
            games -= total
            continue
        shown.append(((int(one * games / total), int(other * games / total)), False))
        break
    return shown


def _outcome(scores: tuple[int, int], done: bool, side: int) -> str:
    if not done:
        return "ongoing"
    return "winner" if scores[side] > scores[1 - side] else "loser"


def _maps(chance: random.Random, needed: int) -> list[tuple[int, int]]:
    """Draw the maps of a match until one side has won as many as are needed."""
    maps: list[tuple[int, int]] = []
    won = [0, 0]
    while max(won) < needed:
        side, less = chance.randint(0, 1), chance.randint(2, 11)
        maps.append((13, less) if side == 0 else (less, 13))
        won[side] += 1
    return maps


SCORES: Final[dict[str, Callable[[Stage], dict[str, Any]]]] = {
    "basketball": _basketball,
    "football": _football,
    "baseball": _baseball,
    "hockey": _hockey,
    "soccer": _soccer,
    "tennis": _tennis,
    "esports": _esports,
    "cricket": _cricket,
}
"""Family to what its payload says at a stage."""
