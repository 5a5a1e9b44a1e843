"""What can be chosen in the check lists: the frequent values with their counts, and those already chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from milestone_kit.analysis.filters import BOOLEAN_FACETS, Criteria, Facet, FilterIndex
from milestone_kit.panel.view import Choices

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Order", "choices_of", "standing_order"]

Order = dict[str, dict[str, int]]
"""By list and value, the place in the list."""

_OFFERED: Final = 400
"""The most values that one check list offers; the rest is counted."""

_LISTS: Final = (("status", "Status"), ("category", "Category"), ("type", "Type"), ("league", "League"))


def standing_order(index: FilterIndex) -> Order:
    """Return the place of each value in its list: the most frequent of the whole table first."""
    counted = index.facets(Criteria())
    return {name: {str(one.value): i for i, one in enumerate(counted[name])} for name, _ in _LISTS}


def choices_of(index: FilterIndex, criteria: Criteria, order: Order | None = None) -> Choices:
    """Return what can be chosen under these criteria.

    What is asked for is always offered, also where the table has no such value, so that the user can
    take it back.

    Parameters
    ----------
    index : FilterIndex
        Counts the rows.
    criteria : Criteria
        What is asked for.
    order : dict, optional
        As `standing_order` gives it: values then keep their places whatever their counts become.
    """
    counted = {
        name: _placed(found, (order or {}).get(name)) for name, found in index.facets(criteria).items()
    }
    lists = [_list(name, label, counted[name], getattr(criteria, name) or ()) for name, label in _LISTS]
    flags = {name: counted[name][0].count for name in BOOLEAN_FACETS}
    return Choices([one for one in lists if one["options"]], flags)


def _placed(found: list[Facet], places: dict[str, int] | None) -> list[Facet]:
    if places is None:
        return found
    return sorted(found, key=lambda one: places.get(str(one.value), len(places)))


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
