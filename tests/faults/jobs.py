"""What is done in processes of their own: jobs that tests kill, or that stand in each other's way."""

from __future__ import annotations

import milestone_kit as mk
from milestone_kit.http import Retry

__all__ = ["JOBS"]


def client(url, folder, **options):
    options = {"requests_per_second": 10_000, "full_sweep_after": "7d", "expire_after": 0} | options
    return mk.MilestoneClient(base_url=url, cache_dir=folder, retry=Retry(first_wait=0.01), **options)


def get(url, folder, workers="2"):
    """Give the kept answer, or go on with a walk that was cut off, or walk."""
    with client(url, folder, workers=int(workers), expire_after="1h") as made:
        df = made.get_milestones(limit=50)
    return len(df), bool(df["id"].is_unique), df.attrs["milestone_kit"]["complete"]


def refresh(url, folder, workers="2"):
    """Bring the table up to date by a delta; by a walk where there is none."""
    with client(url, folder, workers=int(workers)) as made:
        return len(made.refresh(limit=50))


def sweep(url, folder, workers="2"):
    """Walk through all pages."""
    with client(url, folder, workers=int(workers)) as made:
        return len(made.refresh(limit=50, full=True))


def to_csv(source, target):
    mk.to_csv(mk.read_parquet(source), target)


def to_parquet(source, target):
    mk.to_parquet(mk.read_parquet(source), target)


JOBS = {function.__name__: function for function in (get, refresh, sweep, to_csv, to_parquet)}
