"""Rows that meet criteria, and the counts beside each choice."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.details import LEAGUE_NAMES
from milestone_kit.analysis.filters import Criteria, Facet, FilterIndex, filter_milestones
from milestone_kit.analysis.flags import is_placeholder, is_simulated
from milestone_kit.analysis.tickers import find_by_ticker
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.folding import fold
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, milestones, table, tickers

ROWS = table(
    {"category": "Sports", "title": "Boston at Los Angeles", "details": {"league": "NBA"}, "end_date": at(3)},
    {"category": "sports", "title": "LOS pollos (50% off) at .*", "type": "Esports_Match"},
    {"category": "Elections", "title": "Élection", "type": "election", "start_date": at(24)},
    {"primary_event_tickers": ["SIMNBAGAME-1"], "title": "Angeles", "start_date": at(-9000)},
    {"primary_event_tickers": ["KXNBAGAME-26"], "title": "", "details": {"tour": "nba"}},
)


def left(**criteria):
    return filter_milestones(ROWS, now=NOW, **criteria).index.tolist()


@pytest.mark.parametrize(
    ("criteria", "rows"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"category": "SPORTS"}, [0, 1, 3, 4]),
        ({"category": ["elections", "unheard of"]}, [2]),
        ({"category": "unheard of"}, []),
        ({"category": []}, []),
        ({"type": "esports_match"}, [1]),
        ({"text": "los angeles"}, [0]),
        ({"text": "ANGELES boston"}, [0]),
        ({"text": ".*"}, [1]),
        ({"text": "50%"}, [1]),
        ({"text": "éLECTION"}, [2]),
        ({"text": "  "}, [0, 1, 2, 3, 4]),
        ({"ticker": "KXNBAGAME-26-BOS"}, [4]),
        ({"ticker": ["simnba*", "KXNBA*"]}, [3, 4]),
        ({"ticker": ""}, [0, 1, 2, 3, 4]),
        ({"ticker": []}, []),
        ({"start": "2026-01-15"}, [0, 1, 2, 4]),
        ({"start": "2026-01-15T00:00:00.000001"}, [2]),
        ({"end": "2026-01-15"}, [0, 1, 3, 4]),
        ({"start": "2026-01-15T01:00+01:00", "end": "2026-01-15"}, [0, 1, 4]),
        ({"status": "Ended"}, [0, 3]),
        ({"status": ["live", "upcoming"]}, [1, 2, 4]),
        ({"has_end": True}, [0]),
        ({"has_end": False}, [1, 2, 3, 4]),
        ({"simulated": True}, [3]),
        ({"simulated": False}, [0, 1, 2, 4]),
        ({"placeholder": True}, []),
        ({"placeholder": False}, [0, 1, 2, 3, 4]),
        ({"league": "NBA"}, [0, 4]),
        ({"league": "NBA", "has_end": False}, [4]),
    ],
)
def test_rows_that_meet_every_criterion_stay(criteria, rows):
    assert left(**criteria) == rows


@pytest.mark.parametrize(
    ("name", "rows"),
    [("College Football", [0]), ("ncaa football", [0]), ("NCAAFB", [0]), ("pro football", [1])],
)
def test_a_league_is_found_by_its_code_and_by_what_people_call_it(name, rows):
    df = table(*({"details": {"league": league}} for league in ("NCAAFB", "NFL", "EPL")))
    assert filter_milestones(df, league=name).index.tolist() == rows


def test_index_order_and_columns_stay_and_the_input_is_left_alone():
    df = ROWS.set_axis(list("edcba"))
    before = df.copy(deep=True)
    assert_frame_equal(filter_milestones(df, category="sports", simulated=False), df.loc[["e", "d", "a"]])
    assert_frame_equal(df, before)


def test_an_empty_table_stays_an_empty_table():
    result = filter_milestones(
        empty_milestones(), category="a", text="b", ticker="c*", status="live", simulated=False, league="d"
    )
    assert_frame_equal(result, empty_milestones())


def test_the_tables_own_status_decides_where_it_has_one():
    before_all = compute_timeline(ROWS, now="2020-01-01")
    assert len(filter_milestones(before_all, status="upcoming", now=NOW)) == 5
    somebody_elses = ROWS.assign(status="signed off")
    assert len(filter_milestones(somebody_elses, status="upcoming", now=NOW)) == 1


@pytest.mark.parametrize(
    ("criteria", "named"),
    [
        ({"status": "cancelled"}, "'cancelled'.*'upcoming', 'live', 'ended'"),
        ({"category": 5}, "category=5"),
        ({"type": ["a", None]}, "type: None"),
        ({"league": [""]}, "league: ''"),
        ({"text": ["a"]}, "text"),
        ({"ticker": 7}, "ticker=7"),
        ({"start": "someday"}, "start='someday'"),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "swap them"),
        ({"has_end": "yes"}, "has_end='yes'"),
        ({"simulated": 1}, "simulated=1"),
        ({"now": "later"}, "now='later'"),
    ],
)
def test_criteria_that_cannot_be_used_are_refused_by_value(criteria, named):
    with pytest.raises(QueryError, match=named):
        filter_milestones(ROWS, **criteria)


def test_unknown_criteria_and_tables_out_of_schema_are_refused():
    with pytest.raises(TypeError, match="categroy"):
        filter_milestones(ROWS, categroy="Sports")
    with pytest.raises(SchemaError, match="title"):
        filter_milestones(ROWS.drop(columns="title"))


def test_criteria_compare_hash_and_come_back_from_json():
    criteria = Criteria.of(
        category=["Sports", "Sports"],
        text=" a  b ",
        ticker="KX*",
        start=at(1),
        status="LIVE",
        has_end=np.True_,
    )
    assert criteria == Criteria.of(**json.loads(json.dumps(criteria.as_dict())))
    assert hash(criteria) == hash(Criteria.of(**criteria.as_dict()))
    assert criteria.as_dict() == {
        "category": ["Sports"],
        "text": "a b",
        "ticker": ["KX*"],
        "start": "2026-01-15T01:00:00Z",
        "status": ["live"],
        "has_end": True,
    }


def test_facets_name_each_value_once_in_its_common_spelling_with_its_count():
    facets = FilterIndex(ROWS, now=NOW).facets(Criteria())
    assert facets["category"] == [Facet("Sports", 4), Facet("Elections", 1)]
    assert facets["league"] == [Facet("NBA", 2)]
    assert facets["status"] == [Facet("ended", 2), Facet("live", 2), Facet("upcoming", 1)]
    assert facets["has_end"] == [Facet(value=True, count=1), Facet(value=False, count=4)]


def test_a_facet_counts_what_the_other_criteria_leave():
    facets = FilterIndex(ROWS, now=NOW).facets(Criteria.of(category="Elections", text="los"))
    assert facets["category"] == [Facet("Sports", 2), Facet("Elections", 0)]
    assert {facet.value: facet.count for facet in facets["type"]} == {
        "Esports_Match": 0,
        "basketball_game": 0,
        "election": 0,
    }


def test_masks_are_read_only_and_remembered():
    index = FilterIndex(ROWS, now=NOW)
    criteria = Criteria.of(text="los", has_end=True)
    first, again = index.masks(criteria), index.masks(criteria)
    assert set(first) == {"text", "has_end"}
    assert first["text"] is again["text"]
    with pytest.raises(ValueError, match="read-only"):
        first["has_end"][0] = False
    assert index.select(criteria).tolist() == [True, False, False, False, False]
    index.select(criteria)[:] = False
    assert index.select(criteria).any()


def test_remembering_masks_has_a_bound():
    index = FilterIndex(ROWS, now=NOW)
    for number in range(1000):
        index.select(Criteria.of(text=f"word{number}"))
    assert len(index._cache) < 100


words = st.text(st.sampled_from("aAbB .*é%"), max_size=6)
some = {
    "category": st.lists(st.sampled_from(["SPORTS", "Elections", "x"]), max_size=2),
    "type": st.sampled_from(["basketball_game", "ELECTION"]),
    "text": words,
    "ticker": st.lists(tickers, max_size=2),
    "start": st.integers(-30, 0).map(at),
    "end": st.integers(0, 30).map(at),
    "status": st.lists(st.sampled_from(["upcoming", "live", "ended"]), max_size=2),
    "has_end": st.booleans(),
    "simulated": st.booleans(),
    "placeholder": st.booleans(),
    "league": st.sampled_from(["nba", "WTA", "x"]),
}
criteria_sets = st.fixed_dictionaries({}, optional=some)


def all_words(row):
    """All that a row says, but for ids: the words that are drawn have no digit."""
    details = json.loads(row["details"])
    league = details.get("league") or details.get("tour") or ""
    tickers = [*row["primary_event_tickers"], *row["related_event_tickers"]]
    return [
        row["title"],
        row["notification_message"],
        league,
        *LEAGUE_NAMES.get(league.upper(), ()),
        *tickers,
    ]


def one_by_one(df, name, value):
    """Decide each row for one criterion the plain way."""
    if name == "ticker":
        return df["id"].isin(find_by_ticker(df, value)["id"]).tolist()
    if name in ("start", "end"):
        return [(start >= value) if name == "start" else (start <= value) for start in df["start_date"]]
    if name == "text":
        return [
            all(any(fold(word) in fold(said) for said in texts) for word in value.split())
            for texts in map(all_words, df.to_dict("records"))
        ]
    if name in ("has_end", "simulated", "placeholder"):
        flags = {"has_end": df["end_date"].notna, "simulated": lambda: is_simulated(df)}
        return (flags.get(name, lambda: is_placeholder(df))() == value).tolist()
    if name == "status":
        cells = compute_timeline(df, now=NOW)["status"].astype("str").fillna("").tolist()
    elif name == "league":
        cells = [
            json.loads(text).get("league") or json.loads(text).get("tour") or "" for text in df["details"]
        ]
    else:
        cells = df[name].tolist()
    wanted = [value] if isinstance(value, str) else value
    return [cell.casefold() in {each.casefold() for each in wanted} for cell in cells]


def expected(df, criteria):
    rows = [True] * len(df)
    for name, value in criteria.items():
        rows = [a and b for a, b in zip(rows, one_by_one(df, name, value), strict=True)]
    return np.array(rows, dtype=bool)


@given(milestones(titles=words), criteria_sets)
def test_any_mix_of_criteria_agrees_with_deciding_row_by_row(df, criteria):
    assert_frame_equal(filter_milestones(df, now=NOW, **criteria), df[expected(df, criteria)])


@given(milestones(titles=words), criteria_sets)
def test_every_facet_agrees_with_asking_for_its_value(df, criteria):
    index = FilterIndex(df, now=NOW)
    facets = index.facets(Criteria.of(**criteria))
    for name, choices in facets.items():
        others = expected(df, {other: value for other, value in criteria.items() if other != name})
        for facet in choices:
            assert facet.count == (others & expected(df, {name: facet.value})).sum()
        if name in ("category", "type", "league"):
            assert choices == sorted(choices, key=lambda facet: (-facet.count, facet.value))
    names = [facet.value.casefold() for facet in facets["category"]]
    assert sorted(names) == sorted({category.casefold() for category in df["category"]})


def test_rows_with_a_shared_index_label_are_told_apart():
    df = pd.concat([ROWS, ROWS])
    assert len(filter_milestones(df, text="boston", now=NOW)) == 2
