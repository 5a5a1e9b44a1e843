"""What disks, sync tools and other users do to the files of the cache: noticed, told, and never served."""

from __future__ import annotations

import os
import subprocess
import sys

import pandas as pd
import pytest

import milestone_kit as mk
from tests.faults.bench import truth

CUT_SHORT = """
import os, sys
import milestone_kit as mk
url, folder, share = sys.argv[1], sys.argv[2], float(sys.argv[3])
with mk.MilestoneClient(base_url=url, cache_dir=folder, requests_per_second=10_000) as client:
    expected = client.get_milestones()
    versions = client.history()
    client.close()
with mk.MilestoneClient(base_url=url, cache_dir=folder) as client:
    loaded, seen = client.get_milestones(offline=True), client.history()
    for place, _, names in os.walk(folder):
        for path in (os.path.join(place, name) for name in names):
            os.truncate(path, int(os.path.getsize(path) * share))
    assert expected.copy(deep=True).equals(loaded), "every cell was touched"
    assert versions.copy(deep=True).equals(seen)
    print(len(loaded), len(seen))
"""


@pytest.mark.parametrize("share", ["0", "0.5"])
def test_files_cut_short_under_a_live_table_bring_nobody_down(server, tmp_path, share):
    command = [sys.executable, "-W", "error", "-c", CUT_SHORT, server.url, str(tmp_path / "cache"), share]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "1200 1200\n"), done.stderr


def snapshot(folder):
    (path,) = folder.glob("snapshots/*.blocks")
    return path


def test_a_flipped_bit_in_a_snapshot_is_told_and_the_answer_fetched_again(client, server, tmp_path, walked):
    before = client.get_milestones()
    path = snapshot(tmp_path / "cache")
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)
    with pytest.warns(mk.CacheWarning, match="not those that were written.*put aside") as caught:
        df = client.get_milestones()
    assert len(caught) == 1
    pd.testing.assert_frame_equal(df, before)
    assert walked() == [1, 2, 3, 1, 2, 3]
    assert client.changes().empty


def test_damage_in_the_history_is_told_and_a_sweep_invents_no_change(client, server, tmp_path):
    client.get_milestones()
    (path,) = tmp_path.glob("cache/history/*/0*.blocks")
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)
    moved = server.milestones()[5]["id"]
    server.update(moved, title="new")
    with pytest.warns(mk.CacheWarning, match="1200 of 1200 versions .* are damaged") as caught:
        client.refresh(full=True)
    assert len(caught) == 1
    assert client.changes().empty, "what was there before is not known any more"
    server.update(moved, title="newer")
    client.refresh()
    assert client.changes()[["before", "after"]].values.tolist() == [["new", "newer"]]


def planted_by_another(path, monkeypatch):
    """Let a file be another user's, or, where nobody but root can do that, this process be one."""
    if os.geteuid() == 0:
        os.chown(path, 12_345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12_345)


@pytest.mark.skipif(os.name != "posix", reason="files belong to users on POSIX")
def test_a_snapshot_planted_by_another_user_is_not_used(client, server, tmp_path, monkeypatch, walked):
    client.get_milestones()
    folder = tmp_path / "cache"
    folder.chmod(0o777)
    planted_by_another(snapshot(folder), monkeypatch)
    with pytest.warns(mk.CacheWarning, match="belongs to another user") as caught:
        df = client.get_milestones()
    assert sum("snapshots" in str(warning.message) for warning in caught) == 1
    pd.testing.assert_frame_equal(df, truth(server))
    assert walked() == [1, 2, 3, 1, 2, 3]


WHAT = {"snapshots/*.blocks": "snapshot", "history/*/0*.blocks": "history", "walks/*.json": "walk"}
WHAT |= {"walks/*.sqlite": "pages", "answers-*.sqlite": "answers", "durations/*.json": "durations"}


@pytest.mark.skipif(os.name != "posix", reason="pipes in folders are POSIX's")
@pytest.mark.parametrize(
    ("what", "kind"),
    [
        *((what, "pipe") for what in WHAT.values()),
        *((what, "folder") for what in ("snapshot", "history", "pages")),
        ("walk", "device"),
    ],
)
def test_a_pipe_a_folder_or_a_device_is_a_miss(make_client, server, tmp_path, what, kind):
    client = make_client(server.url)
    client.get_milestones(category="Sports")
    client.get_competitions()
    server.script.fail(500, page=3)
    with pytest.raises(mk.IncompleteError):
        client.get_milestones()
    server.script.clear()
    if what in {"snapshot", "history", "durations"}:
        client.get_milestones()
    client.close()
    (glob,) = (pattern for pattern, name in WHAT.items() if name == what)
    for path in (tmp_path / "cache").glob(glob):
        path.unlink()
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to("/dev/zero")
    with pytest.warns(mk.CacheWarning):
        df = everything_that_reads(make_client(server.url))
    pd.testing.assert_frame_equal(df, truth(server))


def everything_that_reads(client):
    df = client.get_milestones()
    client.get_competitions()
    client.history()
    client.refresh()
    mk.compute_timeline(df)
    return df
