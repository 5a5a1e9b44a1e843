"""The file of names: what is kept, for how long, and what damage costs."""

from __future__ import annotations

import os
import sqlite3
import stat

import pytest

from milestone_kit.errors import CacheWarning
from milestone_kit.storage.target_store import TargetStore
from tests.faults.test_damage_faults import planted_by_another


@pytest.fixture
def make(tmp_path, clock):
    path = tmp_path / "names" / "n.sqlite"
    return lambda **options: TargetStore(path, now=clock, busy_seconds=0.05, **options)


def test_targets_are_given_back_as_they_came(make):
    targets = {"a": {"id": "a", "details": {"short_name": "Zürich"}}, "b": None}
    make().write(targets)
    assert make().read(["a", "b", "c"]) == targets


def test_nothing_is_made_by_reading(make, tmp_path):
    assert make().read(["a"]) == {}
    assert not (tmp_path / "names").exists()


def test_the_file_is_its_owner_s_only(make, tmp_path):
    make().write({"a": None})
    assert stat.S_IMODE((tmp_path / "names" / "n.sqlite").stat().st_mode) == 0o600


def test_the_oldest_go_when_there_are_too_many(make, clock):
    store = make(most=3)
    for number in range(5):
        store.write({f"t{number}": {"id": f"t{number}"}})
        clock.now += 1
    assert list(store.read([f"t{number}" for number in range(5)])) == ["t2", "t3", "t4"]


def test_a_name_from_the_future_is_asked_for_again(make, clock):
    make().write({"a": {"id": "a"}})
    clock.now -= 10
    assert make().read(["a"]) == {}


@pytest.mark.parametrize("body", [b'{"id": "b"}', b"[]", b"{", b"", None])
def test_a_tampered_row_is_told_and_not_used(make, tmp_path, body):
    make().write({"a": {"id": "a"}, "b": {"id": "b"}})
    with sqlite3.connect(tmp_path / "names" / "n.sqlite") as file:
        file.execute("UPDATE targets SET body = ? WHERE id = 'a'", (body,))
    file.close()
    with pytest.warns(CacheWarning, match="1 names .* damaged"):
        assert make().read(["a", "b"]) == {"b": {"id": "b"}}


@pytest.mark.parametrize("content", [b"garbage" * 2000, b"SQLite format 3\0" + b"\0" * 4000])
def test_a_file_that_is_no_database_is_put_aside(make, tmp_path, content):
    path = tmp_path / "names" / "n.sqlite"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.warns(CacheWarning, match="put aside"):
        assert make().read(["a"]) == {}
    make().write({"a": {"id": "a"}})
    assert make().read(["a"]) == {"a": {"id": "a"}}


@pytest.mark.parametrize("columns", ["secret TEXT", "id TEXT"])
def test_somebody_else_s_table_is_put_aside(make, tmp_path, columns):
    path = tmp_path / "names" / "n.sqlite"
    path.parent.mkdir()
    with sqlite3.connect(path) as file:
        file.execute(f"CREATE TABLE targets ({columns})")
    file.close()
    with pytest.warns(CacheWarning, match="put aside"):
        assert make().read(["a"]) == {}


def test_a_lock_is_waited_for_a_moment_and_then_told(make, tmp_path):
    make().write({"a": {"id": "a"}})
    with sqlite3.connect(tmp_path / "names" / "n.sqlite", isolation_level=None) as file:
        file.execute("BEGIN EXCLUSIVE")
        with pytest.warns(CacheWarning, match="cannot be used .*they are asked for again"):
            assert make().read(["a"]) == {}
        with pytest.warns(CacheWarning, match="they are not kept"):
            make().write({"b": None})
        file.execute("ROLLBACK")
    file.close()
    assert make().read(["a"]) == {"a": {"id": "a"}}


def test_a_folder_that_cannot_be_made_is_told(make, tmp_path):
    (tmp_path / "names").write_text("a file in its place")
    with pytest.warns(CacheWarning, match="cannot be used"):
        make().write({"a": None})
    with pytest.warns(CacheWarning, match="cannot be used"):
        assert make().read(["a"]) == {}


@pytest.mark.skipif(os.name != "posix", reason="pipes in folders, and users of files, are POSIX's")
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "another user's"])
def test_what_is_no_file_of_this_user_is_not_used(make, tmp_path, monkeypatch, kind):
    path = tmp_path / "names" / "n.sqlite"
    path.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        make().write({"a": {"id": "a"}})
        planted_by_another(path, monkeypatch)
    with pytest.warns(CacheWarning, match="cannot be used"):
        assert make().read(["a"]) == {}
    with pytest.warns(CacheWarning, match="cannot be used"):
        make().write({"b": None})
