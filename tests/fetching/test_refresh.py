"""A refresh asks only for what changed, and the table is the truth afterwards."""

from __future__ import annotations

import datetime as dt
import time

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.errors import QueryError
from milestone_kit.sandbox import GO_ZERO_TIME, serve
from milestone_kit.table.frame import milestones_frame
from milestone_kit.table.schema import ATTRS_KEY

DAY = dt.timedelta(days=1)


def truth(server):
    return milestones_frame(server.milestones())


def same(df, expected):
    pd.testing.assert_frame_equal(df, expected.reset_index(drop=True))
    return True


@pytest.fixture
def changed(client, server, clock):
    """A client with a snapshot of an hour ago, and a server on which a few rows changed since."""
    client.get_milestones()
    clock.now += 1800
    rows = server.milestones()
    server.update(rows[3]["id"], title="Another title")
    server.reschedule(rows[700]["id"], 30 * DAY)
    server.add(rows[9] | {"id": "new", "start_date": "2026-01-01T00:00:00Z"})
    return client


def asked(server, before):
    return [dict(r.query) for r in server.requests[before:]]


def test_a_refresh_asks_one_page_of_changes_and_gives_the_truth(changed, server):
    before = len(server.requests)
    df = changed.refresh()
    assert same(df, truth(server))
    (question,) = asked(server, before)
    assert question.keys() == {"limit", "min_updated_ts"}
    attrs = df.attrs[ATTRS_KEY]
    assert (attrs["complete"], attrs["stale"], attrs["refreshed"], attrs["pages"]) == (True, False, 1, 1)


def test_get_milestones_with_refresh_is_a_refresh(changed, server):
    before = len(server.requests)
    assert same(changed.get_milestones(refresh=True), truth(server))
    assert len(server.requests) == before + 1


def test_an_expired_answer_is_brought_up_to_date_and_not_walked_anew(changed, server, clock, walked):
    clock.now += 1801
    assert same(changed.get_milestones(), truth(server))
    assert walked() == [1, 2, 3]


def test_what_was_refreshed_is_fresh_also_for_another_client_and_offline(changed, server, make_client):
    df = changed.refresh()
    before = len(server.requests)
    assert same(changed.get_milestones(), df)
    assert same(make_client(server.url).get_milestones(offline=True), df)
    assert len(server.requests) == before


def test_without_an_earlier_answer_a_refresh_walks(client, server, walked):
    assert same(client.refresh(), truth(server))
    assert walked() == [1, 2, 3]


def test_refreshes_follow_each_other_without_a_gap(client, server, clock):
    client.get_milestones()
    for step in range(5):
        clock.now += 100
        row = server.milestones()[step * 200]
        server.reschedule(row["id"], dt.timedelta(hours=step + 1))
        df = client.refresh()
        assert same(df, truth(server))
    assert df.attrs[ATTRS_KEY]["refreshed"] == 5


@pytest.mark.parametrize("hours", [-26, -1, 1, 26, 24 * 400])
def test_the_clocks_need_not_agree(make_client, clock, hours):
    """This machine's clock is wrong by `hours`; the server dates changes by its own."""

    def server_clock():
        return clock.moment() - dt.timedelta(hours=hours)

    with serve(rows=1200, now=server_clock) as server:
        last = server.milestones()[-1]["id"]
        server.script.call(lambda: server.reschedule(last, -9000 * DAY), page=2, times=1)
        client = make_client(server.url)
        assert same(client.get_milestones(), truth(server))
        clock.now += 600
        server.update(server.milestones()[5]["id"], title="Another title")
        assert same(client.refresh(), truth(server))


def test_a_change_that_the_server_shows_late_is_still_seen(client, server, clock):
    client.get_milestones()
    newest = truth(server)["last_updated_ts"].max()
    clock.now += 1800
    dated = (newest - pd.Timedelta("90s")).isoformat().replace("+00:00", "Z")
    server.update(server.milestones()[8]["id"], title="Late", last_updated_ts=dated)
    assert same(client.refresh(), truth(server))


