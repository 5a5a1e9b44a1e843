"""What became of the milestones of a page that did not come as promised: mended and counted, or set aside."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final, NamedTuple, Self

import msgspec
import orjson
import pandas as pd

from milestone_kit.core.notices import warn
from milestone_kit.errors import DataWarning, SchemaError
from milestone_kit.table.schema import DTYPES

__all__ = [
    "DUPLICATES",
    "Rejected",
    "Repairs",
    "are_most",
    "refuse_rejected",
    "rejected_frame",
    "warn_repairs",
]

DUPLICATES: Final = "duplicate ids"
"""The kind of repair that is normal (rows move while a walk runs) and gives no warning."""

_FEW: Final = 10
_NAMED: Final = 3


class Rejected(NamedTuple):
    """A milestone that breaks the contract beyond repair, kept whole.

    Attributes
    ----------
    id, field : str or None
        The milestone's id and the field at fault, where they are known.
    reason : str
        What is wrong.
    milestone : str
        JSON text of all that the server sent of it.
    """

    id: str | None
    field: str | None
    reason: str
    milestone: str

    @classmethod
    def of(cls, milestone: object, error: SchemaError) -> Self:
        """Set a milestone aside because of an error."""
        return cls(error.id, error.field, str(error), _text(milestone))

    def error(self) -> SchemaError:
        """Return the error again."""
        return SchemaError(self.reason, id=self.id, field=self.field)


class Repairs(Counter[str]):
    """What was mended on the way, by kind ("end_date unreadable", ...), and what was set aside.

    Attributes
    ----------
    rejected : list of Rejected
        In the order in which they came.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.rejected: list[Rejected] = []

    def __iadd__(self, other: Counter[str]) -> Self:  # type: ignore[override, misc]  # as Counter does
        self.update(other)
        self.rejected += getattr(other, "rejected", [])
        return self


def are_most(rejected: int, rows: int, *, lenient: bool) -> bool:
    """Tell whether so many of the rows of a page are broken that the API must have changed.

    `lenient` is for the few rows of a page of changes, where a single bad one must not keep out the next.
    """
    return rejected * 2 > rows and not (lenient and rows < _FEW)


def warn_repairs(repairs: Repairs) -> None:
    """Give one DataWarning that counts what was repaired and names what was set aside, where any was."""
    said = []
    counted = {kind: count for kind, count in repairs.items() if kind != DUPLICATES and count}
    if counted:
        told = ", ".join(f"{count} x {kind}" for kind, count in sorted(counted.items()))
        said.append(f"the server sent values that had to be repaired: {told}")
    if repairs.rejected:
        named = "; ".join(each.reason for each in repairs.rejected[:_NAMED])
        more = len(repairs.rejected) - _NAMED
        said.append(
            f"{len(repairs.rejected)} milestones break the server's contract and were set aside, whole, in "
            f"client.last_rejected: {named}{f'; and {more} more' if more > 0 else ''}"
        )
    if said:
        warn("; ".join(said), DataWarning)


def refuse_rejected(repairs: Repairs) -> None:
    """Raise the SchemaError of the first milestone that was set aside, where one was."""
    for each in repairs.rejected:
        raise each.error()


def rejected_frame(rejected: list[Rejected]) -> pd.DataFrame:
    """Return what was set aside as a table: `id`, `field`, `reason` and `milestone` (JSON text), all str."""
    return pd.DataFrame(rejected, columns=list(Rejected._fields)).astype(DTYPES["title"])


def _text(milestone: object) -> str:
    try:
        if isinstance(milestone, msgspec.Struct):
            return msgspec.json.encode(milestone).decode()
        return orjson.dumps(milestone).decode()
    except (TypeError, ValueError, RecursionError):
        return json.dumps(milestone, default=str)
