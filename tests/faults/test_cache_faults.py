"""Faults 31 to 35: caches that are locked, shared, cut off, damaged, planted, full or read-only."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import signal
import sqlite3
import subprocess
import sys
import time
import warnings

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.core.settings import Patience
from milestone_kit.sandbox import serve
from milestone_kit.storage.blocks import facts_of, open_rows, write_blocks
from milestone_kit.table.schema import ATTRS_KEY
from tests.conftest import NIGHTLY
from tests.faults.bench import truth
from tests.faults.kills import kill_fetches

KILLS = int(os.environ.get("MILESTONE_KIT_KILLS", "100" if NIGHTLY else "15"))


HOLD = """
import select, sqlite3, sys
import filelock
held = []
for path in sys.argv[1:]:
    if path.endswith(".lock"):
        lock = filelock.FileLock(path)
        lock.acquire()
        held.append(lock)
    else:
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("BEGIN EXCLUSIVE")
        held.append(database)
print("held", flush=True)
select.select([sys.stdin], [], [], 30)
"""


@contextlib.contextmanager
def held_by_another_process(*paths):
    command = [sys.executable, "-c", HOLD, *map(str, paths)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield
        process.stdin.close()


@pytest.fixture
def hurried(make_client, server):
    """A client with the stated bounds made short: what is tested is that each is kept, not how long it is."""
    stated = Patience()
    assert (stated.other_walk, stated.other_record, stated.answers_file) == (300.0, 30.0, 3.0)
    short = Patience(page=0.0, other_walk=0.2, other_record=0.2, answers_file=0.2)
    return make_client(server.url, patience=short)


def test_fault_31_single_answers_are_locked(hurried, server, tmp_path):
    client = hurried
    client.get_competitions()
    id_ = server.milestones()[0]["id"]
    with held_by_another_process(client._cache.answers_path):
        began = time.monotonic()
        with pytest.warns(mk.CacheWarning, match=r"locked\); answers are not cached"):
            row = client.get_milestone(id_)
        assert time.monotonic() - began < 15
        assert row["id"] == id_
        assert client.get_milestone(id_)["id"] == id_, "once it was said, nothing waits again"


def test_fault_31_walk_and_history_are_locked(hurried, server, tmp_path):
    client = hurried
    client.get_milestones(limit=500)
    locks = sorted((tmp_path / "cache").rglob("*.lock"))
    assert len(locks) == 3  # the walk's, the history's, that of what was learned of durations
    server.update(server.milestones()[0]["id"], title="new")
    with held_by_another_process(*locks):
        began = time.monotonic()
        with pytest.warns(mk.CacheWarning, match="could not be had") as caught:
            df = client.refresh()
        assert time.monotonic() - began < 15
    pd.testing.assert_frame_equal(df, truth(server))
    said = " ".join(str(warning.message) for warning in caught)
    assert "walking without it" in said
    assert "nothing was recorded" in said


def test_fault_31_pages_of_a_walk_are_locked(hurried, server, tmp_path):
    client = hurried
    server.script.fail(500, page=3)
    with pytest.raises(mk.IncompleteError):
        client.get_milestones()
    server.script.clear()
    (pages,) = (tmp_path / "cache" / "walks").glob("*.sqlite")
    with held_by_another_process(pages):
        began = time.monotonic()
        with pytest.warns(mk.CacheWarning, match="not cached"):
            df = client.get_milestones()
        assert time.monotonic() - began < 15
    pd.testing.assert_frame_equal(df, truth(server))


FETCH = """
import sys
import milestone_kit as mk
with mk.MilestoneClient(base_url=sys.argv[1], cache_dir=sys.argv[2], requests_per_second=1000) as client:
    df = client.get_milestones()
