"""The history keeps every version once, survives what happens to files, and tells what is gone."""

import hashlib
import os
import random
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milestone_kit.errors import CacheWarning, QueryError
from milestone_kit.storage.history import History
from milestone_kit.storage.segments import FORMAT, View
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
    return sorted(history.folder.glob("0*.arrow"))


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


@settings(max_examples=60)
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
def test_a_damaged_file_is_put_aside_and_what_it_held_is_recorded_again(history, damage):
    first, second = rows({"id": "a"}), rows({"id": "b"})
    history.record(first, seen_at=1, complete=False)
    history.record(second, seen_at=2, complete=False)
    path = files(history)[0]
    content = path.read_bytes()
    if damage == "renamed":
        path.rename(path.with_name("000000000001-000000000001-9.arrow"))
    else:
        damaged = {"cut": content[:-200], "overwritten": b"x" * len(content), "empty": b""}
        path.write_bytes(damaged[damage])
    with pytest.warns(CacheWarning, match="put aside"):
        assert history.versions()["id"].tolist() == ["b"]
    assert told(history) == [("b",)]
    assert history.record(first, seen_at=3, complete=False) == 1
    assert told(history) == [("a",), ("b",)]


def test_versions_that_can_be_neither_read_nor_put_aside_cost_a_warning(history, monkeypatch):
    history.record(rows({"id": "a"}), seen_at=1, complete=True)
    take = View.take
    monkeypatch.setattr(View, "take", lambda view, _: take(view, np.empty(0, dtype=np.int64)))
    with pytest.warns(CacheWarning, match="nothing was recorded"):
        assert history.record(rows({"id": "a"}), seen_at=2, complete=True) == 0


@pytest.mark.parametrize("damage", [b"", b"junk" * 100, None])
def test_a_damaged_or_missing_index_is_made_anew(tmp_path, damage):
    history = History(tmp_path, URL, index_after=0)
    some = indexed(history)
    index = history.folder / "heads.arrow"
    assert index.exists()
    index.unlink() if damage is None else index.write_bytes(damage)
    assert history.record(some, seen_at=4, complete=True) == 0
    assert index.stat().st_size > 500


def test_an_index_that_counts_rows_of_a_lost_file_is_not_believed(tmp_path):
    history = History(tmp_path, URL, index_after=0)
    some = indexed(history)
    files(history)[1].unlink()
    assert history.record(some, seen_at=4, complete=True) == 1


def indexed(history):
    """Record two tables, and the second once more, so that an index of both is written."""
    history.record(rows({"id": "a"}, {"id": "b"}), seen_at=1, complete=True)
    some = rows({"id": "a", "title": "Another"}, {"id": "b"})
    history.record(some, seen_at=2, complete=True)
    history.record(some, seen_at=3, complete=True)
    return some


def test_a_file_of_a_newer_version_is_left_alone_and_nothing_is_written_beside_it(history):
    history.record(rows({"id": "a"}), seen_at=1, complete=True)
    path = files(history)[0]
    path.write_bytes(path.read_bytes().replace(b'"format": 2', b'"format": 3'))
    with pytest.warns(CacheWarning, match="newer milestone_kit"):
        assert history.versions().empty
    with pytest.warns(CacheWarning, match="newer milestone_kit"):
        assert history.record(rows({"id": "b"}), seen_at=2, complete=True) == 0
    assert files(history) == [path]


@pytest.mark.parametrize("version", range(1, FORMAT + 1))
def test_the_format_of_each_version_opens(history, version):
    history.folder.mkdir(parents=True)
    name = "000000000001-000000000001-3.arrow"
    history.folder.joinpath(name).write_bytes(DATA.joinpath(f"history-format-{version}.arrow").read_bytes())
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


WRITER = """
import sys
from contextlib import suppress
from pathlib import Path
from milestone_kit.storage.history import History
from tests.storage.test_history import URL, rows
history = History(Path(sys.argv[1]), URL)
number = int(sys.argv[2])
print("ready", flush=True)
while True:
    number += 1
    history.record(rows({"title": str(number)}), seen_at=number, complete=True)
    print(number, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_every_version_it_told_of(tmp_path):
    chance = random.Random(5)
    told = 0
    for _ in range(int(os.environ.get("MILESTONE_KIT_KILLS", "8"))):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(told)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        ) as writer:
            writer.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                writer.wait(chance.uniform(0.02, 0.3))  # any moment
            writer.send_signal(signal.SIGKILL)
            said = writer.stdout.read().split()
        told = max([told, *map(int, said)])
        titles = History(tmp_path, URL).versions()["title"].astype(int).tolist()
        # one more may have been written than was told of
        assert sorted(titles) == list(range(1, len(titles) + 1))
        assert told <= len(titles) <= told + 1
        told = len(titles)
    assert told > 0


def test_two_writers_store_each_version_once(tmp_path):
    code = (
        "import sys; from pathlib import Path; from milestone_kit.storage.history import History\n"
        "from tests.storage.test_history import URL, rows\n"
        "history = History(Path(sys.argv[1]), URL)\n"
        "for number in range(12):\n"
        "    history.record(rows({'id': str(number)}), seen_at=number, complete=False)\n"
    )
    root = Path(__file__).parents[2]
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=root) for _ in range(2)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert sorted(History(tmp_path, URL).versions()["id"], key=int) == [str(n) for n in range(12)]


def test_the_key_of_an_address_is_its_digest(history):
    assert history.folder.name == hashlib.sha256(URL.encode()).hexdigest()[:32]
