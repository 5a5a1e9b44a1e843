"""The page of an event at kalshi.com."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.errors import QueryError
from tests.strategies import table

ROWS = table(
    {"primary_event_tickers": ["KXNBAGAME-26JAN15BOSLAL"]}, {"primary_event_tickers": ["KXNFL-26-B"]}
)


@pytest.mark.parametrize(
    ("ticker", "path"),
    [
        ("KXNBAGAME-26JAN15BOSLAL", "kxnbagame-26jan15boslal"),
        (" kxnfl-26 ", "kxnfl-26"),
        ("KXHIGH-25-B62.5", "kxhigh-25-b62.5"),
        ("KX/../A", "kx%2F..%2Fa"),
        ('KX"><SCRIPT>', "kx%22%3E%3Cscript%3E"),
        ("KX#A%B", "kx%23a%25b"),
        ("KXÉ", "kx%C3%A9"),
    ],
)
def test_it_is_the_ticker_in_lower_case_percent_encoded(ticker, path):
    assert mk.event_url(ticker) == f"https://kalshi.com/events/{path}"


@pytest.mark.parametrize(
    "ticker",
    ["", " ", None, 3, ["KXA"], "KXA-*", "KX?", "KX[A]", "A B", "A\nB", "A\x00", "..", ".", "A\u202eB",
     "\ud800", "x" * 201],
)  # fmt: skip
def test_what_is_no_ticker_is_refused(ticker):
    with pytest.raises(QueryError, match="ticker="):
        mk.event_url(ticker)


@pytest.mark.parametrize(
    ("ticker", "event"),
    [
        ("KXNBAGAME-26JAN15BOSLAL-BOS", "kxnbagame-26jan15boslal"),
        ("kxnbagame-26jan15boslal", "kxnbagame-26jan15boslal"),
        ("KXNFL-26-B", "kxnfl-26-b"),
        ("KXNFL-26-B-YES", "kxnfl-26-b"),
    ],
)
def test_with_milestones_a_market_leads_to_its_event(ticker, event):
    assert mk.event_url(ticker, ROWS) == f"https://kalshi.com/events/{event}"


def test_with_milestones_an_event_that_none_lists_is_refused():
    with pytest.raises(QueryError, match=r"KXNHL-26.*no milestone"):
        mk.event_url("KXNHL-26", ROWS)


@given(st.text(max_size=20))
def test_an_address_is_never_more_than_a_page_below_events(text):
    try:
        url = mk.event_url(text)
    except QueryError:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "kalshi.com", "", "")
    head, name = parts.path.rsplit("/", 1)
    assert head == "/events"
    assert unquote(name) == text.strip().lower()
    assert url.isascii()
