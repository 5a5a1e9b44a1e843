"""How soon a stream shows what is on around now, and what it costs against a plain fetch, from afar."""

from __future__ import annotations

import statistics
import tempfile
import time

import milestone_kit as mk
from tests.benchmarks.sweep import server


def add_arguments(command):
    command.add_argument("--rows", type=int, default=137_200)
    command.add_argument("--latency", type=float, default=0.2, help="seconds that every answer takes")
    command.add_argument("--rate", type=float, default=20, help="requests a second, for server and client")
    command.add_argument("--workers", type=int, default=6)
    command.add_argument("--repeat", type=int, default=3, help="runs of each; the median is shown")


def run(arguments):
    ideal = -(-arguments.rows // 500) / arguments.rate
    print(f"{arguments.rows} rows, {arguments.latency * 1000:g} ms, {arguments.rate:g} requests/s:", end=" ")
    print(f"at best {ideal:.2f} s; medians of {arguments.repeat}")
    runs = [measure(arguments) for _ in range(arguments.repeat)]
    first, rows, tables, whole, plain = (statistics.median(column) for column in zip(*runs, strict=True))
    print(f"first table  {first:>7.2f} s  {rows:g} rows, complete for its window")
    print(f"whole        {whole:>7.2f} s  {tables:g} tables, {whole / ideal:.2f} of pages / rate")
    print(f"plain fetch  {plain:>7.2f} s  {whole / plain:.2f} of it is what the stream takes")


def measure(arguments):
    """Stream, and fetch into another cache from the same server."""
    with server(arguments) as (url, _):
        options = {"base_url": url, "requests_per_second": arguments.rate, "workers": arguments.workers}
        with tempfile.TemporaryDirectory() as folder, mk.MilestoneClient(cache_dir=folder, **options) as one:
            began = time.perf_counter()
            seen = [(time.perf_counter() - began, len(df)) for df in one.stream()]
        time.sleep(1)  # the server counts the requests of the last second
        with tempfile.TemporaryDirectory() as folder, mk.MilestoneClient(cache_dir=folder, **options) as one:
            began = time.perf_counter()
            one.get_milestones(progress=False)
            plain = time.perf_counter() - began
    return *seen[0], len(seen), seen[-1][0], plain
