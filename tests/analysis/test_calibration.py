"""How far assumed durations are off, on rows whose end is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.calibration import calibrate_durations
from milestone_kit.analysis.durations import typical_durations
from milestone_kit.analysis.lengths import MIN_SAMPLES
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError
from milestone_kit.table.schema import empty_milestones
from tests.strategies import at, milestones, table

COLUMNS = ["level", "type", "n", "n_assumed", "bias", "q25", "q75", "median_error", "within"]
COLUMNS += ["live_recall", "live_precision"]


def lasting(*hours, **more):
    return [{"end_date": at(each)} | more for each in hours]


def test_an_assumption_that_is_always_right_is_never_off():
    found = calibrate_durations(table(*lasting(2, 2, 2, 2, 2, 2), {}, {"end_date": at(-3)}))
    assert list(found.columns) == COLUMNS
    assert found["level"].tolist() == ["type", "all"]
    for row in found.itertuples():
        assert (row.n, row.n_assumed, row.within) == (6, 6, 1.0)
        assert row.bias == row.median_error == pd.Timedelta(0)


def test_a_row_never_teaches_what_is_assumed_for_it():
    # five others are enough to learn from, four are not
    assert calibrate_durations(table(*lasting(2, 2, 2, 2, 2, 9)))["n_assumed"].tolist() == [6, 6]
    few = calibrate_durations(table(*lasting(2, 2, 2, 2, 2)))
    assert few["n_assumed"].tolist() == [0, 0]
    assert few["bias"].isna().all()
    assert few["within"].isna().all()


def test_bias_is_above_zero_where_too_much_is_assumed():
    df = table(*lasting(1, 1, 1, 3), *lasting(5, type="election"))
    found = calibrate_durations(df, assume="2h", within="1h").set_index("type")
    assert found.loc["basketball_game", "bias"] == pd.Timedelta("1h")
    assert found.loc["basketball_game", "median_error"] == pd.Timedelta("1h")
    assert found.loc["basketball_game", "within"] == 1.0
    assert found.loc["election", "bias"] == -pd.Timedelta("3h")
    assert found["within"].tolist() == [1.0, 0.0, 0.8]


def test_a_mapping_and_a_table_are_measured_as_they_are():
    df = table(*lasting(2, 2), *lasting(5, type="election"))
    found = calibrate_durations(df, assume={"election": "4h"})
    assert found["n_assumed"].tolist() == [0, 1, 1]
    taught = typical_durations(table(*lasting(*[3] * MIN_SAMPLES)))
    assert calibrate_durations(df, assume=taught)["bias"].iloc[0] == pd.Timedelta("1h")


def test_leagues_that_differ_make_a_better_assumption():
    long = lasting(*[3] * 8, details={"league": "NBA"})
    short = lasting(*[1] * 8, details={"league": "WNBA"})
    by_type, by_league = (
        calibrate_durations(table(*long, *short), by=by).iloc[-1] for by in ("type", "league")
    )
    assert by_league["median_error"] == pd.Timedelta(0) < by_type["median_error"]


def test_the_fallback_to_the_category_can_be_measured_by_itself():
    df = table(*lasting(*[2] * 9), *lasting(*[6] * 6, type="trade"))
    found = calibrate_durations(df, by="category")
    assert found["type"].iloc[:2].tolist() == ["basketball_game", "trade"]
    assert found["bias"].tolist() == [pd.Timedelta(hours=hours) for hours in (0, -4, 0)]


def test_a_table_that_tells_leagues_apart_is_measured_by_league():
    long = lasting(*[3] * 8, details={"league": "NBA"})
    short = lasting(*[1] * 8, details={"league": "WNBA"})
    df = table(*long, *short)
    found = calibrate_durations(df, assume=typical_durations(df, by="league")).iloc[-1]
    assert (found["n_assumed"], found["median_error"]) == (16, pd.Timedelta(0))


def test_nothing_known_gives_one_row_for_all_of_the_same_dtypes():
    full = calibrate_durations(table(*lasting(2, 2)), assume="1h")
    for df in (empty_milestones(), table({})):
        found = calibrate_durations(df)
        assert found[["level", "n"]].to_numpy().tolist() == [["all", 0]]
        assert found.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize("options", [{"assume": None}, {"assume": 5}, {"by": "colour"}, {"within": "soon"}])
def test_an_option_that_is_none_is_refused(options):
    with pytest.raises(QueryError, match=next(iter(options))):
        calibrate_durations(table(*lasting(2)), **options)


@given(milestones(max_size=20), st.sampled_from(["category", "type", "league"]))
def test_the_errors_are_those_of_hiding_one_end_at_a_time(df, by):
    before = df.copy(deep=True)
    found = calibrate_durations(df, by=by, within="3h").set_index("type")
    assert_frame_equal(df, before)
    believed = df["end_date"].ge(df["start_date"]) & df["start_date"].dt.year.gt(2000)
    errors = {}
    for place in np.flatnonzero(believed):
        hidden = df.copy()
        hidden.loc[place, "end_date"] = pd.NaT
        learned = typical_durations(hidden, by=by)
        # before anything began: what goes on is expected to last longer
        assumed = compute_timeline(hidden, now="1999-01-01", assume=learned)["end"][place]
        errors.setdefault(df["type"][place].casefold(), []).append(assumed - df["end_date"][place])
    of_types = found[found["level"] == "type"].rename(index=str.casefold)
    assert of_types["n"].to_dict() == {name: len(mine) for name, mine in errors.items()}
    for name, mine in errors.items():
        known = pd.Series(mine).dropna()
        assert of_types.loc[name, "n_assumed"] == len(known)
        if len(known):
            # pandas cuts halves of a microsecond off, we round
            assert abs(of_types.loc[name, "bias"] - known.median()) <= pd.Timedelta("1us")
            assert abs(of_types.loc[name, "median_error"] - known.abs().median()) <= pd.Timedelta("1us")
            assert of_types.loc[name, "within"] == (known.abs() <= pd.Timedelta("3h")).mean()


def test_how_often_live_was_right_counts_the_time_of_what_overran_and_of_what_was_given_up():
    known = lasting(*[2] * 99, 6)  # of a hundred one lasts longer than ninety-nine do
    found = calibrate_durations(table(*known)).iloc[-1]
    assert found["live_recall"] == pytest.approx((99 * 2 + 2.04) / (99 * 2 + 6), abs=0.01)
    assert found["live_precision"] == 1
    silent = [{"start_date": at(-400 + place)} for place in range(50)]  # called live for two hours each
    found = calibrate_durations(table(*silent, *known)).iloc[-1]
    assert found["live_precision"] == pytest.approx(2 / 3, abs=0.02)
