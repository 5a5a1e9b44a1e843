"""The body of an answer: read and unpacked within bounds, and decoded to the JSON object that it must be."""

from __future__ import annotations

import codecs
import zlib
from typing import TYPE_CHECKING, Any, Final

from milestone_kit.core.notices import warn
from milestone_kit.core.rows import decode_answer
from milestone_kit.core.strict_json import JSONTextError
from milestone_kit.errors import DataWarning, NetworkError, NotJSONError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import urllib3

__all__ = ["MAX_BODY_BYTES", "json_object", "read_body"]

MAX_BODY_BYTES: Final = 64 * 2**20
"""The largest answer accepted, after unpacking; a page of 500 milestones has about 0.4 MB."""

_CHUNK: Final = 64 * 2**10
_SHOWN: Final = 60


def read_body(raw: urllib3.HTTPResponse, asked: str) -> bytes:
    """Read a body piece by piece, within the size cap.

    Parameters
    ----------
    raw : urllib3.HTTPResponse
        Not read yet; closed where it cannot be read to its end.
    asked : str
        What was asked for, for errors.

    Raises
    ------
    NetworkError
        When it is too large, packed in an unknown way, or packed and ends too early.
    """
    try:
        return b"".join(_pieces(raw, asked))
    except BaseException:
        raw.close()  # what is left on the connection is of no use to the next request
        raise


def _pieces(raw: urllib3.HTTPResponse, asked: str) -> Iterator[bytes]:
    named = raw.headers.get("Content-Encoding", "").lower().split(",")
    packings = [name for each in named if (name := each.strip()) not in {"", "identity"}]
    unpacker = _Unpacker() if packings in (["gzip"], ["x-gzip"]) else None
    if packings and unpacker is None:
        packing = ", ".join(packings)
        raise NetworkError(f"{asked}: the answer is packed as {packing!r}, which was not asked for")
    size = 0
    while piece := raw.read1(_CHUNK, decode_content=False):
        unpacked = unpacker.unpack(piece, MAX_BODY_BYTES) if unpacker else piece
        size += len(unpacked)
        if size > MAX_BODY_BYTES:
            raise NetworkError(
                f"{asked}: the answer is larger than {MAX_BODY_BYTES} bytes; ask with a smaller limit, "
                "such as limit=20"
            )
        yield unpacked
    if unpacker and not unpacker.complete:
        raise NetworkError(f"{asked}: the packed answer ends too early", retryable=True)


class _Unpacker:
    """Unpacks gzip, which may come as several members, one after another."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    def unpack(self, piece: bytes, most: int) -> bytes:
        """Unpack the next piece; of more than `most` bytes, only enough to tell that they are more."""
        unpacked = b""
        while piece and len(unpacked) <= most:
            if self._member.eof:
                piece = piece.lstrip(b"\0")  # members may be padded
                if not piece:
                    break
                self._member = zlib.decompressobj(wbits=31)
            unpacked += self._member.decompress(piece, most + 1 - len(unpacked))
            piece = self._member.unused_data
        return unpacked

    @property
    def complete(self) -> bool:
        """Whether the last member came to its end."""
        return self._member.eof


def json_object(body: bytes, asked: str) -> dict[str, Any]:
    """Decode a body; see `core.rows.decode_answer` for what becomes of milestones.

    Parameters
    ----------
    body : bytes
        UTF-8, with or without a byte order mark.
    asked : str
        What was asked for, for errors.

    Raises
    ------
    NetworkError
        When the text stops in the middle.
    NotJSONError
        When it is something else, such as a page of HTML.
    SchemaError
        When it is JSON, but no object.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        value, replaced = decode_answer(body)
    except JSONTextError as error:
        if error.cut_short:
            raise NetworkError(f"{asked}: the answer stops in the middle", retryable=True) from error
        said = f"{asked}: the answer is not JSON ({error}); it begins {_beginning(body)}"
        raise NotJSONError(said) from error
    if not isinstance(value, dict):
        raise SchemaError(f"{asked}: the answer is not a JSON object; it begins {_beginning(body)}")
    if replaced:
        warn("{count} half characters (lone surrogates) were replaced", DataWarning, count=replaced)
    return value


def _beginning(body: bytes) -> str:
    return repr(body[:_SHOWN].decode(errors="replace"))