print(len(df), df["id"].is_unique, df.attrs["milestone_kit"]["complete"])
"""


def test_fault_32_two_kernels_on_one_cold_cache(server, tmp_path, walked):
    server.script.delay(0.3)
    command = [sys.executable, "-c", FETCH, server.url, str(tmp_path / "cache")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    everybody = [subprocess.Popen(command, **pipes) for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in everybody]
    assert answers == [("1200 True True\n", "")] * 2
    assert sorted(walked()) == [1, 2, 3], "one walk for both"


def test_fault_32_six_processes_on_one_cold_cache(server, tmp_path, walked, forker):
    server.script.delay(0.05)
    pids = [forker.begin("get", server.url, tmp_path / "cache", 1) for _ in range(6)]
    assert [forker.end(pid) for pid in pids] == [0] * 6
    assert [forker.said[pid] for pid in pids] == ["(1200, True, True)"] * 6
    expected = [1, *range(1, 25)]  # what may follow the last page begins a list of its own
    assert sorted(walked()) == expected, "one walk of 24 pages for all"


def test_fault_33_kill_9_at_any_moment(tmp_path, make_client, forker):
    """Walks on a cold and a warm cache, walks gone on with, deltas, publishing, merging: all cut off."""
    with serve(rows=400, still=True) as server, warnings.catch_warnings():
        warnings.simplefilter("error")  # what a kill leaves behind is nothing to warn of
        counts = kill_fetches(server, tmp_path, forker, make_client, kills=KILLS)
    assert counts["killed"] >= KILLS


def test_fault_33_kill_9_between_snapshot_and_history(tmp_path, make_client, forker):
    """A version that a snapshot shows would not be asked for again: it is in the history before."""
    folder = tmp_path / "cache"
    with serve(rows=400, still=True) as server:
        first = forker.begin("sweep", server.url, folder)
        assert forker.end(first) == 0
        client = make_client(server.url, cache_dir=folder)
        before = client.get_milestones(offline=True)
        server.update(before["id"][0], title="new")
        (lock,) = folder.glob("history/*/writer.lock")
        with held_by_another_process(lock):
            pid = forker.begin("refresh", server.url, folder)
            written = time.monotonic() + 20
            while time.monotonic() < written:
                if any(folder.glob("snapshots/.new-*")):  # its move waits for the history
                    written = min(written, time.monotonic() + 0.3)
                if client.get_milestones(offline=True)["title"][0] == "new":
                    break
            os.kill(pid, signal.SIGKILL)
            assert forker.end(pid) == -signal.SIGKILL
        pd.testing.assert_frame_equal(client.get_milestones(offline=True), before)
        last = forker.begin("refresh", server.url, folder)
        assert forker.end(last) == 0
        pd.testing.assert_frame_equal(client.get_milestones(offline=True), truth(server))
        assert sorted(client.history(before["id"][0])["title"]) == sorted(["new", before["title"][0]])


GARBAGE = {
    "garbage": b"garbage" * 1000,
    "an empty file": b"",
    "half a header": b"SQLite format 3\x00" + b"\xff" * 5000,
}


@pytest.mark.parametrize("content", GARBAGE)
def test_fault_34_database_of_garbage(client, server, tmp_path, recwarn, content):
    path = client._cache.answers_path
    path.parent.mkdir()
    path.write_bytes(GARBAGE[content])
    row = server.milestones()[0]
    assert client.get_milestone(row["id"])["title"] == row["title"]
    assert client.get_milestone(row["id"])["title"] == row["title"]
    assert len(server.requests) == 1
    if GARBAGE[content]:
        assert path.with_name(f"{path.name}.bad").read_bytes() == GARBAGE[content]
        (said,) = recwarn
        assert said.category is mk.CacheWarning
        assert f"put aside as {path.name}.bad" in str(said.message)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_fault_34_truncated_database(client, server, tmp_path, recwarn, share):
    rows = server.milestones()[:40]
    for row in rows:
        client.get_milestone(row["id"])
    client.close()
    path = client._cache.answers_path
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    for row in rows:
        assert client.get_milestone(row["id"])["title"] == row["title"]
    assert {warning.category for warning in recwarn} == {mk.CacheWarning}
    assert path.with_name(f"{path.name}.bad").exists()


class Planted:
    """A pickle that leaves a mark when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (self.path.touch, ())


@pytest.mark.parametrize("place", ["answers", "pages"])
def test_fault_34_planted_pickle_or_tampered_row(client, server, tmp_path, place):
    id_ = server.milestones()[0]["id"]
    server.script.fail(500, page=3)
    with pytest.raises(mk.IncompleteError):
        client.get_milestones()
    client.get_milestone(id_)
    server.script.clear()
    client.close()
    name = "answers-*.sqlite" if place == "answers" else "walks/*.sqlite"
    (path,) = (tmp_path / "cache").glob(name)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        rows = database.execute("SELECT key, value FROM responses").fetchall()
        planted = pickle.dumps(Planted(tmp_path / "ran"))
        for number, (key, value) in enumerate(rows):
            tampered = value.replace(b'"title":"', b'"title":"tampered ')
            assert tampered != value
            database.execute(
                "UPDATE responses SET value = ? WHERE key = ?", (tampered if number else planted, key)
            )
        if place == "answers":
            database.execute("UPDATE responses SET value = ?", (tampered,))
    asked = len(server.requests)
    with pytest.warns(mk.CacheWarning, match=r"not usable.*asked for again"):
        df = client.get_milestone(id_).to_frame().T if place == "answers" else client.get_milestones()
    assert df["title"].tolist() == truth(server)["title"].head(len(df)).tolist()
    assert (place, len(df)) in {("answers", 1), ("pages", 1200)}
    assert len(server.requests) > asked
    assert not (tmp_path / "ran").exists()


