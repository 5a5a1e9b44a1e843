"""A delta goes into a table: newest per id, one row each, in order."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.table.arrays import equal_values
from milestone_kit.table.frame import join_pages
from milestone_kit.table.merge import MergeCounts, merge_tables
from milestone_kit.table.schema import ARROW_SCHEMA
from tests.strategies import at, milestones, table


def arrow(df):
    return pa.Table.from_pandas(df, schema=ARROW_SCHEMA, preserve_index=False).replace_schema_metadata(None)


@st.composite
def versions(draw):
    """Draw rows of few ids, so that two draws have many in common."""
    df = draw(milestones(titles=st.sampled_from(["A", "B"])))
    ids = draw(st.lists(st.sampled_from("abcdefghé"), min_size=len(df), max_size=len(df)))
    return arrow(df.assign(id=np.array(ids, dtype=object)).astype({"id": df["id"].dtype}))


def expected(base, delta):
    rows = {row["id"]: row for row in base.to_pylist()}
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    for row in join_pages([delta]).to_pylist():
        old = rows.get(row["id"])
        if old is None:
            counts["added"] += 1
        elif row == old or is_older(row["last_updated_ts"], old["last_updated_ts"]):
            counts["unchanged"] += 1
            continue
        else:
            counts["changed"] += 1
        rows[row["id"]] = row
    ordered = sorted(rows.values(), key=lambda row: (row["start_date"], row["id"].encode()))
    return pa.Table.from_pylist(ordered, schema=ARROW_SCHEMA), MergeCounts(**counts)


def is_older(one, other):
    return one is not None and other is not None and one < other


@pytest.mark.parametrize("many_runs", [0, 10_000])
@given(base=versions(), delta=versions())
def test_a_merge_gives_what_row_by_row_replacement_gives(base, delta, many_runs):
    base = join_pages([base])
    before = base.to_pylist()
    merged, counts = merge_tables(base, delta, many_runs=many_runs)  # rows are copied one by one, or in runs
    wanted, wanted_counts = expected(base, delta)
    assert merged.to_pylist() == wanted.to_pylist()
    assert merged.schema == ARROW_SCHEMA
    assert counts == wanted_counts
    assert base.to_pylist() == before


@given(versions(), versions())
def test_merging_the_same_delta_twice_changes_nothing_more(base, delta):
    once, _ = merge_tables(join_pages([base]), delta)
    twice, counts = merge_tables(once, delta)
    assert twice.equals(once)
    assert counts.added == counts.changed == 0


@given(versions())
def test_a_table_in_many_chunks_and_slices_merges_like_a_whole_one(base):
    base = join_pages([base])
    delta = base.slice(base.num_rows // 2)
    in_pieces = pa.concat_tables([base.slice(0, 1), base.slice(1)])
    assert merge_tables(in_pieces, delta)[0].equals(base)


def test_a_row_that_moved_in_time_stands_at_its_new_place_among_rows_of_one_start():
    base = arrow(table({"id": "a"}, {"id": "c"}, {"id": "m", "start_date": at(5)}))
    merged, counts = merge_tables(base, arrow(table({"id": "m"}, {"id": "b"})))
    assert merged["id"].to_pylist() == ["a", "b", "c", "m"]
    assert counts == MergeCounts(added=1, changed=1, unchanged=0)


def test_the_newer_row_stays_and_where_nobody_can_tell_the_deltas():
    early, late = at(1), at(1) + dt.timedelta(microseconds=1)
    for old, new, winner in [
        (early, late, "new"),
        (late, early, "old"),
        (early, early, "new"),
        (None, early, "new"),
        (late, None, "new"),
        (None, None, "new"),
    ]:
        base = arrow(table({"title": "old", "last_updated_ts": old}))
        delta = arrow(table({"title": "new", "last_updated_ts": new}))
        assert merge_tables(base, delta)[0]["title"].to_pylist() == [winner]


@given(st.lists(st.tuples(*[st.lists(st.sampled_from(["a", "b", ""]), max_size=2)] * 2)))
def test_lists_are_equal_when_their_members_are(pairs):
    left = pa.chunked_array([pa.array([one for one, _ in pairs], pa.list_(pa.string()))])
    right = pa.chunked_array([pa.array([other for _, other in pairs], pa.list_(pa.string()))])
    assert equal_values(left, right).tolist() == [one == other for one, other in pairs]
