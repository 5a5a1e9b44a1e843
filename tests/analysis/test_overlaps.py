"""Pairs of milestones that are on at the same time and share a key, against comparing every two."""

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.overlaps import find_overlaps
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.schema import DTYPES, empty_milestones
from tests.strategies import at, folded, milestones, table

US = pd.Timedelta(microseconds=1)
LISTS = ("primary_event_tickers", "related_event_tickers")


def keys_of(row, by):
    listed = [ticker for name in LISTS for ticker in getattr(row, name)]
    if by == "event_ticker":
        return set(listed)
    if by == "series_ticker":
        return {ticker.split("-")[0] for ticker in listed}
    value = getattr(row, by)
    return set(value) if by in LISTS else set() if pd.isna(value) else {value}


def brute_force(df, by, assume):
    """Compare every row with every later one."""
    rows = list(compute_timeline(folded(df), assume=assume).itertuples())
    found = []
    for pair in itertools.combinations(enumerate(rows), 2):
        (m, a), (n, b) = sorted(pair, key=lambda each: each[1].start_date)
        if a.suspect or b.suspect:
            continue
        ends = [row.start_date if pd.isna(row.end) else row.end for row in (a, b)]
        if b.start_date < max(ends[0], a.start_date + US):
            last = max(min(ends), b.start_date)
            assumed = "assumed" in {a.end_source, b.end_source}
            found += [
                (f"m{m}", f"m{n}", key, b.start_date, last, last - b.start_date, assumed, a.title, b.title)
                for key in keys_of(a, by) & keys_of(b, by)
            ]
    return sorted(found)


@pytest.mark.parametrize("by", ["event_ticker", "series_ticker", "type", "source_id", *LISTS])
@given(df=milestones(), assume=st.sampled_from([None, "2h", {"election": "90min"}]))
def test_the_pairs_are_those_that_comparing_every_two_finds(df, by, assume):
    before = df.copy(deep=True)
    expected = brute_force(df, by, assume)
    overlaps = find_overlaps(df, by=by, assume=assume)
    assert sorted(overlaps.itertuples(index=False, name=None)) == expected
    assert overlaps["overlap_start"].is_monotonic_increasing
    assert_frame_equal(df, before)


def spans(*hours, **more):
    """Return milestones of one ticker with these starts and ends."""
    return table(
        *(
            {
                "start_date": at(first),
                "end_date": None if last is None else at(last),
                "primary_event_tickers": ["KXA-1"],
            }
            | more
            for first, last in hours
        )
    )


def pairs(df, **options):
    overlaps = find_overlaps(df, **({"assume": None} | options))
    return list(zip(overlaps["left_id"], overlaps["right_id"], strict=True))


def test_one_that_ends_when_another_begins_does_not_overlap_it():
    assert pairs(spans((0, 2), (2, 4))) == []
    assert pairs(spans((0, 2), (1.999, 4))) == [("m0", "m1")]


def test_equal_starts_are_a_pair_whose_left_one_stands_first():
    overlaps = find_overlaps(spans((3, 5), (3, 4)), assume=None)
    assert pairs(spans((3, 5), (3, 4))) == [("m0", "m1")]
    assert overlaps["duration"].tolist() == [pd.Timedelta(hours=1)]


def test_an_instant_overlaps_what_is_on_just_then():
    assert pairs(spans((0, 2), (1, None), (0, None), (2, None))) == [("m0", "m2"), ("m0", "m1")]
    assert pairs(spans((1, 1), (1, 1), (1, None))) == [("m0", "m1"), ("m0", "m2"), ("m1", "m2")]
    assert (find_overlaps(spans((0, 2), (1, 1)), assume=None)["duration"] == pd.Timedelta(0)).all()


def test_negative_spans_and_placeholders_are_in_no_pair():
    assert pairs(spans((5, 1), (0, 9))) == []
    old = spans((0, 2), (0, 2)).assign(start_date=pd.Timestamp("2000-01-01", tz="UTC").as_unit("us"))
    assert pairs(old) == []
    far = dt.datetime(2033, 5, 1, tzinfo=dt.UTC)
    late = table(
        *[{"start_date": far, "end_date": far + dt.timedelta(hours=1), "primary_event_tickers": ["A"]}] * 2
    )
    assert pairs(late) == [("m0", "m1")]


def test_assumed_ends_are_said():
    df = spans((0, None), (1, 3), (2, 4))
    overlaps = find_overlaps(df, assume="90min")
    assert pairs(df, assume="90min") == [("m0", "m1"), ("m1", "m2")]
    assert overlaps["assumed"].tolist() == [True, False]
    assert pairs(compute_timeline(df, assume="90min"), assume=None) == [("m0", "m1"), ("m1", "m2")]


