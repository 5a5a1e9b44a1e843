"""The free JSON of details as columns, as a dict, and as a league."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.details import MAX_COLUMNS, details_of, expand_details, league_of, teams_of
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.schema import DTYPES, empty_milestones
from tests.strategies import table

STR = DTYPES["title"]
NFL = {"league": "NFL", "season": {"week": 1, "type": "REG"}}


def with_details(*details):
    return table(*({"details": each} for each in details))


def expanded(key, *details):
    return expand_details(with_details(*details), key)[f"details.{key}"]


def test_a_key_becomes_a_column_at_the_end():
    df = with_details(NFL, {})
    result = expand_details(df, "league")
    assert result.columns.tolist() == [*df.columns, "details.league"]
    assert result["details.league"].tolist()[0] == "NFL"
    assert result["details.league"].isna().tolist() == [False, True]


def test_dots_reach_into_objects_unless_a_key_has_that_very_name():
    assert expanded("season.week", NFL, {"season": 5}, {"season.week": 7}).tolist() == [1, pd.NA, 7]


@pytest.mark.parametrize(
    ("values", "dtype", "cells"),
    [
        ([1, None, -3], "Int64", [1, pd.NA, -3]),
        ([True, False], "boolean", [True, False]),
        ([1, 2.5], "Float64", [1.0, 2.5]),
        (["a", ""], STR, ["a", ""]),
        (["a", 1, True, 2.5], STR, ["a", "1", "true", "2.5"]),
        ([[1], {"b": "é"}], STR, ["[1]", '{"b":"é"}']),
        ([2**63, 1], STR, ["9223372036854775808", "1"]),
        ([2**53 + 1, 0.5], STR, ["9007199254740993", "0.5"]),
        ([1, True], STR, ["1", "true"]),
    ],
)
def test_each_column_gets_the_narrowest_dtype(values, dtype, cells):
    column = expanded("x", *({"x": value} for value in values))
    assert column.dtype == dtype
    assert all(a is b or a == b for a, b in zip(column, cells, strict=True))


def test_texts_that_are_all_instants_become_instants_in_utc():
    column = expanded("at", {"at": "2026-01-15T12:00:00Z"}, {}, {"at": "2033-05-01T07:30:00.000125+02:00"})
    assert column.dtype == DTYPES["start_date"]
    assert column.isna().tolist() == [False, True, False]
    assert column[2] == pd.Timestamp("2033-05-01T05:30:00.000125Z")


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-15",
        "2026-01-15T12:00:00",
        "2026-02-30T12:00:00Z",
        "2026-01-15T12:00:00.1234567Z",
        "noon",
        "12:00",
    ],
)
def test_dates_that_are_no_exact_instants_stay_text(text):
    column = expanded("at", {"at": "2026-01-15T12:00:00Z"}, {"at": text})
    assert column.tolist() == ["2026-01-15T12:00:00Z", text]


def test_more_rows_than_a_batch_keep_their_order():
    column = expanded("n", *({"n": number} for number in range(10_000)))
    assert column.tolist() == list(range(10_000))


def test_a_key_that_no_row_has_gives_missing_text():
    column = expanded("nowhere", {}, NFL)
    assert column.dtype == STR
    assert column.isna().all()


def test_without_keys_the_common_plain_ones_are_taken():
    rows = [{"league": "NBA", "season": {"week": 1}, "venues": ["x"], "nothing": None}] * 3
    result = expand_details(with_details(*rows, {"league": "NBA", "rare": 1}))
    assert [name for name in result if name.startswith("details.")] == ["details.league"]


def test_a_key_common_in_one_type_alone_is_taken():
    df = table({"details": {"tour": "pga"}, "type": "golf"}, *[{"details": {"league": "NBA"}}] * 9)
    assert expand_details(df).columns[14:].tolist() == ["details.league", "details.tour"]


def test_ten_thousand_keys_do_not_become_ten_thousand_columns():
    huge = {f"key {number}": number for number in range(10_000)}
    assert expand_details(with_details(huge, huge)).shape == (2, 14 + MAX_COLUMNS)


def test_expanding_twice_replaces_the_columns_and_leaves_the_input_alone():
    df = with_details(NFL, {}).set_axis(["a", "b"])
    before = df.copy(deep=True)
    once = expand_details(df, ["league", "season.week"])
    assert_frame_equal(df, before)
    assert_frame_equal(expand_details(once, ["league", "season.week"]), once)


def test_an_empty_table_expands_to_an_empty_table():
    assert_frame_equal(expand_details(empty_milestones()), empty_milestones())
    assert expand_details(empty_milestones(), ["a"])["details.a"].dtype == STR


def test_milestone_columns_are_never_replaced():
    with pytest.raises(QueryError, match="'title'"):
        expand_details(with_details({"title": "x"}), "title", prefix="")


@pytest.mark.parametrize("keys", [5, [None], "", ["a", b"b"]])
def test_keys_that_are_no_text_are_refused(keys):
    with pytest.raises(QueryError, match="keys"):
        expand_details(empty_milestones(), keys)


@pytest.mark.parametrize("text", ["[1]", "null", "{", "", '"x"', "NaN"])
def test_details_that_are_no_object_are_refused_by_id(text):
    df = table({}, {"details": text})
    for read in (league_of, lambda df: expand_details(df, "x"), lambda df: details_of(df, "m1")):
        with pytest.raises(SchemaError, match="'m1'") as caught:
            read(df)
        assert (caught.value.id, caught.value.field) == ("m1", "details")


def test_the_details_of_one_milestone_come_from_a_table_or_a_row():
    df = with_details({}, NFL).set_axis([7, 7])
    assert details_of(df, "m1") == NFL
    assert details_of(df.iloc[1]) == NFL
    assert details_of(df.iloc[1:]) == NFL
    assert details_of(df.iloc[0], "m0") == {}


def test_the_details_of_an_unknown_milestone_are_refused():
    df = with_details({}, NFL)
    for arguments in [(df, "m9"), (df,), (df.iloc[0], "m1"), ({}, "m0"), (pd.Series({"id": "m0"}),)]:
        with pytest.raises(QueryError):
            details_of(*arguments)


def test_the_teams_are_all_ids_of_those_who_take_part():
    df = with_details(
        {"home_team_id": "a", "away_team_id": "b"},
        {"team_ids": ["c", None, 5, ""], "first_competitor_id": "d", "second_competitor_id": 7},
        {"competitor_ids": {"a": "b"}, "nested": {"home_team_id": "x"}},
        {},
    ).set_axis(list("wxyz"))
    teams = teams_of(df)
    assert [list(each) for each in teams] == [["a", "b"], ["d", "c"], [], []]
    assert teams.index.tolist() == list("wxyz")
    assert teams_of(empty_milestones()).dtype == teams.dtype


def test_the_league_is_the_first_of_its_names_that_holds_text():
    leagues = league_of(
        with_details(
            {"tour": "WTA", "tournament_name": "WTA Dubai"},
            {"league": " NBA ", "competition": "x"},
            {"league": "", "competition": None, "tour": "pga"},
            {"league": 5},
            {"league": "  "},
            {"season": {"league": "nested"}},
            {"note": '"league": "NBA"'},
        )
    )
    assert leagues.tolist()[:3] == ["WTA Dubai", "NBA", "pga"]
    assert leagues.isna().tolist() == [False, False, False, True, True, True, True]
    assert leagues.dtype == STR


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(st.dictionaries(st.sampled_from("ab"), values), max_size=6))
def test_columns_say_what_the_json_says(details):
    result = expand_details(with_details(*details), ["a", "a.b"])
    for number, each in enumerate(details):
        nested = each["a"].get("b") if isinstance(each.get("a"), dict) else None
        for value, cell in (
            (each.get("a"), result["details.a"][number]),
            (nested, result["details.a.b"][number]),
        ):
            if value is None:
                assert pd.isna(cell)
            elif isinstance(value, str) or not isinstance(cell, str):
                assert cell == value
            else:
                assert json.loads(cell) == value
