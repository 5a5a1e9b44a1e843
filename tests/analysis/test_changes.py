"""What changed between two tables, and from version to version, against a reference in plain Python."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis import changes as changes_module
from milestone_kit.analysis.changes import changes_table, diff_milestones
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.export.csv import csv_text
from milestone_kit.storage.history import History
from milestone_kit.table.schema import COLUMNS, empty_milestones
from tests.storage.test_history import arrow, sightings
from tests.strategies import at, milestones, table

FIELDS = [name for name in COLUMNS if name not in {"id", "last_updated_ts"}]
ORDER = ["deleted", "added", *FIELDS]
DTYPES = dict.fromkeys(["id", "title", "field", "before", "after"], pd.StringDtype(na_value=np.nan)) | {
    "shift": np.dtype("timedelta64[us]")
}


@st.composite
def tables(draw):
    df = draw(milestones(max_size=6, titles=st.sampled_from(["A", "B", ""])))
    ids = draw(st.lists(st.sampled_from("abcdefgh"), min_size=len(df), max_size=len(df), unique=True))
    return df.assign(id=np.array(ids, dtype=object)).astype({"id": df["id"].dtype})


def as_text(df):
    """Return every cell as a CSV file shows it, None where it is missing."""
    columns = {}
    for name in df.columns:
        # Python's own reader: that of pandas 3.0 ends a cell where it meets a NUL
        text = csv_text(df[[name]].assign(end=1), escape_formulas=False)
        _, *rows = csv.reader(io.StringIO(text, newline=""))
        cells = [cell for cell, _ in rows]
        columns[name] = [
            None if missing else cell for cell, missing in zip(cells, df[name].isna(), strict=True)
        ]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def brute_force(before, after):
    old = {row["id"]: row for row in as_text(before)}
    new = {row["id"]: row for row in as_text(after)}
    starts = {
        name: dict(zip(df["id"], df["start_date"], strict=True)) for name, df in (("b", before), ("a", after))
    }
    found = []
    for id_ in sorted(old.keys() | new.keys()):
        if id_ not in new:
            found.append((id_, old[id_]["title"], "deleted", None, None, None))
        elif id_ not in old:
            found.append((id_, new[id_]["title"], "added", None, None, None))
        else:
            shifts = {"start_date": starts["a"][id_] - starts["b"][id_]}
            found += [
                (id_, new[id_]["title"], name, old[id_][name], new[id_][name], shifts.get(name))
                for name in FIELDS
                if old[id_][name] != new[id_][name]
            ]
    return found


def told(changes):
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in changes.itertuples(index=False)]


@pytest.mark.parametrize(("few_runs", "part"), [(0, 2), (1_000, 65_536)])
@given(before=tables(), after=tables())
def test_a_diff_tells_what_comparing_cell_by_cell_tells(few_runs, part, before, after):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes_module, "_FEW_RUNS", few_runs)
        patch.setattr(changes_module, "_PART", part)
        changes = diff_milestones(before, after)
    assert told(changes) == brute_force(before, after)
    assert changes.dtypes.to_dict() == DTYPES
    assert isinstance(changes.index, pd.RangeIndex)


@given(tables())
def test_a_table_does_not_differ_from_itself_in_another_order(df):
    assert diff_milestones(df, df.iloc[::-1]).empty


def test_each_kind_of_change_reads_as_the_docstring_says():
    before = table(
        {"id": "moved"}, {"id": "ended"}, {"id": "listed", "related_event_tickers": ["KXA-1"]}, {"id": "gone"}
    )
    after = table(
        {"id": "moved", "title": "Game 0", "start_date": at(26.5)},
        {"id": "ended", "title": "Game 1", "end_date": at(2)},
        {"id": "listed", "title": "Game 2", "related_event_tickers": ["KXA-1", "KXA-2"]},
        {"id": "new", "title": "Newcomer"},
    )
    assert told(diff_milestones(before, after)) == [
        ("ended", "Game 1", "end_date", None, "2026-01-15T02:00:00Z", None),
        ("gone", "Game 3", "deleted", None, None, None),
        ("listed", "Game 2", "related_event_tickers", '["KXA-1"]', '["KXA-1","KXA-2"]', None),
        (
            "moved",
            "Game 0",
            "start_date",
            "2026-01-15T00:00:00Z",
            "2026-01-16T02:30:00Z",
            pd.Timedelta(hours=26.5),
        ),
        ("new", "Newcomer", "added", None, None, None),
    ]


def test_a_touched_row_that_says_the_same_is_no_change():
    assert diff_milestones(table({"last_updated_ts": at(0)}), table({"last_updated_ts": at(1)})).empty


def test_columns_of_ones_own_and_the_index_do_not_matter_and_nothing_is_changed():
    before = table({}, {"title": "x"}).set_index(pd.Index([7, 7]))
    after = before.assign(lane=1)
    kept = before.copy(deep=True)
    assert diff_milestones(before, after).empty
    pd.testing.assert_frame_equal(before, kept)


def test_an_id_that_occurs_twice_is_refused_by_name():
    twice = table({"id": "a"}, {"id": "b"}, {"id": "b"})
    with pytest.raises(QueryError, match="before: the id 'b' occurs twice"):
        diff_milestones(twice, table())
    with pytest.raises(QueryError, match="after: the id 'b' occurs twice"):
        diff_milestones(table(), twice)


def test_tables_out_of_schema_are_refused():
    with pytest.raises(SchemaError, match="'details'"):
        diff_milestones(table(), table().drop(columns="details"))
    with pytest.raises(SchemaError, match="'seen_at'"):
        changes_table(table({}))
    with pytest.raises(SchemaError, match="'deleted'"):
        changes_table(
            table({}).assign(seen_at=at(0), deleted="no").astype({"seen_at": "datetime64[us, UTC]"})
        )


@given(seen=sightings())
def test_the_changes_of_a_history_are_the_diffs_of_what_was_known_from_time_to_time(tmp_path_factory, seen):
    history = History(tmp_path_factory.mktemp("history"), "http://127.0.0.1:1")
    expected, known = [], empty_milestones()
    for number, (rows, _) in enumerate(seen):
        # only whole tables: then each is all that is known
        history.record(rows, seen_at=number, complete=True)
        now = history.versions().drop_duplicates("id", keep="last")
        now = now[~now["deleted"]][list(COLUMNS)]
        assert arrow(now.sort_values(["start_date", "id"], ignore_index=True)).to_pylist() == rows.to_pylist()
        if number:
            moment = pd.Timestamp(number, unit="s", tz="UTC")
            expected += [(*row[:5], moment, row[5]) for row in told(diff_milestones(known, now))]
        known = now
    found = [row for row in told(changes_table(history.versions())) if not came_back(row, expected)]
    assert found == expected
    late = pd.Timestamp(2, unit="s", tz="UTC")
    later = [
        row for row in told(changes_table(history.versions(), since=late)) if not came_back(row, expected)
    ]
    assert later == [row for row in expected if row[5] >= late]


def came_back(row, expected):
    """Tell whether a change happened while the row was away: a diff of then and now has only "added"."""
    return row[2] != "added" and (*row[:2], "added", None, None, row[5], None) in expected


def versions(*facts):
    df = table(*({name: v for name, v in row.items() if name not in {"at", "deleted"}} for row in facts))
    seen = pd.DatetimeIndex([at(row["at"]) for row in facts], tz="UTC").as_unit("us")
    return df.assign(seen_at=seen, deleted=[row.get("deleted", False) for row in facts])


def test_without_a_word_on_additions_what_comes_after_the_first_sight_is_added():
    some = versions({"id": "a", "at": 0}, {"id": "b", "at": 0}, {"id": "c", "at": 1})
    assert told(changes_table(some)[["id", "field"]]) == [("c", "added")]


def test_versions_in_any_order_tell_the_same():
    some = versions(
        {"id": "a", "at": 2, "title": "3"},
        {"id": "a", "at": 0, "title": "1"},
        {"id": "a", "at": 1, "title": "2"},
    )
    assert told(changes_table(some)[["before", "after"]]) == [("1", "2"), ("2", "3")]


def test_a_row_that_comes_back_is_added_and_tells_what_changed_meanwhile():
    some = versions(
        {"id": "a", "at": 0, "title": "x"},
        {"id": "a", "at": 1, "title": "x", "deleted": True},
        {"id": "a", "at": 2, "title": "x", "start_date": at(5)},
    )
    assert changes_table(some)["field"].tolist() == ["deleted", "added", "start_date"]
    assert changes_table(some)["shift"].max() == pd.Timedelta(hours=5)


def test_a_history_without_versions_has_no_changes_but_every_column():
    empty = changes_table(versions().astype({"deleted": bool}))
    assert list(empty.columns) == ["id", "title", "field", "before", "after", "seen_at", "shift"]
    assert empty["seen_at"].dtype == pd.DatetimeTZDtype("us", "UTC")
    assert empty.drop(columns="seen_at").dtypes.to_dict() == DTYPES
    with pytest.raises(QueryError, match="since"):
        changes_table(versions({"at": 0}), since="soon")
