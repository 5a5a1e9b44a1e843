"""A stream shows what is on around now at once, and ends with what `get_milestones` would have given."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import signal
import threading
import time

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.sandbox import serve, synthetic_milestones
from milestone_kit.table.schema import ATTRS_KEY, check_milestones
from tests.conftest import IMPATIENT
from tests.faults.bench import page, raw, truth

LIMIT = 20


@pytest.fixture
def patience():
    return IMPATIENT


@pytest.fixture(autouse=True)
def _no_thread_is_left_behind():
    yield
    assert not threads()


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("milestones-")]


@pytest.fixture
def many(clock):
    """A sandbox of 3,000 rows around the clock's now; nothing happens in it but what a test does."""
    with serve(rows=3000, now=clock.moment, still=True) as running:
        yield running


def about(df):
    return df.attrs[ATTRS_KEY]


def listings(server):
    asked = [r.query for r in server.requests if r.status == 200 and r.path == "/milestones"]
    return [(q.get("minimum_start_date"), q.get("cursor")) for q in asked if "min_updated_ts" not in q]


def in_window(df, window):
    """The rows of a table that start within the window that another says it has whole."""
    start, end = (None if text is None else pd.Timestamp(text) for text in window)
    keep = pd.Series(data=True, index=df.index)
    if start is not None:
        keep &= df["start_date"] >= start
    if end is not None:
        keep &= df["start_date"] < end
    return df[keep].reset_index(drop=True)


def judge_growing(tables, expected):
    """Each table is typed, says which window it has whole, and is larger than the one before."""
    rows = 0
    for df in tables:
        check_milestones(df)
        far = about(df)
        assert far["rows"] == len(df) > rows
        window = far["window_start"], far["window_end"]
        if far["complete"] or window != (None, None):
            pd.testing.assert_frame_equal(in_window(df, window), in_window(expected, window))
        rows = len(df)
    return True


def test_the_first_table_is_what_is_on_around_now_and_the_last_the_whole(make_client, many, clock):
    client = make_client(many.url)
    tables = list(client.stream(limit=LIMIT))
    assert len(tables) > 4
    assert judge_growing(tables, truth(many))
    first, last = about(tables[0]), about(tables[-1])
    now = pd.Timestamp(clock.now, unit="s", tz="UTC")
    assert pd.Timestamp(first["window_start"]) <= now - pd.Timedelta("12h") + pd.Timedelta("1s")
    assert pd.Timestamp(first["window_end"]) >= now + pd.Timedelta("48h") - pd.Timedelta("1s")
    assert not first["complete"]
    assert len(tables[0]) < 1000
    assert (last["complete"], last["stale"], last["share"], last["expected_rows"]) == (True, False, 1.0, 3000)
    pd.testing.assert_frame_equal(tables[-1], truth(many))
    rows = [len(df) for df in tables[:-1]]
    assert all(1.2 * one <= next_one for one, next_one in itertools.pairwise(rows)), rows
    assert len(listings(many)) == len(set(listings(many))) <= 150 * 1.25


def test_what_a_stream_fetched_is_in_the_cache_and_once_in_the_history(make_client, many):
    client = make_client(many.url)
    *_, last = client.stream(limit=LIMIT)
    asked = len(many.requests)
    again = client.get_milestones()
    pd.testing.assert_frame_equal(last, again)
    assert about(last).items() >= about(again).items()
    pd.testing.assert_frame_equal(make_client(many.url).get_milestones(offline=True), again)
    assert len(many.requests) == asked
    assert len(client.history()) == 3000
    assert client.changes().empty


def test_estimates_come_near_the_truth(make_client, many):
    client = make_client(many.url)
    far = [about(df) for df in client.stream(limit=LIMIT)]
    assert [one["share"] for one in far] == sorted(one["share"] for one in far)
    late = [one["expected_rows"] for one in far if one["share"] > 0.5]
    assert all(2000 <= expected <= 4500 for expected in late)
    assert all(one["seconds_left"] is None or one["seconds_left"] >= 0 for one in far)


def test_a_fresh_answer_comes_at_once_and_alone(make_client, many):
    client = make_client(many.url)
    whole = client.get_milestones(limit=LIMIT)
    asked = len(many.requests)
    (df,) = client.stream(limit=LIMIT)
    pd.testing.assert_frame_equal(df, whole)
    assert about(df)["complete"]
    assert len(many.requests) == asked


def test_an_older_answer_comes_first_and_then_what_changed(make_client, many, clock):
    client = make_client(many.url)
    before = client.get_milestones(limit=LIMIT)
    clock.now += 3601
    many.update(before["id"][7], title="new")
    asked = len(many.requests)
    old, new = client.stream(limit=LIMIT)
    pd.testing.assert_frame_equal(old, before)
    assert (about(old)["stale"], about(old)["complete"]) == (True, False)
    pd.testing.assert_frame_equal(new, truth(many))
    assert (about(new)["stale"], about(new)["complete"]) == (False, True)
    assert len(many.requests) <= asked + 5, "a delta, of a large table in ranges"


