"""Views that were saved under a name: how they may be called, and what state one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from milestone_kit.analysis.filters import Criteria
from milestone_kit.core.arguments import check_text
from milestone_kit.errors import QueryError
from milestone_kit.panel.state import PanelState

__all__ = ["check_view_name", "saved_view"]

_LONGEST: Final = 60
_STATE: Final = frozenset(one.name for one in fields(PanelState))
_FILTERS: Final = frozenset(one.name for one in fields(Criteria))


def check_view_name(name: object) -> str:
    """Return the name of a view in single spaces, or raise QueryError.

    Examples
    --------
    >>> check_view_name(" Monday  evening ")
    'Monday evening'
    """
    said = " ".join(check_text(name, "name").split()) if isinstance(name, str) else ""
    if not said or len(said) > _LONGEST or not said.isprintable():
        raise QueryError(f"name={name!r:.80}: expected a name of 1 to {_LONGEST} characters")
    return said


def saved_view(views: Mapping[str, Mapping[str, Any]], name: object) -> tuple[PanelState, str]:
    """Return the state that was saved under a name, and what is to be said of it.

    Parameters
    ----------
    views : mapping
        States as `PanelState.as_dict` gives them, by name. What a later version wrote into them is left out
        and said.
    name : str
        The name.

    Raises
    ------
    QueryError
        When there is no such view, or its file was written by hand and cannot be used.
    """
    said = check_view_name(name)
    if said not in views:
        known = ", ".join(map(repr, views)) or "none yet"
        raise QueryError(f"view={said!r}: there is no such view; saved are {known:.300}")
    values, later = _parted(views[said], _STATE)
    if isinstance(values.get("filters"), Mapping):
        values["filters"], more = _parted(values["filters"], _FILTERS)
        later += more
    try:
        state = PanelState.of(values)
    except QueryError as error:
        raise QueryError(f"the view {said!r} cannot be shown: {error}") from error
    note = (
        f"This version does not know {', '.join(map(repr, later)):.200} of the view {said!r}" if later else ""
    )
    return state, note


def _parted(values: Mapping[str, Any], known: frozenset[str]) -> tuple[dict[str, Any], list[str]]:
    """Return what of some values is known, and the names of the rest."""
    return {key: one for key, one in values.items() if key in known}, [
        key for key in values if key not in known
    ]
