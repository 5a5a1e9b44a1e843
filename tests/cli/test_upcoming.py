"""`milestone-kit next` against a real server, and its loop with the test's clocks."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from types import SimpleNamespace

import pandas as pd
import pytest

from milestone_kit.cli import main
from milestone_kit.cli.upcoming import Watch, redraw
from milestone_kit.errors import StaleWarning
from tests.cli.conftest import COMMAND
from tests.faults.bench import raw
from tests.hostile import HOSTILE

BATCH = "/live_data/batch"


@pytest.fixture
def at(clock):
    return clock.moment().isoformat()


@pytest.fixture
def upcoming(server, at, tmp_path, capsys):
    """Run the command in this process, and give back how it ended and what it said."""

    def run(*words):
        where = ["--base-url", server.url, "--cache-dir", str(tmp_path / "cache"), "--now", at]
        code = main(["next", *where, *map(str, words)])
        said = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=said.out, stderr=said.err)

    return run


@pytest.fixture
def now(clock):
    return pd.Timestamp(clock.now, unit="s", tz="UTC")


def start(clock, minutes):
    return pd.Timestamp(clock.now + 60 * minutes, unit="s").isoformat() + "Z"


def test_it_shows_what_is_live_with_scores_and_what_comes_next_with_countdowns(upcoming, server, clock):
    server.add(raw(id="on", title="Boston at Los Angeles", start_date=start(clock, -30)))
    server.add(raw(id="soon", title="Ottawa at Quebec", start_date=start(clock, 12.5)))
    server.script.replace(
        json.dumps({"live_datas": [{"milestone_id": "on", "type": "basketball_game", "details": {
            "status": "inprogress", "home_points": 56, "away_points": 67, "period": 2,
            "period_type": "quarter", "period_remaining_time": "2:27"}}]}).encode(),
        path=BATCH,
    )  # fmt: skip
    done = upcoming("-n", 300)
    assert (done.returncode, done.stderr) == (0, "")
    head, _, live, *rest = done.stdout.splitlines()
    assert head.startswith("2026-09-21 14:13 UTC, milestones as of ")
    assert re.fullmatch(r"LIVE \(\d+\)", live)
    assert re.fullmatch(r"NBA +Boston at Los Angeles +56-67, Q2 2:27 +ends in about .*", rest[0])
    coming = rest[rest.index("NEXT") :]
    (line,) = (line for line in coming if "Ottawa" in line)
    assert re.fullmatch(r"NBA +Ottawa at Quebec +Mon 14:25  in 12 min", line)


def test_json_has_the_same_for_scripts_in_ascii(upcoming, server, clock):
    server.add(raw(id="soon", title="São Telmo 🏀", start_date=start(clock, 10)))
    server.add(raw(id="sim", start_date=start(clock, -10), primary_event_tickers=["SIMNBAGAME"]))
    done = upcoming("-n", 500, "--json")
    assert done.stdout.isascii()
    told = json.loads(done.stdout)
    assert told.keys() == {"now", "fetched_at", "stale", "trouble", "live", "more_live", "next"}
    row = next(row for row in told["next"] if row["id"] == "soon")
    assert row | {"end": None} == {
        "id": "soon", "category": "Sports", "type": "basketball_game", "league": "NBA",
        "title": "São Telmo 🏀", "status": "upcoming", "start_date": start(clock, 10), "date_only": False,
        "starts_in": 600.0, "end": None, "end_source": "assumed", "overdue": False, "phase": "before",
        "score": None, "clock": None, "event_tickers": ["KXGAME-1", "KXGAME-2"],
    }  # fmt: skip
    assert all(row["status"] == "live" for row in told["live"])
    assert "sim" not in {row["id"] for row in told["live"]}


def test_filters_and_the_window_reach_the_server(upcoming, server):
    upcoming("--category", "Elections")
    (*_, asked) = (one.query for one in server.requests if one.path == "/milestones")
    assert asked["category"] == "Elections"
    assert {one.query.get("minimum_start_date") for one in server.requests if one.page == 1} == {
        "2026-09-16T00:00:00Z"
    }
    upcoming("--minimum-start-date", "2026-09-21", "--json")
    assert server.requests[-1].query.get("minimum_start_date", "") != "2026-09-16T00:00:00Z"


def test_nothing_is_said_where_there_is_nothing(upcoming):
    done = upcoming("--category", "Nonsense")
    assert "nothing is on" in done.stdout
    assert "no milestone matches" in done.stderr


def test_hostile_titles_stay_one_line_of_a_terminal(upcoming, server, clock):
    for number, text in enumerate([*HOSTILE.values(), "\x1b[2J\r\nx", "a\nb"]):
        server.add(raw(id=f"h{number}", title=text, start_date=start(clock, 1), details={"league": text}))
    done = upcoming("-n", 20)
    assert "\x1b" not in done.stdout
    lines = done.stdout.split("\n")[:-1]
    assert len(lines[lines.index("NEXT") :]) == 21


def test_a_terminal_without_letters_shows_marks_in_their_place(server, environment, at, clock, tmp_path):
    server.add(raw(id="soon", title="東京 at São Telmo", start_date=start(clock, 1)))
    done = subprocess.run(
        [*COMMAND, "next", "--base-url", server.url, "--now", at, "-n", "1"],
        cwd=tmp_path, env=environment | {"PYTHONIOENCODING": "cp1252"}, capture_output=True, timeout=60,
        check=True,
    )  # fmt: skip
    assert b"?? at S\xe3o Telmo" in done.stdout


@pytest.mark.parametrize(
    "words", [["--every", "1s"], ["--every", "soon"], ["-n", 0], ["--now", "soon"], ["--watch"]]
)
def test_what_cannot_be_used_ends_with_two(upcoming, words):
    done = upcoming(*words)
    assert done.returncode == 2
    assert words[0].removeprefix("--") in done.stderr or "--count" in done.stderr


def test_watching_ends_with_ctrl_c_and_without_complaint(server, environment, tmp_path):
    command = [*COMMAND, "next", "--base-url", server.url, "--watch", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as watching:  # fmt: skip
        assert "live" in json.loads(watching.stdout.readline())
        watching.send_signal(signal.SIGINT)
        out, err = watching.communicate(timeout=60)
    assert (watching.returncode, out, err) == (0, "", "")


def test_it_is_drawn_again_and_again_with_waits_between():
    drawn, slept = [], []
    redraw(lambda: drawn.append(1), every=15, times=3, sleep=slept.append)
    assert (len(drawn), slept) == (3, [15, 15])


@pytest.fixture
def watch(make_client, server):
    return Watch(make_client(server.url, expire_after="5min", stale_if_error=True), {"category": None}, 5)


def test_a_second_look_asks_only_for_live_data(watch, server, now, clock):
    watch.look(now)
    before = len(server.requests)
    clock.now += 15
    watch.look(now + pd.Timedelta("15s"))
    assert {one.path for one in server.requests[before:]} == {BATCH}


def test_without_an_answer_it_goes_on_with_what_it_has_and_says_so(watch, server, now, clock):
    first = watch.look(now)
    server.script.fail(500)
    clock.now += 600
    with pytest.warns(StaleWarning):
        board = watch.look(now + pd.Timedelta("10min"))
    assert board.stale
    assert board.fetched_at == first.fetched_at
    assert board.trouble.startswith("no scores: ")
    assert set(board.upcoming["id"]) & set(first.upcoming["id"])


def test_live_data_that_say_over_take_a_row_off_the_board(watch, server, now):
    on = set(watch.look(now).live["id"])
    server.script.live(lambda one: one | {"details": {"status": "closed"}})
    watch._client._live._kept.clear()
    told = watch._client.get_live(list(on)).dropna(subset="phase")
    assert set(told["phase"]) == {"over"}
    assert not set(told["id"]) & set(watch.look(now).live["id"])