def test_rows_dated_in_the_future_hide_no_later_change(client, server, clock):
    server.update(server.milestones()[1]["id"], last_updated_ts="2199-01-01T00:00:00Z")
    client.get_milestones()
    clock.now += 1800
    server.update(server.milestones()[8]["id"], title="Later")
    assert same(client.refresh(), truth(server))


def test_deleted_and_undated_changes_wait_for_the_full_sweep(make_client, server, clock):
    client = make_client(server.url, full_sweep_after="1D")
    client.get_milestones()
    clock.now += 1800
    rows = server.milestones()
    server.delete(rows[4]["id"])
    server.update(rows[6]["id"], title="Nobody dated this", last_updated_ts=GO_ZERO_TIME)
    assert len(client.refresh()) == 1200
    clock.now += 86_400
    df = client.get_milestones()
    assert same(df, truth(server))
    assert df.attrs[ATTRS_KEY]["refreshed"] == 0


def test_a_full_refresh_can_be_asked_for_at_any_time(client, server):
    client.get_milestones()
    server.delete(server.milestones()[4]["id"])
    assert len(client.refresh()) == 1200
    assert same(client.refresh(full=True), truth(server))
    with pytest.raises(QueryError, match="full"):
        client.refresh(full="yes")


def test_filters_are_asked_of_the_delta_and_bounds_are_held_here(client, server, clock):
    rows = [row for row in server.milestones() if row["category"] == "Sports"]
    low, high = rows[100]["start_date"], rows[-100]["start_date"]
    bounds = {"category": "Sports", "minimum_start_date": low, "maximum_start_date": high}
    client.get_milestones(**bounds)
    clock.now += 1800
    server.reschedule(rows[200]["id"], -9000 * DAY)  # out of the bounds
    server.reschedule(rows[210]["id"], 9000 * DAY)
    server.reschedule(
        rows[5]["id"], pd.Timestamp(rows[300]["start_date"]) - pd.Timestamp(rows[5]["start_date"])
    )
    before = len(server.requests)
    df = client.refresh(**bounds)
    expected = truth(server)
    expected = expected[expected["start_date"].between(pd.Timestamp(low), pd.Timestamp(high))]
    assert same(df, expected[expected["category"].str.casefold() == "sports"])
    (question,) = asked(server, before)
    assert question.keys() == {"category", "limit", "min_updated_ts"}


def test_a_row_that_left_its_filter_stays_until_the_full_sweep(client, server, clock):
    client.get_milestones(category="Sports")
    clock.now += 1800
    row = next(row for row in server.milestones() if row["category"] == "Sports")
    server.update(row["id"], category="Esports")
    assert row["id"] in set(client.refresh(category="Sports")["id"])
    assert row["id"] not in set(client.refresh(category="Sports", full=True)["id"])


def test_a_query_with_min_updated_ts_is_refreshed_from_where_it_began_at_the_earliest(client, server, clock):
    since = int(clock.now) - 86_400 * 30
    client.get_milestones(min_updated_ts=since)
    clock.now += 1800
    server.update(server.milestones()[0]["id"], title="Now among them")
    df = client.refresh(min_updated_ts=since)
    expected = truth(server)
    assert same(df, expected[expected["last_updated_ts"] >= pd.Timestamp(since, unit="s", tz="UTC")])


def test_a_large_delta_is_walked_until_one_page_holds_the_rest(client, server, clock):
    client.get_milestones()
    clock.now += 1800
    rows = server.milestones()
    for row in rows[:600]:
        server.update(row["id"], title="Changed")
    late = rows[1100]["id"]

    def move():
        clock.now += 50
        server.reschedule(late, -9000 * DAY)  # to where the delta has been

    server.script.call(move, page=2, times=1)
    assert same(client.refresh(), truth(server))


def test_a_delta_that_fails_leaves_the_old_answer(changed, server, make_client):
    old = changed.get_milestones(offline=True)
    server.script.fail(503)
    with pytest.raises(mk.ApiError):
        changed.refresh()
    assert same(changed.get_milestones(offline=True), old)
    allowed = make_client(server.url, stale_if_error=True)
    with pytest.warns(mk.StaleWarning):
        assert same(allowed.refresh(), old)


