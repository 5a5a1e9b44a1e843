"""The Python that makes a view again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from milestone_kit.core.arguments import iso

if TYPE_CHECKING:
    import pandas as pd

    from milestone_kit.panel.state import PanelState

__all__ = ["Recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the code of a view is made from.

    Attributes
    ----------
    state : PanelState
        Filters and view, with the window on screen.
    timed : bool
        Whether the table already has the columns of `compute_timeline`. Where it has not, they are
        computed before filtering: what ends are assumed is learned from the whole table.
    color_order : tuple of str
        The values with colours of their own; ranked over the filtered rows they might get others.
    """

    state: PanelState
    timed: bool = False
    color_order: tuple[str, ...] = ()

    def python(self, source: str, now: pd.Timestamp | None = None) -> str:
        """Return the code.

        Parameters
        ----------
        source : str
            The expression that gives the table.
        now : pandas.Timestamp, optional
            What statuses are relative to; None for the time at which the code runs.
        """
        state = self.state
        moment = {} if now is None else {"now": iso(now)}
        asked = "".join(f", {name}={value!r}" for name, value in moment.items())
        table = "df" if self.timed else f"mk.compute_timeline(df{asked})"
        order: dict[str, Any] = {"color_order": list(self.color_order)} if self.color_order else {}
        options = {"color": state.color, **order, "tz": state.tz} | moment
        if state.group != "none":
            options["group"] = state.group
        if state.window is not None:
            options |= {"start": state.window[0], "end": state.window[1]}
        return (
            "import milestone_kit as mk\n\n"
            f"df = {source}\n"
            f"rows = mk.filter_milestones(\n    {table}{_lines(state.filters.as_dict())},\n)\n"
            f"mk.plot_gantt(\n    rows{_lines(options)},\n)\n"
        )


def _lines(options: dict[str, Any]) -> str:
    return "".join(f",\n    {name}={value!r}" for name, value in options.items())
