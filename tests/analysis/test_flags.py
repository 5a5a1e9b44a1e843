"""Which rows are placeholders or simulated."""

import datetime as dt

from hypothesis import given
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.flags import is_date_only, is_placeholder, is_simulated
from tests.strategies import milestones, table


def test_a_start_in_the_year_2000_or_1_is_a_placeholder_and_2001_is_not():
    starts = [dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (1, 2000, 2001, 2033)]
    df = table(*({"start_date": start} for start in starts))
    assert is_placeholder(df).tolist() == [True, True, False, False]


def test_a_row_is_simulated_when_all_its_primary_tickers_are():
    df = table(
        {"primary_event_tickers": ["SIMNBAGAME-1", "SIMNFL-2"], "related_event_tickers": ["KXNBA-1"]},
        {"primary_event_tickers": ["SIMNBAGAME-1", "KXNBA-1"]},
        {"primary_event_tickers": ["KXNBA-1"], "related_event_tickers": ["SIMNBAGAME-1"]},
    )
    assert is_simulated(df).tolist() == [True, False, False]


def test_related_tickers_decide_where_there_is_no_primary_one():
    df = table({"related_event_tickers": ["SIMNFL-2"]}, {"related_event_tickers": ["KXNFL-2"]}, {})
    assert is_simulated(df).tolist() == [True, False, False]


@given(milestones())
def test_flags_agree_with_looking_at_each_row_and_leave_the_table_alone(df):
    before = df.copy(deep=True)
    df = df.set_axis([f"row {number}" for number in range(len(df))])
    expected = []
    for primary, related in zip(df["primary_event_tickers"], df["related_event_tickers"], strict=True):
        deciding = list(primary) or list(related)
        expected.append(bool(deciding) and all(ticker.startswith("SIM") for ticker in deciding))
    assert is_simulated(df).tolist() == expected
    assert is_placeholder(df).tolist() == [start.year < 2001 for start in df["start_date"]]
    assert is_date_only(df).tolist() == [start == start.normalize() for start in df["start_date"]]
    assert is_date_only(df).index.equals(df.index)
    assert is_simulated(df).index.equals(df.index)
    assert is_placeholder(df).index.equals(df.index)
    assert_frame_equal(df.reset_index(drop=True), before)


def test_flags_work_on_a_slice_of_a_larger_table():
    df = table({"primary_event_tickers": ["SIMA-1"]}, {"primary_event_tickers": ["KXA-1"]}, {})
    assert is_simulated(df.iloc[1:]).tolist() == [False, False]
    assert is_simulated(df.iloc[:1]).tolist() == [True]
