"""Tickers exploded, tabulated and searched."""

import fnmatch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.tickers import explode_tickers, find_by_ticker, ticker_table
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.schema import DTYPES, empty_milestones
from tests.strategies import milestones, table, tickers

LISTS = ["primary_event_tickers", "related_event_tickers"]
GAMES = table(
    {
        "primary_event_tickers": ["KXNBAGAME-26JAN15BOSLAL"],
        "related_event_tickers": ["KXNBATOTAL-26JAN15BOSLAL"],
    },
    {"primary_event_tickers": ["KXNBAGAME-26FEB01NYKMIA"]},
    {"primary_event_tickers": ["POPVOTE"]},
    {"primary_event_tickers": ["POPVOTE-24"]},
    {},
)


def found(wanted, df=GAMES):
    return find_by_ticker(df, wanted).index.tolist()


@given(milestones(), st.sampled_from(LISTS))
def test_exploding_gives_what_pandas_gives_on_python_lists(df, column):
    before = df.copy(deep=True)
    expected = df.assign(**{column: pd.Series([list(each) for each in df[column]], dtype=object)})
    expected = expected.explode(column, ignore_index=True).astype({column: "str"})
    assert_frame_equal(explode_tickers(df, column), expected)
    assert_frame_equal(df, before)


def test_a_row_without_tickers_stays_with_a_missing_one():
    exploded = explode_tickers(table({}, {"related_event_tickers": ["A-1", "A-2"]}), keep=["id"])
    assert exploded.columns.tolist() == ["id", "related_event_tickers"]
    assert exploded["id"].tolist() == ["m0", "m1", "m1"]
    assert exploded["related_event_tickers"].isna().tolist() == [True, False, False]


def test_exploding_keeps_the_asked_columns_in_the_tables_order():
    exploded = explode_tickers(GAMES, "primary_event_tickers", keep=["title", "id"])
    assert exploded.columns.tolist() == ["id", "title", "primary_event_tickers"]
    assert exploded.dtypes.to_dict() == {
        "id": DTYPES["id"],
        "title": DTYPES["title"],
        "primary_event_tickers": DTYPES["title"],
    }
    assert explode_tickers(GAMES, keep=[]).columns.tolist() == ["related_event_tickers"]


def test_a_large_table_explodes_to_what_its_parts_explode_to():
    parts = [GAMES, GAMES.iloc[::-1]]
    large = pd.concat(parts, ignore_index=True).assign(own=1.5)
    for _ in range(15):  # as many chunks as concatenating 65,536 tables leaves
        large = pd.concat([large, large], ignore_index=True)
    exploded = explode_tickers(large)
    assert len(exploded) > 200_000
    few = explode_tickers(pd.concat(parts, ignore_index=True).assign(own=1.5))
    assert_frame_equal(exploded.head(len(few)), few)
    assert_frame_equal(exploded.tail(len(few)).reset_index(drop=True), few)


def test_exploding_a_slice_with_its_own_index_starts_at_its_first_row():
    exploded = explode_tickers(GAMES.iloc[1:3])
    assert exploded["related_event_tickers"].tolist() == ["KXNBAGAME-26FEB01NYKMIA", "POPVOTE"]
    assert exploded.index.equals(pd.RangeIndex(2))


def test_exploding_what_is_no_list_column_is_refused():
    with pytest.raises(QueryError, match="'title'"):
        explode_tickers(GAMES, "title")
    with pytest.raises(QueryError, match="'leage'"):
        explode_tickers(GAMES, keep=["id", "leage"])
    with pytest.raises(SchemaError, match="related_event_tickers"):
        explode_tickers(explode_tickers(GAMES))


@given(milestones())
def test_the_ticker_table_agrees_with_walking_the_lists(df):
    expected = [
        (
            row.id,
            ticker,
            ticker.split("-")[0],
            ticker in list(row.primary_event_tickers),
            ticker in list(row.related_event_tickers),
            row.start_date,
            row.title,
        )
        for row in df.itertuples()
        for ticker in dict.fromkeys([*row.primary_event_tickers, *row.related_event_tickers])
    ]
    result = ticker_table(df)
    assert list(result.itertuples(index=False, name=None)) == expected
    assert result.columns.tolist() == [
        *("milestone_id", "event_ticker", "series_ticker", "is_primary", "is_related", "start_date", "title")
    ]


def test_the_ticker_table_has_its_dtypes_also_when_empty():
    full, empty = ticker_table(GAMES), ticker_table(empty_milestones())
    assert full.dtypes.equals(empty.dtypes)
    assert full["start_date"].dtype == DTYPES["start_date"]
    assert full["is_primary"].dtype == "bool"


def test_an_event_ticker_finds_the_rows_that_list_it_in_any_case():
    assert found("KXNBATOTAL-26JAN15BOSLAL") == [0]
    assert found(" kxnbagame-26feb01nykmia ") == [1]
    assert found(["POPVOTE", "KXNBAGAME-26JAN15BOSLAL"]) == [0, 2]


