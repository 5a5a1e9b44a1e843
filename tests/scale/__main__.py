"""`python -m tests.scale`: millions of rows through every per-row function, in bounded memory."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from pandas.testing import assert_frame_equal

import milestone_kit as mk
from tests.scale.batches import over, steps, totals, write_batches


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--batch", type=int, default=50_000, help="rows in each partition")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit-mb", type=int, default=1_500, help="fail when more memory was ever resident")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), arguments)


def run(folder, arguments):
    seconds, folders = timed(lambda: write_batches(folder, rows=arguments.rows, batch=arguments.batch))
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    tell(f"write {arguments.rows:,} rows in {len(folders)} batches ({size / 1e6:,.0f} MB)", seconds)
    for name, step in steps().items():
        seconds, facts = timed(
            lambda step=step: totals(folders, step, scheduler="threads", num_workers=arguments.workers)
        )
        tell(f"{name}: {facts['rows']:,} rows out", seconds)
        for number in (0, len(folders) // 2, len(folders) - 1):
            expected = step(mk.read_parquet(folders[number]))
            assert_frame_equal(over(folders, step).get_partition(number).compute(), expected)
    seconds, (rows, sports) = timed(lambda: ask_duckdb(folder))
    expected = sum(
        (mk.read_parquet(one, columns=["category"])["category"] == "Sports").sum() for one in folders
    )
    if (rows, sports) != (arguments.rows, expected):
        raise SystemExit(f"DuckDB found {rows:,} rows, {sports:,} of them Sports; expected {expected:,}")
    tell(f"DuckDB counts {sports:,} rows of Sports", seconds)
    peak = peak_mb()
    print(f"sampled batches are equal to pandas; peak resident memory {peak:,.0f} MB")
    if peak > arguments.limit_mb:
        raise SystemExit(f"more than the {arguments.limit_mb:,} MB that were allowed")


def ask_duckdb(folder):
    import duckdb

    question = (
        "select count(*), count(*) filter (where category = 'Sports') "
        f"from read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
    )
    return duckdb.sql(question).fetchall()[0]


def timed(function):
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def tell(what, seconds):
    print(f"{what:<64}{seconds:>8.1f} s{peak_mb():>8,.0f} MB", flush=True)


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
