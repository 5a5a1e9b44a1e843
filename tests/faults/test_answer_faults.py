"""Faults 59, 60 and 71: answers that are none, in ways that HTTP, TLS and JSON allow."""

from __future__ import annotations

import gzip
import socket

import pandas as pd
import pytest
import trustme

import milestone_kit as mk
from milestone_kit.sandbox import ERROR_BODIES
from tests.faults.bench import page, raw, truth
from tests.faults.test_network_faults import Secure
from tests.wire import answer, wire

WORDS = "the sandbox was told to fail"
ALERT = bytes([21, 3, 3, 0, 2, 2, 80])  # internal_error, fatal


class Stumbling(Secure):
    """A TLS server whose first connections get some bytes that are no handshake."""

    def __init__(self, certificate, *first):
        self._first = list(first)
        super().__init__(certificate)

    def _greet(self, connection):
        if not self._first:
            return True
        connection.recv(65536)
        connection.sendall(self._first.pop(0))
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)  # so that what was sent is not lost in a reset
        return False


@pytest.fixture
def authority(tmp_path, monkeypatch):
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@pytest.mark.parametrize(
    "first", [ALERT, answer(b"busy", status="503 Busy"), b""], ids=["alert", "503", "end"]
)
def test_fault_59_no_handshake_at_first(make_client, clock, authority, first):
    with Stumbling(authority.issue_cert("127.0.0.1"), first) as server:
        assert make_client(server.url).get_milestones().empty
    assert clock.slept == [0.5]
    assert len(server.heard) == 1


def test_fault_59_no_handshake_at_all(make_client, clock, authority):
    with (
        Stumbling(authority.issue_cert("127.0.0.1"), *[ALERT] * 6) as server,
        pytest.raises(mk.NetworkError, match="no secure connection came about") as caught,
    ):
        make_client(server.url).get_milestones()
    assert caught.value.retryable
    assert len(clock.slept) == 5


def test_fault_59_authorities_in_a_file_that_is_not_there(make_client, clock, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "nowhere.pem")
    with (
        Secure(trustme.CA().issue_cert("127.0.0.1")) as server,
        pytest.raises(mk.NetworkError, match=r"SSL_CERT_FILE='nowhere\.pem': there is no such file"),
    ):
        make_client(server.url).get_milestones()
    assert (server.heard, clock.slept) == ([], [])


def test_fault_59_certificate_that_is_refused(make_client, clock, authority):
    with (
        Secure(trustme.CA().issue_cert("127.0.0.1")) as server,
        pytest.raises(mk.NetworkError, match="certificate was refused") as caught,
    ):
        make_client(server.url, stale_if_error=True).get_milestones()
    assert not caught.value.retryable
    assert (server.heard, clock.slept) == ([], [])


TOLD = {name: body for name, body in ERROR_BODIES.items() if name != "html"}


@pytest.mark.parametrize("body", TOLD)
def test_fault_60_error_with_200(make_kept, server, clock, body):
    kept = make_kept(server)
    server.script.replace(TOLD[body])
    with pytest.raises(mk.ApiError, match=f"answered 200, and an error: .*{WORDS}") as caught:
        kept.client.get_milestones()
    assert WORDS in caught.value.body
    assert len(server.requests) == 6
    assert kept.survives()
    server.script.clear()
    server.script.replace(TOLD[body], times=2)
    pd.testing.assert_frame_equal(kept.client.get_milestones(), truth(server))


def test_fault_60_error_with_200_in_the_middle(kept, server):
    server.script.replace(TOLD["error"], page=3)
    with pytest.raises(mk.IncompleteError, match=f"2 pages.*{WORDS}"):
        kept.client.get_milestones()
    assert kept.survives()


NO_ANSWERS = {
    "204": (204, b"", 6, "answered 204"),
    "302": (302, b"", 1, "redirects to"),
    "408": (408, ERROR_BODIES["msg"], 6, f"answered 408: {WORDS}"),
    "425": (425, ERROR_BODIES["error"], 6, f"answered 425: {WORDS}"),
    "error": (200, ERROR_BODIES["error"], 6, f"an error: {WORDS}"),
    "HTML": (200, ERROR_BODIES["html"], 1, "not JSON"),
}


@pytest.mark.parametrize("kind", NO_ANSWERS)
@pytest.mark.parametrize("allowed", [True, False])
def test_fault_60_no_answer(make_kept, server, kind, allowed):
    """Tried again where that may help, and the older answer stands in where it may."""
    status, body, asked, words = NO_ANSWERS[kind]
    kept = make_kept(server, stale_if_error=allowed)
    single = kept.before["id"][0]
    kept.client.get_milestone(single)
    server._log.clear()
    server.script.replace(body, status=status, headers={"Location": "/login"} if status == 302 else {})
    if allowed:
        with pytest.warns(mk.StaleWarning, match=f"because: .*{words}"):
            pd.testing.assert_frame_equal(kept.client.get_milestones(), kept.before)
        with pytest.warns(mk.StaleWarning, match=f"because: .*{words}"):
            kept.client.get_milestone(single, refresh=True)
        asked *= 2
    else:
        with pytest.raises(mk.MilestoneKitError, match=words):
            kept.client.get_milestones()
    assert len(server.requests) == asked
    assert kept.survives()


def packed(*parts):
    return answer(b"".join(parts), headers="Content-Encoding: gzip\r\n")


BODY = page(raw())
HALF = len(BODY) // 2
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
RIGHT = {
    "two gzip members": packed(gzip.compress(BODY[:HALF]), gzip.compress(BODY[HALF:])),
    "many gzip members": packed(*[gzip.compress(BODY[at : at + 1]) for at in range(len(BODY))]),
    "padded gzip": packed(gzip.compress(BODY), bytes(512)),
    "103 before 200": INTERIM + answer(BODY),
    "103 twice and 100": INTERIM * 2 + b"HTTP/1.1 100 Continue\r\n\r\n" + answer(BODY),
    "empty Content-Encoding": answer(BODY, headers="Content-Encoding: \r\n"),
    "Content-Encoding identity": answer(BODY, headers="Content-Encoding: identity\r\n"),
    "byte order mark": answer(b"\xef\xbb\xbf" + BODY),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_fault_71_right_answers_in_odd_clothes(make_client, clock, kind):
    with wire(RIGHT[kind]) as (url, _):
        df = make_client(url).get_milestones()
        assert df["id"].tolist() == ["m1"]
        pd.testing.assert_frame_equal(make_client(url).get_milestones(offline=True), df)
    assert clock.slept == []


def test_fault_71_gzip_members_that_end_too_early(make_client, clock):
    first, second = gzip.compress(BODY[:HALF]), gzip.compress(BODY[HALF:])
    with wire(packed(first, second[:-6]), packed(first, second)) as (url, _):
        assert len(make_client(url).get_milestones()) == 1
    assert clock.slept == [0.5]


def test_fault_71_one_warning_for_half_characters_on_many_pages(make_client):
    pages = [answer(page(raw(id=f"m{n}", title="A\ud800B"), cursor=str(n) * (n < 11))) for n in range(12)]
    last = answer(page(raw(id="m11")))  # what follows the last page: nothing but its own row
    with wire(*pages, last, answer()) as (url, heard), pytest.warns(mk.DataWarning) as told:
        df = make_client(url, workers=1).get_milestones()
    assert len(heard) == 14, "twelve pages, what may follow them, and what changed meanwhile"
    assert len(df) == 12
    assert [str(one.message) for one in told] == ["12 half characters (lone surrogates) were replaced"]
