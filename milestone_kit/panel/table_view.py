"""One page of the filtered table as text for the browser, sorted in the kernel."""

from __future__ import annotations

from copy import copy
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.figures.time_axis import to_ms
from milestone_kit.panel.agenda import AGENDA_COLUMNS, agenda_words, days_of
from milestone_kit.panel.remembered import forget, remembered
from milestone_kit.panel.row_cells import COLUMNS, NEEDED, cells_of, column_words
from milestone_kit.panel.state import SORTABLE, Sort

if TYPE_CHECKING:
    from collections.abc import Container

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["PAGE_ROWS", "TableView", "page_of"]

PAGE_ROWS: Final = 12

_COLUMNS: Final = ("status", "when", "start_date", "end", "title", "category", "type", "tickers")
_BY_START: Final = Sort()


def page_of(place: int, lead: int = 0) -> int:
    """Return the page that the row at a place stands on, where the first one is short of `lead` rows."""
    return (place + lead) // PAGE_ROWS


class TableView:
    """Sorts, pages and formats the rows that pass the filters.

    Parameters
    ----------
    timeline : pandas.DataFrame
        Milestones with the columns of `compute_timeline`.
    """

    def __init__(self, timeline: pd.DataFrame) -> None:
        self._timeline = timeline
        self._shown = timeline[list(NEEDED)]

    def retold(self, timeline: pd.DataFrame) -> TableView:
        """Return the view of the same rows at another moment."""
        other = copy(self)
        forget(other, {"_order": lambda key: key[0].column not in ("status", "end")})
        vars(other).update(_timeline=timeline, _shown=timeline[list(NEEDED)])
        return other

    @remembered
    def _order(self, sort: Sort) -> NDArray[np.int64]:
        if sort.column == "tickers":
            keys = self._timeline["related_event_tickers"].list.len().to_numpy(dtype=np.float64)
        else:
            column = self._timeline[sort.column]
            folded = column.str.casefold() if column.dtype == "str" else column
            keys = folded.rank(method="dense").to_numpy()
        # Missing values are NaN, which stand last either way; equal rows keep the table's order.
        order: NDArray[np.int64] = np.argsort(keys if sort.ascending else -keys, kind="stable")
        return order

    def rows(self, chosen: NDArray[np.bool_], sort: Sort = _BY_START) -> NDArray[np.int64]:
        """Return the positions of the chosen rows in the order of the table."""
        order = self._order(sort)
        rows: NDArray[np.int64] = order[chosen[order]]
        return rows

    def page_of_now(self, rows: NDArray[np.int64], now: float, sort: Sort = _BY_START, lead: int = 0) -> int:
        """Return the page on which the first milestone that has not begun stands, sorted by start."""
        if sort != _BY_START or not len(rows):
            return 0
        begun = int(np.searchsorted(to_ms(self._timeline["start_date"].iloc[rows]), now))
        return page_of(min(begun, len(rows) - 1), lead)

    def page(
        self,
        rows: NDArray[np.int64],
        number: int,
        zone: str,
        selected: Container[str],
        *,
        news: Container[str] = (),
        sort: Sort = _BY_START,
        lead: int = 0,
        searched: str = "",
        agenda_at: float | None = None,
    ) -> dict[str, Any]:
        """Return the `view` of one page for `PagedTable`.

        Parameters
        ----------
        rows : ndarray of int64
            Positions of all rows, in their order.
        number : int
            Which page.
        zone : str
            IANA time zone of the times.
        selected, news : container of str
            The ids of rows that stand out.
        sort : Sort
            How the rows are sorted.
        lead : int
            How many rows the first page is short of.
        searched : str
            The words that were searched for, which are marked.
        agenda_at : float, optional
            Makes an agenda of the page, as of this moment in milliseconds.
        """
        pages = max(-(-(len(rows) + lead) // PAGE_ROWS), 1)
        number = min(max(number, 0), pages - 1)
        first = max(number * PAGE_ROWS - lead, 0)
        some = self._shown.iloc[rows[first : (number + 1) * PAGE_ROWS - lead]]
        last = first + len(some)
        where = f"{first + 1:,} to {last:,} of {len(rows):,}" if len(some) else "0 rows"
        is_agenda = agenda_at is not None
        names, said = AGENDA_COLUMNS if is_agenda else _COLUMNS, column_words(some, zone)
        if is_agenda:
            said["time"] = agenda_words(some, zone)
        return {
            "columns": [
                COLUMNS[name]._asdict() | {"sorts": name in SORTABLE and not is_agenda} for name in names
            ],
            "rows": cells_of(some, said, names, searched),
            "days": [] if agenda_at is None else days_of(some, zone, agenda_at),
            "sort": asdict(sort),
            "page": number,
            "pages": pages,
            "where": where,
            "selected": [id_ for id_ in some["id"] if id_ in selected],
            "news": [id_ for id_ in some["id"] if id_ in news],
        }
