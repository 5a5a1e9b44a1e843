"""Whatever happens between and during fetches: the table is the truth, or says that it is not.

A plain dict is the truth. Deleted rows and undated changes may be missed until a full sweep, and only they.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import os
import shutil
import signal
import tempfile
import threading
import warnings
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from milestone_kit.client.client import MilestoneClient
from milestone_kit.errors import (
    ApiError,
    CacheWarning,
    DataWarning,
    IncompleteError,
    OfflineError,
    StaleWarning,
)
from milestone_kit.sandbox import GO_ZERO_TIME, serve, synthetic_milestones
from milestone_kit.table.frame import milestones_frame
from milestone_kit.table.schema import ATTRS_KEY, check_milestones
from tests.conftest import IMPATIENT, Clock

ROWS = synthetic_milestones(120)
LIMIT = 10
QUERIES = [
    {},
    {"category": "Sports"},
    {"minimum_start_date": "2024-06-01", "maximum_start_date": "2025-10-01"},
]
SHIFTS = [dt.timedelta(days=days) for days in (-4000, -200, -1, 1, 200, 4000)]


def rows_of(server, query):
    """What the server would answer now, as a table indexed by id."""
    df = milestones_frame(server.milestones())
    if "category" in query:
        df = df[df["category"].str.casefold() == query["category"].casefold()]
    if "minimum_start_date" in query:
        low, high = (
            pd.Timestamp(query[name], tz="UTC") for name in ("minimum_start_date", "maximum_start_date")
        )
        df = df[df["start_date"].between(low, high)]
    return df.set_index("id")


@pytest.fixture(scope="module", autouse=True)
def _forker(forker):
    CacheMachine.forker = forker


class CacheMachine(RuleBasedStateMachine):
    @initialize(workers=st.sampled_from([1, 3]))
    def begin(self, workers):
        self.clock = Clock()
        self.folder = Path(tempfile.mkdtemp())
        self.server = serve(rows=ROWS, now=self.clock.moment)
        self.clients = [self.client(workers) for _ in range(2)]
        self.names = itertools.count()
        # ids of which a delta may not tell, by query: deleted, undated, or gone from the filter
        self.unseen = [set() for _ in QUERIES]
        # ids that changed since the walk began that the next fetch may go on with, by query
        self.touched = [set() for _ in QUERIES]
        self.unfinished = [False for _ in QUERIES]
        self.known = {}
        self.was_killed = False

    def client(self, workers):
        return MilestoneClient(
            base_url=self.server.url, cache_dir=self.folder, requests_per_second=10_000, workers=workers,
            retry=self.clock.retry(attempts=2), patience=IMPATIENT, stale_if_error=True,
            full_sweep_after="1D",
        )  # fmt: skip

    def teardown(self):
        if hasattr(self, "server"):
            for client in self.clients:
                client.close()
            self.server.close()
            shutil.rmtree(self.folder)

    def hide(self, id_):
        for unseen in self.unseen:
            unseen.add(id_)

    def row(self, number):
        rows = self.server.milestones()
        return rows[number % len(rows)]

    # what happens on the server

    def change(self, what, number):
        self.clock.now += 1
        row = self.row(number)
        if what == "insert":
            self.server.add({**row, "id": f"new-{next(self.names)}"})
        elif what == "delete" and len(self.server.milestones()) > 5:
            self.hide(row["id"])
            self.server.delete(row["id"])
        elif what == "reschedule":
            self.server.reschedule(row["id"], SHIFTS[number % len(SHIFTS)])
        elif what == "undated":
            self.hide(row["id"])
            self.server.update(row["id"], title=f"undated {next(self.names)}", last_updated_ts=GO_ZERO_TIME)
        elif what == "recategorise":
            self.unseen[1].add(row["id"])
            self.server.update(row["id"], category="Sports" if row["category"] != "Sports" else "Esports")
        else:
            self.server.update(row["id"], title=f"title {next(self.names)}")
        for touched in self.touched:
            touched.add(row["id"])

    whats = st.sampled_from(["insert", "delete", "reschedule", "undated", "recategorise", "update"])

    @rule(changes=st.lists(st.tuples(whats, st.integers(0, 500)), min_size=1, max_size=5))
    def mutate(self, changes):
        for what, number in changes:
            self.change(what, number)

    @rule(what=whats, number=st.integers(0, 500), page=st.integers(1, 8))
    def mutate_during_the_next_walk(self, what, number, page):
        self.server.script.call(
            lambda: self.change(what, number),
            page=page,
            times=1,
            where=lambda request: "min_updated_ts" not in request.query,
        )

    # what happens to the cache and the time

    @rule(hours=st.sampled_from([0.1, 2, 30]))
    def time_passes(self, hours):
        self.clock.now += hours * 3600

    @rule(share=st.floats(0, 1), number=st.integers(0, 20))
    def corrupt_a_file(self, share, number):
        files = sorted(p for name in ("snapshots", "walks") for p in self.folder.joinpath(name).glob("*.*"))
        files = [path for path in files if path.suffix in {".blocks", ".json", ".sqlite"}]
        if files:
            path = files[number % len(files)]
            content = path.read_bytes()
            # another file of that name: whoever shortens one that a table is mapped from kills the process
            path.unlink()
            path.write_bytes(content[: int(len(content) * share)])

    # what users do

    @rule(
        which=st.integers(0, len(QUERIES) - 1),
        who=st.integers(0, 1),
        how=st.sampled_from(["get", "refresh", "full", "offline"]),
        fails=st.sampled_from([None, None, None, 0, 3, 6]),
    )
    def fetch(self, which, who, how, fails):
        asked = self.begin_fetch(which)
        if fails is not None:
            self.server.script.fail(503, where=lambda _: len(self.server.requests) >= asked + fails)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", CacheWarning)
                warnings.simplefilter("ignore", StaleWarning)
                # the walk was whole, and only what changed meanwhile could not be asked
                warnings.filterwarnings("ignore", "what changed while the walk ran", DataWarning)
                df = self.ask(self.clients[who], how, QUERIES[which])
        except IncompleteError as error:
            self.judge_partial(error.partial)
            self.unfinished[which] = True
            return
        except (ApiError, OfflineError):
            self.unfinished[which] = True
            assert fails is not None or how == "offline"
            return
        finally:
            self.server.script.clear()
        self.judge(df, which, asked)

    @rule(
        which=st.integers(0, len(QUERIES) - 1),
        how=st.sampled_from(["get", "refresh", "full"]),
        killed_at=st.sampled_from([None, 0, 1, 3, 6, 12]),
    )
    def fetch_in_another_process(self, which, how, killed_at):
        asked = self.begin_fetch(which)
        pid, begun = [], threading.Event()
        if killed_at is not None:

            def kill():
                begun.wait()
                os.kill(*pid, signal.SIGKILL)

            self.server.script.call(
                kill, times=1, where=lambda _: len(self.server.requests) >= asked + killed_at
            )
        words = self.server.url, self.folder, how, json.dumps(QUERIES[which]), LIMIT, self.clock.now
        pid.append(self.forker.begin("ask", *words))
        begun.set()
        status = self.forker.end(*pid)
        self.server.script.clear()
        assert status == -signal.SIGKILL or self.forker.said[pid[0]].isdigit(), self.forker.said[pid[0]]
        self.was_killed = self.was_killed or status != 0
        self.unfinished[which] = self.unfinished[which] or status != 0
        self.look_at_what_it_left(which, asked, whole=status == 0)

    def begin_fetch(self, which):
        if not self.unfinished[which]:
            self.touched[which].clear()
        return len(self.server.requests)

    def look_at_what_it_left(self, which, asked, *, whole):
        """See that a process left its answer, or, where it was killed, that or the older one."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", CacheWarning)
                df = self.ask(self.clients[0], "offline", QUERIES[which])
        except OfflineError:
            assert not whole
            return
        if which not in self.known or not df.equals(self.known[which]):
            self.judge(df, which, asked)

    @staticmethod
    def ask(client, how, query):
        if how == "refresh":
            return client.refresh(limit=LIMIT, **query)
        if how == "full":
            return client.refresh(limit=LIMIT, full=True, **query)
        return client.get_milestones(limit=LIMIT, offline=how == "offline", **query)

    @staticmethod
    def judge_partial(df):
        check_milestones(df)
        assert df.attrs[ATTRS_KEY]["complete"] is False
        assert df["id"].is_unique

    def judge(self, df, which, asked):
        check_milestones(df)
        assert df["id"].is_unique
        assert df.sort_values(["start_date", "id"]).index.equals(df.index)
        attrs = df.attrs[ATTRS_KEY]
        assert attrs["complete"]
        if attrs["stale"] or len(self.server.requests) == asked:
            self.check_old(df, which)
            return
        swept = attrs["refreshed"] == 0
        if swept:
            # what was hidden before the walk is found by it; what happened during it may not be
            self.unseen[which] &= self.touched[which]
            self.unfinished[which] = False
        allowed = self.unseen[which]
        now, table = rows_of(self.server, QUERIES[which]), df.set_index("id")
        different = self.differing(table, now)
        assert different <= allowed, (sorted(different - allowed)[:5], attrs)
        self.known[which] = df

    def check_old(self, df, which):
        if which in self.known:
            pd.testing.assert_frame_equal(df, self.known[which])

    @staticmethod
    def differing(one, other):
        """Ids that are in one of two tables only, or whose rows are not the same."""
        one, other = ({id_: repr(row) for id_, row in df.to_dict("index").items()} for df in (one, other))
        return {id_ for id_ in one.keys() | other.keys() if one.get(id_) != other.get(id_)}

    # what a killed process leaves half written goes after a day
    @precondition(lambda self: hasattr(self, "folder") and not self.was_killed)
    @invariant()
    def nothing_half_written_is_left(self):
        with contextlib.suppress(FileNotFoundError):
            assert not list(self.folder.joinpath("snapshots").glob(".new-*"))


TestCacheMachine = CacheMachine.TestCase
TestCacheMachine.settings = settings(
    max_examples=max(20, settings.default.max_examples // 3),
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
