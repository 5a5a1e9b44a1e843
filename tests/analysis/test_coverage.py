"""Which of some tickers have a milestone, and which milestones share tickers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.coverage import coverage, related_milestones
from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.tickers import find_by_ticker
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.schema import DTYPES, STRING_LIST, empty_milestones
from tests.strategies import NOW, at, milestones, table, tickers

NIGHT = table(
    {
        "start_date": at(10),
        "primary_event_tickers": ["KXGAME-1"],
        "related_event_tickers": ["KXGAME-1", "KXCUP-1"],
    },
    {
        "start_date": at(20),
        "primary_event_tickers": ["KXGAME-2"],
        "related_event_tickers": ["KXCUP-1", "KXGAME-2"],
    },
    {"start_date": at(30), "primary_event_tickers": ["KXCUP-1", "KXGAME-1"]},
    {"start_date": at(11), "related_event_tickers": ["kxcup-1", "KXELSE-1"]},
    {},
)
asked = st.one_of(
    tickers,
    tickers.map(lambda ticker: f"{ticker}-YES"),
    st.sampled_from(["KX*", "*-2", "SIM?B*", "KXNONE-1"]),
)


@given(milestones(), st.lists(asked, max_size=6))
def test_coverage_agrees_with_asking_for_one_ticker_after_the_other(df, wanted):
    before = df.copy(deep=True)
    covered = coverage(df, wanted, now=NOW)
    assert covered["ticker"].tolist() == wanted
    for row in covered.itertuples():
        found = find_by_ticker(df, row.ticker)
        starts = found.loc[~is_placeholder(found), ["start_date", "id"]]
        coming = starts[starts["start_date"] >= pd.Timestamp(NOW)]
        assert row.n_milestones == len(found)
        assert (row.n_events > 0) == (row.n_milestones > 0)
        if not len(starts):
            assert pd.isna([row.first_start, row.last_start, row.next_start]).all()
            continue
        assert (row.first_start, row.last_start) == (starts["start_date"].min(), starts["start_date"].max())
        if len(coming):
            assert row.next_start == coming["start_date"].min()
            assert row.next_id in set(coming.loc[coming["start_date"] == row.next_start, "id"])
        else:
            assert pd.isna([row.next_start, row.next_id]).all()
    assert_frame_equal(df, before)


def test_the_rows_stand_as_asked_also_where_a_ticker_comes_twice():
    covered = coverage(NIGHT, ["KXCUP-1-YES", " kxnone ", "KXCUP-1-YES", "KXGAME-*"], now=NOW)
    assert covered["ticker"].tolist() == ["KXCUP-1-YES", "kxnone", "KXCUP-1-YES", "KXGAME-*"]
    assert covered["event_ticker"].fillna("-").tolist() == ["KXCUP-1", "-", "KXCUP-1", "-"]
    assert covered["n_events"].tolist() == [1, 0, 1, 2]
    assert covered["n_milestones"].tolist() == [4, 0, 4, 3]
    assert covered["first_start"].tolist()[0] == pd.Timestamp(at(10))
    assert covered["next_id"].fillna("-").tolist() == ["m1", "-", "m1", "m1"]


def test_coverage_has_its_dtypes_also_when_nothing_is_asked_or_there():
    expected = dict.fromkeys(("ticker", "event_ticker", "next_id"), DTYPES["id"])
    expected |= {name: np.dtype("int64") for name in ("n_events", "n_milestones")}
    expected |= dict.fromkeys(("first_start", "last_start", "next_start"), DTYPES["start_date"])
    for covered in (coverage(NIGHT, []), coverage(empty_milestones(), ["A-1", "B*"]), coverage(NIGHT, "KX*")):
        assert covered.dtypes.to_dict() == expected
        assert isinstance(covered.index, pd.RangeIndex)
    assert coverage(empty_milestones(), ["A-1", "B*"])["n_milestones"].tolist() == [0, 0]


def test_many_patterns_find_what_each_finds_alone():
    patterns = [f"KX{letter}*" for letter in "ABCDEFGHIJKLMNOP"] + [
        "*-1",
        "KXGAME-[12]",
        "KXGAME-1-*",
        "?X*2",
        "[!K]*",
    ]
    together = coverage(NIGHT, patterns, now=NOW)
    alone = pd.concat([coverage(NIGHT, pattern, now=NOW) for pattern in patterns], ignore_index=True)
    assert_frame_equal(together, alone)
    assert together["n_milestones"].sum() > 10


def test_placeholder_dates_are_no_starts():
    df = table({"start_date": at(0).replace(year=2000), "primary_event_tickers": ["KXA-1"]})
    covered = coverage(df, "KXA-1", now="1999-01-01")
    assert covered["n_milestones"].tolist() == [1]
    assert covered[["first_start", "last_start", "next_start", "next_id"]].isna().all(axis=None)


def test_a_start_at_this_very_moment_is_the_next_one_in_any_zone():
    covered = coverage(NIGHT, "KXGAME-2", now="2026-01-15T15:00:00-05:00")
    assert covered["next_id"].tolist() == ["m1"]


@pytest.mark.parametrize("wrong", [None, 5, b"A-1", "", ["A-1", None], ["A-1", " "]])
def test_coverage_of_what_is_no_ticker_is_refused(wrong):
    with pytest.raises(QueryError, match="ticker"):
        coverage(NIGHT, wrong)
    with pytest.raises(QueryError, match="now"):
        coverage(NIGHT, "A-1", now="soon")


def test_those_that_share_the_most_come_first_then_the_nearest():
    related = related_milestones(NIGHT, "m0")
    assert related["id"].tolist() == ["m2", "m1"]
    assert related.index.tolist() == [2, 1]
    assert [list(each) for each in related["shared_tickers"]] == [["KXGAME-1", "KXCUP-1"], ["KXCUP-1"]]
    assert related["n_shared"].tolist() == [2, 1]
    assert related["starts_after"].tolist() == [pd.Timedelta(hours=20), pd.Timedelta(hours=10)]
    near = table(*({"start_date": at(hour), "related_event_tickers": ["A"]} for hour in (0, 9, -3, 3, 1)))
    assert related_milestones(near, "m0")["id"].tolist() == ["m4", "m2", "m3", "m1"]


@given(milestones(), st.data())
def test_related_rows_agree_with_walking_the_lists(df, data):
    if df.empty:
        return
    before = df.copy(deep=True)
    own = data.draw(st.sampled_from(df["id"].tolist()))
    listed = {row.id: {*row.primary_event_tickers, *row.related_event_tickers} for row in df.itertuples()}
    expected = {id_: each & listed[own] for id_, each in listed.items() if id_ != own and each & listed[own]}
    related = related_milestones(df, own)
    assert {row.id: set(row.shared_tickers) for row in related.itertuples()} == expected
    assert related["n_shared"].tolist() == sorted(map(len, expected.values()), reverse=True)
    assert_frame_equal(df, before)


def test_a_related_table_is_a_milestones_table_also_when_nothing_is_shared():
    alone = related_milestones(NIGHT, "m4")
    assert alone.empty
    assert alone.dtypes.to_dict() == related_milestones(NIGHT, "m0").dtypes.to_dict()
    assert alone.dtypes.to_dict() == DTYPES | {
        "shared_tickers": STRING_LIST,
        "n_shared": np.dtype("int64"),
        "starts_after": np.dtype("timedelta64[us]"),
    }
    again = related_milestones(related_milestones(NIGHT, "m0"), "m1")
    assert again.columns.tolist() == alone.columns.tolist()


def test_an_id_that_is_not_there_or_there_twice_is_refused_by_name():
    with pytest.raises(QueryError, match=r"id='m9': 0 rows"):
        related_milestones(NIGHT, "m9")
    with pytest.raises(QueryError, match=r"id='m0': 2 rows"):
        related_milestones(pd.concat([NIGHT, NIGHT]), "m0")
    with pytest.raises(QueryError, match=r"id=5: 0 rows"):
        related_milestones(NIGHT, 5)
    with pytest.raises(SchemaError, match="related_event_tickers"):
        related_milestones(NIGHT.drop(columns="related_event_tickers"), "m0")
