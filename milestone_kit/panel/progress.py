"""How far a fetch is, and what a table says of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from milestone_kit.table.schema import ATTRS_KEY

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Progress", "told"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is.

    Attributes
    ----------
    rows, pages : int
        What has come.
    share : float or None
        Of everything, 0 to 1; None where nobody knows.
    seconds_left : float or None
        Until everything is there; None where nobody knows.
    expected_rows : int or None
        About how many rows there are in all, where the fetch tells.
    window : pair of str or None
        From when until when all are here, ISO 8601; None for no bound, both where nothing is sure yet.
    """

    rows: int = 0
    pages: int = 0
    share: float | None = None
    seconds_left: float | None = None
    expected_rows: int | None = None
    window: tuple[str | None, str | None] = (None, None)

    @property
    def expected(self) -> int | None:
        """About how many rows there are in all; None where nobody knows."""
        if self.expected_rows:
            return max(self.expected_rows, self.rows)
        return round(self.rows / self.share) if self.share else None


def told(table: pd.DataFrame) -> dict[str, Any]:
    """Return what a table says of its fetch; nothing where that is lost."""
    said = table.attrs.get(ATTRS_KEY)
    return said if isinstance(said, dict) else {}
