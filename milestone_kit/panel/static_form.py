"""What stands for the explorer where no kernel and no widgets are: a table with a picture in characters."""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING, Any, Final

from milestone_kit.panel.notebook import running_shell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["is_unattended", "static_form"]

_TICKS: Final = 24
"""Characters in which the window is drawn."""


def is_unattended() -> bool:
    """Tell whether the running cell has no user in front of it, as in `jupyter nbconvert --execute`.

    Who executes a notebook without a front end does not let it ask for input. Voila does not either, and
    shows widgets to its visitors. Where the kernel does not tell, there may be a user.
    """
    shell = running_shell()
    may_ask = getattr(getattr(shell, "kernel", None), "_allow_stdin", True)
    return may_ask is False and not os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def static_form(
    summary: str,
    view: Mapping[str, Any],
    window: tuple[float, float] | None = None,
    spans: Sequence[tuple[float, float]] = (),
) -> str:
    """Return heading, summary line and the page of the table on screen as HTML without styles or scripts.

    Parameters
    ----------
    summary : str
        The panel's own HTML, already safe.
    view : mapping
        As `TableView.page` gives it; its cells are plain text.
    window : pair of float, optional
        The chart's window in milliseconds; without it, nothing is drawn.
    spans : sequence of pairs of float
        Start and end of each row in milliseconds; without an end, NaN.
    """
    drawn = [""] * len(view["rows"]) if window is None else [_bar(one, window) for one in spans]
    labels = [column["label"] for column in view["columns"]] + ([] if window is None else ["In the window"])
    head = "".join(f"<th>{html.escape(label)}</th>" for label in labels)
    days: Sequence[str] = view["days"] or [""] * len(view["rows"])
    rows = "".join(
        (f'<tr><th colspan="{len(labels)}">{html.escape(day)}</th></tr>' if day != before else "")
        + "<tr>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row["cells"])
        + (f"<td><code>{bar}</code></td>" if bar else "")
        + "</tr>"
        for row, bar, day, before in zip(view["rows"], drawn, days, ["", *days][: len(days)], strict=True)
    )
    return (
        f"<h4>Milestones</h4><p>{summary}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{html.escape(view['where'])}. Run the cell to filter and to see the chart.</p>"
    )


def _bar(span: tuple[float, float], window: tuple[float, float]) -> str:
    """Return a row's span within the window in block characters, one at least where it begins.

    Examples
    --------
    >>> _bar((12.0, 18.0), (0.0, 24.0))
    '············██████······'
    """
    step = (window[1] - window[0]) / _TICKS
    first = int((span[0] - window[0]) // step)
    end = span[1] if span[1] == span[1] else span[0]
    last = max(int((end - window[0]) // step), first + 1)
    return "".join("█" if first <= place < last else "·" for place in range(_TICKS))
