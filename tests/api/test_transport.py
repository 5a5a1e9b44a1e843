from __future__ import annotations

import email.utils
import gzip
import sqlite3
import time
from contextlib import contextmanager

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.api.refusals import server_words
from milestone_kit.api.transport import Retry, Transport
from milestone_kit.core.strict_json import JSONTextError, decode
from milestone_kit.errors import (
    AddressWarning,
    ApiError,
    CacheWarning,
    DataWarning,
    NetworkError,
    NotFoundError,
    RateLimitError,
    SchemaError,
)
from milestone_kit.sandbox import serve
from tests.wire import PAGE, answer, wire


@contextmanager
def transport(url, clock, **options):
    made = Transport(
        url, requests_per_second=10_000, timeout=(5, 5), retry=clock.retry(**options), busy_seconds=0.05
    )
    try:
        yield made
    finally:
        made.close()


def get(url, clock, **options):
    with transport(url, clock, **options) as made:
        return made.get(made.session(), "/x")


def test_an_object_is_decoded(clock):
    with wire(answer(b'{"a": 1}')) as (url, _):
        assert get(url, clock) == {"a": 1}


def test_a_request_says_who_asks_and_nothing_about_the_user(clock):
    cookie = answer(headers="Set-Cookie: id=7\r\n")
    with wire(cookie, cookie) as (url, heard), transport(url, clock) as made:
        session = made.session()
        made.get(session, "/x")
        made.get(session, "/y")
    for request in heard:
        assert "User-Agent: milestone_kit/" in request
        assert "Authorization" not in request
        assert "Cookie" not in request


def test_credentials_kept_for_a_host_are_not_sent_to_it(clock, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.example login me password secret")
    monkeypatch.setenv("NETRC", str(netrc))
    with transport("https://api.example", clock) as made:
        prepared = made.session().prepare_request(requests.Request("GET", "https://api.example/x"))
    assert "Authorization" not in prepared.headers


def test_a_gzip_answer_is_unpacked(clock):
    packed = answer(gzip.compress(PAGE), headers="Content-Encoding: gzip\r\n")
    with wire(packed) as (url, _):
        assert get(url, clock) == {"milestones": []}


def test_a_chunked_answer_is_read_whole(clock):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in PAGE) + b"0\r\n\r\n"
    with wire(head + chunks) as (url, _):
        assert get(url, clock) == {"milestones": []}


def test_a_chunked_answer_that_stops_is_retried(clock):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    with wire(head + b'5\r\n{"mil\r\n', answer()) as (url, _):
        assert get(url, clock) == {"milestones": []}
    assert clock.slept == [0.5]


def test_a_packed_answer_that_stops_is_retried(clock):
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    with wire(head + gzip.compress(PAGE)[:-4], answer()) as (url, _):
        assert get(url, clock) == {"milestones": []}
    assert clock.slept == [0.5]


def test_an_answer_that_unpacks_beyond_the_cap_is_refused_in_bounded_memory(clock):
    import tracemalloc

    bomb = answer(gzip.compress(b" " * 200_000_000, 1), headers="Content-Encoding: gzip\r\n")
    with wire(bomb) as (url, heard):
        tracemalloc.start()
        with pytest.raises(NetworkError, match="larger than"):
            get(url, clock)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 300_000_000
    assert len(heard) == 1


def test_a_packing_that_was_not_asked_for_is_refused(clock):
    with (
        wire(answer(headers="Content-Encoding: br\r\n")) as (url, _),
        pytest.raises(NetworkError, match="'br'"),
    ):
        get(url, clock)


def test_an_answer_that_drips_is_given_up_within_the_budget_of_an_attempt(clock):
    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            for _ in range(1000):
                clock.now += 1
                connection.sendall(b" ")
                time.sleep(0.0005)  # so that each byte travels alone
        except OSError:
            pass

    with wire(drip, drip) as (url, heard), pytest.raises(NetworkError, match="longer than 60 s"):
        get(url, clock, attempts=2)
    assert len(heard) == 2


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_refused(clock, status):
    redirect = answer(b"", status=status, headers="Location: https://elsewhere.example/\r\n")
    with wire(redirect) as (url, heard), pytest.raises(ApiError, match=r"elsewhere\.example.*not followed"):
        get(url, clock)
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [
        ("1", 1.0),
        ("0", 0.5),
        ("-3", 0.5),
        ("soon", 0.5),
        ("1.5", 0.5),
        ("\u0661", 0.5),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.5),
        ("Thu, 32 Jan 2026 00:00:00 GMT", 0.5),
    ],
)
def test_a_retry_after_is_honoured_where_it_makes_sense(clock, retry_after, waited):
    refusal = answer(b"{}", status="429 Too Many", headers=f"Retry-After: {retry_after}\r\n")
    with wire(refusal, answer()) as (url, _):
        get(url, clock)
    assert clock.slept == [waited]


