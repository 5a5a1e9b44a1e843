"""Files are whole or not there, private, locked for a bounded time, and nothing goes without a word."""

from __future__ import annotations

import stat

import pytest

from milestone_kit.core.files import delete, make_private_folder, quarantine, write_whole
from milestone_kit.errors import CacheWarning


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_every_folder_that_was_not_there_is_private(tmp_path):
    make_private_folder(tmp_path / "a" / "b")
    make_private_folder(tmp_path / "a" / "b")
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path):
    tmp_path.joinpath("file").touch()
    with pytest.raises(FileExistsError):
        make_private_folder(tmp_path / "file")


def test_a_file_takes_its_place_once_all_is_ready(tmp_path):
    path = tmp_path / "new" / "file"
    seen = []
    write_whole(path, lambda file: file.write(b"one"), ready=lambda: seen.append(path.exists()))
    write_whole(path, lambda file: file.write(b"two"), ready=lambda: seen.append(path.read_bytes()))
    assert seen == [False, b"one"]
    assert path.read_bytes() == b"two"
    assert mode(path) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("when", ["writing", "ready"])
def test_a_write_that_fails_leaves_everything_as_it_was(tmp_path, when, error):
    def fail(*_):
        raise error

    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(error):
        write_whole(path, fail if when == "writing" else lambda _: None, ready=fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_for_others_keeps_the_mode_of_the_one_it_replaces(tmp_path):
    path, usual = tmp_path / "file", tmp_path / "usual"
    usual.touch()
    write_whole(path, lambda file: file.write(b"one"), private=False)
    assert mode(path) == mode(usual)
    path.chmod(0o640)
    write_whole(path, lambda file: file.write(b"two"), private=False)
    assert mode(path) == 0o640


def test_a_damaged_file_is_put_aside_or_it_is_said_that_it_could_not_be(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"damaged")
    with pytest.warns(CacheWarning, match=r"not usable \(odd\); it was put aside as file.bad"):
        quarantine(path, "odd")
    assert [one.name for one in tmp_path.iterdir()] == ["file.bad"]
    with pytest.warns(CacheWarning, match="could not be put aside"):
        quarantine(path, "odd")


def test_a_file_that_cannot_be_read_for_now_is_left_as_it_is(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"sound")
    with pytest.warns(CacheWarning, match="Too many open files.*left as it is"):
        quarantine(path, OSError(24, "Too many open files"))
    assert path.read_bytes() == b"sound"


def test_what_cannot_be_deleted_is_named(tmp_path):
    tmp_path.joinpath("file").touch()
    tmp_path.joinpath("folder").mkdir()
    with pytest.warns(CacheWarning, match="folder could not be deleted"):
        delete(tmp_path / "missing", tmp_path / "folder", tmp_path / "file")
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]
