"""Which rows and columns of an explorer become a file, and the files that a browser is handed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd

from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.groups import column_of
from milestone_kit.errors import QueryError
from milestone_kit.export.csv import csv_parts
from milestone_kit.export.ics import ics_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from milestone_kit.panel.model import ExplorerModel
    from milestone_kit.panel.view import View

__all__ = [
    "DOWNLOADS",
    "MOST_EVENTS",
    "Download",
    "chosen_rows",
    "csv_download",
    "exported",
    "ics_download",
]

DOWNLOADS: Final = (
    ("all filtered rows", "filtered"),
    ("rows in this window", "window"),
    ("selected rows", "selected"),
)
"""What can be downloaded: in words, and as `exported` takes it."""

MOST_EVENTS: Final = 5_000
"""The most events of a calendar that the panel hands over; a kernel makes 2,500 in a second."""

_ROWS_A_PART: Final = 5_000
"""Some five megabytes, which a kernel makes in a tenth of a second."""

_COMPUTED: Final = ("status", "end", "end_source", "league")


class Download(NamedTuple):
    """A file for the browser: name, media type, what it is made of, and what is said once it is there.

    The parts are made when they are asked for.
    """

    name: str
    media: str
    parts: Iterator[bytes]
    said: str


def csv_download(model: ExplorerModel, view: View, what: str, rows: int = _ROWS_A_PART) -> Download:
    """Return rows as a CSV file; `what` as for `exported`, `rows` is how many are made at a time."""
    table, name = exported(model, view, what), _named(what, "csv")
    return Download(
        name, "text/csv;charset=utf-8", csv_parts(table, rows=rows), f"{name}: {len(table):,} rows"
    )


def ics_download(model: ExplorerModel, view: View, what: str, now: pd.Timestamp) -> Download:
    """Return rows as a calendar file, without those that have no date yet; `what` as for `exported`.

    Raises
    ------
    QueryError
        With nothing selected, or with more rows than a kernel turns into events in two seconds.
    """
    chosen = model.timeline.iloc[chosen_rows(model, view, what)]
    dated, name = chosen[~is_placeholder(chosen).to_numpy()], _named(what, "ics")
    if len(dated) > MOST_EVENTS:
        raise QueryError(
            f"{len(dated):,} milestones are too many for a calendar (at most {MOST_EVENTS:,}): filter "
            "further, take those in this window or selected, or call explorer.to_ics(path)"
        )
    left_out = len(chosen) - len(dated)
    beside = f", {left_out:,} placeholders without a date left out" if left_out else ""
    parts = iter([ics_bytes(dated, now=now)])
    return Download(name, "text/calendar;charset=utf-8", parts, f"{name}: {len(dated):,} events{beside}")


def _named(what: str, ending: str) -> str:
    return f"milestones.{ending}" if what == "filtered" else f"milestones-{what}.{ending}"


def chosen_rows(model: ExplorerModel, view: View, what: str) -> NDArray[np.int64]:
    """Return the positions of the rows that are wanted, in the order of the table view.

    Raises
    ------
    QueryError
        For another `what`, or with nothing selected.
    """
    session = view.session
    if what == "window":
        return model.listed(session.state.filters, session.order, view.chart.scene.window)
    if what == "filtered":
        return view.rows
    if what != "selected":
        raise QueryError(f"what={what!r}: expected one of {', '.join(name for _, name in DOWNLOADS)}")
    rows = view.rows[model.timeline["id"].iloc[view.rows].isin(session.selected).to_numpy()]
    if not len(rows):
        raise QueryError("no milestone is selected: click one, or draw a box with the chart's box tool")
    return rows


def exported(
    model: ExplorerModel, view: View, what: str, columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """Return what is to be written, in the order of the table view.

    Parameters
    ----------
    model, view : ExplorerModel, View
        The table, and what is on screen.
    what : {"filtered", "window", "selected"}
        Which rows.
    columns : iterable of str, optional
        Columns of the table or of `compute_timeline`, or "league"; left out, the table's own and status, end,
        end_source and league.

    Raises
    ------
    QueryError
        For another `what`, an unknown column, or with nothing selected.
    """
    chosen = model.timeline.iloc[chosen_rows(model, view, what)]
    if isinstance(columns, str):
        columns = [columns]
    own = list(map(str, model.table.columns))
    names = [*own, *(one for one in _COMPUTED if one not in own)] if columns is None else list(columns)
    return pd.DataFrame({name: column_of(chosen, name, "columns") for name in names})
