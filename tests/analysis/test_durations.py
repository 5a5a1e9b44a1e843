"""How long milestones last: what is learned from reported ends, and what is assumed from it."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.durations import typical_durations
from milestone_kit.analysis.lengths import MIN_SAMPLES
from milestone_kit.analysis.quantiles import SortedValues
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, folded, milestones, table

YEAR_2000 = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
groups = st.lists(st.tuples(st.integers(0, 3), st.integers(-10, 10)), min_size=1, max_size=30)


def lasting(hours, count, **more):
    return [{"end_date": at(hours)} | more for _ in range(count)]


def test_suspect_spans_teach_nothing():
    df = table(*lasting(-2, 5), *lasting(1, 5, start_date=YEAR_2000), *lasting(2, 1))
    learned = typical_durations(df)
    assert learned[["level", "n"]].to_numpy().tolist() == [["type", 1], ["category", 1]]
    assert learned["median"].tolist() == [pd.Timedelta("2h")] * 2


def test_typical_durations_lists_types_then_categories():
    df = table(*lasting(1, 3), *lasting(3, 2, type="a", category="X"), *lasting(3, 1, type="a", category="Y"))
    learned = typical_durations(df)
    assert learned["level"].tolist() == ["type", "type", "category", "category", "category"]
    assert learned["type"].iloc[:2].tolist() == ["a", "basketball_game"]
    assert learned["type"].iloc[2:].isna().all()
    assert learned["category"].tolist() == ["X", "Sports", "Sports", "X", "Y"]
    assert learned["n"].tolist() == [3, 3, 3, 2, 1]


def test_a_type_half_in_one_category_and_half_in_another_is_listed_under_the_first_by_name():
    learned = typical_durations(table(*lasting(1, 2, category="Y"), *lasting(1, 2, category="X")))
    assert learned["category"].tolist() == ["X", "X", "Y"]


def test_quartiles_are_learned_too():
    learned = typical_durations(table(*({"end_date": at(hours)} for hours in (1, 2, 3, 4, 5)))).iloc[0]
    assert [learned["q25"], learned["median"], learned["q75"]] == [pd.Timedelta(hours=h) for h in (2, 3, 4)]


def test_the_spread_is_the_width_of_the_middle_half():
    learned = typical_durations(table(*({"end_date": at(hours)} for hours in (1, 2, 3, 4, 9)))).iloc[0]
    assert learned["spread"] == pd.Timedelta("2h")


def test_nothing_to_learn_from_gives_an_empty_table_of_the_same_columns():
    full = table(*lasting(1, MIN_SAMPLES, details={"league": "NBA"}))
    for by in ("type", "league"):
        for df in (empty_milestones(), table({}, {"end_date": at(-1)})):
            assert len(typical_durations(df, by=by)) == 0
            assert (
                typical_durations(df, by=by).dtypes.to_dict()
                == typical_durations(full, by=by).dtypes.to_dict()
            )


def test_a_league_is_learned_within_its_type_where_samples_allow():
    nba, wnba = {"league": "NBA"}, {"league": "WNBA"}
    df = table(
        *lasting(2, MIN_SAMPLES, details=nba),
        *lasting(1, MIN_SAMPLES - 1, details=wnba),
        *lasting(5, MIN_SAMPLES, type="trade", details=nba),
        *lasting(9, MIN_SAMPLES),
    )
    learned = typical_durations(df, by="league")
    leagues = learned[learned["level"] == "league"]
    assert leagues[["type", "league", "n"]].to_numpy().tolist() == [
        ["basketball_game", "NBA", MIN_SAMPLES],
        ["trade", "NBA", MIN_SAMPLES],
    ]
    assert leagues["median"].tolist() == [pd.Timedelta("2h"), pd.Timedelta("5h")]
    rest = learned[learned["level"] != "league"].reset_index(drop=True)
    assert rest["league"].isna().all()
    assert_frame_equal(rest.drop(columns="league"), typical_durations(df))


def test_categories_may_be_learned_alone():
    df = table(*lasting(1, 2), *lasting(3, 3, type="trade"))
    learned, both = typical_durations(df, by="category"), typical_durations(df)
    assert_frame_equal(learned, both[both["level"] == "category"].reset_index(drop=True))


@pytest.mark.parametrize("by", ["colour", None, 5, ["type", "league"]])
def test_another_way_to_tell_durations_apart_is_refused(by):
    with pytest.raises(QueryError, match="by="):
        typical_durations(table({}), by=by)


def test_what_one_table_taught_can_be_assumed_in_another():
    nba = {"league": "NBA"}
    taught = typical_durations(
        table(*lasting(2, 6, details=nba), *lasting(4, 8), *lasting(7, 5, type="rare")), by="league"
    )
    later = {"start_date": at(13)}
    rows = {"details": nba}, {}, {"type": "new"}, {"type": "new", "category": "Elections"}
    timeline = compute_timeline(table(*(row | later for row in rows)), now=NOW, assume=taught)
    # the category has 6 spans of 2 h, 8 of 4 h and 5 of 7 h
    assert timeline["duration"].tolist() == [*(pd.Timedelta(hours=hours) for hours in (2, 4, 4)), pd.NaT]
    assert timeline["end_samples"].tolist() == [6, 14, 19, 0]
    assert timeline["end_level"].astype("str").fillna("-").tolist() == ["league", "type", "category", "-"]


def test_a_table_without_enough_samples_teaches_nothing():
    taught = typical_durations(table(*lasting(2, MIN_SAMPLES - 1)))
    assert compute_timeline(table({}), now=NOW, assume=taught)["end_source"].tolist() == ["open"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda learned: learned.drop(columns="median"),
        lambda learned: learned.drop(columns="league"),
        lambda learned: learned.assign(median="2h"),
        lambda learned: learned.assign(median=-learned["median"]),
        lambda learned: learned.assign(n="many"),
        lambda _: table({}),
    ],
)
def test_a_table_that_typical_durations_did_not_make_is_refused(spoil):
    learned = typical_durations(table(*lasting(2, 6, details={"league": "NBA"})), by="league")
    with pytest.raises(QueryError, match=r"assume.*typical_durations"):
        compute_timeline(table({}), now=NOW, assume=spoil(learned))


def test_a_table_without_types_is_refused():
    with pytest.raises(SchemaError, match="type"):
        typical_durations(table({}).drop(columns="type"))


@given(milestones())
def test_teaching_leaves_the_table_alone_and_what_is_taught_is_what_is_assumed(df):
    before = df.copy(deep=True)
    learned = typical_durations(df)
    assert_frame_equal(df, before)
    mine = compute_timeline(df, now="1999-01-01", assume=learned)
    assumed = mine[mine["end_source"] == "assumed"]
    medians = dict(zip(zip(learned["level"], learned["type"].fillna(learned["category"])), learned["median"]))  # noqa: B905
    folded_medians = {(level, name.casefold()): median for (level, name), median in medians.items()}
    for row in assumed.itertuples():
        assert row.duration == folded_medians[row.end_level, getattr(row, row.end_level).casefold()]


def test_the_quartiles_are_those_of_pandas():
    df = sample_milestones(3000)
    spans = (df["end_date"] - df["start_date"])[
        (df["end_date"] >= df["start_date"]) & (df["start_date"] > "2001")
    ]
    learned = typical_durations(df)
    for level in ("type", "category"):
        mine = learned[learned["level"] == level].set_index(level)
        theirs = spans.groupby(folded(df)[level].loc[spans.index])
        assert mine["n"].to_dict() == theirs.size().to_dict()
        for name, share in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
            assert (mine[name] - theirs.quantile(share)).abs().max() <= pd.Timedelta("1us")


@given(groups, st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
def test_quantiles_of_groups_are_those_of_numpy(pairs, share):
    codes, values = (np.array(column) for column in zip(*pairs, strict=True))
    found = SortedValues.of(values * 4, codes, 4).quantile(share)
    for group in range(4):
        mine = values[codes == group] * 4
        expected = np.rint(np.quantile(mine, share)) if len(mine) else None
        assert found[group].astype(object) == (
            None if expected is None else dt.timedelta(microseconds=expected)
        )


@given(groups)
def test_the_median_of_the_others_is_the_median_without_the_number(pairs):
    codes, values = (np.array(column) for column in zip(*pairs, strict=True))
    medians, others = SortedValues.of(values * 2, codes, 4).medians_of_the_others()
    for place, (group, _) in enumerate(pairs):
        rest = [2 * value for other, (of, value) in enumerate(pairs) if of == group and other != place]
        assert others[place] == len(rest)
        if rest:
            assert medians[place] == np.timedelta64(int(np.median(rest)), "us")
        else:
            assert np.isnat(medians[place])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 50), st.booleans()), min_size=1, max_size=40))
def test_where_some_go_on_a_quantile_is_that_of_the_product_limit_estimate(spans):
    codes, values, over = (np.array(column) for column in zip(*spans, strict=True))
    values = values * 2 + ~over  # what goes on in the instant in which another ends is still on
    found = SortedValues.of(values * 4, codes, 3)
    ended = found.ended_shares(over)
    for group in range(3):
        left, expected = 1.0, {}
        for value in sorted(set(values[codes == group])):
            mine = codes == group
            left *= 1 - (mine & over & (values == value)).sum() / (mine & (values >= value)).sum()
            expected[value * 4] = 1 - left
        for share in (0.25, 0.5, 0.9):
            first = next((value for value, told in expected.items() if told >= share - 1e-9), None)
            told = found.surviving_quantile(ended, share)[group].astype(object)
            assert told == (None if first is None else dt.timedelta(microseconds=int(first)))
