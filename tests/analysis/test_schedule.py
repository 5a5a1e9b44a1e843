"""How many milestones are on at once, when it is busy or quiet, and what comes next."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.occupancy import Bins, Spans, sweep
from milestone_kit.analysis.schedule import busiest, calendar_counts, concurrency, gaps, next_up
from milestone_kit.analysis.timeline import assign_lanes, compute_timeline
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, folded, milestones, table

HOUR = pd.Timedelta("1h")
YEAR_2000 = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
WINDOW = {"start": at(-31), "end": at(31)}


def span(begin, end=None, **more):
    return {"start_date": at(begin), "end_date": None if end is None else at(end)} | more


def peaks(df, *args, **options):
    """Return peak by the hour of 2026-01-15 at which each bin begins, where anything is on."""
    counted = concurrency(df, *args, **options)
    counted = counted[counted["peak"] > 0]
    return dict(zip((counted["bin_start"] - pd.Timestamp(at(0))) / HOUR, counted["peak"], strict=True))


def believed(df, category=None):
    """Return (begin, end) of each row whose dates are believed, as the plainest code reads them."""
    timeline = compute_timeline(df, now=NOW)
    timeline = timeline[~timeline["suspect"] & ((category is None) | (timeline["category"] == category))]
    return [
        (begin, begin if pd.isna(end) else end)
        for begin, end in zip(timeline["start_date"], timeline["end"], strict=True)
    ]


def on_at(spans, instant):
    return sum(begin <= instant < end or begin == instant for begin, end in spans)


def test_a_milestone_is_on_from_its_start_until_just_before_its_end():
    df = table(span(0, 2), span(2, 3))
    assert peaks(df) == {0: 1, 1: 1, 2: 1}
    assert concurrency(df)["mean"].tolist() == [1.0, 1.0, 1.0]


def test_peak_is_the_most_at_one_instant_and_mean_is_weighted_by_time():
    counted = concurrency(table(span(0, 0.5), span(0.25, 0.75), span(0.5, 2)), "1h").iloc[0]
    assert (counted["peak"], counted["mean"], counted["starts"]) == (2, 0.5 + 0.5 + 0.5, 3)


def test_rows_without_an_end_or_a_length_count_in_their_instant_and_weigh_nothing():
    df = compute_timeline(table(span(1), span(1, 1), span(1)), now=NOW, assume=None)
    counted = concurrency(df)
    assert counted[["peak", "mean", "starts"]].to_numpy().tolist() == [[3, 0.0, 3]]
    assert counted.attrs["milestone_kit"] == {"milestones": 3, "suspect": 0, "open": 2}


def test_a_point_at_the_end_of_another_meets_it_no_more():
    assert peaks(table(span(0, 1), span(1, 1))) == {0: 1, 1: 1}
    assert peaks(table(span(0, 1), span(1, 1)), "2h") == {0: 1}


def test_suspect_rows_are_left_out_and_counted():
    df = table(span(0, 1), span(0, -1), {"start_date": YEAR_2000, "end_date": at(5)})
    counted = concurrency(df)
    assert peaks(df) == {0: 1}
    assert counted.attrs["milestone_kit"]["suspect"] == 2


def test_every_bin_of_the_window_is_there_also_the_empty_ones():
    counted = concurrency(table(span(0, 1), span(4, 5)))
    assert counted["peak"].tolist() == [1, 0, 0, 0, 1]
    counted = concurrency(table(span(0.5, 1.5)), start=at(-1.5), end=at(2.5))
    assert counted["bin_start"].tolist() == [pd.Timestamp(at(hour)) for hour in range(-2, 3)]
    assert counted["peak"].tolist() == [0, 0, 1, 1, 0]


def test_what_is_on_already_counts_in_the_window_but_does_not_start_in_it():
    counted = concurrency(table(span(-5, 5)), start=at(0), end=at(2))
    assert counted[["peak", "mean", "starts"]].to_numpy().tolist() == [[1, 1.0, 0]] * 2


def test_bins_of_seven_days_begin_on_mondays():
    counted = concurrency(table(span(0, 1)), "7D")
    assert counted["bin_start"].dt.day_name().tolist() == ["Monday"]


def test_each_value_of_by_is_counted_by_itself_and_a_missing_one_too():
    df = table(span(0, 1, source_id="b"), span(0, 2, source_id="a"), span(1, 2))
    counted = concurrency(df, by="source_id")
    assert list(counted.columns) == ["bin_start", "source_id", "peak", "mean", "starts"]
    assert counted["source_id"].fillna("-").tolist() == ["a", "b", "-"] * 2
    assert counted["peak"].tolist() == [1, 1, 0, 1, 0, 1]


def test_the_league_is_read_from_the_details():
    df = table(span(0, 1, details={"league": "NBA"}), span(0, 1))
    assert set(concurrency(df, by="league")["league"].dropna()) == {"NBA"}


def test_a_table_with_a_timeline_is_taken_at_its_word_and_one_without_gets_one():
    df = table(*[span(0, 2)] * 5, span(0))
    before = at(0)
    assert peaks(df, now=before)[1] == 6
    assert peaks(compute_timeline(df, now=before, assume="1h")) == {0: 6, 1: 5}
    assert peaks(df.assign(end="tomorrow", suspect="no"), now=before)[1] == 6


@pytest.mark.parametrize("df", [empty_milestones(), table({"start_date": YEAR_2000})])
def test_nothing_to_count_gives_empty_tables_of_the_same_columns(df):
    full = table(span(0, 1))
    for ask in (concurrency, busiest, gaps):
        for by in (None, "category"):
            assert ask(df, by=by).dtypes.to_dict() == ask(full, by=by).dtypes.to_dict()
            assert len(ask(df, by=by)) == 0
    assert calendar_counts(df).dtypes.to_dict() == calendar_counts(full).dtypes.to_dict()
    assert next_up(df).dtypes.to_dict() == next_up(full, now="2020-01-01").dtypes.to_dict()


def test_an_empty_table_still_fills_a_given_window():
    assert concurrency(empty_milestones(), start=at(0), end=at(3))["peak"].tolist() == [0, 0, 0]
    assert gaps(empty_milestones(), start=at(0), end=at(3))["length"].tolist() == [3 * HOUR]


def test_too_many_bins_are_refused_with_their_number_and_a_way_out():
    df = table(span(0, 1), {"start_date": dt.datetime(9999, 1, 1, tzinfo=dt.UTC)})
    with pytest.raises(QueryError, match=r"69,\d{3},\d{3} bins.*2026-01-15 to 9999-01-01.*at least '7D'"):
        concurrency(df)
    with pytest.raises(QueryError, match="'1us'"):
        concurrency(table(span(0, 1)), "1us")
    assert concurrency(df, "7D").shape[0] > 400_000


@pytest.mark.parametrize("value", ["soon", 5, True, "", None, "0h", "-1h", "400D", pd.NaT])
def test_a_width_that_is_none_is_refused_by_its_value(value):
    for ask, name in ((concurrency, "freq"), (busiest, "freq"), (gaps, "min_gap")):
        if (name, value) != ("min_gap", "0h"):
            with pytest.raises(QueryError, match=f"{name}="):
                ask(table(span(0, 1)), **{name: value})


@pytest.mark.parametrize("freq", ["h", "60min", HOUR, dt.timedelta(hours=1), np.timedelta64(1, "h")])
def test_a_width_may_be_written_in_many_ways(freq):
    assert peaks(table(span(0, 2)), freq) == {0: 1, 1: 1}


@pytest.mark.parametrize("ask", [concurrency, busiest, gaps])
@pytest.mark.parametrize(
    "options",
    [
        {"start": at(1), "end": at(1)},
        {"start": at(2), "end": at(1)},
        {"start": "soon"},
        {"end": 5},
        {"now": 5},
    ],
)
def test_a_wrong_window_or_now_is_refused(ask, options):
    with pytest.raises(QueryError, match=next(iter(options))):
        ask(table(span(0, 1)), **options)


@pytest.mark.parametrize("ask", [concurrency, busiest, gaps, calendar_counts, next_up])
@pytest.mark.parametrize("by", ["colour", 5, ["type"], "related_event_tickers"])
def test_a_by_that_is_no_column_is_refused_by_its_value(ask, by):
    with pytest.raises(QueryError, match="by="):
        ask(table(span(0, 1)), by=by)


def test_a_by_that_the_result_needs_for_itself_is_refused():
    df = table(span(0, 1))
    for ask, by in ((concurrency, "peak"), (calendar_counts, "n"), (gaps, "length"), (busiest, "mean")):
        with pytest.raises(QueryError, match="rename"):
            ask(df.assign(**{by: 1}), by=by)


@pytest.mark.parametrize("ask", [concurrency, busiest, gaps, calendar_counts, next_up])
def test_the_input_is_not_changed_and_a_table_without_dates_is_refused(ask):
    df = table(span(0, 1), span(1))
    before = df.copy(deep=True)
    ask(df, by="category")
    assert_frame_equal(df, before)
    with pytest.raises(SchemaError):
        ask(df.drop(columns="start_date"))
    with pytest.raises(TypeError):
        ask(df, colour="type")


@given(milestones(max_size=8), st.sampled_from(["7h", "1D"]), st.sampled_from([None, "category"]))
def test_concurrency_agrees_with_counting_instant_by_instant(df, freq, by):
    counted = concurrency(df, freq, by, **WINDOW, now=NOW)
    for value, mine in counted.groupby(by or (lambda _: None), dropna=False):
        spans = believed(folded(df), value if by else None)
        for low, peak, mean, starts in mine[["bin_start", "peak", "mean", "starts"]].itertuples(index=False):
            high = low + pd.Timedelta(freq)
            begun = [begin for begin, _ in spans if low <= begin < high]
            assert starts == len(begun)
            assert peak == max(on_at(spans, instant) for instant in [low, *begun])
            shared = [max(min(end, high) - max(begin, low), pd.Timedelta(0)) for begin, end in spans]
            assert mean == pytest.approx(sum(shared, pd.Timedelta(0)) / (high - low))


@given(milestones())
def test_the_highest_peak_is_the_number_of_lanes(df):
    timeline = compute_timeline(df, now=NOW)
    timeline = timeline[~timeline["suspect"]]
    if len(timeline):
        assert concurrency(timeline, "366D")["peak"].max() == assign_lanes(timeline).max() + 1


@given(milestones())
def test_the_peak_is_reached_at_the_instant_that_is_told(df):
    spans = Spans.of(df, now=NOW)
    bins = Bins.over(spans, 7 * 3_600_000_000, at(-31), at(31))
    counted = sweep(spans, bins)
    pairs = list(zip(spans.start.tolist(), spans.end.tolist(), strict=True))
    for edge, peak, when in zip(bins.edges, counted.peak[0], counted.when[0], strict=True):
        assert on_at(pairs, when) == peak
        assert edge <= when < edge + bins.width
        earlier = [edge, *(begin for begin, _ in pairs if edge <= begin)]
        assert all(on_at(pairs, instant) < peak for instant in earlier if instant < when)


def test_a_peak_that_lasts_from_the_bin_before_is_reached_at_once():
    spans = Spans.of(table(span(-1, 1), span(1, 2), span(1.5, 1.6)), now=NOW)
    hours = (sweep(spans, Bins.over(spans, 3_600_000_000, at(0), at(3))).when[0] / 3.6e9) % 24
    assert hours.tolist() == [0, 1.5, 2]
    spans = Spans.of(table(span(-1, 0.5), span(0.5, 2)), now=NOW)
    hours = (sweep(spans, Bins.over(spans, 3_600_000_000, at(0), at(2))).when[0] / 3.6e9) % 24
    assert hours.tolist() == [0, 1]


def test_thousands_of_years_in_many_groups_are_counted_all_the_same():
    end = at(0).replace(year=9998)
    long = [{"start_date": at(0), "end_date": end, "type": f"t{i}"} for i in range(90)]
    short = [span(1, 2, type=f"t{i}") for i in range(90)]
    late = [{"start_date": end - dt.timedelta(days=1), "end_date": end, "type": f"t{i}"} for i in range(90)]
    counted = concurrency(table(*long, *short, *short, *late), "366D", by="type")
    assert (
        counted.groupby("type")["peak"].agg(["first", "min", "last"]).to_numpy().tolist() == [[3, 1, 2]] * 90
    )
    assert counted["starts"].sum() == 360


def test_busiest_ranks_by_peak_then_mean_then_time():
    df = table(span(0, 1), span(3, 4), span(3, 4), span(5, 6), span(5, 5.5), span(8, 9))
    hours = (busiest(df, 4)["bin_start"] - pd.Timestamp(at(0))) / HOUR
    assert hours.tolist() == [3, 5, 0, 8]
    assert len(busiest(df, 100)) == 4


def test_busiest_lists_so_many_of_each_value():
    df = table(span(0, 1), span(3, 4), span(3, 4), span(9, 10, category="Elections"))
    top = busiest(df, 1, by="category")
    assert dict(zip(top["category"], top["peak"], strict=True)) == {"Sports": 2, "Elections": 1}


@pytest.mark.parametrize("n", [0, -1, True, 2.5, "3", None])
def test_a_number_of_rows_that_is_none_is_refused(n):
    for ask in (busiest, next_up):
        with pytest.raises(QueryError, match="n="):
            ask(table(span(0, 1)), n)


def test_days_are_those_of_the_zone():
    df = table(span(3), span(5), span(28))
    counted = calendar_counts(df, by=None, tz="America/New_York")
    assert counted["period_start"].astype(str).tolist() == [
        "2026-01-14 00:00:00-05:00",
        "2026-01-15 00:00:00-05:00",
    ]
    assert counted["n"].tolist() == [1, 2]
    assert calendar_counts(df, by=None)["n"].tolist() == [2, 1]


def test_a_day_of_a_clock_change_has_the_hours_it_has():
    march = pd.Timestamp("2026-03-08T05:00Z")  # midnight in New York; the day has 23 hours
    df = table(*({"start_date": march + pd.Timedelta(hours=hour)} for hour in range(-1, 25)))
    counted = calendar_counts(df, by=None, tz="America/New_York")
    assert counted["n"].tolist() == [1, 23, 2]
    assert counted["period_start"].diff().tolist()[1:] == [pd.Timedelta("24h"), pd.Timedelta("23h")]


def test_a_day_whose_midnight_is_skipped_begins_an_hour_later():
    df = table({"start_date": dt.datetime(2024, 4, 26, 12, tzinfo=dt.UTC)})
    assert calendar_counts(df, tz="Africa/Cairo")["period_start"].astype(str).tolist() == [
        "2024-04-26 01:00:00+03:00"
    ]


def test_weeks_begin_on_monday_and_months_on_the_first():
    df = table(span(0), span(72), span(96))  # Thursday, Sunday, Monday
    weeks = calendar_counts(df, "W", None)
    assert weeks["period_start"].dt.strftime("%a %d").tolist() == ["Mon 12", "Mon 19"]
    assert weeks["n"].tolist() == [2, 1]
    months = calendar_counts(df, "M", None)
    assert months["period_start"].dt.strftime("%Y-%m-%d").tolist() == ["2026-01-01"]


@pytest.mark.parametrize(
    "options", [{"freq": "H"}, {"freq": None}, {"freq": 1}, {"tz": "Mars/Base"}, {"tz": 5}]
)
def test_a_period_or_zone_that_is_none_is_refused(options):
    with pytest.raises(QueryError, match=next(iter(options))):
        calendar_counts(table({}), **options)


@given(
    milestones(), st.sampled_from(["D", "W", "M"]), st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"])
)
def test_calendar_counts_agree_with_counting_row_by_row(df, freq, tz):
    expected = {}
    for start, category in zip(df["start_date"], folded(df)["category"], strict=True):
        if start < pd.Timestamp("2001", tz="UTC"):
            continue
        day = start.tz_convert(tz).date()
        day = {"D": day, "W": day - dt.timedelta(days=day.weekday()), "M": day.replace(day=1)}[freq]
        expected[day, category] = expected.get((day, category), 0) + 1
    counted = calendar_counts(df, freq, tz=tz)
    keys = zip(counted["period_start"].dt.date, counted["category"], strict=True)
    assert dict(zip(keys, counted["n"], strict=True)) == expected
    assert_frame_equal(counted, counted.sort_values(["period_start", "category"]))


def test_next_up_lists_what_starts_later_by_start_then_id():
    df = table(span(14, id="b"), span(14, id="a"), span(12), span(13), span(11)).iloc[::-1]
    soon = next_up(df, 3, now=NOW)
    assert soon["id"].tolist() == ["m3", "a", "b"]
    assert soon["starts_in"].tolist() == [HOUR, 2 * HOUR, 2 * HOUR]
    assert soon["starts_in"].dtype == "timedelta64[us]"
    assert soon.index.tolist() == [3, 1, 0]


def test_next_up_marks_what_may_only_be_a_date():
    soon = next_up(table(span(24), span(25)), now=NOW)
    assert soon["date_only"].tolist() == [True, False]


def test_next_up_lists_so_many_of_each_value():
    df = table(span(15), span(13), span(14), span(20, category="Elections"))
    assert next_up(df, 2, now=NOW, by="category")["id"].tolist() == ["m1", "m2", "m3"]


def test_now_in_another_zone_is_the_same_instant():
    df = table(span(12), span(12.5))
    for now in (
        NOW,
        "2026-01-15T07:00:00-05:00",
        pd.Timestamp(NOW).tz_convert("Asia/Tokyo"),
        "2026-01-15 12:00",
    ):
        assert next_up(df, now=now)["id"].tolist() == ["m1"]


def test_gaps_lie_between_what_is_on_and_reach_to_given_bounds():
    df = table(span(0, 4), span(1, 2), span(6, 7), span(7.5, 8))
    hours = lambda quiet: ((quiet[["gap_start", "gap_end"]] - pd.Timestamp(at(0))) / HOUR).to_numpy().tolist()  # noqa: E731
    assert hours(gaps(df)) == [[4, 6]]
    assert hours(gaps(df, "30min")) == [[4, 6], [7, 7.5]]
    assert hours(gaps(df, start=at(-2), end=at(10))) == [[-2, 0], [4, 6], [8, 10]]
    assert hours(gaps(df, start=at(5), end=at(6.5))) == [[5, 6]]
    assert gaps(df)["length"].tolist() == [2 * HOUR]


def test_milestones_that_touch_leave_no_gap():
    assert len(gaps(table(span(0, 1), span(1, 2)), "0s")) == 0


def test_gaps_of_many_groups_over_thousands_of_years_are_found_all_the_same():
    end = at(0).replace(year=9998)
    first = [span(0, 1, type=f"t{i}") for i in range(90)]
    last = [{"start_date": end, "end_date": end + dt.timedelta(days=1), "type": f"t{i}"} for i in range(90)]
    quiet = gaps(table(*first, *last), "366D", by="type")
    assert quiet["gap_start"].tolist() == [pd.Timestamp(at(1))] * 90
    assert quiet["gap_end"].tolist() == [pd.Timestamp(end)] * 90


def test_a_row_without_an_end_cuts_a_gap_in_two():
    df = compute_timeline(table(span(0, 1), span(3), span(6, 7)), now=NOW, assume=None)
    assert gaps(df)["length"].tolist() == [2 * HOUR, 3 * HOUR]


@given(milestones(), st.sampled_from([None, "category"]), st.booleans())
def test_gaps_and_what_is_on_share_no_instant_and_leave_none_out(df, by, bounded):
    window = WINDOW if bounded else {}
    quiet = gaps(df, "0s", by, now=NOW, **window)
    values = [None] if by is None else sorted(folded(df)["category"].unique())
    for value in values:
        spans = believed(folded(df), value)
        mine = quiet if by is None else quiet[quiet["category"] == value]
        low = pd.Timestamp(at(-31)) if bounded else min((begin for begin, _ in spans), default=None)
        high = pd.Timestamp(at(31)) if bounded else max((end for _, end in spans), default=None)
        assert not any(
            begin < row.gap_end and end > row.gap_start for row in mine.itertuples() for begin, end in spans
        )
        free = mine["length"].sum() if len(mine) else pd.Timedelta(0)
        busy, reached = pd.Timedelta(0), low
        for begin, end in sorted(spans):
            if min(end, high) > max(begin, reached):
                busy += min(end, high) - max(begin, reached)
                reached = min(end, high)
        if low is not None:
            assert busy + free == high - low
