"""Time tasks at growing sizes beside the obvious way: what several benchmarks print."""

from __future__ import annotations

import time


def add_arguments(parser):
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)


def seconds(task, df, repeats):
    """Return the least time of several: whatever else the machine did only ever adds to it."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        task(df)
        times.append(time.perf_counter() - begin)
    return min(times)


def compare(tasks, make, arguments):
    """Print for each size and task our time, the plain way's, their ratio, and how both sizes compare.

    `tasks` maps a name to our function and the plain one, or None; `make` gives the table of so many rows.
    Ten times the rows cost ten times as much where the cost is linear, 12 times where it is n log n.
    """
    print(f"{'':34}{'rows':>10}{'ours, s':>10}{'plain, s':>10}{'ratio':>8}{'growth':>8}")
    before = {}
    for rows in arguments.rows:
        df = make(rows)
        for name, (ours, plain) in tasks.items():
            mine = seconds(ours, df, arguments.repeats)
            theirs = seconds(plain, df, arguments.repeats) if plain else None
            cells = " " * 18 if theirs is None else f"{theirs:10.3f}{mine / theirs:8.2f}"
            growth = f"{mine / before[name]:8.1f}" if name in before else ""
            before[name] = mine
            print(f"{name:34}{rows:10,}{mine:10.3f}{cells}{growth}", flush=True)
