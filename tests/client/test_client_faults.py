"""What a user sees when a fetch fails, beside what `tests/faults` goes through one by one."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.errors import DataWarning, IncompleteError, NetworkError, RateLimitError, SchemaError
from milestone_kit.table.schema import ATTRS_KEY, check_milestones
from tests.faults.bench import truth

WORDS = "the sandbox was told to fail"


def test_500_to_the_end_on_the_first_page_is_an_api_error(client, server, clock):
    server.script.fail(500)
    with pytest.raises(mk.ApiError, match=WORDS) as caught:
        client.get_milestones()
    assert caught.value.status_code == 500
    assert caught.value.retryable
    assert len(server.requests) == 6
    assert clock.slept == [0.5, 1, 2, 4, 8]


def test_a_failure_on_a_later_page_carries_the_rows_so_far(client, server):
    server.script.fail(500, page=3)
    with pytest.raises(IncompleteError, match="ask again") as caught:
        client.get_milestones()
    partial = caught.value.partial
    check_milestones(partial)
    pd.testing.assert_frame_equal(partial, truth(server).head(1000))
    assert partial.attrs[ATTRS_KEY]["complete"] is False
    assert caught.value.pages == 2
    assert isinstance(caught.value.__cause__, mk.ApiError)


@pytest.mark.parametrize("refresh", [False, True])
def test_asking_again_after_a_failure_asks_only_for_the_missing_pages(client, server, refresh, walked):
    server.script.fail(500, page=3)
    with pytest.raises(IncompleteError):
        client.get_milestones(refresh=refresh)
    server.script.clear()
    pd.testing.assert_frame_equal(client.get_milestones(refresh=refresh), truth(server))
    assert walked() == [1, 2, 3]


def test_an_interrupted_walk_too_old_to_go_on_with_begins_anew(client, server, clock, walked):
    server.script.fail(500, page=3)
    with pytest.raises(IncompleteError):
        client.get_milestones()
    server.script.clear()
    clock.now += 3601
    client.get_milestones()
    assert walked() == [1, 2, 1, 2, 3]


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"text"',
        b'{"milestones": [NaN]}',
        b'{"milestones": [1e400]}',
        b'{"milestones": [' + b"9" * 5000 + b"]}",
        b'{"milestones": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"milestones": "none"}',
        b'{"milestones": [7]}',
        b"{}",
    ],
    ids=lambda body: body[:30],
)
def test_an_answer_outside_the_contract_is_a_schema_error(client, server, body):
    server.script.replace(body)
    with pytest.raises(SchemaError):
        client.get_milestones()
    assert len(server.requests) == 1


def test_a_row_outside_the_contract_is_named_and_not_served_again(client, server):
    broken = server.milestones()[600]["id"]
    server.update(broken, related_event_tickers="KX-1", last_updated_ts="2026-01-01T00:00:00Z")
    with pytest.raises(SchemaError) as caught:
        client.get_milestones(strict=True)
    assert (caught.value.id, caught.value.field) == (broken, "related_event_tickers")
    server.update(broken, related_event_tickers=["KX-1"])
    assert len(client.get_milestones(strict=True)) == 1200


def test_a_row_outside_the_contract_is_no_deletion_and_comes_back_with_the_next_delta(client, server):
    client.get_milestones()
    broken = server.milestones()[600]["id"]
    server.update(broken, related_event_tickers="KX-1")
    with pytest.warns(DataWarning, match=f"1 milestones .* set aside.*{broken}"):
        df = client.refresh(full=True)
    assert len(df) == 1199
    assert client.last_rejected["id"].tolist() == [broken]
    assert client.changes().empty
    server.update(broken, related_event_tickers=["KX-1"])
    df = client.refresh()
    assert len(df) == 1200
    assert df.attrs["milestone_kit"]["rejected"] == 0


def test_one_bad_row_in_a_delta_keeps_nothing_else_out(client, server):
    client.get_milestones()
    broken, other = (server.milestones()[place]["id"] for place in (600, 700))
    server.update(broken, title=None)
    server.update(other, title="new")
    with pytest.warns(DataWarning, match=broken):
        df = client.refresh()
    assert len(df) == 1200
    assert df.set_index("id")["title"][other] == "new"


def test_an_answer_that_always_breaks_off_is_a_network_error(client, server):
    server.script.cut(0.5)
    with pytest.raises(NetworkError) as caught:
        client.get_milestones()
    assert caught.value.status_code is None
    assert len(server.requests) == 6


def test_a_server_that_is_not_there_is_a_network_error(client, server, clock):
    server.close()
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1"):
        client.get_milestones()
    assert sum(clock.slept) < 60


def test_429_to_the_end_is_a_rate_limit_error(client, server, clock):
    server.script.fail(429)
    with pytest.raises(RateLimitError) as caught:
        client.get_milestones()
    assert caught.value.retryable
    assert caught.value.retry_after is None
    assert len(clock.slept) == 5


def test_a_milestone_that_moves_during_the_walk_comes_once_and_newest(client, server):
    first = server.milestones()[0]["id"]
    shift = pd.Timestamp(server.milestones()[-1]["start_date"]) - pd.Timestamp(
        server.milestones()[0]["start_date"]
    )
    server.script.call(lambda: server.reschedule(first, shift.to_pytimedelta()), page=1, times=1)
    df = client.get_milestones()
    assert df["id"].is_unique
    assert df.attrs[ATTRS_KEY]["repaired"] == 1
    pd.testing.assert_frame_equal(df, truth(server))


def test_a_server_that_ignores_the_minimum_start_date_does_not_widen_the_table(client, server):
    everything = truth(server).head(500)
    server.script.replace(json.dumps({"milestones": server.milestones()[:500]}).encode())
    low = everything["start_date"][100]
    df = client.get_milestones(minimum_start_date=low)
    assert list(df["id"]) == list(everything["id"][everything["start_date"] >= low])


def test_nothing_in_the_cache_can_be_read_by_others(client, tmp_path, server):
    client.get_milestones()
    client.get_milestones(max_rows=1, category="Sports")
    client.get_competitions()
    folder = tmp_path / "cache"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    assert {oct(path.stat().st_mode & 0o777) for path in folders} == {"0o700"}
