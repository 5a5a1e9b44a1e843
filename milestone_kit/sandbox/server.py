"""The sandbox's HTTP server: Kalshi's milestone endpoints on this machine, over invented or recorded rows."""

from __future__ import annotations

import email.utils
import gzip
import os
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from milestone_kit.errors import QueryError
from milestone_kit.sandbox.endpoint import Answer, answer, refusal
from milestone_kit.sandbox.recordings import Recorded, read_recorded
from milestone_kit.sandbox.script import Delivery, Request, Script
from milestone_kit.sandbox.shape import Shape
from milestone_kit.sandbox.times import make_clock
from milestone_kit.sandbox.universe import Universe
from milestone_kit.sandbox.world import World

if TYPE_CHECKING:
    import datetime as dt
    from types import TracebackType
    from typing import Self

    from milestone_kit.sandbox.schedule import Schedule
    from milestone_kit.sandbox.truth import Truth

__all__ = ["BASE_PATH", "SandboxServer", "serve"]

BASE_PATH: Final = "/trade-api/v2"
"""What stands between the host and the endpoints, as in production."""

_LOG_LENGTH: Final = 100_000


def serve(
    rows: int | Iterable[dict[str, Any]] = 2000,
    *,
    seed: int = 0,
    file: str | Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    now: dt.datetime | Callable[[], dt.datetime] | None = None,
    speed: float | None = None,
    still: bool = False,
    shape: Shape | None = None,
    latency: float = 0.0,
    requests_per_second: float | None = None,
    script: Script | None = None,
    compress: bool = False,
) -> SandboxServer:
    """Start a local server with the contract of Kalshi's milestone endpoints.

    Parameters
    ----------
    rows : int or iterable of dict
        How many milestones to invent, or the raw milestones themselves.
    seed : int
        The same seed, `rows` and `now` give the same milestones.
    file : str or Path, optional
        A recorded answer to serve instead, or a folder of them: milestones, live data, structured targets,
        sports and competitions (see `recordings.read_recorded`). Its milestones are taken as all there are,
        its own cursors are ignored; what else was recorded stands before what is invented.
    host, port : str, int
        Where to listen; loopback and a free port by default.
    now : datetime.datetime or callable, optional
        The server's clock: a fixed aware moment, or a function that gives one; by default the real
        time. The invented rows lie around its first reading. As it goes on, games start, end, get
        their end reported, are rescheduled or called off, and new ones are listed, each at a moment of
        its own that is then their `last_updated_ts`. At a fixed moment nothing happens.
    speed : float, optional
        How much faster the clock runs; a fixed `now` then runs as well, from there on.
    still : bool
        Whether nothing happens by itself however far the clock goes. It still stamps changes.
    shape : Shape, optional
        How invented rows are written: ends of January 2026, unknown fields.
    latency : float
        Seconds that every answer waits.
    requests_per_second : float, optional
        Above it the server answers 429.
    script : Script, optional
        Scripted behaviour that was prepared before; it then also holds latency and rate.
    compress : bool
        Whether to gzip bodies for clients that accept it.

    Returns
    -------
    SandboxServer
        Running; close it or use it as a context manager.

    Raises
    ------
    QueryError
        When `rows`, `now` or the file cannot be used.

    Examples
    --------
    >>> import requests
    >>> with serve(rows=100) as server:
    ...     page = requests.get(server.url + "/milestones", params={"limit": 3}).json()
    >>> len(page["milestones"]), page["cursor"] != ""
    (3, True)
    """
    clock = make_clock(now, speed)
    universe: Universe | None = None
    schedule: Schedule | None = None
    recorded = Recorded() if file is None else read_recorded(Path(file))
    if file is not None:
        milestones: Iterable[dict[str, Any]] = recorded.milestones
    elif isinstance(rows, Iterable):
        milestones = rows
    else:
        universe = Universe(rows, seed, now=clock(), shape=shape or Shape())
        milestones, schedule = universe.rows_and_schedule()
    if script is None:
        script = Script(latency=latency, requests_per_second=requests_per_second)
    world = World(milestones, clock, schedule, still=still, recorded=recorded)
    return SandboxServer(world, script, universe, host=host, port=port, compress=compress)


