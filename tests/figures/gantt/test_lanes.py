from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.analysis.groups import Keys
from milestone_kit.figures.colors import ColorScale
from milestone_kit.figures.gantt.arrange import lay_out
from milestone_kit.figures.gantt.lanes import NOWHERE, fill_lanes, pack_lanes
from milestone_kit.figures.gantt.picking import Box, rows_in_box
from milestone_kit.figures.gantt.scene import Canvas, GanttIndex
from milestone_kit.figures.time_axis import DAY, HOUR, Window

NOW = pd.Timestamp("2026-01-15T18:00Z")
TIMELINE = mk.compute_timeline(mk.sample_milestones(3_000), now=NOW)
INDEX = GanttIndex.of(TIMELINE)
KEYS = Keys.of(TIMELINE["category"])
NEAR = Window(NOW.timestamp() * 1000 - 8 * HOUR, NOW.timestamp() * 1000 + 8 * HOUR)

marks = st.lists(
    st.tuples(st.floats(0, 500), st.floats(1, 200), st.integers(0, 2), st.integers(-1, 6)), max_size=40
)


def arrays(given_):
    left = np.array([one[0] for one in given_])
    right = left + np.array([one[1] for one in given_])
    return left, right, *(np.array([one[i] for one in given_], np.int64) for i in (2, 3))


def assert_apart(left, right, codes, lanes):
    for i in range(len(left)):
        for j in range(i):
            if codes[i] == codes[j] and lanes[i] == lanes[j]:
                assert left[i] >= right[j] or left[j] >= right[i]


@given(marks)
def test_no_two_marks_of_a_lane_overlap_wherever_they_stood(given_):
    left, right, codes, stood = arrays(given_)
    for before in (None, stood):
        lanes, used = pack_lanes(left, right, codes, 3, before)
        assert (lanes >= 0).all()
        assert all(lane < used[code] for code, lane in zip(codes, lanes, strict=True))
        assert_apart(left, right, codes, lanes)


@given(marks, st.data())
def test_marks_that_come_last_have_lanes_of_their_own_below_the_others(given_, data):
    left, right, codes, _ = arrays(given_)
    last = np.array(data.draw(st.lists(st.booleans(), min_size=len(left), max_size=len(left))), dtype=bool)
    lanes, used = pack_lanes(left, right, codes, 3, last=last)
    assert_apart(left, right, codes, lanes)
    for code in range(3):
        above, below = lanes[(codes == code) & ~last], lanes[(codes == code) & last]
        assert len(set(below)) == len(below)
        assert max(above, default=-1) < min(below, default=used[code])


@given(marks)
def test_marks_that_stood_apart_stay_where_they_stood(given_):
    left, right, codes, _ = arrays(given_)
    first, _ = pack_lanes(left, right, codes, 3)
    again, _ = pack_lanes(left - 17.0, right - 17.0, codes, 3, first)
    assert again.tolist() == first.tolist()


@given(marks, marks)
def test_further_marks_take_only_room_that_is_there(given_, more):
    left, right, codes, _ = arrays(given_)
    lanes, used = pack_lanes(left, right, codes, 3)
    begin, end, others, _ = arrays(more)
    filled = fill_lanes(begin, end, others, (left, right, codes, lanes), used)
    found = filled != NOWHERE
    assert all(lane < used[code] for code, lane in zip(others[found], filled[found], strict=True))
    assert_apart(
        *(
            np.concatenate(pair)
            for pair in (
                (left, begin[found]),
                (right, end[found]),
                (codes, others[found]),
                (lanes, filled[found]),
            )
        )
    )


def scene_of(window, *, chosen=None, **options):
    return lay_out(
        INDEX,
        TIMELINE,
        chosen=np.ones(len(TIMELINE), bool) if chosen is None else chosen,
        window=window,
        canvas=Canvas(900, 570),
        colors=ColorScale.of(KEYS),
        groups=KEYS,
        **options,
    )


@pytest.mark.parametrize("hours", [1, -2, 5])
def test_marks_keep_their_lanes_while_the_window_moves(hours):
    before = scene_of(NEAR, beside=0.5)
    moved = Window(NEAR.start + hours * HOUR, NEAR.end + hours * HOUR)
    after = scene_of(moved, beside=0.5, before=before)
    stood = {
        int(row): (before.groups[code].label, int(tier))
        for row, code, tier in zip(
            before.marks.row[: before.shown], before.marks.code, before.marks.tier, strict=False
        )
    }
    stands = {
        int(row): (after.groups[code].label, int(tier))
        for row, code, tier in zip(
            after.marks.row[: after.shown], after.marks.code, after.marks.tier, strict=False
        )
    }
    both = stood.keys() & stands.keys()
    assert len(both) > 10
    still = sum(stood[row] == stands[row] for row in both)
    # titles that reach an edge change sides, which pushes some away
    assert still >= 0.65 * len(both)
    fresh = scene_of(moved, beside=0.5)
    assert after.lanes >= min(before.lanes, fresh.lanes)


def test_what_lies_beside_the_window_is_drawn_but_not_counted():
    alone, wide = scene_of(NEAR), scene_of(NEAR, beside=0.5)
    assert wide.shown == alone.shown == len(alone.marks.row)
    assert len(wide.marks.row) > wide.shown
    assert len(wide.marks.row) <= 400
    beside = wide.marks.row[wide.shown :]
    starts = TIMELINE["start_date"].iloc[beside]
    low, high = (pd.Timestamp(edge, unit="ms", tz="UTC") for edge in (NEAR.start, NEAR.end))
    last = TIMELINE["end"].iloc[beside].fillna(starts)
    assert ((starts > high) | (last < low)).all()


def test_a_density_reaches_beyond_the_window_only_for_dragging():
    month = Window(NEAR.start - 700 * DAY, NEAR.end - 60 * DAY)
    alone, wide = scene_of(month), scene_of(month, beside=0.5)
    assert alone.level == wide.level == "density"
    assert wide.density.counts.sum() > alone.density.counts.sum()
    assert [group.count for group in wide.groups] == [group.count for group in alone.groups]


def test_a_box_over_everything_holds_what_is_on_screen_and_an_empty_one_nothing():
    for window in (NEAR, Window(NEAR.start - 700 * DAY, NEAR.end - 60 * DAY)):
        scene = scene_of(window, beside=0.5)
        everything = rows_in_box(scene, INDEX, Box(window.start, window.end, 0.0, scene.lanes))
        starts = INDEX.start[scene.at]
        shown = INDEX.row[scene.at]
        if scene.marks is None:
            shown = shown[(starts >= window.start) & (starts <= window.end)]
        assert sorted(everything) == sorted(shown)
        nothing = Box(window.start, window.end, scene.lanes + 5, scene.lanes + 6)
        assert len(rows_in_box(scene, INDEX, nothing)) == 0


def test_a_box_holds_the_marks_it_touches():
    scene = scene_of(NEAR, beside=0.5)
    middle = (NEAR.start + NEAR.end) / 2
    box = Box.between((middle, NEAR.end), (scene.groups[0].bottom, 0.0))
    inside = set(rows_in_box(scene, INDEX, box))
    for position, at in enumerate(scene.at):
        start = INDEX.start[at]
        last = np.fmax(start, INDEX.end[at])
        lane = scene.marks.lane[position]
        touches = (
            start <= box.right and last >= box.left and box.top <= lane + 0.4 and lane - 0.4 <= box.bottom
        )
        assert (INDEX.row[at] in inside) == touches
