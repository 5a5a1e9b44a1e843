"""The Python that makes a view again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from milestone_kit.core.arguments import iso
from milestone_kit.panel.notebook import running_shell

if TYPE_CHECKING:
    import pandas as pd

    from milestone_kit.panel.state import PanelState

__all__ = ["YOUR_TABLE", "Recipe", "name_of"]

YOUR_TABLE: Final = "...  # put your milestones table here: it has no name in this notebook"
"""What stands in the code for a table that was given without a name."""


def name_of(thing: object) -> str | None:
    """Return the name that a notebook's user has for an object; None outside of one, or without any."""
    shell = running_shell()
    names = {} if shell is None else shell.user_ns
    # outputs are kept under names with underscores, which are others after a restart
    found = (name for name, value in list(names.items()) if value is thing and not name.startswith("_"))
    return next(found, None)


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
    size : tuple of two int, optional
        Width and height in pixels of the picture as `plot_gantt` takes them.
    dark : bool
        Whether it is drawn on a dark ground.
    watch : tuple of str
        The watchlist, whose milestones stand on top.
    """

    state: PanelState
    timed: bool = False
    color_order: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    dark: bool = False
    watch: tuple[str, ...] = ()

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
            if state.folded:
                options["folded"] = list(state.folded)
        if self.watch:
            options["watch"] = list(self.watch)
        if isinstance(state.window, tuple):
            options |= {"start": state.window[0], "end": state.window[1]}
        if self.size is not None:
            options |= {"width": self.size[0], "height": self.size[1]}
        if self.dark:
            options["theme"] = "dark"
        given = "" if source == "df" else f"df = {source}\n"
        return (
            "import milestone_kit as mk\n\n"
            f"{given}"
            f"rows = mk.filter_milestones(\n    {table}{_lines(state.filters.as_dict())},\n)\n"
            f"mk.plot_gantt(\n    rows{_lines(options)},\n)\n"
        )


def _lines(options: dict[str, Any]) -> str:
    return "".join(f",\n    {name}={value!r}" for name, value in options.items())