def test_teams_and_leagues_and_other_keys_are_read_from_the_details():
    df = table(
        {"details": {"league": "NBA", "home_team_id": "a", "away_team_id": "b"}},
        {"details": {"tour": "NBA", "team_ids": ["b", "c"], "region": 5}},
        {"details": {"first_competitor_id": "c", "competitor_ids": ["a", "a", None, 7], "region": 5}},
        {"details": {"home_team_id": "", "league": ""}},
    )
    told = {
        by: find_overlaps(df, by=by, assume="2h")[["left_id", "right_id", "key"]].to_numpy().tolist()
        for by in ("team", "league", "details.region")
    }
    assert told["team"] == [["m0", "m2", "a"], ["m0", "m1", "b"], ["m1", "m2", "c"]]
    assert told["league"] == [["m0", "m1", "NBA"]]
    assert told["details.region"] == [["m1", "m2", 5]]


def test_a_column_keeps_its_dtype_and_missing_values_match_nothing():
    df = spans((0, 2), (0, 2), (0, 2), (0, 2)).assign(desk=pd.Categorical(["x", None, "x", None]))
    overlaps = find_overlaps(df, by="desk", assume=None)
    assert overlaps["key"].tolist() == ["x"]
    assert overlaps["key"].dtype == df["desk"].dtype


def test_the_dtypes_are_the_same_when_there_is_nothing():
    full = find_overlaps(spans((0, 2), (1, 3)))
    expected = dict.fromkeys(("left_id", "right_id", "key"), DTYPES["id"])
    expected |= dict.fromkeys(("overlap_start", "overlap_end"), DTYPES["start_date"])
    expected |= {"duration": np.dtype("timedelta64[us]"), "assumed": np.dtype(bool)}
    expected |= dict.fromkeys(("left_title", "right_title"), DTYPES["title"])
    assert full.dtypes.to_dict() == expected
    for by in ("event_ticker", "series_ticker", "team", "league", "type", "primary_event_tickers"):
        for df in (empty_milestones(), spans((0, 2))):
            nothing = find_overlaps(df, by=by)
            assert nothing.empty
            assert nothing.dtypes.to_dict() == expected


def test_the_index_of_the_table_does_not_matter():
    df = spans((0, 2), (1, 3))
    assert_frame_equal(find_overlaps(df.set_axis([7, 7])), find_overlaps(df))


def test_too_many_pairs_are_refused_before_they_are_made():
    crowd = spans(*[(0, 1)] * 40)
    assert len(find_overlaps(crowd, max_pairs=780)) == 780
    with pytest.raises(
        QueryError, match=r"max_pairs=779: there are 780 pairs, 780 of them for the key 'KXA-1'"
    ):
        find_overlaps(crowd, max_pairs=779)
    huge = pd.concat([crowd] * 2_000, ignore_index=True)
    with pytest.raises(QueryError, match=r"there are 3,199,960,000 pairs"):
        find_overlaps(huge)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"home_competitor_id": "x"}, {"away_competitor_id": "x"}),
        ({"first_competitor_id": "x"}, {"second_competitor_id": "x"}),
        ({"competitor_ids": ["y", "x"]}, {"competitor_ids": ["x"]}),
        ({"candidate_ids": ["x", "y"]}, {"candidate_ids": ["z", "x"]}),
    ],
)
def test_whoever_takes_part_twice_at_once_is_found(one, other):
    df = table(*({"details": details, "end_date": at(3)} for details in (one, other, {"home_team_id": "w"})))
    assert find_overlaps(df, by="team")["key"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "leage"}, "by='leage': expected 'event_ticker'"),
        ({"by": None}, "by=None"),
        ({"by": "details."}, r"by='details\.'"),
        ({"by": "start"}, "this table has id, category"),
        ({"max_pairs": 0}, "max_pairs=0"),
        ({"max_pairs": True}, "max_pairs=True"),
        ({"assume": "soon"}, "soon"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(options, words):
    with pytest.raises(QueryError, match=words):
        find_overlaps(spans((0, 1)), **options)


def test_a_table_out_of_schema_is_refused():
    with pytest.raises(SchemaError, match="'title'"):
        find_overlaps(spans((0, 1)).drop(columns="title"))
    with pytest.raises(SchemaError, match="related_event_tickers"):
        find_overlaps(spans((0, 1)).drop(columns="related_event_tickers"))
