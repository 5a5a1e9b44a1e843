"""What targets are called, and who takes part in what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.details import ROLE_KEYS, TEAM_KEYS, participants, teams_of
from milestone_kit.analysis.targets import TARGET_DTYPES, label_of, name_columns, targets_frame
from tests.strategies import table

parts = st.recursive(
    # what has more digits stays the text that it is, in answers
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(["id", "name", "type", "details", "source_id", "source_ids", "last_updated_ts"])


@pytest.mark.parametrize(
    ("target", "label"),
    [
        ({"name": "Toulouse FC", "details": {"short_name": "Toulouse", "abbreviation": "TFC"}}, "Toulouse"),
        ({"name": "Vitality Academy", "details": {"abbreviation": "VITA", "short_name": " "}},
         "Vitality Academy"),
        ({"name": "", "details": {"abbreviation": "HOL"}}, "HOL"),
        ({"name": None, "details": None}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_label_is_the_short_name_else_the_name_else_the_abbreviation(target, label):
    assert label_of(target) == label


@given(st.dictionaries(st.text(max_size=2), st.dictionaries(fields, parts)))
def test_targets_of_any_shape_make_a_table(found):
    assert targets_frame([*found, "missing"], found).dtypes.to_dict() == TARGET_DTYPES


def test_each_role_has_its_column():
    df = table(
        {"details": {"home_team_id": "t1", "away_team_id": "t2"}},
        {"details": {"home_competitor_id": "e1", "away_competitor_id": "gone"}},
        {"details": {"first_competitor_id": "p1", "second_competitor_id": "p2"}},
        {"details": {"competitor_ids": ["p2", "gone", 3]}},
        {"details": {"candidate_ids": ["c1"], "home_team_id": None}},
        {},
    )
    labels = {id_: id_.upper() for id_ in ("t1", "t2", "e1", "p1", "p2", "c1")}
    columns = name_columns(participants(df, ROLE_KEYS), labels, df.index)
    shown = [[None if each != each else each for each in columns[name].to_list()]  # noqa: PLR0124 - NaN
             for name in ("home", "away")]  # fmt: skip
    assert shown == [["T1", "E1", None, None, None, None], ["T2", None, None, None, None, None]]
    lists = [columns[name].array._pa_array.to_pylist() for name in ("competitors", "candidates")]
    assert lists == [
        [None, None, ["P1", "P2"], ["P2", None], None, None],
        [None, None, None, None, ["C1"], None],
    ]


@pytest.mark.parametrize("key", TEAM_KEYS)
def test_everybody_who_takes_part_is_known_to_teams_of(key):
    value = ["x"] if key.endswith("s") else "x"
    assert teams_of(table({"details": {key: value}})).to_list() == [["x"]]
