from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
import requests

from milestone_kit.sandbox import DEFAULT_NOW, TYPES, serve
from milestone_kit.sandbox.catalog import KINDS
from milestone_kit.sandbox.live import live_data
from milestone_kit.sandbox.schedule import Course
from milestone_kit.sandbox.times import microseconds

N = 6000
MINUTE = dt.timedelta(minutes=1)
START = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
END = START + 150 * MINUTE
OVER = {"finished", "closed", "complete", "retired", "walkover", "ended"}
# what production's payloads were seen to hold, by type
KEYS = {
    "basketball_game": "home_points away_points period period_type period_remaining_time possession status "
    "widget_status winner last_updated_ts score_last_updated_ts",
    "football_game": "home_points away_points quarter clock situation timeouts last_play status "
    "widget_status winner",
    "baseball_tournament": "home_points away_points inning inning_half outs balls strikes bases status",
    "hockey_tournament": "home_points away_points period period_remaining_time",
    "soccer_tournament_multi_leg": "home_same_game_score away_same_game_score half time status status_text "
    "match_status home_aggregate_score",
    "tennis_tournament_singles": "competitor1_id competitor2_id competitor1_overall_score "
    "competitor1_round_scores competitor1_current_round_score server match_status winner",
    "esports_match": "home_score away_score home_periods away_periods is_live status widget_status",
    "cricket_match": "home_total_runs away_total_runs home_wickets away_wickets batting cricket_result",
    "golf_tournament": "current_round round_label leaderboard status widget_status",
    "political_race": "candidates race_call_status tabulation_status reporting_percentage last_updated "
    "winner",
    "truflation": "indicator latest_value latest_point_date target_date timeseries",
    "artist_streams": "current_total period_start period_end target_week_finalized timeseries_daily "
    "timeseries_weekly",
    "one_off_milestone": "status",
    "kpis": "status",
    "tv_views": "status",
}  # fmt: skip


class Clock:
    def __init__(self):
        self.now = DEFAULT_NOW

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def http():
    with requests.Session() as session:
        yield session


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server(clock):
    with serve(N, now=clock) as running:
        yield running


@pytest.fixture(scope="module")
def still():
    with serve(N, now=DEFAULT_NOW) as running:
        yield running


def batch(http, server, ids):
    answer = http.get(f"{server.url}/live_data/batch", params={"milestone_ids": list(ids)}, timeout=10)
    return answer.json()["live_datas"]


def by_type(type_, id_="a", **details):
    return {"id": id_, "type": type_, "start_date": "2026-01-15T12:00:00Z", "details": details}


def payload(row, minutes, course=None):
    return live_data(row, course or Course(microseconds(END)), microseconds(START + minutes * MINUTE))


def with_payload(type_, **details):
    """Give a row that has live data: a few have none."""
    rows = (by_type(type_, f"{type_}-{number}", **details) for number in range(100))
    return next(row for row in rows if payload(row, 10))


# the endpoints


def test_a_batch_answers_for_repeated_ids_with_their_own_type(http, still):
    rows = [row for row in still.milestones() if row["type"] == "basketball_game"][-50:]
    answers = batch(http, still, [row["id"] for row in rows])
    assert len(answers) > 40
    assert {answer["milestone_id"] for answer in answers} <= {row["id"] for row in rows}
    assert all(answer.keys() == {"type", "details", "milestone_id"} for answer in answers)
    assert {answer["type"] for answer in answers} == {"basketball_game"}


def test_a_comma_joined_list_answers_200_with_none(http, still):
    ids = [row["id"] for row in still.milestones()[-5:]]
    assert batch(http, still, [",".join(ids)]) == []


def test_ids_without_live_data_are_left_out_silently(http, still):
    row = next(row for row in still.milestones() if row["type"] == "Companies")
    assert batch(http, still, [row["id"], "nowhere"]) == []
    for id_ in (row["id"], "nowhere"):
        assert http.get(f"{still.url}/live_data/milestone/{id_}", timeout=10).status_code == 404


def test_one_id_answers_with_the_same_payload(http, still):
    ids = [row["id"] for row in still.milestones()[-300:-250]]
    for answer in batch(http, still, ids):
        one = http.get(f"{still.url}/live_data/milestone/{answer['milestone_id']}", timeout=10).json()
        assert one == {"live_data": answer}


@pytest.mark.parametrize("ids", [[], ["a"] * 101])
def test_no_id_and_more_than_100_are_refused(http, still, ids):
    answer = http.get(f"{still.url}/live_data/batch", params={"milestone_ids": ids}, timeout=10)
    assert answer.status_code == 400
    assert "milestone_ids" in answer.json()["error"]["message"]


