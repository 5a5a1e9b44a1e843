"""The table view: one page of text at a time, in the order asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.figures.time_axis import to_ms
from milestone_kit.panel.state import SORTABLE, Sort
from milestone_kit.panel.table_view import PAGE_ROWS, TableView, page_of
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, milestones, table


def view_of(df):
    timeline = compute_timeline(df, now=NOW)
    return timeline, TableView(timeline)


@given(milestones(max_size=20), st.sampled_from(SORTABLE), st.booleans(), st.data())
def test_the_rows_are_the_chosen_ones_in_order_with_missing_values_last(df, column, ascending, data):
    timeline, view = view_of(df)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(df), max_size=len(df))), dtype=bool)
    rows = view.rows(chosen, Sort(column, ascending))
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
    for ascending in (True, False):
        assert list(view.rows(np.ones(30, bool), Sort("title", ascending))) == list(range(30))


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
    assert page["rows"][0]["cells"][1:4] == ["", "2026-01-14 19:00", "2026-01-14 21:00"]
    assert page["rows"][1]["cells"][3] == "≈ 2026-01-14 23:00"
    assert len(page["rows"][0]["cells"][4]) == 160
    assert page["rows"][0]["cells"][-1] == "a +1"
    assert page["selected"] == ["m1"]


@pytest.mark.parametrize("now", [-100, 0, 30, 31, 100])
def test_the_page_of_now_begins_with_what_comes_next(now):
    timeline, view = view_of(table(*[{"start_date": at(i)} for i in range(60)]))
    rows = view.rows(np.ones(60, bool))
    moment = at(now).timestamp() * 1000
    starts = to_ms(timeline["start_date"])
    next_up = next((i for i in range(60) if starts[i] >= moment), 59)
    assert view.page_of_now(rows, moment) == page_of(next_up) == next_up // PAGE_ROWS
    assert view.page_of_now(rows, moment, Sort("title")) == 0


def test_making_a_page_does_not_change_the_table():
    timeline, view = view_of(table({}, {"end_date": at(1)}))
    before = timeline.copy(deep=True)
    for column in SORTABLE:
        view.page(view.rows(np.ones(2, bool), Sort(column)), 0, "UTC", (), sort=Sort(column))
    pd.testing.assert_frame_equal(timeline, before)


def test_the_ticker_that_was_searched_for_stands_for_the_others():
    row = {"primary_event_tickers": ["KXONE-1"], "related_event_tickers": ["KXONE-1", "KXTWO-2", "no ticker"]}
    _, view = view_of(table(row, {"related_event_tickers": ["<b> no ticker"]}, {"title": "Série A"}))
    rows = np.arange(3)
    first, second, third = view.page(rows, 0, "UTC", ())["rows"]
    assert first["cells"][-1] == "KXONE-1 +2"
    links = first["tickers"]
    assert (links["ticker"], links["address"], links["more"]) == ("KXONE-1", mk.event_url("KXONE-1"), 2)
    assert links["all"] == "KXONE-1, KXTWO-2, no ticker"
    assert (second["tickers"]["address"], second["cells"][-1]) == (None, "<b> no ticker")
    assert third["cells"][-1] == "–"
    searched = view.page(rows, 0, "UTC", (), searched="TWÓ serie")["rows"]
    assert searched[0]["tickers"]["marks"] == [("KX", False), ("TWO", True), ("-2", False)]
    assert searched[2]["marks"]["title"] == [("Série", True), (" A", False)]
    assert [one["marks"] for one in searched[:2]] == [{}, {}]
