"""`plot_changes`: one arrow per rescheduled milestone, the biggest shifts first, escaped and bounded."""

import re

import numpy as np
import pandas as pd
import pytest

from milestone_kit.analysis.changes import changes_table, diff_milestones
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.figures.changes import plot_changes
from milestone_kit.sandbox import sample_milestones
from tests.figures.gantt.test_plot import HOSTILE, hostile_table, strings_of
from tests.strategies import NOW, at, table

OURS = re.compile(r"</?(b|br|span)( style='font-size:13px')?>")


def moved(*shifts, **more):
    """Return the changes when milestones that start at midnight move by so many hours."""
    before = table(*({"start_date": at(0)} | more for _ in shifts))
    return diff_milestones(before, before.assign(start_date=[pd.Timestamp(at(shift)) for shift in shifts]))


def words_of(figure):
    return OURS.sub(" ", figure.layout.title.text)


def rows_of(figure):
    """Return the ids of the rows from top to bottom, and the cards by id."""
    ids = [trace.customdata for trace in figure.data if trace.customdata is not None]
    cards = [trace.hovertext for trace in figure.data if trace.hovertext is not None]
    return list(ids[0]), dict(zip(ids[0], cards[0], strict=True))


def heads(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def test_the_biggest_shift_comes_first_whichever_way_it_goes():
    ids, cards = rows_of(plot_changes(moved(1, -5, 3), now=NOW))
    assert ids == ["m1", "m2", "m0"]
    assert cards["m2"] == "<b>Game 2</b><br>was Thu 15 Jan 2026 00:00<br>is Thu 15 Jan 2026 03:00<br>+3 h"
    assert cards["m1"].endswith("<br>−5 h")


def test_an_arrow_leads_from_the_old_start_to_the_new_one_in_the_colour_of_its_direction():
    figure = plot_changes(moved(3, -5), now=NOW)
    later, earlier = heads(figure)["later"], heads(figure)["earlier"]
    assert (later.marker.symbol, earlier.marker.symbol) == ("triangle-right", "triangle-left")
    assert later.marker.color != earlier.marker.color
    assert later.x.tolist() == [pd.Timestamp(at(3)).timestamp() * 1000]
    assert (later.y.tolist(), earlier.y.tolist()) == ([1], [0])
    shaft = next(trace for trace in figure.data if trace.mode == "lines" and trace.legendgroup == "later")
    assert shaft.x[:2].tolist() == [pd.Timestamp(at(hour)).timestamp() * 1000 for hour in (0, 3)]


def test_at_most_so_many_are_drawn_and_it_is_said():
    figure = plot_changes(moved(*range(1, 31), -3, -4), max_rows=5, now=NOW)
    assert len(rows_of(figure)[0]) == 5
    assert words_of(figure) == "5 of 32 rescheduled milestones, biggest shifts first: 30 later, 2 earlier"


def test_only_starts_are_read():
    before = table({}, {})
    after = before.assign(title="Renamed", end_date=pd.Timestamp(at(3)))
    figure = plot_changes(diff_milestones(before, after), now=NOW)
    assert words_of(figure) == "0 of 0 rescheduled milestones"
    assert any(note.text == "No start date changed" for note in figure.layout.annotations)


def versions(*hours):
    """Return the history of one milestone that was seen to start at these hours."""
    seen = [
        table({"start_date": at(hour)}).assign(seen_at=pd.Timestamp(at(24 + i)), deleted=False)
        for i, hour in enumerate(hours)
    ]
    rows = pd.concat(seen, ignore_index=True)
    return rows.astype({"seen_at": "datetime64[us, UTC]"})


def test_what_moved_several_times_has_one_arrow_from_first_to_last():
    changes = changes_table(versions(0, 5, 2)).iloc[::-1]
    ids, cards = rows_of(plot_changes(changes, now=NOW))
    assert ids == ["m0"]
    assert cards["m0"].endswith("is Thu 15 Jan 2026 02:00<br>+2 h, after 2 changes")


def test_what_moved_back_or_had_no_date_is_counted_but_not_drawn():
    figure = plot_changes(changes_table(versions(0, 5, 0)), now=NOW)
    assert words_of(figure) == "0 of 0 rescheduled milestones (1 back where they were)"
    before = table({"start_date": at(0).replace(year=2000)})
    figure = plot_changes(diff_milestones(before, table({})), now=NOW)
    assert "1 to or from a placeholder date left out" in words_of(figure)


def test_one_shift_of_years_does_not_squeeze_the_others():
    figure = plot_changes(moved(*range(1, 20), 24 * 365 * 7), now=NOW)
    low, high = (pd.Timestamp(text) for text in figure.layout.xaxis.range)
    assert high - low < pd.Timedelta(days=5)
    ids, cards = rows_of(figure)
    assert "+2,555 d" in cards[ids[0]]
    assert max(heads(figure)["later"].x) < high.timestamp() * 1000


def test_times_are_those_of_the_zone():
    figure = plot_changes(moved(3), now=NOW, tz="America/New_York")
    assert "was Wed 14 Jan 2026 19:00" in rows_of(figure)[1]["m0"]
    assert figure.layout.xaxis.title.text == "America/New_York"


def test_a_milestone_without_a_title_goes_by_its_id():
    figure = plot_changes(moved(3, title=""), now=NOW)
    assert figure.layout.yaxis.ticktext == ("m0",)


@pytest.mark.parametrize("width", [300, 1100])
def test_hostile_text_reaches_the_figure_only_escaped(width):
    before = hostile_table()
    after = before.assign(start_date=before["start_date"] + pd.Timedelta(hours=1))
    figure = plot_changes(diff_milestones(before, after), now=NOW, title=HOSTILE[1], width=width)
    for text in strings_of(figure.to_dict()):
        assert "<" not in OURS.sub("", text)
        assert "$" not in text
        assert "\n" not in text


def test_the_figure_is_bounded():
    df = sample_milestones(2000)
    hours = pd.to_timedelta(np.arange(2000) % 70 + 1, unit="h")
    after = df.assign(start_date=(df["start_date"] + hours).astype(df["start_date"].dtype))
    assert len(plot_changes(diff_milestones(df, after), now=NOW, theme="dark").to_json()) < 60_000


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"max_rows": 0}, "0"),
        ({"max_rows": True}, "True"),
        ({"tz": "Mars/Base"}, "'Mars/Base'"),
        ({"theme": "neon"}, "'neon'"),
        ({"width": 10}, "10"),
        ({"title": 5}, "5"),
        ({"now": 5}, "5"),
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_its_value(options, value):
    with pytest.raises(QueryError) as caught:
        plot_changes(moved(1), **options)
    assert value in str(caught.value)
    assert next(iter(options)) in str(caught.value)


def test_the_input_is_not_changed_and_what_is_no_table_of_changes_is_refused():
    changes = moved(1, 2)
    before = changes.copy(deep=True)
    plot_changes(changes, now=NOW)
    pd.testing.assert_frame_equal(changes, before)
    with pytest.raises(SchemaError, match="'before'"):
        plot_changes(changes.drop(columns="before"))
    with pytest.raises(SchemaError, match="'after'"):
        plot_changes(changes.assign(after="soon"))
    with pytest.raises(SchemaError, match="'after'"):
        plot_changes(changes.assign(after=None))
    with pytest.raises(TypeError, match="got list"):
        plot_changes([1])
    with pytest.raises(TypeError):
        plot_changes(changes, colour="type")
