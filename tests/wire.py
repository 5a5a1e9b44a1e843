"""A server scripted down to the bytes on the wire, for what an HTTP server of any manners would not send."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress

PAGE = b'{"milestones":[]}'


@contextmanager
def wire(*answers):
    """A server that gives these raw answers, one a connection; yields its address and what it was sent.

    An answer is bytes, or a function that gets the connection.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    heard = []

    def serve():
        for answer in answers:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(65536).decode())
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
        listener.close()
        thread.join()


def answer(body=PAGE, *, status="200 OK", headers=""):
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body
