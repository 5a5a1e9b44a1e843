"""The overview: every chosen row of its span is counted once, where it starts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.figures.gantt.scene import GanttIndex
from milestone_kit.figures.time_axis import to_ms
from milestone_kit.panel.strip import StartIndex
from tests.strategies import NOW, at, milestones, table


def strip_of(df):
    timeline = compute_timeline(df, now=NOW)
    return timeline, StartIndex(timeline, GanttIndex.of(timeline))


@given(milestones(max_size=20), st.data())
def test_the_counts_are_those_of_a_histogram(df, data):
    timeline, strip = strip_of(df)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(df), max_size=len(df))), dtype=bool)
    starts, span = to_ms(timeline["start_date"])[chosen], strip.span
    counts = strip.counts(chosen)
    assert sum(counts) == ((starts >= span.start) & (starts <= span.end)).sum()
    edges = np.linspace(span.start, span.end, len(counts) + 1)
    # a start on an edge may be counted on either side of it
    for i, count in enumerate(counts):
        wide = span.span * 1e-9
        inside = ((starts > edges[i] + wide) & (starts < edges[i + 1] - wide)).sum()
        touching = ((starts >= edges[i] - wide) & (starts <= edges[i + 1] + wide)).sum()
        assert inside <= count <= touching


def test_the_marks_lie_in_the_span_and_are_plain_words_in_the_zone():
    _, strip = strip_of(table(*[{"start_date": at(i)} for i in range(48)]))
    marks = strip.marks("Asia/Tokyo", 900)
    assert len(marks) > 2
    assert all(strip.span.start <= one["at"] <= strip.span.end for one in marks)
    assert not any("<" in one["label"] for one in marks)
    assert marks != strip.marks("UTC", 900)
