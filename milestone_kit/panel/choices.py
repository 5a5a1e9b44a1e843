"""What can be chosen in the check lists: the frequent values with their counts, and those already chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from milestone_kit.analysis.filters import BOOLEAN_FACETS, Criteria, Facet, FilterIndex
from milestone_kit.panel.view import Choices

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["choices_of"]

_OFFERED: Final = 60
"""The most values that one check list offers; the rest is counted."""

_LISTS: Final = (("status", "Status"), ("category", "Category"), ("type", "Type"), ("league", "League"))


def choices_of(index: FilterIndex, criteria: Criteria) -> Choices:
    """Return what can be chosen under these criteria.

    What is asked for is always offered, also where the table has no such value, so that the user can
    take it back.
    """
    counted = index.facets(criteria)
    lists = [_list(name, label, counted[name], getattr(criteria, name) or ()) for name, label in _LISTS]
    flags = {name: counted[name][0].count for name in BOOLEAN_FACETS}
    return Choices([one for one in lists if one["options"]], flags)


def _list(name: str, label: str, counted: list[Facet], asked: Sequence[str]) -> dict[str, Any]:
    wanted = {value.casefold(): value for value in asked}
    # a blank value cannot be asked for
    options = [one for one in counted if str(one.value).strip()]
    known = {str(one.value).casefold() for one in options}
    options += [Facet(value, 0) for folded, value in wanted.items() if folded not in known]
    offered = [one for i, one in enumerate(options) if i < _OFFERED or str(one.value).casefold() in wanted]
    return {
        "name": name,
        "label": label,
        "options": [{"value": one.value, "count": one.count} for one in offered],
        "hidden": len(options) - len(offered),
    }
