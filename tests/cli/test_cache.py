"""`milestone-kit cache clear`: of one address with --base-url, of all without."""

from __future__ import annotations

import pytest

from milestone_kit.cli import main
from milestone_kit.sandbox import serve


@pytest.fixture
def filled(make_client, server, clock, tmp_path):
    """A cache with answers of two addresses; the options that name it."""
    with serve(rows=20, now=clock.moment, still=True) as other:
        for url in (server.url, other.url):
            client = make_client(url)
            client.get_milestones()
            client.get_competitions()
            client.close()
        yield server.url, other.url, ["--cache-dir", str(tmp_path / "cache")]


def test_clearing_with_an_address_clears_that_one_only(filled, make_client, capsys):
    ours, theirs, folder = filled
    assert main(["cache", "clear", "--base-url", ours, *folder]) == 0
    assert capsys.readouterr().out.startswith("deleted 2 files, ")
    assert set(make_client(ours).cache_info()["kind"]) == {"history"}
    assert set(make_client(theirs).cache_info()["kind"]) == {"snapshot", "answers", "history"}


@pytest.mark.parametrize("history", [False, True])
def test_clearing_without_an_address_clears_all(filled, make_client, capsys, monkeypatch, history):
    ours, theirs, folder = filled
    monkeypatch.setenv("MILESTONE_KIT_BASE_URL", ours)
    assert main(["cache", "clear", *(["--history"] if history else []), *folder]) == 0
    told = capsys.readouterr().out
    # a snapshot, answers with their journal and learned durations of each address, and its history
    assert told.startswith(f"deleted {10 if history else 8} files, ")
    assert told.endswith("kept for all addresses\n")
    for url in (ours, theirs):
        assert set(make_client(url).cache_info()["kind"]) == (set() if history else {"history"})
