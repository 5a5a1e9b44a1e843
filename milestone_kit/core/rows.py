"""Milestones decoded from JSON into typed rows, with `details` and `source_ids` left as the text they are.

A page holds far more JSON inside `details` than outside; to build objects of it only to write them
out as text again would be most of the work of a walk. A row with fields that nobody knows yet stays a row,
with these as text beside it; one that does not fit at all, such as one with a null where text should be, is
decoded as a plain object instead, so that nothing is lost or let through.
"""

from __future__ import annotations

import functools
import re
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import astuple

from milestone_kit.core.strict_json import JSONTextError, decode
from milestone_kit.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NO_OBJECT", "MilestoneRow", "decode_answer", "plain_objects", "unknown_fields"]

NO_OBJECT: Final = msgspec.Raw(b"{}")
"""What stands for a JSON object that is absent."""


class MilestoneRow(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One milestone as the API sends it, where each field is known and of its usual kind.

    Its lists are tuples: of these, and of the rows themselves, the garbage collector keeps no count.
    """

    id: str
    category: str
    type: str
    title: str
    start_date: str
    notification_message: str
    primary_event_tickers: tuple[str, ...]
    related_event_tickers: tuple[str, ...]
    last_updated_ts: str
    end_date: str | None = None
    source_id: str | None = None
    source_ids: msgspec.Raw = NO_OBJECT
    details: msgspec.Raw = NO_OBJECT


_KNOWN: Final = len(MilestoneRow.__struct_fields__)
_ABSENT: Final = msgspec.Raw(b"")
_MOST_NAMES: Final = 16  # a page with more is no new version of the API, and each name costs a decoding
# what the decoder refuses; it can be told of no name with quotes or control characters
_UNKNOWN: Final = re.compile(r"""Object contains unknown field `([^"\\\x00-\x1f]*)` - at `.*`""")
_FAILURES: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _RawPage(msgspec.Struct):
    milestones: list[msgspec.Raw]
    cursor: Any = msgspec.UNSET


_RAW_PAGES: Final = msgspec.json.Decoder(_RawPage)


@functools.lru_cache(maxsize=64)
def _decoders(names: frozenset[str]) -> tuple[msgspec.json.Decoder[Any], msgspec.json.Decoder[Any]]:
    """Return what decodes pages, and what decodes rows, that may have fields of these names as well."""
    row: type[msgspec.Struct] = MilestoneRow
    if names:
        encoded = {f"unknown_{number}": name for number, name in enumerate(sorted(names))}
        fields = [(name, msgspec.Raw, _ABSENT) for name in encoded]
        row = msgspec.defstruct(
            "WideRow", fields, bases=(MilestoneRow,), rename=encoded, gc=False, forbid_unknown_fields=True
        )
    page = msgspec.defstruct("Page", [("milestones", list[row]), ("cursor", Any, msgspec.UNSET)])  # type: ignore[valid-type]  # made just now
    return msgspec.json.Decoder(page), msgspec.json.Decoder(row)


def decode_answer(body: bytes) -> tuple[Any, int]:
    """Decode an answer of the API; of a page, the milestones that are as usual are given as rows.

    Parameters
    ----------
    body : bytes
        JSON.

    Returns
    -------
    value : object
        For a page a dict with `milestones`, a list of `MilestoneRow` and, for those that do not fit, of
        plain objects, and `cursor` where there is one; else what `strict_json.decode` makes of it.
    replaced : int
        How many lone surrogates were replaced.

    Raises
    ------
    JSONTextError
        When the text is not JSON. What rows keep as text is checked in its grammar only: that its
        numbers and its nesting are within bounds is up to whoever reads the text.

    Examples
    --------
    >>> decode_answer(b'{"milestone": {"id": "a1"}}')
    ({'milestone': {'id': 'a1'}}, 0)
    """
    names: frozenset[str] = frozenset()
    try:
        while True:
            try:
                page = _decoders(names)[0].decode(body)
                break
            except msgspec.ValidationError as error:
                name = _UNKNOWN.fullmatch(str(error))
                if name is None or name[1] in names or len(names) == _MOST_NAMES:
                    return _row_by_row(body, names), 0
                names |= {name[1]}
        if any(b"\\u" in text for text in unknown_fields(page.milestones).values()):
            return decode(body)  # half characters are counted over the whole answer
    except (*_FAILURES, JSONTextError):
        return decode(body)
    return _answer(page.milestones, page.cursor), 0


def _row_by_row(body: bytes, names: frozenset[str]) -> dict[str, Any]:
    """Decode a page whose milestones do not all fit: those that do as rows, the others as plain objects."""
    page = _RAW_PAGES.decode(body)
    rows = _decoders(names)[1]
    milestones: list[Any] = []
    for text in page.milestones:
        try:
            milestones.append(rows.decode(text))
        except msgspec.ValidationError:
            value, replaced = decode(bytes(text))
            if replaced:
                raise JSONTextError(
                    "half characters are counted over the whole answer", cut_short=False
                ) from None
            milestones.append(value)
    return _answer(milestones, page.cursor)


def _answer(milestones: list[Any], cursor: Any) -> dict[str, Any]:
    return {"milestones": milestones} | ({} if cursor is msgspec.UNSET else {"cursor": cursor})


def unknown_fields(rows: Sequence[MilestoneRow]) -> dict[int, bytes]:
    """Return what rows of one page have beyond the known fields, as JSON objects in text, by their places."""
    kind = type(rows[0]) if rows else MilestoneRow
    found: dict[int, dict[str, msgspec.Raw]] = {}
    names = zip(kind.__struct_fields__[_KNOWN:], kind.__struct_encode_fields__[_KNOWN:], strict=True)
    for attribute, name in names:
        for place, value in enumerate(map(attrgetter(attribute), rows)):
            if value is not _ABSENT:
                found.setdefault(place, {})[name] = value
    return {place: msgspec.json.encode(fields) for place, fields in found.items()}


def plain_objects(rows: Sequence[Any]) -> list[Any]:
    """Return rows as the plain objects that `strict_json.decode` would have given; others as they are.

    Raises
    ------
    SchemaError
        When a text kept as it came has numbers or nesting out of bounds; names id and field.
    """
    unknown = unknown_fields([row for row in rows if isinstance(row, MilestoneRow)])
    places = count()
    return [_plain(row, unknown.get(next(places))) if isinstance(row, MilestoneRow) else row for row in rows]


def _plain(row: MilestoneRow, unknown: bytes | None) -> dict[str, Any]:
    fields = dict(zip(MilestoneRow.__struct_fields__, astuple(row), strict=False))
    fields |= {name: list(fields[name]) for name in ("primary_event_tickers", "related_event_tickers")}
    fields |= {name: _value(row, name, fields[name]) for name in ("source_ids", "details")}
    return fields if unknown is None else fields | _value(row, "extra", unknown)


def _value(row: MilestoneRow, name: str, text: msgspec.Raw | bytes) -> Any:
    try:
        return decode(bytes(text))[0]
    except JSONTextError as error:
        message = f"milestone {row.id}: field {name!r} cannot be kept as JSON ({error})"
        raise SchemaError(message, id=row.id, field=name) from error
