"""What a watchlist means in a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.analysis.ticker_index import TickerIndex
from milestone_kit.analysis.watching import find_watched, read_watch
from milestone_kit.errors import QueryError

DF = mk.sample_milestones(400)
TICKERS = mk.ticker_table(DF)
ENTRIES = [*DF["id"].iloc[:40], *TICKERS["event_ticker"].iloc[:40], *TICKERS["series_ticker"].unique()[:20]]


def meant(entry):
    """Return the ids that an entry means, looked up row by row."""
    folded = entry.upper()
    hits = TICKERS[(TICKERS["event_ticker"].str.upper() == folded) | (TICKERS["series_ticker"] == folded)]
    return set(hits["milestone_id"]) | set(DF["id"][DF["id"] == entry])


@given(st.lists(st.sampled_from([*ENTRIES, "KXNONE", "kxnone-26", "%$<b>"]), max_size=12, unique=True))
def test_events_series_and_ids_are_found_and_the_rest_is_told(entries):
    watched = find_watched(DF, entries)
    assert set(DF["id"][watched.rows]) == set().union(*map(meant, entries))
    assert list(watched.unknown) == [entry for entry in entries if not meant(entry)]


def test_case_markets_and_patterns_are_understood_as_elsewhere_and_an_index_is_used():
    event = TICKERS["event_ticker"].iloc[5]
    rows = list(find_watched(DF, [event]).rows)
    for entry in (event.lower(), f"{event}-YES", f"{event[:-1]}?"):
        watched = find_watched(DF, [entry], TickerIndex(DF))
        assert watched.unknown == ()
        assert set(DF["id"][watched.rows]) >= set(DF["id"][rows])


@pytest.mark.parametrize(
    "pasted",
    [
        "KXA-1 KXB m1",
        "KXA-1,KXB,m1",
        "\nKXA-1\r\n\tKXB ; m1\n",
        "['KXA-1', \"KXB\", 'm1']",
        ["KXA-1 KXB", "kxa-1", "m1"],
    ],
)
def test_what_was_pasted_is_taken_apart_whatever_stands_between(pasted):
    assert read_watch(pasted) == ("KXA-1", "KXB", "m1")
    assert read_watch(read_watch(pasted)) == read_watch(pasted)


@pytest.mark.parametrize("nothing", ["", " ,; \n", [], (), ["", " "]])
def test_nothing_is_an_empty_watchlist(nothing):
    assert read_watch(nothing) == ()


@pytest.mark.parametrize("watch", [None, 5, b"KXA", {"a": 1}, [5], [None], ["\ud800"], "x" * 121])
def test_what_is_no_watchlist_is_named(watch):
    with pytest.raises(QueryError, match="watch"):
        read_watch(watch)


def test_a_watchlist_is_bounded():
    with pytest.raises(QueryError, match="501"):
        read_watch(f"KX{i}" for i in range(501))
