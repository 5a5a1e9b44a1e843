"""Milestones decoded from JSON into typed rows, with `details` and `source_ids` left as the text they are.

A page holds far more JSON inside `details` than outside; to build objects of it only to write them
out as text again would be most of the work of a walk. What does not fit the rows, a new field or a
null where text should be, is decoded as plain objects instead, so that nothing is lost or let through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from milestone_kit.core.strict_json import JSONTextError, decode
from milestone_kit.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NO_OBJECT", "MilestoneRow", "decode_answer", "plain_objects"]

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


class _Page(msgspec.Struct):
    milestones: list[MilestoneRow]
    cursor: Any = msgspec.UNSET


_PAGES: Final = msgspec.json.Decoder(_Page)


def decode_answer(body: bytes) -> tuple[Any, int]:
    """Decode an answer of the API; a page whose milestones all are as usual is given as rows.

    Parameters
    ----------
    body : bytes
        JSON.

    Returns
    -------
    value : object
        For such a page a dict with `milestones`, a list of `MilestoneRow`, and `cursor` where there
        is one; else what `strict_json.decode` makes of it.
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
    try:
        page = _PAGES.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decode(body)
    cursor = {} if page.cursor is msgspec.UNSET else {"cursor": page.cursor}
    return {"milestones": page.milestones, **cursor}, 0


def plain_objects(rows: Sequence[MilestoneRow]) -> list[dict[str, Any]]:
    """Return rows as the plain objects that `strict_json.decode` would have given.

    Raises
    ------
    SchemaError
        When a text kept as it came has numbers or nesting out of bounds; names id and field.
    """
    return [
        msgspec.structs.asdict(row)
        | {name: list(getattr(row, name)) for name in ("primary_event_tickers", "related_event_tickers")}
        | {name: _value(row, name) for name in ("source_ids", "details")}
        for row in rows
    ]


def _value(row: MilestoneRow, name: str) -> Any:
    try:
        return decode(bytes(getattr(row, name)))[0]
    except JSONTextError as error:
        message = f"milestone {row.id}: field {name!r} cannot be kept as JSON ({error})"
        raise SchemaError(message, id=row.id, field=name) from error