def test_a_server_that_refuses_deltas_is_walked(changed, server, walked):
    server.script.fail(400, where=lambda r: "min_updated_ts" in r.query)
    assert same(changed.refresh(), truth(server))
    assert walked() == [1, 2, 3, 1, 2, 3]


def test_max_rows_of_an_expired_answer_are_the_first_rows_of_the_refreshed_one(
    changed, server, clock, walked
):
    clock.now += 1801
    df = changed.get_milestones(max_rows=10)
    assert same(df, truth(server).head(10))
    assert df.attrs[ATTRS_KEY]["complete"] is False
    assert walked() == [1, 2, 3]


def test_two_processes_that_refresh_at_once_ask_once(server, tmp_path, clock, forker):
    clock.now = time.time()
    with mk.MilestoneClient(base_url=server.url, cache_dir=tmp_path / "cache") as client:
        client.get_milestones()
    before = len(server.requests)
    server.script.delay(0.3)
    both = [forker.begin("refresh", server.url, tmp_path / "cache") for _ in range(2)]
    assert [forker.end(one) for one in both] == [0, 0]
    assert [forker.said[one] for one in both] == ["1200", "1200"]
    assert len(server.requests) - before <= 2  # one, unless the other began only after it


def test_every_version_seen_is_in_the_history(client, server, clock):
    client.get_milestones()
    row = server.milestones()[3]
    for title in ("Second", "Third"):
        clock.now += 600
        server.update(row["id"], title=title)
        client.refresh()
    client.refresh()
    versions = client.history(row["id"])
    assert list(versions["title"]) == [row["title"], "Second", "Third"]
    assert len(client.history()) == 1202
    found = set(client.history(category=row["category"])["category"])
    assert {category.casefold() for category in found} == {row["category"].casefold()}  # as the server does


def test_changes_tell_what_was_rescheduled_added_and_deleted(changed, server, clock):
    changed.refresh()
    clock.now += 600
    seen = clock.moment()
    server.delete("new")
    changed.refresh(full=True)
    fields = changed.changes()["field"]
    assert {"title", "start_date", "added", "deleted"} <= set(fields)
    assert changed.changes().set_index("field").loc["start_date", "shift"] == pd.Timedelta("30D")
    assert list(changed.changes(since=seen)["id"]) == ["new"]
    assert changed.changes(type="no such type").empty


def test_a_filtered_walk_tells_nothing_about_other_rows(client, server, clock):
    client.get_milestones()
    clock.now += 600
    client.get_milestones(category="Sports")
    client.refresh(category="Sports", full=True)
    assert client.changes().empty
    assert not client.history()["deleted"].any()


def test_the_history_outlives_the_cache(client):
    client.get_milestones()
    client.clear_cache()
    assert len(client.history()) == 1200
    client.clear_cache(history=True)
    assert client.history().empty


def test_the_history_cannot_be_asked_for_a_competition(client):
    for ask in (client.history, client.changes):
        with pytest.raises(QueryError, match="competition='EPL'"):
            ask(competition="EPL")


def test_the_history_can_be_asked_by_ticker_and_dates(client, server):
    client.get_milestones()
    row = next(row for row in server.milestones()[300:] if row["related_event_tickers"])
    found = client.history(related_event_ticker=row["related_event_tickers"][0])
    assert row["id"] in set(found["id"])
    start = row["start_date"]
    found = client.history(minimum_start_date=start, maximum_start_date=start, min_updated_ts=0)
    assert set(found["start_date"]) == {pd.Timestamp(start)}


def test_the_delta_of_a_large_table_is_asked_for_in_ranges_at_one_time(make_client, clock):
    with serve(rows=3000, now=clock.moment) as server:
        client = make_client(server.url)
        client.get_milestones(limit=30)
        clock.now += 1800
        for row in server.milestones()[::60]:
            server.update(row["id"], title="Changed")
        before = len(server.requests)
        assert same(client.refresh(limit=30), truth(server))
        questions = asked(server, before)
        assert len(questions) == len({q.get("minimum_start_date") for q in questions}) == 5
