"""What a user sees when the server, the network or another process does not keep its word."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.errors import IncompleteError, NetworkError, PaginationError, RateLimitError, SchemaError
from milestone_kit.sandbox import ERROR_BODIES, NO_CURSOR
from milestone_kit.table.schema import ATTRS_KEY, check_milestones
from tests.faults.bench import truth

WORDS = "the sandbox was told to fail"


@pytest.mark.parametrize("body", ERROR_BODIES)
@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_not_retried_and_keeps_the_servers_words(client, server, clock, status, body):
    server.script.fail(status, body=body)
    with pytest.raises(mk.ApiError, match=f"(?i){WORDS}") as caught:
        client.get_milestones()
    assert caught.value.status_code == status
    assert WORDS in caught.value.body.lower()
    assert "<" not in caught.value.body
    assert not caught.value.retryable
    assert isinstance(caught.value, mk.NotFoundError) == (status == 404)
    assert len(server.requests) == 1
    assert clock.slept == []


def test_one_500_is_retried_and_the_table_is_whole(client, server, clock):
    server.script.fail(500, page=3, times=1)
    pd.testing.assert_frame_equal(client.get_milestones(), truth(server))
    assert clock.slept == [0.5]


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


def test_the_old_answer_survives_a_failed_walk(make_client, server, clock):
    client = make_client(server.url, full_sweep_after=0)
    first = client.get_milestones()
    clock.now += 3601
    server.script.fail(500, page=3)
    with pytest.raises(IncompleteError):
        client.get_milestones()
    pd.testing.assert_frame_equal(client.get_milestones(offline=True), first)


def test_a_walk_that_breaks_off_may_be_answered_by_the_old_table_where_allowed(make_client, server, clock):
    client = make_client(server.url, stale_if_error=True, full_sweep_after=0)
    first = client.get_milestones()
    clock.now += 3601
    server.script.fail(500, page=3)
    with pytest.warns(mk.StaleWarning):
        pd.testing.assert_frame_equal(client.get_milestones(), first)


def test_html_with_200_is_a_schema_error_and_is_not_kept(client, server):
    server.script.replace(b"<html><h1>Maintenance</h1></html>", content_type="text/html", times=1)
    with pytest.raises(SchemaError, match="<html><h1>Maintenance"):
        client.get_milestones()
    assert len(client.get_milestones()) == 1200


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
        client.get_milestones()
    assert (caught.value.id, caught.value.field) == (broken, "related_event_tickers")
    server.update(broken, related_event_tickers=["KX-1"])
    assert len(client.get_milestones()) == 1200


@pytest.mark.parametrize("fault", ["cut", "drop", "truncate"])
def test_an_answer_that_breaks_off_is_retried_and_never_kept(client, server, clock, fault):
    if fault == "cut":
        server.script.cut(0.5, page=2, times=2)
    elif fault == "drop":
        server.script.drop(page=2, times=2)
    else:
        half = b'{"milestones": [{"id": "a", "title": "An'
        server.script.replace(half, page=2, times=2)
    pd.testing.assert_frame_equal(client.get_milestones(), truth(server))
    assert clock.slept == [0.5, 1]


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


@pytest.mark.parametrize("cursors", ["AA", "ABA"])
def test_cursors_that_go_in_a_circle_give_no_table(client, server, cursors):
    server.script.cursor(*cursors)
    with pytest.raises(PaginationError, match="twice"):
        client.get_milestones(limit=100)


@pytest.mark.parametrize("end", [None, "", NO_CURSOR], ids=["null", "empty", "absent"])
def test_a_last_page_may_leave_its_cursor_null_empty_or_out(client, server, end):
    server.script.cursor(end, page=3)
    assert len(client.get_milestones()) == 1200


@pytest.mark.parametrize("cursor", [7, ["a"], {"a": 1}])
def test_a_cursor_that_is_no_text_is_a_schema_error(client, server, cursor):
    server.script.cursor(cursor)
    with pytest.raises(SchemaError) as caught:
        client.get_milestones()
    assert caught.value.field == "cursor"


def test_an_empty_page_with_a_live_cursor_goes_on(client, server):
    server.script.empty_page(page=2)
    pd.testing.assert_frame_equal(client.get_milestones(), truth(server))


def test_an_expired_cursor_restarts_the_walk_once(client, server, walked):
    server.script.fail(400, page=3, times=1)
    pd.testing.assert_frame_equal(client.get_milestones(), truth(server))
    assert walked() == [1, 2, 1, 2, 3]


def test_a_cursor_that_keeps_expiring_is_an_error(client, server):
    server.script.fail(400, page=3)
    with pytest.raises(IncompleteError):
        client.get_milestones()
    assert [request.page for request in server.requests] == [1, 2, 3, 1, 2, 3]


def test_429_without_retry_after_is_waited_out(client, server, clock):
    server.script.fail(429, every=4, body="msg")
    pd.testing.assert_frame_equal(client.get_milestones(), truth(server))
    assert clock.slept == [0.5]


def test_429_to_the_end_is_a_rate_limit_error(client, server, clock):
    server.script.fail(429)
    with pytest.raises(RateLimitError) as caught:
        client.get_milestones()
    assert caught.value.retryable
    assert caught.value.retry_after is None
    assert len(clock.slept) == 5


def test_a_retry_after_beyond_the_budget_fails_at_once_and_says_how_long(client, server, clock):
    server.script.fail(429, retry_after=86400)
    with pytest.raises(RateLimitError) as caught:
        client.get_milestones()
    assert caught.value.retry_after == 86400
    assert clock.slept == []


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


def test_an_unreadable_optional_date_is_missing_and_counted(client, server):
    server.update(server.milestones()[3]["id"], end_date="2026-02-30T00:00:00Z")
    with pytest.warns(mk.DataWarning, match="1 x end_date unreadable"):
        assert len(client.get_milestones()) == 1200


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


FETCH = """
import sys
import milestone_kit as mk
with mk.MilestoneClient(base_url=sys.argv[1], cache_dir=sys.argv[2]) as client:
    print(len(client.get_milestones()))
"""


def test_two_processes_on_one_cold_cache_make_one_walk(server, tmp_path, walked):
    server.script.delay(0.3)
    command = [sys.executable, "-c", FETCH, server.url, str(tmp_path / "cache")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    answers = [process.communicate() for process in both]
    assert [json.loads(out) for out, _ in answers] == [1200, 1200]
    assert [err for _, err in answers] == [b"", b""]
    assert walked() == [1, 2, 3]


def test_a_read_only_cache_folder_costs_the_cache_and_not_the_answer(make_client, server, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("a file where the folder should be")
    client = make_client(server.url, cache_dir=blocker)
    with pytest.warns(mk.CacheWarning):
        df = client.get_milestones()
    assert len(df) == 1200
    with pytest.warns(mk.CacheWarning):
        assert not client.get_competitions().empty
