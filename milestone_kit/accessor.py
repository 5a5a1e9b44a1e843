"""`df.milestones.<name>`: the package's own functions, bound to the table."""

from __future__ import annotations

import importlib
import types
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from milestone_kit.table.schema import check_milestones

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MilestonesAccessor"]

_FUNCTIONS: Final = (
    "add_names",
    "assign_lanes",
    "busiest",
    "calendar_counts",
    "calibrate_durations",
    "compute_timeline",
    "concurrency",
    "coverage",
    "details_of",
    "diff_milestones",
    "expand_details",
    "explode_tickers",
    "explore",
    "filter_milestones",
    "find_by_source",
    "find_by_ticker",
    "find_overlaps",
    "gaps",
    "get_live",
    "get_targets",
    "next_up",
    "plot_calendar",
    "plot_changes",
    "plot_concurrency",
    "plot_gantt",
    "related_milestones",
    "slips",
    "source_table",
    "ticker_table",
    "to_csv",
    "to_ics",
    "to_parquet",
    "typical_durations",
)
"""The public functions whose first argument is a milestones table."""

_SHORT: Final = {"filter": "filter_milestones"}


class MilestonesAccessor:
    """The functions that take a milestones table first, bound to this one.

    Each method is the function of that name in `milestone_kit`, with its signature and description; `filter`
    is short for `filter_milestones`. Columns beyond the milestones schema are welcome.

    Raises
    ------
    SchemaError
        When first touched on a table that is not in the milestones schema.

    Examples
    --------
    >>> from milestone_kit.table.schema import empty_milestones
    >>> len(empty_milestones().milestones.filter(category="Sports"))
    0
    """

    def __init__(self, df: pd.DataFrame) -> None:
        check_milestones(df)
        self._df = df

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = _SHORT.get(name, name)
        if function not in _FUNCTIONS:
            raise AttributeError(f"df.milestones has no {name!r}; it has {', '.join(dir(self))}")
        # looked up when called for, so that `import milestone_kit` stays light
        return types.MethodType(getattr(importlib.import_module("milestone_kit"), function), self._df)

    def __dir__(self) -> list[str]:
        return sorted((*_FUNCTIONS, *_SHORT))


# a second import (importlib.reload, test collectors) replaces our own accessor; pandas would warn
# as if it were somebody else's
if getattr(getattr(pd.DataFrame, "milestones", None), "__module__", None) == __name__:
    del pd.DataFrame.milestones  # type: ignore[attr-defined]  # set by the line below
pd.api.extensions.register_dataframe_accessor("milestones")(MilestonesAccessor)
