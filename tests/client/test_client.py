"""What a user of get_milestones and its friends sees, over real HTTP against the sandbox."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import threading

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.errors import EmptyResultWarning, NotFoundError, OfflineError, QueryError, StaleWarning
from milestone_kit.sandbox import serve
from milestone_kit.table.frame import milestones_frame
from milestone_kit.table.schema import ATTRS_KEY, check_milestones


def truth(server):
    return milestones_frame(server.milestones())


def same(df, expected):
    pd.testing.assert_frame_equal(df, expected.reset_index(drop=True))
    return True


def test_without_a_filter_every_milestone_comes_in_one_table(client, server):
    df = client.get_milestones()
    check_milestones(df)
    assert same(df, truth(server))
    attrs = df.attrs[ATTRS_KEY]
    assert attrs["source"] == server.url
    assert (attrs["complete"], attrs["stale"], attrs["pages"]) == (True, False, 3)
    assert all(isinstance(value, str | bool | int) for value in attrs.values())


def test_a_second_fetch_asks_nothing_and_gives_the_same(client, server):
    first = client.get_milestones(category="Sports")
    asked = len(server.requests)
    second = client.get_milestones(category="Sports")
    assert len(server.requests) == asked
    assert same(second, first)
    assert second.attrs == first.attrs


def test_another_client_on_the_same_folder_asks_nothing(make_client, server):
    first = make_client(server.url).get_milestones()
    asked = len(server.requests)
    assert same(make_client(server.url).get_milestones(), first)
    assert len(server.requests) == asked


def test_a_full_refresh_walks_anew_and_sees_what_was_deleted(client, server):
    client.get_milestones()
    server.delete(server.milestones()[0]["id"])
    assert len(client.get_milestones()) == 1200
    assert same(client.refresh(full=True), truth(server))
    assert same(client.get_milestones(), truth(server))


def test_an_expired_answer_is_fetched_anew_whole_when_deltas_are_not_wanted(
    make_client, server, clock, walked
):
    client = make_client(server.url, full_sweep_after=0)
    client.get_milestones()
    server.delete(server.milestones()[0]["id"])
    clock.now += 3601
    assert same(client.get_milestones(), truth(server))
    assert walked() == [1, 2, 3, 1, 2, 3]


def test_every_filter_reaches_the_server(client, server):
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    with pytest.warns(EmptyResultWarning):
        client.get_milestones(
            category="Sports", competition="Pro Football", type="football_game", source_id="s1",
            related_event_ticker="KXNFL-1", minimum_start_date=moment, min_updated_ts=moment, limit=7,
        )  # fmt: skip
    assert dict(server.requests[0].query) == {
        "category": "Sports",
        "competition": "Pro Football",
        "type": "football_game",
        "source_id": "s1",
        "related_event_ticker": "KXNFL-1",
        "minimum_start_date": "2026-01-01T00:00:00Z",
        "min_updated_ts": "1767225600",
        "limit": "7",
    }


def test_filters_are_resent_with_every_page(client, server):
    client.get_milestones(category="Sports", limit=400)
    listing = [dict(request.query) for request in server.requests]
    assert len(listing) > 1
    assert all(query["category"] == "Sports" and query["limit"] == "400" for query in listing)


def test_start_dates_bound_the_table_on_both_ends_inclusively(client, server):
    everything = truth(server)
    low, high = everything["start_date"][300], everything["start_date"][400]
    df = client.get_milestones(minimum_start_date=low, maximum_start_date=high, limit=50)
    assert same(df, everything[everything["start_date"].between(low, high)])
    assert df.attrs[ATTRS_KEY]["complete"]


def test_a_maximum_start_date_stops_the_walk_and_is_not_sent(client, server):
    high = truth(server)["start_date"][20]
    client.get_milestones(maximum_start_date=high, limit=100)
    assert len(server.requests) == 1
    assert "maximum_start_date" not in server.requests[0].query


def test_max_rows_gives_the_first_rows_and_says_that_more_follow(client, server):
    df = client.get_milestones(max_rows=700)
    assert same(df, truth(server).head(700))
    assert df.attrs[ATTRS_KEY]["complete"] is False
    assert [request.page for request in server.requests] == [1, 2]
    with pytest.raises(OfflineError):
        client.get_milestones(offline=True)


def test_a_full_fetch_goes_on_where_max_rows_stopped(client, server, walked):
    client.get_milestones(max_rows=700)
    assert same(client.get_milestones(), truth(server))
    assert walked() == [1, 2, 3]


def test_max_rows_that_all_fit_in_are_complete(client, server):
    df = client.get_milestones(max_rows=1200)
    assert df.attrs[ATTRS_KEY]["complete"] is True
    cut = client.get_milestones(max_rows=10, offline=True)
    assert same(cut, truth(server).head(10))
    assert cut.attrs[ATTRS_KEY]["complete"] is False


def test_an_unknown_filter_value_gives_the_empty_table_and_names_near_values(client):
    with pytest.warns(EmptyResultWarning, match=r"category='sport'; near values: 'Sports'"):
        df = client.get_milestones(category="sport")
    check_milestones(df)
    assert df.empty
    assert df.attrs[ATTRS_KEY]["complete"]


def test_near_values_come_from_what_was_fetched_before(client, server):
    kind = server.milestones()[0]["type"]
    client.get_milestones()
    with pytest.warns(EmptyResultWarning, match=kind):
        client.get_milestones(type=kind[:-1])


def test_near_competitions_are_asked_of_the_server(client):
    competition = client.get_competitions()["competition"].dropna().iloc[0]
    with pytest.warns(
        EmptyResultWarning, match=f"competition='{competition}!'; near values: '{competition}'"
    ):
        client.get_milestones(competition=f"{competition}!")


def test_a_hint_that_cannot_be_had_is_no_error(client, server):
    server.script.fail(500, path="/search/filters_by_sport")
    with pytest.warns(EmptyResultWarning, match="competition='Nowhere'$"):
        client.get_milestones(competition="Nowhere")


def test_offline_takes_a_complete_answer_of_any_age_and_never_asks(client, server, clock):
    first = client.get_milestones(category="Sports")
    clock.now += 10_000_000
    server.close()
    assert same(client.get_milestones(category="Sports", offline=True), first)


def test_offline_without_an_answer_names_the_query(client, server):
    with pytest.raises(OfflineError, match='"category": "Sports"'):
        client.get_milestones(category="Sports", offline=True)
    assert server.requests == []


def test_answers_of_two_addresses_never_mix(make_client, server):
    make_client(server.url).get_milestones()
    with serve(rows=10, seed=5, still=True) as other:
        assert len(make_client(other.url).get_milestones()) == 10
    assert len(make_client(server.url).get_milestones(offline=True)) == 1200


def test_one_milestone_comes_as_a_row_of_the_table(client, server):
    raw = server.milestones()[7]
    row = client.get_milestone(raw["id"])
    assert row.name == raw["id"]
    expected = milestones_frame([raw]).iloc[0]
    pd.testing.assert_series_equal(row, expected, check_names=False)


def test_one_milestone_is_asked_for_once_an_hour(client, server, clock):
    known = server.milestones()[0]["id"]
    client.get_milestone(known)
    client.get_milestone(known)
    assert len(server.requests) == 1
    client.get_milestone(known, refresh=True)
    assert len(server.requests) == 2
    server.close()
    assert client.get_milestone(known, offline=True)["id"] == known


def test_an_unknown_id_is_not_found_and_keeps_the_servers_words(client):
    with pytest.raises(NotFoundError, match="nobody not found") as caught:
        client.get_milestone("nobody")
    assert caught.value.status_code == 404
    with pytest.raises(OfflineError):
        client.get_milestone("nobody", offline=True)


def test_an_id_cannot_leave_its_place_in_the_path(client, server):
    with pytest.raises(NotFoundError):
        client.get_milestone("a/../../x?limit=1")
    assert server.requests[0].path == "/milestones/a/../../x?limit=1"


@pytest.mark.parametrize("id_", ["", " ", "..", ".", None, 7])
def test_an_id_that_is_none_is_refused_before_any_request(client, server, id_):
    with pytest.raises(QueryError, match="id="):
        client.get_milestone(id_)
    assert server.requests == []


def test_competitions_come_as_a_typed_table(client):
    df = client.get_competitions()
    assert list(df.columns) == ["sport", "competition", "scopes"]
    assert [str(dtype) for dtype in df.dtypes] == ["str", "str", "list<item: string>[pyarrow]"]
    assert df.loc[df["sport"] == "All sports", "competition"].isna().all()
    assert df["competition"].notna().sum() > 5


def test_pages_can_be_taken_one_by_one(client, server):
    pages = client.iter_pages(limit=500)
    first = next(pages)
    assert len(server.requests) == 1
    check_milestones(first)
    assert same(pd.concat([first, *pages], ignore_index=True), truth(server))


def test_pages_of_a_fresh_answer_ask_nothing(client, server):
    client.get_milestones()
    asked = len(server.requests)
    assert [len(page) for page in client.iter_pages(limit=500, max_rows=600)] == [500, 100]
    assert len(server.requests) == asked


def test_pages_stop_at_max_rows(client, server):
    assert [len(page) for page in client.iter_pages(limit=500, max_rows=600)] == [500, 100]
    assert len(server.requests) == 2


WRONG = [
    {"limit": 0},
    {"limit": 501},
    {"limit": True},
    {"limit": "500"},
    {"max_rows": 0},
    {"max_rows": "all"},
    {"category": ""},
    {"type": ["a", "b"]},
    {"minimum_start_date": "tomorrow"},
    {"minimum_start_date": "2026-02-01", "maximum_start_date": "2026-01-01"},
    {"min_updated_ts": -1},
    {"progress": "yes"},
    {"refresh": 1},
    {"offline": None},
    {"refresh": True, "offline": True},
]


@pytest.mark.parametrize("arguments", WRONG, ids=str)
def test_wrong_arguments_are_refused_by_name_before_any_request(client, server, arguments):
    name = next(iter(arguments))
    with pytest.raises(QueryError, match=name):
        client.get_milestones(**arguments)
    assert server.requests == []


def test_unknown_arguments_are_type_errors_before_any_request(client, server):
    for function in (client.get_milestones, client.iter_pages, client.get_competitions):
        with pytest.raises(TypeError, match="categoria"):
            function(categoria="Sports")
    assert server.requests == []


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "ftp://example.com"},
        {"base_url": "http://example.com/v2"},
        {"base_url": "https://user:word@example.com"},
        {"base_url": "example.com"},
        {"base_url": 7},
        {"cache_dir": ""},
        {"cache_dir": 7},
        {"expire_after": "soon"},
        {"expire_after": -1},
        {"expire_after": float("nan")},
        {"expire_after": True},
        {"requests_per_second": 0},
        {"requests_per_second": float("inf")},
        {"timeout": 0},
        {"timeout": (1, 2, 3)},
        {"timeout": (5, None)},
        {"workers": 0},
        {"workers": 1.5},
        {"stale_if_error": "yes"},
    ],
    ids=str,
)
def test_wrong_settings_are_refused_by_name(tmp_path, settings):
    with pytest.raises(QueryError, match=next(iter(settings))):
        mk.MilestoneClient(**({"cache_dir": tmp_path} | settings))


def test_the_environment_names_address_and_folder(monkeypatch, tmp_path, server):
    monkeypatch.setenv("MILESTONE_KIT_BASE_URL", server.url)
    monkeypatch.setenv("MILESTONE_KIT_CACHE_DIR", str(tmp_path / "here"))
    with mk.MilestoneClient() as client:
        assert client.base_url == server.url
        client.get_milestones(max_rows=1)
    assert (tmp_path / "here" / "walks").is_dir()
    assert len(mk.get_milestones(max_rows=5)) == 5
    assert mk.get_milestone(server.milestones()[0]["id"]).name == server.milestones()[0]["id"]
    assert not mk.get_competitions().empty


def test_the_functions_offer_what_the_methods_offer():
    for name in ("get_milestones", "get_milestone", "get_competitions"):
        function = inspect.signature(getattr(mk, name)).parameters
        method = inspect.signature(getattr(mk.MilestoneClient, name)).parameters
        assert function.keys() - {"client"} == method.keys() - {"self"}
        assert all(p.kind is p.KEYWORD_ONLY for p in function.values() if p.name != "id")


def test_progress_is_told_after_each_page(client):
    told = []
    client.get_milestones(progress=lambda rows, pages: told.append((rows, pages)))
    assert told == [(500, 1), (1000, 2), (1200, 3)]


def test_a_bar_shows_only_when_asked_for_or_when_it_takes_long(make_client, server, capfd):
    make_client(server.url).get_milestones()
    assert capfd.readouterr().err == ""
    make_client(server.url).refresh(full=True, progress=True)
    assert "milestones: 1200 rows" in capfd.readouterr().err


def test_two_threads_asking_the_same_get_one_walk_and_two_right_answers(client, server, walked):
    server.script.delay(0.05)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(client.get_milestones())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = truth(server)
    assert len(answers) == 4
    assert all(same(df, expected) for df in answers)
    assert walked() == [1, 2, 3]


def test_the_cache_tells_what_it_holds_and_can_be_cleared(client, server):
    client.get_milestones(category="Sports")
    client.get_milestones(max_rows=1)
    client.get_competitions()
    info = client.cache_info()
    assert list(info["kind"]) == ["snapshot", "unfinished walk", "answers", "history"]
    assert info["rows"].iloc[-1] == info["rows"].iloc[0]
    assert json.loads(info["query"][0]) == {"category": "Sports"}
    assert (info["bytes"] > 0).all()
    client.clear_cache()
    assert list(client.cache_info()["kind"]) == ["history"]
    client.clear_cache(history=True)
    assert client.cache_info().empty
    with pytest.raises(OfflineError):
        client.get_milestones(category="Sports", offline=True)
    assert len(client.get_milestones()) == 1200


def test_changing_the_table_changes_no_later_answer(client):
    df = client.get_milestones()
    df["title"] = "changed"
    df.loc[0, "details"] = "changed"
    assert "changed" not in set(client.get_milestones()["title"])


def test_a_recorded_answer_can_be_fetched_from_a_file(tmp_path, make_client, server):
    page = tmp_path / "page.json"
    page.write_text(json.dumps({"milestones": server.milestones()[:20], "cursor": "whatever"}))
    with serve(file=page) as recorded:
        assert same(make_client(recorded.url).get_milestones(), truth(server).head(20))


def test_a_stale_answer_stands_in_only_when_allowed(make_client, server, clock):
    first = make_client(server.url).get_milestones()
    clock.now += 3601
    server.script.fail(500)
    with pytest.raises(mk.ApiError):
        make_client(server.url).get_milestones()
    with pytest.warns(StaleWarning, match="500"):
        df = make_client(server.url, stale_if_error=True).get_milestones()
    assert same(df, first)
    assert df.attrs[ATTRS_KEY]["stale"] is True


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_never_answered_by_a_stale_table(make_client, server, clock, status):
    client = make_client(server.url, stale_if_error=True)
    client.get_milestones()
    clock.now += 3601
    server.script.fail(status)
    with pytest.raises(mk.ApiError) as caught:
        client.get_milestones()
    assert caught.value.status_code == status
