"""Files on their way to the browser, part by part: the next one is made when the one before has arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Delivery"]


class Send(Protocol):
    """Sends a message to the front end."""

    def __call__(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None: ...


class Delivery:
    """Hands over one file at a time; another one takes its place.

    Neither side holds more than a part, and between two parts the kernel does what else it is asked.

    Parameters
    ----------
    send : callable
        Sends a message to the front end, which answers each part with "more" (file, part: how many it has).
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._parts: Iterator[bytes] | None = None
        self._file = self._sent = 0

    def begin(self, name: str, media: str, parts: Iterator[bytes], said: str) -> None:
        """Hand over a file of this name and media type; `said` is shown once it is whole."""
        self._file, self._sent, self._parts = self._file + 1, 0, parts
        self._send({"kind": "download", "file": self._file, "name": name, "type": media, "said": said})
        self.go_on(self._file, 0)

    def go_on(self, file: object, part: object) -> None:
        """Send the next part, or that there is none, if these tell of the newest: others were answered."""
        if self._parts is None or (file, part) != (self._file, self._sent):
            return
        bytes_ = next(self._parts, None)
        self._sent += 1
        if bytes_ is None:
            self._parts = None
            self._send({"kind": "downloaded", "file": self._file})
        else:
            self._send({"kind": "part", "file": self._file, "part": self._sent}, [bytes_])
