from __future__ import annotations

import base64
import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from milestone_kit import QueryError
from milestone_kit.sandbox import DEFAULT_NOW, NO_CURSOR, Script, serve, synthetic_milestones

ROWS = synthetic_milestones(600)
SOURCE = next(row["source_id"] for row in ROWS[50:] if row.get("source_id"))
TOURNAMENT = next(row["details"]["tournament_name"] for row in ROWS if row["details"].get("tour") == "WTA")
SEASON = next(
    row["related_event_tickers"][-1] for row in ROWS if row["related_event_tickers"][-1][:-3] == "KXATP"
)
LATER = DEFAULT_NOW + dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def http():
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="module")
def still():
    """A server that no test changes."""
    with serve(ROWS, now=LATER) as server:
        yield server


@pytest.fixture
def server():
    with serve(ROWS, now=LATER) as server:
        yield server


def ask(http, server, path="/milestones", **query):
    return http.get(server.url + path, params=query, timeout=10)


def walk(http, server, *, limit=500, **query):
    rows, cursor = [], ""
    for _ in range(1000):
        answer = ask(http, server, limit=limit, cursor=cursor, **query).json()
        rows += answer["milestones"]
        cursor = answer["cursor"]
        if not cursor:
            return rows
    raise AssertionError("the walk does not end")


def ids(rows):
    return [row["id"] for row in rows]


# the contract


@pytest.mark.parametrize("limit", [1, 7, 299, 300, 500])
def test_a_walk_gives_every_row_once_in_order(http, still, limit):
    some = [row for row in ROWS if row["start_date"] >= "2025-11"]
    rows = walk(http, still, limit=limit, minimum_start_date="2025-11-01T00:00:00Z")
    assert rows == some


def test_without_filters_the_walk_gives_the_universe(http, still):
    assert walk(http, still) == ROWS == still.milestones()


@pytest.mark.parametrize("limit", [None, "", "0", "501", "1000", "abc", "-1", "1.5", "٣"])
def test_a_limit_outside_1_to_500_answers_400(http, still, limit):
    answer = ask(http, still, limit=limit)
    assert answer.status_code == 400
    assert "limit" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "date",
    [
        "2026-01-15",
        "yesterday",
        "2026-01-15T20:00:00",
        "2026-02-30T00:00:00Z",
        "2026-01-15 20:00:00Z",
        "2026-W03-4T20:00:00Z",
    ],
)
def test_a_minimum_start_date_that_is_no_rfc3339_answers_400(http, still, date):
    answer = ask(http, still, limit=1, minimum_start_date=date)
    assert answer.status_code == 400
    assert date in answer.json()["error"]["message"]


@pytest.mark.parametrize("cursor", ["nonsense!", "e30", base64.urlsafe_b64encode(b"x|y").decode()])
def test_a_cursor_that_was_never_given_answers_400(http, still, cursor):
    assert ask(http, still, limit=1, cursor=cursor).status_code == 400


def test_minimum_start_date_counts_the_row_that_starts_then_and_knows_offsets(http, still):
    row = ROWS[300]
    rows = walk(http, still, minimum_start_date=row["start_date"])
    assert rows == [other for other in ROWS if other["start_date"] >= row["start_date"]]
    assert row in rows
    east = "2025-06-01T02:00:00+02:00"
    assert walk(http, still, minimum_start_date=east) == walk(
        http, still, minimum_start_date="2025-06-01T00:00:00Z"
    )


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ({"category": "Financials"}, lambda row: row["category"] == "Financials"),
        ({"category": "Finance"}, lambda row: row["category"] == "Finance"),
        # the case drifts in production, and its filter takes no notice of that
        ({"category": "Sports"}, lambda row: row["category"].lower() == "sports"),
        ({"category": "sports"}, lambda row: row["category"].lower() == "sports"),
        ({"type": "golf_tournament"}, lambda row: row["type"] == "golf_tournament"),
        ({"competition": TOURNAMENT}, lambda row: row["details"].get("tournament_name") == TOURNAMENT),
        ({"competition": "EPL"}, lambda row: row["details"].get("league") == "EPL"),
        # the league's code in the details is not the competition's name
        ({"competition": "College Football"}, lambda row: row["details"].get("league") == "NCAAFB"),
        ({"competition": "NCAA Football"}, lambda row: row["details"].get("league") == "NCAAFB"),
        ({"source_id": SOURCE}, lambda row: row.get("source_id") == SOURCE),
        ({"related_event_ticker": SEASON}, lambda row: SEASON in row["related_event_tickers"]),
        (
            {"category": "Sports", "type": "esports_match", "competition": "CS2"},
            lambda row: (
                (row["category"], row["type"], row["details"].get("league"))
                == ("Sports", "esports_match", "CS2")
            ),
        ),
    ],
)
def test_filters_hold_on_every_page(http, still, query, test):
    expected = [row for row in ROWS if test(row)]
    assert walk(http, still, limit=2, **query) == expected
    assert expected


