"""Milestones to the columns of the table: quickly where they came as usual, else with care.

Each column is first tried whole; only when that fails are its values looked at one by one, to repair
what may be repaired and to name what may not.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from operator import itemgetter
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import astuple

from milestone_kit.core.rows import MilestoneRow, unknown_fields
from milestone_kit.core.strict_json import decode
from milestone_kit.errors import SchemaError
from milestone_kit.table.schema import ARROW_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from milestone_kit.table.intake import Repairs

__all__ = ["POOL", "UnreadableDateError", "careful_columns", "quick_columns"]

_FIELDS: Final = frozenset(ARROW_SCHEMA.names) - {"extra"}
_INSTANT: Final = pa.timestamp("us", tz="UTC")
_NUMBER: Final = pa.int64()
_FIRST: Final = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z: Python's dates begin here; "never", in Go
_LAST: Final = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z: Python's dates end here
_DAY: Final = dt.timedelta(days=1)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?)?",
    re.ASCII,
)
_FAILURES: Final = (AttributeError, KeyError, TypeError, ValueError, RecursionError, pa.ArrowException)
_DEEP: Final = 2_000
"""From how many characters on JSON text may be nested deeper than can be read again."""
_AWKWARD: Final = r"""^[^{]|\\|":?\s|[{\[]\s|,\s"|[0-9]{16}|[:,\[]\s*-?[0-9][0-9.]*[eE]"""
"""JSON text to look at: no object, with escapes, spaced out, or with numbers that may be out of bounds."""


class UnreadableDateError(SchemaError):
    """A required date has another form: not a slip in one row, but a changed API."""


POOL: Final = pa.system_memory_pool()
"""Where the columns of pages lie: Arrow's usual pool would spread so many small ones over huge memory pages,
each of which the kernel must find and clear whole."""


def quick_columns(rows: Sequence[MilestoneRow]) -> list[pa.Array] | None:
    """Convert rows that came as usual.

    Parameters
    ----------
    rows : sequence of MilestoneRow
        At least one.

    Returns
    -------
    list of pyarrow.Array or None
        The columns of `ARROW_SCHEMA`; None when something must be looked at with care.
    """
    # the known fields of each row, laid out by field
    columns = zip(*map(astuple, rows), strict=False)
    values = dict(zip(MilestoneRow.__struct_fields__, columns, strict=False))
    try:
        made = _json_columns(values) | _instant_columns(values)
        made["extra"] = _unknown_column(rows)
        return [
            made[field.name] if field.name in made else _array(values[field.name], field.type)
            for field in ARROW_SCHEMA
        ]
    except _FAILURES:
        return None


def _json_columns(values: Mapping[str, Sequence[Any]]) -> dict[str, pa.Array]:
    names = ("source_ids", "details")
    column = _json_texts([bytes(text) for name in names for text in values[name]])
    return dict(zip(names, _parts(column, len(names)), strict=True))


def _instant_columns(values: Mapping[str, Sequence[Any]]) -> dict[str, pa.Array]:
    names = ("start_date", "end_date", "last_updated_ts")
    column, earliest = _fast_instants([text for name in names for text in values[name]])
    start, *others = _parts(column, len(names))
    if earliest == _FIRST:  # a start is never null, whatever it says
        others = [_zero_to_null(other) for other in others]
    return dict(zip(names, [start, *others], strict=True))


def _unknown_column(rows: Sequence[MilestoneRow]) -> pa.Array:
    unknown = unknown_fields(rows)
    texts: list[bytes | None] = [None] * len(rows)
    for place, text in unknown.items():
        texts[place] = orjson.dumps(decode(text)[0])  # to the letter as the careful way writes it
    return _array(texts, pa.large_string())


def _parts(column: pa.Array, count: int) -> list[pa.Array]:
    """Take columns of one length apart that were made together: each call to Arrow has its price."""
    rows = len(column) // count
    return [column.slice(part * rows, rows) for part in range(count)]


def _json_texts(texts: list[bytes]) -> pa.Array:
    """Check JSON objects kept as text; write those with escapes anew, in plain characters."""
    column = _array(texts, pa.large_string())
    for at in _positions(pc.greater(pc.binary_length(column), _DEEP)):
        orjson.loads(texts[at])
    awkward = _positions(pc.match_substring_regex(column, _AWKWARD))
    for at in awkward:
        value, _ = decode(texts[at])
        if not isinstance(value, dict):
            raise TypeError(texts[at])
        texts[at] = orjson.dumps(value)
    return _array(texts, pa.large_string()) if awkward else column


def _array(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    return pa.array(values, type_, memory_pool=POOL)


def _positions(mask: pa.BooleanArray) -> list[int]:
    positions: list[int] = pc.indices_nonzero(mask).to_pylist()
    return positions


def careful_columns(objects: Sequence[Any], repairs: Repairs) -> list[pa.Array]:
    """Validate plain objects and convert them.

    Parameters
    ----------
    objects : sequence of dict
        Milestones as decoded from the API's JSON.
    repairs : Repairs
        Counts of what was repaired are added here.

    Returns
    -------
    list of pyarrow.Array
        The columns of `ARROW_SCHEMA`.

    Raises
    ------
    SchemaError
        Naming id and field.
    """
    if set(map(type, objects)) - {dict}:
        _refuse_non_objects(objects)
    return [
        _text(objects, "id", repairs),
        _text(objects, "category", repairs),
        _text(objects, "type", repairs),
        _text(objects, "title", repairs),
        _dates(objects, "start_date"),
        _zero_to_null(_optional_dates(objects, "end_date", repairs)),
        _tickers(objects, "primary_event_tickers", repairs),
        _tickers(objects, "related_event_tickers", repairs),
        _optional_text(objects, "source_id", repairs),
        _json_objects(objects, "source_ids", repairs),
        _text(objects, "notification_message", repairs),
        _json_objects(objects, "details", repairs),
        _zero_to_null(_dates(objects, "last_updated_ts")),
        _extra(objects, repairs),
    ]


def _refuse_non_objects(objects: Sequence[Any]) -> None:
    for position, value in enumerate(objects):
        if not isinstance(value, dict):
            message = f"milestone {position} of the page is {_shown(value)}, expected a JSON object"
            raise SchemaError(message)


def _text(objects: Sequence[Any], name: str, repairs: Repairs) -> pa.Array:
    try:
        column = _array(list(map(itemgetter(name), objects)), pa.large_string())
    except _FAILURES:
        return _array(
            [_sound_text(_required(m, name, str), name, repairs) for m in objects], pa.large_string()
        )
    if column.null_count:
        _find(objects, name, str)
    return column


def _optional_text(objects: Sequence[Any], name: str, repairs: Repairs) -> pa.Array:
    try:
        return _array([milestone.get(name) for milestone in objects], pa.large_string())
    except _FAILURES:
        values = (None if m.get(name) is None else _required(m, name, str) for m in objects)
        texts = [None if value is None else _sound_text(value, name, repairs) for value in values]
        return _array(texts, pa.large_string())


def _tickers(objects: Sequence[Any], name: str, repairs: Repairs) -> pa.Array:
    tickers = ARROW_SCHEMA.field(name).type
    lists = [milestone.get(name) for milestone in objects]
    if None in lists and all(name in milestone for milestone in objects):
        repairs[f"{name} null, taken for an empty list"] += lists.count(None)
        lists = [[] if each is None else each for each in lists]
        objects = [m if m[name] is not None else {**m, name: []} for m in objects]
    # the types are looked at first because Arrow would take a string for a list of characters
    if not set(map(type, lists)) - {list}:
        try:
            column = _array(lists, tickers)
        except _FAILURES:
            pass
        else:
            if not column.values.null_count:
                return column
    sound = [
        [_sound_text(ticker, name, repairs) for ticker in _ticker_list(milestone, name)]
        for milestone in objects
    ]
    return _array(sound, tickers)


def _ticker_list(milestone: dict[str, Any], name: str) -> list[str]:
    values: list[str] = _required(milestone, name, list)
    for value in values:
        if not isinstance(value, str):
            raise _wrong(milestone, name, f"holds {_shown(value)}, expected only text")
    return values


def _json_objects(objects: Sequence[Any], name: str, repairs: Repairs) -> pa.Array:
    values = [milestone.get(name) for milestone in objects]
    if not set(map(type, values)) - {dict, NoneType}:
        try:
            packed = [b"{}" if value is None else orjson.dumps(value) for value in values]
            return _array(packed, pa.large_string())
        except _FAILURES:
            pass
    texts = [
        "{}" if m.get(name) is None else _sound_json(m, _required(m, name, dict), name, repairs)
        for m in objects
    ]
    return _array(texts, pa.large_string())


def _extra(objects: Sequence[Any], repairs: Repairs) -> pa.Array:
    if all(map(_FIELDS.issuperset, objects)):
        return pa.nulls(len(objects), pa.large_string())
    texts = []
    for milestone in objects:
        # in one order, whatever the server's: another one is no change
        unknown = {key: milestone[key] for key in sorted(milestone.keys() - _FIELDS)}
        texts.append(_sound_json(milestone, unknown, "extra", repairs) if unknown else None)
    return _array(texts, pa.large_string())


def _dates(objects: Sequence[Any], name: str) -> pa.Array:
    try:
        column, _ = _fast_instants(list(map(itemgetter(name), objects)))
    except _FAILURES:
        column = None
    if column is not None and not column.null_count:
        return column
    instants = []
    for milestone in objects:
        text = _required(milestone, name, str)
        instant = _instant(text)
        if instant is None:
            error = _wrong(milestone, name, f"{_shown(text)} is not an RFC 3339 date and time")
            raise UnreadableDateError(str(error), id=error.id, field=name)
        instants.append(instant)
    return _array(instants, _NUMBER).cast(_INSTANT)


def _optional_dates(objects: Sequence[Any], name: str, repairs: Repairs) -> pa.Array:
    values = [milestone.get(name) for milestone in objects]
    try:
        return _fast_instants(values)[0]
    except _FAILURES:
        instants = [_instant(value) for value in values]
        unreadable = sum(i is None and v is not None for i, v in zip(instants, values, strict=True))
        repairs[f"{name} unreadable, set to NaT"] += unreadable
        return _array(instants, _NUMBER).cast(_INSTANT)


def _fast_instants(texts: Sequence[Any]) -> tuple[pa.Array, int | None]:
    """Read texts together; return the instants and the earliest, in microseconds since 1970."""
    column = _array(texts, pa.string()).cast(_INSTANT)
    bounds = pc.min_max(column.view(_NUMBER)).as_py()
    if bounds["min"] is not None and not _FIRST <= bounds["min"] <= bounds["max"] <= _LAST:
        raise ValueError(bounds)
    return column, bounds["min"]


def _instant(value: object) -> int | None:
    """Read one RFC 3339 text as microseconds since 1970 (finer digits cut off), None if it is none."""
    match = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = match.groups("0")
    try:
        stamp = dt.datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=dt.UTC
        )
    except ValueError:
        return None
    offset = dt.timedelta(hours=int(off_hours), minutes=int(off_minutes))
    since_epoch = stamp - _EPOCH + (offset if sign == "-" else -offset)
    micros = since_epoch // dt.timedelta(microseconds=1) + int(fraction[:6].ljust(6, "0"))
    return micros if _FIRST <= micros <= _LAST and offset < _DAY and int(off_minutes) < 60 else None


def _zero_to_null(column: pa.Array) -> pa.Array:
    is_zero = pc.equal(column.cast(_NUMBER), pa.scalar(_FIRST, _NUMBER))
    if not is_zero.true_count:
        return column
    return pc.if_else(is_zero, pa.scalar(None, _INSTANT), column)


def _sound_text(text: str, name: str, repairs: Repairs) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        repairs[f"{name} not valid Unicode, characters replaced"] += 1
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _sound_json(milestone: dict[str, Any], value: object, name: str, repairs: Repairs) -> str:
    try:
        return orjson.dumps(value).decode()
    except _FAILURES:
        pass
    try:
        sound, _ = decode(json.dumps(value, allow_nan=False).encode())
        text = orjson.dumps(sound).decode()
    except _FAILURES as error:
        raise _wrong(milestone, name, f"cannot be kept as JSON text ({error})") from error
    repairs[f"{name} not valid Unicode, characters replaced"] += 1
    return text


def _find(objects: Sequence[Any], name: str, expected: type) -> None:
    for milestone in objects:
        _required(milestone, name, expected)


def _required(milestone: dict[str, Any], name: str, expected: type) -> Any:
    value = milestone.get(name)
    if isinstance(value, expected):
        return value
    if name not in milestone:
        raise _wrong(milestone, name, "is missing")
    raise _wrong(milestone, name, f"is {_shown(value)}, expected {_JSON_NAMES[expected]}")


_JSON_NAMES: Final[dict[type, str]] = {str: "text", list: "a list of text", dict: "a JSON object"}


def _wrong(milestone: dict[str, Any], name: str, what: str) -> SchemaError:
    id_ = milestone.get("id")
    whose = f"milestone {id_}" if isinstance(id_, str) else "a milestone without a usable id"
    message = f"{whose}: field {name!r} {what}; the server does not follow its contract"
    return SchemaError(message, id=id_ if isinstance(id_, str) else None, field=name)


def _shown(value: object) -> str:
    text = "null" if value is None else ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