class SandboxServer:
    """A running sandbox; make one with `serve`.

    Attributes
    ----------
    url : str
        The base URL, to be given to a client: it ends in "/trade-api/v2".
    script : Script
        How the server misbehaves.
    """

    def __init__(
        self,
        world: World,
        script: Script,
        universe: Universe | None = None,
        *,
        host: str,
        port: int,
        compress: bool,
    ) -> None:
        self.script = script
        self._world = world
        self._universe = universe
        self._log: deque[Request] = deque(maxlen=_LOG_LENGTH)
        self._http = _Server((host, port), world, script, self._log, compress=compress)
        self.url = f"http://{host}:{self._http.server_port}{BASE_PATH}"
        self._thread = threading.Thread(
            target=self._http.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="milestone-sandbox",
            daemon=True,
        )
        self._thread.start()

    def __repr__(self) -> str:
        return f"<SandboxServer {self.url}, {len(self._world)} milestones>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and hang up; closing twice is fine."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.hang_up()

    @property
    def requests(self) -> list[Request]:
        """Every request so far (the last 100,000), in the order of the answers."""
        return list(self._log)

    def milestones(self) -> list[dict[str, Any]]:
        """Return all rows as they are now, as raw objects in the endpoint's order."""
        return self._world.milestones()

    def now(self) -> dt.datetime:
        """Return what the server's clock says."""
        return self._world.clock()

    def truth(self) -> Truth:
        """Return how every invented row listed so far really goes; nothing of it can be asked for over HTTP.

        What scripts and `add`, `delete`, `reschedule` or `update` change is not taken in.

        Raises
        ------
        QueryError
            When the rows were not invented here.
        """
        if self._universe is None:
            raise QueryError("truth() is known of invented rows only; serve(rows=<a number>) invents some")
        return self._universe.truth(self.now())

    def add(self, row: dict[str, Any], *, touch: bool = True) -> None:
        """Insert a raw milestone, or replace the one with its id; `touch` sets `last_updated_ts` to now."""
        self._world.add(row, touch=touch)

    def delete(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Remove a milestone; QueryError when there is none with this id."""
        self._world.delete(id)

    def reschedule(self, id: str, shift: dt.timedelta) -> None:  # noqa: A002 - the field's own name
        """Move a milestone's start, and its end where it has one; `last_updated_ts` becomes now."""
        self._world.reschedule(id, shift)

    def update(self, id: str, /, **fields: Any) -> None:  # noqa: A002 - the field's own name
        """Set fields of a milestone; `last_updated_ts` becomes now unless it is among them."""
        self._world.update(id, fields)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], world: World, script: Script, log: deque[Request], *, compress: bool
    ) -> None:
        self.world = world
        self.script = script
        self.log = log
        self.compress = compress
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without the base class's look-up of the host's name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # a client that hangs up is no news
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Free the port and end the connections that clients keep alive."""
        self.closing.set()
        self.server_close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it was closed in the meantime


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        pairs = tuple(parse_qsl(parts.query, keep_blank_values=True))
        request = Request("GET", path.removeprefix(BASE_PATH), dict(pairs), None, 0, pairs)
        script = self.server.script
        reply = script.limited()
        if reply is None:
            inside = path.startswith(BASE_PATH + "/")
            reply = (
                answer(self.server.world, request.path, pairs, script.cursors)
                if inside
                else refusal(404, f"no such path: {path}")
            )
            request = request._replace(page=reply.page)
        reply, delivery = script.apply(request, reply)
        self.server.log.append(request._replace(status=0 if delivery.drop else reply.status))
        self._deliver(reply, delivery)

    def _reset(self) -> None:
        # to linger for no time at all is what makes the system send a reset; what reads and writes here
        # would keep the connection open, so that it is taken from under them
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def _deliver(self, reply: Answer, delivery: Delivery) -> None:
        if delivery.delay:
            self.server.closing.wait(delivery.delay)
        if delivery.drop:
            self.close_connection = True
            if delivery.reset:
                self._reset()
            return
        content = reply.content()
        date = email.utils.formatdate(self.server.world.clock().timestamp(), usegmt=True)
        headers = {"Content-Type": reply.content_type, "Date": date, **reply.headers}
        if self.server.compress and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(content))
        if delivery.cut_at is not None:
            content = content[: int(len(content) * delivery.cut_at)]
            self.close_connection = True
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {reply.status} {_phrase(reply.status)}\r\n{lines}\r\n".encode("latin-1")
        if not delivery.seconds_per_byte:
            # one write: a head and a body sent apart would wait for each other's acknowledgement
            self.wfile.write(head + content)
            return
        self.wfile.write(head)
        for at in range(len(content)):
            if self.server.closing.wait(delivery.seconds_per_byte):
                self.close_connection = True
                return
            self.wfile.write(content[at : at + 1])

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no GET, or no HTTP, in the API's form and not in the base class's HTML."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            code, message = HTTPStatus.METHOD_NOT_ALLOWED, f"method {self.command} is not allowed"
        reply = refusal(code, message or explain or _phrase(code))
        self.close_connection = True  # a body may follow that nobody reads
        self.send_response(code)
        for name, value in (
            ("Allow", "GET"),
            ("Connection", "close"),
            ("Content-Type", reply.content_type),
            ("Content-Length", str(len(reply.content()))),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.content())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Stay quiet: what was asked is in `SandboxServer.requests`."""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Scripted"
