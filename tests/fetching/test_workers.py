from __future__ import annotations

import contextlib
import threading

import pytest

from milestone_kit.fetching.plan import Density, Plan
from milestone_kit.fetching.workers import Source, Walkers


class Deaf:
    """A server whose answer comes only when the connection is taken away again and again."""

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
    source = Source(server.fetch, lambda _: None, contextlib.nullcontext, server.hang_up)
    with Walkers(source, Plan(Density.usual(0), limit=10), 1):
        server.asked.wait(30)
        raise KeyboardInterrupt


@pytest.mark.parametrize("times", [1, 3])
def test_an_interrupted_walk_hangs_up_until_its_threads_are_gone(times):
    server = Deaf(times)
    with pytest.raises(KeyboardInterrupt):
        interrupted(server)
    assert server.hung_up >= times
    assert not [one for one in threading.enumerate() if one.name.startswith("milestones-")]
