"""Live data, names and searches of a large table, against a plain request or the search of before."""

from __future__ import annotations

import statistics
import tempfile
import time

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import requests

import milestone_kit as mk
from milestone_kit.analysis.details import teams_of
from milestone_kit.analysis.filters import Criteria, FilterIndex
from tests.benchmarks._growth import seconds
from tests.benchmarks.fetch import sandbox

WORDS = ("boston", "telmo", "open", "kxnba", "a")


def add_arguments(command):
    command.add_argument("--rows", type=int, default=137_200)
    command.add_argument("--rate", type=float, default=20, help="requests a second of the client")
    command.add_argument("--share", type=float, default=0.1, help="of it, for names in the background")
    command.add_argument("--repeat", type=int, default=15, help="runs of each; the median is shown")


def run(arguments):
    with sandbox(arguments.rows) as url, tempfile.TemporaryDirectory() as folder:
        options = {"base_url": url, "cache_dir": folder}
        with mk.MilestoneClient(**options, requests_per_second=100_000) as client:
            df = client.get_milestones(progress=False)
            live_data(client, url, df, arguments.repeat)
        names(options, df, arguments)
    searches(df, arguments.repeat)


def live_data(client, url, df, repeat):
    """Alternate with a plain request for the same ids, whose time is that of server and wire."""
    ids = mk.next_up(df, 50)["id"].to_list() + df["id"].iloc[-1000:-950].to_list()
    plain, ours = [], []
    with requests.Session() as session:
        for _ in range(repeat):
            plain.append(timed(lambda: ask(session, url, ids)))
            ours.append(timed(lambda: client.get_live(ids, refresh=True)))
    one, other = statistics.median(plain), statistics.median(ours)
    print(f"live data, 100 rows, 1 request: plain {one * 1e3:.1f} ms, ours {other * 1e3:.1f} ms,", end=" ")
    print(f"{(other - one) * 1e3:.1f} ms more, {other / one:.2f} times")


def ask(session, url, ids):
    answer = session.get(f"{url}/live_data/batch", params={"milestone_ids": ids}, timeout=30)
    return pd.DataFrame(orjson.loads(answer.content)["live_datas"])


def timed(function):
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def names(options, df, arguments):
    """Name everybody who takes part in anything: once, at a share of the pace; then from the file."""
    ids = teams_of(df).explode().dropna().nunique()
    with mk.MilestoneClient(**options, requests_per_second=arguments.rate) as client:
        cpu, begin = time.process_time(), time.perf_counter()
        client.get_targets(df, share=arguments.share)
        wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
        asked = -(-ids // 100)
        print(f"names of {len(df):,} rows: {ids:,} ids, {asked} requests in {wall:.1f} s,", end=" ")
        print(f"{asked / wall / arguments.rate:.1%} of the pace, CPU {cpu:.2f} s")
        again = seconds(lambda _: mk.add_names(df, client=client), df, 3)
        plain = seconds(lambda table: [orjson.loads(text) for text in table["details"]], df, 3)
        print(f"add_names once they are kept: {again:.2f} s, {again / plain:.1f} times decoding the details")


def searches(df, repeat):
    """Look words up in all that rows say, against looking in the titles only, as before."""
    titles = pa.array(df["title"])
    index = FilterIndex(df)
    index.facets(Criteria.of())
    first = timed(lambda: index.select(Criteria.of(text="first")))
    print(f"first word: {first * 1e3:.0f} ms, once a table")
    for word in WORDS:
        mine = seconds(lambda _, word=word: index._text.mask(word), df, repeat)
        theirs = seconds(
            lambda _, word=word: np.asarray(pc.match_substring(titles, word, ignore_case=True)), df, repeat
        )
        print(
            f"word {word!r:10} everywhere {mine * 1e3:6.1f} ms, titles only {theirs * 1e3:6.1f} ms", end=" "
        )
        print(f"{mine / theirs:6.2f} times")
    mine = seconds(mk.source_table, df, 3)
    print(f"source_table {mine:.2f} s, {mine / seconds(mk.ticker_table, df, 3):.2f} times ticker_table")
