from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.analysis.lengths import known_durations, latest_of_types

DF = mk.sample_milestones(400, seed=3)


@given(st.randoms(use_true_random=False), st.integers(1, 30))
def test_the_latest_rows_of_each_type_are_those_that_start_last_in_whatever_order_they_stand(chance, most):
    order = list(range(len(DF)))
    chance.shuffle(order)
    spans = known_durations(DF.iloc[order])
    left = latest_of_types(spans, most).rows
    for name, rows in spans.rows.groupby("type"):
        starts = np.sort(rows["start_date"].to_numpy())[-most:]
        assert (np.sort(left.loc[left["type"] == name, "start_date"].to_numpy()) == starts).all()
