"""Numbers that sort by group and time, and lanes that keep spans apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.intervals import GroupOrder, lowest_lanes

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12), st.integers(0, 2)), max_size=60)
AGES = 2**60


def columns(rows):
    begin, length, group = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return begin, begin + length, group


def plain_lanes(rows):
    """Look at every lane from the lowest, as one would by hand."""
    lanes, held = [0] * len(rows), {}
    for place in sorted(range(len(rows)), key=lambda place: (rows[place][2], rows[place][0], place)):
        begin, length, group = rows[place]
        mine = held.setdefault(group, [])
        lane = next((lane for lane, until in enumerate(mine) if until <= begin), len(mine))
        mine[lane:] = [begin + length, *mine[lane + 1 :]]
        lanes[place] = lane
    return lanes


@given(spans.filter(bool), st.sampled_from([1, AGES // 50]))
def test_lanes_are_those_of_looking_at_every_lane(rows, stretch):
    # the second stretch is so long that only ranks fit into the numbers of three groups
    begin, end, group = columns(rows)
    lanes = lowest_lanes(begin * stretch, end * stretch, group, 3)
    assert lanes.dtype == np.int32
    assert lanes.tolist() == plain_lanes(rows)


@given(spans.filter(bool))
def test_there_are_as_many_lanes_as_spans_at_the_fullest_instant(rows):
    begin, end, group = columns(rows)
    lanes = lowest_lanes(begin, end, group, 3)
    for each in np.unique(group):
        mine = group == each
        on = (begin[mine] <= begin[mine][:, None]) & (begin[mine][:, None] < end[mine])
        assert lanes[mine].max() + 1 == on.sum(axis=1).max()


def test_no_spans_take_no_lanes():
    nothing = np.array([], dtype=np.int64)
    assert lowest_lanes(nothing, nothing, nothing, 0).tolist() == []


@pytest.mark.parametrize("stretch", [1, AGES])
def test_numbers_order_by_group_then_time_and_give_the_times_back(stretch):
    group = np.array([1, 0, 1, 0])
    times = np.array([0, 2, -1, 1]) * stretch
    order = GroupOrder.over(2, times)
    assert (order.instants is None) == (stretch == 1)
    keys = order.keys(group, times)
    assert np.argsort(keys).tolist() == [3, 1, 2, 0]
    assert order.times(group, keys).tolist() == times.tolist()
