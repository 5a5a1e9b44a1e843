from __future__ import annotations

import copy
import json
import warnings
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.errors import DataWarning, SchemaError
from milestone_kit.table.frame import assemble, milestones_frame, page_table
from milestone_kit.table.intake import Repairs
from milestone_kit.table.schema import COLUMNS, TICKER_LISTS, check_milestones

RAW = {
    "id": "a1",
    "category": "Sports",
    "type": "football_game",
    "title": "A at B",
    "start_date": "2026-01-15T20:00:00Z",
    "end_date": None,
    "primary_event_tickers": ["KXGAME-1"],
    "related_event_tickers": ["KXGAME-1", "KXSPREAD-1"],
    "source_id": "s1",
    "source_ids": {"feed": "x"},
    "notification_message": "",
    "details": {"league": "NFL"},
    "last_updated_ts": "2026-01-14T00:00:00.5Z",
}


def raw(**changes):
    milestone = copy.deepcopy(RAW) | changes
    return {name: value for name, value in milestone.items() if value is not ...}


def one(**changes):
    return milestones_frame([raw(**changes)]).iloc[0]


def test_no_milestones_give_the_empty_typed_table():
    df = milestones_frame([])
    check_milestones(df)
    assert df.empty
    assert isinstance(df.index, pd.RangeIndex)


def test_a_milestone_lands_in_the_schema_with_its_values():
    df = milestones_frame([raw()])
    check_milestones(df)
    assert tuple(df.columns) == COLUMNS
    row = df.iloc[0]
    assert row["start_date"] == pd.Timestamp("2026-01-15T20:00Z")
    assert row["last_updated_ts"] == pd.Timestamp("2026-01-14T00:00:00.5Z")
    assert list(row["related_event_tickers"]) == ["KXGAME-1", "KXSPREAD-1"]
    assert json.loads(row["details"]) == {"league": "NFL"}
    assert json.loads(row["source_ids"]) == {"feed": "x"}
    assert row["source_id"] == "s1"
    assert pd.isna(row["end_date"])
    assert pd.isna(row["extra"])


@pytest.mark.parametrize("absent", [None, ...])
def test_optional_fields_may_be_null_or_absent(absent):
    row = one(end_date=absent, source_id=absent, source_ids=absent, details=absent)
    assert pd.isna(row["end_date"])
    assert pd.isna(row["source_id"])
    assert row["source_ids"] == "{}"
    assert row["details"] == "{}"


def test_rows_are_sorted_by_start_and_id():
    rows = [
        raw(id="b", start_date="2026-01-02T00:00:00Z"),
        raw(id="a", start_date="2026-01-02T00:00:00Z"),
        raw(id="z", start_date="2026-01-01T00:00:00Z"),
    ]
    df = milestones_frame(rows)
    assert list(df["id"]) == ["z", "a", "b"]
    assert list(df.index) == [0, 1, 2]


def test_the_newest_version_of_an_id_wins_and_the_rest_is_counted():
    repairs = Repairs()
    newer = raw(title="moved", last_updated_ts="2026-01-16T00:00:00Z")
    df = assemble([page_table([newer], repairs), page_table([raw(), raw(id="b")], repairs)], repairs)
    assert list(df["title"]) == ["moved", "A at B"]
    assert repairs == {"duplicate ids": 1}


def test_a_zero_time_is_the_oldest_and_the_later_row_wins_a_tie():
    zero = "0001-01-01T00:00:00Z"
    assert (
        milestones_frame([raw(title="known"), raw(title="zero", last_updated_ts=zero)])["title"][0] == "known"
    )
    tie = [raw(title="first", last_updated_ts=zero), raw(title="second", last_updated_ts=zero)]
    assert milestones_frame(tie)["title"][0] == "second"


def test_duplicates_alone_are_no_reason_to_warn():
    assert len(milestones_frame([raw(), raw()])) == 1


