"""The command line as users run it: a process of its own, a real server, files on disk."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from html.parser import HTMLParser

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.sandbox import serve, synthetic_milestones
from milestone_kit.table.frame import milestones_frame
from tests.cli.conftest import COMMAND, only_line


@pytest.fixture
def fetch(run, server):
    return lambda *words, **more: run("fetch", "--base-url", server.url, *words, **more)


class _Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_version_is_that_of_the_package(run):
    assert run("--version").stdout == f"milestone-kit {mk.__version__}\n"
    anew = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert anew.stdout == run("--version").stdout


def test_without_a_command_it_says_what_there_is(run):
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("lab", "fetch", "next", "sync", "changes", "sandbox", "cache"):
        assert f"\n    {command} " in done.stdout


def test_a_summary_for_scripts_is_one_json_object(fetch, server):
    said = json.loads(fetch("--category", "Sports", "--json").stdout)
    sports = [row for row in server.milestones() if row["category"].casefold() == "sports"]
    assert said["complete"] is True
    assert said["counts"]["all"]["milestones"] == len(sports)
    nothing = json.loads(fetch("--category", "Nonsense", "--json").stdout)
    assert nothing["counts"] == {}


def test_a_csv_file_reads_back_as_the_servers_rows(fetch, server, tmp_path):
    done = fetch("--csv", "m.csv")
    assert (done.returncode, done.stdout) == (0, "")
    assert only_line(done.stderr) == f"milestone-kit: wrote 1,200 milestones of {server.url} to m.csv"
    pd.testing.assert_frame_equal(mk.read_csv(tmp_path / "m.csv"), milestones_frame(server.milestones()))


def test_a_parquet_file_reads_back_as_the_servers_rows(fetch, server, tmp_path):
    done = fetch("--parquet", "m.parquet")
    assert only_line(done.stderr) == f"milestone-kit: wrote 1,200 milestones of {server.url} to m.parquet"
    pd.testing.assert_frame_equal(
        mk.read_parquet(tmp_path / "m.parquet"), milestones_frame(server.milestones())
    )


def test_csv_on_stdout_is_the_file_and_nothing_else(fetch, tmp_path):
    piped = fetch("--csv", "-", text=False)
    fetch("--csv", "m.csv", "--offline")
    assert piped.stdout == (tmp_path / "m.csv").read_bytes()
    assert piped.stderr == b""


def test_every_filter_reaches_the_server(fetch, server):
    filters = {
        "category": "Sports",
        "type": "basketball_game",
        "competition": "Pro Basketball (M)",
        "source_id": "s-1",
        "related_event_ticker": "KXNBAGAME-26JAN15",
        "minimum_start_date": "2026-01-15",
        "min_updated_ts": "1760000000",
    }
    words = [word for name, value in filters.items() for word in (f"--{name.replace('_', '-')}", value)]
    assert fetch(*words, "--maximum-start-date", "2026-02-01", "--limit", 77).returncode == 0
    asked = [request.query for request in server.requests if request.path == "/milestones"]
    assert asked == [filters | {"minimum_start_date": "2026-01-15T00:00:00Z", "limit": "77"}]


def test_min_updated_ts_may_be_a_date(fetch, server):
    fetch("--min-updated-ts", "2025-10-09T08:53:20Z")
    assert server.requests[0].query["min_updated_ts"] == "1760000000"


def test_without_an_output_a_summary_counts_by_category(fetch, server):
    lines = fetch().stdout.splitlines()
    assert lines[0].startswith(f"1,200 milestones of {server.url}, fetched ")
    table = {re.split(r"  +", line)[0]: line.split() for line in lines[3:]}
    df = milestones_frame(server.milestones())
    assert int(table["Sports"][1].replace(",", "")) == (df["category"] == "Sports").sum()
    assert table["all"][1] == "1,200"
    assert set(table) == {*df["category"], "all"}


def test_max_rows_says_that_there_are_more(fetch):
    assert fetch("--max-rows", 10).stdout.startswith("the first 10 milestones of ")


def test_refresh_asks_the_server_again_and_offline_never_does(fetch, server):
    fetch("--max-rows", 1)
    fetch()
    first = len(server.requests)
    fetch("--offline")
    fetch()
    assert len(server.requests) == first
    fetch("--refresh")
    assert len(server.requests) == first + 1  # a delta


@pytest.mark.parametrize(
    "title",
    ["<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"],
)
def test_the_chart_is_one_page_that_loads_nothing_and_runs_nothing_from_titles(run, tmp_path, title):
    rows = [row | {"title": title, "category": title} for row in synthetic_milestones(20)]
    with serve(rows=rows, still=True) as server:
        done = run("fetch", "--base-url", server.url, "--html", "m.html")
    assert done.returncode == 0
    page = (tmp_path / "m.html").read_text("utf-8")
    elements = _Elements(page).found
    loading = [tag for tag, attributes in elements if {"src", "href", "srcset"} & attributes.keys()]
    acting = [tag for tag, attributes in elements if any(name.startswith("on") for name in attributes)]
    assert (loading, acting) == ([], [])
    # plotly's settings, plotly itself, the figure, what leaves the wheel to the page
    assert [tag for tag, _ in elements].count("script") == 4
    assert title not in page
    assert "Plotly.newPlot" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--limit", "501"], "limit=501: expected a whole number from 1 to 500"),
        (["--max-rows", "0"], "max_rows=0: expected a whole number of at least 1"),
        (["--minimum-start-date", "yesterdayish"], "minimum_start_date='yesterdayish' is not a date"),
        (["--category", ""], "category='' is empty"),
        (["--base-url", "http://example.com"], "plain http is for this machine only"),
        (["--html", "nowhere/m.html"], "there is no folder 'nowhere'"),
        (["--csv", "nowhere/m.csv"], "there is no folder 'nowhere'"),
    ],
)
def test_an_unusable_argument_is_told_in_one_line_with_exit_code_2(fetch, words, message):
    done = fetch(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in only_line(done.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ["fly"],
        ["fetch", "--colour", "red"],
        ["fetch", "--html", "-"],
        ["fetch", "--", "x"],
        ["fetch", "--refresh", "--offline"],
        ["sandbox", "--port", "65536"],
    ],
)
def test_a_command_that_is_not_understood_shows_the_usage_with_exit_code_2(run, words):
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: milestone-kit")


def test_a_refusal_is_told_in_the_servers_words(fetch, server, tmp_path):
    server.script.fail(401, body=b'{"error": "no \\u001b[31mentry\\n today"}')
    done = fetch("--csv", "m.csv")
    assert (done.returncode, done.stdout) == (1, "")
    line = only_line(done.stderr)
    assert "401" in line
    assert "entry" in line
    assert "\x1b" not in line
    assert not (tmp_path / "m.csv").exists()


def test_offline_without_an_answer_is_an_error(fetch):
    done = fetch("--offline")
    assert done.returncode == 1
    assert "offline" in only_line(done.stderr)


def test_an_incomplete_fetch_writes_nothing(fetch, server, tmp_path):
    server.script.fail(401, page=3)
    (tmp_path / "m.csv").write_text("old")
    done = fetch("--csv", "m.csv")
    assert done.returncode == 1
    assert "only 1,000 milestones from 2 pages arrived and nothing was written" in only_line(done.stderr)
    assert (tmp_path / "m.csv").read_text() == "old"


def test_an_incomplete_fetch_is_kept_on_say_so_and_said_loudly(fetch, server, tmp_path):
    server.script.fail(401, page=3)
    done = fetch("--csv", "m.csv", "--partial")
    assert done.returncode == 1
    wrote, incomplete = done.stderr.splitlines()
    assert wrote.startswith("milestone-kit: wrote the first 1,000 milestones")
    assert incomplete.startswith("milestone-kit: INCOMPLETE: what was written is only 1,000 milestones")
    pd.testing.assert_frame_equal(
        mk.read_csv(tmp_path / "m.csv"), milestones_frame(server.milestones()).head(1000)
    )


def test_a_filter_that_matches_nothing_warns_in_one_line(fetch, tmp_path):
    done = fetch("--category", "Sportz", "--csv", "m.csv")
    assert done.returncode == 0
    warning, _ = done.stderr.splitlines()
    assert warning.startswith("milestone-kit: warning: no milestone matches category='Sportz'")
    assert "'Sports'" in warning
    assert mk.read_csv(tmp_path / "m.csv").empty


def test_ctrl_c_ends_a_fetch_with_130_and_writes_nothing(environment, server, tmp_path):
    words = [*COMMAND, "fetch", "--base-url", server.url, "--csv", "m.csv"]
    # whoever runs the tests may have SIGINT ignored, which a child would inherit
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(words, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    server.script.call(lambda: process.send_signal(signal.SIGINT), page=2)
    server.script.delay(60, page=3)
    with process:
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, only_line(errors)) == (
        130,
        "milestone-kit: interrupted; what arrived is kept, and the same command goes on from there",
    )
    assert not (tmp_path / "m.csv").exists()


def test_a_reader_that_goes_away_is_no_crash(environment, server):
    words = [*COMMAND, "fetch", "--base-url", server.url, "--csv", "-"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(60) == 1
        assert process.stderr.read() == b""


def test_the_cache_is_shown_and_cleared(fetch, run, server):
    fetch("--category", "Sports")
    at = ["--base-url", server.url]
    shown = run("cache", *at).stdout
    assert '{"category": "Sports"}' in shown
    assert f"2 files, 0.7 MB kept for {server.url}" in re.sub(r"\d\.\d MB", "0.7 MB", shown)
    assert run("cache", "clear", *at).stdout.startswith("deleted 1 file, ")
    assert "history" in run("cache", "info", *at).stdout
    assert run("cache", "clear", "--history", *at).stdout.startswith("deleted 1 file, ")
    assert run("cache", "info", *at).stdout == f"nothing is kept for {server.url}\n"


@pytest.fixture
def sandbox(environment, tmp_path):
    """Start `milestone-kit sandbox` and give its process and its URL; it must end cleanly on SIGTERM."""
    started = []

    def start(*words):
        process = subprocess.Popen(
            [*COMMAND, "sandbox", *map(str, words)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process.stdout.readline().strip()

    yield start
    for process in started:
        process.terminate()
        output, errors = process.communicate(timeout=30)
        assert (process.returncode, output) == (0, "")
        assert only_line(errors).endswith("Ctrl-C stops")


def test_the_sandbox_prints_its_address_and_serves_what_it_was_asked_for(sandbox, run, tmp_path):
    url = sandbox("--rows", 50, "--seed", 7)
    assert run("fetch", "--base-url", url, "--csv", "m.csv").returncode == 0
    assert len(mk.read_csv(tmp_path / "m.csv")) == 50


def test_the_sandbox_serves_a_recorded_answer(sandbox, run, tmp_path):
    rows = synthetic_milestones(3)
    (tmp_path / "page.json").write_text(json.dumps({"milestones": rows, "cursor": "more"}))
    url = sandbox("--file", "page.json")
    assert run("fetch", "--base-url", url, "--csv", "m.csv").returncode == 0
    pd.testing.assert_frame_equal(mk.read_csv(tmp_path / "m.csv"), milestones_frame(rows))


def test_the_sandbox_says_which_port_is_taken(run, server):
    port = server.url.split(":")[2].split("/")[0]
    done = run("sandbox", "--rows", 1, "--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {port}" in only_line(done.stderr)


def test_the_sandbox_names_a_file_that_it_cannot_serve(run):
    done = run("sandbox", "--file", "nothing.json")
    assert done.returncode == 2
    assert "file='nothing.json' cannot be served" in only_line(done.stderr)
