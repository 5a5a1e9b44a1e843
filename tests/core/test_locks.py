"""Locks are had by one at a time, waited for a bounded time, and what cannot be locked costs a warning."""

from __future__ import annotations

import stat

import pytest

from milestone_kit.core.locks import locked
from milestone_kit.errors import CacheWarning


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_lock_is_had_by_one_at_a_time(tmp_path):
    path = tmp_path / "locks" / "one.lock"
    waited = []
    with locked(path, seconds=0.01, otherwise="going on") as first:
        with (
            pytest.warns(CacheWarning, match="could not be had.*; going on"),
            locked(path, seconds=0.01, otherwise="going on", waiting=lambda: waited.append(1)) as second,
        ):
            assert (first, second, waited) == (True, False, [1])
        with (
            pytest.warns(CacheWarning),
            locked(path, seconds=0.01, otherwise="going on") as third,
        ):
            assert not third, "whoever could not have it takes it from nobody"
    with locked(path, seconds=0.01, otherwise="going on") as again:
        assert again
    assert mode(path) == 0o600


def test_a_lock_where_none_can_be_made_costs_a_warning(tmp_path):
    tmp_path.joinpath("file").touch()
    with pytest.warns(CacheWarning, match="cannot be used.*not cached"), locked(
        tmp_path / "file" / "x.lock", seconds=0.01, otherwise="going on"
    ) as had:  # fmt: skip
        assert not had