@pytest.mark.parametrize("day_off", [-86_400, 0, 86_400])
def test_a_retry_after_date_is_read_by_the_servers_own_clock(clock, day_off):
    there = clock.now + day_off
    dates = [email.utils.formatdate(moment, usegmt=True) for moment in (there, there + 7)]
    refusal = answer(b"{}", status="503 Busy", headers="Date: {}\r\nRetry-After: {}\r\n".format(*dates))
    with wire(refusal, answer()) as (url, _):
        get(url, clock)
    assert clock.slept == [7.0]


def test_a_retry_after_date_without_the_servers_clock_is_read_by_ours(clock):
    until = email.utils.formatdate(clock.now + 9, usegmt=True)
    with wire(answer(b"{}", status="429 Too Many", headers=f"Retry-After: {until}\r\n"), answer()) as (
        url,
        _,
    ):
        get(url, clock)
    assert clock.slept == [9.0]


def test_waiting_stops_before_the_total_budget_is_spent(clock):
    refusal = answer(b"{}", status="429 Too Many", headers="Retry-After: 50\r\n")
    with wire(*[refusal] * 6) as (url, heard), pytest.raises(RateLimitError) as caught:
        get(url, clock)
    assert clock.slept == [50, 50]
    assert len(heard) == 3
    assert caught.value.retry_after == 50


def test_backoff_grows_to_a_bound_and_jitter_shortens_it_by_at_most_half():
    long = Retry(jitter=lambda: 0.0)
    short = Retry(jitter=lambda: 1.0)
    assert [long.backoff(n) for n in (1, 2, 3, 7, 50)] == [0.5, 1, 2, 20, 20]
    assert short.backoff(3) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(400, ApiError), (404, NotFoundError), (429, RateLimitError), (503, ApiError)]
)
def test_each_refusal_has_its_type(clock, status, kind):
    with wire(answer(b'{"msg": "no"}', status=f"{status} No")) as (url, _), pytest.raises(kind) as caught:
        get(url, clock, attempts=1)
    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.body) == (status, "no")
    assert caught.value.retryable == (status in {429, 503})


def test_a_lone_surrogate_is_replaced_with_a_warning(clock):
    with wire(answer(rb'{"title": "A\ud800B"}')) as (url, _), pytest.warns(DataWarning, match="1 half"):
        assert get(url, clock) == {"title": "A\ufffdB"}


def test_requests_keep_their_pace():
    slept = []
    ticking = Retry(sleep=lambda seconds: (slept.append(seconds), time.sleep(seconds)))
    with wire(*[answer()] * 10) as (url, _):
        made = Transport(url, requests_per_second=50, timeout=(5, 5), retry=ticking)
        session = made.session()
        began = time.monotonic()
        for _ in range(10):
            made.get(session, "/x")
        took = time.monotonic() - began
        made.close()
    assert slept  # six go at once, the other four wait for their turn
    assert took > 3 / 50


def test_only_good_answers_are_kept(clock, tmp_path):
    bad = [answer(b"<html>"), answer(b'{"a": '), answer(b"{}", status="404 Not Found"), answer(b"[]")]
    with wire(*bad, answer(b'{"a": 1}')) as (url, heard), transport(url, clock, attempts=1) as made:
        session = made.cached_session(tmp_path / "pages.sqlite")
        for error in (SchemaError, NetworkError, NotFoundError, SchemaError):
            with pytest.raises(error):
                made.get(session, "/x")
        assert made.kept(session, "/x") is None
        assert made.get(session, "/x") == made.get(session, "/x") == made.kept(session, "/x") == {"a": 1}
        session.cache.close()
    assert len(heard) == 5


