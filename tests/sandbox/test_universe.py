from __future__ import annotations

import datetime as dt
import re
from collections import Counter

import numpy as np
import orjson
import pytest

from milestone_kit import QueryError
from milestone_kit.sandbox import (
    CATEGORIES,
    DEFAULT_NOW,
    GO_ZERO_TIME,
    INVENTED_TYPES,
    TYPES,
    Shape,
    sample_milestones,
    synthetic_milestones,
    true_ends,
    truth,
)
from milestone_kit.table.schema import check_milestones

NOW = DEFAULT_NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
PRODUCTION = 137_200
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
OPTIONAL = {"end_date": str, "source_id": (str, type(None)), "source_ids": dict, "product_details": dict}


@pytest.fixture(scope="module")
def rows():
    return synthetic_milestones(20_000)


@pytest.fixture(scope="module")
def known():
    return truth(20_000)


@pytest.fixture(scope="module")
def production():
    return synthetic_milestones(PRODUCTION)


def instant(text):
    return dt.datetime.fromisoformat(text)


def share(rows, test):
    return sum(map(bool, map(test, rows))) / len(rows)


def spans(rows, type_, league=None):
    """Give the reported lengths in hours, sorted."""
    return sorted(
        (instant(row["end_date"]) - instant(row["start_date"])) / dt.timedelta(hours=1)
        for row in rows
        if row["type"] == type_
        and row.get("end_date", "9999") <= NOW
        and row["end_date"] > row["start_date"] > "2001"
        and league in {None, row["details"].get("league"), row["details"].get("tour")}
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not():
    once, again, other = (orjson.dumps(synthetic_milestones(300, seed)) for seed in (7, 7, 8))
    assert once == again != other


def test_rows_have_the_api_s_fields_and_value_types(rows):
    for row in rows:
        assert row.keys() >= REQUIRED.keys()
        assert row.keys() <= REQUIRED.keys() | OPTIONAL.keys()
        assert all(isinstance(value, (REQUIRED | OPTIONAL)[name]) for name, value in row.items())


def test_rows_come_in_the_order_of_start_and_id_with_unique_ids(rows):
    order = [(instant(row["start_date"]), row["id"]) for row in rows]
    assert order == sorted(order)
    assert len({row["id"] for row in rows}) == len(rows)


def test_every_row_says_that_it_is_synthetic(rows):
    assert all(row["details"]["synthetic"] is True for row in rows)
    named = [
        id_
        for row in rows
        for id_ in (row.get("source_id"), *row.get("source_ids", {}).values())
        if id_ is not None
    ]
    assert all(id_.startswith("sandbox:") for id_ in named)


# counts


@pytest.mark.parametrize(
    ("type_", "count"),
    [
        ("tennis_tournament_singles", 49_877),
        ("one_off_milestone", 16_055),
        ("basketball_game", 15_564),
        ("soccer_tournament_multi_leg", 15_546),
        ("esports_match", 11_424),
        ("football_game", 2_052),
        ("political_race", 917),
        ("artist_streams", 675),
        ("company_report", 530),
        ("truflation", 245),
        ("golf_tournament", 172),
        ("Companies", 23),
        ("kpis", 14),
    ],
)
def test_types_have_the_census_s_counts(production, type_, count):
    assert sum(row["type"] == type_ for row in production) == pytest.approx(count, rel=0.02, abs=6)


@pytest.mark.parametrize(
    ("category", "count"),
    [
        ("Sports", 123_554), ("Mentions", 3_405), ("Esports", 2_746), ("Financials", 2_272),
        ("Economics", 1_855), ("Elections", 1_118), ("Entertainment", 825), ("Companies", 594),
        ("Commodities", 320), ("Finance", 205), ("Science and Technology", 150), ("Politics", 78),
        ("Climate and Weather", 64), ("Crypto", 34), ("Technology", 30), ("World", 2),
        ("Science & Technology", 1),
    ],
)  # fmt: skip
def test_categories_have_the_census_s_counts(production, category, count):
    same = sum(row["category"].casefold() == category.casefold() for row in production)
    assert same == pytest.approx(count, rel=0.02, abs=6)


def test_there_are_44_types_and_17_categories_whose_case_drifts(rows):
    assert {row["type"] for row in rows} == set(TYPES)
    assert len(TYPES) == 44
    assert len(CATEGORIES) == 17
    assert {row["category"] for row in rows} - set(CATEGORIES) == {"sports", "mentions"}
    assert share(rows, lambda row: row["category"] == "sports") < 0.01


def test_invented_types_say_so_and_are_few(rows):
    assert len(INVENTED_TYPES) == 18
    assert set(TYPES) > INVENTED_TYPES
    assert share(rows, lambda row: row["type"] in INVENTED_TYPES) < 0.02


def test_all_types_occur_from_500_rows_on():
    assert {row["type"] for row in synthetic_milestones(500)} == set(TYPES)


def test_football_has_the_census_s_leagues_under_their_codes(production):
    leagues = Counter(row["details"]["league"] for row in production if row["type"] == "football_game")
    assert leagues["NCAAFB"] == pytest.approx(1519, rel=0.03)
    assert leagues["NFL"] == pytest.approx(432, rel=0.06)
    assert leagues["CFL"] == pytest.approx(61, abs=10)
    assert leagues["UFL"] == pytest.approx(40, abs=10)


# where in time rows lie


def test_most_rows_are_past_and_the_rest_thins_out_to_2033(production):
    rows = production
    assert share(rows, lambda row: row["start_date"] <= NOW) == pytest.approx(0.97, abs=0.002)
    assert rows[-1]["start_date"].startswith("2033-01")
    days = Counter((instant(row["start_date"]) - DEFAULT_NOW).days for row in rows if row["start_date"] > NOW)
    weeks = [sum(days[7 * week + day] for day in range(7)) for week in range(8)]
    assert weeks[0] > 1.7 * weeks[1]
    assert weeks[1] > weeks[2] > weeks[4] > weeks[7] > 0


def test_years_grow(production):
    years = Counter(row["start_date"][:4] for row in production)
    assert 0 < years["2022"] < years["2023"] < years["2024"] < years["2025"]


def test_rows_lie_around_the_given_now():
    now = dt.datetime(2031, 5, 1, 12, tzinfo=dt.UTC)
    rows = synthetic_milestones(1000, now=now)
    assert share(rows, lambda row: row["start_date"] <= "2031-05-01T12:00:00Z") == pytest.approx(
        0.97, abs=0.005
    )
    assert any("2031-05-01T10" <= row["start_date"] <= "2031-05-01T14" for row in rows)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("now", [DEFAULT_NOW, dt.datetime(2026, 9, 19, 3, tzinfo=dt.UTC)])
def test_50_to_150_are_on_at_any_instant_of_the_weeks_around_now(seed, now):
    weeks = dt.timedelta(days=14)
    known = truth(PRODUCTION, seed, now=now, until=now + weeks)
    starts = np.sort(np.array([known.starts[id_] for id_ in known.ends]))
    ends = np.sort(np.array(list(known.ends.values())))
    middle, quarter = int(now.timestamp() * 1e6), 15 * 60 * 1_000_000
    moments = middle + np.arange(-14 * 96, 14 * 96) * quarter
    on = np.searchsorted(starts, moments, "right") - np.searchsorted(ends, moments, "right")
    assert 45 <= on.min() < on.max() <= 155
    assert 70 <= np.median(on) <= 120
    # no pile-up: around now as many are on as in the fortnights before and after
    assert abs(np.median(on[1344 - 96 : 1344 + 96]) - np.median(on)) < 25


def test_250_to_500_things_start_a_day_on_both_sides_of_now(production):
    days = Counter((instant(row["start_date"]) - DEFAULT_NOW).days for row in production)
    assert all(250 <= days[day] <= 530 for day in range(-7, 0))
    assert 250 <= days[0] <= 530


@pytest.mark.parametrize(("n", "least"), [(200, 1), (500, 2), (2000, 5), (20_000, 20)])
def test_small_universes_have_something_on_and_something_to_come(n, least):
    counts = [len(truth(n, seed).live(DEFAULT_NOW)) for seed in range(6)]
    assert sorted(counts)[1] >= least
    assert max(counts) <= 6 * least + 12
    starts = [row["start_date"] for row in synthetic_milestones(n)]
    assert sum(start > NOW for start in starts) == pytest.approx(0.03 * n, rel=0.2, abs=2)
    assert sum(NOW < start < "2026-01-16T18" for start in starts) >= max(2, n // 300)


def test_starts_follow_the_day_and_the_week(production):
    football = [instant(row["start_date"]) for row in production if row["type"] == "football_game"]
    assert sum(start.weekday() >= 5 for start in football) > 0.5 * len(football)
    soccer = [instant(row["start_date"]) for row in production if row["type"].startswith("soccer")]
    assert sum(12 <= start.hour <= 21 for start in soccer) > 4 * sum(2 <= start.hour <= 7 for start in soccer)
    assert share(production, lambda row: row["start_date"].endswith("T00:00:00Z")) > 0.02


# ends


def test_nearly_every_finished_row_has_its_true_end_and_no_other_row_has_the_key(rows, known):
    over = [row for row in rows if known.ends.get(row["id"], 2**62) < 1e6 * (DEFAULT_NOW.timestamp() - 600)]
    reported = [row for row in over if "end_date" in row]
    assert len(reported) / len(over) > 0.9985
    assert all(
        int(instant(row["end_date"]).timestamp() * 1e6 + 0.5) == known.ends[row["id"]] for row in reported
    )
    rest = [row for row in rows if known.ends.get(row["id"], 0) > 1e6 * DEFAULT_NOW.timestamp()]
    planned = {row["type"] for row in rest if "end_date" in row}
    assert planned <= {"political_race", "golf_tournament", "artist_streams", "tv_views", "one_off_milestone"}
    assert len(planned) >= 4
    assert share(rest, lambda row: "end_date" in row) < 0.15
    assert not any(row.get("end_date", "") is None for row in rows)


def test_ends_carry_a_fraction_and_now_and_then_are_a_round_hour(rows):
    ends = [row["end_date"] for row in rows if "end_date" in row and row["type"].startswith("tennis")]
    assert share(ends, lambda end: "." in end) > 0.85
    assert 0.01 < share(ends, lambda end: end.endswith(":00:00Z")) < 0.06


def test_an_end_is_reported_some_minutes_after_it(rows, known):
    delays = sorted(
        (instant(row["last_updated_ts"]) - instant(row["end_date"])) / dt.timedelta(minutes=1)
        for row in rows
        if row["id"] in known.ends
        and row.get("end_date", "9") < NOW
        and row["last_updated_ts"] > row["end_date"]
        and not row["last_updated_ts"].startswith("2025-07-23T15:53")
    )
    assert delays[len(delays) // 2] == pytest.approx(3, abs=0.5)
    assert delays[0] >= 0.9
    assert share(delays, lambda delay: delay <= 10) > 0.99


def test_the_form_of_january_has_nulls_also_on_old_rows():
    rows = synthetic_milestones(5000, shape=Shape(null_ends=True))
    assert all("end_date" in row for row in rows)
    past = [row for row in rows if row["start_date"] < "2026-01"]
    assert share(past, lambda row: row["end_date"]) == pytest.approx(0.15, abs=0.03)
    later = [row for row in rows if row["start_date"] > NOW and row["type"] == "tennis_tournament_singles"]
    assert later
    assert not any(row["end_date"] for row in later)


@pytest.mark.parametrize(
    ("type_", "league", "hours"),
    [
        ("tennis_tournament_singles", "ATP", 1.9),
        ("tennis_tournament_singles", "WTA", 1.6),
        ("basketball_game", "NBA", 2.4),
        ("basketball_game", "NCAAMB", 2.1),
        ("football_game", "NFL", 3.2),
        ("football_game", "NCAAFB", 3.5),
        ("soccer_tournament_multi_leg", None, 1.92),
        ("esports_match", None, 2),
        ("baseball_tournament", "MLB", 2.75),
        ("golf_tournament", None, 82),
        ("artist_streams", None, 168),
    ],
)
def test_reported_ends_teach_a_plausible_length_per_league(production, type_, league, hours):
    lengths = spans(production, type_, league)
    assert lengths[len(lengths) // 2] == pytest.approx(hours, rel=0.1)


def test_some_games_go_on_for_much_longer(production):
    for type_, league in (("tennis_tournament_singles", "ATP"), ("soccer_tournament_multi_leg", "UCL"),
                          ("football_game", "NFL"), ("baseball_tournament", "MLB")):  # fmt: skip
        lengths = spans(production, type_, league)
        middle, high = (lengths[int(len(lengths) * at)] for at in (0.5, 0.99))
        low = lengths[int(len(lengths) * 0.01)]
        assert high - middle > 1.2 * (middle - low)


# oddities


def test_production_s_oddities_occur(rows, known):
    assert rows[0]["start_date"] == "2000-01-01T00:00:00Z"
    assert rows[0]["end_date"] == "2000-01-02T00:00:00Z"
    assert {row["type"] for row in rows if row["id"] in known.placeholders} == {"political_race"}
    assert any(row["start_date"].startswith("2020-01-01") for row in rows)
    assert 0 < share(rows, lambda row: row["last_updated_ts"] == GO_ZERO_TIME) < 0.02
    assert 0 < share(rows, lambda row: (row.get("end_date") or "9") < row["start_date"]) < 0.01
    assert 0 < share(rows, lambda row: not row["primary_event_tickers"]) < 0.05
    assert (
        0
        < share(rows, lambda row: set(row["primary_event_tickers"]) - {*row["related_event_tickers"]})
        < 0.02
    )
    assert any(not row["title"].isascii() for row in rows)


@pytest.mark.parametrize("n", [200, 2000, 20_000])
def test_some_rows_are_called_off_and_a_few_are_never_closed(n):
    known = truth(n)
    listed = {row["id"]: row for row in synthetic_milestones(n)}
    assert 0 < len(known.cancelled) < 0.03 * n
    assert not known.cancelled & known.ends.keys()
    assert 0 < len(known.unreported) < 0.01 * n
    assert not any("end_date" in listed[id_] for id_ in known.unreported if listed[id_]["start_date"] < NOW)
    assert any("end_date" in listed[id_] for id_ in known.cancelled)


def test_simulated_games_sit_in_progress_without_an_end_and_are_touched_all_the_time(rows, known):
    simulated = [row for row in rows if row["id"] in known.simulated]
    assert {ticker for row in simulated for ticker in row["primary_event_tickers"]} == {
        "SIMNBAGAME",
        "SIMNFLGAME",
    }
    assert not any("end_date" in row for row in simulated)
    assert all(row["last_updated_ts"] > "2026-01-15T12" for row in simulated)
    assert not known.simulated & known.ends.keys()


def test_time_stamps_have_no_to_six_digits_and_never_a_trailing_zero(rows):
    fractions = [re.fullmatch(r".*:\d\d(?:\.(\d+))?Z", row["last_updated_ts"])[1] or "" for row in rows]
    assert set(map(len, fractions)) == set(range(7))
    assert not any(fraction.endswith("0") for fraction in fractions)
    assert any("." in row["start_date"] for row in rows)
    assert not any(row["last_updated_ts"] > NOW for row in rows)


def test_most_rows_name_their_source_and_some_several(rows):
    assert share(rows, lambda row: row.get("source_id")) == pytest.approx(0.87, abs=0.01)
    keys = Counter(key for row in rows for key in row.get("source_ids", {}))
    assert keys.keys() == {"source_1_id", "source_2_id", "source_3_id", "source_6_id"}
    thirds = [row for row in rows if "source_3_id" in row.get("source_ids", {})]
    assert share(thirds, lambda row: row["source_ids"]["source_3_id"] == row.get("source_id")) > 0.8
    assert any(row.get("source_ids") == {} for row in rows)


def test_a_few_rows_carry_product_details_and_a_test_can_ask_for_other_unknown_fields(production):
    assert share(production, lambda row: row.get("product_details") == {}) == pytest.approx(0.002, abs=0.0005)
    shape = Shape(unknown={"tags": (0.5, ["a", None]), "venue": (1.0, {"name": "x"})})
    rows = synthetic_milestones(2000, shape=shape)
    assert share(rows, lambda row: row.get("tags") == ["a", None]) == pytest.approx(0.5, abs=0.05)
    assert all(row["venue"] == {"name": "x"} for row in rows)
    assert not any("product_details" in row for row in rows)


def test_half_of_the_statuses_are_stale(rows):
    over = [row for row in rows if row.get("end_date", "9") < "2026-01-14" and row["details"].get("status")]
    assert share(over, lambda row: row["details"]["status"] in {"created", "scheduled", "not_started",
                                                                 "inprogress"}) > 0.3  # fmt: skip
    assert share(over, lambda row: row["details"]["status"] == "closed") > 0.5


def test_details_differ_by_type_and_are_sometimes_large(rows):
    sizes = [len(orjson.dumps(row)) for row in rows]
    assert 600 < sum(sizes) / len(sizes) < 900
    assert 5_000 < max(sizes) < 8_000
    assert max(len(row["details"]) for row in rows) > 200
    keys = {row["type"]: row["details"].keys() for row in rows}
    assert {"conference", "division", "season", "tier", "main_game_event_ticker"} <= keys["football_game"]
    assert {"first_competitor_id", "second_competitor_id"} <= keys["tennis_tournament_singles"]
    assert {"home_competitor_id", "away_competitor_id"} <= keys["esports_match"]
    assert {"home_team_id", "away_team_id"} <= keys["basketball_game"] & keys["soccer_tournament_multi_leg"]
    assert "candidate_ids" in keys["political_race"]
    assert max(len(row["details"].get("competitor_ids", ())) for row in rows) > 100


def test_one_off_rows_carry_words_for_people(rows):
    messages = {row["notification_message"] for row in rows if row["type"] == "one_off_milestone"}
    assert sum(message.startswith("What will ") and message.endswith("?") for message in messages) > 100
    assert not any("{" in row["notification_message"] + row["title"] for row in rows)


# tickers


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


def test_a_big_football_game_has_27_event_tickers_and_a_small_one_4_to_8(production):
    games = [
        row
        for row in production
        if row["type"] == "football_game" and not row["primary_event_tickers"][0].startswith("SIM")
    ]
    assert all(row["primary_event_tickers"] == row["related_event_tickers"] for row in games)
    college = [row for row in games if row["details"]["league"] in {"NFL", "NCAAFB"}]
    counts = Counter(len(row["related_event_tickers"]) for row in college)
    assert counts.keys() == {27, 4, 5, 6, 7, 8}
    assert {row["details"]["tier"] for row in college if len(row["related_event_tickers"]) == 27} == {1}
    assert all(row["details"]["main_game_event_ticker"] == row["primary_event_tickers"][0] for row in games)


def test_seasons_share_a_ticker(rows):
    seasons = Counter(ticker for row in rows for ticker in row["related_event_tickers"] if ticker[-3] == "-")
    assert seasons.most_common(1)[0][1] > 50


# the table, and what is refused


def test_the_sample_is_a_milestones_table_that_names_its_source():
    table = sample_milestones(200)
    check_milestones(table)
    assert len(table) == 200
    assert table.attrs["milestone_kit"]["source"] == "synthetic"
    assert list(table["id"]) == [row["id"] for row in synthetic_milestones(200)]


def test_true_ends_are_those_of_the_truth():
    assert true_ends(300, 5) == truth(300, 5).ends


@pytest.mark.parametrize("n", [0, 1, 7, 60])
def test_small_universes_have_as_many_rows_as_asked_for(n):
    assert len(synthetic_milestones(n)) == n
    assert len(sample_milestones(n)) == n


@pytest.mark.parametrize("n", [-1, True, 2.5, "10"])
def test_a_bad_number_of_rows_or_seed_is_refused(n):
    with pytest.raises(QueryError, match="n="):
        synthetic_milestones(n)
    with pytest.raises(QueryError, match="seed="):
        synthetic_milestones(1, n)


def test_a_now_without_time_zone_is_refused():
    with pytest.raises(QueryError, match="time zone"):
        synthetic_milestones(1, now=DEFAULT_NOW.replace(tzinfo=None))
