from __future__ import annotations

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest

from milestone_kit.core.query import Query
from milestone_kit.errors import CacheWarning
from milestone_kit.sandbox import synthetic_milestones
from milestone_kit.storage.blocks import write_blocks
from milestone_kit.storage.cache_folder import CacheFolder
from milestone_kit.storage.manifests import FORMAT, Manifest
from milestone_kit.table.frame import join_pages, page_table

DATA = Path(__file__).parents[1] / "data"
URL = "https://example.com/v2"
SPORTS = Query.of(category="Sports")
DATES = ["start_date", "end_date", "last_updated_ts"]


@pytest.fixture
def store(tmp_path):
    return CacheFolder(tmp_path / "cache", URL)


@pytest.fixture
def table():
    return join_pages([page_table(list(synthetic_milestones(50)))])


def manifest(table, **changes):
    fields = {
        "base_url": URL,
        "query": SPORTS.key(),
        "started": 1.0,
        "finished": 2.0,
        "rows": table.num_rows,
        "pages": 1,
        "last_full_sweep": 1.0,
        "as_of": 1.0,
    }
    return Manifest(**fields | changes)


def snapshot(store):
    (path,) = store.folder.joinpath("snapshots").glob("*.blocks")
    return path


def test_what_was_published_is_read_back_the_same(store, table):
    store.publish(SPORTS, table, manifest(table))
    read, told = store.read(SPORTS)
    assert read.equals(table)
    assert told == manifest(table)


def test_another_query_or_address_is_a_miss(store, table):
    store.publish(SPORTS, table, manifest(table))
    assert store.read(Query.of(category="sports")) is None
    assert CacheFolder(store.folder, URL + "3").read(SPORTS) is None


def test_an_empty_answer_is_an_answer(store, table):
    store.publish(SPORTS, table.slice(0, 0), manifest(table, rows=0))
    read, _ = store.read(SPORTS)
    assert read.num_rows == 0


def test_a_later_snapshot_replaces_the_earlier_one_which_open_readers_keep(store, table):
    store.publish(SPORTS, table, manifest(table))
    before, _ = store.read(SPORTS)
    store.publish(SPORTS, table.slice(0, 3), manifest(table, rows=3))
    assert before.equals(table)
    assert store.read(SPORTS)[0].num_rows == 3
    assert len(list(store.folder.joinpath("snapshots").iterdir())) == 1


def test_of_several_that_publish_at_once_one_wins_and_readers_always_find_a_whole_table(store, table):
    store.publish(SPORTS, table, manifest(table))
    everybody = [CacheFolder(store.folder, URL) for _ in range(3)]

    def publish(who):
        for rows in range(1, 20):
            who.publish(SPORTS, table.slice(0, rows), manifest(table, rows=rows))

    with ThreadPoolExecutor(3) as threads:
        writing = [threads.submit(publish, who) for who in everybody]
        while not all(each.done() for each in writing):
            read, told = store.read(SPORTS)
            assert read.equals(table.slice(0, told.rows))
        for each in writing:
            each.result()
    assert store.read(SPORTS)[0].num_rows == 19
    store.prune(now=NOW, keep=0, max_bytes=10**9)
    assert snapshot(store).exists()


def test_a_snapshot_outlives_its_deleted_file(store, table):
    store.publish(SPORTS, table, manifest(table))
    read, _ = store.read(SPORTS)
    store.clear()
    assert read.equals(table)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_truncated_snapshot_is_put_aside(store, table, keep):
    store.publish(SPORTS, table, manifest(table))
    path = snapshot(store)
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if isinstance(keep, int) else int(len(whole) * keep)])
    with pytest.warns(CacheWarning, match="put aside"):
        assert store.read(SPORTS) is None
    assert not path.exists()
    assert path.with_name(path.name + ".bad").exists()
    assert store.read(SPORTS) is None


def test_a_snapshot_with_damaged_bytes_never_brings_the_reader_down(store, table, recwarn):
    store.publish(SPORTS, table, manifest(table))
    path = snapshot(store)
    whole = path.read_bytes()
    for at in range(8, len(whole) - 64, len(whole) // 40):
        path.write_bytes(whole[:at] + b"\xff" * 64 + whole[at + 64 :])
        read = store.read(SPORTS)
        if read is not None:  # then every text and list in it can be looked at
            assert len(read[0].drop_columns(DATES).to_pylist()) == 50
        if not path.exists():
            path.with_name(path.name + ".bad").unlink()
    assert {warning.category for warning in recwarn} == {CacheWarning}


@pytest.mark.parametrize("version", [FORMAT - 1, FORMAT + 1])
def test_a_snapshot_of_another_version_is_a_miss_and_stays(store, table, version):
    store.publish(SPORTS, table, manifest(table, format=version))
    with pytest.warns(CacheWarning, match="another version.*fetched again"):
        assert store.read(SPORTS) is None
    assert snapshot(store).exists()


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b"no json", b'{"format": 2}', b'{"format": "2"}', b'{"format": 2, "started": "x"}'],
)
def test_a_file_without_a_sound_manifest_is_put_aside(store, table, text):
    store.publish(SPORTS, table, manifest(table))
    path = snapshot(store)
    with pa.ipc.new_file(path, table.schema.with_metadata({b"milestone_kit": text})) as writer:
        writer.write_table(table)
    with pytest.warns(CacheWarning, match="put aside"):
        assert store.read(SPORTS) is None


