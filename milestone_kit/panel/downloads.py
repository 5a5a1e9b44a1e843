"""Which rows and columns of an explorer become a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from milestone_kit.analysis.groups import column_of
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from milestone_kit.panel.model import ExplorerModel
    from milestone_kit.panel.view import View

__all__ = ["DOWNLOADS", "exported"]

DOWNLOADS: Final = (
    ("all filtered rows", "filtered"),
    ("rows in this window", "window"),
    ("selected rows", "selected"),
)
"""What can be downloaded: in words, and as `exported` takes it."""

_COMPUTED: Final = ("status", "end", "end_source", "league")


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
    session, table = view.session, model.timeline
    if what == "window":
        rows = model.listed(session.state.filters, session.order, view.chart.scene.window)
    elif what == "filtered":
        rows = view.rows
    elif what == "selected":
        rows = view.rows[table["id"].iloc[view.rows].isin(session.selected).to_numpy()]
        if not len(rows):
            raise QueryError("no milestone is selected: click one, or draw a box with the chart's box tool")
    else:
        raise QueryError(f"what={what!r}: expected one of {', '.join(name for _, name in DOWNLOADS)}")
    if isinstance(columns, str):
        columns = [columns]
    own = list(map(str, model.table.columns))
    names = [*own, *(one for one in _COMPUTED if one not in own)] if columns is None else list(columns)
    chosen = table.iloc[rows]
    return pd.DataFrame({name: column_of(chosen, name, "columns") for name in names})
