"""`plot_calendar`: true local days, bounded, escaped, robust to extreme days and outliers."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.figures.calendar import plot_calendar
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.schema import empty_milestones
from tests.figures.gantt.test_plot import HOSTILE, hostile_table, strings_of
from tests.strategies import NOW, at, milestones, table

OURS = re.compile(r"</?(b|br|span)( style='(font-size:13px|color:#\w{6})')?>")


def day(hours, **more):
    return {"start_date": at(hours)} | more


def on(year, month=1, number=1, hour=12, **more):
    return {"start_date": dt.datetime(year, month, number, hour, tzinfo=dt.UTC)} | more


def words_of(figure):
    return OURS.sub(" ", figure.layout.title.text)


def cards_of(figure):
    """Return the card of each day that is drawn, by the day it names."""
    cards = [card for trace in figure.data for row in trace.hovertext for card in row if card]
    return {re.match(r"<b>(.*?)</b>", card)[1]: card for card in cards}


def counts_of(figure):
    cards = cards_of(figure)
    return {
        name: int(re.search(r"<br>([\d,]+) start", card)[1].replace(",", "")) for name, card in cards.items()
    }


def names_of(figure):
    return re.findall(r"<b>(.*?)</b>", " ".join(note.text for note in figure.layout.annotations))


def test_each_day_counts_what_starts_on_it_and_names_the_commonest():
    df = table(day(1), day(2), day(3, category="Elections"), day(30))
    figure = plot_calendar(df, now=NOW)
    cards = cards_of(figure)
    assert cards["Thu 15 Jan 2026"] == "<b>Thu 15 Jan 2026</b> · today<br>3 start<br>Sports 2<br>Elections 1"
    assert {name: n for name, n in counts_of(figure).items() if n} == {
        "Thu 15 Jan 2026": 3,
        "Fri 16 Jan 2026": 1,
    }
    assert words_of(figure) == "4 of 4 milestones, by the day on which they start"
    assert "Sports" not in cards_of(plot_calendar(df, now=NOW, by=None))["Thu 15 Jan 2026"]


def test_days_are_those_of_the_zone():
    counts = counts_of(plot_calendar(table(day(3)), now=NOW, tz="America/New_York"))
    assert {name: n for name, n in counts.items() if n} == {"Wed 14 Jan 2026": 1}


def test_only_the_commonest_are_named_and_the_rest_are_counted():
    df = table(*[day(i, type=f"t{i % 5}") for i in range(9)])
    card = cards_of(plot_calendar(df, now=NOW, by="type"))["Thu 15 Jan 2026"]
    assert card.endswith("<br>t0 2<br>t1 2<br>t2 2<br>others 3")


def test_a_short_span_is_drawn_as_months_and_a_long_one_as_years():
    assert names_of(plot_calendar(table(day(0)), now=NOW)) == ["Dec 2025", "Jan 2026", "Feb 2026"]
    assert names_of(plot_calendar(table(day(0)), now=NOW, width=300)) == ["Jan 2026"]
    assert names_of(plot_calendar(table(on(2025, 3), on(2026, 2)), now=NOW)) == ["2025", "2026"]


def test_every_day_of_a_year_stands_in_its_own_cell():
    figure = plot_calendar(table(on(2024, 2, 29), on(2025, 3)), now=NOW)
    assert len(cards_of(figure)) == 366 + 365
    assert [trace.hovertext[3][8].startswith("<b>Thu 29 Feb 2024") for trace in figure.data] == [True, False]


def test_a_given_window_is_drawn_from_its_first_day_to_before_its_end_in_any_zone():
    for tz in ("UTC", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati"):
        names = list(
            cards_of(plot_calendar(table(day(0)), tz=tz, start="2026-01-05", end="2026-01-08", now=NOW))
        )
        assert names == ["Mon 5 Jan 2026", "Tue 6 Jan 2026", "Wed 7 Jan 2026"]
    late = {"start": "2026-01-05T03:00Z", "end": "2026-01-06T03:00Z", "tz": "America/New_York"}
    assert list(cards_of(plot_calendar(table(day(0)), now=NOW, **late))) == ["Sun 4 Jan 2026"]


def test_a_window_beyond_the_table_is_drawn_and_said():
    for window in ({"start": "2030-01-01"}, {"end": "2020-01-01"}):
        assert words_of(plot_calendar(table(day(0)), now=NOW, **window)).startswith("0 of 1 milestones")


def test_outliers_and_placeholders_do_not_blow_up_the_picture_and_are_counted():
    df = table(*[day(i) for i in range(100)], on(2033), on(2000), on(2010))
    figure = plot_calendar(df, now=NOW)
    assert names_of(figure) == ["Dec 2025", "Jan 2026", "Feb 2026"]
    assert "100 of 103 milestones" in words_of(figure)
    assert "(1 before, 1 after this window; 1 without a believable date)" in words_of(figure)


def test_only_the_latest_six_years_are_drawn_and_it_is_said():
    df = table(*[on(year, month) for year in range(2017, 2027) for month in range(1, 13)])
    figure = plot_calendar(df, now=NOW)
    assert names_of(figure) == [str(year) for year in range(2021, 2027)]
    assert "72 of 120 milestones" in words_of(figure)
    assert "48 before this window; the latest 6 of 10 years" in words_of(figure)


def test_one_extreme_day_does_not_pale_the_rest_and_has_its_true_count():
    usual = [day(24 * i) for i in range(-60, 0)] * 2
    figure = plot_calendar(table(*usual, *[day(5)] * 900), now=NOW)
    levels = [z for trace in figure.data for row in trace.z for z in row if z]
    assert min(levels) == max(levels) == pytest.approx(1)
    assert counts_of(figure)["Thu 15 Jan 2026"] == 900
    assert figure.layout.coloraxis.colorbar.ticktext[-1] == "2+"


def test_an_extreme_day_among_few_is_extreme_too():
    figure = plot_calendar(table(*[day(-24 * i) for i in range(1, 11)], *[day(5)] * 50), now=NOW)
    assert figure.layout.coloraxis.colorbar.ticktext[-1] == "1+"


def test_of_years_too_only_the_days_of_a_given_window_are_drawn():
    figure = plot_calendar(table(day(0)), start="2025-03-01", end="2026-02-01", now=NOW)
    assert len(cards_of(figure)) == 337


def test_more_starts_are_never_paler():
    df = table(*[day(24 * i) for i in range(10) for _ in range(i)])
    figure = plot_calendar(df, now=NOW)
    pairs = sorted(
        (int(re.search(r"<br>(\d+) start", card)[1]), z)
        for trace in figure.data
        for cards, row in zip(trace.hovertext, trace.z, strict=True)
        for card, z in zip(cards, row, strict=True)
        if card
    )
    assert (np.diff([z for _, z in pairs]) >= 0).all()
    assert all((z > 0.15) == (n > 0) for n, z in pairs)


def test_today_is_framed():
    frame = plot_calendar(table(day(0)), now="2026-01-15T20:00", tz="Asia/Tokyo").layout.shapes[0]
    assert (
        "· today"
        in cards_of(plot_calendar(table(day(0)), now="2026-01-15T20:00", tz="Asia/Tokyo"))["Fri 16 Jan 2026"]
    )
    assert frame.line.color == "#D6336C"
    assert not plot_calendar(table(day(0)), now="2020-01-01").layout.shapes


@given(milestones())
def test_the_days_together_are_what_the_heading_says(df):
    figure = plot_calendar(df, now=NOW, tz="America/New_York")
    shown = sum(counts_of(figure).values())
    assert words_of(figure).startswith(f"{shown:,} of {len(df):,} milestones")
    outside = [int(n) for n in re.findall(r"(\d+) (?:before|after|without)", words_of(figure))]
    assert shown + sum(outside) == len(df)


@pytest.mark.parametrize("by", ["title", "category", "source_id", None])
@pytest.mark.parametrize("window", [{}, {"start": "2025-01-01", "end": "2026-12-31"}])
def test_hostile_text_reaches_the_figure_only_escaped(by, window):
    figure = plot_calendar(hostile_table(), by=by, now=NOW, title=HOSTILE[1], **window)
    for text in strings_of(figure.to_dict()):
        assert "<" not in OURS.sub("", text)
        assert "$" not in text
        assert "\n" not in text


def test_the_figure_is_bounded():
    df = sample_milestones(2000)
    many = df.iloc[np.arange(150_000) % len(df)].reset_index(drop=True)
    figure = plot_calendar(many, by="title", now=NOW)
    assert sum(len(row) for trace in figure.data for row in trace.z) <= 6 * 7 * 54
    assert len(figure.to_json()) < 700_000


@pytest.mark.parametrize(
    "df",
    [
        empty_milestones(),
        table({}),
        table(on(2000)),
        table(on(9999, 12, 31)),
        table(on(2001), on(9999)),
        table(*[{}] * 50),
    ],
)
@pytest.mark.parametrize("tz", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("width", [200, 500, 1100])
def test_a_table_of_any_shape_can_be_drawn(df, tz, width):
    figure = plot_calendar(df, now=NOW, tz=tz, width=width, theme="dark")
    assert f"of {len(df):,} milestones" in words_of(figure)


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"by": "colour"}, "'colour'"),
        ({"tz": "Mars/Base"}, "'Mars/Base'"),
        ({"theme": "neon"}, "'neon'"),
        ({"width": 10}, "10"),
        ({"title": 5}, "5"),
        ({"now": 5}, "5"),
        ({"start": "soon"}, "'soon'"),
        ({"start": "2026-01-16", "end": "2026-01-16"}, "'2026-01-16'"),
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_its_value(options, value):
    with pytest.raises(QueryError) as caught:
        plot_calendar(table({}), **options)
    assert value in str(caught.value)
    assert next(iter(options)) in str(caught.value)


def test_the_input_is_not_changed_and_what_is_no_table_is_refused():
    df = sample_milestones(100)
    before = df.copy(deep=True)
    plot_calendar(df, by="league", now=NOW)
    pd.testing.assert_frame_equal(df, before)
    with pytest.raises(SchemaError):
        plot_calendar(pd.DataFrame({"title": ["x"]}))
    with pytest.raises(TypeError):
        plot_calendar(df, colour="type")
