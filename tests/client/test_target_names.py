"""Names over HTTP: what is asked, what is kept for a month, and what a failing server leaves."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.analysis.details import teams_of
from milestone_kit.errors import ApiError, CacheWarning, DataWarning, QueryError, SchemaError
from milestone_kit.sandbox import serve
from tests.faults.bench import raw
from tests.hostile import HOSTILE

PATH = "/structured_targets"
DAY = 86_400


@pytest.fixture
def df(server, client):
    return client.get_milestones()


@pytest.fixture
def ids(df):
    return teams_of(df).explode().dropna().drop_duplicates().to_list()


def asked(server):
    return [one for one in server.requests if one.path == PATH]


def test_every_id_is_asked_once_a_hundred_to_a_request(server, client, df, ids):
    targets = client.get_targets(df)
    assert sorted(targets["id"]) == sorted(ids)
    assert targets["label"].notna().all()
    sizes = sorted(len(one.all("ids")) for one in asked(server))
    assert sum(sizes) == len(ids) > 200
    assert sizes[1:] == [100] * (len(sizes) - 1)


def test_what_is_kept_is_not_asked_again_for_a_month(server, client, make_client, ids, clock):
    client.get_targets(ids[:50])
    before = len(asked(server))
    again = make_client(server.url).get_targets(ids[:60])
    assert again["label"].notna().all()
    assert asked(server)[-1].all("ids") == ids[50:60]
    assert len(asked(server)) == before + 1
    clock.now += 29 * DAY
    client.get_targets(ids[:60])
    assert len(asked(server)) == before + 1
    clock.now += 2 * DAY
    client.get_targets(ids[:60])
    assert asked(server)[-1].all("ids") == ids[:60]


def test_ids_that_the_server_does_not_know_are_asked_again_after_a_day(server, client, clock):
    assert client.get_targets("nobody").drop(columns="id").isna().all(axis=None)
    client.get_targets("nobody")
    assert len(asked(server)) == 1
    clock.now += DAY + 1
    client.get_targets("nobody")
    assert len(asked(server)) == 2


def test_names_of_one_address_are_not_given_for_another(client, make_client, ids, clock):
    client.get_targets(ids[:3])
    with serve(rows=[], now=clock.moment) as other:
        make_client(other.url).get_targets(ids[:3])
        assert len(asked(other)) == 1


def test_names_are_listed_and_cleared_with_the_cache(server, client, ids):
    client.get_targets(ids[:3])
    info = client.cache_info().set_index("kind")
    assert info.loc["names", "bytes"] > 0
    client.clear_cache()
    assert "names" not in set(client.cache_info()["kind"])
    client.get_targets(ids[:3])
    assert len(asked(server)) == 2


def test_a_share_of_the_pace_leaves_room_for_others(make_client, server, clock):
    client = make_client(server.url, requests_per_second=10, workers=1)
    ids = [f"t{number}" for number in range(3000)]
    began = clock.now
    client.get_targets(ids, share=0.1)
    # thirty requests at one a second, but for the few that may go at once
    assert 20 < clock.now - began < 40


@pytest.mark.parametrize("share", [0, -1, 1.5, True, "half", float("nan")])
def test_a_share_is_a_part(client, share):
    with pytest.raises(QueryError, match="share="):
        client.get_targets("a", share=share)


def test_pages_of_an_answer_are_read_to_the_end(server, client):
    first = {"structured_targets": [{"id": "a", "name": "A"}], "cursor": "more"}
    last = {"structured_targets": [{"id": "b", "name": "B"}, {"id": "other"}, 3, {"id": []}], "cursor": ""}
    server.script.replace(json.dumps(last).encode(), path=PATH, where=lambda one: "cursor" in one.query)
    server.script.replace(json.dumps(first).encode(), path=PATH)
    assert client.get_targets(["a", "b"])["label"].tolist() == ["A", "B"]


def test_an_answer_without_end_is_given_up(server, client):
    endless = {"structured_targets": None, "cursor": "more"}
    server.script.replace(json.dumps(endless).encode(), path=PATH)
    assert client.get_targets(["a"])["label"].isna().all()
    assert len(asked(server)) == 10


def test_a_failing_batch_leaves_the_others_and_is_asked_again(server, client, ids):
    server.script.fail(500, path=PATH, where=lambda one: ids[0] in one.all("ids"))
    with pytest.warns(DataWarning, match="100 of 250 names could not be asked for"):
        targets = client.get_targets(ids[:250])
    assert targets["label"].isna().tolist() == [True] * 100 + [False] * 150
    server.script.clear()
    assert client.get_targets(ids[:250])["label"].notna().all()
    assert asked(server)[-1].all("ids") == ids[:100]


def test_nothing_at_all_is_an_error(server, client, ids):
    server.script.fail(500, path=PATH)
    with pytest.raises(ApiError, match="told to fail"):
        client.get_targets(ids)
    server.script.clear()
    server.script.replace(b'{"structured_targets":{}}', path=PATH)
    with pytest.raises(SchemaError, match="no list"):
        client.get_targets(ids)


def test_a_damaged_file_is_put_aside_and_names_are_asked_for_again(server, client, ids, tmp_path):
    client.get_targets(ids[:3])
    (file,) = (tmp_path / "cache" / "names").glob("*.sqlite")
    file.write_bytes(b"no database at all" * 1000)
    with pytest.warns(CacheWarning, match="put aside"):
        assert client.get_targets(ids[:3])["label"].notna().all()
    assert client.get_targets(ids[:3])["label"].notna().all()
    assert len(asked(server)) == 2


def test_names_become_columns_and_the_json_stays(server, client):
    team, player = (json.loads(row["details"]) for row in (
        client.get_milestones().query("type == 'basketball_game'").iloc[-1],
        client.get_milestones().query("type == 'tennis_tournament_singles'").iloc[-1],
    ))  # fmt: skip
    server.add(raw(id="a", details={"home_team_id": team["home_team_id"], "away_team_id": "nobody"}))
    server.add(raw(id="b", details={"first_competitor_id": player["first_competitor_id"],
                                    "second_competitor_id": "nobody"}))  # fmt: skip
    df = client.refresh().set_index("id", drop=False).loc[["a", "b"]]
    with pytest.warns(DataWarning, match="1 of 3 ids in details have no name") as told:
        named = mk.add_names(df, client=client)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert named.columns[-4:].tolist() == ["home", "away", "competitors", "candidates"]
    assert named.index.tolist() == ["a", "b"]
    pd.testing.assert_frame_equal(named[df.columns.tolist()], df)
    known = client.get_targets([team["home_team_id"], player["first_competitor_id"]])["label"].tolist()
    assert named.loc["a", "home"] == known[0]
    assert pd.isna(named.loc["a", "away"])
    assert pd.isna(named.loc["a", "competitors"])
    assert list(named.loc["b", "competitors"]) == [known[1], None]
    with pytest.warns(DataWarning):
        pd.testing.assert_frame_equal(named.milestones.add_names(client=client), named)


def test_a_whole_table_is_named_without_a_word(client, df):
    named = mk.add_names(df, client=client)
    games = df["type"].isin(["basketball_game", "football_game", "soccer_tournament_multi_leg"])
    assert named.loc[games, ["home", "away"]].notna().all(axis=None)
    assert named.loc[df["type"] == "esports_match", "home"].notna().all()
    assert named.loc[df["type"] == "tennis_tournament_singles", "competitors"].list.len().eq(2).all()
    assert named.loc[df["type"] == "political_race", "candidates"].notna().all()


def test_hostile_names_are_text(server, client):
    rows = [{"id": name, "name": text, "details": {"short_name": text}} for name, text in HOSTILE.items()]
    server.script.replace(json.dumps({"structured_targets": rows, "cursor": ""}).encode(), path=PATH)
    targets = client.get_targets(list(HOSTILE))
    assert targets["label"].tolist() == [text.strip() for text in HOSTILE.values()]
    assert targets["name"].tolist() == list(HOSTILE.values())
