"""Live data over HTTP: what is asked, what is kept, and what a failing server leaves."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.analysis.live.table import LIVE_DTYPES
from milestone_kit.client import live_data
from milestone_kit.client.live_data import KEPT_SECONDS
from milestone_kit.errors import ApiError, DataWarning, NotFoundError, QueryError, SchemaError
from milestone_kit.sandbox import serve
from tests.faults.bench import raw

BATCH = "/live_data/batch"


@pytest.fixture
def df(server, client):
    return client.get_milestones()


def asked(server):
    """How many ids each request for live data had."""
    return [len(one.all("milestone_ids")) for one in server.requests if one.path == BATCH]


def with_payload(client, df):
    """The ids that the sandbox has live data of, asked for before the test begins."""
    live = client.get_live(df)
    return live.loc[live["details"].notna(), "id"].to_list()


def test_a_hundred_rows_are_one_request_of_repeated_parameters(server, client, df):
    live = client.get_live(df.tail(100))
    assert asked(server) == [100]
    assert live["id"].tolist() == df["id"].tail(100).tolist()
    assert live["type"].tolist() == df["type"].tail(100).tolist()
    assert live.dtypes.to_dict() == LIVE_DTYPES
    assert set(live["phase"].dropna()) >= {"live"}


def test_many_rows_are_batches_and_each_id_is_asked_once(server, client, df):
    twice = pd.concat([df.tail(250), df.tail(30)])
    live = client.get_live(twice)
    assert sorted(asked(server)) == [50, 100, 100]
    assert live["id"].tolist() == df["id"].tail(250).tolist()
    assert live.attrs["milestone_kit"]["complete"]


@pytest.mark.parametrize("kind", [list, tuple, pd.Series, pd.Index, iter])
def test_ids_may_come_in_any_collection(client, df, kind):
    ids = df["id"].tail(3).to_list()
    assert client.get_live(kind(ids))["id"].tolist() == ids


def test_one_id_is_one_row_and_no_ids_are_an_empty_table(server, client, df):
    assert client.get_live(df["id"].iloc[-1])["id"].tolist() == [df["id"].iloc[-1]]
    before = len(server.requests)
    assert client.get_live([]).dtypes.to_dict() == LIVE_DTYPES
    assert len(server.requests) == before


def test_an_answer_is_given_again_for_some_seconds_and_only_what_is_new_is_asked(server, client, df, clock):
    client.get_live(df["id"].tail(10))
    client.get_live(df["id"].tail(12))
    assert asked(server) == [10, 2]
    client.get_live(df["id"].tail(3), refresh=True)
    assert asked(server) == [10, 2, 3]
    clock.now += KEPT_SECONDS + 1
    client.get_live(df["id"].tail(12))
    assert asked(server) == [10, 2, 3, 12]


def test_of_very_many_only_the_last_are_kept(server, client, df, monkeypatch):
    monkeypatch.setattr(live_data, "_MOST_KEPT", 20)
    assert len(client.get_live(df["id"].tail(50))) == 50
    client.get_live(df["id"].tail(50))
    assert asked(server) == [50, 30]


def test_nothing_of_it_is_written_to_disk(client, df, tmp_path):
    before = {path: path.stat().st_size for path in tmp_path.rglob("*")}
    client.get_live(df.tail(100))
    assert {path: path.stat().st_size for path in tmp_path.rglob("*")} == before


def test_ids_that_the_server_leaves_out_are_rows_without_a_phase(client, df):
    live = client.get_live(["nobody", df["id"].iloc[-1]])
    assert live["phase"].isna().tolist()[0]
    assert live["details"].isna().tolist()[0]


def test_live_datas_null_is_no_live_data(server, client, df):
    server.script.null_live()
    live = client.get_live(df.tail(5))
    assert live["phase"].isna().all()
    assert live.attrs["milestone_kit"]["complete"]


def test_the_milestone_s_own_type_counts_and_simulated_games_are_marked(server, client):
    server.add(raw(id="sim", type="company_report", primary_event_tickers=["SIMGAME-1"]))
    server.script.replace(
        json.dumps({"live_datas": [
            {"milestone_id": "sim", "type": "one_off_milestone", "details": {"status": "inprogress"}}
        ]}).encode(),
        path=BATCH,
    )  # fmt: skip
    df = client.get_milestones()
    row = client.get_live(df[df["id"] == "sim"]).iloc[0]
    assert (row["type"], row["phase"], row["simulated"]) == ("company_report", "live", True)
    row = client.get_live("sim").iloc[0]
    assert row["type"] == "one_off_milestone"
    assert row["simulated"] is pd.NA


def test_hostile_payloads_stay_text(server, client, df):
    text = "<script>alert(1)</script>\r\n=A1"
    server.script.live(lambda one: one | {"type": text, "details": {"status": text, "winner": text}})
    live = client.get_live(with_payload(client, df)[:3])
    assert set(live["type"]) == {text}
    assert json.loads(live["details"][0])["winner"] == text
    assert live["phase"].isna().all()


def test_half_of_the_batches_failing_leaves_the_others_and_says_so(server, client, df):
    server.script.fail(500, path=BATCH, where=lambda one: df["id"].iloc[-1] in one.all("milestone_ids"))
    with pytest.warns(DataWarning, match="no live data of 50 of 150 .*told to fail") as told:
        live = client.get_live(df.tail(150))
    assert len(told) == 1
    assert told[0].filename == __file__
    assert len(str(told[0].message)) < 300
    assert live["phase"].tail(50).isna().all()
    assert live["phase"].head(100).notna().any()
    about = live.attrs["milestone_kit"]
    assert (about["complete"], about["failed"]) == (False, 50)


def test_what_failed_is_asked_again_the_next_time(server, client, df):
    server.script.fail(400, path=BATCH, times=1, where=lambda one: len(one.all("milestone_ids")) == 50)
    server.script.fail(400, path=BATCH, where=lambda one: df["id"].iloc[-1] in one.all("milestone_ids"))
    with pytest.warns(DataWarning):
        client.get_live(df.tail(150))
    server.script.clear()
    assert client.get_live(df.tail(150)).attrs["milestone_kit"]["complete"]
    assert asked(server)[-1] < 50


def test_one_id_that_the_server_refuses_costs_only_its_own_row(server, client, df):
    ids = [*with_payload(client, df)[:99], "not-a-uuid"]
    server.script.fail(400, path=BATCH, where=lambda one: "not-a-uuid" in one.all("milestone_ids"))
    client._live._kept.clear()
    with pytest.warns(DataWarning, match="no live data of 1 of 100"):
        live = client.get_live(ids)
    assert live["details"].notna().tolist() == [True] * 99 + [False]


@pytest.mark.parametrize(("status", "error"), [(404, NotFoundError), (500, ApiError), (400, ApiError)])
def test_nothing_at_all_is_an_error(server, client, df, status, error):
    server.script.fail(status, path=BATCH)
    with pytest.raises(error, match="told to fail"):
        client.get_live(df.tail(30))


def test_a_server_that_never_answers_is_not_asked_for_every_batch(server, client, df):
    server.script.fail(503, path=BATCH)
    with pytest.raises(ApiError):
        client.get_live([f"id-{number}" for number in range(20_000)])
    assert len(set(map(str, (one.pairs for one in server.requests)))) < 20


def test_an_answer_that_is_no_list_is_told_and_no_guess(server, client, df):
    server.script.replace(b'{"live_datas":"soon"}', path=BATCH)
    with pytest.warns(DataWarning, match="1 live payloads could not be read"):
        assert client.get_live(df.tail(3))["phase"].isna().all()
    server.script.clear()
    server.script.replace(b"<html>", path=BATCH)
    with pytest.raises(SchemaError):
        client.get_live(["another"])


@pytest.mark.parametrize("ids", [3, None, [""], ["a", 3], [None], b"a", {"a": 1}, [pd.NaT], "\ud800"])
def test_what_is_no_id_is_refused_before_anything_is_sent(server, client, ids):
    with pytest.raises(QueryError, match="ids_or_df"):
        client.get_live(ids)
    assert asked(server) == []


def test_a_table_needs_an_id_column(client):
    with pytest.raises(SchemaError, match="'id'"):
        client.get_live(pd.DataFrame({"a": ["b"]}))


def test_the_function_and_the_accessor_ask_the_same(client, df):
    few = df.tail(5)
    pd.testing.assert_frame_equal(mk.get_live(few, client=client), few.milestones.get_live(client=client))


def test_a_game_is_followed_from_its_start_to_its_end(make_client, clock):
    game = raw(id="g1", start_date="2026-09-21T13:00:00Z", end_date="2026-09-21T15:30:00Z")
    with serve(rows=[game], now=clock.moment) as server:
        client = make_client(server.url)
        seen = []
        for minutes in (-5, 20, 60, 120, 160):
            clock.now = pd.Timestamp("2026-09-21T13:00:00Z").timestamp() + minutes * 60
            (row,) = client.get_live("g1").itertuples()
            seen.append((row.phase, row.score, row.clock))
    assert [phase for phase, *_ in seen] == ["before", "live", "live", "live", "over"]
    assert pd.isna(seen[0][1])
    totals = [sum(map(int, score.split("-"))) for _, score, _ in seen[1:]]
    assert totals == sorted(totals)
    assert all(clock for _, _, clock in seen[1:])
