"""A warm load and a first view of it, against replaying the pages that requests-cache kept."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil
import requests_cache

import milestone_kit as mk
from tests.benchmarks.fetch import client, expect, sandbox

WINDOW = 500  # rows of the first view whose tickers are looked at
CONTESTANTS = ("replayed pages", "warm load")


def add_arguments(command):
    command.add_argument("--rows", type=int, nargs="+", default=[1_000, 20_000, 100_000, 150_000])
    command.add_argument("--repeat", type=int, default=3, help="runs of each; the median is shown")
    command.add_argument(
        "--once", nargs=3, metavar=("WHAT", "URL", "FOLDER"), help="one run, as the others are made"
    )


def run(arguments):
    if arguments.once:
        what, url, folder = arguments.once
        print(json.dumps(measured(what, url, Path(folder), arguments.rows[0])))
        return
    print(
        f"{'rows':>8}  {'what':<16}{'CPU s':>9}{'wall s':>9}{'memory MB':>11}"
        f"{'CPU x':>8}{'wall x':>8}{'memory x':>10}"
    )
    for rows in arguments.rows:
        with sandbox(rows) as url, tempfile.TemporaryDirectory() as folder:
            fill(url, Path(folder), rows)
            compare(url, folder, rows, arguments.repeat)


def fill(url, folder, rows):
    replayed(url, folder, rows)
    with client(url, folder) as fetcher:
        expect(rows, fetcher.get_milestones(progress=False))


def compare(url, folder, rows, repeat):
    """Let each run be a process of its own, so that memory is that of one contestant alone."""
    runs = {what: [] for what in CONTESTANTS}
    for _ in range(repeat):
        for what in CONTESTANTS:
            command = [
                sys.executable,
                "-m",
                "tests.benchmarks",
                "warm",
                "--once",
                what,
                url,
                folder,
                "--rows",
                str(rows),
            ]
            runs[what].append(json.loads(subprocess.check_output(command, text=True)))
    median = {
        what: [statistics.median(each) for each in zip(*told, strict=True)] for what, told in runs.items()
    }
    for what, (cpu, wall, memory) in median.items():
        ratios = [
            mine / theirs for mine, theirs in zip((cpu, wall, memory), median[CONTESTANTS[0]], strict=True)
        ]
        shown = f"{ratios[0]:>8.3f}{ratios[1]:>8.3f}{ratios[2]:>10.3f}"
        print(f"{rows:>8}  {what:<16}{cpu:>9.3f}{wall:>9.3f}{memory / 1e6:>11.1f}{shown}")


def measured(what, url, folder, rows):
    """Return CPU and wall seconds, and how many bytes of memory are held more than before."""
    mk.get_milestones, pd.DataFrame, mk.MilestoneClient  # noqa: B018 - imported now, and not while measured
    memory, cpu, wall = psutil.Process().memory_info().rss, time.process_time(), time.perf_counter()
    kept = view_of_ours(url, folder) if what == "warm load" else view_of_pages(url, folder, rows)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    memory = psutil.Process().memory_info().rss - memory
    expect(rows, kept[0])
    return cpu, wall, memory


def view_of_ours(url, folder):
    with client(url, folder) as loader:
        df = loader.get_milestones(progress=False)
    middle = df["start_date"].iloc[len(df) // 2]
    window = df[df["start_date"] >= middle].head(WINDOW)
    return df, df["category"].value_counts(), mk.explode_tickers(window)


def view_of_pages(url, folder, rows):
    df = replayed(url, folder, rows)
    starts = pd.to_datetime(df["start_date"], format="ISO8601")
    window = df[starts >= starts.iloc[len(df) // 2]].head(WINDOW)
    return df, df["category"].value_counts(), window.explode("related_event_tickers")


def replayed(url, folder, rows):
    """Ask as a script over requests-cache would; from the second time on every page comes from its file."""
    milestones, cursor = [], None
    with requests_cache.CachedSession(str(folder / "pages"), backend="sqlite", expire_after=-1) as session:
        while cursor != "":
            params = {"limit": 500} | ({"cursor": cursor} if cursor else {})
            page = session.get(f"{url}/milestones", params=params, timeout=30).json()
            milestones += page.get("milestones", [])
            cursor = page.get("cursor", "")
    df = pd.DataFrame(milestones)
    expect(rows, df)
    return df
