"""What identifies or endangers a user: never sent unasked, never kept, never switched off by accident."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import traceback
from pathlib import Path

import pytest
import requests
import trustme
from packaging.requirements import Requirement
from packaging.version import Version

import milestone_kit as mk
from milestone_kit.api.transport import Transport
from milestone_kit.cli import main
from tests.faults.test_network_faults import Secure
from tests.wire import answer, wire

SECRETS = {
    "Authorization": "Bearer secret-1",
    "Proxy-Authorization": "Basic secret-2",
    "Cookie": "session=secret-3",
    "X-API-Key": "secret-4",
    "KALSHI-ACCESS-KEY": "secret-5",
    "KALSHI-ACCESS-SIGNATURE": "secret-6",
    "KALSHI-ACCESS-TIMESTAMP": "secret-7",
}


@pytest.fixture
def transport(clock):
    made = []

    def make(url):
        made.append(Transport(url, requests_per_second=10_000, timeout=(5, 5), retry=clock.retry(attempts=1)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_headers_that_a_user_adds_never_reach_the_cache(transport, tmp_path):
    cookie = answer(b'{"a": 1}', headers="Set-Cookie: id=secret-8\r\nX-Trace: secret-9\r\n")
    with wire(cookie, cookie) as (url, heard):
        made = transport(url)
        session = made.cached_session(tmp_path / "pages.sqlite")
        session.headers.update(SECRETS)
        assert made.get(session, "/x") == made.get(session, "/x") == {"a": 1}
        made.get(session, "/y")
        session.cache.close()
    assert len(heard) == 2
    assert "secret-5" in heard[0], "what a user adds is sent, which is what the user wants"
    assert "secret-8" not in heard[1], "what the server sets is not sent back"
    kept = [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()]
    assert kept
    assert not [content for content in kept if b"secret" in content or b"KALSHI-ACCESS" in content]


def test_nothing_in_a_whole_cache_folder_tells_who_asked(make_client, server, tmp_path, monkeypatch):
    monkeypatch.setenv("USER", "secret-user")
    client = make_client(server.url)
    client.get_milestones()
    client.get_milestone(server.milestones()[0]["id"])
    server.script.fail(500, page=3)
    with pytest.raises(mk.IncompleteError):
        client.refresh(full=True)
    kept = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(kept) >= 4
    for word in (b"secret-user", b"User-Agent", b"Cookie", b"Authorization"):
        assert not [content for content in kept if word in content]


def test_credentials_in_netrc_are_not_sent(transport, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\nmachine 127.0.0.1 login me password secret")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with wire(answer()) as (url, heard):
        made = transport(url)
        session = made.session()
        session.trust_env = True  # as it is for any address but this machine's
        made.get(session, "/x")
    assert "Authorization" not in heard[0]
    assert requests.utils.get_netrc_auth("http://127.0.0.1/x") == ("me", "secret"), "it was there to be sent"


@pytest.mark.parametrize("off", [False, None, "", 0], ids=repr)
def test_certificates_are_checked_whatever_the_session_says(transport, off):
    with Secure(trustme.CA().issue_cert("127.0.0.1")) as server:
        made = transport(server.url)
        session = made.session()
        session.verify = off
        with pytest.raises(mk.NetworkError, match="certificate was refused"):
            made.get(session, "/x")
        with pytest.raises(mk.NetworkError, match="certificate was refused"):
            made.get(made.session(), "/x", verify=off)
    assert server.heard == []


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_certificates_are_checked_whatever_the_environment_says(transport, monkeypatch, value):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PYTHONHTTPSVERIFY"):
        monkeypatch.setenv(name, value)
    with Secure(trustme.CA().issue_cert("127.0.0.1")) as server:
        made = transport(server.url)
        session = made.session()
        session.trust_env = True
        with pytest.raises(mk.NetworkError):
            made.get(session, "/x")
    assert server.heard == []


def test_an_authority_that_the_environment_names_is_trusted(transport, monkeypatch, tmp_path):
    """Behind the proxy of a company that is what keeps people from switching checks off."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with Secure(authority.issue_cert("127.0.0.1")) as server:
        made = transport(server.url)
        session = made.session()
        session.trust_env = True
        assert made.get(session, "/x")["milestones"] == []
    assert len(server.heard) == 1


def test_a_plain_http_address_elsewhere_or_one_with_a_password_is_refused():
    for url in ("http://api.elections.kalshi.com/trade-api/v2", "https://me:secret@api.example/v2"):
        with pytest.raises(mk.QueryError, match="base_url"):
            mk.MilestoneClient(base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/v2?key=s3cret",
        "https://api.example/v2?s3cret",
        "https://api.example/v2#s3cret",
        "https://me:s3cret@api.example/v2",
        "https://s3cret@api.example/v2",
        "https://me:pa/s3cret@api.example/v2",
        "https://me:pa?s3cret#s3cret@api.example/v2",
        "https://me:s3cret@@api.example/v2",
        "http://api.example/s3cret/v2",
        "https://api.example:s3cret/v2",
        "https://[s3cret/v2",
        "ftp://api.example/s3cret",
        "me:s3cret@api.example",
        "https://api.example/s3cret?a=b",
        "https://api.example/a s3cret",
        "\nhttps://api.example/s3cret",
        "https://:s3cret",
        "//api.example/s3cret",
        b"https://me:s3cret@api.example/v2",
        ["https://me:s3cret@api.example/v2"],
    ],
)
def test_fault_67_secret_in_an_address_that_is_refused(url):
    with pytest.raises(mk.QueryError, match="base_url") as caught:
        mk.MilestoneClient(base_url=url)
    assert "s3cret" not in "".join(traceback.format_exception_only(caught.value))
    assert caught.value.__cause__ is None


