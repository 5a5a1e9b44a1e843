"""How a value looks as text, in CSV files and in tables of changes: ISO 8601, seconds, JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["cell_values"]

_DIGITS: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def cell_values(values: pa.Array) -> pa.Array:
    """Return a column as text, or as it is where it holds numbers or booleans.

    Parameters
    ----------
    values : pyarrow.Array
        Of any type.

    Returns
    -------
    pyarrow.Array
        Integers, floats and booleans unchanged; else large_string: instants as ISO 8601 (with ``Z``,
        where they have a zone), durations as seconds, both with as many decimals as needed; lists
        as JSON. Null stays null.

    Examples
    --------
    >>> cell_values(pa.array([["KXA-1"], []])).to_pylist()
    ['["KXA-1"]', '[]']
    """
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return values
    if pa.types.is_timestamp(kind):
        return _instants(values).cast(pa.large_string())
    if pa.types.is_duration(kind):
        return _seconds(values).cast(pa.large_string())
    if pa.types.is_nested(kind) and not pa.types.is_dictionary(kind):
        jsons = [None if value is None else orjson.dumps(value).decode() for value in values.to_pylist()]
        return pa.array(jsons, pa.large_string())
    return values.cast(pa.large_string())


def _instants(values: pa.TimestampArray) -> pa.Array:
    zone = "" if values.type.tz is None else "Z"
    # in UTC and without a zone, so that no time zone database is needed
    text = pc.strftime(values.cast(pa.timestamp(values.type.unit)), "%Y-%m-%dT%H:%M:%S")
    return pc.binary_join_element_wise(_trimmed(text) if values.type.unit != "s" else text, zone, "")


def _seconds(values: pa.DurationArray) -> pa.Array:
    digits = _DIGITS[values.type.unit]
    unit = pa.scalar(Decimal(1).scaleb(-digits), pa.decimal128(digits + 1, digits))
    # decimals and not floats: a span of centuries keeps its microseconds
    text = pc.multiply(values.cast(pa.int64()).cast(pa.decimal128(19, 0)), unit).cast(pa.string())
    return _trimmed(text) if digits else text


def _trimmed(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, r"\.?0*\z", "")
