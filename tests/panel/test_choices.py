"""The check lists: what is offered, and the counts beside it."""

from __future__ import annotations

from collections import Counter

from milestone_kit.analysis.filters import Criteria, FilterIndex
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.panel.choices import choices_of, standing_order
from milestone_kit.sandbox import sample_milestones
from tests.strategies import NOW, table


def lists_of(df, **criteria):
    found = choices_of(FilterIndex(df, now=NOW), Criteria.of(**criteria)).lists
    return {one["name"]: one for one in found}


def offered(df, name, **criteria):
    lists = lists_of(df, **criteria)
    return {one["value"]: one["count"] for one in lists[name]["options"]} if name in lists else None


def test_the_counts_of_each_list_respect_the_other_filters_only():
    timeline = compute_timeline(sample_milestones(600), now=NOW)
    ended = timeline[timeline["status"] == "ended"]
    counted = Counter(ended["category"].str.casefold())
    categories = offered(timeline, "category", category="Sports", status="ended")
    assert {name.casefold(): n for name, n in categories.items() if n} == counted
    sports = timeline[timeline["category"].str.casefold() == "sports"]
    statuses = offered(timeline, "status", category="Sports", status="ended")
    assert {name: n for name, n in statuses.items() if n} == Counter(sports["status"])


def test_a_choice_that_the_table_does_not_have_is_offered_so_that_it_can_be_taken_back():
    df = table({})
    assert offered(df, "category", category="Gone") == {"Sports": 1, "Gone": 0}
    assert offered(df, "league", league="NBA") == {"NBA": 0}
    assert offered(df, "league") is None


def test_a_choice_in_another_case_is_not_offered_twice():
    assert offered(table({}), "category", category="SPORTS") == {"Sports": 1}


def test_a_blank_value_is_not_offered_since_it_cannot_be_asked_for():
    assert offered(table({"category": ""}, {}), "category") == {"Sports": 1}


def test_a_long_list_offers_the_frequent_values_and_the_chosen_ones_and_counts_the_rest():
    df = table(*[{"category": f"c{i:03}"} for i in range(500)])
    found = lists_of(df, category="c499")["category"]
    values = [one["value"] for one in found["options"]]
    assert values[-1] == "c499"
    assert 10 < len(values) < 500
    assert len(values) + found["hidden"] == 500


def test_values_keep_their_places_when_a_filter_changes_their_counts():
    index = FilterIndex(sample_milestones(2_000), now=NOW)
    order = standing_order(index)

    def names(criteria, order=None):
        lists = {one["name"]: one for one in choices_of(index, criteria, order).lists}
        return [one["value"] for one in lists["type"]["options"]]

    few = Criteria.of(text="at", category=["Elections", "Esports"])
    assert names(few) != names(Criteria.of())
    assert names(few, order) == names(Criteria.of(), order) == names(Criteria.of())


def test_the_flags_count_what_is_so():
    df = sample_milestones(600)
    flags = choices_of(FilterIndex(df, now=NOW), Criteria.of()).flags
    assert flags["has_end"] == df["end_date"].notna().sum()
    assert set(flags) == {"has_end", "simulated", "placeholder"}
