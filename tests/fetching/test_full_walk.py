"""A walk in ranges side by side, over real HTTP, while the universe changes and the server misbehaves."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.core.settings import Patience
from milestone_kit.errors import IncompleteError
from milestone_kit.sandbox import serve, synthetic_milestones
from milestone_kit.table.frame import milestones_frame
from milestone_kit.table.schema import ATTRS_KEY
from tests.conftest import IMPATIENT

HOUR = dt.timedelta(hours=1)


def truth(server):
    return milestones_frame(server.milestones())


def same(df, expected):
    pd.testing.assert_frame_equal(df, expected.reset_index(drop=True))
    return True


def listings(server):
    """Tell the questions of walks: where a range begins, and the cursor."""
    asked = [r.query for r in server.requests if r.status == 200 and "min_updated_ts" not in r.query]
    return [(query.get("minimum_start_date"), query.get("cursor")) for query in asked]


def ranges(server):
    return {low for low, _ in listings(server)}


@pytest.fixture
def patience(request):
    return IMPATIENT if "many" in request.fixturenames else Patience()


@pytest.fixture
def many(clock):
    """A sandbox of 3,000 rows: 60 pages of 50; nothing happens in it but what a test does."""
    with serve(rows=3000, now=clock.moment, still=True) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_thread_is_left_behind():
    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("milestones-")]


def test_a_large_answer_is_walked_in_ranges_and_is_the_whole_truth(make_client, many):
    df = make_client(many.url).get_milestones(limit=50)
    assert same(df, truth(many))
    assert len(ranges(many)) > 3
    assert len(listings(many)) == len(set(listings(many)))
    assert len(listings(many)) <= 60 * 1.2
    assert df.attrs[ATTRS_KEY]["repaired"] == 0


@pytest.mark.parametrize(("latency", "is_cut"), [(0.0, False), (0.05, True)])
def test_only_a_walk_that_waits_for_its_pages_is_cut(make_client, clock, latency, is_cut):
    # however busy the machine, none of its own pages takes seconds
    patience = Patience() if is_cut else Patience(page=3.0, slow_page=3.0)
    with serve(rows=1000, now=clock.moment, latency=latency) as server:
        assert same(make_client(server.url, patience=patience).get_milestones(limit=50), truth(server))
        assert (len(ranges(server)) > 2) == is_cut  # that nothing follows the end is asked in any case


@pytest.fixture
def busy():
    """Keep the processor busy with something else."""
    over = threading.Event()

    def work():
        while not over.is_set():
            hashlib.sha256(bytes(10**6)).digest()  # leaves Python's lock alone

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.usefixtures("busy")
def test_a_walk_from_afar_is_cut_while_the_processor_is_busy_with_something_else(make_client, clock):
    with serve(rows=1200, now=clock.moment, latency=0.2) as server:
        assert same(make_client(server.url).get_milestones(limit=50), truth(server))
        assert len(ranges(server)) > 1


def test_the_second_sweep_knows_where_the_rows_lie(make_client, many):
    client = make_client(many.url)
    client.get_milestones(limit=50)
    before = len(listings(many))
    assert same(client.refresh(full=True, limit=50), truth(many))
    assert len(listings(many)) - before <= 60 * 1.15


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_any_number_of_workers_gives_the_same_table(make_client, many, workers):
    client = make_client(many.url, workers=workers)
    assert same(client.get_milestones(limit=50), truth(many))
    assert (len(ranges(many)) == 2) == (workers == 1)  # that nothing follows the end is asked in any case


def test_bounds_and_filters_hold_in_every_range(make_client, many):
    everything = truth(many)
    low, high = everything["start_date"][400], everything["start_date"][2600]
    df = make_client(many.url).get_milestones(
        category="Sports", minimum_start_date=low, maximum_start_date=high, limit=20
    )
    sports = everything["category"].str.casefold() == "sports"
    wanted = everything["start_date"].between(low, high) & sports
    assert same(df, everything[wanted])
    assert len(ranges(many)) > 2
    assert all(r.query["category"] == "Sports" for r in many.requests)


def test_rows_that_all_start_at_one_moment_come_once_each(make_client, clock):
    rows = [row | {"start_date": "2026-01-01T00:00:00Z"} for row in synthetic_milestones(1500)]
    with serve(rows=rows, now=clock.moment) as server:
        df = make_client(server.url).get_milestones(limit=50)
        assert same(df, truth(server))
        assert len(listings(server)) <= 40  # 30 pages; how often it was tried to cut them hangs on the pace


def test_progress_counts_rows_and_pages_of_all_ranges(make_client, many):
    told = []
    make_client(many.url).get_milestones(limit=50, progress=lambda rows, pages: told.append((rows, pages)))
    assert [pages for _, pages in told] == list(range(1, len(told) + 1))
    assert told[-1][0] == 3000
    assert told == sorted(told)


CHANGES = {
    "moved to the end": lambda server, rows: server.reschedule(rows[5]["id"], dt.timedelta(days=4000)),
    "moved to the front": lambda server, rows: server.reschedule(rows[-5]["id"], dt.timedelta(days=-9000)),
    "moved by an hour": lambda server, rows: server.reschedule(rows[1500]["id"], HOUR),
    "added in front": lambda server, rows: server.add(
        rows[9] | {"id": "new", "start_date": "1999-01-01T00:00:00Z"}
    ),
    "added at the end": lambda server, rows: server.add(
        rows[9] | {"id": "new", "start_date": "2040-01-01T00:00:00Z"}
    ),
    "retitled": lambda server, rows: server.update(rows[10]["id"], title="Another"),
}


@pytest.mark.parametrize(("workers", "at"), [(6, 2), (6, 3), (1, 2), (1, 30)])
@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_while_the_walk_runs_is_in_the_table(  # noqa: PLR0917
    make_client, many, clock, what, workers, at
):
    def change():
        clock.now += 5
        CHANGES[what](many, rows)

    rows = many.milestones()
    many.script.call(change, page=at, times=1, where=lambda r: "min_updated_ts" not in r.query)
    df = make_client(many.url, workers=workers).get_milestones(limit=50)
    assert same(df, truth(many))
    assert df.attrs[ATTRS_KEY]["repaired"] <= 2  # it may have come twice, and the newest of all by delta


def test_a_gap_that_was_closed_is_counted(make_client, many, clock):
    last = many.milestones()[-1]["id"]
    many.script.call(
        lambda: many.reschedule(last, dt.timedelta(days=-20_000)), page=2, times=1
    )  # from where the walk has not been to where it has
    df = make_client(many.url, workers=1).get_milestones(limit=500)
    assert same(df, truth(many))
    assert df.attrs[ATTRS_KEY]["repaired"] == 1


def test_a_row_that_moved_out_of_the_bounds_meanwhile_leaves_the_table(make_client, many):
    rows = many.milestones()
    high = rows[2000]["start_date"]
    many.script.call(lambda: many.reschedule(rows[3]["id"], dt.timedelta(days=9000)), page=3, times=1)
    df = make_client(many.url).get_milestones(maximum_start_date=high, limit=100)
    expected = truth(many)
    assert same(df, expected[expected["start_date"] <= pd.Timestamp(high)])
    assert rows[3]["id"] not in set(df["id"])


def test_a_row_that_moves_across_a_seam_comes_once(make_client, many, clock):
    client = make_client(many.url)
    client.get_milestones(limit=50)
    rows = many.milestones()
    # each question of the next sweep meets another row on its way over the middle of the universe
    moving = iter(rows[1000:2000:7])

    def move():
        clock.now += 1
        many.reschedule(next(moving)["id"], dt.timedelta(days=90))

    many.script.call(move, where=lambda r: "min_updated_ts" not in r.query, times=60)
    df = client.refresh(full=True, limit=50)
    assert df["id"].is_unique
    assert same(df, truth(many))


def test_a_server_that_gives_no_deltas_costs_the_gap_and_not_the_answer(make_client, many):
    many.script.fail(400, where=lambda r: "min_updated_ts" in r.query)
    assert same(make_client(many.url).get_milestones(limit=50), truth(many))


def test_a_server_that_ignores_min_updated_ts_is_noticed_on_the_first_page(make_client, many):
    everything = json.dumps({"milestones": many.milestones()[:50], "cursor": "x"}).encode()
    many.script.replace(everything, where=lambda r: "min_updated_ts" in r.query)
    assert same(make_client(many.url).get_milestones(limit=50), truth(many))
    assert sum("min_updated_ts" in r.query for r in many.requests) <= 6


def test_a_query_with_min_updated_ts_needs_no_closing_delta(make_client, many):
    df = make_client(many.url).get_milestones(min_updated_ts=1_600_000_000, limit=50)
    assert len(df) > 2000
    assert {r.query["min_updated_ts"] for r in many.requests} == {"1600000000"}


def interrupted(client, many, **arguments):
    with pytest.raises(IncompleteError) as caught:
        client.get_milestones(**arguments)
    many.script.clear()
    return caught.value


def test_an_interrupted_sweep_holds_all_that_came_and_goes_on_with_what_is_missing(make_client, many):
    many.script.fail(503, where=lambda _: len(many.requests) > 30)
    error = interrupted(make_client(many.url), many, limit=50)
    came = listings(many)
    assert len(came) > 10
    assert error.pages == len(came)
    expected = truth(many)
    same(error.partial, expected[expected["id"].isin(error.partial["id"])])
    assert error.partial.attrs[ATTRS_KEY]["complete"] is False
    df = make_client(many.url).get_milestones(limit=50)
    assert same(df, expected)
    assert len(set(listings(many))) == len(listings(many))
    assert ranges(many) >= {low for low, _ in came}
    assert len(listings(many)) <= 60 * 1.25


def test_pages_out_of_order_are_walked_as_one_chain(make_client, many):
    rows = many.milestones()
    page = [*rows[1510:1500:-1]]
    body = json.dumps({"milestones": page, "cursor": "x"}).encode()

    def swapped(request):
        return "minimum_start_date" in request.query and "min_updated_ts" not in request.query

    many.script.replace(body, where=swapped, times=1)
    df = make_client(many.url).get_milestones(limit=50)
    assert same(df, truth(many))
    assert df.attrs[ATTRS_KEY]["repaired"] == 0
    chain = [cursor for low, cursor in listings(many) if low is None]
    assert len(chain) == 60


def test_a_server_that_ignores_minimum_start_date_is_walked_as_one_chain(make_client, many):
    first = json.dumps({"milestones": many.milestones()[:50], "cursor": "x"}).encode()
    many.script.replace(first, where=lambda r: "minimum_start_date" in r.query and "cursor" not in r.query)
    df = make_client(many.url).get_milestones(limit=50)
    assert same(df, truth(many))
    assert len([low for low, _ in listings(many) if low is None]) == 60


def test_a_sweep_that_lost_its_order_goes_on_as_one_chain(make_client, many):
    first = json.dumps({"milestones": many.milestones()[:50], "cursor": "x"}).encode()
    many.script.replace(first, where=lambda r: "minimum_start_date" in r.query and "cursor" not in r.query)
    many.script.fail(503, where=lambda _: len(many.requests) > 30)
    interrupted(make_client(many.url), many, limit=50)
    before = len(listings(many))
    assert same(make_client(many.url, workers=1).get_milestones(limit=50), truth(many))
    assert [low for low, _ in listings(many)[before:-1]] == [None] * (len(listings(many)) - before - 1)


def test_429_now_and_then_slows_everybody_down_and_loses_nothing(make_client, many, clock):
    many.script.fail(429, every=10)
    assert same(make_client(many.url, requests_per_second=20).get_milestones(limit=50), truth(many))
    refused = sum(r.status == 429 for r in many.requests)
    assert refused >= 6
    assert sum(clock.slept) >= 0.4 * refused / 6  # all wait together, so one wait may serve six


def test_a_storm_of_429_is_waited_out_and_not_fed(make_client, many):
    many.script.fail(429, where=lambda r: r.page == 4, times=3)
    many.script.fail(429, where=lambda r: "minimum_start_date" in r.query, times=4)
    assert same(make_client(many.url, requests_per_second=20).get_milestones(limit=50), truth(many))
    assert sum(r.status == 429 for r in many.requests) == 7
    assert len(many.requests) <= 7 + 60 * 1.25


def test_a_server_that_limits_at_the_same_rate_hardly_refuses(many, tmp_path):
    many.script.requests_per_second = 200
    with mk.MilestoneClient(base_url=many.url, cache_dir=tmp_path, requests_per_second=200) as client:
        assert len(client.get_milestones(limit=20)) == 3000
    refused = sum(r.status == 429 for r in many.requests)
    assert refused <= 0.1 * len(many.requests)  # 1 % at 20 a second; here a page takes as long as a gap


def test_the_network_never_waits_for_progress_or_parsing(make_client, many):
    seen = []

    def slow(rows, pages):
        if pages == 1:
            deadline = time.monotonic() + 5
            while len(many.requests) < 10 and time.monotonic() < deadline:
                time.sleep(0.001)
            seen.append(len(many.requests))

    make_client(many.url, workers=2).get_milestones(limit=50, progress=slow)
    assert seen[0] >= 10


INTERRUPTED = """
import sys, threading
import milestone_kit as mk
with mk.MilestoneClient(base_url=sys.argv[1], cache_dir=sys.argv[2]) as client:
    try:
        client.get_milestones(limit=50, progress=lambda rows, pages: print(pages, flush=True))
    except KeyboardInterrupt:
        left = [t.name for t in threading.enumerate() if t.name.startswith("milestones-")]
        print("stopped", left, flush=True)
"""


def test_an_interrupt_ends_every_thread_even_where_the_server_hangs(many, tmp_path, make_client, clock):
    many.script.delay(30, where=lambda _: len(many.requests) > 20)
    command = [sys.executable, "-c", INTERRUPTED, many.url, str(tmp_path / "cache")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.stdout.readline().strip() != "20":
        pass
    while len(many.requests) < 24:  # by then somebody waits for an answer that does not come
        time.sleep(0.01)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert out.splitlines()[-1] == "stopped []", err
    assert time.monotonic() - began < 5
    many.script.clear()
    clock.now = time.time()
    before = listings(many)
    assert same(make_client(many.url).get_milestones(limit=50, refresh=True), truth(many))
    again = set(before) & set(listings(many)[len(before) :])
    assert len(again) <= 8  # only what was under way
