from __future__ import annotations

import pytest
import requests

from milestone_kit.sandbox import DEFAULT_NOW, serve
from milestone_kit.sandbox.competitions import filters_by_sport

ID_KEYS = ("home_team_id", "away_team_id", "first_competitor_id", "second_competitor_id",
           "home_competitor_id", "away_competitor_id")  # fmt: skip


@pytest.fixture(scope="module")
def http():
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="module")
def server():
    with serve(3000, now=DEFAULT_NOW) as running:
        yield running


def ask(http, server, **query):
    return http.get(f"{server.url}/structured_targets", params=query, timeout=10)


def ids_of(row):
    details = row["details"]
    lists = [*details.get("competitor_ids", ()), *details.get("candidate_ids", ())]
    return [details[key] for key in ID_KEYS if key in details] + lists


def names(http, server, ids):
    answer = ask(http, server, ids=list(ids), page_size=2000).json()
    return {target["id"]: target for target in answer["structured_targets"]}


def test_every_id_in_details_has_a_target(http, server):
    ids = sorted({id_ for row in server.milestones() for id_ in ids_of(row)})
    assert len(ids) > 1000
    found = {}
    for at in range(0, len(ids), 100):
        found |= names(http, server, ids[at : at + 100])
    assert found.keys() == set(ids)


def test_a_target_is_named_as_the_title_of_its_game_names_it(http, server):
    row = next(row for row in server.milestones() if row["type"] == "football_game")
    targets = names(http, server, ids_of(row))
    home, away = (targets[row["details"][f"{side}_team_id"]] for side in ("home", "away"))
    assert row["title"] == f"{away['details']['short_name']} vs {home['details']['short_name']}"
    assert home["details"]["league"] == row["details"]["league"]
    row = next(row for row in server.milestones() if row["type"] == "tennis_tournament_singles")
    targets = names(http, server, ids_of(row))
    players = [targets[row["details"][f"{which}_competitor_id"]] for which in ("first", "second")]
    assert row["title"] == " vs ".join(player["details"]["last_name"] for player in players)


def test_targets_have_the_api_s_fields_and_say_that_they_are_invented(http, server):
    rows = ask(http, server, page_size=2000).json()["structured_targets"]
    fields = {"id", "name", "type", "details", "source_id", "source_ids", "last_updated_ts"}
    assert all(row.keys() == fields for row in rows)
    assert all(row["details"]["synthetic"] and row["source_id"].startswith("sandbox:") for row in rows)
    details = {row["type"]: row["details"].keys() for row in rows}
    assert details["basketball_team"] >= {"abbreviation", "short_name", "market", "team_name", "league"}
    assert details["golf_competitor"] >= {"first_name", "last_name", "country"}
    assert details["ufc_competitor"] >= {"first_name", "last_name", "country"}
    assert details["esports_competitor"] >= {"abbreviation", "league"}


def test_ids_that_are_not_known_are_left_out(http, server):
    known = next(id_ for row in server.milestones() for id_ in ids_of(row))
    assert names(http, server, [known, "nobody"]).keys() == {known}
    assert names(http, server, ["nobody"]) == {}


def test_a_walk_gives_every_target_once_and_ends_with_an_empty_cursor(http, server):
    seen, cursor = [], ""
    while True:
        answer = ask(http, server, type="football_team", page_size=50, cursor=cursor).json()
        seen += [row["id"] for row in answer["structured_targets"]]
        cursor = answer["cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) > 100
    assert seen == sorted(seen)
    assert len(ask(http, server).json()["structured_targets"]) == 100


def test_targets_are_found_by_type_and_competition(http, server):
    rows = ask(http, server, competition="Pro Football", page_size=2000).json()["structured_targets"]
    assert {(row["type"], row["details"]["league"]) for row in rows} == {("football_team", "NFL")}
    assert ask(http, server, type="nothing").json() == {"structured_targets": [], "cursor": ""}
    sports = filters_by_sport()["filters_by_sports"]
    assert all(
        ask(http, server, competition=name, page_size=1).json()["structured_targets"]
        for sport, entry in sports.items()
        if sport != "Tennis"
        for name in entry["competitions"]
    )


@pytest.mark.parametrize("size", ["", "0", "2001", "abc", "-1"])
def test_a_page_size_outside_1_to_2000_answers_400(http, server, size):
    answer = ask(http, server, page_size=size)
    assert answer.status_code == 400
    assert "page_size" in answer.json()["error"]["message"]
