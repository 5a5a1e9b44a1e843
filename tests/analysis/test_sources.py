"""The ids of milestones at their sources."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.schema import empty_milestones
from tests.strategies import table

ROWS = table(
    {"source_id": "sr:1", "source_ids": {"source_1_id": "one", "source_3_id": "sr:1"}},
    {"source_id": None, "source_ids": {}},
    {"source_id": "sr:2", "source_ids": {"source_2_id": 42, "source_6_id": ["x", None, "y"], "none": None}},
)


def test_there_is_a_row_for_each_milestone_source_and_id():
    sources = mk.source_table(ROWS)
    assert sources[["milestone_id", "source", "source_id"]].to_numpy().tolist() == [
        ["m0", "source_id", "sr:1"],
        ["m0", "source_1_id", "one"],
        ["m0", "source_3_id", "sr:1"],
        ["m2", "source_id", "sr:2"],
        ["m2", "source_2_id", "42"],
        ["m2", "source_6_id", "x"],
        ["m2", "source_6_id", "y"],
    ]
    assert sources["title"].tolist()[-1] == "Game 2"
    assert sources.dtypes.to_dict() == mk.source_table(empty_milestones()).dtypes.to_dict()


@pytest.mark.parametrize(
    ("ids", "rows"),
    [("sr:1", [0]), ("one", [0]), (["42", "one"], [0, 2]), ("y", [2]), ("SR:1", []), ("sr", []), ([], []),
     (pd.Series(["sr:2", "sr:1"]), [0, 2])],
)  # fmt: skip
def test_milestones_are_found_by_any_of_their_ids(ids, rows):
    assert mk.find_by_source(ROWS, ids).index.tolist() == rows


@pytest.mark.parametrize("ids", [None, 3, b"a", {"a": 1}, [""], [3], [None], " ", "\ud800"])
def test_what_is_no_id_is_refused(ids):
    with pytest.raises(QueryError, match="ids"):
        mk.find_by_source(ROWS, ids)


@pytest.mark.parametrize("text", ["[]", "{", "null", "3"])
def test_what_is_no_object_is_refused_by_the_row_s_id(text):
    with pytest.raises(SchemaError, match="'m1': source_ids"):
        mk.source_table(table({}, {"source_ids": text}))


ids = st.text(st.sampled_from('ab:\\"é'), min_size=1, max_size=4)


@given(st.lists(st.tuples(st.none() | ids, st.dictionaries(ids, ids, max_size=3)), max_size=6), ids)
def test_what_is_found_is_what_has_the_id(rows, wanted):
    df = table(*({"source_id": own, "source_ids": json.dumps(others)} for own, others in rows))
    expected = [number for number, (own, others) in enumerate(rows) if wanted in {own, *others.values()}]
    assert mk.find_by_source(df, wanted).index.tolist() == expected
