from __future__ import annotations

import datetime as dt
import re
from collections import Counter

import orjson
import pytest

from milestone_kit import QueryError
from milestone_kit.sandbox import (
    CATEGORIES,
    DEFAULT_NOW,
    GO_ZERO_TIME,
    TYPES,
    sample_milestones,
    synthetic_milestones,
)
from milestone_kit.table.schema import check_milestones

NOW = DEFAULT_NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
REQUIRED = {
    "id": str,
    "category": str,
    "type": str,
    "start_date": str,
    "related_event_tickers": list,
    "title": str,
    "notification_message": str,
    "details": dict,
    "primary_event_tickers": list,
    "last_updated_ts": str,
}
OPTIONAL = {"end_date": (str, type(None)), "source_id": (str, type(None)), "source_ids": dict}


@pytest.fixture(scope="module")
def rows():
    return synthetic_milestones(20_000)


def instant(text):
    return dt.datetime.fromisoformat(text)


def share(rows, test):
    return sum(map(bool, map(test, rows))) / len(rows)


def typical(rows, type_):
    spans = sorted(
        instant(row["end_date"]) - instant(row["start_date"])
        for row in rows
        if row["type"] == type_ and row.get("end_date")
    )
    return spans[len(spans) // 2]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not():
    once, again, other = (orjson.dumps(synthetic_milestones(300, seed)) for seed in (7, 7, 8))
    assert once == again
    assert once != other


def test_every_row_has_the_contract_s_keys_and_types(rows):
    for row in rows:
        assert row.keys() >= REQUIRED.keys()
        assert row.keys() <= REQUIRED.keys() | OPTIONAL.keys()
        assert all(isinstance(row[name], kind) for name, kind in REQUIRED.items())
        assert all(isinstance(row[name], kind) for name, kind in OPTIONAL.items() if name in row)
        assert all(isinstance(ticker, str) for ticker in row["related_event_tickers"])


def test_rows_come_in_the_order_of_start_and_id_with_unique_ids(rows):
    order = [(instant(row["start_date"]), row["id"]) for row in rows]
    assert order == sorted(order)
    assert len({row["id"] for row in rows}) == len(rows)


def test_every_row_says_that_it_is_synthetic(rows):
    assert all(row["details"]["synthetic"] is True for row in rows)
    assert all(set(row["source_ids"]) <= {"sandbox"} for row in rows if "source_ids" in row)


def test_types_and_categories_have_production_s_shares(rows):
    types = Counter(row["type"] for row in rows)
    categories = Counter(row["category"] for row in rows)
    assert set(types) == set(TYPES)
    assert len(TYPES) == 44
    assert set(categories) == set(CATEGORIES)
    assert len(CATEGORIES) == 17
    assert types["tennis_tournament_singles"] / len(rows) == pytest.approx(0.36, abs=0.01)
    assert types["esports_match"] / len(rows) == pytest.approx(0.083, abs=0.005)
    assert categories["Sports"] / len(rows) == pytest.approx(0.90, abs=0.01)


def test_all_types_occur_from_500_rows_on():
    assert {row["type"] for row in synthetic_milestones(500)} == set(TYPES)


def test_most_rows_are_past_and_most_of_those_are_recent(rows):
    assert share(rows, lambda row: row["start_date"] <= NOW) == pytest.approx(0.97, abs=0.001)
    assert share(rows, lambda row: row["start_date"] >= "2024-01-15") > 0.92
    years = Counter(row["start_date"][:4] for row in rows)
    assert years["2023"] < years["2024"] < years["2025"]


def test_rows_lie_around_the_given_now():
    now = dt.datetime(2031, 5, 1, 12, tzinfo=dt.UTC)
    rows = synthetic_milestones(1000, now=now)
    assert share(rows, lambda row: row["start_date"] <= "2031-05-01T12:00:00Z") == pytest.approx(
        0.97, abs=0.002
    )
    assert any("2031-05-01T10" <= row["start_date"] <= "2031-05-01T14" for row in rows)


@pytest.mark.parametrize("n", [100, 500, 2000])
def test_small_universes_have_something_on_and_something_to_come(n):
    starts = [instant(row["start_date"]) for row in synthetic_milestones(n)]
    hour = dt.timedelta(hours=1, minutes=5)
    assert sum(DEFAULT_NOW - hour <= start <= DEFAULT_NOW for start in starts) >= 4
    assert sum(start > DEFAULT_NOW for start in starts) == round(0.03 * n)


def test_days_burst_and_rows_share_time_stamps(rows):
    days = Counter(row["start_date"][:10] for row in rows)
    stamps = Counter(row["start_date"] for row in rows)
    assert days.most_common(1)[0][1] > 10 * len(rows) / len(days)
    assert stamps.most_common(1)[0][1] > 100
    assert share(rows, lambda row: row["start_date"].endswith("T00:00:00Z")) > 0.04


def test_one_row_in_seven_reports_its_end_and_the_others_say_null_or_nothing(rows):
    assert share(rows, lambda row: row.get("end_date")) == pytest.approx(0.15, abs=0.03)
    assert share(rows, lambda row: "end_date" not in row) > 0.2
    assert share(rows, lambda row: row.get("end_date", "") is None) > 0.2


@pytest.mark.parametrize(
    ("type_", "hours"),
    [
        ("tennis_tournament_singles", 2),
        ("basketball_game", 2.5),
        ("soccer_tournament_multi_leg", 2),
        ("esports_match", 2.5),
        ("golf_tournament", 96),
        ("election", 24),
        ("earnings_report", 1),
        ("political_speech", 1),
    ],
)
def test_reported_ends_teach_a_plausible_length(rows, type_, hours):
    assert typical(rows, type_) / dt.timedelta(hours=1) == pytest.approx(hours, rel=0.2)


def test_production_s_oddities_occur(rows):
    assert rows[0]["start_date"] == "2000-01-01T00:00:00Z"
    assert rows[0]["end_date"] == "2000-01-02T00:00:00Z"
    assert rows[-1]["start_date"].startswith("2033")
    assert 0 < share(rows, lambda row: row["last_updated_ts"] == GO_ZERO_TIME) < 0.02
    assert 0 < share(rows, lambda row: (row.get("end_date") or "9") < row["start_date"]) < 0.01
    assert 0 < share(rows, lambda row: not row["primary_event_tickers"]) < 0.05
    assert (
        0
        < share(rows, lambda row: set(row["primary_event_tickers"]) - {*row["related_event_tickers"]})
        < 0.02
    )
    simulated = {
        ticker for row in rows for ticker in row["primary_event_tickers"] if ticker.startswith("SIM")
    }
    assert simulated == {"SIMNBAGAME", "SIMNFLGAME"}
    assert any(not row["title"].isascii() for row in rows)


def test_time_stamps_have_no_to_six_digits_and_never_a_trailing_zero(rows):
    fractions = [re.fullmatch(r".*:\d\d(?:\.(\d+))?Z", row["last_updated_ts"])[1] or "" for row in rows]
    assert set(map(len, fractions)) == set(range(7))
    assert not any(fraction.endswith("0") for fraction in fractions)
    assert any("." in row["start_date"] for row in rows)


def test_details_differ_by_type_and_are_sometimes_large(rows):
    sizes = [len(orjson.dumps(row)) for row in rows]
    assert 600 < sum(sizes) / len(sizes) < 820
    assert 5_000 < max(sizes) < 8_000
    assert max(len(row["details"]) for row in rows) > 200
    assert len({frozenset(row["details"]) for row in rows}) >= 5


def test_tickers_begin_with_their_series_and_some_name_a_stale_day(rows):
    matches = [
        row for row in rows if row["type"] == "tennis_tournament_singles" and row["primary_event_tickers"]
    ]
    tickers = [row["primary_event_tickers"][0] for row in matches]
    assert all(re.fullmatch(r"KX[A-Z]+-\d\d[A-Z]{3}\d\d[A-Z]{6}", ticker) for ticker in tickers)
    stale = share(
        list(zip(matches, tickers, strict=True)),
        lambda pair: instant(pair[0]["start_date"]).strftime("%y%b%d").upper() != pair[1].split("-")[1][:7],
    )
    assert 0.01 < stale < 0.08


def test_the_sample_is_a_milestones_table_that_names_its_source():
    table = sample_milestones(200)
    check_milestones(table)
    assert len(table) == 200
    assert table.attrs["milestone_kit"]["source"] == "synthetic"
    assert list(table["id"]) == [row["id"] for row in synthetic_milestones(200)]


@pytest.mark.parametrize("n", [0, 1, 7, 60])
def test_small_universes_have_as_many_rows_as_asked_for(n):
    assert len(synthetic_milestones(n)) == n
    assert len(sample_milestones(n)) == n


@pytest.mark.parametrize("n", [-1, True, 2.5, "10"])
def test_a_bad_number_of_rows_is_refused(n):
    with pytest.raises(QueryError, match="n="):
        synthetic_milestones(n)


def test_a_now_without_time_zone_is_refused():
    with pytest.raises(QueryError, match="time zone"):
        synthetic_milestones(1, now=DEFAULT_NOW.replace(tzinfo=None))
