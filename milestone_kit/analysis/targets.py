"""Structured targets: the teams, players, competitors and candidates behind the ids in details."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import orjson
import pandas as pd
import pyarrow as pa

from milestone_kit.analysis.details import ROLE_KEYS
from milestone_kit.core.arguments import to_utc
from milestone_kit.errors import QueryError
from milestone_kit.table.schema import DTYPES, STRING_LIST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

__all__ = ["NAME_COLUMNS", "TARGET_DTYPES", "label_of", "name_columns", "named_in", "targets_frame"]

_STR: Final = DTYPES["title"]

TARGET_DTYPES: Final[dict[str, np.dtype | pd.api.extensions.ExtensionDtype]] = {
    "id": _STR,
    "name": _STR,
    "label": _STR,
    "type": _STR,
    "league": _STR,
    "abbreviation": _STR,
    "country": _STR,
    "source_id": _STR,
    "source_ids": _STR,
    "details": _STR,
    "last_updated_ts": DTYPES["last_updated_ts"],
}
"""Name to dtype of the columns of targets, in column order."""

NAME_COLUMNS: Final = tuple(ROLE_KEYS)
"""The columns that `add_names` makes."""

_OF_DETAILS: Final = ("league", "abbreviation", "country")
_JSON: Final = ("source_ids", "details")
_SINGLE: Final = ("home", "away")


def label_of(target: Mapping[str, Any]) -> str | None:
    """Return what people call a target: its short name, else its name, else its abbreviation.

    Examples
    --------
    >>> label_of({"name": "Toulouse FC", "details": {"short_name": "Toulouse"}})
    'Toulouse'
    """
    details = target.get("details")
    inner = details if isinstance(details, dict) else {}
    named = (inner.get("short_name"), target.get("name"), inner.get("abbreviation"))
    return next((each.strip() for each in named if isinstance(each, str) and each.strip()), None)


def targets_frame(ids: Sequence[str], found: Mapping[str, Mapping[str, Any] | None]) -> pd.DataFrame:
    """Make the table of targets.

    Parameters
    ----------
    ids : sequence of str
        The targets that were asked for, each once.
    found : mapping
        What the server sent of each; a row is missing but for its id where there is none.

    Returns
    -------
    pandas.DataFrame
        One row per id, in their order, RangeIndex; columns and dtypes as in `TARGET_DTYPES`.

    Examples
    --------
    >>> targets_frame(["t1"], {"t1": {"id": "t1", "name": "Kevin Holland"}})["label"].tolist()
    ['Kevin Holland']
    """
    rows = [_row(found.get(id_)) for id_ in ids]
    columns = {name: [row.get(name) for row in rows] for name in TARGET_DTYPES} | {"id": list(ids)}
    return pd.DataFrame(
        {name: pd.Series(columns[name], dtype=dtype) for name, dtype in TARGET_DTYPES.items()}
    )


def _row(target: Mapping[str, Any] | None) -> dict[str, Any]:
    if target is None:
        return {}
    details = target.get("details")
    inner = details if isinstance(details, dict) else {}
    texts = {name: target.get(name) for name in ("name", "type", "source_id")}
    texts |= {name: inner.get(name) for name in _OF_DETAILS} | {"label": label_of(target)}
    row: dict[str, Any] = {name: text for name, text in texts.items() if isinstance(text, str)}
    row |= {name: orjson.dumps(target.get(name) or {}).decode() for name in _JSON}
    try:
        row["last_updated_ts"] = to_utc(target.get("last_updated_ts"), "last_updated_ts")  # type: ignore[arg-type]  # refused if it is no text
    except QueryError:
        row["last_updated_ts"] = pd.NaT
    return row


def named_in(takes_part: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    """Return the distinct ids of `participants`, in the order of appearance."""
    return list(dict.fromkeys(itertools.chain.from_iterable(itertools.chain(*takes_part.values()))))


def name_columns(
    takes_part: Mapping[str, Sequence[Sequence[str]]], labels: Mapping[str, str], index: pd.Index[Any]
) -> dict[str, pd.Series[Any]]:
    """Return the columns that say in words who takes part.

    Parameters
    ----------
    takes_part : mapping
        As `participants` gives it for `ROLE_KEYS`.
    labels : mapping
        Id to label; what is not in it stays NA.
    index : pandas.Index
        Of the columns.

    Returns
    -------
    dict of str to pandas.Series
        `home` and `away`: str, NA where there is none; `competitors` and `candidates`:
        list<string>[pyarrow], NA where there are none.

    Examples
    --------
    >>> columns = name_columns({"home": [["t1"], []]}, {"t1": "Boston"}, pd.RangeIndex(2))
    >>> columns["home"].isna().tolist()
    [False, True]
    """
    columns: dict[str, pd.Series[Any]] = {}
    for role, of_rows in takes_part.items():
        if role in _SINGLE:
            named = [labels.get(ids[0]) if ids else None for ids in of_rows]
            columns[role] = pd.Series(named, index, _STR)
        else:
            lists = [[labels.get(id_) for id_ in ids] if ids else None for ids in of_rows]
            array = pd.arrays.ArrowExtensionArray(pa.array(lists, STRING_LIST.pyarrow_dtype))
            columns[role] = pd.Series(array, index=index)
    return columns