@pytest.mark.parametrize("name", ["category", "competition", "type", "source_id", "related_event_ticker"])
def test_an_unknown_filter_value_gives_no_rows_and_no_error(http, still, name):
    answer = ask(http, still, limit=5, **{name: "KXNB"})
    assert answer.status_code == 200
    assert answer.json() == {"milestones": [], "cursor": ""}


def test_min_updated_ts_is_unix_seconds_inclusive_and_never_finds_go_s_zero_time(http, still):
    since = "2026-01-10T00:00:00Z"
    seconds = int(dt.datetime.fromisoformat(since).timestamp())
    expected = [row for row in ROWS if row["last_updated_ts"] >= since]
    assert walk(http, still, min_updated_ts=seconds) == expected
    assert walk(http, still, min_updated_ts=0) == [row for row in ROWS if row["last_updated_ts"] >= "1970"]
    assert ask(http, still, limit=1, min_updated_ts="soon").status_code == 400


def test_one_milestone_is_found_by_id_and_another_answers_404(http, still):
    assert ask(http, still, f"/milestones/{ROWS[5]['id']}").json() == {"milestone": ROWS[5]}
    missing = ask(http, still, "/milestones/nowhere")
    assert missing.status_code == 404
    assert "nowhere" in missing.json()["error"]["message"]


@pytest.mark.parametrize("url", ["/events", "/milestones/a/b", "/"])
def test_an_unknown_path_answers_404_as_json(http, still, url):
    assert ask(http, still, url).status_code == 404
    assert http.get(still.url.removesuffix("/trade-api/v2") + "/milestones", timeout=10).status_code == 404


def test_every_listed_competition_finds_its_rows(http):
    with serve(8000, now=DEFAULT_NOW) as server:
        answer = ask(http, server, "/search/filters_by_sport").json()
        sports = answer["filters_by_sports"]
        assert set(answer["sport_ordering"]) == set(sports)
        names = {name for sport in sports.values() for name in sport["competitions"]}
        assert len(names) > 20
        assert all(
            ask(http, server, limit=1, competition=name).json()["milestones"] for name in sorted(names)
        )
        assert all(entry["scopes"] for sport in sports.values() for entry in sport["competitions"].values())


def test_the_connection_is_kept_and_every_request_is_logged(server):
    with requests.Session() as http:
        ask(http, server, limit=5, category="Sports")
        ask(http, server, limit=0)
        first, second = server.requests
    assert first[:3] == ("GET", "/milestones", {"limit": "5", "category": "Sports"})
    assert (first.page, first.status, second.status) == (1, 200, 400)


def test_the_server_listens_on_loopback_under_production_s_path(still):
    assert still.url.startswith("http://127.0.0.1:")
    assert still.url.endswith("/trade-api/v2")


def test_a_closed_server_refuses_and_can_be_closed_again(http):
    server = serve(5, now=DEFAULT_NOW)
    ask(http, server, limit=1)
    server.close()
    server.close()
    with pytest.raises(requests.ConnectionError):
        ask(http, server, limit=1)


def test_bodies_are_compressed_only_when_that_was_asked_for(http, still):
    assert "Content-Encoding" not in ask(http, still, limit=50).headers
    with serve(ROWS, compress=True) as server:
        answer = ask(http, server, limit=50)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["milestones"] == ROWS[:50]


def test_by_default_the_rows_lie_around_the_real_clock():
    with serve(400) as server:
        starts = [row["start_date"] for row in server.milestones()]
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert sum(start <= now for start in starts) / len(starts) == pytest.approx(0.97, abs=0.01)


# recorded answers


@pytest.mark.parametrize(
    "content", [{"milestones": ROWS[:3], "cursor": "theirs"}, ROWS[:3]], ids=["page", "list"]
)
def test_a_recorded_answer_is_served_as_the_universe(http, tmp_path, content):
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with serve(file=file) as server:
        assert ask(http, server, limit=500).json() == {"milestones": ROWS[:3], "cursor": ""}


