"""`plot_concurrency`: bounded, escaped, and true to the sweep line."""

import re

import numpy as np
import pandas as pd
import pytest

from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.figures.concurrency import plot_concurrency
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.schema import empty_milestones
from tests.figures.gantt.test_plot import HOSTILE, hostile_table, strings_of
from tests.strategies import NOW, at, table

OURS = re.compile(r"</?(b|br|span)( style='font-size:13px')?>")


def span(begin, end=None, **more):
    return {"start_date": at(begin), "end_date": None if end is None else at(end)} | more


def words_of(figure):
    return OURS.sub(" ", figure.layout.title.text)


def named(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def test_the_steps_are_the_peaks_and_means_of_the_bins():
    figure = plot_concurrency(
        table(span(0, 1), span(0.5, 1), span(2, 3)), freq="1h", start=at(0), end=at(4), now=NOW
    )
    assert named(figure, "peak").y.tolist() == [2, 0, 1, 0, 0]
    assert named(figure, "mean").y.tolist() == [1.5, 0, 1, 0, 0]
    assert named(figure, "peak").x[0] == pd.Timestamp(at(0)).timestamp() * 1000
    assert words_of(figure).startswith("3 of 3 milestones, at most 2 at once, in steps of 1 h")


def test_the_parts_of_a_stack_add_up_to_the_peak():
    df = compute_timeline(sample_milestones(2000), now=NOW)
    window = {"start": "2026-01-01", "end": "2026-02-01", "now": NOW}
    whole = named(plot_concurrency(df, **window), "peak").y
    parts = [trace.y for trace in plot_concurrency(df, by="category", **window).data if trace.stackgroup]
    assert np.array_equal(np.sum(parts, axis=0), whole)


def test_the_highest_peak_is_marked_with_its_time_in_the_zone():
    figure = plot_concurrency(table(span(0, 1), span(0.5, 1)), now=NOW, tz="America/New_York")
    assert any("<b>2</b> at once · Wed 14 Jan 2026 19:30" in note.text for note in figure.layout.annotations)
    assert figure.layout.xaxis.title.text == "America/New_York"


def test_the_axis_shows_exactly_the_bins_that_are_counted():
    figure = plot_concurrency(table(span(0, 9)), freq="2h", start=at(1), end=at(5), now=NOW)
    assert figure.layout.xaxis.range == ("2026-01-15T00:00:00", "2026-01-15T06:00:00")
    assert named(figure, "peak").y.tolist() == [1, 1, 1, 1]


def test_what_is_not_drawn_is_counted():
    df = table(
        span(0, 1), span(5, 6), span(10, 11), span(5, 3), span(5.5) | {"type": "new", "category": "New"}
    )
    words = words_of(plot_concurrency(df, start=at(4), end=at(8), now=NOW))
    assert words.startswith("2 of 5 milestones")
    assert "1 before, 1 after this window" in words
    assert "1 with doubtful dates left out" in words
    assert "1 without a known end" in words


@pytest.mark.parametrize("by", [None, "title", "category", "source_id"])
def test_hostile_text_reaches_the_figure_only_escaped(by):
    figure = plot_concurrency(hostile_table(), by=by, now=NOW, title=HOSTILE[1], width=300)
    for text in strings_of(figure.to_dict()):
        assert "<" not in OURS.sub("", text)
        assert "$" not in text
        assert "\n" not in text


@pytest.mark.parametrize("rows", [20_000, 150_000])
def test_the_figure_is_bounded_by_the_screen(rows):
    df = compute_timeline(sample_milestones(2000), now=NOW)
    many = df.iloc[np.arange(rows) % len(df)].reset_index(drop=True)
    figure = plot_concurrency(many, by="type", now=NOW)
    assert all(len(trace.x) <= 1100 / 4 + 2 for trace in figure.data)
    assert f"of {rows:,} milestones" in words_of(figure)


@pytest.mark.parametrize(
    "df",
    [
        empty_milestones(),
        table({}),
        table(span(0, 0)),
        table(span(0, -3)),
        table({"start_date": at(-9400 * 24)}),
        table({"start_date": at(0).replace(year=9999, month=12, day=31)}),
        table(*[{}] * 50),
    ],
)
@pytest.mark.parametrize("by", [None, "category", "league"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_table_of_any_shape_can_be_drawn(df, by, theme):
    figure = plot_concurrency(df, now=NOW, by=by, theme=theme, tz="Asia/Tokyo")
    assert f"of {len(df):,} milestones" in words_of(figure)


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"by": "colour"}, "'colour'"),
        ({"freq": "soon"}, "'soon'"),
        ({"freq": "1s", "start": at(0), "end": at(24)}, "'1s'"),
        ({"tz": "Mars/Base"}, "'Mars/Base'"),
        ({"theme": "neon"}, "'neon'"),
        ({"width": 10}, "10"),
        ({"height": True}, "True"),
        ({"title": 5}, "5"),
        ({"now": 5}, "5"),
        ({"start": at(1), "end": at(1)}, "2026"),
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_its_value(options, value):
    with pytest.raises(QueryError) as caught:
        plot_concurrency(table(span(0, 1)), **options)
    assert value in str(caught.value)
    assert next(iter(options)) in str(caught.value)


def test_the_input_is_not_changed_and_what_is_no_table_is_refused():
    df = sample_milestones(100)
    before = df.copy(deep=True)
    plot_concurrency(df, by="league", now=NOW)
    pd.testing.assert_frame_equal(df, before)
    with pytest.raises(SchemaError):
        plot_concurrency(pd.DataFrame({"title": ["x"]}))
    with pytest.raises(TypeError):
        plot_concurrency(df, colour="type")
