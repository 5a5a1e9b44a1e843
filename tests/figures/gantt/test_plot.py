"""`plot_gantt` as a static figure: bounded, escaped, and clear about what it cannot draw."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.figures import plot_gantt
from milestone_kit.figures.colors import LIGHT
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, table

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    r"$\href{javascript:alert(1)}{x}$",
    "<b>bold</b><a href='javascript:alert(1)'>x</a>",
    "%{x} %{customdata} &lt;i&gt; &#36;x&#36;",
    "]]> <!-- \" ' `",
    "two\nlines\r\0",
    "🏀 \u200b\u202egnitrats\u202c",
    "מכבי <תל> אביב",
]


def hostile_table():
    rows = [
        {
            "title": text,
            "category": text,
            "type": text,
            "start_date": at(i),
            "end_date": at(i + 1) if i % 2 else None,
            "primary_event_tickers": [text],
            "source_id": text,
        }
        for i, text in enumerate(HOSTILE)
    ]
    return table(*rows)


def strings_of(value):
    """Yield every string of a figure's dict that can be shown."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            if key not in ("customdata", "template"):
                yield from strings_of(one)
    elif isinstance(value, (list, tuple, np.ndarray)):
        for one in value:
            yield from strings_of(one)


def points_of(figure):
    """Return how many points the figure holds over all traces."""
    return sum(len(trace["x"]) for trace in figure.data if trace["x"] is not None)


def words_of(figure):
    return figure.layout.title.text


def shown_ids(figure):
    return [one for trace in figure.data if trace.customdata is not None for one in trace.customdata]


OURS = re.compile(r"</?(b|i|br|extra|span)( style='(color:#\w{6}|font-size:13px)')?>")


@pytest.mark.parametrize("max_bars", [600, 1])
@pytest.mark.parametrize("group", [None, "title", "category", "type", "source_id"])
def test_hostile_text_reaches_the_figure_only_escaped(group, max_bars):
    figure = plot_gantt(
        hostile_table(), group=group, color="type", now=NOW, title=HOSTILE[1], max_bars=max_bars, height=900
    )
    for text in strings_of(figure.to_dict()):
        bare = OURS.sub("", text)
        assert "<" not in bare
        assert "\n" not in text
        if text != "%{hovertext}<extra></extra>":
            assert "$" not in text
        assert not re.search("[\u202a-\u202e]", text)


class _Scripts(HTMLParser):
    """Collects the scripts of a page, as a browser would find them, and every other tag."""

    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_hostile_text_cannot_leave_the_script_of_a_page():
    page = plot_gantt(hostile_table(), group="category", now=NOW, title="</script><script>alert(1)").to_html(
        include_plotlyjs=False, full_html=False
    )
    assert "<script>alert" not in page
    parser = _Scripts()
    parser.feed(page)
    assert {tag for tag, _ in parser.tags} <= {"div", "script"}
    assert not [name for _, attributes in parser.tags for name in attributes if name.startswith("on")]
    plain = plot_gantt(table({}), group="category", now=NOW, title="x").to_html(
        include_plotlyjs=False, full_html=False
    )
    assert page.count("</script") == plain.count("</script")


def test_a_hostile_id_cannot_leave_the_script_of_a_page():
    page = plot_gantt(table({"id": "</script><script>alert(1)</script>"}), now=NOW).to_html(
        include_plotlyjs=False, full_html=False
    )
    assert "<script>alert" not in page
    assert "</script><script>alert" not in page


def test_a_title_of_ten_million_characters_is_cut():
    df = table({"title": "<" * 10_000_000, "category": "$" * 1_000_000})
    figure = plot_gantt(df, group="category", now=NOW, title="&" * 10_000_000)
    assert len(figure.to_json()) < 60_000


@pytest.mark.parametrize(
    ("rows", "group"), [(20_000, None), (20_000, "category"), (20_000, "type"), (150_000, "type")]
)
def test_the_number_of_points_is_bounded_by_the_screen(rows, group):
    df = compute_timeline(sample_milestones(2000), now=NOW)
    many = df.iloc[np.arange(rows) % len(df)].reset_index(drop=True)
    for window in (
        {},
        {"start": "2026-01-15", "end": "2026-01-16"},
        {"start": "2025-01-01", "end": "2026-12-31"},
    ):
        figure = plot_gantt(many, group=group, now=NOW, **window)
        assert points_of(figure) < 15_000
        assert f"of {rows:,} milestones" in words_of(figure)


