"""Write a long history batch by batch, and put each batch through the per-row functions by way of Dask."""

from __future__ import annotations

import numpy as np
import pandas as pd

import milestone_kit as mk

NOW = "2026-01-15T12:00:00Z"
HOURS = {"basketball_game": "2h30min", "tennis_tournament_singles": "2h", "esports_match": "1h"}


def write_batches(folder, *, rows, batch):
    """Write `rows` invented milestones, `batch` to a folder partitioned by category; return the folders."""
    sample = mk.sample_milestones(batch)
    folders = []
    for number in range(-(-rows // batch)):
        some = sample.head(min(batch, rows - number * batch))
        moved = some.assign(
            id=some["id"] + f"-{number:04d}",
            start_date=some["start_date"] + pd.Timedelta(minutes=number),
            end_date=some["end_date"] + pd.Timedelta(minutes=number),
        )
        folders.append(mk.to_parquet(moved, folder / f"batch={number:04d}", partition_by="category"))
    return folders


def steps():
    """Name each per-row function, as one calls it on a table."""
    return {
        "explode_tickers": mk.explode_tickers,
        "ticker_table": mk.ticker_table,
        "filter_milestones": lambda df: mk.filter_milestones(df, category="Sports", has_end=False, now=NOW),
        "compute_timeline": lambda df: mk.compute_timeline(df, now=NOW, assume=HOURS).drop(columns="lane"),
    }


def over(folders, step):
    """Return the Dask table of a step over all batches; nothing is read until it is computed."""
    import dask
    import dask.dataframe as dd

    # left alone, Dask turns pandas' str into another dtype, and the table is no milestones table any more
    dask.config.set({"dataframe.convert-string": False})
    tables = dd.from_map(mk.read_parquet, folders, meta=mk.sample_milestones(1).head(0))
    return tables.map_partitions(step, meta=step(mk.sample_milestones(1).head(0)))


def counts_of(df):
    """Sum a step's result up in a few numbers that add up over batches."""
    facts = {"rows": len(df), "missing": int(df.isna().to_numpy().sum())}
    for name in ("is_primary", "is_related", "suspect"):
        if name in df.columns:
            facts[name] = int(df[name].sum())
    if "duration" in df.columns:
        facts["seconds"] = int(df["duration"].dropna().astype(np.int64).sum() // 1_000_000)
        facts |= df["status"].astype("str").value_counts().to_dict()
    return pd.DataFrame([pd.Series(facts, dtype="int64")]).melt(var_name="fact", value_name="count")


def totals(folders, step, **scheduler):
    """Add `counts_of` up over all batches, one batch in memory for each worker."""
    meta = pd.DataFrame({"fact": pd.Series(dtype="str"), "count": pd.Series(dtype="int64")})
    parts = over(folders, step).map_partitions(counts_of, meta=meta).compute(**scheduler)
    return parts.groupby("fact")["count"].sum().to_dict()
