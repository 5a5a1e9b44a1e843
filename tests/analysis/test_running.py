"""A timeline that goes on with the clock says what one made at that moment would."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milestone_kit.analysis.ends import Outlook
from milestone_kit.analysis.running import RunningTimeline
from milestone_kit.analysis.timeline import compute_timeline, timeline_of
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.arrays import stamp_instant
from tests.strategies import NOW, at, table

DF = sample_milestones(300)
START = pd.Timestamp(NOW)
OUTLOOK = Outlook.of(DF, "typical", now=START)

RUNNING = RunningTimeline(DF, START)

minutes = st.lists(st.integers(-3_000, 3_000), min_size=1, max_size=6)


@settings(max_examples=25)
@given(minutes)
def test_after_any_history_it_says_what_was_to_be_expected_from_the_start(steps):
    running, now = RUNNING, START
    for step in steps:
        now = START + pd.Timedelta(minutes=step)
        running, _ = running.at(now)
    fresh = timeline_of(DF, OUTLOOK.ends(now), stamp_instant(now))
    exact = ["end_source", "end_level", "end_samples", "status", "starts_in", "overdue", "suspect"]
    pd.testing.assert_frame_equal(running.table[exact], fresh[exact])
    off = (running.table["end"] - fresh["end"]).abs()
    assert (running.table["end"].isna() == fresh["end"].isna()).all()
    assert off.max() < pd.Timedelta(seconds=20)


@settings(max_examples=25)
@given(st.integers(-3_000, 3_000))
def test_every_row_that_says_something_else_is_told(step):
    before = RUNNING
    after, passed = before.at(START + pd.Timedelta(minutes=step))
    status = (before.table["status"].cat.codes != after.table["status"].cat.codes).to_numpy()
    assert not (status & ~passed.told).any()
    known = before.table["end"].notna() & after.table["end"].notna()
    other = known & (before.table["end"] != after.table["end"])
    np.testing.assert_array_equal(other, passed.moved & known)


def test_a_start_and_an_end_change_the_status_and_a_drift_adds_up():
    df = table({"start_date": at(11), "type": "tennis_match"}, {"start_date": at(13), "end_date": at(14)})
    running, told, seen, first = RunningTimeline(df, START), [], None, None
    for second in range(0, 3 * 3600 + 1, 10):
        running, passed = running.at(START + pd.Timedelta(seconds=second))
        told += [(second, row) for row in np.flatnonzero(passed.told) if row == 1]
        end = running.table["end"].iloc[0]
        first = first or end
        seen = end if seen is None or passed.moved[0] else seen
    assert told == [(3600, 1), (7200, 1)]
    assert running.table["end"].iloc[0] > first + pd.Timedelta(minutes=30)
    assert seen == end


def test_a_timeline_that_is_given_stays_as_it_is():
    given_ = compute_timeline(DF, now="2020-01-01")
    running = RunningTimeline(given_, START)
    later, passed = running.at(START + pd.Timedelta(days=1))
    assert later.table is given_
    assert not passed.told.any()
    assert not passed.moved.any()


@pytest.mark.parametrize("rows", [0, 1])
def test_small_tables_go_on_too(rows):
    running, passed = RunningTimeline(DF.iloc[:rows], START).at(START + pd.Timedelta(hours=1))
    assert len(running.table) == len(passed.told) == rows


def test_what_live_data_say_is_over_ends_when_that_was_heard_and_stays_ended():
    df = table(
        {"id": "on", "start_date": at(11)},
        {"id": "reported", "start_date": at(11), "end_date": at(14)},
        {"id": "ahead", "start_date": at(13)},
    )
    first = RunningTimeline(df, START)
    heard = dict.fromkeys(("on", "reported", "ahead", "of another table"), START)
    running, passed = first.ended(heard).at(START)
    assert passed.told.tolist() == [True, False, False]
    for minutes in (0, 10, 600):
        running, _ = running.ended(dict(heard)).at(START + pd.Timedelta(minutes=minutes))
        (row,) = running.table[running.table["id"] == "on"].to_dict("records")
        assert (row["status"], row["end_source"], row["end"]) == ("ended", "live", START)
        assert (row["end_samples"], row["overdue"], row["suspect"]) == (0, False, False)
        assert pd.isna(row["end_level"])
        assert running.table["end_source"].tolist()[1:] == ["reported", "assumed"]
    earlier, _ = running.at(START - pd.Timedelta(minutes=30))
    assert earlier.table["status"].tolist()[0] == "live"  # as yet nobody had heard of it
    assert first.ended({}) is first


@settings(max_examples=15)
@given(st.sets(st.sampled_from(DF["id"].to_list()), max_size=40))
def test_it_ends_what_a_whole_computation_with_live_data_ends(ids):
    live = pd.DataFrame({"id": sorted(ids), "phase": "over"})
    whole = compute_timeline(DF, now=START, live=live)
    running, _ = RUNNING.ended(dict.fromkeys(ids, START)).at(START)
    exact = ["end", "end_source", "end_level", "end_samples", "status", "overdue", "suspect"]
    pd.testing.assert_frame_equal(running.table[exact], whole[exact])