def test_a_table_with_other_columns_or_rows_is_put_aside(store, table):
    for other in (table.drop_columns(["extra"]), table.slice(1)):
        store.publish(SPORTS, table, manifest(table))
        path = snapshot(store)
        with path.open("wb") as file:
            write_blocks(file, [other], asdict(manifest(table)), format=FORMAT, packed=False)
        with pytest.warns(CacheWarning, match="columns or rows"):
            assert store.read(SPORTS) is None


def test_a_folder_that_cannot_be_written_costs_a_warning(tmp_path, table):
    blocker = tmp_path / "file"
    blocker.touch()
    store = CacheFolder(blocker, URL)
    with pytest.warns(CacheWarning, match="not cached"):
        store.publish(SPORTS, table, manifest(table))
    assert blocker.read_bytes() == b""


def test_a_write_that_fails_leaves_the_old_snapshot_and_nothing_else(store, table, monkeypatch):
    store.publish(SPORTS, table, manifest(table))

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.warns(CacheWarning, match="No space left"):
        store.publish(SPORTS, table.slice(1), manifest(table))
    assert store.read(SPORTS)[0].equals(table)
    assert len(list(store.folder.joinpath("snapshots").iterdir())) == 1


def walk(store, *, limit=500, now=100.0, longest=60.0, refresh=False):
    return store.walk(SPORTS, limit=limit, now=now, longest=longest, refresh=refresh)


def test_an_unfinished_walk_is_gone_on_with(store):
    first = walk(store)
    assert not first.resumed
    first.pages_path.touch()
    again = walk(store, now=160.0)
    assert (again.started, again.pages_path, again.resumed) == (100.0, first.pages_path, True)


@pytest.mark.parametrize(
    "change", [{"now": 160.1}, {"now": 99.0}, {"limit": 100}, {"refresh": True}], ids=str
)
def test_a_walk_that_does_not_fit_is_forgotten_with_its_pages(store, change):
    first = walk(store)
    first.pages_path.touch()
    assert walk(store, **change).pages_path != first.pages_path
    assert not first.pages_path.exists()


def test_a_refresh_goes_on_with_a_walk_that_was_interrupted(store):
    first = walk(store)
    first.interrupt()
    assert walk(store, refresh=True).pages_path == first.pages_path


def test_a_walk_can_be_forgotten(store):
    first = walk(store)
    first.pages_path.touch()
    first.forget()
    assert list(store.folder.joinpath("walks").iterdir()) == []


def test_publishing_forgets_the_walk(store, table):
    walk(store).pages_path.touch()
    store.publish(SPORTS, table, manifest(table))
    assert list(store.folder.joinpath("walks").iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 2}', '{"format": 2, "id": "x", "started": "y", "limit": 5}']
)
def test_a_broken_walk_record_begins_a_new_walk(store, text):
    walk(store)
    (path,) = store.folder.joinpath("walks").glob("*.json")
    path.write_text(text)
    with pytest.warns(CacheWarning):
        fresh = walk(store)
    assert walk(store).pages_path == fresh.pages_path


@pytest.mark.parametrize("version", [FORMAT - 1, FORMAT + 1])
def test_a_walk_record_of_another_version_begins_a_new_walk(store, version):
    first = walk(store)
    (path,) = store.folder.joinpath("walks").glob("*.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": version}))
    assert walk(store).pages_path != first.pages_path


def test_only_one_at_a_time_holds_the_lock(store):
    inside = threading.Event()
    leave = threading.Event()

    def hold():
        with store.lock(SPORTS):
            inside.set()
            leave.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(5)
    other = CacheFolder(store.folder, URL, lock_seconds=0.01)
    with pytest.warns(CacheWarning, match="walking without it"), other.lock(SPORTS):
        pass
    with other.lock(Query.of()):
        pass
    leave.set()
    holder.join()
    with other.lock(SPORTS):
        pass


def test_files_are_for_their_owner_only(store, table):
    store.publish(SPORTS, table, manifest(table))
    walk(store)
    with store.lock(SPORTS):
        pass
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


@pytest.mark.parametrize("sample", sorted(DATA.glob("snapshot-format-*")), ids=lambda path: path.name)
def test_the_files_of_earlier_versions_open_and_give_way_to_the_next(store, table, sample):
    """Each sample was written once by `CacheFolder.publish`, and must open for as long as it is read."""
    folder = store.folder / "snapshots"
    folder.mkdir(parents=True)
    name = f"{store.key(SPORTS)}.arrow" if sample.suffix == ".arrow" else sample_name(store)
    folder.joinpath(name).write_bytes(sample.read_bytes())
    read, told = store.read(SPORTS)
    assert read.num_rows == told.rows == 20
    assert (told.last_full_sweep, told.as_of, told.refreshed, told.format) == (1.0, 3.0, 1, 2)
    assert store.info()["rows"].tolist() == [20]
    store.publish(SPORTS, table, manifest(table))
    assert store.read(SPORTS)[0].num_rows == 50
    assert snapshot(store).name != name
    assert len(list(folder.iterdir())) == 1


def sample_name(store):
    address = store.answers_path.stem.removeprefix("answers-")
    return f"{address}-{store.key(SPORTS)}-00000001-0123abcd.blocks"


def test_every_flipped_bit_is_noticed(store, table):
    store.publish(SPORTS, table, manifest(table))
    path = snapshot(store)
    whole, chance = path.read_bytes(), random.Random(1)
    for _ in range(300):
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        with pytest.warns(CacheWarning, match="not usable.*put aside"):
            assert store.read(SPORTS) is None


def test_the_cuts_of_a_walk_are_kept_with_it(store):
    walk(store).cut([5, 7])
    assert walk(store).cuts == (5, 7)
    walk(store).interrupt()
    assert walk(store, refresh=True).cuts == (5, 7)


@pytest.mark.parametrize("cuts", ["[1, null]", '"x"', "[1.5]", "7"])
def test_a_walk_with_broken_cuts_begins_anew(store, cuts):
    first = walk(store)
    (path,) = store.folder.joinpath("walks").glob("*.json")
    path.write_text(path.read_text().replace('"cuts": []', f'"cuts": {cuts}'))
    with pytest.warns(CacheWarning):
        assert walk(store).pages_path != first.pages_path


NOW = 1_000_000_000.0
DAY = 86_400.0


@pytest.fixture
def full_cache(store, table):
    """Three snapshots of one, two and three days ago, and an unfinished walk of three days ago."""
    import os

    paths = []
    for days in (1, 2, 3):
        query = Query.of(type=f"t{days}")
        store.publish(query, table, manifest(table, query=query.key()))
        (path,) = set(store.folder.joinpath("snapshots").glob("*.blocks")) - set(paths)
        os.utime(path, (NOW - days * DAY, NOW - days * DAY))
        paths.append(path)
    walk(store).pages_path.write_bytes(b"x" * 100)
    for path in store.folder.joinpath("walks").iterdir():
        os.utime(path, (NOW - 3 * DAY, NOW - 3 * DAY))
    return paths


def left(store):
    return {path for name in ("snapshots", "walks") for path in store.folder.joinpath(name).iterdir()}


def test_old_walks_go_and_snapshots_that_fit_stay(store, full_cache):
    store.prune(now=NOW, keep=3600, max_bytes=10**9)
    assert left(store) == set(full_cache)


def test_a_walk_that_may_be_gone_on_with_stays(store, full_cache):
    before = left(store)
    store.prune(now=NOW, keep=4 * DAY, max_bytes=10**9)
    assert left(store) == before


def test_the_oldest_snapshots_go_where_room_is_needed(store, full_cache):
    size = full_cache[0].stat().st_size
    store.prune(now=NOW, keep=3600, max_bytes=2 * size + 10)
    assert left(store) == set(full_cache[:2])


def test_a_snapshot_that_is_still_an_answer_is_never_deleted(store, full_cache):
    store.prune(now=NOW, keep=1.5 * DAY, max_bytes=1)
    assert left(store) == set(full_cache[:1])


def test_remains_of_writes_cut_short_go_after_a_day(store, full_cache):
    import os

    remains = [store.folder / "snapshots" / name for name in (".new-abc", "x.arrow.bad")]
    for path, age in zip(remains, (0.5, 2), strict=True):
        path.touch()
        os.utime(path, (NOW - age * DAY, NOW - age * DAY))
    store.prune(now=NOW, keep=3600, max_bytes=10**9)
    assert left(store) == {*full_cache, remains[0]}
