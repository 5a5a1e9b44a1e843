"""Fetches that are killed at random moments: whatever the moment, nothing that was there is lost."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter

import milestone_kit as mk
from tests.faults.bench import truth

__all__ = ["kill_fetches"]


class _Folder:
    """One cache whose fetches are killed at random moments, and which is opened after each."""

    def __init__(self, server, folder, forker, chance, counts):
        self.server, self.folder, self.forker, self.chance = server, folder, forker, chance
        self.before = None
        self.counts = counts

    def change(self):
        """Change the server so that no two of its states look the same."""
        for row in self.chance.sample(self.server.milestones(), 5):
            self.server.update(row["id"], title=f"title {self.chance.random()}")

    def kill(self, job, seconds):
        """Run a job and kill it some time after it began, if it lasts as long; return whether it did."""
        pid = self.forker.begin(job, self.server.url, self.folder)
        time.sleep(self.chance.uniform(0, seconds))  # any moment: this is what is tested
        os.kill(pid, signal.SIGKILL)
        was_killed = self.forker.end(pid) == -signal.SIGKILL
        self.counts["killed"] += was_killed
        return was_killed

    def look(self, client, after):
        """Open the cache offline; what is there must be the old table or the new one, whole."""
        try:
            df = client.get_milestones(offline=True)
        except mk.OfflineError:
            assert self.before is None, "the old answer is gone"
            self.counts["none yet"] += 1
            return
        is_new = df.equals(after)
        is_old = self.before is not None and df.equals(self.before)
        assert is_old or is_new, "neither the old table nor the new one"
        self.counts["new"] += is_new
        self.counts["old"] += not is_new
        versions = client.history()
        shown = set(zip(df["id"], df["title"], strict=True))
        assert shown <= set(zip(versions["id"], versions["title"], strict=True)), (
            "shown, but not in the history"
        )
        self.before = df


def kill_fetches(server, folder, forker, make_client, *, kills, seed=33):
    """Kill that many fetches, in a new cache for every ten; return how the caches were found.

    Parameters
    ----------
    server : SandboxServer
        Is changed before each fetch.
    folder : Path
        Where caches are made.
    forker : Forker
        Runs the fetches.
    make_client : callable
        Takes the server's address and `cache_dir`; gives the client that opens the cache.
    kills, seed : int
        How many; and of which random moments.
    """
    chance, counts = random.Random(seed), Counter()
    seconds = dict.fromkeys(("get", "sweep", "refresh"), 0.2)
    while counts["killed"] < kills:
        one = _Folder(server, folder / str(counts["tried"]), forker, chance, counts)
        client = make_client(server.url, cache_dir=one.folder)
        for number in range(10):
            one.change()
            job = "get" if one.before is None else "refresh" if number % 3 else "sweep"
            # so that some end just before they would be killed, whatever the machine's speed
            seconds[job] *= 1.1 if one.kill(job, seconds[job]) else 0.7
            one.look(client, truth(server))
        last = forker.begin("refresh", server.url, one.folder)
        assert (forker.end(last), forker.said[last]) == (0, str(len(server.milestones())))
        assert client.get_milestones(offline=True).equals(truth(server))
        counts["tried"] += 10
        assert counts["tried"] < 10 * kills + 100, "the fetches end before they can be killed"
    return counts