def test_fault_67_secret_in_an_address_that_is_used(server, make_client, capsys, tmp_path):
    """A gateway may have its token in the path: what is shown, kept in tables and printed has it not."""
    url = server.url.removesuffix("/trade-api/v2") + "/s3cret/token-s3cret/v2"
    client = make_client(url)
    assert client.base_url == url
    with pytest.raises(mk.ApiError):
        client.get_milestones()
    assert "s3cret" not in repr(client)
    assert "/***/***/v2" in repr(client)
    assert "s3cret" not in client.cache_info().to_csv()
    for words in (["cache"], ["cache", "clear"], ["changes"]):
        assert main([*words, "--base-url", url, "--cache-dir", str(tmp_path / "cache")]) == 0
    assert "s3cret" not in "".join(capsys.readouterr())


def test_fault_67_secret_in_what_a_table_says_of_itself(server, make_client, monkeypatch, capsys, tmp_path):
    url = server.url
    monkeypatch.setattr("milestone_kit.core.settings._KNOWN_PART", re.compile(r"|v2"))  # trade-api is secret
    client = make_client(url)
    tables = [client.get_milestones(), client.get_milestones(offline=True), client.refresh()]
    server.script.fail(500, page=2)
    with pytest.raises(mk.IncompleteError) as caught:
        client.refresh(full=True)
    for df in (*tables, caught.value.partial):
        assert df.attrs["milestone_kit"]["source"] == url.replace("trade-api", "***")


FAILURES = {
    "refused": lambda script: script.fail(404),
    "broken": lambda script: script.fail(503, page=2),
    "redirected": lambda script: script.replace(b"", status=302, headers={"Location": "/"}),
    "HTML": lambda script: script.replace(b"<html>"),
    "an error with 200": lambda script: script.replace(b'{"error":"no"}'),
    "cut short": lambda script: script.cut(0.5),
    "not there": lambda script: script.drop(reset=True),
}


@pytest.mark.filterwarnings("ignore::milestone_kit.MilestoneKitWarning")
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("stale", [True, False])
def test_fault_67_secret_in_what_goes_wrong(  # noqa: PLR0917
    server, make_client, monkeypatch, caplog, tmp_path, recwarn, failure, stale
):
    """No error, cause, warning, log record or file tells what the address has between host and version."""
    monkeypatch.setattr("milestone_kit.core.settings._KNOWN_PART", re.compile(r"|v2"))  # trade-api is secret
    caplog.set_level("DEBUG", logger="milestone_kit")
    client = make_client(server.url, stale_if_error=stale, full_sweep_after=0, expire_after=0)
    said = []
    for ask in (lambda: client.get_milestones(offline=True), client.get_milestones):
        try:
            ask()
        except mk.OfflineError as error:
            said.append(str(error))
    FAILURES[failure](server.script)
    for ask in (client.get_milestones, client.get_competitions, client.refresh):
        try:
            ask()
        except mk.MilestoneKitError as error:
            said += traceback.format_exception(error)
    said += [str(one.message) for one in recwarn] + [record.getMessage() for record in caplog.records]
    told = "\n".join(said)
    assert "GET http://127.0.0.1:" in told
    assert "/***/v2/milestones" in told
    places = [line for line in told.splitlines() if "trade-api" in line]
    assert places == []
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(kept) > 2
    assert [path.name for path in kept if b"trade-api" in path.read_bytes()] == []


def test_fault_67_secret_in_the_cause_of_an_error(make_client):
    client = make_client("http://127.0.0.1:1/s3cret/v2")
    with pytest.raises(mk.NetworkError, match=r"127\.0\.0\.1:1/\*\*\*/v2/milestones") as caught:
        client.get_milestones()
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_importing_and_opening_a_client_asks_nobody(tmp_path):
    """No request leaves before a question is asked: every connection would be an error."""
    code = (
        "import socket\n"
        "def refuse(*_): raise AssertionError('a connection')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "import milestone_kit as mk\n"
        "client = mk.MilestoneClient()\n"
        "client.cache_info(), client.history(), client.changes(), client.close()\n"
    )
    environment = os.environ | {"MILESTONE_KIT_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=environment, timeout=60)


# below these, what we rely on is not there yet
FIXES = {
    "requests": ("2.32.4", "credentials of .netrc sent to other hosts (CVE-2024-47081)"),
    "urllib3": ("2.6", "answers that unpack without end (CVE-2025-66418, CVE-2025-66471)"),
    "filelock": ("3.24", "a file system without locks is told at once, not after minutes"),
    "pandas": ("3.0", "text as a dtype of its own"),
    "pyarrow": ("23.0", "right comparisons of columns: 19 to 22 invent changes, and miss some"),
    "orjson": ("3.9.15", "a crash on deeply nested text (CVE-2024-27454)"),
    "tqdm": ("4.66.3", "options of the command line that were evaluated (CVE-2024-34062)"),
    "requests-cache": ("1.3.3", "the storage interface that the page cache builds on"),
}


@pytest.mark.parametrize("name", FIXES)
def test_fault_47_bounds_exclude_versions_without_the_fixes_that_we_rely_on(name):
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    bounds = {(one := Requirement(line)).name: one.specifier for line in project["dependencies"]}
    lowest = min(Version(bound.version) for bound in bounds[name] if bound.operator == ">=")
    assert lowest >= Version(FIXES[name][0]), FIXES[name][1]
