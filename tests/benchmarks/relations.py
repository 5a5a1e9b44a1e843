"""Tickers, overlaps and coverage of large tables, against the obvious pandas way."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

import milestone_kit as mk

COPIED = 100_000  # drawing a million takes minutes


def add_arguments(command):
    command.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000], help="milestones")
    command.add_argument("--links", type=int, default=10, help="tickers of each milestone")
    command.add_argument("--repeat", type=int, default=3, help="runs of each; the quickest is shown")


def run(arguments):
    print(f"{'rows':>9}  {'what':<46}{'out':>10}{'wall s':>8}{'CPU s':>8}{'wall x':>8}{'growth':>8}")
    before = {}
    for rows in arguments.rows:
        for what, (ours, plain) in contests(rows, arguments.links).items():
            wall, cpu, out = quickest(ours, arguments.repeat)
            reference = quickest(plain, 1)[0] if plain else float("nan")
            growth = wall / before[what] if what in before else float("nan")
            before[what] = wall
            print(
                f"{rows:>9}  {what:<46}{out:>10}{wall:>8.3f}{cpu:>8.3f}{wall / reference:>8.3f}{growth:>8.1f}"
            )


def contests(rows, links):
    df, wide = universe(rows), with_links(universe(rows), links)
    timeline = mk.compute_timeline(df)
    rng = np.random.default_rng(0)
    # so many values that about as many pairs come out as there are rows
    timeline["desk"] = pd.array(rng.integers(0, max(rows // 1_400, 1), rows).astype(str), dtype="str")
    names = pc.list_flatten(pa.array(df["related_event_tickers"])).to_pylist()
    asked = [f"{names[at]}-YES" for at in rng.integers(0, len(names), 5_000)]
    patterns = [f"{names[at][:-2]}*" for at in rng.integers(0, len(names), 2_000)]
    keep = ["id", "title", "start_date"]
    lists = wide[keep].assign(related_event_tickers=[list(each) for each in wide["related_event_tickers"]])
    return {
        "find_overlaps by a column": (
            lambda: mk.find_overlaps(timeline, by="desk"),
            lambda: self_join(timeline),
        ),
        "find_overlaps by event ticker": (lambda: mk.find_overlaps(timeline), None),
        "find_overlaps by event ticker, ends unknown yet": (lambda: mk.find_overlaps(df), None),
        f"ticker_table, {links} tickers each": (
            lambda: mk.ticker_table(wide),
            lambda: plain_ticker_table(wide),
        ),
        f"explode_tickers to id, title, start, {links} each": (
            lambda: mk.explode_tickers(wide, keep=keep),
            lambda: lists.explode("related_event_tickers", ignore_index=True),
        ),
        "coverage of 5,000 market tickers": (lambda: mk.coverage(df, asked), None),
        "coverage of 2,000 patterns": (lambda: mk.coverage(df, patterns), None),
        "find_by_ticker, 5,000 tickers": (
            lambda: mk.find_by_ticker(df, asked),
            lambda: plain_search(df, asked),
        ),
        "related_milestones": (lambda: mk.related_milestones(df, df["id"].iloc[rows // 2]), None),
    }


def universe(rows):
    """Lay copies of one sample end to end, with ids and tickers of their own."""
    sample = mk.sample_milestones(min(rows, COPIED))
    copies = []
    for number in range(-(-rows // len(sample))):
        own = {
            name: suffixed(sample[name], number)
            for name in ("primary_event_tickers", "related_event_tickers")
        }
        copies.append(sample.assign(id=sample["id"] + f"-{number}", **own))
    return pd.concat(copies, ignore_index=True).head(rows)


def suffixed(column, number):
    lists = pa.array(column)
    lists = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    return as_lists(
        np.asarray(lists.value_lengths()), pc.binary_join_element_wise(lists.flatten(), str(number), "")
    )


def with_links(df, links):
    """Give every milestone so many tickers, the first of which is its primary one."""
    rows = len(df)
    of_row = np.repeat(np.arange(rows), links)
    kinds = pa.array(
        [f"KX{kind}-26JAN15" for kind in ("NBAGAME", "NBATOTAL", "NBASPREAD", "ATPMATCH", "NHL", "X")]
    )
    kind = kinds.take(pa.array(np.arange(rows * links) % len(kinds)))
    tickers = pc.binary_join_element_wise(
        kind, pa.array(of_row * links + np.tile(np.arange(links), rows)).cast(pa.string()), ""
    )
    first = tickers.take(pa.array(np.arange(rows) * links))
    return df.assign(
        primary_event_tickers=as_lists(np.ones(rows, dtype=int), first),
        related_event_tickers=as_lists(np.full(rows, links), tickers),
    )


def as_lists(lengths, flat):
    offsets = pa.array(np.append(0, np.cumsum(lengths)), pa.int32())
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.ListArray.from_arrays(offsets, flat)))


def self_join(timeline):
    """Join the table with itself by key, and keep the pairs that overlap."""
    few = timeline.loc[~timeline["suspect"], ["id", "desk", "start_date", "end"]].reset_index(names="at")
    # all pairs of a key at once are more than the memory holds
    parts = []
    for _, part in few.groupby("desk"):
        pairs = part.merge(part, on="desk")
        parts.append(
            pairs[
                (pairs["at_x"] < pairs["at_y"])
                & (pairs["start_date_y"] < pairs["end_x"])
                & (pairs["start_date_x"] < pairs["end_y"])
            ]
        )
    return pd.concat(parts)


def plain_ticker_table(df):
    """Explode both lists, put them together, drop what comes twice."""
    parts = [
        df[["id", "start_date", "title", name]]
        .explode(name)
        .rename(columns={name: "event_ticker"})
        .assign(**{name: True})
        for name in ("primary_event_tickers", "related_event_tickers")
    ]
    both = pd.concat(parts).dropna(subset="event_ticker").drop_duplicates(["id", "event_ticker"])
    return both.assign(series=both["event_ticker"].astype("str").str.split("-", n=1).str[0])


def plain_search(df, tickers):
    wanted = {ticker.rpartition("-")[0] for ticker in tickers}
    return df[[not wanted.isdisjoint(listed) for listed in df["related_event_tickers"]]]


def quickest(function, repeat):
    """Return wall and CPU seconds of the quickest run, and how many rows it gave."""
    runs = []
    for _ in range(repeat):
        cpu, wall = time.process_time(), time.perf_counter()
        out = len(function())
        runs.append((time.perf_counter() - wall, time.process_time() - cpu, out))
    return min(runs)
