"""The window that fits, and the presets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.figures.gantt.scene import GanttIndex
from milestone_kit.figures.time_axis import DAY, HOUR, Window, to_ms
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.windows import PRESETS, asked_window, fitting_window, is_behind, still_holds
from milestone_kit.sandbox import sample_milestones
from tests.strategies import NOW

MOMENT = pd.Timestamp(NOW).timestamp() * 1000
INDEX = GanttIndex.of(compute_timeline(sample_milestones(600), now=NOW))
NOTHING = np.empty(0)


def asked(window, start=INDEX.start, end=INDEX.end, zone="UTC"):
    state = PanelState.of({"window": window, "tz": zone})
    return asked_window(state, start, end, MOMENT, lambda _: "labelled")


def test_the_presets_hold_now_and_all_holds_the_core_of_the_table():
    for name, days in (("7 days", 7), ("30 days", 30)):
        window = asked(PRESETS[name])
        assert window.start < MOMENT < window.end
        assert window.span == pytest.approx(days * DAY)
    window = asked(PRESETS["All"])
    assert np.mean((INDEX.start >= window.start) & (INDEX.start <= window.end)) > 0.95


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_works_without_rows(name):
    assert asked(PRESETS[name], NOTHING, NOTHING, "Asia/Tokyo").span > 0


SPAN = Window(MOMENT, MOMENT + 6 * HOUR)


@pytest.mark.parametrize(
    ("window", "shown", "minutes", "behind"),
    [
        ("next 6 h", SPAN, 10, False),
        ("next 6 h", SPAN, 20, True),
        ("last 6 h", Window(MOMENT - 6 * HOUR, MOMENT), 20, True),
        ("today", asked("today"), 11 * 60, False),
        ("today", asked("today"), 12 * 60, True),
        ("all", SPAN, 10_000, False),
        (["2026-01-15", "2026-01-16"], SPAN, 10_000, False),
        (None, SPAN, 4 * 60, False),
        (None, SPAN, 5 * 60, True),
    ],
)
def test_a_window_told_from_now_goes_with_the_clock_by_steps(window, shown, minutes, behind):
    state = PanelState.of({"window": window})
    assert is_behind(state, shown, MOMENT, MOMENT + minutes * HOUR / 60) is behind


@pytest.mark.parametrize(
    ("window", "changes", "holds"),
    [
        (None, {"color": "type"}, True),
        (None, {"filters": {"text": "x"}}, False),
        (None, {"group": "type"}, False),
        (None, {"window": "all"}, False),
        ("all", {"filters": {"text": "x"}}, False),
        ("all", {"group": "type"}, True),
        ("today", {"filters": {"text": "x"}}, True),
        ("today", {"tz": "Asia/Tokyo"}, False),
        ("next 6 h", {"window": "next 7 h"}, False),
    ],
)
def test_what_a_window_came_to_holds_as_long_as_nothing_that_it_depends_on_changes(window, changes, holds):
    before = {"window": window, "tz": "UTC"}
    states = [PanelState.of(one) for one in (before, before | changes)]
    assert still_holds(*states, same_width=True) is holds


def test_what_fitted_a_narrow_screen_is_asked_for_again_on_a_wide_one():
    states = [PanelState.of({"window": window}) for window in (None, "all")]
    assert [still_holds(one, one, same_width=False) for one in states] == [False, True]


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
