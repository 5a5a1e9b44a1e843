"""A column as codes of its distinct values, ready to group and colour by without reading text again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NONE", "Keys"]

NONE = "(none)"
"""The name of a missing value."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Which of its distinct values each row has.

    Attributes
    ----------
    codes : ndarray of int64, shape (rows,)
        Position in `names`.
    names : tuple of str
        The most frequent value of the table first; spellings that differ only in case are one
        value, under the commonest of them.
    """

    codes: NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: pd.Series) -> Keys:
        """Read a column of any dtype as text."""
        spelled, spellings = pd.factorize(values.astype("str").fillna(NONE))
        folded, keys = pd.factorize(pd.Index(spellings).str.casefold())
        times = np.bincount(spelled, minlength=len(spellings))
        ranked = sorted(range(len(spellings)), key=lambda i: (-times[i], spellings[i]))
        name_of: dict[int, str] = {}
        for i in ranked:
            name_of.setdefault(int(folded[i]), str(spellings[i]))
        totals = np.bincount(folded, weights=times, minlength=len(keys))
        order = sorted(range(len(keys)), key=lambda k: (-totals[k], name_of[k]))
        place = np.empty(len(keys), np.int64)
        place[order] = np.arange(len(keys))
        codes = place[folded][spelled] if len(values) else np.empty(0, np.int64)
        return cls(codes, tuple(name_of[k] for k in order))
