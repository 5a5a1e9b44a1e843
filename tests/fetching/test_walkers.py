from __future__ import annotations

import contextlib
import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.core.settings import Patience
from milestone_kit.errors import PaginationError
from milestone_kit.fetching.plan import Plan
from milestone_kit.fetching.start_density import StartDensity
from milestone_kit.fetching.walkers import Walk, Walkers
from milestone_kit.table.frame import starts_of
from tests.faults.bench import raw

DENSITY = StartDensity.usual(0)


class Pages:
    """A server that gives these pages of starts, in seconds since 1970; then, where told so, empty ones."""

    until = contextlib.nullcontext

    def __init__(self, *pages, endless=False):
        self.pages, self.endless, self.asked = pages, endless, 0

    def fetch(self, low, cursor):
        self.asked += 1
        number = int(cursor or 0)
        starts = self.pages[number] if number < len(self.pages) else []
        rows = [
            raw(id=f"{number}-{at}", start_date=f"1970-01-01T00:00:{start:02d}Z")
            for at, start in enumerate(starts)
            if low is None or start * 1_000_000 >= low
        ]
        is_last = number + 1 >= len(self.pages) and not self.endless
        return {"milestones": rows, "cursor": "" if is_last else str(number + 1)}, True

    def hang_up(self):
        pass


def in_turn(server, *, high=None, **patience):
    """Walk as one chain, in seconds."""
    plan = Plan(DENSITY, limit=500, high=None if high is None else high * 1_000_000 + 1)
    for page in Walk(server, plan, patience=Patience(**patience)).in_turn():
        yield (starts_of(page.table) // 1_000_000).tolist()


def side_by_side(server, **patience):
    with Walkers(Walk(server, Plan(DENSITY, limit=500), patience=Patience(**patience)), 2) as walkers:
        yield from walkers.pages()


def test_pages_are_asked_for_one_at_a_time():
    server = Pages([1], [2])
    next(in_turn(server))
    assert server.asked == 1


@pytest.mark.parametrize("walk", [in_turn, side_by_side])
def test_cursors_without_end_stop_at_the_cap(walk):
    server = Pages([1, 2], endless=True)
    with pytest.raises(PaginationError, match="no end after 7 pages"):
        list(walk(server, most_pages=7))
    assert server.asked == 7


def test_a_walk_that_ends_at_the_cap_is_whole():
    assert list(in_turn(Pages([1], [2], [3]), most_pages=3)) == [[1], [2], [3]]


def test_the_walk_stops_only_beyond_the_last_wanted_start():
    server = Pages([1, 9], [], [10, 10], [10, 11], [12])
    assert list(in_turn(server, high=10)) == [[1, 9], [], [10, 10], [10, 11]]


@pytest.mark.parametrize("pages", [[[5, 4]], [[5], [4, 20]], [[1, 3], [2], [30]]])
def test_the_bound_never_stops_a_walk_whose_order_broke(pages):
    pages = [*pages, [40], [50]]
    assert list(in_turn(Pages(*pages), high=10)) == pages


@given(st.lists(st.lists(st.integers(0, 20), max_size=4), max_size=6), st.integers(0, 20))
def test_stopping_at_the_bound_loses_nothing_of_ordered_pages(pages, maximum):
    ordered = iter(sorted(itertools.chain.from_iterable(pages)))
    pages = [list(itertools.islice(ordered, len(starts))) for starts in pages]
    plan = Plan(DENSITY, limit=500, high=maximum * 1_000_000 + 1)
    kept = {id_ for page in Walk(Pages(*pages), plan).in_turn() for id_ in page.table["id"].to_pylist()}
    wanted = {
        f"{number}-{at}" for number, page in enumerate(pages) for at, s in enumerate(page) if s <= maximum
    }
    assert wanted <= kept


class Deaf:
    """A server whose answer comes only when the connection is taken away again and again."""

    until = contextlib.nullcontext

    def __init__(self, times):
        self.asked, self.let_go = threading.Event(), threading.Event()
        self.times, self.hung_up = times, 0

    def fetch(self, *_):
        self.asked.set()
        assert self.let_go.wait(30), "nobody hung up"
        raise ConnectionError

    def hang_up(self):
        self.hung_up += 1
        if self.hung_up >= self.times:
            self.let_go.set()


def interrupted(server):
    with Walkers(Walk(server, Plan(DENSITY, limit=10)), 1):
        server.asked.wait(30)
        raise KeyboardInterrupt


@pytest.mark.parametrize("times", [1, 3])
def test_an_interrupted_walk_hangs_up_until_its_threads_are_gone(times):
    server = Deaf(times)
    with pytest.raises(KeyboardInterrupt):
        interrupted(server)
    assert server.hung_up >= times
    assert not [one for one in threading.enumerate() if one.name.startswith("milestones-")]


def test_the_caller_walks_where_no_thread_can_be_had(monkeypatch):
    def refused(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    pages = [(starts_of(page.table) // 1_000_000).tolist() for page in side_by_side(Pages([1, 2], [3]))]
    assert pages == [[1, 2], [3]]
