"""The options that say which milestones a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from milestone_kit.core.query import Query

if TYPE_CHECKING:
    import argparse

__all__ = ["add_filters", "query_of"]

_FILTERS: Final = {
    "category": "such as Sports; must match exactly",
    "type": "such as soccer_tournament_multi_leg",
    "competition": "such as 'Pro Basketball (M)'",
    "source_id": "the id that the milestone's source gave it",
    "related_event_ticker": "an event ticker that depends on the milestone",
    "minimum_start_date": "nothing that starts before, such as 2026-01-15 (UTC) or 2026-01-15T20:00Z",
    "maximum_start_date": "nothing that starts after",
    "min_updated_ts": "nothing last updated before: a date, or Unix seconds",
}


def add_filters(parser: argparse.ArgumentParser, *, without: tuple[str, ...] = ()) -> Any:
    """Add an option for every parameter of a query but those in `without`; return the group of them."""
    filters = parser.add_argument_group("which milestones (all, if none of these is given)")
    for name, words in _FILTERS.items():
        if name not in without:
            filters.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE", help=words)
    return filters


def query_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return the query that the options ask for, as keywords of `get_milestones`."""
    query = {name: getattr(args, name) for name in Query.names() if hasattr(args, name)}
    updated = query.get("min_updated_ts")
    if updated is not None and updated.isdecimal():
        query["min_updated_ts"] = int(updated)
    return query
