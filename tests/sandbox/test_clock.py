from __future__ import annotations

import datetime as dt

import pytest
import requests

from milestone_kit import QueryError
from milestone_kit.sandbox import DEFAULT_NOW, Shape, serve, truth
from milestone_kit.sandbox.times import make_clock
from milestone_kit.sandbox.universe import Universe

N = 3000
HOUR = dt.timedelta(hours=1)


class Clock:
    """A clock that only the test moves."""

    def __init__(self):
        self.now = DEFAULT_NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server(clock):
    with serve(N, seed=2, now=clock) as running:
        yield running


def instant(text):
    return dt.datetime.fromisoformat(text)


def by_id(server):
    return {row["id"]: row for row in server.milestones()}


def changed(before, after):
    return [id_ for id_ in after if after[id_] != before.get(id_)]


def moment(microseconds):
    return dt.datetime.fromtimestamp(microseconds / 1e6, dt.UTC)


def test_a_fixed_moment_stands_still():
    with serve(N, now=DEFAULT_NOW) as server:
        assert server.milestones() == list(Universe(N).rows()) == server.milestones()


def test_a_still_server_stays_as_it_is_and_stamps_changes_with_the_clock(clock):
    with serve(N, now=clock, still=True) as server:
        before = by_id(server)
        clock.now += 30 * HOUR
        assert by_id(server) == before
        id_ = next(iter(before))
        server.update(id_, title="changed")
        assert by_id(server)[id_]["last_updated_ts"] == "2026-01-17T00:00:00Z"


def test_many_small_steps_lead_where_one_big_one_does(server, clock):
    with serve(N, seed=2, now=Clock()) as other:
        for _ in range(50):
            clock.now += HOUR
            len(server.milestones())
        other._world.clock.now = clock.now
        assert server.milestones() == other.milestones()
    order = [(instant(row["start_date"]), row["id"]) for row in server.milestones()]
    assert order == sorted(order)


@pytest.mark.parametrize("hours", [1, 7, 40])
def test_a_delta_holds_exactly_what_changed(server, clock, hours):
    before = by_id(server)
    begin = clock.now
    clock.now += hours * HOUR
    after = by_id(server)
    ids = changed(before, after)
    assert ids
    stamps = [instant(after[id_]["last_updated_ts"]) for id_ in ids]
    assert all(begin < stamp <= clock.now for stamp in stamps)
    touched = {id_ for id_, row in after.items() if instant(row["last_updated_ts"]) > begin}
    assert touched == set(ids)
    assert before.keys() <= after.keys()


def delta(server, since):
    query = {"limit": 500, "min_updated_ts": int(since.timestamp())}
    return requests.get(server.url + "/milestones", params=query, timeout=10).json()["milestones"]


def test_games_get_their_true_end_some_minutes_after_it_and_never_before(server, clock):
    begin, step = clock.now, HOUR / 12
    still_open = {row["id"] for row in server.milestones() if "end_date" not in row}
    waited = {}
    for _ in range(24 * 12):
        clock.now += step
        for row in delta(server, clock.now - step):
            if "end_date" not in row:
                still_open.add(row["id"])
            elif row["id"] in still_open:
                waited.setdefault(row["id"], (clock.now, instant(row["end_date"])))
    known = server.truth()
    ends = {id_: moment(end) for id_, end in known.ends.items()}
    assert all(end == ends[id_] for id_, (_, end) in waited.items() if id_ in ends)
    delays = sorted(seen - end for id_, (seen, end) in waited.items() if id_ in ends)
    assert len(delays) > 30
    assert delays[0] > dt.timedelta(minutes=1)
    assert delays[int(0.95 * len(delays))] < dt.timedelta(minutes=16)
    due = {id_ for id_, end in ends.items() if begin < end < clock.now - HOUR} & still_open
    assert len(due & waited.keys()) > 0.97 * len(due)


def test_games_are_rescheduled_called_off_and_announced(server, clock):
    before = by_id(server)
    clock.now += 14 * 24 * HOUR
    after = by_id(server)
    moved = [id_ for id_ in before if after[id_]["start_date"] != before[id_]["start_date"]]
    assert 1 < len(moved) < 0.02 * N
    new = after.keys() - before.keys()
    assert 14 * 40 < len(new) < 14 * 120
    off = server.truth().cancelled
    assert any(
        id_ in off and row["details"].get("status") == "cancelled" for id_, row in after.items() if id_ in new
    )
    statuses = {before[id_]["details"].get("status", "") + ">" + after[id_]["details"].get("status", "")
                for id_ in before}  # fmt: skip
    assert "created>closed" in statuses


def test_a_row_says_that_it_began_before_it_says_that_it_ended(server, clock):
    seen = {row["id"]: [row["details"].get("status")] for row in server.milestones()}
    step = HOUR / 4
    for _ in range(4 * 36):
        clock.now += step
        for row in delta(server, clock.now - step):
            words = seen.setdefault(row["id"], [])
            if row["details"].get("status") not in words[-1:]:
                words.append(row["details"].get("status"))
    courses = {tuple(words) for words in seen.values()}
    assert ("created", "inprogress", "closed") in courses
    assert not any("closed" in words[:-1] for words in courses)


