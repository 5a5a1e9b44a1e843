"""explode_tickers to more than a million rows, all columns, against `df.explode` on Python lists."""

from __future__ import annotations

import statistics
import time

import numpy as np
import orjson
import pandas as pd

import milestone_kit as mk

LISTS = ("primary_event_tickers", "related_event_tickers")
OBJECTS = ("details", "source_ids")


def add_arguments(command):
    command.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_200_000], help="rows to come out")
    command.add_argument("--repeat", type=int, default=5, help="runs of each; the median is shown")


def run(arguments):
    head = f"{'wall s':>8}{'CPU s':>8}{'wall x':>8}{'CPU x':>8}"
    print(f"{'rows in':>9}{'rows out':>10}  {'what':<28}{head}")
    for rows in arguments.rows:
        measure(rows, arguments.repeat)


def measure(rows, repeat):
    """Alternate the contestants, so that a busy moment of the machine hits them alike."""
    df = exploding_to(rows)
    lists = with_python_lists(df)
    loose = as_a_plain_loop_makes_it(lists)
    contestants = {
        "df.explode, Python lists": lambda: lists.explode("related_event_tickers", ignore_index=True),
        "  details as dict": lambda: loose.explode("related_event_tickers", ignore_index=True),
        "explode_tickers": lambda: mk.explode_tickers(df),
    }
    runs = {what: [] for what in contestants}
    for _ in range(repeat):
        for what, function in contestants.items():
            runs[what].append(timed(function))
    count = len(mk.explode_tickers(df, keep=[]))
    times = {what: medians(each) for what, each in runs.items()}
    wall, cpu = next(iter(times.values()))
    for what, each in times.items():
        ratios = f"{each[0]:>8.3f}{each[1]:>8.3f}{each[0] / wall:>8.3f}{each[1] / cpu:>8.3f}"
        print(f"{len(df):>9}{count:>10}  {what:<28}{ratios}")


def medians(runs):
    return [statistics.median(each) for each in zip(*runs, strict=True)]


def with_python_lists(df):
    lists = {name: pd.Series([list(each) for each in df[name]], dtype=object) for name in LISTS}
    return df.assign(**lists)


def as_a_plain_loop_makes_it(df):
    """Objects of Python wherever the JSON has them, so that their copies are pointers."""
    objects = {name: pd.Series(list(map(orjson.loads, df[name])), dtype=object) for name in OBJECTS}
    return df.assign(**objects).drop(columns=["extra"])


def exploding_to(rows):
    sample = mk.sample_milestones(100_000)
    each = len(mk.explode_tickers(sample, keep=[])) / len(sample)
    wanted = round(rows / each)
    copies = np.tile(np.arange(len(sample)), -(-wanted // len(sample)))[:wanted]
    return sample.take(copies).reset_index(drop=True)


def timed(function):
    """Return wall and CPU seconds: on a busy machine only the second tells much."""
    cpu, wall = time.process_time(), time.perf_counter()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu
