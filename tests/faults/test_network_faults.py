"""Faults 7, 8, 12 to 18 and 30: servers and networks that fail, limit, drip, cut, flood or lead elsewhere."""

from __future__ import annotations

import email.utils
import gzip
import logging
import socket
import ssl
import struct
import threading
import time
import tracemalloc

import pandas as pd
import pytest
import trustme

import milestone_kit as mk
from milestone_kit.api.bodies import MAX_BODY_BYTES
from milestone_kit.api.transport import Retry, Transport
from milestone_kit.sandbox import ERROR_BODIES
from milestone_kit.table.schema import ATTRS_KEY, check_milestones
from tests.faults.bench import page, raw, truth
from tests.wire import PAGE, answer, wire

WORDS = "the sandbox was told to fail"


def test_fault_07_one_500_on_page_3(kept, server, clock, caplog):
    caplog.set_level(logging.DEBUG, logger="milestone_kit")
    server.script.fail(500, page=3, times=1)
    df = kept.client.get_milestones()
    pd.testing.assert_frame_equal(df, truth(server))
    assert df.attrs[ATTRS_KEY]["complete"] is True
    assert clock.slept == [0.5]
    (said,) = [r.getMessage() for r in caplog.records if r.levelno == logging.INFO and "attempt" in r.msg]
    assert said.startswith("attempt 1 failed, next in 0.50 s: GET http://127.0.0.1")
    assert said.endswith(f"the server answered 500: {WORDS}")
    assert any(r.getMessage().startswith("GET http") for r in caplog.records if r.levelno == logging.DEBUG)


@pytest.mark.parametrize("way", ["error", "asked", "allowed"])
def test_fault_08_always_500_from_page_3(make_kept, server, way):
    kept = make_kept(server, stale_if_error=way == "allowed")
    server.script.fail(500, from_page=3)
    if way == "allowed":
        with pytest.warns(mk.StaleWarning, match=rf"using the answer of 2026-.*because: .*{WORDS}"):
            df = kept.client.get_milestones()
        pd.testing.assert_frame_equal(df, kept.before)
        assert df.attrs[ATTRS_KEY]["stale"] is True
    elif way == "asked":
        pd.testing.assert_frame_equal(kept.client.get_milestones(offline=True), kept.before)
    else:
        with pytest.raises(mk.IncompleteError, match=rf"after 2 pages.*{WORDS}.*ask again") as caught:
            kept.client.get_milestones()
        check_milestones(caught.value.partial)
        pd.testing.assert_frame_equal(caught.value.partial, truth(server).head(1000))
        assert caught.value.partial.attrs[ATTRS_KEY]["complete"] is False
    assert kept.survives()
    server.script.clear()
    pd.testing.assert_frame_equal(kept.client.get_milestones(), truth(server))


@pytest.mark.parametrize("workers", [1, 4])
def test_fault_12_every_tenth_answer_is_429_without_retry_after(make_client, server, clock, workers):
    client = make_client(server.url, requests_per_second=15, workers=workers)
    server.script.fail(429, every=10)
    began = clock.now
    pd.testing.assert_frame_equal(client.get_milestones(limit=20), truth(server))
    refused = sum(request.status == 429 for request in server.requests)
    needed = len(server.requests) - refused
    assert needed >= 60
    assert 1 <= refused <= needed / 9 + 1
    # on the clock that the sleeps move: never faster than the pace, and slower after a refusal
    assert clock.now - began >= (len(server.requests) - 4) / 15


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [("1", 1.0), ("garbage", 0.5), ("Thu, 01 Jan 2026 00:00:00 GMT", 0.5), ("in 7 s", 7.0)],
    ids=["one second", "garbage", "a past date", "a date ahead"],
)
def test_fault_13_retry_after_that_can_be_waited_out(client, server, clock, retry_after, waited):
    if retry_after == "in 7 s":
        retry_after = email.utils.formatdate(clock.now + 7, usegmt=True)
    server.script.fail(429, retry_after=retry_after, page=2, times=1)
    pd.testing.assert_frame_equal(client.get_milestones(), truth(server))
    assert clock.slept == [waited]


def test_fault_13_retry_after_of_a_day(kept, server, clock):
    server.script.fail(429, retry_after=86_400)
    with pytest.raises(mk.RateLimitError, match=f"429: {WORDS}") as caught:
        kept.client.get_milestones()
    assert caught.value.retry_after == 86_400
    assert clock.slept == []
    assert kept.survives()


@pytest.mark.parametrize("body", ERROR_BODIES)
@pytest.mark.parametrize("status", [400, 401, 404])
def test_fault_14_refusals(make_kept, server, clock, status, body):
    kept = make_kept(server, stale_if_error=True)
    server.script.fail(status, body=body)
    with pytest.raises(mk.ApiError, match=rf"(?i)the server answered {status}: .*{WORDS}") as caught:
        kept.client.get_milestones()
    assert caught.value.status_code == status
    assert WORDS in caught.value.body.lower()
    assert "<" not in caught.value.body
    assert isinstance(caught.value, mk.NotFoundError) == (status == 404)
    assert not caught.value.retryable
    assert len(server.requests) == 1
    assert clock.slept == []
    assert kept.survives()


def reset(connection):
    """Close with RST and not with FIN, in the middle of the body."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_fault_15_connection_reset(make_client, clock):
    with wire(*[reset] * 6) as (url, heard):
        client = make_client(url)
        with pytest.raises(mk.NetworkError, match=r"no whole answer arrived") as caught:
            client.get_milestones()
    assert len(heard) == 6
    assert clock.slept == [0.5, 1, 2, 4, 8]
    assert caught.value.retryable


def drips(head, endless):
    def drip(connection):
        connection.sendall(head)
        try:
            for _ in range(300):  # six seconds: for ever, to a client that gives up after a quarter of one
                connection.sendall(endless)
                time.sleep(0.02)
        except OSError:
            return  # the client has hung up

    return drip


@pytest.mark.parametrize(
    "drip",
    [
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
        drips(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        drips(b"HTTP/1.1 ", b"2"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX-Slow: ", b"a"),
    ],
    ids=["body", "header", "status line", "interim answers", "chunk size", "trailer"],
)
def test_fault_15_answer_that_drips(tmp_path, drip):
    """Every byte comes well within the read timeout of five seconds; the wall clock is the real one."""
    retry = Retry(attempts=2, attempt_seconds=0.25, first_wait=0.01, total_seconds=5)
    with (
        wire(drip, drip) as (url, heard),
        mk.MilestoneClient(base_url=url, cache_dir=tmp_path, timeout=(5, 5), retry=retry) as client,
    ):
        began = time.monotonic()
        with pytest.raises(mk.NetworkError, match=r"took longer than 0\.25 s") as caught:
            client.get_milestones()
        took = time.monotonic() - began
    assert 0.5 <= took < 6
    assert caught.value.retryable
    assert len(heard) == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_fault_15_proxy_that_drips(scheme):
    """Of the API's own answer, and of the proxy's word that it is connected."""
    retry = Retry(attempts=1, attempt_seconds=0.25)
    drip = drips(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a")
    with wire(drip) as (url, heard):
        transport = Transport(f"{scheme}://api.example", requests_per_second=9, timeout=(5, 5), retry=retry)
        session = transport.session()
        session.proxies = {scheme: url}
        began = time.monotonic()
        with pytest.raises(mk.NetworkError, match=r"took longer than 0\.25 s"):
            transport.get(session, "/milestones")
        assert time.monotonic() - began < 2
        transport.close()
    assert heard[0].startswith("GET http://api.example/" if scheme == "http" else "CONNECT api.example:443")


SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n" + page(raw())
TRUNCATED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + page(raw())[:-30]


@pytest.mark.parametrize("half", [SHORT, TRUNCATED], ids=["shorter than said", "truncated JSON"])
def test_fault_16_half_an_answer(make_client, clock, half):
    with wire(half, half, answer(page(raw()))) as (url, heard):
        df = make_client(url).get_milestones()
    assert df["id"].tolist() == ["m1"]
    assert len(heard) == 3
    assert clock.slept == [0.5, 1]


@pytest.mark.parametrize("half", [SHORT, TRUNCATED], ids=["shorter than said", "truncated JSON"])
def test_fault_16_half_an_answer_is_never_kept(make_client, tmp_path, half):
    with wire(*[half] * 6) as (url, heard):
        client = make_client(url)
        with pytest.raises(mk.NetworkError):
            client.get_milestones()
        with pytest.raises(mk.OfflineError):
            client.get_milestones(offline=True)
    assert len(heard) == 6
    kept = [path.read_bytes() for path in tmp_path.rglob("*.sqlite")]
    assert kept
    assert not [content for content in kept if b"KXGAME" in content]


def test_fault_17_html_with_200(kept, server):
    body = b"<html><h1>Maintenance</h1></html>"
    server.script.replace(body, content_type="text/html")
    with pytest.raises(mk.SchemaError, match=r"not JSON.*begins '<html><h1>Maintenance"):
        kept.client.get_milestones()
    assert len(server.requests) == 1
    assert kept.survives()
    server.script.clear()
    pd.testing.assert_frame_equal(kept.client.get_milestones(), truth(server))


def test_fault_18_small_gzip_that_unpacks_to_200_mb(make_client):
    packed = gzip.compress(b" " * 200_000_000, 1)
    assert len(packed) < 1_000_000
    with wire(answer(packed, headers="Content-Encoding: gzip\r\n")) as (url, heard):
        client = make_client(url)
        tracemalloc.start()
        try:
            with pytest.raises(mk.NetworkError, match=f"larger than {MAX_BODY_BYTES} bytes"):
                client.get_milestones()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 2 * MAX_BODY_BYTES
    assert len(heard) == 1


@pytest.mark.parametrize("target", ["https://elsewhere.example/v2", "http://127.0.0.1:1/v2", "/v2/elsewhere"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_fault_30_redirect(make_kept, server, clock, status, target):
    kept = make_kept(server, stale_if_error=status in {301, 308})  # the others are passing: fault 60
    server.script.replace(b"", status=status, headers={"Location": target})
    with pytest.raises(mk.ApiError, match=f"redirects to '{target}'; redirects are not followed") as caught:
        kept.client.get_milestones()
    assert caught.value.status_code == status
    assert len(server.requests) == 1
    assert clock.slept == []
    assert kept.survives()


class Secure:
    """A TLS server on loopback; `heard` tells what came through to it."""

    def __init__(self, certificate):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heard = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            try:
                if not self._greet(connection):
                    connection.close()
                    continue
                with self._context.wrap_socket(connection, server_side=True) as secure:
                    self.heard.append(secure.recv(65536))
                    secure.sendall(answer(PAGE))
            except OSError:
                connection.close()

    def _greet(self, _connection):
        """Do what comes before the handshake; tell whether there shall be one."""
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    made.cert_pem.write_to_path(path)
    return made, str(path)


def long_ago(authority):
    import datetime as dt

    return authority.issue_cert("127.0.0.1", not_after=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))


BAD = {
    "of an unknown authority": (lambda _: trustme.CA().issue_cert("127.0.0.1"), True),
    "of another host": (lambda authority: authority.issue_cert("elsewhere.example"), True),
    "expired": (long_ago, True),
    "good, but nobody named its authority": (lambda authority: authority.issue_cert("127.0.0.1"), False),
}


@pytest.mark.parametrize("kind", BAD)
def test_fault_30_bad_certificate(clock, authority, kind):
    make, trusted = BAD[kind]
    with Secure(make(authority[0])) as server:
        transport = Transport(server.url, requests_per_second=100, timeout=(5, 5), retry=clock.retry())
        session = transport.session()
        session.verify = authority[1] if trusted else True
        with pytest.raises(mk.NetworkError, match="certificate was refused") as caught:
            transport.get(session, "/milestones")
        transport.close()
    assert server.heard == []
    assert not caught.value.retryable
    assert clock.slept == []


def test_fault_30_bad_certificate_as_a_user_meets_it(make_client, clock):
    with Secure(trustme.CA().issue_cert("127.0.0.1")) as server:
        client = make_client(server.url, stale_if_error=True)
        with pytest.raises(mk.NetworkError, match="certificate was refused"):
            client.get_milestones()
    assert (server.heard, clock.slept) == ([], [])


def test_fault_30_good_certificate_of_a_named_authority(clock, authority):
    """The server above is refused for its certificate and for nothing else."""
    with Secure(authority[0].issue_cert("127.0.0.1")) as server:
        transport = Transport(server.url, requests_per_second=100, timeout=(5, 5), retry=clock.retry())
        session = transport.session()
        session.verify = authority[1]
        assert transport.get(session, "/milestones")["milestones"] == []
        transport.close()
