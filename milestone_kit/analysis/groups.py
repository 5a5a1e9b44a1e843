"""What to tell apart: which value of a column, or which league, each row has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from milestone_kit.analysis.details import league_of
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["groups_of"]


def groups_of(df: pd.DataFrame, by: str | None) -> tuple[NDArray[np.intp], pd.Index]:
    """Return which value of a column each row has, and the distinct values, sorted.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    by : str or None
        A column, or "league" as the details tell it; None for one nameless value. A missing value
        is a value of its own, the last one.

    Raises
    ------
    QueryError
        When there is no such column, or its values cannot be told apart.
    """
    if by is None:
        return np.zeros(len(df), dtype=np.intp), pd.Index([None])
    if isinstance(by, str) and by == "league" and by not in df.columns:
        column = league_of(df)
    elif not isinstance(by, str) or by not in df.columns:
        raise QueryError(
            f"by={by!r}: this table has no such column; it has {', '.join(map(str, df.columns))}, "
            "and the details may tell a 'league'"
        )
    else:
        column = df[by]
    try:
        codes, names = pd.factorize(column, sort=True, use_na_sentinel=False)
    except (TypeError, NotImplementedError) as error:
        raise QueryError(f"by={by!r}: a column of {column.dtype} cannot tell rows apart") from error
    return codes, pd.Index(names)
