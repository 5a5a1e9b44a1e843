from __future__ import annotations

import pytest

from milestone_kit.errors import PaginationError, SchemaError
from milestone_kit.fetching.trail import Trail


def walk(fetch):
    """Follow the cursors to the end."""
    trail, is_last = Trail(), False
    while not is_last:
        milestones, is_last = trail.step(fetch(trail.cursor))
        yield milestones, is_last


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
    assert [milestones for milestones, _ in walk(fetch)] == [[], [], [1]]


@pytest.mark.parametrize("cursors", ["AA", "ABA", "ABB"])
def test_a_cursor_that_comes_twice_is_a_pagination_error(cursors):
    fetch, _ = scripted(*(page(i, cursor=cursor) for i, cursor in enumerate(cursors)))
    with pytest.raises(PaginationError, match="twice"):
        list(walk(fetch))


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
