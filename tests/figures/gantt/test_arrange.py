"""What the Gantt engine decides to draw, held to brute force."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.groups import Keys
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.figures.colors import LIGHT, ColorScale
from milestone_kit.figures.gantt.arrange import lay_out
from milestone_kit.figures.gantt.draw import draw_layout
from milestone_kit.figures.gantt.look import Look
from milestone_kit.figures.gantt.scene import (
    ASSUMED,
    LABEL_LANE_PX,
    OPEN,
    REPORTED,
    Canvas,
    GanttIndex,
    scene_words,
)
from milestone_kit.figures.time_axis import DAY, HOUR, Window, to_ms
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, milestones, table

MIDNIGHT = at(0).timestamp() * 1000
WIDE = Canvas(800, 300)
hours = st.integers(-35, 35)
windows = st.one_of(
    st.tuples(hours, st.integers(1, 40)).map(
        lambda t: Window(MIDNIGHT + t[0] * HOUR, MIDNIGHT + (t[0] + t[1]) * HOUR)
    ),
    st.just(Window(at(-24 * 9600).timestamp() * 1000, at(24 * 3000).timestamp() * 1000)),
)
assumptions = st.sampled_from(["typical", None, "3h"])


def engine(df, assume="3h"):
    timeline = compute_timeline(df, now=NOW, assume=assume)
    return timeline, GanttIndex.of(timeline)


def scene_of(
    timeline,
    index,
    window,
    *,
    chosen=None,
    canvas=WIDE,
    group="category",
    max_bars=600,
    folded=(),
    beside=0.0,
):
    return lay_out(
        index,
        timeline,
        chosen=np.ones(len(timeline), bool) if chosen is None else chosen,
        window=window,
        canvas=canvas,
        colors=ColorScale.of(Keys.of(timeline["type"])),
        groups=None if group is None else Keys.of(timeline[group]),
        max_bars=max_bars,
        folded=folded,
        beside=beside,
    )


def drawn_spans(timeline):
    """Return start and drawn end of each row, by table position, the slow way."""
    spans = []
    starts, ends = to_ms(timeline["start_date"]), to_ms(timeline["end"])
    for i in range(len(timeline)):
        doubtful = timeline["suspect"].iloc[i] and timeline["end_source"].iloc[i] == "reported"
        spans.append((starts[i], starts[i] if doubtful or np.isnan(ends[i]) else ends[i]))
    return spans


@given(milestones(), windows, assumptions, st.data())
def test_the_rows_inside_a_window_are_those_that_touch_it(df, window, assume, data):
    timeline, index = engine(df, assume)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(df), max_size=len(df))), dtype=bool)
    touching = {
        i
        for i, (start, end) in enumerate(drawn_spans(timeline))
        if chosen[i] and start <= window.end and end >= window.start
    }
    assert set(index.row[index.inside(window, chosen)]) == touching


@given(milestones(max_size=20), windows, assumptions, st.data())
def test_every_matching_row_is_counted_once(df, window, assume, data):
    timeline, index = engine(df, assume)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(df), max_size=len(df))), dtype=bool)
    max_bars = data.draw(st.integers(1, 20))
    scene = scene_of(timeline, index, window, chosen=chosen, max_bars=max_bars)
    spans = [span for span, wanted in zip(drawn_spans(timeline), chosen, strict=True) if wanted]
    assert scene.matching == len(spans) == scene.shown + scene.before + scene.after
    assert scene.before == sum(end < window.start for _, end in spans)
    assert scene.after == sum(start > window.end for start, _ in spans)
    assert (scene.level == "empty") == (scene.shown == 0)
    assert sum(group.count for group in scene.groups) == scene.shown
    if scene.marks is not None:
        assert len(scene.marks.row) == len(set(scene.marks.row)) == scene.shown <= max_bars
    if scene.density is not None:
        density = scene.density
        assert density.on == (window.span < 2 * DAY)
        edges = density.first + density.step * np.arange(density.counts.shape[1] + 1)
        if density.on:
            # in the bin that it starts in, if nowhere else
            expected = [
                sum(
                    start < high and (end > low or low <= start)
                    for start, end in spans
                    if end >= window.start
                )
                for low, high in pairwise(edges)
            ]
            assert density.counts.sum(axis=0).tolist() == expected
        else:
            inside = [window.start <= start <= window.end for start, _ in spans]
            assert density.counts.sum() == sum(inside)


@given(
    milestones(max_size=20),
    windows,
    assumptions,
    st.integers(30, 400),
    st.sampled_from([None, "category", "type", "status"]),
)
def test_no_two_marks_of_a_lane_overlap_and_all_lie_in_the_band_of_their_group(
    df, window, assume, height, group
):
    timeline, index = engine(df, assume)
    canvas = Canvas(700, height)
    scene = scene_of(timeline, index, window, canvas=canvas, group=group)
    if scene.marks is None:
        return
    marks, pixel = scene.marks, window.span / canvas.width
    keys = None if group is None else Keys.of(timeline[group])
    bands = {band.label: band for band in scene.groups}
    extents = []
    for i, row in enumerate(marks.row):
        half = 6 * pixel if marks.kind[i] == OPEN else 0
        left = max(marks.start[i], window.start) - half
        right = (
            marks.start[i] + half if marks.kind[i] == OPEN else max(marks.end[i], marks.start[i] + 3 * pixel)
        )
        extents.append((marks.lane[i], left, right))
        if keys is not None and keys.names[keys.codes[row]] in bands:
            band = bands[keys.names[keys.codes[row]]]
            assert band.top <= marks.lane[i] - 0.5 + 1e-9
            assert marks.lane[i] + 0.5 <= band.bottom + 1e-9
    for (lane, left, right), (other, from_, to) in combinations(extents, 2):
        assert lane != other or right <= from_ or to <= left
    for upper, lower in combinations(scene.groups, 2):
        assert upper.bottom <= lower.top


@given(milestones(max_size=30), windows, st.integers(20, 200), st.integers(1, 30))
def test_the_lanes_fit_the_canvas_at_their_least_height(df, window, height, max_bars):
    timeline, index = engine(df)
    scene = scene_of(timeline, index, window, canvas=Canvas(500, height), max_bars=max_bars)
    least = {"labelled": 17.0, "bars": 2.8}.get(scene.level, 0)
    assert scene.lanes * least <= height
    assert all(group.bottom <= scene.lanes + 1e-9 for group in scene.groups)


@given(milestones())
def test_a_reported_span_that_cannot_be_true_is_never_a_bar(df):
    timeline, index = engine(df)
    suspect = timeline["suspect"].to_numpy()[index.row]
    assert not (suspect & (index.kind == REPORTED)).any()
    assert (np.isnan(index.end) == (index.kind == OPEN)).all()
    assert not (index.end < index.start).any()


def test_a_row_that_ends_before_it_starts_shows_its_start_or_what_is_assumed():
    df = table({"end_date": at(-5)}, {"start_date": at(-9400 * 24), "end_date": at(-9399 * 24)})
    _, index = engine(df, None)
    assert list(index.kind) == [OPEN, OPEN]
    _, index = engine(df, "3h")
    assert sorted(index.kind) == [ASSUMED, OPEN]


def test_a_start_on_the_edge_of_the_window_is_in_the_density():
    df = table(
        *[{"start_date": at(hour)} for hour in (0, 24, 72, 72)], {"start_date": at(-1), "end_date": at(1)}
    )
    timeline, index = engine(df)
    scene = scene_of(timeline, index, Window(MIDNIGHT, MIDNIGHT + 72 * HOUR), max_bars=1)
    assert scene.level == "density"
    assert scene.shown == 5
    assert scene.density.counts.sum() == 4


def test_the_density_counts_each_group_in_its_own_bins():
    df = table(*[{"start_date": at(24 * (i % 5)), "category": "A" if i % 3 else "B"} for i in range(60)])
    timeline, index = engine(df)
    scene = scene_of(timeline, index, Window(MIDNIGHT - DAY, MIDNIGHT + 6 * DAY), max_bars=10)
    density = scene.density
    for group, counts in zip(scene.groups, density.counts, strict=True):
        for day in range(5):
            bin_ = int((MIDNIGHT + day * DAY - density.first) // density.step)
            assert counts[bin_] == sum(
                i % 5 == day and ("A" if i % 3 else "B") == group.label for i in range(60)
            )


def test_a_crowded_short_window_shows_what_is_on_and_not_what_starts():
    long = [{"start_date": at(-48), "end_date": at(48), "category": "A"} for _ in range(30)]
    df = table(*long, {"start_date": at(2), "end_date": at(3), "category": "B"})
    timeline, index = engine(df)
    scene = scene_of(timeline, index, Window(MIDNIGHT, MIDNIGHT + 6 * HOUR), max_bars=10)
    density = scene.density
    second, first = density.counts  # what goes on throughout stands below what begins or ends here
    assert [group.label for group in scene.groups] == ["B", "A"]
    assert set(first) == {30}
    begins, ends = (int((MIDNIGHT + hour * HOUR - density.first) // density.step) for hour in (2, 3))
    assert np.flatnonzero(second).tolist() == list(range(begins, ends))
    assert "shown as how many are on when" in scene_words(scene)


def test_groups_beyond_what_fits_are_one_band_that_says_how_many():
    df = table(*[{"category": f"c{i}"} for i in range(30)])
    timeline, index = engine(df)
    scene = scene_of(
        timeline, index, Window(MIDNIGHT - HOUR, MIDNIGHT + HOUR), canvas=Canvas(800, 150), max_bars=5
    )
    assert len(scene.groups) == 5
    assert scene.groups[-1].label == "26 others"
    assert sum(group.count for group in scene.groups) == 30


@pytest.mark.parametrize("df", [empty_milestones(), table({"start_date": at(500)})])
def test_a_window_without_rows_is_empty(df):
    timeline, index = engine(df)
    scene = scene_of(timeline, index, Window(MIDNIGHT, MIDNIGHT + HOUR))
    assert (scene.level, scene.shown, scene.after, scene.groups) == ("empty", 0, len(df), ())


def test_a_title_stands_by_its_mark_where_there_is_room_and_within_the_canvas():
    df = table({"title": "x" * 30, "start_date": at(0)}, {"title": "y" * 30, "start_date": at(9.9)})
    timeline, index = engine(df, None)
    scene = scene_of(timeline, index, Window(MIDNIGHT, MIDNIGHT + 10 * HOUR), canvas=Canvas(900, 300))
    assert scene.level == "labelled"
    assert list(scene.marks.text_ends) == [False, True]
    assert 0 <= scene.marks.text_at[0] <= scene.marks.text_at[1] <= 900


def test_titles_are_shown_where_lanes_can_be_scrolled_through_though_few_are_seen_at_once():
    timeline, index = engine(table(*[{"start_date": at(0.01 * place)} for place in range(60)]))
    window = Window(MIDNIGHT - HOUR, MIDNIGHT + 5 * HOUR)
    assert scene_of(timeline, index, window, canvas=Canvas(800, 300)).level == "bars"
    scene = scene_of(timeline, index, window, canvas=Canvas(800, 300, 1_100))
    assert (scene.level, len(scene.labels)) == ("labelled", 60)
    assert scene.lanes * LABEL_LANE_PX <= 1_100
    look = Look("UTC", MIDNIGHT, LIGHT, 1_000, grouped=False, legend=False, height=300)
    layout = draw_layout(scene, look, [])
    assert layout["height"] >= scene.lanes * LABEL_LANE_PX
    assert layout["xaxis"]["side"] == "top"
    few = scene_of(
        timeline.iloc[:3], GanttIndex.of(timeline.iloc[:3]), window, canvas=Canvas(800, 300, 1_100)
    )
    assert "side" not in draw_layout(few, look, [])["xaxis"]


@given(milestones(max_size=30), windows, st.integers(1, 30), st.data())
def test_a_folded_group_takes_one_line_and_loses_no_row(df, window, max_bars, data):
    timeline, index = engine(df)
    plain = scene_of(timeline, index, window)
    folded = data.draw(st.sets(st.sampled_from([group.label for group in plain.groups] or ["none"])))
    scene = scene_of(timeline, index, window, folded=folded, max_bars=max_bars)
    assert {group.label for group in scene.groups if group.folded} == folded & {
        group.label for group in scene.groups
    }
    assert sum(group.count for group in scene.groups) == scene.shown == plain.shown
    for place, group in enumerate(scene.groups):
        if group.folded:
            assert group.bottom - group.top <= 2.2  # a line of text may take more than a lane
            assert scene.density.counts[place].any()
            assert scene.marks is None or place not in scene.marks.code
    if scene.marks is not None:
        assert len(scene.at) == sum(group.count for group in scene.groups if not group.folded)


def test_folding_brings_back_the_titles_of_the_others():
    df = table(
        *({"start_date": at(1), "category": "Crowd"} for _ in range(50)),
        {"start_date": at(2), "category": "Few"},
    )
    timeline, index = engine(df)
    window = Window(MIDNIGHT, MIDNIGHT + 6 * HOUR)
    assert scene_of(timeline, index, window, max_bars=40).level == "density"
    scene = scene_of(timeline, index, window, max_bars=40, folded={"Crowd"})
    assert (scene.level, len(scene.labels)) == ("labelled", 1)
    assert "50 in folded groups" in scene_words(scene)


def test_rows_beside_the_window_of_a_folded_group_are_no_marks():
    rows = [{"start_date": at(hours), "category": name} for name in ("Folded", "Open") for hours in (1, 9)]
    timeline, index = engine(table(*rows))
    scene = scene_of(timeline, index, Window(MIDNIGHT, MIDNIGHT + 6 * HOUR), folded={"Folded"}, beside=1.0)
    assert [timeline["category"].iloc[row] for row in scene.marks.row] == ["Open", "Open"]