def test_a_market_ticker_finds_the_longest_event_it_begins_with():
    assert found("KXNBAGAME-26JAN15BOSLAL-BOS") == [0]
    assert found("KXNBATOTAL-26JAN15BOSLAL-T-5") == [0]
    assert found("POPVOTE-DEM") == [2]
    assert found("POPVOTE-24-DEM") == [3]


def test_a_series_or_half_an_event_finds_nothing_by_itself():
    assert found("KXNBAGAME") == []
    assert found("KXNBAGAME-26JAN15") == []
    assert found("KXNBAGAME-26JAN15BOSLALX") == []


def test_patterns_fit_whole_event_tickers():
    assert found("KXNBAGAME-*") == [0, 1]
    assert found("*BOS*") == [0]
    assert found("POPVOTE-2?") == [3]
    assert found("KXNBA[GT]*-26JAN*") == [0]
    assert found("KXNBA[!T]*-26JAN*") == [0]
    assert found("KXNBA[!GT]*") == []
    assert found("NBA*") == []


def test_a_pattern_of_market_tickers_finds_their_events():
    assert found("KXNBAGAME-26JAN15BOSLAL-*") == [0]
    assert found("KXNBAGAME-*-BOS") == [0, 1]
    assert found("*-BOS") == []


def test_a_pattern_that_fits_events_is_not_read_as_one_of_markets():
    df = table({"primary_event_tickers": ["KXA-26"]}, {"primary_event_tickers": ["KXA-26-B1"]})
    assert found("KXA-26-B*", df) == [1]
    assert found("KXA-26-C*", df) == [0]


def test_signs_of_regular_expressions_are_plain_text_in_patterns():
    df = table({"primary_event_tickers": ["KX.A+(1)|$"]}, {"primary_event_tickers": ["KXBA"]})
    assert found("KX.A*", df) == [0]
    assert found("*(1)|$", df) == [0]
    assert found("[", df) == []
    assert found("*[z-a]*", df) == []


@given(milestones(), st.lists(tickers, max_size=4))
def test_exact_search_agrees_with_walking_the_lists(df, wanted):
    df = df.set_axis([f"row {number}" for number in range(len(df))])
    listed = [{*row.primary_event_tickers, *row.related_event_tickers} for row in df.itertuples()]
    expected = df[np.array([bool(each & set(wanted)) for each in listed], dtype=bool)]
    assert_frame_equal(find_by_ticker(df, wanted), expected)


patterns = st.text(st.sampled_from("KXNBASIMGAEPOV-12JN*?[]!"), min_size=1, max_size=10)


@settings(max_examples=5 * settings.default.max_examples)
@given(patterns, st.lists(tickers, min_size=1, max_size=5))
def test_patterns_agree_with_the_shells(pattern, listed):
    if not set(pattern) & set("*?["):
        pattern += "*"
    expected = [number for number, name in enumerate(listed) if fnmatch.fnmatchcase(name, pattern)]
    may_name_markets = "-" in pattern.rpartition("-")[0]
    if expected or not may_name_markets:
        assert found(pattern, table(*({"primary_event_tickers": [name]} for name in listed))) == expected


def test_no_tickers_find_no_rows_and_an_empty_table_stays_typed():
    assert_frame_equal(find_by_ticker(GAMES, []), GAMES.iloc[:0])
    assert_frame_equal(find_by_ticker(empty_milestones(), ["A-1", "B*"]), empty_milestones())


@pytest.mark.parametrize("wrong", [None, 5, b"A-1", "", "  ", ["A-1", None], [b"A-1"]])
def test_what_is_no_ticker_is_refused(wrong):
    with pytest.raises(QueryError, match="ticker"):
        find_by_ticker(GAMES, wrong)


def test_thousands_of_tickers_are_one_search():
    df = table(*({"primary_event_tickers": [f"KXA-{number}"]} for number in range(50)))
    assert len(find_by_ticker(df, (f"KXA-{number}-YES" for number in range(10, 5000)))) == 40


listed = st.lists(
    st.tuples(*[st.lists(st.sampled_from(["", "A", "KX-1", "KX-1-LONG", "é", "\0"]), max_size=6)] * 2),
    max_size=8,
)


@given(listed, st.integers(0, 8))
def test_the_ticker_table_lists_what_a_dictionary_per_row_keeps(rows, cut):
    df = table(*({"primary_event_tickers": first, "related_event_tickers": second} for first, second in rows))
    found = ticker_table(df.iloc[cut:])
    columns = ["milestone_id", "event_ticker", "is_primary", "is_related"]
    assert found[columns].to_numpy().tolist() == [
        [f"m{number}", ticker, ticker in first, ticker in second]
        for number, (first, second) in enumerate(rows)
        if number >= cut
        for ticker in dict.fromkeys([*first, *second])
    ]
