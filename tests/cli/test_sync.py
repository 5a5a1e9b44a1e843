"""`milestone-kit sync` and `changes`: processes of their own, on one cache folder, as cron runs them."""

import datetime as dt
import io
import re

import pandas as pd
import pytest

from tests.cli.conftest import only_line


@pytest.fixture
def sync(run, server):
    return lambda *words: run("sync", "--base-url", server.url, *words)


@pytest.fixture
def changes(run, server):
    return lambda *words, **more: run("changes", "--base-url", server.url, *words, **more)


@pytest.fixture
def ids(server):
    """Rows without an end: a reschedule moves their start only."""
    return [milestone["id"] for milestone in server.milestones() if milestone.get("end_date") is None]


def test_sync_counts_what_is_new_and_changes_tells_it(sync, changes, server, ids):
    assert sync().stdout == f"1,200 milestones of {server.url}: the first sync\n"
    assert sync().stdout == f"1,200 milestones of {server.url}: nothing changed\n"
    server.update(ids[0], title="Another title")
    server.reschedule(ids[1], dt.timedelta(hours=2))
    server.delete(ids[2])
    done = sync("--full")
    assert (done.returncode, done.stderr) == (0, "")
    counts = "0 added, 2 changed (1 of them rescheduled), 1 removed"
    assert done.stdout == f"1,199 milestones of {server.url}: {counts}\n"
    asked = len(server.requests)
    lines = {re.split(r"  +", line)[1]: line for line in changes().stdout.splitlines()}
    assert len(server.requests) == asked
    assert set(lines) == {ids[0], ids[1], ids[2]}
    assert lines[ids[0]].endswith(" -> Another title")
    assert lines[ids[1]].endswith(" (+0 days 02:00:00)")
    assert lines[ids[2]].endswith("  deleted")


def test_sync_asks_only_for_what_changed(sync, server, ids):
    sync()
    server.update(ids[0], title="Another title")
    asked = len(server.requests)
    assert "0 added, 1 changed" in sync().stdout
    assert len(server.requests) == asked + 1


def test_a_quiet_sync_speaks_only_of_news(sync, server, ids):
    sync()
    assert sync("--quiet").stdout == ""
    server.update(ids[0], title="Another title")
    assert "1 changed" in sync("--quiet").stdout


def test_changes_can_be_narrowed_and_taken_away_as_csv(sync, changes, server, ids, tmp_path):
    sync()
    server.update(ids[0], title="=Another title")
    server.reschedule(ids[1], dt.timedelta(hours=-2))
    sync()
    assert only_line(changes("--csv", "c.csv").stderr).endswith("wrote 2 changes to c.csv")
    table = pd.read_csv(tmp_path / "c.csv")
    assert list(table.columns) == ["id", "title", "field", "before", "after", "seen_at", "shift"]
    assert set(table["field"]) == {"title", "start_date"}
    piped = changes("--field", "start_date", "--csv", "-", text=False).stdout
    assert pd.read_csv(io.BytesIO(piped))["shift"].tolist() == [-7200]
    assert len(changes("--since", "1h").stdout.splitlines()) == 2
    nothing = changes("--since", "2100-01-01")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "no changes" in only_line(nothing.stderr)


def test_a_sync_that_fails_ends_with_one(sync, server):
    server.script.fail(401)
    done = sync()
    assert (done.returncode, done.stdout) == (1, "")
    only_line(done.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ("sync", "--limit", 0),
        ("changes", "--since", "soon"),
        ("changes", "--since", "99999999999999d"),
        ("changes", "--field", "leage"),
        ("changes", "--competition", "NBA"),
    ],
)
def test_what_cannot_be_used_ends_with_two(run, words):
    done = run(*words)
    assert done.returncode == 2
    assert words[1].removeprefix("--") in done.stderr
