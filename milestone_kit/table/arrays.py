"""Columns as they lie in memory: each in one piece, and the same work on all of them side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["map_columns", "one_chunk"]


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
    with ThreadPoolExecutor(pa.cpu_count()) as threads:
        made = {at: threads.submit(function, columns[at]) for at in largest_first}
        return [made[at].result() for at in range(len(columns))]
