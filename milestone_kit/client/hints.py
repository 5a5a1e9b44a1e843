"""Values that filters are known to take, and which of them a misspelt one may have meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa

from milestone_kit.errors import SchemaError
from milestone_kit.table.schema import STRING_LIST

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CATEGORIES", "TYPES", "competitions_frame", "near_values"]

CATEGORIES: Final = (
    "Sports",
    "Mentions",
    "Esports",
    "Financials",
    "Economics",
    "Elections",
    "Entertainment",
    "Companies",
    "Commodities",
    "Finance",
    "Science and Technology",
    "Politics",
    "Climate and Weather",
    "Crypto",
    "Technology",
    "World",
    "Science & Technology",
)
"""The categories of production, counted by somebody in August 2026, most frequent first."""

TYPES: Final = (
    "tennis_tournament_singles",
    "one_off_milestone",
    "basketball_game",
    "soccer_tournament_multi_leg",
    "esports_match",
    "baseball_tournament",
    "football_game",
    "table_tennis_match",
    "hockey_tournament",
    "political_race",
    "artist_streams",
    "company_report",
    "mma_match",
    "truflation",
    "golf_tournament",
    "cricket_match",
    "darts_match",
    "racing_tournament",
    "Companies",
    "boxing_match",
    "kpis",
    "rugby_match",
    "hockey_match",
    "golf_match",
    "tv_views",
    "baseball_game",
)
"""The types of production whose names are known, 2026; there are 44."""


def near_values(value: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return the known values that look most like `value`, the nearest first.

    Parameters
    ----------
    value : str
        What was asked for.
    known : iterable of str
        What there is.
    most : int
        How many to return at most.

    Examples
    --------
    >>> near_values("sport", CATEGORIES)
    ['Sports', 'Esports']
    >>> near_values("one_off", TYPES)
    ['one_off_milestone']
    """
    wanted = value.casefold()
    ranked = []
    for candidate in dict.fromkeys(known):
        folded = candidate.casefold()
        likeness = difflib.SequenceMatcher(None, wanted, folded).ratio()
        # part of a longer name counts as near, however long the rest is
        if wanted in folded or (folded and folded in wanted):
            likeness = max(likeness, 0.6)
        if likeness >= 0.6:
            ranked.append((-likeness, candidate))
    return [candidate for _, candidate in sorted(ranked)[:most]]


def competitions_frame(answer: dict[str, Any]) -> pd.DataFrame:
    """Convert the answer of `/search/filters_by_sport` to a table.

    Parameters
    ----------
    answer : dict
        `{"filters_by_sports": {sport: {"competitions": {name: {"scopes": [...]}}, "scopes": [...]}}}`.

    Returns
    -------
    pandas.DataFrame
        One row per competition, in the server's order: `sport` (str), `competition` (str, NA where a
        sport lists none; its own scopes then), `scopes` (list<string>).

    Raises
    ------
    SchemaError
        When the answer has another shape.

    Examples
    --------
    >>> chess = {"competitions": {}, "scopes": ["Futures"]}
    >>> competitions_frame({"filters_by_sports": {"Chess": chess}})["sport"].tolist()
    ['Chess']
    """
    rows: list[tuple[str, str | None, list[str]]] = []
    try:
        for sport, filters in answer["filters_by_sports"].items():
            rows += [(sport, name, each["scopes"]) for name, each in filters["competitions"].items()]
            if not filters["competitions"]:
                rows.append((sport, None, filters["scopes"]))
        scopes = pa.array([_texts(row[2]) for row in rows], STRING_LIST.pyarrow_dtype)
    except (AttributeError, KeyError, TypeError, pa.ArrowException) as error:
        message = f"the list of competitions is not as expected ({error!r})"
        raise SchemaError(message, field="filters_by_sports") from error
    return pd.DataFrame(
        {
            "sport": pd.Series([row[0] for row in rows], dtype="str"),
            "competition": pd.Series([row[1] for row in rows], dtype="str"),
            "scopes": pd.Series(pd.arrays.ArrowExtensionArray(scopes)),
        }
    )


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r:.60} is no list")
    return values
