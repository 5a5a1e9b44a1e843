"""Fault 49: a pipe or a device is written into, or refused, and stays what it is."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.export.csv import csv_text, write_whole

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")

WRITE = """
import sys
import milestone_kit as mk
print("first")
mk.to_csv(mk.sample_milestones(5), sys.argv[1])
print("last")
"""


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.fixture
def heard(pipe):
    """Read what comes out of the pipe; call it to have all."""
    found = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    reader.start()

    def wait():
        reader.join(30)
        return found[0]

    return wait


def written(write, path):
    """Write once the reader is there, which takes a moment that nobody can tell."""
    for _ in range(100_000):
        try:
            return write(path)
        except mk.QueryError:
            continue
    raise AssertionError("no reader came")


def test_fault_49_csv_into_a_pipe(pipe, heard):
    df = mk.sample_milestones(5000)
    assert written(lambda path: mk.to_csv(df, path), pipe) == pipe
    assert heard().decode() == csv_text(df)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_fault_49_parquet_into_a_pipe(pipe, heard, tmp_path):
    df = mk.sample_milestones(50)
    written(lambda path: mk.to_parquet(df, path), pipe)
    (tmp_path / "m.parquet").write_bytes(heard())
    pd.testing.assert_frame_equal(mk.read_parquet(tmp_path / "m.parquet"), df)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_fault_49_page_into_a_pipe_behind_a_link(pipe, heard, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(pipe)
    written(lambda path: write_whole(path, lambda sink: sink.write(b"page" * 100_000)), link)
    assert heard() == b"page" * 100_000
    assert link.is_symlink()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_fault_49_pipe_that_nobody_reads_and_folder_in_the_place_of_a_pipe(pipe, tmp_path):
    for write in (mk.to_csv, mk.to_parquet):
        with pytest.raises(mk.QueryError, match="nobody reads from this pipe"):
            write(mk.sample_milestones(5), pipe)
    with pytest.raises(mk.QueryError, match="something else"):
        mk.to_parquet(mk.sample_milestones(5), pipe, partition_by="year")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]


def test_fault_49_the_empty_device():
    before = Path(os.devnull).stat()
    for write in (mk.to_csv, mk.to_parquet):
        write(mk.sample_milestones(5), os.devnull)
    after = Path(os.devnull).stat()
    assert (before.st_mode, before.st_rdev, before.st_ino) == (after.st_mode, after.st_rdev, after.st_ino)


def test_fault_49_a_reader_who_is_asked_for_a_table(pipe):
    with pytest.raises(mk.QueryError, match="no file"):
        mk.read_csv(pipe)
    with pytest.raises(mk.QueryError, match="no file"):
        mk.read_parquet(pipe)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("behind", ["pipe", "file"])
def test_fault_49_standard_output(tmp_path, run_python, name, behind):
    """What the shell directed our output to gets all of it, in order, be it a pipe or a file."""
    if not Path(name).exists():
        pytest.skip(f"this system has no {name}")
    if behind == "pipe":
        ours, theirs = os.pipe()
        with os.fdopen(ours, "rb") as read, os.fdopen(theirs, "wb") as written:
            done = run_python(["-c", WRITE, name], stdout=written)
            written.close()
            text = read.read()
    else:
        (tmp_path / "out").write_bytes(b"kept\n")
        with (tmp_path / "out").open("ab") as sink:
            done = run_python(["-c", WRITE, name], stdout=sink)
        text = (tmp_path / "out").read_bytes().removeprefix(b"kept\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert text.decode() == f"first\n{csv_text(mk.sample_milestones(5))}last\n"