def test_gos_zero_time_is_no_time():
    row = one(last_updated_ts="0001-01-01T00:00:00Z", end_date="0001-01-01T00:00:00Z")
    assert pd.isna(row["last_updated_ts"])
    assert pd.isna(row["end_date"])


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-15T20:00:00Z", "2026-01-15T20:00:00Z"),
        ("2026-01-15T20:00:00.12Z", "2026-01-15T20:00:00.120000Z"),
        ("2026-01-15T20:00:00.123456789Z", "2026-01-15T20:00:00.123456Z"),
        ("2026-01-15T20:00:00+02:00", "2026-01-15T18:00:00Z"),
        ("2026-01-15T20:00:00.1234567-05:30", "2026-01-16T01:30:00.123456Z"),
        ("2026-01-15t20:00:00z", "2026-01-15T20:00:00Z"),
        ("2026-01-15", "2026-01-15T00:00:00Z"),
        ("1900-01-01T00:00:00.0000019Z", "1900-01-01T00:00:00.000001Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999Z"),
        ("0001-01-02T00:00:00Z", "0001-01-02T00:00:00Z"),
    ],
)
def test_dates_become_utc_microseconds(text, utc):
    row = one(start_date=text, end_date=text)
    expected = pd.Timestamp(utc).as_unit("us")
    assert row["start_date"] == expected
    assert row["end_date"] == expected


UNREADABLE = [
    "2026-02-30T00:00:00Z",
    "2026-01-15T20:00:60Z",
    "2026-01-15T20:00:00+24:00",
    "9999-12-31T23:59:59-08:00",
    "0001-01-01T00:00:00+08:00",
    "tomorrow",
    "",
    1768482013,
    True,
    [],
]


@pytest.mark.parametrize("value", UNREADABLE)
def test_an_unreadable_optional_date_is_nat_and_counted(value):
    with pytest.warns(DataWarning, match="2 x end_date unreadable"):
        df = milestones_frame([raw(id="a", end_date=value), raw(id="b", end_date=value), raw(id="c")])
    assert df["end_date"].isna().all()


@pytest.mark.parametrize("field", ["start_date", "last_updated_ts"])
@pytest.mark.parametrize("value", UNREADABLE)
def test_an_unreadable_required_date_is_refused(field, value):
    with pytest.raises(SchemaError, match="milestone b2") as caught:
        milestones_frame([raw(), raw(id="b2", **{field: value})])
    assert (caught.value.id, caught.value.field) == ("b2", field)


REQUIRED = sorted(set(RAW) - {"end_date", "source_id", "source_ids", "details"})


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize("value", [None, ..., 7, {"a": "b"}])
def test_a_required_field_that_is_missing_null_or_mistyped_is_named(field, value):
    if value is None and field in TICKER_LISTS:
        return  # an empty list, see below
    with pytest.raises(SchemaError) as caught:
        milestones_frame([raw(), raw(**({"id": "b2"} | {field: value}))])
    assert caught.value.field == field
    assert caught.value.id == (None if field == "id" else "b2")
    assert repr(field) in str(caught.value)


@pytest.mark.parametrize("field", TICKER_LISTS)
def test_null_for_a_ticker_list_is_an_empty_one_and_counted(field):
    with pytest.warns(DataWarning, match=f"1 x {field} null"):
        df = milestones_frame([raw(), raw(id="b2", **{field: None})])
    assert df[field].list.len().tolist() == [len(raw()[field]), 0]


def test_what_breaks_the_contract_is_set_aside_whole_unless_it_is_most_of_a_page():
    bad = raw(id="b2", title=None)
    repairs = Repairs()
    assert page_table([raw(), bad, raw(id="c3")], repairs, strict=False)["id"].to_pylist() == ["a1", "c3"]
    (told,) = repairs.rejected
    assert (told.id, told.field) == ("b2", "title")
    assert json.loads(told.milestone) == bad
    with pytest.raises(SchemaError, match="2 of the 3"):
        page_table([raw(), bad, bad], Repairs(), strict=False)
    assert page_table([bad], repairs, strict=False, lenient=True).num_rows == 0


