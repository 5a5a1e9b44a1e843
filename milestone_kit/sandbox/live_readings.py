"""The live payloads of what is no game of two: leaderboards, counts of votes, streams and other readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from milestone_kit.sandbox.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable

    from milestone_kit.sandbox.live import Stage

__all__ = ["READINGS"]

_DAY: Final = 86_400


def _golf(stage: Stage) -> dict[str, Any]:
    ids = stage.details.get("competitor_ids")
    players = [str(id_) for id_ in ids][:10] if isinstance(ids, list) else []
    pace = {id_: stage.chance.randint(-22, 6) for id_ in players}
    scores = {id_: int(pace[id_] * stage.share) for id_ in players}
    current = min(int(stage.share * 4) + 1, 4)
    return {
        "current_round": 0 if stage.phase == "before" else current,
        "round_label": stage.word("", f"R{current}", "Final", ""),
        "leaderboard": [
            {"position": place, "competitor_id": id_, "score": scores[id_]}
            for place, id_ in enumerate(sorted(players, key=lambda id_: (scores[id_], id_)), 1)
        ]
        if stage.phase in {"live", "over"}
        else [],
        "status": stage.word("scheduled", "inprogress", "closed"),
        "widget_status": stage.word("created", "live", "complete", "none"),
    }


def _race(stage: Stage) -> dict[str, Any]:
    """Count votes: nothing before the polls close, called at the end, or after a while too early to call."""
    ids = stage.details.get("candidate_ids")
    candidates = [str(id_) for id_ in ids] if isinstance(ids, list) else []
    weights = sorted((stage.chance.random() + 0.05 for _ in candidates), reverse=True)
    turnout = stage.chance.randint(20_000, 4_000_000)
    runoff = stage.chance.random() < 0.08
    counted = max(stage.share * 2 - 1, 0.0)
    total = sum(weights) or 1.0
    calls = stage.word("", "Too Early to Call" if counted else "", "Runoff" if runoff else "Called", "")
    return {
        "candidates": [
            {
                "candidate_id": id_,
                "votes": int(turnout * counted * weight / total),
                "percentage": round(100 * weight / total, 1) if counted else 0.0,
            }
            for id_, weight in zip(candidates, weights, strict=True)
        ],
        "race_call_status": calls,
        "tabulation_status": stage.word("Not Started", "In Progress", "Complete", "Not Started"),
        "reporting_percentage": round(100 * counted, 1),
        "last_updated": rfc3339(min(stage.now, stage.end) * 1_000_000),
        "winner": candidates[0] if stage.over and candidates and not runoff else "",
    }


def _report(stage: Stage) -> dict[str, Any]:
    """Tell of a company in one of the two forms that production has."""
    if stage.chance.random() < 0.5:
        return {
            "metric_id": f"sandbox-metric-{stage.chance.randint(100, 999)}",
            "timeseries": _series(stage, 8, 91),
        }
    return {
        "company_name": stage.details.get("organisation", ""),
        "latest_event": {"name": "Earnings", "date": rfc3339((stage.start - 91 * _DAY) * 1_000_000)},
        "next_event": {"name": "Earnings", "date": rfc3339(stage.start * 1_000_000)},
        "status": stage.word("scheduled", "live", "closed"),
    }


def _truflation(stage: Stage) -> dict[str, Any]:
    series = _series(stage, 14, 1)
    return {
        "indicator": "sandbox-inflation",
        "latest_value": series[-1]["value"],
        "latest_point_date": series[-1]["date"],
        "target_date": rfc3339(stage.end * 1_000_000)[:10],
        "timeseries": series,
    }


def _streams(stage: Stage) -> dict[str, Any]:
    final = stage.chance.randint(2_000_000, 90_000_000)
    return {
        "current_total": int(final * stage.share),
        "period_start": rfc3339(stage.start * 1_000_000)[:10],
        "period_end": rfc3339(stage.end * 1_000_000)[:10],
        "target_week_finalized": stage.over,
        "timeseries_daily": _series(stage, 7, 1),
        "timeseries_weekly": _series(stage, 6, 7),
    }


def _status(stage: Stage) -> dict[str, Any]:
    return {"status": stage.word("scheduled", "live", "closed")}


def _series(stage: Stage, count: int, days: int) -> list[dict[str, Any]]:
    """Make up readings up to the moment, one every so many days."""
    last = min(stage.now, stage.end) // _DAY
    # a day's reading is the same whenever it is asked for
    scale = stage.chance.randint(1, 999_983)
    return [
        {"date": rfc3339(day * _DAY * 1_000_000)[:10], "value": 100 + day * scale % 997 / 100}
        for day in range(last - (count - 1) * days, last + 1, days)
    ]


READINGS: Final[dict[str, Callable[[Stage], dict[str, Any]]]] = {
    "golf": _golf,
    "race": _race,
    "report": _report,
    "truflation": _truflation,
    "streams": _streams,
    "status": _status,
}
"""Family to what its payload says at a stage."""
