"""What the tests of the faults share: the server's truth, raw milestones, and processes to be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from milestone_kit.table.frame import milestones_frame


def truth(server):
    """The table that a client must get, sooner or later."""
    return milestones_frame(server.milestones())


def raw(**fields):
    """Give a milestone as the API sends it, with some fields of one's own; None removes nothing."""
    return {
        "id": "m1",
        "category": "Sports",
        "type": "basketball_game",
        "title": "A at B",
        "start_date": "2026-01-15T20:00:00Z",
        "end_date": None,
        "notification_message": "",
        "primary_event_tickers": ["KXGAME-1"],
        "related_event_tickers": ["KXGAME-1", "KXGAME-2"],
        "source_id": None,
        "source_ids": {},
        "details": {"league": "NBA"},
        "last_updated_ts": "2026-01-14T00:00:00Z",
    } | fields


def page(*milestones, cursor=""):
    """Give the body of a page."""
    return json.dumps({"milestones": list(milestones), "cursor": cursor}).encode()


FORKER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from tests.faults.jobs import JOBS
print("ready", flush=True)
for line in sys.stdin:
    what, *words = line.rstrip("\\n").split("\\t")
    if what == "wait":
        print("ended", os.waitpid(int(words[0]), 0)[1], flush=True)
        continue
    pid = os.fork()
    if pid:
        print("began", pid, flush=True)
        continue
    try:
        said = JOBS[what](*words)
    except BaseException as error:
        said = repr(error)
    os.write(1, f"said {os.getpid()} {said}\\n".encode())
    os._exit(0)
"""


class Forker:
    """A process that has imported all there is, and forks one of itself for each job: in milliseconds."""

    def __init__(self):
        command = [sys.executable, "-c", FORKER, str(Path(__file__).parents[2])]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
        )
        self.said = {}
        self._hear("ready")

    def _hear(self, what):
        while True:
            word, *words = self._process.stdout.readline().rstrip("\n").split(" ", 2)
            if word == what:
                return words
            assert word == "said", (word, words)
            self.said[int(words[0])] = words[1]

    def _say(self, *words):
        self._process.stdin.write("\t".join(map(str, words)) + "\n")
        self._process.stdin.flush()

    def begin(self, job, *words):
        """Start a job of `tests.faults.jobs`; return its process id."""
        self._say(job, *words)
        return int(self._hear("began")[0])

    def end(self, pid):
        """Wait for a job; return its status: 0, or minus the signal that ended it. `said` has its answer."""
        self._say("wait", pid)
        return os.waitstatus_to_exitcode(int(self._hear("ended")[0]))

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)
