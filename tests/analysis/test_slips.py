"""What slipped between two tables, and over a history, one row per milestone."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.changes import changes_table, diff_milestones
from milestone_kit.analysis.flags import FIRST_REAL_START
from milestone_kit.analysis.slips import slips
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.schema import DTYPES, STRING_LIST, empty_milestones
from tests.analysis.test_changes import tables, versions
from tests.strategies import at, table

LISTS = ("primary_event_tickers", "related_event_tickers")
EXPECTED = (
    dict.fromkeys(("id", "title"), DTYPES["id"])
    | dict.fromkeys(("start_before", "start_after"), DTYPES["start_date"])
    | {"shift": np.dtype("timedelta64[us]"), "moves": np.dtype("int64")}
    | dict.fromkeys(("end_before", "end_after"), DTYPES["start_date"])
    | {"end_added": np.dtype(bool), "tickers_added": STRING_LIST, "tickers_removed": STRING_LIST}
)


def moved(*shifts, **more):
    before = table(*({"start_date": at(0)} | more for _ in shifts))
    return before, before.assign(start_date=[pd.Timestamp(at(shift)) for shift in shifts])


@given(before=tables(), after=tables())
def test_two_tables_tell_what_comparing_row_by_row_tells(before, after):
    found = {row.id: row for row in slips(before, after).itertuples()}
    new = {row.id: row for row in after.itertuples()}
    for old in before.itertuples():
        now = new.get(old.id)
        row = found.pop(old.id, None)
        if now is None:
            assert row is None
            continue
        moves = old.start_date != now.start_date
        ended = not (old.end_date == now.end_date or (pd.isna(old.end_date) and pd.isna(now.end_date)))
        added, removed = (
            {t for name in LISTS for t in getattr(b, name) if t not in set(getattr(a, name))}
            for a, b in ((old, now), (now, old))
        )
        if not (moves or ended or added or removed):
            assert row is None
            continue
        assert (row.title, row.moves) == (now.title, int(moves))
        real = min(old.start_date, now.start_date) >= FIRST_REAL_START
        assert row.shift == now.start_date - old.start_date if moves and real else pd.isna(row.shift)
        assert (
            (row.start_before, row.start_after) == (old.start_date, now.start_date)
            if moves
            else pd.isna(row.start_after)
        )
        assert row.end_added == (ended and pd.isna(old.end_date))
        if ended:
            assert str((row.end_before, row.end_after)) == str((old.end_date, now.end_date))
        assert (set(row.tickers_added), set(row.tickers_removed)) == (added, removed)
    assert not found


@given(before=tables(), after=tables())
def test_a_table_of_changes_tells_the_same_as_the_two_tables(before, after):
    changes = diff_milestones(before, after)
    kept = changes.copy(deep=True)
    assert_frame_equal(slips(changes), slips(before, after))
    assert_frame_equal(changes, kept)


def test_the_biggest_shift_comes_first_whichever_way_it_goes():
    result = slips(*moved(1, -5, 3, 3))
    assert result["id"].tolist() == ["m1", "m2", "m3", "m0"]
    assert result["shift"].tolist() == [pd.Timedelta(hours=hours) for hours in (-5, 3, 3, 1)]


def test_an_end_that_is_added_is_told_from_one_that_is_moved_or_taken_away():
    before = table({}, {"end_date": at(2)}, {"end_date": at(2)}, {"end_date": at(2)})
    after = before.assign(end_date=[pd.Timestamp(at(3)), pd.Timestamp(at(3)), pd.NaT, pd.Timestamp(at(2))])
    result = slips(before, after)
    assert result["id"].tolist() == ["m0", "m1", "m2"]
    assert result["end_added"].tolist() == [True, False, False]
    assert result["end_before"].isna().tolist() == [True, False, False]
    assert result["end_after"].isna().tolist() == [False, False, True]
    assert result["shift"].isna().all()
    assert result["moves"].tolist() == [0, 0, 0]


def test_tickers_that_came_and_went_are_listed_once():
    before = table({"primary_event_tickers": ["A"], "related_event_tickers": ["A", "B"]})
    after = table({"primary_event_tickers": ["A", "C"], "related_event_tickers": ["C", "A", "D"]})
    result = slips(before, after)
    assert [list(each) for each in result["tickers_added"]] == [["C", "D"]]
    assert [list(each) for each in result["tickers_removed"]] == [["B"]]
    shuffled = table({"related_event_tickers": ["B", "A"], "primary_event_tickers": ["A"]})
    assert slips(before, shuffled).empty


def test_a_history_is_told_from_its_first_version_to_its_last():
    seen = versions(
        {"id": "a", "at": 0, "start_date": at(0)},
        {"id": "a", "at": 1, "start_date": at(5), "end_date": at(9), "title": "Late"},
        {"id": "a", "at": 2, "start_date": at(2), "end_date": at(8), "title": "Late"},
        {"id": "b", "at": 0, "start_date": at(0)},
        {"id": "b", "at": 1, "start_date": at(5), "end_date": at(9)},
        {"id": "b", "at": 2, "start_date": at(0)},
    )
    result = slips(changes_table(seen).iloc[::-1])
    assert result["id"].tolist() == ["a", "b"]
    assert result["title"].tolist() == ["Late", "Game 5"]
    assert result["shift"].tolist() == [pd.Timedelta(hours=2), pd.Timedelta(0)]
    assert result["moves"].tolist() == [2, 2]
    assert result["end_added"].tolist() == [True, False]
    assert result["end_after"].tolist()[0] == pd.Timestamp(at(8))
    assert result["seen_at"].tolist() == [pd.Timestamp(at(2))] * 2
    assert result.dtypes.to_dict() == EXPECTED | {"seen_at": DTYPES["start_date"]}


def test_a_placeholder_that_got_its_date_has_no_shift_but_is_told():
    placeholder = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    result = slips(table({"start_date": placeholder}, {}), table({}, {"start_date": at(1)}))
    assert result["id"].tolist() == ["m1", "m0"]
    assert result["shift"].isna().tolist() == [False, True]
    assert result["start_before"].tolist()[1] == pd.Timestamp(placeholder)


def test_nothing_slipped_and_the_dtypes_are_there():
    assert slips(*moved(1)).dtypes.to_dict() == EXPECTED
    nothing = slips(empty_milestones(), empty_milestones())
    assert nothing.empty
    assert nothing.dtypes.to_dict() == EXPECTED
    added = slips(empty_milestones(), table({}))
    assert added.empty


def test_the_changes_of_a_client_are_told_as_well(make_client, server):
    client = make_client(server.url)
    first = client.get_milestones()["id"].iloc[-1]
    server.reschedule(first, dt.timedelta(hours=3))
    client.refresh()
    result = slips(client.changes())
    assert result["id"].tolist() == [first]
    assert result["shift"].tolist() == [pd.Timedelta(hours=3)]


def test_what_is_no_table_of_changes_is_refused():
    changes = diff_milestones(*moved(1))
    with pytest.raises(TypeError, match="got list"):
        slips([1])
    with pytest.raises(SchemaError, match=r"'field'.*two tables of milestones are passed together"):
        slips(table({}))
    with pytest.raises(SchemaError, match="'category'"):
        slips(changes, table({}))
    with pytest.raises(SchemaError, match="'after' has a date"):
        slips(changes.assign(after="soon"))
    with pytest.raises(SchemaError, match="'after' lacks a start"):
        slips(changes.assign(after=None))
    with pytest.raises(SchemaError, match="'before' has tickers"):
        slips(changes.assign(field="related_event_tickers"))
    with pytest.raises(QueryError, match="'m0' occurs twice"):
        slips(pd.concat([table({}), table({})]), table({}))
