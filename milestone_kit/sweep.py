"""One sweep through the pages of a query: each is converted as it comes, rows counted, bounds kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.frame import Repairs, join_pages, page_table
from milestone_kit.pages import StartBound, walk
from milestone_kit.schema import ARROW_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from milestone_kit.query import Query

__all__ = ["Sweep"]

_INSTANT = ARROW_SCHEMA.field("start_date").type


class Sweep:
    """The pages of one query so far; still there when the walk fails in the middle.

    Parameters
    ----------
    query : Query
        The question; its start dates bound the rows, both ends included.
    max_rows : int, optional
        Stop once this many different milestones have come and more would follow.

    Attributes
    ----------
    pages, rows : int
        How many pages came and how many rows were kept of them, repeated ids included.
    whole : bool
        Whether nothing that the query asks for is left to come.
    repairs : Repairs
        What had to be repaired.
    """

    def __init__(self, query: Query, *, max_rows: int | None = None) -> None:
        self.pages = 0
        self.rows = 0
        self.whole = False
        self.repairs = Repairs()
        self._max_rows = max_rows
        self._ids: set[str] = set()
        self._low = _instant(query.minimum_start_date)
        self._high = _instant(query.maximum_start_date)

    def run(self, fetch: Callable[[str | None], dict[str, Any]]) -> Iterator[pa.Table]:
        """Walk the pages and yield each as a table in `ARROW_SCHEMA`, rows in the order they came.

        Parameters
        ----------
        fetch : callable
            Takes a cursor and returns the page; see `pages.walk`.
        """
        bound = None if self._high is None else StartBound(self._high.value)
        for page in walk(fetch):
            table = page_table(page.milestones, self.repairs)
            passed = bound is not None and bound.passed(table["start_date"].cast(pa.int64()).to_pylist())
            table = self._within(table)
            self.pages += 1
            self.rows += table.num_rows
            if self._max_rows is not None:
                self._ids.update(table["id"].to_pylist())
            self.whole = passed or page.is_last
            yield table
            if self.whole or (self._max_rows is not None and len(self._ids) >= self._max_rows):
                return

    def _within(self, table: pa.Table) -> pa.Table:
        starts = table["start_date"]
        if self._low is not None:
            table = table.filter(pc.greater_equal(starts, self._low))
            starts = table["start_date"]
        return table if self._high is None else table.filter(pc.less_equal(starts, self._high))

    def join(self, tables: list[pa.Table]) -> pa.Table:
        """Join the pages into one table: one row per id, in order; duplicates are counted."""
        return join_pages(tables, self.repairs)


def _instant(text: str | None) -> pa.Scalar | None:
    return None if text is None else pa.scalar(pd.Timestamp(text).as_unit("us"), _INSTANT)
