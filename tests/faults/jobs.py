"""What is done in processes of their own: jobs that tests kill, or that stand in each other's way."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pyarrow as pa

import milestone_kit as mk
from milestone_kit.api.transport import Retry
from milestone_kit.storage.history import History
from milestone_kit.table.frame import milestones_frame
from milestone_kit.table.schema import ARROW_SCHEMA
from tests.conftest import IMPATIENT, Clock
from tests.faults.bench import raw

__all__ = ["JOBS"]


def client(url, folder, **options):
    options = {"requests_per_second": 10_000, "full_sweep_after": "7d", "expire_after": 0} | options
    retry = Retry(first_wait=0.01)
    return mk.MilestoneClient(base_url=url, cache_dir=folder, retry=retry, patience=IMPATIENT, **options)


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


def stream(url, folder):
    """Stream all there is."""
    with client(url, folder) as made:
        return max(map(len, made.stream(limit=20)))


def ask(url, folder, *question):
    """Ask as the state machine of the cache does, at the time that its clock shows."""
    how, query, limit, now = question
    retry = Clock(float(now)).retry(attempts=2)
    options = {"requests_per_second": 10_000, "stale_if_error": True, "full_sweep_after": "1D"}
    options |= {"retry": retry, "patience": IMPATIENT}
    with mk.MilestoneClient(base_url=url, cache_dir=folder, workers=2, **options) as made:
        query = json.loads(query) | {"limit": int(limit)}
        if how == "get":
            return len(made.get_milestones(**query))
        return len(made.refresh(full=how == "full", **query))


def to_csv(source, target):
    mk.to_csv(mk.read_parquet(source), target)


def to_parquet(source, target):
    mk.to_parquet(mk.read_parquet(source), target)


def _rows(**fields):
    return pa.Table.from_pandas(milestones_frame([raw(**fields)]), schema=ARROW_SCHEMA, preserve_index=False)


def record(folder, url, number, told):
    """Record one version after another, and tell of each as soon as it is kept, until killed."""
    history = History(Path(folder), url)
    with Path(told).open("a") as file:
        for version in itertools.count(int(number) + 1):
            history.record(_rows(title=str(version)), seen_at=version, complete=True)
            print(version, file=file, flush=True)


def record_twelve(folder, url):
    """Record twelve milestones that another process records at the same time."""
    history = History(Path(folder), url)
    for number in range(12):
        history.record(_rows(id=str(number)), seen_at=number, complete=False)
    return number + 1


_FUNCTIONS = [get, refresh, sweep, stream, ask, to_csv, to_parquet, record, record_twelve]
JOBS = {function.__name__: function for function in _FUNCTIONS}
