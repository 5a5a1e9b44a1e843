"""Scores behind the titles of marks: they touch nothing beside them, and what is drawn stays as it is."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milestone_kit.analysis.groups import Keys, column_of
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.figures.colors import LIGHT, ColorScale
from milestone_kit.figures.gantt.arrange import CHARACTER_PX, MAX_LABEL, lay_out
from milestone_kit.figures.gantt.draw import draw_traces
from milestone_kit.figures.gantt.look import Look
from milestone_kit.figures.gantt.scene import Canvas, GanttIndex
from milestone_kit.figures.gantt.scores import scored, title_rooms, with_score
from milestone_kit.figures.time_axis import HOUR, Window
from milestone_kit.sandbox import sample_milestones
from tests.strategies import NOW, at, table

WIDTH = 900
NOON = pd.Timestamp(NOW).timestamp() * 1000


def laid_out(df, window=None):
    timeline = compute_timeline(df, now=NOW)
    index = GanttIndex.of(timeline)
    colors = ColorScale.of(Keys.of(column_of(timeline, "category", "color")), ())
    scene = lay_out(
        index,
        timeline,
        chosen=np.ones(len(df), bool),
        window=window or Window(NOON - 6 * HOUR, NOON + 6 * HOUR),
        canvas=Canvas(WIDTH, 500, 2_600),
        colors=colors,
        groups=None,
    )
    assert scene.level == "labelled"
    look = Look("UTC", NOON, LIGHT, WIDTH + 42, grouped=False, legend=True, height=500)
    ids = timeline["id"].iloc[index.row[scene.at]].to_list()
    return scene, draw_traces(scene, timeline, colors, look), ids


@example("Halmann at Kosova", "2-1 · Q4 2:13", 0)
@given(st.text(max_size=60), st.text(max_size=40), st.integers(0, 90))
def test_a_title_with_a_score_keeps_to_its_room(title, words, room):
    line = with_score(title, words, room)
    assert len(line) <= max(room, 1)


@given(st.integers(20, 90), st.sampled_from(["2-1", "56-67 · Q4 2:13"]))
def test_it_is_the_title_that_is_cut(room, words):
    line = with_score("Halmann at Kosova", words, room)
    assert line.endswith(words)
    assert line == f"Halmann at Kosova {words}" or len(line) <= room < len(f"Halmann at Kosova {words}")


@pytest.mark.parametrize("hours", [2, 6, 24])
def test_titles_as_long_as_their_rooms_do_not_reach_their_neighbours(hours):
    window = Window(NOON - hours * HOUR, NOON + hours * HOUR)
    df = sample_milestones(4_000)
    near = abs((df["start_date"] - pd.Timestamp(NOW)) / pd.Timedelta(hours=1)) < 2 * hours
    scene, _, _ = laid_out(df[near].head(160), window)
    rooms, marks = title_rooms(scene, WIDTH), scene.marks
    lengths = np.minimum([len(label) for label in scene.labels], MAX_LABEL)
    assert (rooms >= lengths).all()
    assert (rooms > lengths + 10).any()
    scale = WIDTH / window.span
    begin = (marks.start - window.start) * scale
    end = np.fmax(begin, (marks.end - window.start) * scale)
    wide = rooms * CHARACTER_PX
    grown = rooms > lengths  # the others stand as they were packed
    checked = 0
    for one in np.flatnonzero(grown):
        low = marks.text_at[one] - wide[one] if marks.text_ends[one] else marks.text_at[one]
        high = marks.text_at[one] if marks.text_ends[one] else marks.text_at[one] + wide[one]
        assert low >= -1
        assert high <= WIDTH + 1
        for other in np.flatnonzero(marks.lane == marks.lane[one]):
            if other != one:
                checked += 1
                assert high <= begin[other] + 1 or low >= end[other] - 1
    assert checked


def test_only_marks_with_a_score_say_one_and_the_traces_given_stay():
    df = table(
        *({"title": f"Side {n} at home", "start_date": at(9 + n), "end_date": at(11 + n)} for n in range(4))
    )
    scene, traces, ids = laid_out(df)
    before = deepcopy(traces)
    shown = scored(traces, scene, ids, {"m1": "2-1 <b>", "other": "7-7"}, WIDTH)
    assert str(traces) == str(before)
    titles = next(trace for trace in shown if trace.get("mode") == "text")["text"]
    assert [text for text in titles if "2-1" in text] == ["Side 1 at home 2-1 &lt;b&gt;"]
    (bar,) = [trace for trace in shown if trace.get("customdata") == ids]
    assert bar["text"] == [("<b>2-1 &lt;b&gt;</b><br>" if id_ == "m1" else "") for id_ in ids]
    assert bar["textposition"] == "none"
    assert bar["hovertext"] == next(trace for trace in traces if trace.get("customdata") == ids)["hovertext"]
    same = [new is old for new, old in zip(shown, traces, strict=True)]
    assert same.count(False) == 2
    assert scored(traces, scene, ids, {"other": "7-7"}, WIDTH) is traces
