"""Columns as they lie in memory: in one piece, as numbers and back, compared, and worked on side by side.

An instant is a number of microseconds since 1970 UTC, or a `datetime64[us]` without a zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.core.threads import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "equal_values",
    "instants",
    "map_columns",
    "micros",
    "one_chunk",
    "stamp_instant",
    "stamp_micros",
    "to_numpy",
    "utc_index",
]


class _Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


_Column = TypeVar("_Column", bound=_Sized)
_Made = TypeVar("_Made")


def one_chunk(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column of Arrow in one piece, which may have an offset: only several are copied into one."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def map_columns(function: Callable[[_Column], _Made], columns: Sequence[_Column]) -> list[_Made]:
    """Call a function for each column, in as many threads as there are processors.

    Parameters
    ----------
    function : callable
        Takes a column. It should not hold Python's lock for long: copying in Arrow does not.
    columns : sequence
        What has `nbytes`: columns of pandas or Arrow.

    Returns
    -------
    list
        What the function made of each column, in their order.

    Notes
    -----
    The largest column is begun first, so that no thread is left alone with it at the end.
    """
    largest_first = sorted(range(len(columns)), key=lambda at: -columns[at].nbytes)
    made = spread(lambda at: function(columns[at]), largest_first, threads=pa.cpu_count())
    return [one for _, one in sorted(zip(largest_first, made, strict=True), key=lambda pair: pair[0])]


def to_numpy(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return a column of Arrow as a numpy array, without copying where that can be."""
    return np.asarray(one_chunk(values).to_numpy(zero_copy_only=False))


def equal_values(left: pa.ChunkedArray, right: pa.ChunkedArray) -> np.ndarray:
    """Tell in which places two columns hold the same; null is the same as null.

    Parameters
    ----------
    left, right : pyarrow.ChunkedArray
        Of one length and one type: text, numbers, instants, or lists of these without nulls.

    Returns
    -------
    numpy.ndarray
        bool, one for each place.
    """
    if not pa.types.is_list(left.type):
        same = pc.equal(left, right)
        if left.null_count or right.null_count:
            both_null = pc.and_(left.is_null(), right.is_null())
            same = pc.or_(same.fill_null(False), both_null)  # noqa: FBT003 - Arrow's own signature
        return to_numpy(same)
    ours, theirs = one_chunk(left), one_chunk(right)
    lengths = np.asarray(ours.value_lengths())
    equal: np.ndarray = lengths == np.asarray(theirs.value_lengths())
    if not equal.all():  # only lists of one length can be laid beside each other
        ours, theirs = ours.filter(pa.array(equal)), theirs.filter(pa.array(equal))
    differ = ~to_numpy(pc.equal(ours.flatten(), theirs.flatten()))
    if not differ.any():
        return equal
    rows = np.flatnonzero(equal)[pc.list_parent_indices(ours).to_numpy()[differ]]
    equal[rows] = False
    return equal


def instants(column: pd.Series[Any]) -> NDArray[np.datetime64]:
    """Return UTC instants as plain datetime64[us]."""
    found: NDArray[np.datetime64] = column.to_numpy(dtype="datetime64[us]")
    return found


def micros(column: pd.Series[Any]) -> NDArray[np.int64]:
    """Return UTC instants as microseconds since 1970; NaT becomes the smallest number."""
    return instants(column).astype(np.int64)


def stamp_instant(stamp: pd.Timestamp) -> np.datetime64:
    """Return a UTC timestamp as plain datetime64[us]."""
    return stamp.tz_localize(None).as_unit("us").to_datetime64()


def stamp_micros(stamp: pd.Timestamp) -> int:
    """Return a UTC timestamp as microseconds since 1970."""
    return int(stamp_instant(stamp).astype(np.int64))


def utc_index(values: NDArray[Any]) -> pd.DatetimeIndex:
    """Return microseconds since 1970, or plain datetime64[us], as datetime64[us, UTC]."""
    return pd.DatetimeIndex(values.astype("datetime64[us]")).tz_localize("UTC")
