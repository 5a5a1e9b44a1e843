from __future__ import annotations

import os

import pytest

import milestone_kit as mk
from milestone_kit.storage.cache_folder import CacheFolder, clear_all
from milestone_kit.storage.doubts import Doubt

HERE, THERE = "https://here.example/v2", "https://there.example/v2"
DOUBT = Doubt(("m1", "m2"), 1_790_000_000.0)


def test_a_doubt_is_kept_until_it_is_forgotten(tmp_path):
    doubts = CacheFolder(tmp_path, HERE).doubts
    assert doubts.read("a") is None
    doubts.write("a", DOUBT)
    assert CacheFolder(tmp_path, HERE).doubts.read("a") == DOUBT
    doubts.forget("a")
    assert doubts.read("a") is None


def test_clearing_forgets_the_doubts_of_that_address_only(tmp_path):
    here, there = CacheFolder(tmp_path, HERE), CacheFolder(tmp_path, THERE)
    for folder in (here, there):
        folder.doubts.write("a", DOUBT)
    here.clear()
    assert here.doubts.read("a") is None
    assert there.doubts.read("a") == DOUBT
    assert clear_all(tmp_path)[0] == 1
    assert there.doubts.read("a") is None


@pytest.mark.skipif(os.name != "posix", reason="pipes in folders are POSIX's")
def test_a_pipe_in_the_place_of_a_doubt_is_no_doubt_and_nobody_waits_for_it(tmp_path):
    doubts = CacheFolder(tmp_path, HERE).doubts
    doubts.write("a", DOUBT)
    (path,) = (tmp_path / "doubts").iterdir()
    path.unlink()
    os.mkfifo(path)
    with pytest.warns(mk.CacheWarning):
        assert doubts.read("a") is None
