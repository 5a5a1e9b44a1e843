"""What a saved notebook shows of the explorer where no kernel and no widgets are: a plain table."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["static_form"]


def static_form(summary: str, view: Mapping[str, Any]) -> str:
    """Return the summary line and the page of the table on screen as HTML without styles or scripts.

    Parameters
    ----------
    summary : str
        The panel's own HTML, already safe.
    view : mapping
        As `TableView.page` gives it; its cells are plain text.
    """
    head = "".join(f"<th>{html.escape(column['label'])}</th>" for column in view["columns"])
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row["cells"]) + "</tr>"
        for row in view["rows"]
    )
    return (
        f"<p>{summary}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{html.escape(view['where'])}. Run the cell to filter and to see the chart.</p>"
    )