def test_a_recorded_single_milestone_is_served(http, tmp_path):
    file = tmp_path / "answer.json"
    file.write_text(json.dumps({"milestone": ROWS[0]}), encoding="utf-8")
    with serve(file=file) as server:
        assert server.milestones() == [ROWS[0]]


@pytest.mark.parametrize("content", [b"{", b"{}", b"[1]", b'"text"', None])
def test_a_file_that_is_no_answer_is_refused(tmp_path, content):
    file = tmp_path / "answer.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(QueryError, match="cannot be served"):
        serve(file=file)


def test_rows_that_break_the_contract_are_served_as_they_are(http):
    broken = [{"id": 7, "start_date": "Feb 30"}, {"details": []}, {**ROWS[0], "related_event_tickers": "KX"}]
    with serve(broken) as server:
        rows = ask(http, server, limit=9, related_event_ticker="KX").json()["milestones"]
        assert rows == []
        assert sorted(map(str, walk(http, server))) == sorted(map(str, broken))


# change


def test_an_added_row_takes_its_place_and_the_server_s_time(http, server):
    server.add({**ROWS[0], "id": "new", "start_date": ROWS[300]["start_date"]})
    row = next(row for row in server.milestones() if row["id"] == "new")
    assert row["last_updated_ts"] == "2026-01-15T19:00:00Z"
    rows = walk(http, server)
    assert rows == server.milestones()
    assert len(rows) == len(ROWS) + 1
    delta = walk(http, server, min_updated_ts=int(LATER.timestamp()))
    assert ids(delta) == ["new"]


def test_an_added_row_with_a_known_id_replaces_the_old_one(server):
    server.add({**ROWS[4], "title": "Replaced"})
    assert len(server.milestones()) == len(ROWS)
    assert [row["title"] for row in server.milestones() if row["id"] == ROWS[4]["id"]] == ["Replaced"]


def test_a_deleted_row_is_gone_from_listing_filters_and_lookup(http, server):
    gone = ROWS[100]
    query = {"category": gone["category"], "type": gone["type"]}
    assert gone in walk(http, server, **query)
    server.delete(gone["id"])
    assert gone["id"] not in ids(walk(http, server, **query))
    assert ask(http, server, f"/milestones/{gone['id']}").status_code == 404
    assert len(walk(http, server)) == len(ROWS) - 1


def test_a_rescheduled_row_moves_with_its_end(http, server):
    row = next(row for row in ROWS[50:] if row.get("end_date"))
    server.reschedule(row["id"], dt.timedelta(days=400, microseconds=50))
    moved = ask(http, server, f"/milestones/{row['id']}").json()["milestone"]
    for name in ("start_date", "end_date"):
        was, now = dt.datetime.fromisoformat(row[name]), dt.datetime.fromisoformat(moved[name])
        assert now - was == dt.timedelta(days=400, microseconds=50)
    assert moved["last_updated_ts"] == "2026-01-15T19:00:00Z"
    starts = [dt.datetime.fromisoformat(row["start_date"]) for row in walk(http, server)]
    assert starts == sorted(starts)


def test_updated_fields_are_served_and_may_include_the_time_stamp(http, server):
    server.update(ROWS[0]["id"], title="Moved to Sunday")
    server.update(ROWS[1]["id"], last_updated_ts="0001-01-01T00:00:00Z", end_date=None)
    first, second = ask(http, server, limit=2).json()["milestones"]
    assert (first["title"], first["last_updated_ts"]) == ("Moved to Sunday", "2026-01-15T19:00:00Z")
    assert (second["end_date"], second["last_updated_ts"]) == (None, "0001-01-01T00:00:00Z")


def test_changing_a_row_that_is_not_there_is_refused(server):
    for change in (server.delete, server.update, lambda id_: server.reschedule(id_, dt.timedelta(1))):
        with pytest.raises(QueryError, match="nobody"):
            change("nobody")


def test_the_clock_can_run(http):
    moments = iter(LATER + dt.timedelta(seconds=step) for step in range(10))
    with serve(ROWS, now=lambda: next(moments)) as server:
        server.update(ROWS[0]["id"], title="first")
        server.update(ROWS[1]["id"], title="second")
        stamps = [row["last_updated_ts"] for row in ask(http, server, limit=2).json()["milestones"]]
    assert stamps == ["2026-01-15T19:00:00Z", "2026-01-15T19:00:01Z"]