def test_the_input_is_not_changed():
    df = sample_milestones(300)
    before = df.copy(deep=True)
    plot_gantt(df, group="league", color="status", now=NOW, tz="Asia/Tokyo", max_bars=10)
    pd.testing.assert_frame_equal(df, before)
    assert df.attrs == before.attrs


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"color": "colour"}, "'colour'"),
        ({"color": None}, "None"),
        ({"color": ["category"]}, "['category']"),
        ({"group": "nope"}, "'nope'"),
        ({"tz": "Mars/Base"}, "'Mars/Base'"),
        ({"tz": 5}, "5"),
        ({"theme": "neon"}, "'neon'"),
        ({"start": "2026-01-16", "end": "2026-01-15"}, "'2026-01-16'"),
        ({"start": "2026-01-15", "end": "2026-01-15"}, "'2026-01-15'"),
        ({"start": "soon"}, "'soon'"),
        ({"now": 5}, "5"),
        ({"max_bars": 0}, "0"),
        ({"max_bars": True}, "True"),
        ({"max_bars": 2.5}, "2.5"),
        ({"width": 0}, "0"),
        ({"width": "wide"}, "'wide'"),
        ({"height": -5}, "-5"),
        ({"title": 5}, "5"),
        ({"assume": 5}, "5"),
        ({"watch": 5}, "5"),
        ({"watch": ["KXA", 5]}, "5"),
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_its_value(options, value):
    with pytest.raises(QueryError) as caught:
        plot_gantt(table({}), **options)
    assert value in str(caught.value)
    assert next(iter(options)) in str(caught.value)


def test_what_is_no_milestones_table_is_refused():
    with pytest.raises(TypeError, match="got list"):
        plot_gantt([1])
    with pytest.raises(SchemaError):
        plot_gantt(pd.DataFrame({"title": ["x"]}))
    with pytest.raises(SchemaError):
        plot_gantt(compute_timeline(table({}), now=NOW).drop(columns="title"))
    with pytest.raises(TypeError):
        plot_gantt(table({}), colour="type")


def test_columns_of_the_same_name_but_another_kind_are_not_taken_for_a_timeline():
    timeline = compute_timeline(table({"end_date": at(2)}), now=NOW)
    as_text = timeline.assign(end="tomorrow", status="great", end_source="me", suspect="no")
    assert shown_ids(plot_gantt(as_text, now=NOW, color="status")) == ["m0"]


@pytest.mark.parametrize(
    ("df", "words"),
    [
        (empty_milestones(), "0 of 0 milestones"),
        (table({}), "1 of 1 milestones"),
        (table({}, {}, {}), "3 of 3 milestones"),
        (table({"start_date": at(0), "end_date": at(-3)}), "1 of 1 milestones"),
        (table({"start_date": at(0), "end_date": at(0)}), "1 of 1 milestones"),
        (table(*[{"start_date": at(i), "end_date": at(i - 5)} for i in range(5)]), "5 of 5 milestones"),
        (table({"start_date": at(-9400 * 24)}), "1 of 1 milestones"),
    ],
)
@pytest.mark.parametrize("assume", ["typical", None, "2h"])
@pytest.mark.parametrize("group", [None, "category", "league"])
def test_a_table_of_any_shape_can_be_drawn(df, words, assume, group):
    assert words_of(plot_gantt(df, now=NOW, assume=assume, group=group)).startswith(words)


