from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.errors import PaginationError, SchemaError
from milestone_kit.fetching.cursor import StartBound, walk


def scripted(*pages):
    """A server that answers with these pages in order and notes the cursors it was asked for."""
    asked = []
    left = iter(pages)

    def fetch(cursor):
        asked.append(cursor)
        return next(left)

    return fetch, asked


def page(*milestones, **cursor):
    return {"milestones": list(milestones), **cursor}


@pytest.mark.parametrize("end", [{}, {"cursor": None}, {"cursor": ""}])
def test_an_absent_null_or_empty_cursor_ends_the_walk(end):
    fetch, asked = scripted(page(1, 2, cursor="a"), page(3, **end))
    assert list(walk(fetch)) == [([1, 2], False), ([3], True)]
    assert asked == [None, "a"]


def test_an_empty_page_with_a_live_cursor_goes_on():
    fetch, _ = scripted(page(cursor="a"), page(cursor="b"), page(1))
    assert [page.milestones for page in walk(fetch)] == [[], [], [1]]


@pytest.mark.parametrize("cursors", ["AA", "ABA", "ABB"])
def test_a_cursor_that_comes_twice_is_a_pagination_error(cursors):
    fetch, _ = scripted(*(page(i, cursor=cursor) for i, cursor in enumerate(cursors)))
    with pytest.raises(PaginationError, match="twice"):
        list(walk(fetch))


def test_cursors_without_end_stop_at_the_cap():
    fresh = itertools.count()
    with pytest.raises(PaginationError, match="no end after 7 pages"):
        list(walk(lambda _: page(cursor=f"c{next(fresh)}"), max_pages=7))


@pytest.mark.parametrize("cursor", [7, ["a"], {"a": 1}, True, 0, False, []])
def test_a_cursor_of_another_type_is_a_schema_error(cursor):
    fetch, _ = scripted(page(1, cursor=cursor))
    with pytest.raises(SchemaError) as caught:
        list(walk(fetch))
    assert caught.value.field == "cursor"


@pytest.mark.parametrize("body", [{}, {"milestones": None}, {"milestones": {}}, {"milestones": "none"}])
def test_a_page_without_a_list_of_milestones_is_a_schema_error(body):
    with pytest.raises(SchemaError) as caught:
        list(walk(lambda _: body))
    assert caught.value.field == "milestones"


def test_pages_are_asked_for_one_at_a_time():
    fetch, asked = scripted(page(1, cursor="a"), page(2))
    next(walk(fetch))
    assert asked == [None]


def test_the_bound_is_passed_only_beyond_the_last_wanted_start():
    bound = StartBound(10)
    assert not bound.passed([1, 9])
    assert not bound.passed([])
    assert not bound.passed([10, 10])
    assert bound.passed([10, 11])


@pytest.mark.parametrize("pages", [[[5, 4]], [[5], [4, 20]], [[1, 3], [2], [30]]])
def test_the_bound_never_stops_a_walk_whose_order_broke(pages):
    bound = StartBound(10)
    assert not any(bound.passed(starts) for starts in [*pages, [40], [50]])


@given(st.lists(st.lists(st.integers(0, 20), max_size=4), max_size=6), st.integers(0, 20))
def test_stopping_at_the_bound_loses_nothing_of_ordered_pages(pages, maximum):
    ordered = iter(sorted(itertools.chain.from_iterable(pages)))
    pages = [list(itertools.islice(ordered, len(starts))) for starts in pages]
    bound = StartBound(maximum)
    kept = []
    for starts in pages:
        kept += starts
        if bound.passed(starts):
            break
    everything = list(itertools.chain.from_iterable(pages))
    assert [s for s in kept if s <= maximum] == [s for s in everything if s <= maximum]
