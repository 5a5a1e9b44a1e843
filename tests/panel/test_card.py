"""The details card: escaped, small, and clear about where an end comes from."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given

import milestone_kit as mk
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.panel.card import details_card
from tests.strategies import NOW, at, milestones, table

HOSTILE = "</dd></pre><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=x &lt;b&gt; \u202eabc"


class Reader(HTMLParser):
    """Collects tags, attributes and text as a browser would see them."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text, self.links = set(), set(), [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "a":
            self.links.append(dict(attrs))

    def handle_data(self, data):
        self.text.append(data)


def row_of(**values):
    return compute_timeline(table(values), now=NOW).iloc[0]


OURS = {
    "div",
    "h4",
    "p",
    "dl",
    "dt",
    "dd",
    "details",
    "summary",
    "pre",
    "button",
    "a",
    "code",
    "span",
    "mark",
}
ATTRIBUTES = {"class", "type", "title", "aria-label", "data-act", "data-name", "data-value"}
LINK = {"class": "mk-ticker", "target": "_blank", "rel": "noopener noreferrer"}


def test_the_card_shows_hostile_text_as_text():
    hostile = row_of(
        id=HOSTILE,
        title=HOSTILE,
        category=HOSTILE,
        type=HOSTILE,
        source_id=HOSTILE,
        details={HOSTILE: HOSTILE},
        primary_event_tickers=[HOSTILE],
        related_event_tickers=[HOSTILE, "b"],
        notification_message=HOSTILE,
    )
    card = Reader(details_card(hostile, "UTC"))
    assert card.tags == OURS - {"mark"}
    assert card.attributes <= ATTRIBUTES | LINK.keys() | {"href"}
    for link in card.links:
        assert link == LINK | {"href": link["href"]}
        assert link["href"].startswith("https://kalshi.com/events/")
    assert "<script>alert(1)</script>" in "".join(card.text)
    searched = Reader(details_card(hostile, "UTC", searched="SCRÍPT <img ' x"))
    assert searched.tags == OURS
    assert searched.attributes == card.attributes
    assert "".join(searched.text) == "".join(card.text)


@given(milestones(max_size=3))
def test_a_card_can_be_made_of_every_row(df):
    timeline = compute_timeline(df, now=NOW)
    for i in range(len(timeline)):
        assert Reader(details_card(timeline.iloc[i], "America/New_York")).tags <= OURS


def test_the_card_tells_times_in_the_zone_and_where_an_end_comes_from():
    assert "Wed 14 Jan 2026 19:00 (America/New_York)" in details_card(row_of(), "America/New_York")
    assert "not known" in details_card(row_of(type="new", category="New"), "UTC")
    assert "Thu 15 Jan 2026 02:00 · 2 h" in details_card(row_of(end_date=at(2)), "UTC")
    assumed = compute_timeline(table({}), now=NOW, assume="2h").iloc[0]
    assert "(assumed)" in details_card(assumed, "UTC")
    learned = compute_timeline(table(*[{"end_date": at(2)}] * 36, {}), now=NOW).iloc[-1]
    assert "(assumed, median of 36 spans of this type)" in details_card(learned, "UTC")
    assert "may mean that day only" in details_card(row_of(), "UTC")
    assert "may mean that day only" not in details_card(row_of(start_date=at(1)), "UTC")
    assert "doubtful" in details_card(row_of(end_date=at(-2)), "UTC")
    assert "never" in details_card(row_of(), "UTC")


def test_the_card_stays_small_whatever_the_row_holds():
    row = row_of(
        title="t" * 10_000_000,
        details={f"k{i}": "x" * 100 for i in range(10_000)},
        related_event_tickers=[f"KX-{i}" for i in range(5000)],
    )
    card = details_card(row, "UTC")
    assert len(card) < 60_000
    assert "4,960 more" in card


def test_details_nested_too_deep_to_lay_out_are_shown_as_they_came():
    details = '{"a":' * 990 + "1" + "}" * 990
    assert "{&quot;a&quot;:{&quot;a&quot;:" in details_card(row_of(details=details), "UTC").replace(
        "\n", ""
    ).replace(" ", "")


def test_tickers_lead_to_their_events_and_can_be_copied_together():
    tickers = ["KXNBAGAME-26JAN15BOSLAL", "KXNBATOTAL-26JAN15BOSLAL"]
    card = details_card(row_of(primary_event_tickers=tickers[:1], related_event_tickers=tickers), "UTC")
    links = Reader(card).links
    assert [one["href"] for one in links] == [mk.event_url(one) for one in [tickers[0], *tickers]]
    copied = 'class="mk-copy" data-act="copy" data-value="{0}" aria-label="Copy {0}"'
    assert all(copied.format(one) in card for one in tickers)
    assert 'data-value="KXNBAGAME-26JAN15BOSLAL\nKXNBATOTAL-26JAN15BOSLAL">copy all<' in card
    assert 'data-name="ticker" data-value="KXNBATOTAL-*">KXNBATOTAL<' in card


def test_the_card_offers_what_a_milestone_shares_and_says_its_message():
    row = row_of(category="Sports", type="basketball_game", notification_message="Tip-off is near")
    card = details_card(row, "UTC", "NBA")
    for name, value in [("league", "NBA"), ("category", "Sports"), ("type", "basketball_game")]:
        assert f'data-act="narrow" data-name="{name}" data-value="{value}"' in card
    assert '<p class="mk-subtitle">Tip-off is near</p>' in card
    assert 'data-name="league"' not in details_card(row, "UTC")


def test_what_was_searched_for_is_marked_whatever_its_accents():
    row = row_of(title="Praia de São Telmo", notification_message="sao paulo", id="abc123def")
    card = details_card(row, "UTC", searched="SÃO abc123")
    assert "<h4>Praia de <mark>São</mark> Telmo</h4>" in card
    assert "<mark>sao</mark> paulo" in card
    assert "<dd><mark>abc123</mark>def</dd>" in card
    assert "<mark>" not in details_card(row, "UTC", searched="nobody")
