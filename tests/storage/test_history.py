"""The history keeps every version once, survives what happens to files, and tells what is gone."""

import errno
import hashlib
import itertools
import os
import random
import signal
import stat
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.changes import changes_table
from milestone_kit.errors import CacheWarning, QueryError
from milestone_kit.storage.blocks import write_blocks
from milestone_kit.storage.history import _INSTANT, History, _frame, _never_back, _stored
from milestone_kit.storage.view import FORMAT, View
from milestone_kit.table.frame import join_pages
from milestone_kit.table.schema import ARROW_SCHEMA, COLUMNS, DTYPES
from tests.strategies import EPOCH, at, milestones, table

URL = "http://127.0.0.1:1/v2"
DATA = Path(__file__).parents[1] / "data"


def arrow(df):
    return pa.Table.from_pandas(df, schema=ARROW_SCHEMA, preserve_index=False).replace_schema_metadata(None)


def rows(*facts):
    return arrow(table(*facts))


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "history", URL)


def told(history, *columns):
    return list(history.versions()[["id", *columns]].itertuples(index=False, name=None))


def files(history):
    return sorted(history.folder.glob("0*.blocks"))


@st.composite
def sightings(draw):
    """Draw some tables of few ids, each whole or not."""
    seen = []
    for complete in draw(st.lists(st.booleans(), max_size=6)):
        df = draw(milestones(max_size=5, titles=st.sampled_from(["A", "A\0", ""])))
        ids = draw(st.lists(st.sampled_from("abcde"), min_size=len(df), max_size=len(df)))
        df = df.assign(id=np.array(ids, dtype=object)).astype({"id": df["id"].dtype})
        seen.append((join_pages([arrow(df)]), complete))
    return seen


class Model:
    """What a history is to hold, said in plain Python."""

    def __init__(self):
        self.versions, self.swept = [], False

    def record(self, table, seen_at, *, complete):
        before = len(self.versions)
        heads = {row["id"]: (row, deleted) for row, _, deleted, _ in self.versions}
        seen = {row["id"]: row for row in table.to_pylist()}
        for id_, row in seen.items():
            if id_ not in heads or heads[id_] != (row, False):
                was_there = id_ in heads and not heads[id_][1]
                self.versions.append((row, seen_at, False, self.swept and not was_there))
        if complete:
            self.versions += [
                (row, seen_at, True, False)
                for id_, (row, deleted) in heads.items()
                if id_ not in seen and not deleted
            ]
            self.swept = True
        return len(self.versions) - before


@given(sightings(), st.booleans())
def test_the_history_holds_what_a_plain_list_of_versions_holds(tmp_path_factory, seen, small):
    options = {"index_after": 3} if small else {}
    folder = tmp_path_factory.mktemp("history")
    model = Model()
    for number, (one, complete) in enumerate(seen):
        seen_at = 1_790_000_000.0 + number
        new = History(folder, URL, **options).record(one, seen_at=seen_at, complete=complete)
        assert new == model.record(one, seen_at, complete=complete)
    stored = History(folder, URL).versions()
    expected = sorted(model.versions, key=lambda version: (version[0]["id"], version[1]))
    assert arrow(stored[list(COLUMNS)]).to_pylist() == [version[0] for version in expected]
    assert stored["deleted"].tolist() == [version[2] for version in expected]
    assert stored["added"].tolist() == [version[3] for version in expected]
    seconds = [version[1] for version in expected]
    assert stored["seen_at"].tolist() == [pd.Timestamp(second, unit="s", tz="UTC") for second in seconds]


def test_an_empty_history_has_every_column_with_its_dtype(history):
    dtypes = DTYPES | {
        "seen_at": pd.DatetimeTZDtype("us", "UTC"),
        "deleted": np.dtype("bool"),
        "added": np.dtype("bool"),
    }
    assert history.versions().dtypes.to_dict() == dtypes
    history.record(rows({}), seen_at=1.5, complete=True)
    assert history.versions().dtypes.to_dict() == dtypes
    assert history.versions()["seen_at"].tolist() == [pd.Timestamp("1970-01-01 00:00:01.5", tz="UTC")]


def test_what_is_gone_is_a_tombstone_and_what_comes_back_a_new_version(history):
    both = rows({"id": "a"}, {"id": "b"})
    assert history.record(both, seen_at=1, complete=True) == 2
    assert history.record(both.slice(0, 1), seen_at=2, complete=False) == 0
    assert history.record(both.slice(0, 1), seen_at=3, complete=True) == 1
    assert history.record(both.slice(0, 1), seen_at=4, complete=True) == 0
    assert history.record(both, seen_at=5, complete=True) == 1
    assert told(history, "deleted", "added") == [
        ("a", False, False),
        ("b", False, False),
        ("b", True, False),
        ("b", False, True),
    ]


def test_rows_are_added_only_once_everything_has_been_looked_at(history):
    history.record(rows({"id": "a"}), seen_at=1, complete=False)
    history.record(rows({"id": "a"}, {"id": "b"}), seen_at=2, complete=True)
    history.record(rows({"id": "c"}), seen_at=3, complete=False)
    assert told(history, "added") == [("a", False), ("b", False), ("c", True)]


def test_a_row_is_added_to_the_answer_of_a_question_that_was_asked_before(history):
    history.record(rows({"id": "a"}), seen_at=1, complete=False, scope="sports")
    history.record(rows({"id": "b"}), seen_at=2, complete=False, scope="elections")
    history.record(rows({"id": "c"}), seen_at=3, complete=False, scope="sports")
    history.record(ARROW_SCHEMA.empty_table(), seen_at=4, complete=False, scope="golf")
    history.record(rows({"id": "d"}), seen_at=5, complete=False, scope="golf")
    assert told(history, "added") == [("a", False), ("b", False), ("c", True), ("d", True)]


def test_a_sweep_without_rows_counts_as_having_looked(history):
    history.record(ARROW_SCHEMA.empty_table(), seen_at=1, complete=True)
    history.record(rows({"id": "a"}), seen_at=2, complete=False)
    assert told(history, "added") == [("a", True)]


def test_versions_can_be_asked_for_by_id_and_time(history):
    history.record(rows({"id": "a"}, {"id": "b"}), seen_at=1, complete=True)
    history.record(rows({"id": "b", "title": "new"}), seen_at=2, complete=False)
    assert history.versions("b")["title"].tolist() == ["Game 1", "new"]
    assert history.versions(["a", "zzz"])["id"].tolist() == ["a"]
    assert history.versions(since="1970-01-01T00:00:02")["title"].tolist() == ["new"]
    assert history.versions([]).empty
    with pytest.raises(QueryError, match="7 is no id"):
        history.versions(["a", 7])
    with pytest.raises(QueryError, match="since"):
        history.versions(since="soon")


def test_histories_of_two_addresses_never_mix_and_one_can_be_forgotten(tmp_path):
    ours, theirs = History(tmp_path, URL), History(tmp_path, "http://127.0.0.1:2/v2")
    ours.record(rows({"id": "a"}), seen_at=1, complete=True)
    theirs.record(rows({"id": "b"}), seen_at=1, complete=True)
    ours.clear()
    assert ours.versions().empty
    assert [path.name for path in ours.folder.iterdir()] == ["writer.lock"]
    assert told(theirs) == [("b",)]
    assert ours.record(rows({"id": "a"}), seen_at=2, complete=True) == 1


