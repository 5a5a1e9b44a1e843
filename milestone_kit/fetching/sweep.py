"""One sweep through the pages of a query: each is converted as it comes, rows counted, bounds kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.fetching.cursor import StartBound, walk
from milestone_kit.fetching.plan import Density, Plan
from milestone_kit.fetching.workers import Walkers
from milestone_kit.table.frame import Repairs, join_pages, page_table, starts_of
from milestone_kit.table.schema import ARROW_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from milestone_kit.core.query import Query
    from milestone_kit.fetching.plan import Chain
    from milestone_kit.fetching.workers import Source

__all__ = ["Sweep", "newest_of", "within"]

_INSTANT: Final = ARROW_SCHEMA.field("start_date").type


class Sweep:
    """The pages of one query so far; still there when the walk fails in the middle.

    Parameters
    ----------
    query : Query
        The question; its start dates bound the rows, both ends included.
    max_rows : int, optional
        Stop once this many different milestones have come and more would follow.
    check : callable, optional
        Is given each page as it was converted, and may raise.

    Attributes
    ----------
    pages, rows : int
        How many pages came and how many rows were kept of them, repeated ids included.
    whole : bool
        Whether nothing that the query asks for is left to come.
    repairs : Repairs
        What had to be repaired.
    rescued : int
        How many rows lay in two ranges and came with the wrong one only; known once joined.
    """

    def __init__(
        self,
        query: Query,
        *,
        max_rows: int | None = None,
        check: Callable[[pa.Table], object] | None = None,
    ) -> None:
        self.pages = 0
        self.rows = 0
        self.whole = False
        self.repairs = Repairs()
        self.rescued = 0
        self._max_rows = max_rows
        self._query = query
        self._check = check
        self._ids: set[str] = set()
        self._parts: list[tuple[Chain | None, pa.Table]] = []
        self._plan: Plan | None = None

    def run(self, fetch: Callable[[str | None], dict[str, Any]]) -> Iterator[pa.Table]:
        """Walk the pages as one chain and yield each in `ARROW_SCHEMA`, rows in the order they came.

        Parameters
        ----------
        fetch : callable
            Takes a cursor and returns the page; see `cursor.walk`.
        """
        high = micros(self._query.maximum_start_date)
        bound = None if high is None else StartBound(high)
        for page in walk(fetch):
            table = page_table(page.milestones, self.repairs)
            passed = bound is not None and bound.passed(starts_of(table).tolist())
            table = self._took(None, table)
            if self._max_rows is not None:
                self._ids.update(table["id"].to_pylist())
            self.whole = passed or page.is_last
            yield table
            if self.whole or (self._max_rows is not None and len(self._ids) >= self._max_rows):
                return

    def keep(self, tables: Iterable[pa.Table], report: Callable[[int, int], object]) -> None:
        """Keep the tables that `run` yields, for `table`, telling how far the walk has come."""
        for table in tables:
            self._parts.append((None, table))
            report(self.rows, self.pages)

    def run_ranges(
        self,
        source: Source,
        *,
        limit: int,
        workers: int,
        density: Density,
        report: Callable[[int, int], object],
        cuts: Iterable[int] = (),
    ) -> None:
        """Walk ranges of starts side by side, as far as that pays; keep their pages for `table`.

        Parameters
        ----------
        source : Source
            Where pages come from.
        limit : int
            Rows of a full page.
        workers : int
            How many pages are asked for side by side at most.
        density : Density
            Where rows are expected.
        report : callable
            Is told (rows, pages) after each page.
        cuts : iterable of int
            Where an earlier attempt was cut.
        """
        low, high = micros(self._query.minimum_start_date), micros(self._query.maximum_start_date)
        above = None if high is None else high + 1
        self._plan = plan = Plan(density, limit=limit, cuts=cuts, low=low, high=above)
        with Walkers(source, plan, workers) as walkers:
            for chain, table, repairs in walkers.pages():
                self.repairs += repairs
                self._parts.append((chain, self._took(chain, table)))
                report(self.rows, self.pages)
        self.whole = plan.done

    def _took(self, chain: Chain | None, table: pa.Table) -> pa.Table:
        """Count a page, and leave of it what the query asks for."""
        if self._check is not None:
            self._check(table)
        table = within(table, self._query)
        self.pages += 1
        high = None if chain is None else chain.high
        self.rows += table.num_rows if high is None else int((starts_of(table) < high).sum())
        return table

    def newest(self) -> int | None:
        """Return the newest `last_updated_ts` of the kept pages, in microseconds since 1970."""
        return newest_of(*(table for _, table in self._parts))

    def table(self) -> pa.Table:
        """Join the kept pages into one table: one row per id, in order; duplicates are counted."""
        own, others = self._sorted_out()
        joined = join_pages(own, self.repairs)
        if not others:
            return joined
        # a row at a seam comes with both ranges; one that came with the wrong range only moved meanwhile
        missing = join_pages(others)
        missing = missing.filter(pc.invert(pc.is_in(missing["id"], joined["id"].combine_chunks())))
        self.rescued = missing.num_rows if self._plan is None or self._plan.ordered else 0
        return join_pages([joined, missing]) if missing.num_rows else joined

    def _sorted_out(self) -> tuple[list[pa.Table], list[pa.Table]]:
        """Tell the rows of each range from those beyond its end; of a plan that broke, the first chain's."""
        own: list[pa.Table] = []
        others: list[pa.Table] = []
        ordered = self._plan is None or self._plan.ordered
        # laid side by side in the order of the ranges, there is nothing left to sort
        parts = sorted(self._parts, key=_where)
        for chain, table in parts:
            if chain is None or chain.high is None or not ordered:
                is_own = (
                    chain is None or ordered or (self._plan is not None and chain is self._plan.chains[0])
                )
                (own if is_own else others).append(table)
                continue
            inside = starts_of(table) < chain.high
            if inside.all():
                own.append(table)
            else:
                own.append(table.filter(pa.array(inside)))
                others.append(table.filter(pa.array(~inside)))
        return own, others


def _where(part: tuple[Chain | None, pa.Table]) -> float:
    chain, _ = part
    return float("-inf") if chain is None or chain.low is None else chain.low


def newest_of(*tables: pa.Table) -> int | None:
    """Return the newest `last_updated_ts` of tables, in microseconds since 1970; None where none has one."""
    found = [pc.max(table["last_updated_ts"]).cast(pa.int64()).as_py() for table in tables]
    return max((moment for moment in found if moment is not None), default=None)


def within(table: pa.Table, query: Query) -> pa.Table:
    """Leave the rows whose start lies within the bounds of a query, both included."""
    for text, keeps in (
        (query.minimum_start_date, pc.greater_equal),
        (query.maximum_start_date, pc.less_equal),
    ):
        if text is not None:
            table = table.filter(
                keeps(table["start_date"], pa.scalar(micros(text), pa.int64()).cast(_INSTANT))
            )
    return table


def micros(text: str | None) -> int | None:
    """Read a bound of a query as microseconds since 1970."""
    return None if text is None else int(pd.Timestamp(text).as_unit("us").asm8.astype(np.int64))