def test_a_cursor_stays_valid_when_rows_come_and_go_around_it(http, server):
    first = ask(http, server, limit=100).json()
    server.delete(first["milestones"][-1]["id"])
    server.delete(ROWS[150]["id"])
    server.add({**ROWS[0], "id": "early"})
    rest = walk(http, server, minimum_start_date=ROWS[0]["start_date"])
    second = ask(http, server, limit=500, cursor=first["cursor"]).json()
    assert ids(second["milestones"]) == ids(ROWS[100:150] + ROWS[151:])
    assert len(rest) == len(ROWS) - 1


def test_rows_that_share_one_start_are_paged_without_loss(http):
    same = [{**ROWS[0], "id": f"{number:04d}"} for number in range(120)]
    with serve(same) as server:
        assert ids(walk(http, server, limit=7)) == [f"{number:04d}" for number in range(120)]


def test_changes_from_many_threads_leave_an_ordered_universe(http, server):
    def churn(part):
        for row in ROWS[part::4]:
            server.delete(row["id"])
            server.add({**row, "id": "z" + row["id"]})

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(churn, part) for part in range(4)]
        during = walk(http, server, limit=50, category="Sports")
        for future in done:
            future.result()
    assert ids(server.milestones()) == ["z" + id_ for id_ in ids(ROWS)]
    assert all(row["category"].casefold() == "sports" for row in during)
    assert walk(http, server) == server.milestones()


# scripted behaviour


def test_a_page_fails_once_and_then_answers(http, server):
    server.script.fail(500, page=3, times=1)
    first = ask(http, server, limit=100).json()
    second = ask(http, server, limit=100, cursor=first["cursor"]).json()
    third = ask(http, server, limit=100, cursor=second["cursor"])
    again = ask(http, server, limit=100, cursor=second["cursor"])
    assert (third.status_code, again.status_code) == (500, 200)
    assert [request.page for request in server.requests] == [1, 2, 3, 3]
    assert ids(again.json()["milestones"]) == ids(ROWS[200:300])


def test_all_pages_from_one_on_can_fail_for_ever(http, server):
    server.script.fail(503, from_page=2)
    cursor = ask(http, server, limit=100).json()["cursor"]
    assert {ask(http, server, limit=100, cursor=cursor).status_code for _ in range(3)} == {503}


def test_failures_queue_up(http, server):
    server.script.fail(500, times=1)
    server.script.fail(429, times=1)
    assert [ask(http, server, limit=1).status_code for _ in range(3)] == [500, 429, 200]


def test_every_tenth_request_can_be_limited(http, server):
    server.script.fail(429, every=10)
    statuses = [ask(http, server, limit=1).status_code for _ in range(20)]
    assert statuses == ([200] * 9 + [429]) * 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("error", {"error": "the sandbox was told to fail"}),
        ("error_object", {"error": {"code": "scripted", "message": "the sandbox was told to fail"}}),
        ("msg", {"msg": "the sandbox was told to fail"}),
    ],
)
def test_error_bodies_differ_as_production_s_do(http, server, body, expected):
    server.script.fail(500, body=body)
    answer = ask(http, server, limit=1)
    assert answer.json() == expected
    assert "Retry-After" not in answer.headers


def test_an_error_can_be_html_or_name_its_service_and_ask_to_wait(http, server):
    server.script.fail(502, body="html", path="/milestones")
    server.script.fail(503, body="service", retry_after=7, path="/search/filters_by_sport")
    page = ask(http, server, limit=1)
    other = ask(http, server, "/search/filters_by_sport")
    assert page.headers["Content-Type"] == "text/html"
    assert page.text.startswith("<html>")
    assert other.json().keys() == {"code", "message", "details", "service"}
    assert other.headers["Retry-After"] == "7"


def test_a_body_can_be_replaced_by_any_bytes(http, server):
    server.script.replace(b'{"milestones":[', times=1)
    server.script.replace(b"<html>", content_type="text/html", times=1)
    server.script.replace(b"", status=302, headers={"Location": server.url + "/elsewhere"}, times=1)
    assert ask(http, server, limit=1).content == b'{"milestones":['
    assert ask(http, server, limit=1).headers["Content-Type"] == "text/html"
    assert http.get(f"{server.url}/milestones", allow_redirects=False, timeout=10).is_redirect


def test_half_a_body_is_sent_under_its_full_length(server):
    server.script.cut(times=1)
    answer = requests.get(f"{server.url}/milestones?limit=50", stream=True, timeout=10)
    announced = int(answer.headers["Content-Length"])
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        _ = answer.content
    assert announced > 10_000


