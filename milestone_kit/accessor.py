"""`df.milestones.<name>`: the package's functions as methods of a milestones DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from milestone_kit.schema import check_milestones

if TYPE_CHECKING:
    from typing import Any

__all__ = ["MilestonesAccessor"]


@pd.api.extensions.register_dataframe_accessor("milestones")
class MilestonesAccessor:
    """The functions that take a milestones table first, bound to this one.

    Raises
    ------
    SchemaError
        When first touched on a table that is not in the milestones schema.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        check_milestones(df)
        self._df = df

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)
