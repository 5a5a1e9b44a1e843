"""Faults 70 and 71: terminals that lack letters, arguments that mean nothing or too much."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import pandas as pd
import pytest

import milestone_kit as mk
from tests.processes import Forker

NAMES = ["Česko – Ελλάδα", "Спартак", "東京", "שלום", "\U0001f3c0"]


@pytest.fixture(scope="module", params=["cp1252", "ascii:strict"])
def terminal(request):
    """Run commands as in a terminal of an encoding that lacks letters."""
    environment = {"PYTHONIOENCODING": request.param, "PYTHONUTF8": "0"}
    if hasattr(os, "fork"):
        with contextlib.closing(Forker(**environment)) as forker:
            yield lambda *words: forker.run(["-m", "milestone_kit", *words], text=False)
        return
    command, environment = [sys.executable, "-m", "milestone_kit"], os.environ | environment
    yield lambda *words: subprocess.run([*command, *words], capture_output=True, env=environment, check=False)


@pytest.mark.parametrize("words", ["fetch", "fetch --csv -", "sync", "changes", "cache"])
def test_fault_70_terminal_without_these_letters(server, tmp_path, terminal, words):
    place = ["--base-url", server.url, "--cache-dir", str(tmp_path / "cache")]
    with mk.MilestoneClient(base_url=server.url, cache_dir=tmp_path / "cache") as client:
        ids = client.get_milestones()["id"]
        for id_, name in zip(ids, NAMES, strict=False):
            server.update(id_, title=name, category=name)
        client.refresh(full=True)
    done = terminal(*words.split(), *place)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout
    if words in {"fetch", "changes"}:
        assert b"?" in done.stdout
    if "--csv" in words:
        assert all(name.encode() in done.stdout for name in NAMES), "a file is UTF-8"


def test_fault_70_name_in_another_script_as_an_argument(server, tmp_path):
    command = [sys.executable, "-m", "milestone_kit", "fetch", "--category", "東京", "--base-url", server.url]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "MILESTONE_KIT_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0
    assert b"warning: no milestone matches" in done.stderr
    refused = subprocess.run(
        [*command[:3], "fetch", "--no-東京"], capture_output=True, env=environment, timeout=120, check=False
    )
    assert refused.returncode == 2
    assert b"Traceback" not in refused.stderr


@pytest.mark.parametrize("name", ["category", "competition", "type", "source_id", "related_event_ticker"])
def test_fault_71_lone_surrogate_in_a_question(client, server, name):
    for ask in (client.get_milestones, client.refresh, client.iter_pages):
        with pytest.raises(mk.QueryError, match=f"{name}=.*ud800rts' has half a character"):
            ask(**{name: "Spo\ud800rts"})
    assert server.requests == []


def test_fault_71_lone_surrogate_elsewhere(client, server, tmp_path):
    df = mk.sample_milestones(20)
    for ask in (
        client.get_milestone,
        lambda text: client.get_milestones(minimum_start_date=text),
        lambda text: mk.MilestoneClient(base_url=f"https://{text}.example/v2"),
        lambda text: mk.compute_timeline(df, now=text),
        lambda text: mk.to_csv(df, tmp_path / "m.csv", separator=text),
        lambda text: mk.filter_milestones(df, text=text),
        lambda text: mk.filter_milestones(df, category=text),
        lambda text: mk.filter_milestones(df, ticker=text),
    ):
        try:
            found = ask("a\udfff")
        except mk.QueryError:
            continue
        assert len(found) == 0, "what no text has is found in none"
    assert server.requests == []
    df["title"] = pd.Series(["a\udfff"] * len(df), dtype=object)
    for write in (mk.to_csv, mk.to_parquet):
        with pytest.raises(mk.QueryError):
            write(df, tmp_path / "m")
    assert list(tmp_path.glob("m*")) == []


def test_fault_71_more_rows_than_there_can_be(client, server):
    for most in (10**30, 2**63, 2**64 + 1):
        assert len(client.get_milestones(max_rows=most)) == 1200
        assert len(client.get_milestones(max_rows=most, offline=True)) == 1200
        assert sum(map(len, client.iter_pages(max_rows=most))) == 1200
    for ask in (client.get_milestones, client.history, client.changes):
        with pytest.raises(mk.QueryError, match="min_updated_ts=1000000000000000000000000000000"):
            ask(min_updated_ts=10**30)


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("escape_formulas", [True, False])
def test_fault_71_byte_order_mark_before_a_csv(tmp_path, separator, escape_formulas):
    df = mk.sample_milestones(20)
    path = mk.to_csv(df, tmp_path / "m.csv", separator=separator, escape_formulas=escape_formulas)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    pd.testing.assert_frame_equal(mk.read_csv(path), df)


@pytest.mark.parametrize(
    "text", ["1/2/3", "01/02/2026", "1-2-26", "15.1.2026", "10:00", "5", "today", "May", "12 2026"]
)
def test_fault_71_date_that_could_be_several(client, server, text):
    for ask in (
        lambda: client.get_milestones(minimum_start_date=text),
        lambda: client.get_milestones(maximum_start_date=text),
        lambda: client.get_milestones(min_updated_ts=text),
        lambda: client.changes(text),
        lambda: mk.filter_milestones(mk.sample_milestones(5), start=text),
        lambda: mk.compute_timeline(mk.sample_milestones(5), now=text),
    ):
        with pytest.raises(mk.QueryError, match=f"='{text}' is not a date .*write it like '2026-01-15'"):
            ask()
    assert server.requests == []


@pytest.mark.parametrize("text", [
    "2026", "2026-01", "2026-01-15", "20260115", "2026-1-5", "2026-01-15 20:00", "2026-01-15T20:00Z",
    "2026-01-15T20:00:00.123456+05:30", "2026-01-15T20:00:00+0200", "20260115T200000Z", " 2026-01-15 ",
    "2026-01-15 20:00 UTC", "2026-01-15t20:00z",
])  # fmt: skip
def test_fault_71_date_that_is_one(text):
    assert mk.compute_timeline(mk.sample_milestones(5), now=text) is not None


def test_fault_71_one_warning_for_a_cache_folder_that_cannot_be(server, tmp_path):
    """Nine files cannot be read or written, for one reason."""
    (tmp_path / "file").touch()
    with (
        mk.MilestoneClient(base_url=server.url, cache_dir=tmp_path / "file") as client,
        pytest.warns(mk.CacheWarning) as told,
    ):
        assert len(client.get_milestones()) == 1200
    assert ["the answer is not cached" in str(one.message) for one in told] == [True]