@pytest.mark.parametrize("garbage", [b"garbage" * 1000, b"", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_cache_file_that_is_no_database_is_put_aside(clock, tmp_path, garbage, recwarn):
    path = tmp_path / "pages.sqlite"
    path.write_bytes(garbage)
    with wire(answer(), answer()) as (url, heard), transport(url, clock) as made:
        session = made.cached_session(path)
        made.get(session, "/x")
        made.get(session, "/x")
        session.cache.close()
    assert len(heard) == 1
    aside = tmp_path / "pages.sqlite.bad"
    assert aside.exists() == bool(garbage)
    assert [warning.category for warning in recwarn] == [CacheWarning] * bool(garbage)


def test_a_planted_pickle_or_a_broken_row_is_a_miss_and_nothing_runs(clock, tmp_path):
    import pickle

    class Planted:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    path = tmp_path / "pages.sqlite"
    with wire(*[answer()] * 8) as (url, heard), transport(url, clock) as made:
        session = made.cached_session(path)
        made.get(session, "/x")
        with sqlite3.connect(path) as database:
            good = database.execute("SELECT value FROM responses").fetchone()[0]
        database.close()
        rows = [pickle.dumps(Planted()), b"{}", b"[]", b'{"url": 1}', b"\xff", good[:-3], good[:-17] + b"7"]
        for row in rows:
            with sqlite3.connect(path) as database:
                database.execute("UPDATE responses SET value = ?", (row,))
            database.close()
            with pytest.warns(CacheWarning, match="asked for again"):
                assert made.get(session, "/x") == {"milestones": []}
        session.cache.close()
    assert len(heard) == 8
    assert not tmp_path.joinpath("ran").exists()


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_cache_file_costs_a_bounded_wait_and_a_warning(clock, tmp_path, kind):
    path = tmp_path / "pages.sqlite"
    with wire(answer(), answer()) as (url, _), transport(url, clock) as made:
        session = made.cached_session(path)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute(f"BEGIN {kind}")
        with pytest.warns(CacheWarning, match="locked"):
            assert made.get(session, "/x") == {"milestones": []}
        assert made.get(session, "/x") == {"milestones": []}
        holder.execute("ROLLBACK")
        holder.close()
        session.cache.close()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error":"bad limit"}', "bad limit"),
        (b'{"error":{"code":"x","message":"bad limit"}}', "x: bad limit"),
        (b'{"msg":"bad limit"}', "bad limit"),
        (b'{"code":"x","message":"bad limit","details":"1..500","service":"m"}', "x: bad limit: 1..500"),
        (b"<html><style>a{}</style><script>evil()</script><h1>Bad &amp; worse</h1></html>", "Bad & worse"),
        (b"plain\x1b[31m text\n\n", "plain [31m text"),
        (b"", ""),
        (b"null", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"other": 1}', "{'other': 1}"),
    ],
)
def test_the_servers_words_are_found_in_any_error_body(body, words):
    assert server_words(body) == words


@given(st.binary(max_size=400))
def test_the_servers_words_are_one_short_line_whatever_was_sent(body):
    words = server_words(body)
    assert len(words) <= 300
    assert words.isprintable()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), json_values, min_size=1), st.data())
def test_json_cut_anywhere_is_told_from_json_that_is_wrong(value, data):
    import json

    text = json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode()
    assert decode(text) == (value, 0)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(JSONTextError) as caught:
        decode(cut)
    assert caught.value.cut_short


@pytest.mark.parametrize(
    "text", [b"<html>", b"{'a': 1}", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": "\xff"}', b"[1,]"]
)
def test_wrong_json_is_not_taken_for_a_cut(text):
    with pytest.raises(JSONTextError) as caught:
        decode(text)
    assert not caught.value.cut_short


def test_where_a_host_never_answers_the_older_one_is_asked_and_that_is_told_once(clock):
    with serve(rows=3) as server:
        made = Transport(
            "http://127.0.0.1:1/trade-api/v2",
            requests_per_second=1000,
            timeout=(1, 1),
            retry=clock.retry(attempts=2),
            older_url=server.url,
        )
        session = made.session()
        with pytest.warns(AddressWarning, match="does not answer; http.* is asked instead"):
            first = made.get(session, "/milestones", {"limit": "3"})
        assert made.get(session, "/milestones", {"limit": "3"}) == first
        assert made.base_url == server.url
        made.close()


def test_a_host_that_answers_is_the_address_whatever_it_answers_later(clock):
    with serve(rows=3) as server:
        made = Transport(
            server.url,
            requests_per_second=1000,
            timeout=(1, 1),
            retry=clock.retry(attempts=1),
            older_url="http://127.0.0.1:1",
        )
        session = made.session()
        made.get(session, "/milestones", {"limit": "3"})
        server.script.drop(reset=True)
        with pytest.raises(NetworkError):
            made.get(session, "/milestones", {"limit": "3"})
        assert made.base_url == server.url
        made.close()