def test_files_and_folders_are_for_their_owner_only(history):
    history.record(rows({}), seen_at=1, complete=True)
    for path in [history.folder, *history.folder.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_many_small_files_become_few_and_say_the_same(history):
    for number in range(60):
        history.record(rows({"title": f"version {number}"}), seen_at=number, complete=number == 0)
    assert len(files(history)) < 20
    assert history.versions()["title"].tolist() == [f"version {number}" for number in range(60)]


def test_files_that_were_joined_but_not_yet_deleted_count_once(history):
    for number in range(16):
        history.record(rows({"title": f"version {number}"}), seen_at=number, complete=True)
    before = {path: path.read_bytes() for path in files(history)}
    history.record(rows({"title": "version 16"}), seen_at=16, complete=True)
    for path, content in before.items():
        path.write_bytes(content)
    assert len(history.versions()) == 17
    assert history.record(rows({"title": "version 17"}), seen_at=17, complete=True) == 1
    assert len(history.versions()) == 18
    assert len(files(history)) < 16


@pytest.mark.parametrize("damage", ["cut", "overwritten", "empty", "renamed"])
def test_a_damaged_file_is_told_put_aside_by_the_next_writer_and_recorded_again(history, damage):
    first, second = rows({"id": "a"}), rows({"id": "b"})
    history.record(first, seen_at=1, complete=False)
    history.record(second, seen_at=2, complete=False)
    path = files(history)[0]
    content = path.read_bytes()
    if damage == "renamed":
        path.rename(path.with_name("000000000001-000000000001-9.blocks"))
    else:
        damaged = {"cut": content[:-200], "overwritten": b"x" * len(content), "empty": b""}
        path.write_bytes(damaged[damage])
    with pytest.warns(CacheWarning, match="versions in .* are damaged .*the other versions are served"):
        assert history.versions()["id"].tolist() == ["b"]
    with pytest.warns(CacheWarning, match="are damaged"):
        assert history.record(first, seen_at=3, complete=False) == (0 if damage == "renamed" else 1)
    assert sorted(told(history)) == [("a",), ("b",)]
    assert len(list(history.folder.glob("*.bad"))) == 1


def test_damage_that_can_be_neither_read_nor_left_out_costs_a_warning(history, monkeypatch):
    history.record(rows({"id": "a"}), seen_at=1, complete=True)
    monkeypatch.setattr(View, "_block", lambda view, segment, *_: view._harmed(segment, 1, "odd"))
    with (
        pytest.warns(CacheWarning, match="are damaged"),
        pytest.warns(CacheWarning, match="nothing was recorded"),
    ):
        assert history.record(rows({"id": "a"}), seen_at=2, complete=True) == 0
    monkeypatch.undo()
    assert told(history) == [("a",)]


def test_a_file_that_cannot_be_opened_for_now_is_not_taken_for_damaged(history, monkeypatch):
    history.record(rows({"id": "a"}), seen_at=1, complete=True)
    (path,), usual = files(history), os.open

    def no_more_files(name, *options):
        if Path(name) == path:
            raise OSError(errno.EMFILE, "Too many open files")
        return usual(name, *options)

    monkeypatch.setattr(os, "open", no_more_files)
    with (
        pytest.warns(CacheWarning, match="Too many open files.*the other versions are served"),
        pytest.warns(CacheWarning, match="nothing was recorded"),
    ):
        assert history.record(rows({"id": "a", "title": "x"}), seen_at=2, complete=True) == 0
    monkeypatch.undo()
    assert told(history) == [("a",)]


@pytest.mark.parametrize("damage", [b"", b"junk" * 100, None])
def test_a_damaged_or_missing_index_is_made_anew(tmp_path, damage):
    history = History(tmp_path, URL, index_after=0)
    some = indexed(history)
    (index,) = history.folder.glob("heads-*")
    index.unlink() if damage is None else index.write_bytes(damage)
    with pytest.warns(CacheWarning, match="heads.* put aside") if damage is not None else nullcontext():
        assert history.record(some, seen_at=4, complete=True) == 0
    (index,) = history.folder.glob("heads-*.blocks")
    assert index.stat().st_size > 500


def test_an_index_that_counts_rows_of_a_lost_file_is_not_believed(tmp_path):
    history = History(tmp_path, URL, index_after=0)
    some = indexed(history)
    files(history)[1].unlink()
    assert history.record(some, seen_at=4, complete=True) == 1


BLOCK = 16_384


def many(count, **fields):
    """Give rows that fill several blocks."""
    one = rows(fields)
    ids = pa.array([f"m{number:06}" for number in range(count)], pa.large_string())
    return one.take(pa.array(np.zeros(count, dtype=int))).set_column(0, ARROW_SCHEMA.field("id"), ids)


def spoil(path, at, size=4096):
    """Write garbage over a part of a file, as a disk does that loses a block."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * min(size, path.stat().st_size - at))


def test_a_lost_block_costs_the_versions_of_one_block_and_no_event_is_invented(history):
    first = many(3 * BLOCK)
    history.record(first, seen_at=1, complete=True)
    history.record(rows({"id": "m000001", "title": "new"}), seen_at=2, complete=False)
    (path, _) = files(history)
    spoil(path, path.stat().st_size // 2)
    with pytest.warns(CacheWarning, match=f"{BLOCK} of {3 * BLOCK} versions .* are damaged"):
        assert len(history.versions()) == 2 * BLOCK + 1
    before = rows({"id": "m000001", "title": "new"})
    now = pa.concat_tables([before, first.filter(pc.not_equal(first["id"], "m000001"))])
    with pytest.warns(CacheWarning, match=f"{BLOCK} of {3 * BLOCK} versions .* are damaged"):
        assert history.record(now, seen_at=3, complete=True) == BLOCK, "what was lost is known again"
    versions = history.versions()
    assert len(versions) == 3 * BLOCK + 1
    assert not versions["deleted"].any()
    assert not versions["added"].any()
    assert changes_table(versions)["field"].tolist() == ["title"]
    later = history.record(rows({"id": "really new"}), seen_at=4, complete=False)
    assert (later, history.versions("really new")["added"].tolist()) == (1, [True])


def test_what_was_lost_is_not_added_when_a_delta_brings_it(history):
    history.record(rows({"id": "a"}, {"id": "b"}), seen_at=1, complete=False, scope="sports")
    history.record(rows({"id": "c"}), seen_at=2, complete=False, scope="sports", whole=False)
    assert told(history, "added")[-1] == ("c", True)
    spoil(files(history)[0], 0)
    with pytest.warns(CacheWarning, match="2 of 2 versions"):
        history.record(
            rows({"id": "a", "title": "x"}), seen_at=3, complete=False, scope="sports", whole=False
        )
    history.record(rows({"id": "b", "title": "x"}), seen_at=4, complete=False, scope="sports", whole=False)
    assert told(history, "added") == [("a", False), ("b", False), ("c", True)]
    assert changes_table(history.versions())["id"].tolist() == ["c"]


def test_a_missing_file_is_told_until_the_next_writer_knows_and_the_others_are_served(history):
    for number in range(1, 5):
        history.record(rows({"id": str(number)}), seen_at=number, complete=False, scope="all")
    files(history)[1].unlink()
    for _ in range(2):
        with pytest.warns(CacheWarning, match="a file of the history is missing, number 2 of"):
            assert [id_ for (id_,) in told(history)] == ["1", "3", "4"]
    with pytest.warns(CacheWarning, match="is missing"):
        history.record(rows({"id": "2"}), seen_at=5, complete=False, scope="all")
    assert told(history, "added") == [("1", False), ("2", False), ("3", True), ("4", True)]


@pytest.mark.parametrize("what", ["history", "index"])
def test_every_flipped_bit_is_noticed(tmp_path, what):
    history = History(tmp_path, URL, index_after=0 if what == "index" else 50_000)
    some = indexed(history)
    (path, *_) = history.folder.glob("heads-*") if what == "index" else files(history)
    whole = path.read_bytes()
    chance = random.Random(1)
    for _ in range(150):
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        with pytest.warns(CacheWarning):
            history.versions() if what == "history" else history.record(some, seen_at=9, complete=True)
        for other in history.folder.glob("heads-*"):
            other.unlink()


def test_the_first_block_may_be_lost_without_the_others(history):
    history.record(many(2 * BLOCK), seen_at=1, complete=True)
    (path,) = files(history)
    spoil(path, 0, 64)
    with pytest.warns(CacheWarning, match=f"{BLOCK} of {2 * BLOCK} versions .* cannot be found"):
        assert history.versions()["id"].iloc[0] == f"m{BLOCK:06}"


def test_the_order_of_versions_is_that_in_which_they_came_whatever_the_clock_says():
    """500 histories whose clocks step by up to a day; the title of each version is its number."""
    chance, kept = random.Random(45), []
    for name in range(500):
        steps = [chance.choice([-86_400, -3600, 60, 86_400]) for _ in range(chance.randint(1, 8))]
        clock = (1_790_000_000 + np.cumsum(steps)) * 1_000_000
        seen = _never_back(pa.chunked_array([clock]).cast(_INSTANT))
        for number, moment in enumerate(clock):
            assert min(seen[number:]) >= moment, "what came since a moment that the clock has shown is found"
        kept += [(f"{name}-{chance.choice('abc')}", str(n), at_) for n, at_ in enumerate(seen)]
    ids, titles, seen = zip(*kept, strict=True)
    stored = _stored(many(len(kept)).set_column(0, "id", pa.array(ids, pa.large_string())), 0)
    stored = stored.set_column(
        stored.schema.get_field_index("title"), "title", pa.array(titles, pa.large_string())
    )
    told = _frame(stored, np.array(seen))
    expected = [
        (before, after)
        for _, titles in told.groupby("id")["title"]
        for before, after in itertools.pairwise(titles)
    ]
    assert len(expected) > 500
    assert all(int(before) < int(after) for before, after in expected)
    for versions in (told, told.sample(frac=1, random_state=1)):
        changes = changes_table(versions.assign(added=False))
        changes = changes.sort_values("id", kind="stable")
        assert list(zip(changes["before"], changes["after"], strict=True)) == expected


def test_versions_seen_at_one_instant_stay_in_order(history):
    for title in "cab":
        history.record(rows({"title": title}), seen_at=1, complete=False)
    assert history.versions()["title"].tolist() == ["c", "a", "b"]
    assert changes_table(history.versions())["after"].tolist() == ["a", "b"]


def indexed(history):
    """Record two tables, and the second once more, so that an index of both is written."""
    history.record(rows({"id": "a"}, {"id": "b"}), seen_at=1, complete=True)
    some = rows({"id": "a", "title": "Another"}, {"id": "b"})
    history.record(some, seen_at=2, complete=True)
    history.record(some, seen_at=3, complete=True)
    return some


def test_a_file_of_a_newer_version_is_left_alone_and_nothing_is_written_beside_it(history):
    history.record(rows({"id": "a"}), seen_at=1, complete=True)
    (path,) = files(history)
    with path.open("wb") as file:
        write_blocks(file, [rows({"id": "c"})], {}, format=FORMAT + 1, packed=False)
    with pytest.warns(CacheWarning, match="newer milestone_kit"):
        assert history.versions().empty
    with pytest.warns(CacheWarning, match="newer milestone_kit"):
        assert history.record(rows({"id": "b"}), seen_at=2, complete=True) == 0
    assert files(history) == [path]


@pytest.mark.parametrize("version", range(1, FORMAT + 1))
def test_the_format_of_each_version_opens(history, version):
    history.folder.mkdir(parents=True)
    (kept,) = DATA.glob(f"history-format-{version}.*")
    name = f"000000000001-000000000001-3{kept.suffix}"
    history.folder.joinpath(name).write_bytes(kept.read_bytes())
    versions = history.versions()
    assert told(history, "title", "deleted") == [
        ("a", "Game 0", False),
        ("b", "Game 1", False),
        ("c", "Größe", False),
    ]
    assert versions["seen_at"].eq(pd.Timestamp(EPOCH)).all()
    assert versions["related_event_tickers"].tolist()[1] == ["KXA-1"]
    # the same content is not stored again
    assert history.record(the_rows_of_the_kept_file(), seen_at=EPOCH.timestamp(), complete=True) == 0


def the_rows_of_the_kept_file():
    return rows(
        {"id": "a", "end_date": at(3), "last_updated_ts": at(-3)},
        {"id": "b", "primary_event_tickers": ["KXA-1"], "details": {"league": "NBA"}},
        {"id": "c", "title": "Größe", "source_id": "", "extra": '{"x":1}', "start_date": at(1)},
    )


def test_a_folder_that_cannot_be_written_costs_a_warning_and_not_the_answer(tmp_path):
    tmp_path.joinpath("file").write_text("not a folder")
    history = History(tmp_path / "file", URL)
    with pytest.warns(CacheWarning, match="nothing was recorded"):
        assert history.record(rows({}), seen_at=1, complete=True) == 0
    assert history.versions().empty


def test_a_second_writer_waits_a_bounded_time(tmp_path):
    history = History(tmp_path, URL, lock_seconds=0.05)
    with history._alone(), pytest.warns(CacheWarning, match="could not be had"):
        assert history.record(rows({}), seen_at=1, complete=True) == 0
    assert history.record(rows({}), seen_at=1, complete=True) == 1


def test_a_writer_killed_at_any_moment_leaves_every_version_it_told_of(tmp_path, forker):
    chance = random.Random(5)
    told = 0
    (tmp_path / "told").touch()
    for _ in range(int(os.environ.get("MILESTONE_KIT_KILLS", "8"))):
        writer = forker.begin("record", tmp_path, URL, told, tmp_path / "told")
        patience = time.monotonic() + 30
        while (tmp_path / "told").stat().st_size == 0 and time.monotonic() < patience:
            time.sleep(0.001)
        time.sleep(chance.uniform(0.02, 0.2))  # any moment: this is what is tested
        os.kill(writer, signal.SIGKILL)
        assert forker.end(writer) == -signal.SIGKILL
        told = max([told, *map(int, (tmp_path / "told").read_text().split())])
        titles = History(tmp_path, URL).versions()["title"].astype(int).tolist()
        # one more may have been written than was told of
        assert sorted(titles) == list(range(1, len(titles) + 1))
        assert told <= len(titles) <= told + 1
        told = len(titles)
    assert told > 0


def test_two_writers_store_each_version_once(tmp_path, forker):
    writers = [forker.begin("record_twelve", tmp_path, URL) for _ in range(2)]
    assert [forker.end(writer) for writer in writers] == [0, 0]
    assert [forker.said[writer] for writer in writers] == ["12", "12"]
    assert sorted(History(tmp_path, URL).versions()["id"], key=int) == [str(n) for n in range(12)]


def test_the_key_of_an_address_is_its_digest(history):
    assert history.folder.name == hashlib.sha256(URL.encode()).hexdigest()[:32]
