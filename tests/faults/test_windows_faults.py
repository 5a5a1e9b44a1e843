"""On Windows what is open can be neither replaced nor deleted: nothing is lost, and every refresh is kept.

A simulated file layer refuses it; see `windows`.
"""

from __future__ import annotations

import contextlib
import sys

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.core.query import Query
from milestone_kit.sandbox import serve
from milestone_kit.storage.history import History
from tests.faults.bench import truth
from tests.faults.windows import is_held, refuse_as_windows_does, strange_names
from tests.storage.test_history import URL, indexed, rows

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the simulated layer looks into /proc")


@pytest.fixture
def refused(monkeypatch):
    return refuse_as_windows_does(monkeypatch)


@pytest.fixture
def small(clock):
    with serve(rows=60, now=clock.moment, still=True) as running:
        yield running


def test_the_layer_refuses_what_is_open_and_nothing_else(refused, tmp_path):
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_text("1")
    other.write_text("2")
    with path.open(), pytest.raises(PermissionError):
        other.replace(path)
    with path.open(), pytest.raises(PermissionError):
        path.unlink()
    assert [what for what, _ in refused] == ["replace", "unlink"]
    other.replace(path)
    assert not is_held(path)


def test_many_refreshes_with_all_their_tables_alive_are_kept(make_client, small, refused, tmp_path):
    client = make_client(small.url)
    tables = [client.get_milestones(limit=10)]
    for number in range(20):
        small.update(small.milestones()[number]["id"], title=f"title {number}")
        tables.append(client.refresh())
        kept = make_client(small.url).get_milestones(offline=True)
        pd.testing.assert_frame_equal(kept, tables[-1])
    assert refused == []
    assert len(client.changes()) == 20
    assert len(list(tmp_path.glob("cache/snapshots/*"))) == 1
    assert strange_names(tmp_path / "cache") == []


def test_refreshes_are_kept_while_a_program_holds_every_file(make_client, small, refused, tmp_path):
    client = make_client(small.url)
    client.get_milestones()
    with contextlib.ExitStack() as held:
        for number in range(5):
            for path in tmp_path.glob("cache/snapshots/*"):
                held.enter_context(path.open("rb"))
            small.update(small.milestones()[number]["id"], title=f"title {number}")
            pd.testing.assert_frame_equal(client.refresh(), truth(small))
            pd.testing.assert_frame_equal(client.get_milestones(offline=True), truth(small))
        assert len(list(tmp_path.glob("cache/snapshots/*"))) == 6
        assert refused
    small.update(small.milestones()[9]["id"], title="last")
    client.refresh()
    assert len(list(tmp_path.glob("cache/snapshots/*"))) == 1, "what was held then goes now"


def test_what_was_held_goes_when_the_cache_is_tidied(make_client, small, refused, tmp_path, clock):
    client = make_client(small.url)
    client.get_milestones()
    (old,) = tmp_path.glob("cache/snapshots/*")
    with old.open("rb"):
        client.refresh()
    assert old.exists()
    client._cache.prune(now=clock.now, keep=3600, max_bytes=10**9)
    assert not old.exists()
    assert len(client.get_milestones(offline=True)) == 60


def test_a_snapshot_that_vanishes_while_it_is_looked_for_is_looked_for_again(make_client, small, monkeypatch):
    """A reader that has listed the folder meets a writer that deletes what it listed."""
    client = make_client(small.url)
    client.get_milestones()
    folder = client._cache._snapshots
    generations = folder._generations(client._cache.key(Query.of()))
    listed, usual = [], type(generations).newest_first

    def newest_first(self):
        found = usual(self)
        if not listed:
            listed.append(found)
            small.update(small.milestones()[0]["id"], title="new")
            make_client(small.url).refresh()
        return found

    monkeypatch.setattr(type(generations), "newest_first", newest_first)
    assert client.get_milestones(offline=True)["title"].eq("new").sum() == 1
    assert not listed[0][0].exists()


def test_the_history_and_its_index_grow_while_their_files_are_held(tmp_path, refused):
    history = History(tmp_path, URL, index_after=0)
    some = indexed(history)
    with contextlib.ExitStack() as held:
        for number in range(24):
            for path in history.folder.glob("*.blocks"):
                held.enter_context(path.open("rb"))
            some = rows({"id": "a", "title": f"title {number}"}, {"id": "b"})
            assert history.record(some, seen_at=10 + number, complete=True) == 1
            assert history.versions("a")["title"].iloc[-1] == f"title {number}"
        assert refused
    history.record(some, seen_at=50, complete=True)
    history.record(rows({"id": "a"}, {"id": "b"}), seen_at=51, complete=True)
    assert len(history.versions()) == 28
    assert len(list(history.folder.glob("*.blocks"))) < 30
    assert len(list(history.folder.glob("heads-*"))) == 1


def test_a_file_that_is_held_for_a_moment_is_waited_for(tmp_path, refused, monkeypatch):
    path = tmp_path / "out.csv"
    path.write_text("old")
    held = path.open()
    monkeypatch.setattr("time.sleep", lambda _: held.close())
    mk.to_csv(mk.sample_milestones(3), path)
    assert len(mk.read_csv(path)) == 3
    assert len(refused) == 1


@pytest.mark.parametrize("write", [mk.to_csv, mk.to_parquet])
def test_exporting_onto_a_file_that_a_program_has_open_says_so(tmp_path, refused, write):
    path = tmp_path / "out"
    path.write_text("old")
    with path.open(), pytest.raises(mk.QueryError, match="is open in a program; close it there"):
        write(mk.sample_milestones(3), path)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_clearing_names_what_is_held_and_deletes_the_rest(make_client, small, refused, tmp_path):
    client = make_client(small.url)
    client.get_milestones()
    client.get_competitions()
    (path,) = tmp_path.glob("cache/snapshots/*")
    with path.open("rb"), pytest.warns(mk.CacheWarning, match="could not be deleted") as caught:
        client.clear_cache(history=True)
    assert len(caught) == 1
    assert [one.name for one in tmp_path.glob("cache/*/*") if one.suffix == ".blocks"] == [path.name]
    client.clear_cache()
    assert not path.exists()


def test_a_damaged_snapshot_that_is_held_is_told_and_the_answer_fetched_again(
    make_client, small, refused, tmp_path
):
    client = make_client(small.url)
    client.get_milestones()
    (path,) = tmp_path.glob("cache/snapshots/*")
    path.write_bytes(b"x" * 5000)
    with path.open("rb"), pytest.warns(mk.CacheWarning, match="could not be put aside"):
        df = client.get_milestones()
    pd.testing.assert_frame_equal(df, truth(small))
    pd.testing.assert_frame_equal(client.get_milestones(offline=True), df)