@pytest.mark.parametrize("year", [1, 1700, 2262, 9999])
@pytest.mark.parametrize("tz", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_a_row_in_any_year_can_be_drawn(year, tz):
    df = table({"start_date": at(0).replace(year=year, month=12, day=31)})
    assert words_of(plot_gantt(df, now=NOW, tz=tz)).startswith("1 of 1 milestones")


def test_a_placeholder_and_a_lone_far_row_do_not_squeeze_the_rest():
    core = [{"start_date": at(i), "end_date": at(i + 1)} for i in range(20)]
    figure = plot_gantt(table(*core, {"start_date": at(-9500 * 24)}, {"start_date": at(2500 * 24)}), now=NOW)
    low, high = (pd.Timestamp(edge) for edge in figure.layout.xaxis.range)
    assert high - low < pd.Timedelta(days=5)
    assert words_of(figure).startswith("20 of 22 milestones")
    assert "1 before, 1 after this window" in words_of(figure)


def test_a_span_that_cannot_be_true_is_a_point():
    figure = plot_gantt(
        table({"end_date": at(-3)}, {"start_date": at(1), "end_date": at(2)}), now=NOW, assume=None
    )
    bars = [one for trace in figure.data if trace.type == "bar" for one in trace.customdata]
    assert bars == ["m1"]
    assert sorted(shown_ids(figure)) == ["m0", "m1"]
    assert any("dates are doubtful" in text for text in strings_of(figure.to_dict()))


@pytest.mark.parametrize("group", [None, "category"])
@pytest.mark.parametrize("max_bars", [400, 1])
def test_what_is_watched_has_a_band_on_top(group, max_bars):
    df = sample_milestones(60)
    watch = [df["id"].iloc[9], "KXNOSUCHTHING"]
    options = {"now": NOW, "max_bars": max_bars, "height": 800}
    plain, watched = (plot_gantt(df, group=group, **options, **more) for more in ({}, {"watch": watch}))
    assert not any("Watched" in name for name in names_of_bands(plain))
    first, *others = names_of_bands(watched)
    assert "Watched" in first
    assert others
    # a list of which nothing is there takes no room
    nothing = plot_gantt(df, group=group, **options, watch=["KXNOSUCHTHING"])
    assert not any("Watched" in name for name in names_of_bands(nothing))


def names_of_bands(figure):
    """Return the names at the left, from top to bottom."""
    axis = figure.layout.yaxis
    return [text for _, text in sorted(zip(axis.tickvals or (), axis.ticktext or (), strict=True))]


def test_the_zone_is_named_on_the_axis_and_used_in_the_cards():
    figure = plot_gantt(table({"start_date": at(1)}), now=NOW, tz="America/New_York")
    assert figure.layout.xaxis.title.text == "America/New_York"
    assert any("Wed 14 Jan 2026 20:00" in text for text in strings_of(figure.to_dict()))


def test_statuses_are_relative_to_the_given_now():
    df = table({"start_date": at(0), "end_date": at(2)})

    def status(now):
        return next(
            t
            for t in strings_of(plot_gantt(df, now=now, color="status").to_dict())
            if t in {"upcoming", "live", "ended"}
        )

    assert [status("2026-01-14"), status("2026-01-15T01:00"), status("2026-01-16")] == [
        "upcoming",
        "live",
        "ended",
    ]


def test_a_naive_now_is_utc_and_stands_as_a_line_in_the_window():
    line = plot_gantt(table({}), now="2026-01-15T00:30").layout.shapes[-1]
    assert line.x0 == line.x1 == pd.Timestamp("2026-01-15T00:30Z").timestamp() * 1000
    assert not plot_gantt(table({}), now="2020-01-01").layout.shapes


def test_an_assumed_end_is_hatched_and_a_reported_one_is_not():
    df = table({"end_date": at(2)}, {"start_date": at(3)})
    bars = next(trace for trace in plot_gantt(df, now=NOW, assume="2h").data if trace.type == "bar")
    assert dict(zip(bars.customdata, bars.marker.pattern.shape, strict=True)) == {"m0": "", "m1": "/"}


def test_an_end_that_live_data_tell_is_drawn_as_a_reported_one():
    live = pd.DataFrame({"id": ["m0"], "phase": ["over"], "updated_at": [pd.Timestamp(at(1))]})
    timeline = compute_timeline(table({}, {}), now=NOW, live=live)
    bars = next(trace for trace in plot_gantt(timeline, now=NOW).data if trace.type == "bar")
    assert dict(zip(bars.customdata, bars.marker.pattern.shape, strict=True))["m0"] == ""


def test_no_mark_is_thinner_than_can_be_hit():
    figure = plot_gantt(
        table({"end_date": at(0.001)}), now=NOW, start="2026-01-01", end="2026-02-01", width=1000
    )
    bar = next(trace for trace in figure.data if trace.type == "bar")
    assert bar.x[0] >= 3 * 31 * 86_400_000 / 1000


def test_a_day_of_a_clock_change_is_drawn_at_its_true_length():
    start, end = pd.Timestamp("2026-03-08T05:00Z"), pd.Timestamp("2026-03-09T04:00Z")
    bar = next(
        trace
        for trace in plot_gantt(
            table({"start_date": start, "end_date": end}), now=NOW, tz="America/New_York"
        ).data
        if trace.type == "bar"
    )
    assert bar.x[0] == 23 * 3_600_000
    assert "23 h" in bar.hovertext[0]


def test_a_given_order_of_colours_does_not_hang_on_the_rows():
    df = sample_milestones(3_000)
    few = df[df["category"] == "Elections"]
    order = ["Politics", "elections"]

    def color_of(rows, **options):
        figure = plot_gantt(rows, now="2026-01-15", start="2025-06-01", max_bars=1, **options)
        return {trace.name: trace.line.color for trace in figure.data if trace.name}

    first, second = LIGHT.hues[:2]
    assert color_of(few)["Elections"] == first
    assert color_of(few, color_order=order)["Elections"] == second
    assert color_of(df, color_order=order, group="category")["Elections"] == second


@pytest.mark.parametrize("order", ["Sports", ["Sports", "sports"], [1], 5])
def test_an_order_of_colours_that_is_none_is_refused(order):
    with pytest.raises(QueryError, match="color_order="):
        plot_gantt(sample_milestones(20), color_order=order)


def test_a_figure_takes_the_width_there_is_unless_told_and_a_small_table_has_its_titles():
    df = table(*[{"title": f"match {i}", "start_date": at(12), "end_date": at(14)} for i in range(64)])
    figure = plot_gantt(df, now=NOW)
    assert figure.layout.width is None
    assert figure.layout.autosize
    assert "each shown with its title" in figure.layout.title.text
    assert figure.layout.height < 1_800
    assert plot_gantt(df, now=NOW, width=700, height=400).layout.width == 700
    assert plot_gantt(df, now=NOW, height=400).layout.height <= 420


def test_assumed_ends_are_told_from_reported_ones_also_in_narrow_bars():
    rows = [{"start_date": at(i), "end_date": at(i + 0.1)} for i in range(3)]
    df = table(*rows, *[{"start_date": at(i)} for i in range(5, 8)])
    bar = next(
        trace
        for trace in plot_gantt(df, now=NOW, assume="6min", start="2026-01-10", end="2026-01-20").data
        if trace.type == "bar"
    )
    assert list(bar.marker.opacity) == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]