def test_the_log_knows_every_value_of_a_repeated_parameter(http, server):
    batch(http, server, ["a", "b"])
    assert server.requests[-1].all("milestone_ids") == ["a", "b"]


def test_about_four_rows_in_five_have_a_payload(http, still):
    rows = still.milestones()
    found = [answer for at in range(0, len(rows), 100)
             for answer in batch(http, still, [row["id"] for row in rows[at : at + 100]])]  # fmt: skip
    assert 0.75 < len(found) / len(rows) < 0.97
    type_of = {row["id"]: row["type"] for row in rows}
    with_some = {type_of[answer["milestone_id"]] for answer in found}
    assert 20 < len(with_some) <= 30 < len(TYPES)
    other = Counter((type_of[answer["milestone_id"]], answer["type"]) for answer in found
                    if answer["type"] != type_of[answer["milestone_id"]])  # fmt: skip
    assert other.keys() == {("company_report", "one_off_milestone")}
    assert all(answer["details"]["synthetic"] for answer in found)


def test_30_of_the_44_types_have_live_data():
    assert len({kind.type for kind in KINDS if kind.live}) == 30


# what payloads say


@pytest.mark.parametrize(("type_", "keys"), KEYS.items())
@pytest.mark.parametrize("minutes", [-30, 60, 200])
def test_payloads_have_production_s_keys_in_every_phase(type_, keys, minutes):
    details = payload(with_payload(type_), minutes)["details"]
    assert details.keys() >= set(keys.split())


@pytest.mark.parametrize("type_", ["basketball_game", "football_game", "baseball_tournament",
                                   "hockey_tournament"])  # fmt: skip
def test_a_game_goes_from_created_over_live_to_finished(type_):
    row = with_payload(type_)
    words = [
        (payload(row, at)["details"]["widget_status"], payload(row, at)["details"]["status"])
        for at in (-60, 0.9, 149, 151)
    ]
    assert words == [("created", "scheduled"), ("live", "inprogress"), ("live", "inprogress"),
                     ("finished", "closed")]  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "scores"),
    [
        ("basketball_game", ["home_points", "away_points", "period"]),
        ("football_game", ["home_points", "away_points", "quarter"]),
        ("baseball_tournament", ["home_points", "away_points", "inning"]),
        ("soccer_tournament_multi_leg", ["home_same_game_score", "away_same_game_score"]),
        ("tennis_tournament_singles", ["competitor1_overall_score", "competitor2_overall_score"]),
        ("esports_match", ["home_score", "away_score"]),
        ("cricket_match", ["home_total_runs", "away_total_runs", "home_wickets"]),
        ("artist_streams", ["current_total"]),
        ("political_race", ["reporting_percentage"]),
    ],
)
def test_scores_begin_at_nothing_grow_and_never_fall(type_, scores):
    row = with_payload(type_, candidate_ids=["x", "y"])
    course = [payload(row, at)["details"] for at in range(-20, 170, 2)]
    for key in scores:
        values = [details[key] for details in course]
        assert values == sorted(values)
        assert values[0] == 0
    assert any(course[-1][key] > 0 for key in scores)


def test_clocks_run_down_within_a_period():
    row = with_payload("basketball_game", league="NBA")
    left = {}
    for at in range(1, 150):
        details = payload(row, at)["details"]
        minutes, seconds = details["period_remaining_time"].split(":")
        left.setdefault(details["period"], []).append(60 * int(minutes) + int(seconds))
    assert left.keys() == {1, 2, 3, 4}
    assert all(values == sorted(values, reverse=True) and values[0] <= 720 for values in left.values())


def test_soccer_has_halves_a_break_and_stoppage_time():
    row = with_payload("soccer_tournament_multi_leg")
    course = [payload(row, at / 2)["details"] for at in range(2, 310)]
    halves = list(dict.fromkeys(details["half"] for details in course))
    assert halves == ["1st", "HT", "2nd", "FT"]
    times = {details["time"] for details in course}
    assert {"1'", "45+2'", "62'", "90+3'"} <= times
    assert (course[-1]["status"], course[-1]["match_status"]) == ("closed", "ended")


def test_a_finished_tennis_match_names_a_competitor_with_two_sets():
    row = with_payload("tennis_tournament_singles", first_competitor_id="c1", second_competitor_id="c2")
    over = payload(row, 160)["details"]
    won = {"c1": over["competitor1_overall_score"], "c2": over["competitor2_overall_score"]}
    assert won[over["winner"]] == 2 == max(won.values())
    assert over["status"] in {"complete", "retired", "walkover"}
    outcomes = Counter(score["outcome"] for score in over["competitor1_round_scores"])
    assert outcomes["winner"] == won["c1"]
    on = payload(row, 60)["details"]
    assert on["winner"] == ""
    assert on["competitor1_round_scores"][-1]["outcome"] == "ongoing"
    assert on["server"] in {"c1", "c2"}


