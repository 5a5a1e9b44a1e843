"""A sweep of the universe over a slow, limiting server, and a refresh of what changed since."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import milestone_kit as mk

SERVER = """
import collections, json, sys
from milestone_kit.sandbox import serve
rows, latency, rate = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
with serve(rows=rows, still=True, latency=latency, requests_per_second=rate) as server:
    print(server.url, flush=True)
    seen = 0
    for line in sys.stdin:
        word, _, share = line.partition(" ")
        if word == "change":
            chosen = server.milestones()[:: round(1 / float(share))]
            for row in chosen:
                server._world.update(row["id"], {"title": row["title"] + "!"})
            print(len(chosen), flush=True)
        else:
            log = server.requests
            print(json.dumps(collections.Counter(r.status for r in log[seen:])), flush=True)
            seen = len(log)
"""


def add_arguments(command):
    command.add_argument("--rows", type=int, default=137_200)
    command.add_argument("--latency", type=float, default=0.2, help="seconds that every answer takes")
    command.add_argument("--rate", type=float, default=20, help="requests a second, for server and client")
    command.add_argument("--changed", type=float, default=0.01, help="share of rows that change")
    command.add_argument("--workers", type=int, nargs="+", default=[6])
    command.add_argument("--repeat", type=int, default=3, help="runs of each; the median is shown")


def run(arguments):
    pages = -(-arguments.rows // 500)
    ideal = pages / arguments.rate
    print(f"{arguments.rows} rows, {arguments.latency * 1000:g} ms, {arguments.rate:g} requests/s:", end=" ")
    print(f"{pages} pages, at best {ideal:.2f} s; medians of {arguments.repeat}")
    print(f"{'workers':>8}  {'what':<12}{'wall s':>8}{'CPU s':>8}{'requests':>10}{'429':>8}   ratio")
    for workers in arguments.workers:
        runs = [measure(arguments, workers) for _ in range(arguments.repeat)]
        for what in runs[0]:
            show(workers, what, [each[what] for each in runs], [each["first sweep"] for each in runs], ideal)


def show(workers, what, figures, sweeps, ideal):
    wall, cpu, asked, refused = (statistics.median(column) for column in zip(*figures, strict=True))
    if "refresh" in what:
        sweep_wall, _, sweep_asked, _ = (statistics.median(column) for column in zip(*sweeps, strict=True))
        ratio = f"{wall / sweep_wall:.1%} of the sweep's time, {asked / sweep_asked:.1%} of its requests"
    else:
        ratio = f"{wall / ideal:.2f} of pages / rate"
    print(f"{workers:>8}  {what:<12}{wall:>8.2f}{cpu:>8.2f}{asked:>10g}{refused / asked:>8.2%}   {ratio}")


def measure(arguments, workers):
    """Sweep twice (the second time it is known where rows lie), change some rows, refresh."""
    figures = {}
    with server(arguments) as (url, tell), tempfile.TemporaryDirectory() as folder:
        options = {"base_url": url, "cache_dir": folder, "requests_per_second": arguments.rate}
        with mk.MilestoneClient(workers=workers, **options) as client:
            for what, fetch in {
                "first sweep": lambda: client.get_milestones(progress=False),
                "next sweep": lambda: client.refresh(full=True, progress=False),
                "refresh": lambda: client.refresh(progress=False),
            }.items():
                if what == "refresh":
                    tell(f"change {arguments.changed}")
                time.sleep(1)  # the server counts the requests of the last second
                cpu, wall = time.process_time(), time.perf_counter()
                df = fetch()
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                if len(df) != arguments.rows:
                    raise SystemExit(f"{len(df)} rows came, expected {arguments.rows}")
                statuses = json.loads(tell("count"))
                figures[what] = wall, cpu, sum(statuses.values()), statuses.get("429", 0)
    return figures


@contextmanager
def server(arguments):
    command = [sys.executable, "-c", SERVER, *map(str, (arguments.rows, arguments.latency, arguments.rate))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(line):
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return process.stdout.readline()

    try:
        yield process.stdout.readline().strip(), tell
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
