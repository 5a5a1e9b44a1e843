"""Values as codes, and the colours that they keep."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.groups import NONE, Keys
from milestone_kit.errors import QueryError
from milestone_kit.figures.colors import DARK, LIGHT, OTHER, SLOTS, ColorScale, theme_of, tint
from milestone_kit.table.schema import STATUS_DTYPE

columns = st.lists(
    st.sampled_from(["Sports", "sports", "SPORTS", "Elections", "", "Straße", "STRASSE", None])
    | st.text("aAbB", max_size=2),
    max_size=40,
).map(lambda values: pd.Series(values, dtype="str"))


def folded(values):
    return [NONE if value is None or value != value else value.casefold() for value in values]  # noqa: PLR0124 - NaN


@given(columns)
def test_spellings_that_differ_in_case_are_one_value_under_the_commonest(column):
    keys = Keys.of(column)
    assert [keys.names[code].casefold() for code in keys.codes] == folded(column)
    assert len({name.casefold() for name in keys.names}) == len(keys.names)
    counts = column.fillna(NONE).value_counts()
    for name in keys.names:
        rivals = [spelling for spelling in counts.index if spelling.casefold() == name.casefold()]
        assert counts[name] == max(counts[rivals])


@given(columns)
def test_the_most_frequent_value_comes_first(column):
    keys = Keys.of(column)
    counts = np.bincount(keys.codes, minlength=len(keys.names))
    assert (np.diff(counts) <= 0).all()
    assert (counts > 0).all()


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([], dtype="str"),
        pd.Series([], dtype=STATUS_DTYPE),
        pd.Series([None, None], dtype="str"),
        pd.Series([1.5, float("nan")]),
        pd.Series([True, False]),
        pd.Series(pd.to_datetime(["2026-01-15", None], utc=True)),
        pd.Series(["live", None], dtype=STATUS_DTYPE),
    ],
)
def test_a_column_of_any_kind_has_keys_and_colours(column):
    keys = Keys.of(column)
    assert len(keys.codes) == len(ColorScale.of(keys).slots) == len(column)
    assert (NONE in keys.names) == bool(column.isna().any())


@given(st.lists(st.integers(0, 30), max_size=200))
def test_there_are_never_more_colours_than_slots_and_equal_values_share_one(numbers):
    column = pd.Series([f"v{number}" for number in numbers], dtype="str")
    colors = ColorScale.of(Keys.of(column))
    assert len(colors.labels) == SLOTS == len(LIGHT.hues) == len(DARK.hues)
    assert ((colors.slots >= 0) & (colors.slots < SLOTS)).all()
    for value, slot in zip(column, colors.slots, strict=True):
        assert colors.labels[slot] in {value, OTHER}
    if column.nunique() > SLOTS:
        assert colors.labels[-1] == OTHER


def test_nine_values_have_nine_colours_and_ten_share_the_last():
    nine = ColorScale.of(Keys.of(pd.Series([f"v{i}" for i in range(9)], dtype="str")))
    assert sorted(nine.slots) == list(range(9))
    ten = ColorScale.of(Keys.of(pd.Series([f"v{i}" for i in range(10)], dtype="str")))
    assert sorted(ten.slots) == [*range(9), 8]


def test_a_status_always_has_its_own_colour_whatever_the_table_holds():
    everything = ColorScale.of(Keys.of(pd.Series(["live", "ended", "upcoming", "ended"])))
    for status, slot in zip(["live", "ended", "upcoming"], everything.slots, strict=False):
        assert list(ColorScale.of(Keys.of(pd.Series([status]))).slots) == [slot]
        assert everything.labels[slot] == status


def test_a_theme_that_does_not_exist_is_named():
    assert [theme_of("light"), theme_of("dark")] == [LIGHT, DARK]
    for name in ("neon", None, ["dark"]):
        with pytest.raises(QueryError, match="expected 'light' or 'dark'") as caught:
            theme_of(name)
        assert repr(name) in str(caught.value)


def test_a_tint_keeps_the_colour():
    assert tint("#FF8000", 0.25) == "rgba(255,128,0,0.25)"
