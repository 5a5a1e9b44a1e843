"""How the rows of a sandbox look where production has changed or may change: ends, unknown fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["JANUARY_SHARE", "Shape"]

JANUARY_SHARE: Final = 0.15
"""The share of finished rows that carried their end in recordings of January 2026."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How invented rows are written.

    Parameters
    ----------
    null_ends : bool
        False: a row without an end has no key `end_date`, and nearly every finished row has one, as in
        September 2026. True: the form of January 2026, where the key is there with null, also on most
        finished rows.
    unknown : mapping of str to (float, object)
        Fields that no description has: name to the share of rows that carry it and its value.

    Examples
    --------
    >>> from milestone_kit.sandbox import synthetic_milestones
    >>> rows = synthetic_milestones(200, shape=Shape(unknown={"tags": (1.0, ["a"])}))
    >>> {row["tags"][0] for row in rows}
    {'a'}
    """

    null_ends: bool = False
    unknown: Mapping[str, tuple[float, Any]] = field(default_factory=lambda: {"product_details": (0.002, {})})