def snapshot(folder):
    (path,) = (folder / "cache" / "snapshots").glob("*.blocks")
    return path


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_fault_34_truncated_snapshot(client, server, tmp_path, share):
    client.get_milestones()
    path = snapshot(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.warns(mk.CacheWarning, match=r"not usable.*put aside as .*\.bad"):
        df = client.get_milestones()
    pd.testing.assert_frame_equal(df, truth(server))
    pd.testing.assert_frame_equal(client.get_milestones(offline=True), df)
    assert path.with_name(path.name + ".bad").exists()


def test_fault_34_snapshot_of_a_newer_version(client, server, tmp_path):
    client.get_milestones()
    path = snapshot(tmp_path)
    with path.open("rb", buffering=0) as file:
        table = open_rows(file).read_all()
    with path.open("wb") as file:
        write_blocks(file, [table], facts_of(table) | {"format": 3}, format=3, packed=False)
    with (
        pytest.warns(mk.CacheWarning, match="written by another version of milestone_kit"),
        pytest.raises(mk.OfflineError, match="ask once without offline"),
    ):
        client.get_milestones(offline=True)
    with pytest.warns(mk.CacheWarning, match="written by another version of milestone_kit"):
        pd.testing.assert_frame_equal(client.get_milestones(), truth(server))


@contextlib.contextmanager
def mounted(folder, *options):
    """Mount a small file system of its own on a folder; None where that is not permitted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    try:
        is_mounted = (
            os.geteuid() == 0 and not subprocess.run(command, capture_output=True, check=False).returncode
        )
    except FileNotFoundError:
        is_mounted = False
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def judge_uncached(client, server, words):
    with pytest.warns(mk.CacheWarning) as caught:
        df = client.get_milestones()
    said = [str(warning.message) for warning in caught]
    assert any(re.search(words, one) for one in said), said
    pd.testing.assert_frame_equal(df, truth(server))
    assert df.attrs[ATTRS_KEY]["complete"] is True


def test_fault_35_disk_full(make_client, server, tmp_path, monkeypatch):
    folder = tmp_path / "full"
    with mounted(folder, "size=128k") as is_small:
        if not is_small:  # a disk that is full from the beginning, as far as Python can tell
            monkeypatch.setattr("os.fsync", no_space)
        client = make_client(server.url, cache_dir=folder)
        judge_uncached(client, server, "No space left|disk is full|not cached")
        with pytest.raises(mk.OfflineError):
            make_client(server.url, cache_dir=folder).get_milestones(offline=True)
        assert not list(folder.rglob(".new-*"))
        client.close()


def no_space(*_):
    raise OSError(28, "No space left on device")


def test_fault_35_disk_full_leaves_the_old_snapshot(make_client, server, clock, monkeypatch):
    client = make_client(server.url)
    before = client.get_milestones()
    clock.now += 3601
    server.update(server.milestones()[0]["id"], title="new")
    monkeypatch.setattr("os.fsync", no_space)
    judge_uncached(client, server, r"No space left on device\); the answer is not cached")
    pd.testing.assert_frame_equal(client.get_milestones(offline=True), before)


def test_fault_35_folder_read_only(make_client, server, tmp_path, monkeypatch):
    folder = tmp_path / "locked"
    with mounted(folder, "ro") as is_read_only:
        if not is_read_only:
            folder.chmod(0o500)
            if os.geteuid() == 0:  # to root no folder is read-only
                folder.rmdir()
                folder.write_text("a file where the folder should be")
        client = make_client(server.url, cache_dir=folder)
        judge_uncached(client, server, "not cached")
        with pytest.warns(mk.CacheWarning, match="not cached"):
            assert client.get_milestone(server.milestones()[0]["id"])["id"] == server.milestones()[0]["id"]
        assert not list(folder.iterdir() if folder.is_dir() else [])
        client.close()
    if folder.is_dir():
        folder.chmod(0o700)