def test_the_world_stays_as_lively_as_it_was(clock):
    with serve(20_000, now=clock) as server:
        for days in (3, 10, 30):
            clock.now = DEFAULT_NOW + days * 24 * HOUR
            rows, now = server.milestones(), clock.now
            on = server.truth().live(now)
            assert 12 <= len(on) <= 60
            assert on <= {row["id"] for row in rows}
            ahead = sum(instant(row["start_date"]) > now for row in rows)
            assert 350 < ahead < 800


def test_announced_rows_have_the_shape_that_was_asked_for(clock):
    shape = Shape(null_ends=True, unknown={"tags": (1.0, 1)})
    with serve(N, now=clock, shape=shape) as server:
        before = by_id(server)
        clock.now += 20 * HOUR
        new = [row for id_, row in by_id(server).items() if id_ not in before]
        assert new
        assert all("end_date" in row and row["tags"] == 1 for row in new)


# the caller's own changes go on top of what happens by itself


def test_a_rescheduled_game_ends_as_much_later(server, clock):
    known = server.truth()
    id_ = next(
        id_
        for id_ in known.live(DEFAULT_NOW)
        if "end_date" not in by_id(server)[id_] and id_ not in known.unreported
    )
    server.reschedule(id_, 48 * HOUR)
    clock.now = moment(known.ends[id_]) + 47 * HOUR
    assert "end_date" not in by_id(server)[id_]
    clock.now += 49 * HOUR
    assert abs(instant(by_id(server)[id_]["end_date"]) - moment(known.ends[id_]) - 48 * HOUR) < dt.timedelta(
        milliseconds=1
    )


def test_a_game_that_is_moved_into_the_past_gets_its_end_some_minutes_later(server, clock):
    known = server.truth()
    id_ = next(id_ for id_ in sorted(known.live(DEFAULT_NOW)) if "end_date" not in by_id(server)[id_])
    server.reschedule(id_, -4000 * HOUR)
    assert by_id(server)[id_]["last_updated_ts"] == "2026-01-15T18:00:00Z"
    assert "end_date" not in by_id(server)[id_]
    clock.now += HOUR / 12
    row = by_id(server)[id_]
    assert row["last_updated_ts"] == "2026-01-15T18:03:00Z"
    assert abs(instant(row["end_date"]) - moment(known.ends[id_]) + 4000 * HOUR) < dt.timedelta(
        milliseconds=1
    )


def test_deleted_and_replaced_rows_get_no_end(server, clock):
    known = server.truth()
    live = sorted(known.live(DEFAULT_NOW))
    deleted, replaced = live[:2]
    server.delete(deleted)
    server.add({**by_id(server)[replaced], "title": "mine"})
    mine = by_id(server)[replaced]
    clock.now += 400 * HOUR
    assert deleted not in by_id(server)
    assert by_id(server)[replaced] == mine


# the clock itself


def test_a_speed_lets_the_clock_run():
    seconds = [100.0]
    clock = make_clock(DEFAULT_NOW, 60, timer=lambda: seconds[0])
    assert clock() == DEFAULT_NOW
    seconds[0] += 60
    assert clock() == DEFAULT_NOW + HOUR


def test_a_given_clock_can_be_hastened(clock):
    fast = make_clock(clock, 10)
    clock.now += HOUR
    assert fast() == DEFAULT_NOW + 10 * HOUR


def test_by_default_the_clock_is_the_real_one_and_runs():
    with serve(50) as server:
        assert abs(server.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    with serve(50, speed=1e6) as server:
        assert server.now() < server.now()


@pytest.mark.parametrize("speed", [0, -1])
def test_a_clock_that_does_not_run_forward_is_refused(speed):
    with pytest.raises(QueryError, match="speed="):
        serve(5, speed=speed)


# the truth


def test_the_truth_covers_every_row_that_is_listed(server, clock):
    clock.now += 50 * HOUR
    known = server.truth()
    groups = [known.ends.keys(), known.cancelled, known.placeholders, known.simulated]
    ids = set().union(*groups)
    assert by_id(server).keys() <= ids
    assert sum(map(len, groups)) == len(ids)
    assert known.unreported < known.ends.keys()


def test_the_truth_of_other_rows_is_not_known():
    with serve([], now=DEFAULT_NOW) as server, pytest.raises(QueryError, match="invented rows only"):
        server.truth()


def test_what_is_really_live_has_started_and_has_no_end_yet():
    known = truth(N, 7)
    on = known.live(DEFAULT_NOW)
    assert on
    rows = {row["id"]: row for row in Universe(N, 7).rows()}
    assert all(instant(rows[id_]["start_date"]) <= DEFAULT_NOW for id_ in on)
    assert not any(instant(rows[id_].get("end_date", "9999-01-01T00:00:00Z")) <= DEFAULT_NOW for id_ in on
                   if rows[id_]["type"] != "political_race")  # fmt: skip
