"""How much damage in the cache is noticed, and what noticing it adds to a cached read, in one run.

Bits are flipped, and blocks of 4 KB zeroed, at random places of a snapshot and of a history. A cached read is
laid beside one of the same rows without checks: mapped, and not gone through; and, as earlier versions did,
mapped and gone through value by value.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import pyarrow as pa

from milestone_kit.core.query import Query
from milestone_kit.errors import CacheWarning
from milestone_kit.sandbox import synthetic_milestones
from milestone_kit.storage.cache_folder import CacheFolder
from milestone_kit.storage.history import History
from milestone_kit.storage.manifests import Manifest
from milestone_kit.table.frame import join_pages, page_table
from milestone_kit.table.schema import ARROW_SCHEMA

URL = "https://example.com/v2"
ZEROED = 4096


def add_arguments(command):
    command.add_argument("--rows", type=int, default=137_200)
    command.add_argument("--flips", type=int, default=1000, help="single bits, half in each file")
    command.add_argument("--blocks", type=int, default=100, help="zeroed blocks of 4 KB, half in each file")
    command.add_argument("--repeat", type=int, default=15, help="reads of each; the median is shown")
    command.add_argument("--seed", type=int, default=0)


def run(arguments):
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = universe(arguments.rows)
        snapshot, history = Snapshot(folder, table), Versions(folder, table)
        for what, damage, count in (
            ("flipped bits", flipped, arguments.flips),
            ("zeroed 4 KB blocks", zeroed, arguments.blocks),
        ):
            for kept in (snapshot, history):
                share = noticed(kept, damage, count // 2, chance) / (count // 2)
                print(f"{what} in the {kept.name} ({count // 2}): {share:.2%} noticed", flush=True)
        compare(snapshot, folder / "plain.arrow", table, arguments.repeat)


def universe(rows):
    pages = -(-rows // 500)
    milestones = list(synthetic_milestones(rows))
    return join_pages([page_table(milestones[n * 500 : n * 500 + 500]) for n in range(pages)])


class Snapshot:
    """A snapshot, and whether it is given as it was."""

    name = "snapshot"

    def __init__(self, folder, table):
        self.cache, self.table = CacheFolder(folder, URL), table
        about = {"started": 1.0, "finished": 2.0, "last_full_sweep": 1.0, "as_of": 1.0, "pages": 1}
        manifest = Manifest(base_url=URL, query=Query.of().key(), rows=table.num_rows, **about)
        self.cache.publish(Query.of(), table, manifest)
        (self.path,) = folder.glob("snapshots/*")

    def read(self):
        return self.cache.read(Query.of())

    def is_noticed(self):
        found = self.read() is None
        self.path.with_name(f"{self.path.name}.bad").rename(self.path)
        return found


class Versions:
    """A history, and whether all but the damaged versions are given as they were."""

    name = "history"

    def __init__(self, folder, table):
        self.history, self.table = History(folder / "history", URL), table
        self.history.record(table, seen_at=1.0, complete=True)
        (self.path,) = self.history.folder.glob("0*")

    def is_noticed(self):
        with self.history._segments.view() as view:
            versions, rows = view.columns(ARROW_SCHEMA.names)
            lost = self.table.num_rows - len(rows)
            is_right = (
                versions.equals(self.table.take(pa.array(rows))) if lost < self.table.num_rows else True
            )
        return bool(view.harm) and lost > 0 and is_right


def flipped(content, chance):
    at = chance.randrange(len(content))
    return at, bytes([content[at] ^ 1 << chance.randrange(8)])


def zeroed(content, chance):
    while True:
        at = chance.randrange(len(content) // ZEROED) * ZEROED
        if any(content[at : at + ZEROED]):
            return at, bytes(ZEROED)


def noticed(kept, damage, count, chance):
    content, found = kept.path.read_bytes(), 0
    for _ in range(count):
        at, bad = damage(content, chance)
        overwrite(kept.path, at, bad)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", CacheWarning)
            found += kept.is_noticed() and len(told) == 1
        overwrite(kept.path, at, content[at : at + len(bad)])
    return found


def overwrite(path, at, content):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def compare(snapshot, path, table, repeat):
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, ARROW_SCHEMA) as writer:
        writer.write_table(table)
    ways = {
        "mapped, no checks": lambda: mapped(path),
        "mapped, gone through": lambda: mapped(path).validate(full=True),
        "cached read": snapshot.read,
    }
    times = {what: [] for what in ways}
    for _ in range(repeat):  # alternating, so that a busy moment hits all alike
        for what, read in ways.items():
            began = time.perf_counter()
            kept = read()
            times[what].append(time.perf_counter() - began)
            del kept
    plain = statistics.median(times["mapped, no checks"])
    for what, each in times.items():
        median = statistics.median(each)
        print(f"{what:<22}{1e3 * median:>8.1f} ms{1e3 * (median - plain):>+8.1f} ms   {table.num_rows} rows")


def mapped(path):
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
