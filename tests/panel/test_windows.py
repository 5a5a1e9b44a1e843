"""The window that fits, and the presets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.figures.gantt.scene import GanttIndex
from milestone_kit.figures.time_axis import DAY, to_ms
from milestone_kit.panel.windows import PRESETS, fitting_window, preset_window
from milestone_kit.sandbox import sample_milestones
from tests.strategies import NOW

MOMENT = pd.Timestamp(NOW).timestamp() * 1000
INDEX = GanttIndex.of(compute_timeline(sample_milestones(600), now=NOW))
NOTHING = np.empty(0)


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
    window = preset_window("Today", NOTHING, NOTHING, moment, zone)
    assert window.span == hours * DAY / 24
    assert window.start <= moment < window.end
    first = pd.Timestamp(window.start, unit="ms", tz="UTC").tz_convert(zone)
    assert (first.hour, first.minute) == ((1, 0) if zone == "Africa/Cairo" else (0, 0))


def test_the_presets_hold_now_and_all_holds_the_core_of_the_table():
    for name, days in (("7 days", 7), ("30 days", 30)):
        window = preset_window(name, INDEX.start, INDEX.end, MOMENT, "UTC")
        assert window.start < MOMENT < window.end
        assert window.span == pytest.approx(days * DAY)
    window = preset_window("All", INDEX.start, INDEX.end, MOMENT, "UTC")
    assert np.mean((INDEX.start >= window.start) & (INDEX.start <= window.end)) > 0.95


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_works_without_rows(name):
    window = preset_window(name, NOTHING, NOTHING, MOMENT, "Asia/Tokyo")
    assert window is None or window.span > 0


@pytest.mark.parametrize(("readable", "at_most"), [(5, "labelled"), (40, "bars"), (0, "density")])
def test_the_window_that_fits_is_the_widest_about_now_in_which_marks_can_be_read(readable, at_most):
    def level_of(window):
        held = int(((INDEX.start >= window.start) & (INDEX.start <= window.end)).sum())
        return "labelled" if held <= 14 * bool(readable) else "bars" if held <= readable else "density"

    window = fitting_window(INDEX.start, INDEX.end, MOMENT, level_of)
    assert window.start < MOMENT < window.end
    if readable:
        assert level_of(window) == "labelled"
    else:
        assert level_of(window) == at_most


def test_without_rows_the_days_about_now_are_shown():
    window = fitting_window(NOTHING, NOTHING, MOMENT, lambda _: "empty")
    assert window.start < MOMENT < window.end


def test_now_lies_in_the_window_that_fits_a_table_of_old_rows():
    old = to_ms(pd.Series(pd.date_range("2020-01-01", periods=30, tz="UTC")))
    window = fitting_window(old, np.full(30, np.nan), MOMENT, lambda _: "labelled")
    assert window.start <= old[0] < old[-1] <= window.end