def test_a_connection_can_be_dropped(server):
    server.script.drop(times=1)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/milestones?limit=1", timeout=10)
    assert server.requests[0].status == 0
    assert requests.get(f"{server.url}/milestones?limit=1", timeout=10).status_code == 200


def test_a_connection_can_be_reset(server):
    server.script.drop(reset=True, times=1)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        requests.get(f"{server.url}/milestones?limit=1", timeout=10)
    assert server.requests[0].status == 0
    assert requests.get(f"{server.url}/milestones?limit=1", timeout=10).status_code == 200


def test_a_dripping_or_slow_answer_outlasts_an_impatient_client(server):
    server.script.drip(30, page=1, times=1)
    server.script.delay(30, path="/search/filters_by_sport")
    answer = requests.get(f"{server.url}/milestones?limit=1", stream=True, timeout=(5, 0.2))
    assert answer.status_code == 200
    with pytest.raises(requests.ConnectionError, match="timed out"):
        _ = answer.content
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{server.url}/search/filters_by_sport", timeout=(5, 0.2))


def test_requests_above_the_rate_answer_429_without_retry_after(http):
    seconds = [0.0]
    script = Script(requests_per_second=3, timer=lambda: seconds[0])
    with serve(ROWS, script=script) as server:
        answers = [ask(http, server, limit=1) for _ in range(5)]
        seconds[0] = 1.0
        later = ask(http, server, limit=1)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert "Retry-After" not in answers[-1].headers
    assert later.status_code == 200


@pytest.mark.parametrize("value", [None, 7, ["A"], "", "A"])
def test_a_cursor_can_have_any_value(http, server, value):
    server.script.cursor(value)
    assert ask(http, server, limit=5).json()["cursor"] == value


def test_the_cursor_can_be_absent(http, server):
    server.script.cursor(NO_CURSOR)
    assert ask(http, server, limit=5).json().keys() == {"milestones"}


def test_scripted_cursors_lead_to_the_pages_that_would_have_followed(http, server):
    server.script.cursor("A", "B", "A")
    seen, rows, cursor = [], [], ""
    for _ in range(4):
        answer = ask(http, server, limit=100, cursor=cursor).json()
        rows += answer["milestones"]
        cursor = answer["cursor"]
        seen.append(cursor)
    assert seen == ["A", "B", "A", "A"]
    assert ids(rows) == ids(ROWS[:400])


def test_endless_cursors_go_on_after_the_last_row(http, server):
    server.script.endless_cursors()
    seen, rows, cursor = set(), [], ""
    for _ in range(6):
        answer = ask(http, server, limit=200, cursor=cursor).json()
        rows += answer["milestones"]
        cursor = answer["cursor"]
        seen.add(cursor)
    assert len(seen) == 6
    assert rows == ROWS


@pytest.mark.parametrize("page", [1, 2, 3])
def test_an_empty_page_with_a_live_cursor_loses_nothing(http, server, page):
    server.script.empty_page(page=page)
    assert walk(http, server, limit=200) == ROWS
    assert len(server.requests) == 4


def test_the_universe_can_change_between_two_pages(http, server):
    server.script.call(lambda: server.delete(ROWS[-1]["id"]), page=2, times=1)
    assert walk(http, server, limit=200) == ROWS[:-1]


def test_any_request_can_be_picked_by_a_test_of_one_s_own(http, server):
    server.script.fail(400, where=lambda request: request.query.get("category") == "Sports")
    assert ask(http, server, limit=1, category="Sports").status_code == 400
    assert ask(http, server, limit=1).status_code == 200


def test_a_cleared_script_behaves(http, server):
    server.script.fail(500)
    server.script.requests_per_second = 0
    server.script.clear()
    assert ask(http, server, limit=1).status_code == 200


def test_mistakes_in_a_script_are_refused_at_once():
    script = Script()
    with pytest.raises(TypeError, match="pages"):
        script.fail(500, pages=3)
    with pytest.raises(QueryError, match="teapot"):
        script.fail(500, body="teapot")
    with pytest.raises(QueryError, match="at least one"):
        script.cursor()


@pytest.mark.parametrize("rows", [-1, True, "12"])
def test_a_bad_number_of_rows_is_refused(rows):
    with pytest.raises(QueryError):
        serve(rows)


def test_a_clock_without_time_zone_is_refused():
    with pytest.raises(QueryError, match="time zone"):
        serve(1, now=DEFAULT_NOW.replace(tzinfo=None))