def test_an_older_answer_stands_in_for_what_a_sweep_has_not_brought_yet(make_client, many, clock):
    client = make_client(many.url, full_sweep_after=0)
    before = client.get_milestones(limit=LIMIT)
    clock.now += 3601
    now = pd.Timestamp(clock.now, unit="s", tz="UTC")
    near = before[before["start_date"].between(now - pd.Timedelta("6h"), now + pd.Timedelta("24h"))]
    far = before["id"][3]
    many.update(near["id"].iloc[0], title="new and near")
    many.delete(near["id"].iloc[1])
    many.update(far, title="new and far")
    old, first, *_, last = client.stream(limit=LIMIT)
    pd.testing.assert_frame_equal(old, before)
    assert len(first) == len(last) == 2999
    assert not about(first)["complete"]
    titles = first.set_index("id")["title"]
    assert titles[near["id"].iloc[0]] == "new and near"
    assert titles[far] == before["title"][3]
    pd.testing.assert_frame_equal(last, truth(many))


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("leave", ["closed", "left", "interrupted"])
def test_what_came_is_kept_when_a_stream_is_left(make_client, many, workers, leave):
    client = make_client(many.url, workers=workers)
    stream = client.stream(limit=LIMIT)
    next(stream)
    next(stream)
    if leave == "closed":
        stream.close()
    elif leave == "left":
        del stream
    else:
        with pytest.raises(KeyboardInterrupt):
            stream.throw(KeyboardInterrupt)
    assert not threads()
    assert len(listings(many)) < 140
    pd.testing.assert_frame_equal(client.get_milestones(limit=LIMIT, refresh=True), truth(many))
    assert len(listings(many)) - len(set(listings(many))) <= 4, "only what was under way"
    assert len(client.history()) == 3000


def test_a_stream_goes_on_from_one_that_was_left(make_client, many):
    client = make_client(many.url)
    stream = client.stream(limit=LIMIT)
    next(stream)
    stream.close()
    came = set(listings(many))
    asked = len(listings(many))
    *_, last = client.stream(limit=LIMIT)
    pd.testing.assert_frame_equal(last, truth(many))
    again = came & set(listings(many)[asked:])
    assert len(again) <= 4, "only what was under way"


def test_stop_ends_a_stream_also_where_the_server_hangs(make_client, many):
    client, stop = make_client(many.url), threading.Event()
    stream = client.stream(limit=LIMIT, stop=stop)
    first = next(stream)
    many.script.delay(60)
    stop.set()
    for last in stream:
        assert len(last) >= len(first)
        assert not about(last)["complete"]
    assert not threads()
    many.script.clear()
    pd.testing.assert_frame_equal(client.get_milestones(limit=LIMIT), truth(many))


def test_progress_may_end_a_stream(make_client, many):
    class EnoughError(Exception):
        pass

    def enough(_, pages):
        if pages == 20:
            raise EnoughError

    with pytest.raises(EnoughError):
        list(make_client(many.url).stream(limit=LIMIT, progress=enough))
    assert not threads()


def test_a_server_that_dies_in_the_middle(make_client, many):
    client = make_client(many.url)
    many.script.fail(503, where=lambda _: len(many.requests) > 60)
    tables = []
    with pytest.raises(mk.IncompleteError, match="ask again") as caught:
        tables.extend(client.stream(limit=LIMIT))
    assert len(tables) == 0 or judge_growing(tables, truth(many))
    assert len(caught.value.partial) > 500
    many.script.clear()
    *_, last = client.stream(limit=LIMIT)
    pd.testing.assert_frame_equal(last, truth(many))
    assert len(set(listings(many))) <= 150 * 1.25


def test_a_process_that_is_killed_in_the_middle(make_client, many, tmp_path, forker):
    many.script.delay(30, where=lambda _: len(many.requests) > 60)
    pid = forker.begin("stream", many.url, tmp_path / "cache")
    while len(many.requests) < 60:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    assert forker.end(pid) == -signal.SIGKILL
    many.script.clear()
    before = set(listings(many))
    *_, last = make_client(many.url, expire_after="9d").stream(limit=LIMIT)
    pd.testing.assert_frame_equal(last, truth(many))
    assert before


