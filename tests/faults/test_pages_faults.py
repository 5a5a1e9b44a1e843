"""Faults 1 to 6 and 9 to 11: pages that lead in circles, come empty, or change under the walk."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.core.settings import Patience
from milestone_kit.sandbox import NO_CURSOR
from milestone_kit.table.schema import ATTRS_KEY
from tests.faults.bench import page, truth

AT_MOST_40 = Patience(page=0.0, most_pages=40)


def repaired(df):
    return df.attrs[ATTRS_KEY]["repaired"]


@pytest.mark.parametrize("workers", [1, 4])
def test_fault_01_same_cursor_twice(make_kept, server, workers):
    kept = make_kept(server, workers=workers)
    server.script.cursor("A", "A")
    with pytest.raises(mk.PaginationError, match=r"cursor 'A' twice.*try again later or with another filter"):
        kept.client.get_milestones(limit=100)
    assert kept.survives()


@pytest.mark.parametrize("workers", [1, 4])
def test_fault_02_cursors_in_a_circle(make_kept, server, workers):
    kept = make_kept(server, workers=workers)
    server.script.cursor("A", "B", "A")
    with pytest.raises(
        mk.PaginationError, match=r"cursor '[AB]' twice.*try again later or with another filter"
    ):
        kept.client.get_milestones(limit=100)
    assert kept.survives()


@pytest.mark.parametrize("workers", [1, 4])
def test_fault_03_fresh_cursors_without_end(make_kept, server, workers):
    assert Patience().most_pages == 5_000  # the cap that is stated; a test need not go that far
    kept = make_kept(server, workers=workers, patience=AT_MOST_40)
    server.script.fail(404, where=lambda _: len(server.requests) > 200)
    server.script.endless_cursors()
    with pytest.raises(
        mk.PaginationError, match=r"no end after 40 pages; ask with .*narrower dates or a filter"
    ):
        kept.client.get_milestones(limit=100)
    assert len(server.requests) <= 40 + workers
    assert kept.survives()


def test_fault_04_empty_page_with_a_live_cursor(make_kept, server):
    kept = make_kept(server, patience=AT_MOST_40)
    server.script.empty_page(page=2)
    pd.testing.assert_frame_equal(kept.client.get_milestones(), truth(server))
    server.script.clear()
    server.script.empty_page(times=10_000)
    with pytest.raises(mk.PaginationError, match="no end after 40 pages"):
        kept.client.refresh(full=True)
    pd.testing.assert_frame_equal(kept.client.get_milestones(offline=True), truth(server))


@pytest.mark.parametrize("end", [NO_CURSOR, None, ""], ids=["absent", "null", "empty"])
def test_fault_05_cursor_absent_null_or_empty(client, server, walked, end):
    server.script.cursor(end, page=3)
    df = client.get_milestones()
    pd.testing.assert_frame_equal(df, truth(server))
    assert df.attrs[ATTRS_KEY]["complete"] is True
    assert walked() == [1, 2, 3]


@pytest.mark.parametrize("cursor", [7, ["a"], {"a": 1}, True, 0], ids=repr)
def test_fault_06_cursor_that_is_no_text(kept, server, cursor):
    server.script.cursor(cursor)
    with pytest.raises(mk.SchemaError, match=f"cursor {re.escape(repr(cursor))}, expected text") as caught:
        kept.client.get_milestones()
    assert caught.value.field == "cursor"
    assert kept.survives()


def test_fault_09_rows_change_while_a_walk_runs(make_client, server, clock):
    """An inserted, a moved and a deleted row, each at a place where the walk has been, or has not."""
    client = make_client(server.url, workers=1, full_sweep_after=0)
    rows = server.milestones()
    ids = [row["id"] for row in rows]
    span = pd.Timestamp(rows[-1]["start_date"]) - pd.Timestamp(rows[0]["start_date"])

    def change():
        clock.now += 1
        server.add({**rows[0], "id": "inserted"})
        server.reschedule(ids[1], span.to_pytimedelta())
        server.reschedule(ids[-2], -span.to_pytimedelta())
        server.delete(ids[-1])
        server.delete(ids[2])

    server.script.call(change, page=1, times=1)
    df = client.get_milestones()
    assert df["id"].is_unique
    # a row deleted behind the walk is found gone by the next sweep, as `refresh` says
    pd.testing.assert_frame_equal(df[df["id"] != ids[2]].reset_index(drop=True), truth(server))
    assert repaired(df) == 3, "one came in again, two were brought by the delta"
    clock.now += 3601
    pd.testing.assert_frame_equal(client.get_milestones(), truth(server))


def test_fault_10_duplicate_ids_across_pages(make_client, server, clock):
    client = make_client(server.url, workers=1)
    rows = [row for row in server.milestones() if row["last_updated_ts"] > "2002"]
    now = clock.moment()
    newer = {**rows[0], "title": "newer", "last_updated_ts": (now - dt.timedelta(days=1)).isoformat()}
    older = {**rows[1], "title": "older", "last_updated_ts": "2001-01-01T00:00:00Z"}
    server.script.replace(
        page(newer, older, *server.milestones()[1000:]),
        page=3,
        where=lambda r: "min_updated_ts" not in r.query,
    )
    df = client.get_milestones()
    assert df["id"].is_unique
    titles = df.set_index("id")["title"]
    assert titles[rows[0]["id"]] == "newer"
    assert titles[rows[1]["id"]] == rows[1]["title"]
    assert len(df) == 1200
    assert repaired(df) == 2


def test_fault_11_cursor_expires_during_the_walk(kept, server, walked):
    server.script.fail(400, page=3, times=1)
    pd.testing.assert_frame_equal(kept.client.get_milestones(), truth(server))
    assert walked() == [1, 2, 1, 2, 3]


def test_fault_11_cursor_that_keeps_expiring(kept, server):
    server.script.fail(400, page=3, body="msg")
    with pytest.raises(mk.IncompleteError, match=r"the sandbox was told to fail.*ask again") as caught:
        kept.client.get_milestones()
    assert [request.page for request in server.requests] == [1, 2, 3, 1, 2, 3]
    assert len(caught.value.partial) == 1000
    assert kept.survives()
