"""The cookbook's blocks run as they stand, and what each answers is what the server knows."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
from pathlib import Path

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.sandbox import serve
from tests.faults.bench import raw, truth

COOKBOOK = Path(__file__).resolve().parents[2] / ".github" / "COOKBOOK.md"
BEGINNING, *RECIPES = re.split(r"^## ", COOKBOOK.read_text("utf-8"), flags=re.MULTILINE)
TICKER, TOTAL = "KXNBAGAME-26JAN15BOSLAL", "KXNBATOTAL-26JAN15BOSLAL"
DAY = pd.Timedelta("1D")


def code_of(section):
    (code,) = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return code


def answer(code, names):
    """Run code as a cell of a notebook, and return what its last line gives."""
    *body, last = ast.parse(code).body
    exec(compile(ast.Module(body, []), "<cookbook>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cookbook>", "eval"), names)


def moment(**distance):
    return (dt.datetime.now(dt.UTC) + dt.timedelta(**distance)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def server():
    """A world in which Boston plays in Los Angeles, and Ottawa in Quebec in an hour; it scores and stays."""
    tickers = {
        "primary_event_tickers": [TICKER],
        "related_event_tickers": [TICKER, TOTAL],
    }
    details = {"status": "inprogress", "home_points": 56, "away_points": 67, "period": 2}
    details |= {"period_type": "quarter", "period_remaining_time": "2:27"}
    live = {"live_datas": [{"milestone_id": "on", "type": "basketball_game", "details": details}]}
    with serve(rows=2000, still=True) as server:
        server.add(raw(id="on", title="Boston at Los Angeles", start_date=moment(minutes=-30), **tickers))
        server.add(raw(id="soon", title="Ottawa at Quebec", start_date=moment(hours=1)))
        server.script.replace(json.dumps(live).encode(), path="/live_data/batch")
        yield server


@pytest.fixture
def ask(server, tmp_path, monkeypatch):
    """Run the lines at the top and then a recipe, in a folder and with a cache of their own."""
    monkeypatch.setenv("MILESTONE_KIT_BASE_URL", server.url)
    monkeypatch.setenv("MILESTONE_KIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(code_of(BEGINNING), "<cookbook>", "exec"), names)

    def ask(question, meanwhile=lambda: None):
        (section,) = (one for one in RECIPES if one.startswith(question))
        meanwhile()
        ask.now = names["now"]
        return answer(code_of(section), names)

    return ask


def test_every_recipe_is_tried_here():
    tried = re.findall(r'ask\("(.+?)"', Path(__file__).read_text("utf-8"))
    assert {section.partition("\n")[0] for section in RECIPES} == set(tried)
    assert len(RECIPES) >= 10


def test_what_is_live_has_begun_and_has_no_reported_end_behind_it(ask):
    live = ask("What is live now?")
    assert "on" in set(live["id"])
    assert "soon" not in set(live["id"])
    now = pd.Timestamp.now("UTC")
    assert (live["start_date"] <= now).all()
    assert not (live["end_date"] < now - pd.Timedelta("5min")).any()


def test_what_starts_next_in_a_league_is_of_the_league_and_soon(ask):
    soon = ask("What starts in the next two hours in the NBA?")
    assert "soon" in set(soon["id"])
    assert "on" not in set(soon["id"])
    assert {mk.details_of(row)["league"] for _, row in soon.iterrows()} == {"NBA"}
    assert (soon["start_date"] < pd.Timestamp.now("UTC") + pd.Timedelta("2h")).all()


def test_an_end_is_assumed_as_long_as_none_is_reported(ask):
    (row,) = ask("When does it end?").to_dict("records")
    assert (row["end_source"], row["status"]) == ("assumed", "live")
    length = row["end"] - (pd.Timestamp.now("UTC") + row["starts_in"])
    assert pd.Timedelta("90min") < length < pd.Timedelta("4h"), "of a basketball game"


def test_what_moved_is_what_the_server_moved(ask, server):
    other = next(row for row in server.milestones() if row["type"] == "soccer_tournament_multi_leg")

    def reschedule():
        server.reschedule(other["id"], dt.timedelta(hours=2))

    (row,) = ask("What moved since this morning?", reschedule).to_dict("records")
    assert (row["title"], row["shift"]) == (other["title"], pd.Timedelta("2h"))


def test_events_of_a_milestone_are_found_by_a_market_of_one(ask):
    table = ask("Which events hang on the same milestone as this ticker?")
    assert set(table["title"]) == {"Boston at Los Angeles"}
    assert dict(zip(table["event_ticker"], table["is_primary"], strict=True)) == {
        TICKER: True,
        TOTAL: False,
    }


def test_a_game_that_goes_on_is_not_called_off(ask):
    (row,) = ask("Was it called off?").to_dict("records")
    assert (row["id"], row["phase"], row["details.status"]) == ("on", "live", "inprogress")


def test_the_busiest_hours_lie_in_the_weekend_and_are_counted_right(ask, server):
    hours = ask("Which are the busiest hours this weekend?")
    assert {start.day_name() for start in hours["bin_start"]} <= {"Saturday", "Sunday"}
    today = pd.Timestamp.now("UTC").normalize()
    assert hours["bin_start"].between(today - DAY, today + 8 * DAY).all()
    assert hours["peak"].is_monotonic_decreasing
    timeline, first = mk.compute_timeline(truth(server)), hours.iloc[0]
    begun = timeline["start_date"] < first["bin_start"] + pd.Timedelta("1h")
    assert 0 < first["peak"] <= (begun & (timeline["end"] > first["bin_start"])).sum()


def test_a_tennis_match_lasts_what_the_reported_ends_say(ask, server):
    table = ask("How long does a tennis match last?")
    df = truth(server)
    # in some minutes of the clock this world has one that ends before it starts, which teaches nothing
    tennis = df[(df["type"] == "tennis_tournament_singles") & (df["end_date"] >= df["start_date"])]
    lasted = tennis["end_date"] - tennis["start_date"]
    assert table.loc[table["level"] == "type", "n"].tolist() == [len(tennis)]
    assert abs(table["median"].iloc[0] - lasted.median()) < pd.Timedelta("1s")


def test_the_score_is_the_servers(ask):
    (row,) = ask("What is the score?").to_dict("records")
    assert row == {"phase": "live", "score": "56-67", "clock": "Q2 2:27", "leader": "away"}


def test_the_calendar_has_what_comes_next(ask):
    text = ask("Can I have that in my phone's calendar?").read_text("utf-8")
    assert text.count("BEGIN:VEVENT") == 20
    assert "Ottawa at Quebec" in text


def test_the_csv_has_tomorrows_games(ask, server):
    table = mk.read_csv(ask("Can I have tomorrow's games as CSV?"))
    day = (ask.now + DAY).strftime("%Y-%m-%d")
    rows = [row for row in server.milestones() if row["category"].casefold() == "sports"]
    assert set(table["id"]) == {row["id"] for row in rows if row["start_date"].startswith(day)}
    assert len(table) > 0
