"""Warnings point at the user's own line, and one cause gives one warning."""

from __future__ import annotations

import inspect
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

import milestone_kit as mk
from milestone_kit.core.notices import carried, hushed, told_once, warn
from milestone_kit.errors import CacheWarning, DataWarning, EmptyResultWarning
from tests.strategies import table


def here():
    return inspect.currentframe().f_back.f_lineno


def only(caught):
    assert len(caught) == 1
    return caught[0].filename, caught[0].lineno


def test_the_client_blames_the_line_that_called_it(client):
    with pytest.warns(EmptyResultWarning) as caught:
        client.get_milestones(category="Nope")
    assert only(caught) == (__file__, here() - 1)


def test_a_plain_function_blames_the_line_that_called_it(client):
    with pytest.warns(EmptyResultWarning) as caught:
        mk.get_milestones(category="Nope", client=client)
    assert only(caught) == (__file__, here() - 1)


def test_pipe_and_accessor_blame_the_line_that_called_them():
    def noticed(df):
        assert len(df) == 2
        warn("something", CacheWarning)

    noticed.__code__ = noticed.__code__.replace(co_filename=mk.__file__)
    with pytest.warns(CacheWarning) as caught:
        table({}, {}).pipe(noticed)
    assert only(caught) == (__file__, here() - 1)


def test_what_other_threads_notice_is_told_once_by_the_call_they_work_for():
    @told_once
    def call():
        with ThreadPoolExecutor(4) as threads:
            for _ in range(20):
                threads.submit(carried(warn), "the disk is full", CacheWarning)

    call.__wrapped__.__code__ = call.__wrapped__.__code__.replace(co_filename=mk.__file__)
    with pytest.warns(CacheWarning, match="the disk is full") as caught:
        call()
    assert only(caught) == (__file__, here() - 1)


def test_what_was_noticed_is_told_also_when_the_call_fails():
    @told_once
    def call():
        warn("first", CacheWarning)
        raise OSError("then")

    with pytest.warns(CacheWarning, match="first"), pytest.raises(OSError, match="then"):
        call()


def test_two_calls_tell_twice():
    @told_once
    def call():
        warn("again", CacheWarning)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
        call()
    assert len(caught) == 2


@pytest.mark.filterwarnings("error")
def test_what_is_hushed_is_given_to_nobody():
    with hushed():
        warn("nobody asked", DataWarning)
        told_once(lambda: warn("nobody asked either", DataWarning))()
    with pytest.warns(DataWarning, match="asked for"):
        warn("asked for", DataWarning)