def test_two_kernels_that_stream_one_question_walk_once(make_client, many):
    many.script.delay(0.01)
    found = []

    def stream():
        *_, last = make_client(many.url).stream(limit=LIMIT)
        found.append(last)

    both = [threading.Thread(target=stream) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    for df in found:
        pd.testing.assert_frame_equal(df, truth(many))
    assert len(listings(many)) <= 150 * 1.25


def long_ago(rows):
    return [row | {"start_date": f"2020-01-{1 + at % 28:02d}T00:00:00Z"} for at, row in enumerate(rows)]


NOW = {"start_date": "2026-09-21T14:00:00Z"}
UNIVERSES = {
    "empty": list,
    "one row": lambda: [raw()],
    "one row of now": lambda: [raw(**NOW)],
    "all in the past": lambda: long_ago(synthetic_milestones(200)),
    "all at one moment": lambda: [
        row | {"start_date": "2026-09-21T14:00:00Z"} for row in synthetic_milestones(90)
    ],
    "few": lambda: synthetic_milestones(50),
}


@pytest.mark.parametrize("universe", UNIVERSES)
@pytest.mark.parametrize("workers", [1, 4])
def test_streams_of_odd_universes(make_client, clock, universe, workers):
    with serve(rows=UNIVERSES[universe](), now=clock.moment, still=True) as server:
        client = make_client(server.url, workers=workers)
        *_, last = client.stream(limit=LIMIT)
        pd.testing.assert_frame_equal(last, truth(server))
        assert about(last)["complete"]
        assert len(client.history()) == len(last)


@pytest.mark.parametrize(
    "query",
    [
        {"category": "Sports"},
        {"minimum_start_date": "2020-01-01", "maximum_start_date": "2025-06-01"},
        {"minimum_start_date": "2026-09-21T10:00:00Z", "maximum_start_date": "2026-09-22"},
        {"minimum_start_date": "2030-01-01"},
        {"type": "soccer_tournament_multi_leg", "maximum_start_date": "2026-09-30"},
        {"min_updated_ts": 1_700_000_000},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::milestone_kit.EmptyResultWarning")
def test_streams_of_a_part(make_client, many, tmp_path, query):
    *tables, last = make_client(many.url).stream(limit=LIMIT, **query)
    other = make_client(many.url, cache_dir=tmp_path / "other")
    pd.testing.assert_frame_equal(last, other.get_milestones(limit=LIMIT, **query))
    rows = [len(df) for df in tables]
    assert rows == sorted(rows)


def test_now_can_be_any_moment(make_client, many):
    then = pd.Timestamp("2025-03-01", tz="UTC")
    first = next(make_client(many.url).stream(now="2025-03-01", limit=LIMIT))
    near = in_window(truth(many), ("2025-02-28T12:00:00Z", "2025-03-03T00:00:00Z"))
    assert set(near["id"]) <= set(first["id"])
    assert pd.Timestamp(about(first)["window_start"]) <= then


def test_offline_gives_what_is_kept_or_an_error(make_client, many):
    client = make_client(many.url)
    with pytest.raises(mk.OfflineError):
        list(client.stream(offline=True))
    whole = client.get_milestones()
    asked = len(many.requests)
    (df,) = client.stream(offline=True)
    pd.testing.assert_frame_equal(df, whole)
    assert len(many.requests) == asked


@pytest.mark.parametrize(
    "wrong",
    [{"limit": 501}, {"category": 7}, {"now": "soon"}, {"stop": 7}, {"progress": 7}, {"refresh": 1},
     {"refresh": True, "offline": True}, {"strict": "yes"}, {"minimum_start_date": "1/2/3"}],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_asked_is_told_at_once(client, server, wrong):
    with pytest.raises(mk.QueryError):
        client.stream(**wrong)
    with pytest.raises(TypeError):
        client.stream(colour="red")
    assert server.requests == []


def test_pages_out_of_order_are_streamed_as_one_chain(make_client, many):
    first = json.dumps({"milestones": many.milestones()[:LIMIT], "cursor": "x"}).encode()
    many.script.replace(first, where=lambda r: "minimum_start_date" in r.query and "cursor" not in r.query)
    *_, last = make_client(many.url).stream(limit=LIMIT)
    pd.testing.assert_frame_equal(last, truth(many))


def test_rows_that_change_while_a_stream_runs_are_in_its_last_table(make_client, many, clock):
    client = make_client(many.url)
    rows = many.milestones()
    stream = client.stream(limit=LIMIT)
    next(stream)
    clock.now += 5
    many.reschedule(rows[-5]["id"], dt.timedelta(days=-9000))
    many.update(rows[1500]["id"], title="meanwhile")
    *_, last = stream
    pd.testing.assert_frame_equal(last, truth(many))


def test_a_false_end_in_a_stream_loses_nothing(make_client, many):
    many.script.replace(page(), times=1, where=lambda _: len(many.requests) == 30)
    *_, last = make_client(many.url).stream(limit=LIMIT)
    pd.testing.assert_frame_equal(last, truth(many))
