"""The details card and the table: escaped text, one page at a time, in the order asked for."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.figures.time_axis import to_ms
from milestone_kit.panel.card import details_card
from milestone_kit.panel.table_view import PAGE_ROWS, TableView
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, milestones, table

HOSTILE = "</dd></pre><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=x &lt;b&gt; \u202eabc"


class Reader(HTMLParser):
    """Collects tags, attributes and text as a browser would see them."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = set(), set(), []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text.append(data)


def row_of(**values):
    return compute_timeline(table(values), now=NOW).iloc[0]


OURS = {"div", "h4", "dl", "dt", "dd", "details", "summary", "pre"}


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
    assert card.tags == OURS
    assert card.attributes == {"class"}
    assert "<script>alert(1)</script>" in "".join(card.text)


@given(milestones(max_size=3))
def test_a_card_can_be_made_of_every_row(df):
    timeline = compute_timeline(df, now=NOW)
    for i in range(len(timeline)):
        assert Reader(details_card(timeline.iloc[i], "America/New_York")).tags <= OURS


def test_the_card_tells_times_in_the_zone_and_where_an_end_comes_from():
    assert "Wed 14 Jan 2026 19:00 (America/New_York)" in details_card(row_of(), "America/New_York")
    assert "not known" in details_card(row_of(), "UTC")
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


# the table


def view_of(df):
    timeline = compute_timeline(df, now=NOW)
    return timeline, TableView(timeline)


COLUMNS = ["status", "start_date", "end", "title", "category", "type", "tickers"]


@given(milestones(max_size=20), st.sampled_from(COLUMNS), st.booleans(), st.data())
def test_the_rows_are_the_chosen_ones_in_order_with_missing_values_last(df, column, ascending, data):
    timeline, view = view_of(df)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(df), max_size=len(df))), dtype=bool)
    if column != "start_date":
        view.sort_by(column)
    if not ascending:
        view.sort_by(column)
    assert (view.sort_column, view.ascending) == (column, ascending)
    rows = view.rows(chosen)
    assert sorted(rows) == list(np.flatnonzero(chosen))
    values = timeline["related_event_tickers"].list.len() if column == "tickers" else timeline[column]
    if values.dtype == "str":
        values = values.str.casefold()
    ordered = values.iloc[rows].reset_index(drop=True)
    known = ordered[ordered.notna()]
    assert ordered.isna().iloc[: len(known)].sum() == 0
    pairs = zip(known.iloc[:-1], known.iloc[1:], strict=True)
    codes = {"upcoming": 0, "live": 1, "ended": 2}
    for a, b in pairs:
        first, second = (codes[a], codes[b]) if column == "status" else (a, b)
        assert first <= second if ascending else first >= second


def test_equal_rows_keep_the_order_of_the_table_either_way():
    _, view = view_of(table(*[{"title": "same"} for _ in range(30)]))
    for _ in range(2):
        view.sort_by("title")
        assert list(view.rows(np.ones(30, bool))) == list(range(30))


def test_a_column_that_does_not_exist_changes_nothing():
    _, view = view_of(table({}))
    view.sort_by("details")
    assert (view.sort_column, view.ascending) == ("start_date", True)


def test_the_pages_hold_every_row_once():
    _, view = view_of(table(*[{"start_date": at(i % 7)} for i in range(50)]))
    rows = view.rows(np.ones(50, bool))
    pages = [view.page(rows, number, "UTC", ()) for number in range(5)]
    assert [one["id"] for page in pages for one in page["rows"]] == [f"m{i}" for i in rows]
    assert [page["where"] for page in pages][::4] == ["1 to 12 of 50", "49 to 50 of 50"]
    assert {page["pages"] for page in pages} == {5}


@pytest.mark.parametrize(("asked", "given_"), [(-5, 0), (0, 0), (99, 4)])
def test_a_page_that_does_not_exist_is_the_nearest(asked, given_):
    _, view = view_of(table(*[{} for _ in range(50)]))
    assert view.page(view.rows(np.ones(50, bool)), asked, "UTC", ())["page"] == given_


def test_a_table_without_rows_has_one_empty_page():
    _, view = view_of(empty_milestones())
    page = view.page(view.rows(np.ones(0, bool)), 0, "UTC", ())
    assert (page["rows"], page["pages"], page["page"], page["where"]) == ([], 1, 0, "0 rows")
    assert view.page_of_now(np.empty(0, np.int64), 0.0) == 0


def test_the_cells_say_what_is_assumed_and_cut_what_is_long():
    timeline = compute_timeline(
        table(
            {"title": "x" * 10_000_000, "end_date": at(2), "related_event_tickers": ["a", "b"]},
            {"start_date": at(1)},
        ),
        now=NOW,
        assume="3h",
    )
    page = TableView(timeline).page(np.array([0, 1]), 0, "America/New_York", ["m1"])
    assert page["rows"][0]["cells"][1:3] == ["2026-01-14 19:00", "2026-01-14 21:00"]
    assert page["rows"][1]["cells"][2] == "≈ 2026-01-14 23:00"
    assert len(page["rows"][0]["cells"][3]) == 160
    assert page["rows"][0]["cells"][-1] == "2"
    assert page["selected"] == ["m1"]


@pytest.mark.parametrize("now", [-100, 0, 30, 31, 100])
def test_the_page_of_now_begins_with_what_comes_next(now):
    timeline, view = view_of(table(*[{"start_date": at(i)} for i in range(60)]))
    rows = view.rows(np.ones(60, bool))
    moment = at(now).timestamp() * 1000
    starts = to_ms(timeline["start_date"])
    next_up = next((i for i in range(60) if starts[i] >= moment), 59)
    assert view.page_of_now(rows, moment) == next_up // PAGE_ROWS
    view.sort_by("title")
    assert view.page_of_now(rows, moment) == 0


def test_making_a_page_does_not_change_the_table():
    timeline, view = view_of(table({}, {"end_date": at(1)}))
    before = timeline.copy(deep=True)
    for column in COLUMNS:
        view.sort_by(column)
        view.page(view.rows(np.ones(2, bool)), 0, "UTC", ())
    pd.testing.assert_frame_equal(timeline, before)
