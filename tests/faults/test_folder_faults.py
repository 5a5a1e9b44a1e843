"""Cache folders that cannot be used, or not by everybody: a table, and one warning for one cause."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.core.settings import Patience
from milestone_kit.sandbox import serve
from tests.faults.bench import truth
from tests.faults.test_damage_faults import planted_by_another, snapshot

NOBODY = 65_534


@pytest.fixture
def public():
    """A folder in which every user may look."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextlib.contextmanager
def an_ordinary_user():
    """Be nobody for a while, where this process is root, to whom nothing is forbidden."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o000, 0o555], ids=["closed", "read-only"])
@pytest.mark.parametrize("filled", [True, False], ids=["used", "new"])
def test_the_folder_of_another_user_costs_one_warning(make_client, server, public, mode, filled):
    folder = public / "cache"
    make_client(server.url).get_milestones()  # whatever is imported late is imported now
    folder.mkdir()
    if filled:
        make_client(server.url, cache_dir=folder).get_milestones()
    places = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in places:
        path.chmod(mode)
    client = make_client(server.url, cache_dir=folder)
    with an_ordinary_user(), pytest.warns(mk.CacheWarning) as caught:
        df = client.refresh(full=True)
    for path in places:
        path.chmod(0o700)
    pd.testing.assert_frame_equal(df, truth(server))
    assert ["not cached" in str(warning.message) for warning in caught] == [True], [
        str(w.message) for w in caught
    ]


@pytest.mark.parametrize("folder", ["a\0b", "~nosuchuser/cache", "x" * 300, "/tmp/" + "y/" * 2100, "\ud800"])
def test_what_can_be_no_folder_is_refused_at_once(folder):
    with pytest.raises(mk.QueryError, match="cache_dir="):
        mk.MilestoneClient(cache_dir=folder)


@pytest.mark.parametrize("name", ["ENOLCK", "EOPNOTSUPP", "ENOSYS", "EAGAIN"])
def test_a_file_system_without_locks_costs_one_warning_and_no_waiting(make_client, server, monkeypatch, name):
    """Such a system says so, has no such function, or, at its worst, calls every lock held."""
    fcntl = pytest.importorskip("fcntl")

    def flock(*_):
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    monkeypatch.setattr(fcntl, "flock", flock)
    stated = Patience()
    client = make_client(server.url, patience=stated)
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        assert sum(waited) < 1, "nobody is waited for who is not there"

    monkeypatch.setattr("time.sleep", sleep)
    with pytest.warns(mk.CacheWarning, match="knows no locks.*nothing is recorded") as caught:
        df = client.get_milestones()
    assert len(caught) == 1
    pd.testing.assert_frame_equal(df, truth(server))
    pd.testing.assert_frame_equal(client.get_milestones(offline=True), df)
    assert not list(client._cache.folder.rglob("*.lock.*"))


def test_a_file_in_the_place_of_the_folder_costs_one_warning(make_client, server, tmp_path):
    (tmp_path / "file").touch()
    client = make_client(server.url, cache_dir=tmp_path / "file")
    with pytest.warns(mk.CacheWarning, match="the cache cannot be used.*not cached") as caught:
        df = client.get_milestones()
    assert len(caught) == 1
    pd.testing.assert_frame_equal(df, truth(server))


@pytest.mark.skipif(os.name != "posix", reason="files belong to users on POSIX")
def test_a_planted_generation_is_passed_over_for_ones_own(client, server, tmp_path, monkeypatch):
    df = client.get_milestones()
    own = snapshot(tmp_path / "cache")
    planted = own.with_name(own.name.replace("-00000001-", "-00000009-"))
    planted.write_bytes(own.read_bytes())
    if os.geteuid() == 0:
        planted_by_another(planted, monkeypatch)
    else:
        planted.unlink()
        os.mkfifo(planted)
    with pytest.warns(mk.CacheWarning, match="not usable"):
        pd.testing.assert_frame_equal(client.get_milestones(offline=True), df)


def kinds(client):
    return set(client.cache_info()["kind"])


def test_clearing_one_address_leaves_the_others(make_client, server, clock, tmp_path):
    with serve(rows=50, now=clock.moment, still=True) as other:
        ours, theirs = make_client(server.url), make_client(other.url)
        for client, its in ((ours, server), (theirs, other)):
            client.get_milestones()
            client.get_competitions()
            its.script.fail(500, page=2)
            with contextlib.suppress(mk.IncompleteError):
                client.get_milestones(category="Sports", limit=5)
            its.script.clear()
        before, learned = theirs.get_milestones(), sorted(tmp_path.glob("cache/durations/*.json"))
        assert kinds(ours) == kinds(theirs) == {"snapshot", "unfinished walk", "answers", "history"}
        ours.clear_cache(history=True)
        assert kinds(ours) == set()
        assert kinds(theirs) == {"snapshot", "unfinished walk", "answers", "history"}
        pd.testing.assert_frame_equal(theirs.get_milestones(offline=True), before)
        assert len(theirs.get_competitions(offline=True))
        assert len(learned) == 2
        assert len(list(tmp_path.glob("cache/durations/*.json"))) == 1
        theirs.clear_cache(history=True)
        kept = [path for path in tmp_path.glob("cache/**/*") if path.is_file() and path.suffix != ".lock"]
        assert kept == []