@pytest.mark.parametrize("field", ["primary_event_tickers", "related_event_tickers"])
@pytest.mark.parametrize("value", ["KXGAME-1", ["KXGAME-1", None], ["KXGAME-1", 7], [["KXGAME-1"]], {}])
def test_a_ticker_list_that_is_not_a_list_of_text_is_refused(field, value):
    with pytest.raises(SchemaError) as caught:
        milestones_frame([raw(), raw(id="b2", **{field: value})])
    assert (caught.value.id, caught.value.field) == ("b2", field)


@pytest.mark.parametrize(
    ("field", "value"), [("details", "text"), ("details", []), ("source_ids", "s"), ("source_id", 1)]
)
def test_optional_fields_of_the_wrong_type_are_refused(field, value):
    with pytest.raises(SchemaError) as caught:
        milestones_frame([raw(), raw(id="b2", **{field: value})])
    assert (caught.value.id, caught.value.field) == ("b2", field)


@pytest.mark.parametrize("value", [None, "text", ["a"]])
def test_a_milestone_that_is_no_object_is_refused(value):
    with pytest.raises(SchemaError, match="milestone 1 of the page"):
        milestones_frame([raw(), value])


def test_details_nested_too_deep_to_write_are_refused():
    deep = {}
    for _ in range(600):
        deep = {"a": deep}
    with pytest.raises(SchemaError) as caught:
        milestones_frame([raw(details=deep)])
    assert caught.value.field == "details"


def test_unknown_fields_are_kept_as_json_and_add_no_column():
    many = {f"key{i}": i for i in range(10_000)}
    df = milestones_frame([raw(), raw(id="b2", new_field=[1, None], extra="mine", details=many)])
    assert tuple(df.columns) == COLUMNS
    assert pd.isna(df["extra"][0])
    assert json.loads(df["extra"][1]) == {"new_field": [1, None], "extra": "mine"}
    assert json.loads(df["details"][1]) == many


def test_lone_surrogates_are_replaced_and_counted():
    with pytest.warns(DataWarning, match="1 x details not valid Unicode.*1 x title not valid Unicode"):
        row = one(title="A\ud800B", details={"k\udc00": "\\ud83d \ud83d\ude00 \ud800x"})
    assert row["title"] == "A\ufffdB"
    assert json.loads(row["details"]) == {"k\ufffd": "\\ud83d \U0001f600 \ufffdx"}


def test_a_huge_title_is_kept_whole():
    assert len(one(title="x" * 10_000_000)["title"]) == 10_000_000


def test_the_raw_objects_stay_as_they_were():
    milestone = raw(title="\ud800", end_date="never")
    before = copy.deepcopy(milestone)
    with pytest.warns(DataWarning):
        milestones_frame([milestone])
    assert milestone == before


instants = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
tickers = st.lists(st.text(min_size=1), max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5
)
milestones = st.fixed_dictionaries(
    {
        "id": st.sampled_from("abc"),
        "category": st.text(),
        "type": st.text(),
        "title": st.text(),
        "start_date": st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
        "primary_event_tickers": tickers,
        "related_event_tickers": tickers,
        "notification_message": st.text(),
        "details": st.dictionaries(st.text(), json_values, max_size=3),
        "last_updated_ts": st.sampled_from(
            ["0001-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]
        ),
    },
    optional={
        "end_date": st.none() | instants | st.text(),
        "source_id": st.none() | st.text(),
        "later": json_values,
    },
)


@given(st.lists(milestones, max_size=8), st.integers(0, 8))
def test_any_milestones_give_one_sorted_row_per_id_however_they_are_paged(rows, cut):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        df = milestones_frame(rows)
        paged = assemble([page_table(rows[:cut]), page_table(rows[cut:])])
    check_milestones(df)
    pd.testing.assert_frame_equal(df, paged)
    assert set(df["id"]) == {row["id"] for row in rows}
    keys = list(zip(df["start_date"], df["id"], strict=True))
    assert all(before < after for before, after in pairwise(keys))
    for row in df.itertuples():
        versions = [version for version in rows if version["id"] == row.id]
        newest = max(versions, key=lambda version: version["last_updated_ts"])["last_updated_ts"]
        winner = [version for version in versions if version["last_updated_ts"] == newest][-1]
        assert row.title == winner["title"]
        assert json.loads(row.details) == winner["details"]