def test_a_closed_football_game_names_no_winner_and_esports_has_none_at_all():
    assert payload(with_payload("football_game"), 200)["details"]["winner"] == ""
    assert "winner" not in payload(with_payload("esports_match"), 200)["details"]


def test_a_called_off_game_is_neither_live_nor_finished():
    row = with_payload("basketball_game")
    course = Course(microseconds(END), microseconds(START - 60 * MINUTE))
    for at in (-30, 60, 300):
        details = payload(row, at, course)["details"]
        assert (details["status"], details["widget_status"]) == ("cancelled", "none")


def test_a_simulated_game_is_in_progress_for_ever():
    row = by_type("basketball_game")
    course = Course(simulated=True)
    for minutes in (60, 60_000, 1_000_000):
        assert payload(row, minutes, course)["details"]["status"] == "inprogress"


def test_the_simulated_games_of_a_universe_are_in_progress(http, still):
    answers = batch(http, still, still.truth().simulated)
    assert len(answers) == len(still.truth().simulated)
    assert {answer["details"]["status"] for answer in answers} == {"inprogress"}


def test_a_placeholder_has_not_begun(http, still):
    for answer in batch(http, still, still.truth().placeholders):
        assert answer["details"]["race_call_status"] == ""
        assert answer["details"]["tabulation_status"] == "Not Started"


# through the clock


def test_payloads_are_over_at_the_true_end_before_the_listing_says_so(http, server, clock):
    known = server.truth()
    types = KEYS.keys() - {"political_race"}
    games = {row["id"] for row in server.milestones() if row["type"] in types}
    # payloads trail by some seconds
    live = known.live(DEFAULT_NOW) & known.live(DEFAULT_NOW - MINUTE) & games
    first = {
        answer["milestone_id"]: answer["details"]
        for answer in batch(http, server, live)
        if "status" in answer["details"]
    }
    words = Counter(details.get("widget_status", details["status"]) for details in first.values())
    assert words.keys() == {"live"}
    assert len(first) > 5
    ends = sorted((known.ends[id_], id_) for id_ in first)
    assert len(ends) > 5
    for end, id_ in ends:
        clock.now = dt.datetime.fromtimestamp(end / 1e6, dt.UTC) + MINUTE / 2
        [answer] = batch(http, server, [id_])
        assert answer["details"]["status"] in OVER
        row = next(row for row in server.milestones() if row["id"] == id_)
        assert "end_date" not in row or row["type"] in {"golf_tournament", "tv_views", "one_off_milestone"}


def test_a_rescheduled_game_s_payload_waits_for_it(http, server, clock):
    known = server.truth()
    live = [answer["milestone_id"] for answer in batch(http, server, known.live(DEFAULT_NOW))
            if answer["details"].get("widget_status") == "live"]  # fmt: skip
    server.reschedule(live[0], dt.timedelta(days=2))
    [before] = batch(http, server, live[:1])
    clock.now += dt.timedelta(days=2)
    [later] = batch(http, server, live[:1])
    assert before["details"]["widget_status"] == "created"
    assert later["details"]["widget_status"] == "live"


def test_rows_of_the_caller_s_own_have_live_data_by_their_dates(http):
    row = with_payload("basketball_game") | {"end_date": "2026-01-15T14:00:00Z"}
    clock = Clock()
    with serve([row], now=clock) as server:
        seen = []
        for hour in (11, 13, 15):
            clock.now = dt.datetime(2026, 1, 15, hour, tzinfo=dt.UTC)
            seen.append(batch(http, server, [row["id"]])[0]["details"]["widget_status"])
    assert seen == ["created", "live", "finished"]


# scripted behaviour


def test_a_script_can_change_a_payload_leave_one_out_and_send_null(http, server):
    ids = sorted(server.truth().simulated)
    assert len(ids) >= 2

    def change(live):
        return None if live["milestone_id"] == ids[0] else live | {"details": {"status": "<b>"}}

    server.script.live(change)
    [answer] = batch(http, server, ids[:2])
    assert answer["details"] == {"status": "<b>"}
    assert http.get(f"{server.url}/live_data/milestone/{ids[0]}", timeout=10).status_code == 404
    server.script.clear()
    server.script.null_live(times=1)
    assert batch(http, server, ids) is None
    assert len(batch(http, server, ids)) == len(ids)


def test_live_data_can_fail_and_be_slow_like_everything_else(http, server):
    server.script.fail(503, path="/live_data/batch", times=1)
    url = f"{server.url}/live_data/batch?milestone_ids=a"
    assert [http.get(url, timeout=10).status_code for _ in range(2)] == [503, 200]
