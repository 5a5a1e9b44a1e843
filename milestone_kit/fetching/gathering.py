"""What a walk has gathered so far: pages held to the query's bounds, counted, and joined to one table."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.errors import TooLargeError
from milestone_kit.fetching import spans
from milestone_kit.fetching.plan import Plan
from milestone_kit.fetching.walkers import ChainPage, Walk, Walkers
from milestone_kit.table.frame import join_pages, starts_of
from milestone_kit.table.intake import Repairs
from milestone_kit.table.schema import ARROW_SCHEMA

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator, Iterable

    from milestone_kit.core.query import Query
    from milestone_kit.core.settings import Patience
    from milestone_kit.fetching.page_source import PageSource
    from milestone_kit.fetching.plan import Chain
    from milestone_kit.fetching.spans import Span
    from milestone_kit.fetching.start_density import StartDensity

__all__ = ["Gathering", "newest_of", "within"]

_INSTANT: Final = ARROW_SCHEMA.field("start_date").type


class Gathering:
    """The pages of one query so far; still there when the walk fails in the middle.

    Parameters
    ----------
    query : Query
        The question; its start dates bound the rows, both ends included.
    source : PageSource
        Where its pages come from.
    limit : int
        Rows of a full page.
    density : StartDensity
        Where rows are expected.
    cuts : iterable of int
        Where an earlier attempt was cut.
    cut : callable
        Is told where the walk is cut, whenever that changes.
    patience : Patience, optional
        Says when threads join, and when the walk is given up.
    check : callable
        Is given each page as it was converted, and may raise.
    lenient : bool
        Whether its pages are of changes only; see `intake.are_most`.
    near : int, optional
        The start, in microseconds since 1970, around which it is walked first.
    resumed : bool
        Whether pages of an earlier attempt may be there; else it is cut around `near` from the beginning.
    stop : threading.Event, optional
        Ends the walk, in a StoppedError, once it is set.

    Attributes
    ----------
    pages, rows : int
        How many pages came and how many rows were kept of them, repeated ids included.
    repairs : Repairs
        What had to be repaired.
    rescued : int
        How many rows lay in two ranges and came with the wrong one only; known once joined.
    """

    def __init__(
        self,
        query: Query,
        source: PageSource,
        *,
        limit: int,
        density: StartDensity,
        cuts: Iterable[int] = (),
        cut: Callable[[list[int]], object] = lambda _: None,
        patience: Patience | None = None,
        check: Callable[[pa.Table], object] = lambda _: None,
        lenient: bool = False,
        near: int | None = None,
        resumed: bool = True,
        stop: threading.Event | None = None,
    ) -> None:
        self.pages = 0
        self.rows = 0
        self.repairs = Repairs()
        self.rescued = 0
        self._query = query
        self._check = check
        self._parts: list[ChainPage] = []
        self._bytes = 0
        self._density = density
        self._near = near
        self._spans: dict[Chain, Span] = {}
        low, high = _bounds_of(query)
        order = [] if near is None else spans.near(near, low, high)
        if near is not None and not resumed:
            is_large = not query.filters()
            cuts = spans.cuts_near(near, order, density, limit=limit, is_large=is_large)
            cut(list(cuts))
        self._plan = Plan(
            density,
            limit=limit,
            cuts=cuts,
            low=low,
            high=high,
            confirm=not lenient,
            resumed=resumed,
            order=order,
        )
        self._walk = Walk(source, self._plan, cut=cut, patience=patience, lenient=lenient, stop=stop)

    @property
    def bounds(self) -> Span:
        """The bounds of its query on the start."""
        return _bounds_of(self._query)

    @property
    def whole(self) -> bool:
        """Whether nothing that the query asks for is left to come."""
        return self._plan.done

    def gather(
        self, *, workers: int, max_rows: int | None = None, report: Callable[[int, int], object]
    ) -> None:
        """Walk to the end, ranges of starts side by side as far as that pays; keep the pages for `table`.

        Parameters
        ----------
        workers : int
            How many pages are asked for side by side at most.
        max_rows : int, optional
            Stop once this many different milestones have come; the pages are then asked for in turn.
        report : callable
            Is told (rows, pages) after each page.
        """
        pages = self._side_by_side(workers) if max_rows is None else self.in_turn(max_rows)
        with closing(pages):
            for page in pages:
                self._keep(page)
                report(self.rows, self.pages)

    def in_turn(self, max_rows: int | None = None) -> Generator[ChainPage]:
        """Yield the pages in the order of their starts, each asked for when it is wanted; keep none.

        Once `max_rows` different milestones have come, no more are asked for.
        """
        ids: set[str] = set()
        before = pa.array([], pa.large_string())
        for page in self._walk.in_turn():
            bounded = self._took(page)
            if page.chain.behind is not None:  # what is asked for once more begins with what has come
                again = pc.is_in(bounded.table["id"], value_set=before)
                bounded = bounded._replace(table=bounded.table.filter(pc.invert(again)))
            yield bounded
            before = page.table["id"].combine_chunks()
            if max_rows is not None:
                ids.update(bounded.table["id"].to_pylist())
                if len(ids) >= max_rows:
                    return

    def _side_by_side(self, workers: int) -> Generator[ChainPage]:
        with Walkers(self._walk, workers) as walkers:
            for page in walkers.pages():
                yield self._took(page)

    def _keep(self, page: ChainPage) -> None:
        self._parts.append(page)
        if page.covers is not None:
            self._spans[page.chain] = page.covers
        self._bytes += page.table.nbytes
        most = self._walk.patience.most_bytes
        if self._bytes > most:
            raise TooLargeError(
                f"the answer is too large: {self.rows} milestones take over {most // 2**20} MB of memory; "
                "ask for less (a filter, narrower dates, max_rows), or page by page with client.iter_pages()"
            )

    def _took(self, page: ChainPage) -> ChainPage:
        """Count a page, and leave of it what the query asks for."""
        self._check(page.table)
        table = within(page.table, self._query)
        self.pages += 1
        self.repairs += page.repairs
        high = page.chain.high
        self.rows += table.num_rows if high is None else int((starts_of(table) < high).sum())
        return page._replace(table=table)

    def covered(self) -> list[Span]:
        """Return the spans of starts of which every row was kept; they have nothing in common."""
        if not self._plan.ordered:
            return []
        found = []
        for chain, (low, high) in list(self._spans.items()):
            # the end of a chain that is being asked about again is not yet sure
            sure = high if chain.high is None else min(chain.high, chain.high if high is None else high)
            if low is None or sure is None or low < sure:
                found.append((low, sure))
        return found

    def share(self) -> float:
        """Estimate how much of the answer was kept: 0 to 1."""
        whole = spans.mass_of([self.bounds], self._density)
        return min(1.0, spans.mass_of(self.covered(), self._density) / whole) if whole else 0.0

    def newest(self) -> int | None:
        """Return the newest `last_updated_ts` of the kept pages, in microseconds since 1970."""
        return newest_of(*(page.table for page in self._parts))

    def table(self) -> pa.Table:
        """Join the kept pages into one table: one row per id, in order; duplicates are counted."""
        table, moved = self._joined(self.repairs)
        self.rescued = moved if self._plan.ordered else 0
        return table

    def so_far(self) -> pa.Table:
        """Join what was kept up to now, as `table` does in the end; may be called while others walk."""
        return self._joined(None)[0]

    def _joined(self, repairs: Repairs | None) -> tuple[pa.Table, int]:
        own, others = self._sorted_out()
        joined = join_pages(own, repairs)
        if not others:
            return joined, 0
        # a row at a seam comes with both ranges; one that came with the wrong range only moved meanwhile
        missing = join_pages(others)
        missing = missing.filter(pc.invert(pc.is_in(missing["id"], joined["id"].combine_chunks())))
        return (join_pages([joined, missing]) if missing.num_rows else joined), missing.num_rows

    def _sorted_out(self) -> tuple[list[pa.Table], list[pa.Table]]:
        """Tell the rows of each range from those beyond its end; of a plan that broke, the first chain's."""
        own: list[pa.Table] = []
        others: list[pa.Table] = []
        # laid side by side in the order of the ranges, there is nothing left to sort
        for chain, table, *_ in sorted(self._parts, key=_where):
            if not self._plan.ordered:
                (own if chain is self._plan.chains[0] else others).append(table)
            elif chain.high is None or (inside := starts_of(table) < chain.high).all():
                own.append(table)
            else:
                own.append(table.filter(pa.array(inside)))
                others.append(table.filter(pa.array(~inside)))
        return own, others


def _bounds_of(query: Query) -> Span:
    """Return the bounds of a query on the start, in microseconds since 1970, the second one excluded."""
    high = _micros(query.maximum_start_date)
    return _micros(query.minimum_start_date), None if high is None else high + 1


def _where(page: ChainPage) -> float:
    return float("-inf") if page.chain.low is None else page.chain.low


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
                keeps(table["start_date"], pa.scalar(_micros(text), pa.int64()).cast(_INSTANT))
            )
    return table


def _micros(text: str | None) -> int | None:
    """Read a bound of a query as microseconds since 1970."""
    return None if text is None else int(pd.Timestamp(text).as_unit("us").asm8.astype(np.int64))
