"""Faults 42 and 69: processes that are forked off, and threads that outlive the main one."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from milestone_kit.sandbox import serve

ASKS = Path(__file__).with_name("forked_asks.py")


@contextmanager
def secure(folder):
    """A sandbox behind TLS, and the file with its authority."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    with serve(rows=100) as server:
        http = server._http
        http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
        yield server.url.replace("http:", "https:"), {"SSL_CERT_FILE": str(folder / "ca.pem")}


@contextmanager
def plain(_):
    with serve(rows=100) as server:
        yield server.url, {}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
@pytest.mark.parametrize("serving", [plain, secure])
def test_fault_42_asks_in_forked_processes(tmp_path, serving):
    with serving(tmp_path) as (url, environment):
        command = [
            sys.executable,
            "-W",
            "ignore::DeprecationWarning",
            str(ASKS),
            url,
            str(tmp_path / "c"),
            "40",
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | environment, timeout=120, check=False
        )
    assert done.stdout == "0\n", (done.stdout, done.stderr)


AMID_LIVE_DATA = """
import os, sys, threading
import milestone_kit as mk
client = mk.MilestoneClient(base_url=sys.argv[1], cache_dir=sys.argv[2], requests_per_second=10_000)
held, over = threading.Event(), threading.Event()
def hold():
    with client._live._lock:
        held.set()
        over.wait()
beside = threading.Thread(target=hold)
beside.start()
held.wait()
forked = os.fork()
if not forked:
    print(len(client.get_live(["a", "b"])), len(client.get_targets(["a"])), flush=True)
    os._exit(0)
os.waitpid(forked, 0)
over.set()
beside.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_fault_42_live_data_in_a_process_forked_amid_a_question(server, tmp_path):
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", AMID_LIVE_DATA, server.url]
    done = subprocess.run(
        [*command, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ASKS.parents[2],
    )
    assert done.stdout == "2 1\n", done.stderr


LAST_THREAD = """
import sys, threading
import milestone_kit as mk
client = mk.MilestoneClient(base_url=sys.argv[1], cache_dir=sys.argv[2], requests_per_second=10_000)
main_is_over = threading.Event()
def fetch():
    main_is_over.wait()
    df = client.get_milestones(limit=20)
    df = client.refresh(limit=20, full=True)
    print(len(df), len(client.get_milestones(offline=True)), len(client.history()), flush=True)
def tell():
    threading.main_thread().join()
    main_is_over.set()
threading.Thread(target=tell).start()
threading.Thread(target=fetch).start()
"""


def test_fault_69_last_thread_walks_when_the_main_one_is_over(server, tmp_path):
    command = [sys.executable, "-W", "error", "-c", LAST_THREAD, server.url, str(tmp_path / "c")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "1200 1200 1200\n", done.stderr
    assert done.stderr == ""
