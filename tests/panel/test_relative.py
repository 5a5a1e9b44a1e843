"""Windows that are told from now."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.errors import QueryError
from milestone_kit.figures.time_axis import DAY, HOUR, Window
from milestone_kit.panel.relative import read_relative, relative_window
from tests.panel.strategies import relative
from tests.strategies import NOW

MOMENT = pd.Timestamp(NOW).timestamp() * 1000


@given(relative, st.sampled_from(["UTC", "Asia/Tokyo"]))
def test_what_was_read_is_read_as_itself_and_holds_a_span(text, zone):
    kept = read_relative(text)
    assert read_relative(kept) == kept
    if kept != "all":
        assert relative_window(kept, MOMENT, zone).span >= 1_000


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("next 6 h", 0, 6 * HOUR),
        ("  NEXT   6h ", 0, 6 * HOUR),
        ("next PT90M", 0, 1.5 * HOUR),
        ("last P1DT12H", -1.5 * DAY, 0),
        ("last 24 h", -DAY, 0),
        ("next h", 0, HOUR),
        ("Last 1d,next 6 d", -DAY, 6 * DAY),
    ],
)
def test_a_span_is_told_from_now(text, low, high):
    assert relative_window(read_relative(text), MOMENT, "UTC") == Window(MOMENT + low, MOMENT + high)


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        ("UTC", "2026-01-15T12:00Z", 24),
        ("America/New_York", "2026-03-08T12:00Z", 23),
        ("America/New_York", "2026-11-01T12:00Z", 25),
        ("Africa/Cairo", "2026-04-24T12:00Z", 23),
        ("America/Havana", "2026-11-01T12:00Z", 25),
        ("Asia/Tokyo", "2026-01-15T16:00Z", 24),
    ],
)
def test_today_is_the_local_day_around_now_however_long_it_is(zone, now, hours):
    moment = pd.Timestamp(now).timestamp() * 1000
    window = relative_window("today", moment, zone)
    assert window.span == hours * DAY / 24
    assert window.start <= moment < window.end
    first = pd.Timestamp(window.start, unit="ms", tz="UTC").tz_convert(zone)
    assert (first.hour, first.minute) == ((1, 0) if zone == "Africa/Cairo" else (0, 0))
    assert relative_window("tomorrow", moment, zone).start == window.end
    assert relative_window("yesterday", moment, zone).end == window.start


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "soon", "2026", "next", "next 0 s", "next -6 h", "next 101 y", "next NaT", "next P"),
        *("last 6 h,", "next 6 h, last 6 h", "next 6 h, next 6 h", "last 1 h, next 1 h, next 1 h"),
        *("next 40000 d", "<b>today</b>"),
    ],
)
def test_what_is_no_window_is_named(text):
    with pytest.raises(QueryError, match="window="):
        read_relative(text)
