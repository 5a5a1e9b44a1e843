"""`python -m tests.scale.soak`: hundreds of kills and a thousand refreshes of a server that keeps failing."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import gc
import random
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import psutil

import milestone_kit as mk
from milestone_kit.api.transport import Retry
from milestone_kit.sandbox import serve
from tests.faults.bench import truth
from tests.faults.kills import kill_fetches
from tests.processes import Forker

_SWEEP_EVERY = 100


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.scale.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--refreshes", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak_kills(Path(folder) / "kills", arguments)
        soak_refreshes(Path(folder) / "refreshes", arguments)


def soak_kills(folder, arguments):
    def make_client(url, cache_dir):
        return stack.enter_context(mk.MilestoneClient(base_url=url, cache_dir=cache_dir))

    began = time.monotonic()
    with (
        serve(rows=400, still=True) as server,
        contextlib.closing(Forker()) as forker,
        contextlib.ExitStack() as stack,
    ):
        counts = kill_fetches(server, folder, forker, make_client, kills=arguments.kills, seed=arguments.seed)
    print(
        f"{counts['killed']} of {counts['tried']} fetches killed in {time.monotonic() - began:.0f} s; "
        f"then the cache held the new table {counts['new']} times, the old one {counts['old']} times, "
        f"none yet {counts['none yet']} times; nothing lost, nothing half",
        flush=True,
    )


def soak_refreshes(folder, arguments):
    chance = random.Random(arguments.seed)
    began, memory, statuses = time.monotonic(), [], Counter()
    with serve(rows=arguments.rows, still=True) as server:
        for fail, share in faults(server.script):
            fail(where=lambda _, share=share: chance.random() < share)
        retry = Retry(first_wait=0.01, attempts=10)
        options = {"requests_per_second": 10_000, "overlap": "2s", "retry": retry}
        with mk.MilestoneClient(base_url=server.url, cache_dir=folder, **options) as client:
            for number in range(arguments.refreshes):
                change(server, chance, number)
                sweeps = number % _SWEEP_EVERY == 0 or number == arguments.refreshes - 1
                df = client.refresh(full=sweeps, limit=200, progress=False)
                if sweeps:  # a delta cannot tell what was deleted
                    assert df.equals(truth(server)), f"refresh {number}: the table is not the server's truth"
                    statuses.update(request.status for request in server.requests)
                    server._log.clear()  # it is the server's memory, and no part of what is measured
                    gc.collect()
                    memory.append(psutil.Process().memory_info().rss / 1e6)
            versions = len(client.history())
    total = statuses.total()
    print(
        f"{arguments.refreshes} refreshes in {time.monotonic() - began:.0f} s, {total} requests, of them "
        f"{statuses[503] / total:.1%} answered 503, {statuses[0] / total:.1%} reset, "
        f"{statuses[429] / total:.1%} answered 429; the table is the server's truth, "
        f"{versions} versions in the history\n"
        f"resident memory in MB, every {_SWEEP_EVERY} refreshes: {', '.join(f'{one:.0f}' for one in memory)}",
        flush=True,
    )


def faults(script):
    """Give each way to fail with the share of the requests that it is for."""
    return [
        (lambda **when: script.fail(503, **when), 0.02),
        (lambda **when: script.drop(reset=True, **when), 0.02),
        (lambda **when: script.fail(429, **when), 0.05),
    ]


def change(server, chance, number):
    """Retitle, reschedule, insert and delete some rows; their number stays the same."""
    rows = server.milestones()
    for row in chance.sample(rows, 3):
        server.update(row["id"], title=f"title {number}")
    moved, copied, deleted = chance.sample(rows, 3)
    shift = chance.choice([-400, -1, 1, 400])
    server.reschedule(moved["id"], dt.timedelta(days=shift))
    server.add({**copied, "id": f"new-{number}"})
    server.delete(deleted["id"])


if __name__ == "__main__":
    warnings.simplefilter("error", mk.MilestoneKitWarning)
    main()
