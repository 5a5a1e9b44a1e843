"""Saved views and the watchlist, two files that people can read."""

from __future__ import annotations

import json
import os
import stat

import pytest

from milestone_kit.errors import CacheError
from milestone_kit.storage.panel_store import PanelStore

EVENING = {"group": "league", "window": "next 6 h"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def store(folder):
    return PanelStore(lambda: folder)


def test_views_are_kept_by_name_in_their_order_until_they_are_forgotten(store, folder):
    assert store.views() == ({}, "")
    store.keep_view("evening", {})
    store.keep_view("Wahl – Überblick", {"tz": "Europe/Berlin"})
    store.keep_view("evening", EVENING)
    assert list(PanelStore(lambda: folder).views().views.items()) == [
        ("evening", EVENING),
        ("Wahl – Überblick", {"tz": "Europe/Berlin"}),
    ]
    store.forget_view("evening")
    store.forget_view("never there")
    assert list(store.views().views) == ["Wahl – Überblick"]


def test_a_watchlist_is_kept_and_both_files_are_private_and_can_be_read_by_people(store, folder):
    store.keep_watch(["KXNBAGAME", "m1"])
    store.keep_view("Überblick", EVENING)
    assert store.watch() == (["KXNBAGAME", "m1"], "")
    text = (folder / "panel" / "views.json").read_text(encoding="utf-8")
    assert '  "views": {\n    "Überblick": {\n' in text
    if os.name == "posix":
        assert stat.S_IMODE((folder / "panel").stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "panel" / "watch.json").stat().st_mode) == 0o600


def test_what_a_later_version_wrote_beside_stays(store, folder):
    store.keep_view("a", {"agenda": {"deep": [1]}})
    path = folder / "panel" / "views.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 7, "order": ["a"]}))
    store.keep_view("b", {})
    kept = json.loads(path.read_text())
    assert (kept["format"], kept["order"], list(kept["views"])) == (7, ["a"], ["a", "b"])
    assert store.views().views["a"] == {"agenda": {"deep": [1]}}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"views": []}',
        b'{"views": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"views": {}}' + b" " * 2_000_000,
    ],
)
def test_a_damaged_file_is_put_aside_and_said_and_the_next_view_is_kept(store, folder, text):
    store.keep_view("a", {})
    path = folder / "panel" / "views.json"
    path.write_bytes(text)
    views, note = store.views()
    assert views == {}
    assert "views.json is not usable" in note
    assert "put aside as views.json.bad" in note
    assert path.with_name("views.json.bad").read_bytes() == text
    assert store.views() == ({}, "")
    path.write_bytes(text)
    store.keep_view("b", {})
    assert list(store.views().views) == ["b"]


def test_entries_that_are_none_are_left_out_and_named(store, folder):
    store.keep_view("a", EVENING)
    path = folder / "panel" / "views.json"
    path.write_text(json.dumps({"views": {"a": EVENING, "b": 5}}))
    views, note = store.views()
    assert views == {"a": EVENING}
    assert "'b'" in note
    (folder / "panel" / "watch.json").write_text('{"watch": ["x", 5, null]}')
    watch, note = store.watch()
    assert watch == ["x"]
    assert "left out" in note


@pytest.mark.skipif(os.name != "posix", reason="pipes in folders are POSIX's")
def test_a_pipe_in_the_place_of_the_watchlist_is_put_aside_and_nobody_waits_for_it(store, folder):
    store.keep_watch(["x"])
    path = folder / "panel" / "watch.json"
    path.unlink()
    os.mkfifo(path)
    watch, note = store.watch()
    assert watch == []
    assert "pipe" in note


def test_a_folder_that_cannot_be_made_ends_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    store = PanelStore(lambda: tmp_path / "file" / "cache")
    for keep in (lambda: store.keep_view("a", {}), lambda: store.keep_watch(["x"])):
        with pytest.raises(CacheError, match=r"views\.json|watch\.json") as caught:
            keep()
        assert "could not be written" in str(caught.value)
        assert "\n" not in str(caught.value)
    views, note = store.views()
    assert views == {}
    assert note == "" or "could not be read" in note


@pytest.mark.skipif(os.name != "posix", reason="links that lead nowhere are POSIX's")
def test_a_file_that_the_system_refuses_to_give_is_left_as_it_is(store, folder):
    store.keep_view("a", EVENING)
    path = folder / "panel" / "views.json"
    path.unlink()
    path.symlink_to(path)
    assert "could not be read" in store.views().note
    with pytest.raises(CacheError):
        store.keep_view("b", {})
    assert path.is_symlink()
