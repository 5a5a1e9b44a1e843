"""When milestones end, what is live, and which lane each is drawn in."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from milestone_kit.analysis.lengths import MIN_SAMPLES
from milestone_kit.analysis.timeline import assign_lanes, compute_timeline, status_of
from milestone_kit.errors import QueryError
from milestone_kit.table.schema import TIMELINE_DTYPES, empty_milestones
from tests.strategies import NOW, at, folded, milestones, table

YEAR_2000 = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def lasting(hours, count, **more):
    return [{"end_date": at(hours)} | more for _ in range(count)]


def overlap(first, second):
    """Tell whether two (start, end) pairs share an instant; a point takes up the instant it is at."""
    (begin, end), (other, _) = sorted([first, second])
    return begin == other or other < end


def test_the_columns_are_added_last_with_their_dtypes_also_to_an_empty_table():
    for df in (empty_milestones(), table({}), table({"end_date": at(1)}, {"start_date": YEAR_2000})):
        timeline = compute_timeline(df, now=NOW)
        assert dict(timeline.dtypes.iloc[-len(TIMELINE_DTYPES) :]) == TIMELINE_DTYPES
        assert list(timeline.columns) == [*df.columns, *TIMELINE_DTYPES]


def test_a_reported_end_is_taken_as_it_is_even_when_it_is_the_start():
    timeline = compute_timeline(table({"end_date": at(3)}, {"end_date": at(0)}), now=NOW, assume="5h")
    assert timeline["end_source"].tolist() == ["reported", "reported"]
    assert timeline["duration"].tolist() == [pd.Timedelta("3h"), pd.Timedelta(0)]
    assert not timeline["suspect"].any()


def test_an_end_before_the_start_is_suspect_and_treated_as_none():
    df = table({"end_date": at(-1)})
    timeline = compute_timeline(df, now=NOW, assume=None)
    assert timeline["suspect"].tolist() == [True]
    assert timeline["end_source"].tolist() == ["open"]
    assert timeline["end"].isna().all()
    assert compute_timeline(df, now=NOW, assume="2h")["end"].tolist() == [pd.Timestamp(at(2))]


def test_a_placeholder_is_suspect_keeps_its_reported_end_and_gets_no_other():
    reported = YEAR_2000 + dt.timedelta(days=1)
    df = table({"start_date": YEAR_2000, "end_date": reported}, {"start_date": YEAR_2000})
    timeline = compute_timeline(df, now=NOW, assume="2h")
    assert timeline["suspect"].all()
    assert timeline["end_source"].tolist() == ["reported", "open"]
    assert timeline["end"].iloc[0] == pd.Timestamp(reported)


LATER = {"start_date": at(13)}


def test_typical_takes_what_is_known_of_the_type_then_of_the_category_then_nothing():
    df = table(
        *lasting(1, 2),
        *lasting(4, 3),
        *lasting(9, 4, type="rare"),
        LATER,
        LATER | {"type": "rare"},
        LATER | {"type": "rare", "category": "Elections"},
        LATER | {"type": "rare", "category": "New"},
    )
    timeline = compute_timeline(df, now=NOW).tail(4)
    # the category has 2 spans of 1 h, 3 of 4 h and 4 of 9 h
    assert timeline["duration"].tolist()[:2] == [pd.Timedelta("4h"), pd.Timedelta("4h")]
    assert timeline["end_level"].astype("str").fillna("-").tolist() == ["type", "category", "prior", "-"]
    assert timeline["end_source"].tolist() == ["assumed", "assumed", "assumed", "open"]


def test_typical_needs_enough_samples():
    few = compute_timeline(table(*lasting(2, MIN_SAMPLES - 1), LATER), now=NOW)
    enough = compute_timeline(table(*lasting(2, MIN_SAMPLES), LATER), now=NOW)
    assert (few["end_level"].iloc[-1], enough["end_level"].iloc[-1]) == ("prior", "type")


def test_a_league_or_series_that_has_samples_comes_first():
    nba, knicks = {"details": {"league": "NBA"}}, {"primary_event_tickers": ["KXA-1"]}
    df = table(*lasting(3, 9), *lasting(2, 6, **nba), *lasting(1, 6, **knicks), LATER | nba, LATER | knicks)
    timeline = compute_timeline(df, now=NOW).tail(2)
    assert timeline["duration"].tolist() == [pd.Timedelta("2h"), pd.Timedelta("1h")]
    assert timeline["end_level"].tolist() == ["league", "series"]


def test_what_is_still_on_counts_as_lasting_longer():
    """Of ten games that began three hours ago six ended within two: half of them last longer than that."""
    ended = [{"start_date": at(9), "end_date": at(9 + hours)} for hours in (1, 1, 1.5, 1.5, 2, 2)]
    df = table(
        *ended,
        *[{"start_date": at(9 + 0.01 * place), "type": "basketball_game"} for place in range(4)],
        LATER,
    )
    naive = compute_timeline(table(*ended, LATER), now=NOW)
    assert naive["duration"].iloc[-1] == pd.Timedelta("1.5h")
    assert compute_timeline(df, now=NOW)["duration"].iloc[-1] == pd.Timedelta("2h")


def lives(hours, **row):
    """Return what becomes of a basketball game that started so many hours before NOW, without an end."""
    known = [{"start_date": at(-40), "end_date": at(-40 + 2 + 0.01 * place)} for place in range(-20, 21)]
    df = table(*known, {"start_date": at(12 - hours)} | row)
    return compute_timeline(df, now=NOW).iloc[-1]


def test_what_overruns_is_live_and_overdue_until_nothing_lasts_so_long_then_ended_and_suspect():
    on_time, over, forgotten = lives(1), lives(2.5), lives(9)
    assert [row["status"] for row in (on_time, over, forgotten)] == ["live", "live", "ended"]
    assert [row["overdue"] for row in (on_time, over, forgotten)] == [False, True, False]
    assert [row["suspect"] for row in (on_time, over, forgotten)] == [False, False, True]
    assert over["end"] > pd.Timestamp(NOW)
    assert forgotten["end"] < pd.Timestamp(NOW)


def test_a_date_that_may_mean_the_day_is_not_given_up_before_the_day_is_over():
    assert lives(12)["status"] == "live"
    assert lives(12)["date_only"]
    assert lives(36)["status"] == "ended"


def test_ends_that_came_after_the_fetch_are_not_missing():
    df = table({"start_date": at(9)}, {"start_date": at(11)})
    df.attrs["milestone_kit"] = {"fetched_at": at(10).isoformat()}
    timeline = compute_timeline(df, now=at(140))
    assert timeline["status"].tolist() == ["ended", "ended"]
    assert not timeline["suspect"].any()
    df.attrs.clear()
    known = df.assign(last_updated_ts=pd.Timestamp(at(10))).astype(df.dtypes)
    assert_frame_equal(
        compute_timeline(known, now=at(140))[["status", "suspect"]], timeline[["status", "suspect"]]
    )


def test_where_hardly_any_end_is_reported_a_missing_one_says_nothing():
    silent = [{"start_date": at(-90 + place)} for place in range(20)]
    assert not compute_timeline(table(*silent), now=NOW)["suspect"].any()
    reported = [{"start_date": at(-90), "end_date": at(-88)}] * 30
    assert compute_timeline(table(*silent, *reported), now=NOW)["suspect"].sum() == 20


def test_live_data_overrule_what_is_assumed():
    starts = [at(3), at(11), at(11.5), at(12)]
    df = table(*({"start_date": start} for start in starts), {"start_date": at(9), "end_date": at(11)})
    live = pd.DataFrame({"id": df["id"], "phase": ["live", "over", None, "before", "live"]})
    timeline = compute_timeline(df, now=NOW, live=live)
    assert timeline["status"].tolist() == ["live", "ended", "live", "upcoming", "ended"]
    assert timeline["end_source"].tolist() == ["open", "live", "assumed", "assumed", "reported"]
    assert timeline["end"].iloc[1] <= pd.Timestamp(NOW)
    with pytest.raises(QueryError, match="id and phase"):
        compute_timeline(df, now=NOW, live=df)


def test_an_assumed_end_tells_how_many_spans_it_was_learned_from():
    df = table(
        *lasting(1, 6),
        *lasting(2, 3, type="rare"),
        LATER,
        LATER | {"type": "rare"},
        LATER | {"category": "New", "type": "x"},
    )
    timeline = compute_timeline(df, now=NOW)
    assert timeline["end_samples"].tolist() == [0] * 9 + [6, 9, 0]
    assert timeline["end_level"].astype("str").fillna("-").tolist() == ["-"] * 9 + ["type", "category", "-"]
    own = compute_timeline(df, now=NOW, assume={"basketball_game": "2h"})
    assert own["end_source"].tolist()[9:] == ["assumed", "open", "open"]
    assert not own["end_samples"].any()
    assert own["end_level"].isna().all()


def test_a_placeholder_has_no_samples_as_nothing_is_assumed_for_it():
    timeline = compute_timeline(table(*lasting(1, 6), {"start_date": YEAR_2000}), now=NOW).iloc[-1]
    assert (timeline["end_source"], timeline["end_samples"]) == ("open", 0)
    assert pd.isna(timeline["end_level"])


def test_a_start_at_midnight_utc_is_marked_as_perhaps_only_a_day():
    midnight = dt.datetime(2033, 11, 8, tzinfo=dt.UTC)
    starts = [midnight, midnight - dt.timedelta(microseconds=1), midnight + dt.timedelta(hours=5), YEAR_2000]
    old = [dt.datetime(1969, 12, 31, tzinfo=dt.UTC), dt.datetime(1, 1, 1, tzinfo=dt.UTC)]
    timeline = compute_timeline(table(*({"start_date": start} for start in starts + old)), now=NOW)
    assert timeline["date_only"].tolist() == [True, False, False, True, True, True]


def test_a_date_without_an_end_is_live_for_that_day_and_otherwise_taken_at_its_word():
    df = table({"type": "rare", "category": "New"}, {"end_date": at(2)})
    assert status_of(df, now=at(9)).tolist() == ["live", "ended"]
    assert compute_timeline(df, now=at(-1))["starts_in"].tolist() == [pd.Timedelta("1h")] * 2


def test_no_end_is_assumed_beyond_the_last_year_there_is():
    late = dt.datetime(9999, 12, 31, 22, tzinfo=dt.UTC)
    timeline = compute_timeline(table({"start_date": late}), now=NOW, assume="2h")
    assert timeline["end_source"].tolist() == ["open"]
    assert compute_timeline(table({"start_date": late}), now=NOW, assume="1h")["end"].notna().all()


AWKWARD = {
    "no row": [],
    "one row": [{}],
    "no end at all": [{}, {"start_date": at(1)}, {"start_date": at(2)}],
    "equal starts": [{}, {}, {"end_date": at(1)}, {"end_date": at(1)}],
    "no length": [{"end_date": at(0)}, {"end_date": at(0)}],
    "ends before starts": [{"end_date": at(-1)}, {"start_date": at(3), "end_date": at(1)}],
    "placeholders": [{"start_date": YEAR_2000}, {"start_date": YEAR_2000, "end_date": at(0)}],
    "far ahead": [{"start_date": dt.datetime(2033, 3, 27, 1, tzinfo=dt.UTC), "end_date": at(24 * 9000)}],
}


@pytest.mark.parametrize("rows", AWKWARD.values(), ids=AWKWARD)
@pytest.mark.parametrize("assume", ["typical", "2h", {"basketball_game": "1h"}, None])
@pytest.mark.parametrize("now", [NOW, "2000-01-01T12:00+14:00", "2033-03-27T02:30:00+01:00"])
def test_awkward_tables_get_whole_timelines(rows, assume, now):
    timeline = compute_timeline(table(*rows), now=now, assume=assume)
    assert dict(timeline.dtypes.iloc[-len(TIMELINE_DTYPES) :]) == TIMELINE_DTYPES
    assert timeline[["end_source", "overdue", "lane", "suspect"]].notna().all(axis=None)
    placeholder = timeline["start_date"] < "2001"
    assert timeline["status"].isna().equals(placeholder)
    assert timeline["starts_in"].isna().equals(placeholder)
    assert not (timeline["duration"] < pd.Timedelta(0)).any()
    for each in ("end", "duration"):
        assert timeline[each].isna().equals(timeline["end_source"] == "open")
    # the rows stand by start, so the one before in a lane must be over
    over = timeline["end"].fillna(timeline["start_date"]).groupby(timeline["lane"]).shift()
    assert not (over > timeline["start_date"]).any()


def test_a_mapping_assumes_by_type_and_leaves_other_types_open():
    df = table({}, {"type": "election"})
    timeline = compute_timeline(df, now=NOW, assume={"election": "12h", "unheard of": pd.Timedelta("1h")})
    assert timeline["end_source"].tolist() == ["open", "assumed"]
    assert timeline["end"].iloc[1] == pd.Timestamp(at(12))


@pytest.mark.parametrize(
    "assume", ["soon", 5, True, "-2h", pd.NaT, {"election": 3}, {"election": "later"}, ["2h"], b"2h", ""]
)
def test_any_other_assumption_is_refused_by_its_value(assume):
    value = assume["election"] if isinstance(assume, dict) else assume
    with pytest.raises(QueryError, match="assume") as caught:
        compute_timeline(table({}), assume=assume)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("options", [{"now": "noon-ish"}, {"now": 5}, {"live_for": 24}, {"live_for": "-1h"}])
def test_a_wrong_now_or_live_for_is_refused(options):
    with pytest.raises(QueryError, match=next(iter(options))):
        compute_timeline(table({}), **options)


def test_status_turns_live_at_the_start_and_ended_at_the_end():
    df = table({"start_date": at(12), "end_date": at(14)})
    statuses = [status_of(df, now=at(hours)).iloc[0] for hours in (11.9999, 12, 13.9999, 14)]
    assert statuses == ["upcoming", "live", "live", "ended"]


def test_an_open_row_is_live_for_a_day_unless_told_otherwise():
    df = table({})
    statuses = [status_of(df, now=at(hours), assume=None).iloc[0] for hours in (-1, 0, 23.9999, 24)]
    assert statuses == ["upcoming", "live", "live", "ended"]
    assert status_of(df, now=at(2), assume=None, live_for="2h").iloc[0] == "ended"


def test_now_in_another_zone_is_the_same_instant_and_a_naive_one_is_utc():
    df = table({"start_date": at(12), "end_date": at(14)})
    expected = compute_timeline(df, now=NOW)
    for now in ("2026-01-15T07:00:00-05:00", "2026-01-15 12:00", pd.Timestamp(NOW).tz_convert("Asia/Tokyo")):
        assert_frame_equal(compute_timeline(df, now=now), expected)


def test_starts_in_counts_from_now_and_is_negative_for_the_past():
    timeline = compute_timeline(table({"start_date": at(13)}, {"start_date": at(11)}), now=NOW)
    assert timeline["starts_in"].tolist() == [pd.Timedelta("1h"), pd.Timedelta("-1h")]


def test_statuses_sort_in_the_order_of_a_milestones_life():
    df = table({"start_date": at(-90), "end_date": at(-80)}, {"start_date": at(90)}, {"end_date": at(90)})
    assert compute_timeline(df, now=NOW)["status"].sort_values().tolist() == ["upcoming", "live", "ended"]


@given(milestones(), st.sampled_from(["typical", None, "3h"]))
def test_a_timeline_leaves_its_input_alone_and_can_be_computed_again(df, assume):
    before = df.copy(deep=True)
    timeline = compute_timeline(df, now=NOW, assume=assume)
    assert_frame_equal(df, before)
    assert_frame_equal(timeline[list(df.columns)], df)
    assert_frame_equal(compute_timeline(timeline, now=NOW, assume=assume), timeline)
    assert_series_equal(status_of(df, now=NOW, assume=assume), timeline["status"])


@given(milestones(), st.sampled_from(["typical", None, "3h"]))
def test_every_row_of_a_timeline_is_consistent(df, assume):
    timeline = compute_timeline(df, now=NOW, assume=assume)
    now = pd.Timestamp(NOW)
    for row in timeline.itertuples():
        has_end = not pd.isna(row.end)
        assert has_end == (row.end_source != "open")
        over = row.end if has_end else row.start_date + pd.Timedelta("24h")
        if row.start_date.year == 2000:
            assert pd.isna(row.status)
            assert pd.isna(row.starts_in)
        else:
            expected = "upcoming" if row.start_date > now else "ended" if over <= now else "live"
            assert row.status == expected
            assert row.starts_in == row.start_date - now
        assert row.date_only == (row.start_date == row.start_date.normalize())
        assert row.end_samples == 0 or row.end_source == "assumed"
        assert pd.isna(row.end_level) or row.end_level == "prior" or row.end_samples > 0
        assert not row.overdue or (row.status == "live" and row.end_source == "assumed")
        if has_end:
            assert row.end >= row.start_date
            assert row.duration == row.end - row.start_date
        believed = not pd.isna(row.end_date) and row.end_date >= row.start_date
        assert (row.end_source == "reported") == believed
        backwards = not pd.isna(row.end_date) and not believed
        forgotten = row.status == "ended" and row.end_source == "assumed"
        assert row.suspect == (row.start_date.year == 2000 or backwards) or (row.suspect and forgotten)


@given(milestones(max_size=25), st.sampled_from([None, "category", "type", "source_id"]))
def test_lanes_never_overlap_are_the_smallest_and_no_more_than_run_at_once(df, by):
    lanes = assign_lanes(df, by)
    assert lanes.dtype == "int32"
    groups = {}
    for row, lane in zip(folded(df).itertuples(), lanes, strict=True):
        end = row.start_date if pd.isna(row.end_date) else max(row.end_date, row.start_date)
        key = None if by is None or pd.isna(getattr(row, by)) else getattr(row, by)
        groups.setdefault(key, []).append((row.start_date, end, lane))
    for rows in groups.values():
        for number, (start, end, lane) in enumerate(rows):
            others = [
                other for at_, other in enumerate(rows) if at_ != number and overlap((start, end), other[:2])
            ]
            assert all(other[2] != lane for other in others)
            # whatever was there first holds all smaller lanes at this start
            held = {other[2] for other in rows if other[0] <= start and overlap((start, start), other[:2])}
            assert set(range(lane)) <= held
        most = max(sum(s <= at_ and (at_ < e or s == at_) for s, e, _ in rows) for at_, _, _ in rows)
        assert max(lane for *_, lane in rows) + 1 == most


def test_lanes_follow_the_index_and_use_the_computed_end():
    df = table({}, {"start_date": at(1)}).set_axis(["a", "b"])
    assert assign_lanes(df).to_dict() == {"a": 0, "b": 0}
    assert assign_lanes(compute_timeline(df, now=NOW, assume="2h")).to_dict() == {"a": 0, "b": 1}


def test_a_lane_may_be_taken_over_in_the_instant_it_becomes_free_but_points_never_share():
    touching = table({"end_date": at(1)}, {"start_date": at(1), "end_date": at(2)})
    points = table({}, {}, {"end_date": at(0)})
    assert assign_lanes(touching).tolist() == [0, 0]
    assert sorted(assign_lanes(points)) == [0, 1, 2]


def test_lanes_may_be_counted_in_each_league():
    df = table(
        {"details": {"league": "NBA"}}, {"details": {"league": "WNBA"}}, {"details": {"league": "NBA"}}
    )
    assert assign_lanes(df, by="league").tolist() == [0, 0, 1]


def test_no_rows_take_no_lanes():
    assert assign_lanes(empty_milestones(), by="type").dtype == "int32"


def test_lanes_by_an_unknown_column_are_refused():
    with pytest.raises(QueryError, match="leage"):
        assign_lanes(table({}), by="leage")
    with pytest.raises(QueryError, match="cannot tell rows apart"):
        assign_lanes(table({}), by="related_event_tickers")


def test_a_column_called_end_that_is_not_ours_is_not_taken_for_the_end():
    df = table({"end_date": at(2)}, {"start_date": at(1)})
    assert assign_lanes(df.assign(end="later")).tolist() == assign_lanes(df).tolist() == [0, 1]


@given(milestones())
def test_a_table_of_the_four_columns_that_are_needed_has_a_timeline_too(df):
    few = df[["category", "type", "start_date", "end_date"]]
    timeline = compute_timeline(few, now=NOW)
    assert timeline["status"].isna().tolist() == (df["start_date"] < "2001").tolist()
    assert not timeline["end_level"].isin(["league", "series"]).any()
