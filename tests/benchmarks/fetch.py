"""A cold fetch of the universe, cache on, and a warm load, against a plain requests + pd.DataFrame loop."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import pandas as pd
import requests

import milestone_kit as mk

SERVER = """
import sys
from milestone_kit.sandbox import serve
with serve(rows=int(sys.argv[1]), still=True) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


def add_arguments(command):
    command.add_argument("--rows", type=int, nargs="+", default=[1_000, 20_000, 150_000])
    command.add_argument("--repeat", type=int, default=3, help="runs of each; the median is shown")


def run(arguments):
    print(f"{'rows':>8}  {'what':<22}{'CPU s':>9}{'wall s':>9}{'CPU x':>8}{'wall x':>8}")
    for rows in arguments.rows:
        with sandbox(rows) as url:
            measure(url, rows, arguments.repeat)


def measure(url, rows, repeat):
    """Alternate the contestants, so that a busy moment of the machine hits them alike."""
    times = {"plain loop": [], "cold fetch": [], "warm load": []}
    plain_loop(f"{url}?warm-up", 1)
    for _ in range(repeat):
        times["plain loop"].append(timed(lambda: plain_loop(f"{url}/milestones", rows)))
        with tempfile.TemporaryDirectory() as folder, client(url, folder) as fetcher:
            times["cold fetch"].append(timed(lambda: expect(rows, fetcher.get_milestones(progress=False))))
            # the loads must not profit from what the fetch left in memory: another client, the same folder
            with client(url, folder) as loader:
                times["warm load"].append(timed(lambda: expect(rows, loader.get_milestones(progress=False))))
    median = {
        what: [statistics.median(each) for each in zip(*runs, strict=True)] for what, runs in times.items()
    }
    reference = median["plain loop"]
    for what, (cpu, wall) in median.items():
        ratios = f"{cpu / reference[0]:>8.3f}{wall / reference[1]:>8.3f}"
        print(f"{rows:>8}  {what:<22}{cpu:>9.3f}{wall:>9.3f}{ratios}")


def plain_loop(url, rows):
    """Fetch as a first script would: no checks, no cache, nothing converted."""
    milestones, cursor = [], None
    with requests.Session() as session:
        while cursor != "":
            params = {"limit": 500} | ({"cursor": cursor} if cursor else {})
            page = session.get(url, params=params, timeout=30).json()
            milestones += page.get("milestones", [])
            cursor = page.get("cursor", "")
    return pd.DataFrame(milestones)


def expect(rows, df):
    if len(df) != rows:
        raise SystemExit(f"{len(df)} rows came, expected {rows}")


def client(url, folder):
    return mk.MilestoneClient(base_url=url, cache_dir=folder, requests_per_second=100_000)


def timed(function):
    """Return CPU and wall seconds; the sandbox is another process, so its CPU is not in it."""
    cpu, wall = time.process_time(), time.perf_counter()
    function()
    return time.process_time() - cpu, time.perf_counter() - wall


@contextmanager
def sandbox(rows):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
