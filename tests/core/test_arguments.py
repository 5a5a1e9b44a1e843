"""What users give is read in one way, whichever function they give it to."""

from __future__ import annotations

import datetime as dt
import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.core.arguments import iso, iso_bounds, read_duration, to_utc
from milestone_kit.errors import QueryError
from tests.strategies import NOW, table

ROWS = table({}, {})


@pytest.mark.parametrize(
    ("text", "hours"),
    [("h", 1), ("2h", 2), ("90min", 1.5), ("7d", 168), ("7D", 168), ("1d12h", 36), ("1 day", 24), ("d", 24)],
)
def test_one_way_to_write_a_duration_works_wherever_one_is_taken(text, hours):
    span = pd.Timedelta(hours=hours)
    assert read_duration(text, "freq") == span.to_timedelta64()
    mk.compute_timeline(ROWS, now=NOW, assume=text, live_for=text)
    mk.concurrency(ROWS, text, start="2026-01-01", end="2026-02-01", now=NOW)
    mk.gaps(ROWS, text, now=NOW)
    mk.calibrate_durations(ROWS, within=text)
    mk.MilestoneClient(base_url="http://127.0.0.1:1", expire_after=text, full_sweep_after=text).close()


@given(st.timedeltas(dt.timedelta(0), dt.timedelta(days=100_000)))
def test_durations_of_any_kind_mean_the_same(span):
    us = np.timedelta64(span)
    assert read_duration(span, "x") == read_duration(us, "x") == read_duration(pd.Timedelta(span), "x") == us


@pytest.mark.parametrize(
    "value", ["", "soon", "NaT", "-1h", 90, True, None, pd.NaT, dt.timedelta(-1), "1e9 days"]
)
def test_what_is_no_duration_is_named_with_what_is(value):
    with pytest.raises(QueryError, match=r"freq=.*expected a duration such as '90min'"):
        read_duration(value, "freq")


def test_numbers_are_seconds_only_where_that_is_said():
    assert read_duration(1.5, "expire_after", seconds=True) == np.timedelta64(1_500_000, "us")
    for wrong in (True, -1, float("nan"), float("inf")):
        with pytest.raises(QueryError, match="or seconds"):
            read_duration(wrong, "expire_after", seconds=True)


@given(st.datetimes())
def test_instants_are_written_so_that_they_are_read_back(moment):
    text = iso(to_utc(moment, "x"))
    assert text.endswith("Z")
    assert not text.endswith("0Z") or "." not in text
    assert to_utc(text, "x") == pd.Timestamp(moment, tz="UTC")


def test_bounds_in_the_wrong_order_are_told_by_name():
    with pytest.raises(QueryError, match="start='2026-02-01' lies after end='2026-01-01'; swap them"):
        iso_bounds("2026-02-01", "2026-01-01", ("start", "end"))


@pytest.mark.parametrize(
    "function", [mk.filter_milestones, mk.explore, mk.get_milestones, mk.MilestoneClient.history]
)
def test_keywords_are_shown_in_full_and_an_unknown_one_is_told_with_those_there_are(function):
    shown = inspect.signature(function).parameters
    assert {"category", "type"} <= set(shown)
    assert all(one.kind is not inspect.Parameter.VAR_KEYWORD for one in shown.values())
    with pytest.raises(TypeError, match=f"{function.__name__}.*unexpected keyword argument 'categroy'"):
        function(ROWS, categroy="Sports") if function is not mk.get_milestones else function(
            categroy="Sports"
        )
