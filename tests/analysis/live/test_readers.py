"""What payloads of production's shapes say, and that no payload of any shape makes a reader fail."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.live.fields import FAMILIES, PHASE_OF_WORD, STATUS_FIELDS, UPDATED_FIELDS
from milestone_kit.analysis.live.readers import read_payload

GAME = {"home_points": 31, "away_points": 40, "winner": ""}
SETS = {
    "competitor1_id": "anna", "competitor2_id": "bea", "competitor1_overall_score": 1,
    "competitor2_overall_score": 0, "competitor1_current_round_score": 30,
    "competitor2_current_round_score": 40, "advantage": "", "server": "bea", "winner": "",
    "competitor1_round_scores": [{"outcome": "winner", "score": 7}, {"outcome": "ongoing", "score": 3}],
    "competitor2_round_scores": [{"outcome": "loser", "score": 5}, {"outcome": "ongoing", "score": 4}],
}  # fmt: skip
MAPS = {"home_score": 1, "away_score": 1, "home_periods": {"period_1": 13, "period_2": 9, "period_3": 4},
        "away_periods": {"period_1": 6, "period_2": 13, "period_3": 5}}  # fmt: skip
SOCCER = {"home_same_game_score": 2, "away_same_game_score": 1}
CRICKET = {"home_total_runs": 181, "away_total_runs": 95, "home_wickets": 6, "away_wickets": 3}


def shown(**details):
    reading = read_payload(details)
    return reading.phase, reading.score, reading.clock, reading.leader


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (GAME | {"status": "inprogress", "widget_status": "live", "period": 3, "period_type": "quarter",
                 "period_remaining_time": "8:01"}, ("live", "31-40", "Q3 8:01", "away")),
        (GAME | {"status": "inprogress", "period": 2, "period_type": "half",
                 "period_remaining_time": "0:40"}, ("live", "31-40", "H2 0:40", "away")),
        (GAME | {"status": "inprogress", "period": 6, "period_type": "quarter",
                 "period_remaining_time": "1:00"}, ("live", "31-40", "2OT 1:00", "away")),
        (GAME | {"status": "live", "period": 2, "period_remaining_time": "19:59"},
         ("live", "31-40", "P2 19:59", "away")),
        (GAME | {"status": "closed", "widget_status": "finished", "quarter": 4, "clock": "00:00"},
         ("over", "31-40", "Q4 00:00", "away")),
        (GAME | {"status": "inprogress", "inning": 7, "inning_half": 2, "outs": 1},
         ("live", "31-40", "bottom 7, 1 out", "away")),
        (SOCCER | {"status": "live", "half": "1st", "time": "45+2'"}, ("live", "2-1", "1st 45+2'", "home")),
        (SOCCER | {"status": "live", "half": "HT", "time": "45'"}, ("live", "2-1", "HT", "home")),
        (SOCCER | {"status": "live", "half": "FT", "time": "90'"}, ("over", "2-1", "FT", "home")),
        (SETS, ("live", "1-0 (7-5, 3-4)", "set 2, 30-40", "anna")),
        (SETS | {"advantage": "bea"}, ("live", "1-0 (7-5, 3-4)", "set 2, 30-Ad", "anna")),
        (SETS | {"status": "retired"}, ("over", "1-0 (7-5, 3-4)", None, "anna")),
        (MAPS | {"is_live": True}, ("live", "1-1 (13-6, 9-13, 4-5)", "map 3", None)),
        (MAPS | {"is_live": False, "widget_status": "complete", "away_score": 2},
         ("over", "1-2 (13-6, 9-13, 4-5)", None, "away")),
        (CRICKET | {"status": "live", "cricket_result": {"status_text": "Needs 87 in 60"}},
         ("live", "181/6 - 95/3", "Needs 87 in 60", None)),
        (CRICKET | {"status": "complete"}, ("over", "181/6 - 95/3", None, "home")),
        ({"status": "inprogress", "round_label": "R3", "current_round": 3, "leaderboard": [
            {"position": 2, "competitor_id": "p2", "score": -7},
            {"position": 1, "competitor_id": "p1", "score": -9}]}, ("live", "-9", "R3", "p1")),
        ({"race_call_status": "Too Early to Call", "reporting_percentage": 63.5, "candidates": [
            {"candidate_id": "c1", "percentage": 46.1}, {"candidate_id": "c2", "percentage": 53.9}]},
         ("live", "53.9% - 46.1%", "63.5% reported", "c2")),
        ({"race_call_status": "Called", "candidates": []}, ("over", None, None, None)),
        ({"race_call_status": "Runoff", "candidates": []}, (None, None, None, None)),
        ({"latest_value": 2.41, "latest_point_date": "2026-01-14"}, (None, "2.41", "2026-01-14", None)),
        ({"current_total": 41_000_000, "period_end": "2026-01-15"}, (None, "41000000", "2026-01-15", None)),
        ({"status": "closed"}, ("over", None, None, None)),
        ({"company_name": "Acme", "status": ""}, (None, None, None, None)),
    ],
)  # fmt: skip
def test_each_family_says_what_a_reader_of_the_json_would_write_down(details, expected):
    assert shown(**details) == expected


@pytest.mark.parametrize("word", ["created", "scheduled", "Not Started", "not_started"])
def test_before_the_start_zeros_are_no_score(word):
    before = {"status": word, "home_points": 0, "away_points": 0, "quarter": 1, "clock": "15:00"}
    assert shown(**before) == ("before", None, None, None)


@pytest.mark.parametrize(
    ("words", "phase"),
    [
        ({"widget_status": "none"}, None),
        ({"widget_status": "live", "status": "scheduled"}, "live"),
        ({"widget_status": "live", "status": "closed"}, "over"),
        ({"widget_status": "created", "match_status": "ended"}, "over"),
        ({"status": " In_Progress "}, "live"),
        ({"status": "walkover"}, "over"),
        ({"status": "cancelled"}, "over"),
        ({"status": "rain"}, None),
        ({"status": 3, "widget_status": ["live"]}, None),
        ({"is_live": "yes"}, None),
        ({"winner": "home"}, None),
        ({"winner": "home", "status": "inprogress"}, "live"),
    ],
)
def test_the_phase_is_the_latest_of_all_status_words_and_never_the_winner_s(words, phase):
    assert read_payload(words).phase == phase


def test_a_winner_is_told_only_when_it_is_over_and_only_as_the_payload_names_it():
    assert read_payload({"winner": "home", "status": "inprogress"}).winner is None
    assert read_payload({"winner": "home", "status": "closed"}).winner == "home"
    assert read_payload(GAME | {"status": "closed"}).winner is None


@pytest.mark.parametrize(
    ("fields", "moment"),
    [
        ({"last_updated_ts": 1768485718}, "2026-01-15T14:01:58Z"),
        ({"last_updated_ts": "1768485718"}, "2026-01-15T14:01:58Z"),
        ({"last_updated": "2026-01-15T14:01:58.25Z"}, "2026-01-15T14:01:58.25Z"),
        ({"last_updated_ts": None, "last_play": {"occurence_ts": 1768485718}}, "2026-01-15T14:01:58Z"),
    ],
)
def test_when_it_was_updated_is_read_from_whatever_field_tells(fields, moment):
    assert read_payload(fields).updated_at == pd.Timestamp(moment)


@pytest.mark.parametrize("value", [0, -5, 1e300, True, "now", "0001-01-01T00:00:00Z", "soon", [], 10**400])
def test_what_is_no_moment_is_none(value):
    assert read_payload({"last_updated_ts": value}).updated_at is pd.NaT


def test_scores_as_text_count_like_numbers():
    reading = read_payload({"status": "live", "home_points": "9", "away_points": "10"})
    assert (reading.score, reading.leader) == ("9-10", "away")


@pytest.mark.parametrize("score", [None, True, [], {}, "", float("nan"), float("inf"), 10**400])
def test_what_is_no_score_is_none(score):
    assert read_payload({"home_points": score, "away_points": 1}).score is None


def test_hostile_text_stays_one_short_line():
    text = "<script>\r\nBEGIN:VEVENT\x1b[31m\u202e" + "x" * 10**6
    reading = read_payload({"status": "closed", "winner": text, "home_score": text, "away_score": "1"})
    for said in (reading.winner, reading.score):
        assert "\n" not in said
        assert "\x1b" not in said
        assert len(said) < 200


names = sorted(
    {*STATUS_FIELDS, *(path.partition(".")[0] for path in UPDATED_FIELDS), "winner", "is_live"}
    | {field.partition(".")[0] for family in FAMILIES.values()
       for field in (*family.score, *family.clock, *family.parts, *family.sides)}
)  # fmt: skip
plain = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([*PHASE_OF_WORD, "ongoing", "1", "T1"])
)  # fmt: skip
inner = st.sampled_from(["score", "outcome", "position", "percentage", "candidate_id", "status_text", "x"])
json_values = st.recursive(
    plain, lambda part: st.lists(part, max_size=3) | st.dictionaries(inner, part, max_size=4), max_leaves=8
)


@given(st.dictionaries(st.sampled_from(names) | st.text(max_size=4), json_values))
def test_no_json_makes_a_reader_fail(details):
    reading = read_payload(details)
    assert reading.phase in {None, "before", "live", "over"}
    for said in reading[1:5]:
        assert said is None or (isinstance(said, str) and said)
    assert reading.updated_at is pd.NaT or reading.updated_at.unit == "us"
