"""The table of live data: a row for each milestone that was asked about."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from milestone_kit.analysis.live.table import LIVE_DTYPES, live_frame, read_batch
from milestone_kit.analysis.timeline import compute_timeline
from tests.strategies import at, table

LIVE = {"status": "live", "home_points": 1, "away_points": 0}


def answer(*entries):
    return {"live_datas": [
        {"milestone_id": id_, "type": type_, "details": details} for id_, type_, details in entries
    ]}  # fmt: skip


def test_rows_come_in_the_order_asked_and_what_is_missing_is_not_over():
    payloads, unreadable = read_batch(answer(("b", "x", LIVE), ("nobody", "x", LIVE)))
    live = live_frame(["c", "b", "a"], payloads)
    assert unreadable == 0
    assert live["id"].tolist() == ["c", "b", "a"]
    assert live["phase"].tolist()[1] == "live"
    assert live.drop(columns="id").iloc[[0, 2]].isna().all(axis=None)
    assert live.dtypes.to_dict() == LIVE_DTYPES


def test_an_empty_table_has_every_column_and_dtype():
    assert live_frame([], {}).dtypes.to_dict() == LIVE_DTYPES


def test_the_milestone_s_own_type_counts_and_payloads_are_kept_whole():
    details = {"status": "closed", "what": {"nobody": ["knows", 1.5, None]}}
    payloads, _ = read_batch(answer(("a", "one_off_milestone", details)))
    live = live_frame(["a"], payloads, types={"a": "company_report"}, simulated={"a": True})
    assert live["type"].tolist() == ["company_report"]
    assert live["simulated"].tolist() == [True]
    assert json.loads(live["details"][0]) == details
    assert live_frame(["a"], payloads)["type"].tolist() == ["one_off_milestone"]


@pytest.mark.parametrize("datas", [None, [], "soon", {"a": 1}])
def test_what_is_no_list_of_payloads_holds_none(datas):
    payloads, unreadable = read_batch({"live_datas": datas})
    assert payloads == {}
    assert unreadable == (datas not in (None, []))


def test_entries_that_cannot_be_read_are_counted_and_the_others_come():
    entries = [None, 3, {"milestone_id": 3, "details": {}}, {"milestone_id": "a", "details": None},
               {"milestone_id": "b", "type": 7, "details": LIVE}]  # fmt: skip
    payloads, unreadable = read_batch({"live_datas": entries})
    assert unreadable == 4
    assert live_frame(["b"], payloads)["type"].isna().all()


def test_of_two_payloads_for_one_milestone_the_later_counts():
    new, old = LIVE | {"last_updated_ts": 1768485718}, LIVE | {"last_updated_ts": 1768480000}
    for entries in ([("a", "x", new), ("a", "x", old)], [("a", "x", old), ("a", "x", new)]):
        payloads, _ = read_batch(answer(*entries))
        assert live_frame(["a"], payloads)["updated_at"].tolist() == [
            pd.Timestamp(1768485718, unit="s", tz="UTC")
        ]


def test_a_timeline_goes_by_it():
    df = table({"start_date": at(10)}, {"start_date": at(10)}, {"start_date": at(10)})
    payloads, _ = read_batch(answer(("m0", "x", {"status": "closed"}), ("m1", "x", {"status": "created"})))
    timeline = compute_timeline(df, now=at(11), live=live_frame(df["id"].tolist(), payloads))
    assert timeline["status"].tolist() == ["ended", "upcoming", "live"]
    assert timeline["end_source"].tolist() == ["live", "assumed", "assumed"]
