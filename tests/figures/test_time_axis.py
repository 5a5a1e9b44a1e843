"""Windows, bins and ticks of the time axis."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.core.arguments import check_zone
from milestone_kit.errors import QueryError
from milestone_kit.figures.time_axis import (
    DAY,
    HOUR,
    Window,
    bin_step,
    fit_window,
    format_instants,
    format_short,
    format_step,
    ticks,
    to_ms,
    window_around,
)

MINUTE = 60_000.0
YEAR = 365.25 * DAY
ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo", "Pacific/Apia"]


def ms(text):
    return pd.Timestamp(text, tz="UTC").timestamp() * 1000


spans = st.floats(math.log(MINUTE), math.log(100 * YEAR)).map(math.exp)


@given(st.floats(ms("1950"), ms("2060")), spans, st.sampled_from(ZONES), st.integers(200, 2000))
def test_ticks_increase_inside_the_window_and_are_neither_missing_nor_crowded(start, span, zone, pixels):
    window = Window(start, start + span)
    drawn = ticks(window, zone, pixels)
    assert all(window.start <= value <= window.end for value in drawn.values)
    assert all(a < b for a, b in zip(drawn.values, drawn.values[1:], strict=False))
    assert len(drawn.labels) == len(drawn.values) <= max(pixels // 75, 2) + 2
    assert not any(set(label) & set("$&") for label in drawn.labels)


@given(st.floats(ms("1990"), ms("2040")), spans, st.sampled_from(ZONES))
def test_ticks_stand_at_round_wall_clock_times_of_the_zone(start, span, zone):
    drawn = ticks(Window(start, start + span), zone, 900)
    local = pd.to_datetime(drawn.values, unit="ms", utc=True).tz_convert(zone)
    assert (local.second == 0).all()
    assert (local.microsecond == 0).all()
    step = np.diff(drawn.values).min(initial=np.inf)
    if np.isfinite(step) and step >= DAY * 0.9:
        assert (local.hour == 0).all()
    elif np.isfinite(step) and step >= HOUR * 0.4:
        assert (local.minute % 30 == 0).all()


@given(st.floats(ms("1990"), ms("2040")), st.floats(math.log(5 * MINUTE), math.log(100 * YEAR)).map(math.exp))
def test_every_window_of_five_minutes_or_more_has_a_tick(start, span):
    assert ticks(Window(start, start + span), "UTC", 900).values


@pytest.mark.parametrize(
    ("day", "hours", "midnights"),
    [
        ("2026-03-08", 23, ["2026-03-08T05:00", "2026-03-09T04:00"]),
        ("2026-11-01", 25, ["2026-11-01T04:00", "2026-11-02T05:00"]),
    ],
)
def test_a_day_of_a_clock_change_is_as_long_as_it_was(day, hours, midnights):
    edges = [ms(text) for text in midnights]
    days = ticks(Window(edges[0] - 3 * DAY, edges[1] + 3 * DAY), "America/New_York", 750).values
    assert edges == [value for value in days if edges[0] <= value <= edges[1]]
    assert edges[1] - edges[0] == hours * HOUR


def test_an_hour_that_the_clock_skips_has_no_tick_and_one_that_it_repeats_has_one():
    spring = ticks(Window(ms("2026-03-08T05:00"), ms("2026-03-08T10:00")), "America/New_York", 500)
    assert [label[:5] for label in spring.labels] == ["00:00", "01:00", "03:00", "04:00", "05:00", "06:00"]
    assert set(np.diff(spring.values)) == {HOUR}
    autumn = ticks(Window(ms("2026-11-01T04:00"), ms("2026-11-01T09:00")), "America/New_York", 500)
    assert [label[:5] for label in autumn.labels] == ["00:00", "01:00", "02:00", "03:00", "04:00"]
    assert list(np.diff(autumn.values) / HOUR) == [1, 2, 1, 1]


def test_a_tick_names_its_day_only_where_the_day_changes():
    drawn = ticks(Window(ms("2026-01-15T20:00"), ms("2026-01-16T04:00")), "UTC", 700)
    assert [label for label in drawn.labels if "<b>" in label] == [
        "20:00<br><b>Thu 15 Jan</b>",
        "00:00<br><b>Fri 16 Jan</b>",
    ]


@pytest.mark.parametrize("zone", [*ZONES, "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("span", [MINUTE, DAY, YEAR, 1000 * YEAR, 20_000 * YEAR])
@pytest.mark.parametrize("year", [1, 5000, 9999])
def test_the_first_and_the_last_year_of_the_calendar_can_be_shown(year, span, zone):
    middle = pd.Timestamp(year=year, month=7, day=1).timestamp() * 1000
    window = Window(middle - span / 2, middle + span / 2).clamped()
    assert window.span > 0
    assert len(ticks(window, zone, 900).values) <= 14
    assert all(format_instants(np.array([window.start - 0.3 * span, window.start, window.end]), zone))


# fit_window


@pytest.mark.parametrize("n", [5, 100, 1000])
@pytest.mark.parametrize("outlier", ["2000-01-01", "2033-05-01"])
def test_a_lone_outlier_stays_outside_and_the_core_inside(n, outlier):
    core = np.linspace(ms("2026-01-01"), ms("2026-03-01"), n - 1)
    start = np.sort(np.append(core, ms(outlier)))
    window = fit_window(start, np.full(n, np.nan))
    assert not window.start <= ms(outlier) <= window.end
    assert window.start < core[0] < core[-1] < window.end


def test_outliers_on_both_sides_and_in_the_end_stay_outside():
    core = np.linspace(ms("2026-01-01"), ms("2026-03-01"), 1000)
    start = np.sort(np.concatenate([core, [ms("2000-01-01")] * 10, [ms("2033-01-01")] * 10]))
    end = np.where(start == core[500], ms("2040-01-01"), np.nan)
    window = fit_window(start, end)
    assert ms("2025-06-01") < window.start < core[0]
    assert core[-1] < window.end < ms("2026-09-01")


@given(
    st.lists(
        st.integers(0, 10**6).map(lambda minutes: ms("2026-01-01") + minutes * MINUTE),
        min_size=1,
        max_size=200,
    )
)
def test_the_fitted_window_holds_at_least_the_core(starts):
    start = np.sort(np.array(starts))
    window = fit_window(start, start + HOUR)
    trim = max(len(start) // 50, 1 if len(start) >= 4 else 0)
    assert window.start <= start[trim] <= start[len(start) - 1 - trim] <= window.end
    assert window.span >= 2 * HOUR


@pytest.mark.parametrize("n", [0, 1, 2, 5, 1000])
def test_a_table_of_equal_starts_or_none_has_a_window_of_some_length(n):
    start = np.full(n, ms("2026-01-15"))
    window = fit_window(start, np.full(n, np.nan))
    assert window.span >= 2 * HOUR
    assert n == 0 or window.start < start[0] < window.end


@pytest.mark.parametrize("year", [1, 1500, 2262, 9999])
def test_rows_far_from_our_time_have_a_window_too(year):
    start = np.array([pd.Timestamp(year=year, month=12, day=31).timestamp() * 1000])
    window = fit_window(start, np.array([np.nan]))
    assert window.start <= start[0] <= window.end
    assert window.span > 0


# window_around


@given(
    st.lists(st.integers(-5000, 5000).map(lambda hours: hours * HOUR), max_size=100),
    st.integers(-6000, 6000).map(lambda hours: hours * HOUR),
    st.integers(1, 120),
)
def test_the_window_about_now_holds_as_many_starts_as_asked_for(starts, now, count):
    start = np.sort(np.array(starts, dtype=float))
    window = window_around(start, now, count)
    held = np.count_nonzero((start >= window.start) & (start <= window.end))
    assert held >= min(count, len(start))
    assert window.span >= 6 * HOUR


# bins and words


@given(spans, st.integers(1, 400))
def test_the_bin_width_bounds_the_number_of_bins(span, bins):
    step = bin_step(Window(0.0, span), bins)
    assert step > 0
    assert span / step <= bins * (1 + 1e-9)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (30_000, "30 s"),
        (MINUTE, "1 min"),
        (5 * MINUTE, "5 min"),
        (HOUR, "1 h"),
        (1.5 * HOUR, "1.5 h"),
        (DAY, "1 d"),
        (364 * DAY, "364 d"),
    ],
)
def test_a_bin_width_is_told_in_words(step, words):
    assert format_step(step) == words


def test_instants_are_told_in_the_zone_and_missing_ones_not_at_all():
    instants = np.array([ms("2026-01-16T01:00"), np.nan, ms("2026-07-04T00:05")])
    assert format_short(instants, "America/New_York") == ["2026-01-15 20:00", "", "2026-07-03 20:05"]
    assert format_instants(instants, "America/New_York") == [
        "Thu 15 Jan 2026 20:00",
        "",
        "Fri 3 Jul 2026 20:05",
    ]
    assert format_short(np.array([]), "UTC") == []


def test_an_instant_at_the_rim_of_the_calendar_is_told_in_utc():
    last = np.array([pd.Timestamp("9999-12-31T23:59:59").timestamp() * 1000])
    assert format_short(last, "Asia/Tokyo") == ["9999-12-31 23:59 UTC"]


def test_missing_instants_are_not_numbers():
    column = pd.Series(pd.to_datetime(["2026-01-15T00:00:00.125Z", None]).as_unit("us"))
    assert to_ms(column)[0] == ms("2026-01-15") + 125
    assert np.isnan(to_ms(column)[1])


@pytest.mark.parametrize("tz", ["Nowhere/Else", "", "../../etc/passwd", 5, b"UTC", ["UTC"], "a\0b"])
def test_a_zone_that_does_not_exist_is_named(tz):
    with pytest.raises(QueryError, match="no time zone") as caught:
        check_zone(tz)
    assert repr(tz) in str(caught.value)


def test_no_zone_means_utc():
    assert check_zone(None) == "UTC"
