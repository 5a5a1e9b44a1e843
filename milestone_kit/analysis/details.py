"""The free JSON of a milestone's details: as columns, as a dict, and the league that it names."""

from __future__ import annotations

import itertools
import json
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson
import pandas as pd

from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.table.schema import COLUMNS, DTYPES, STRING_LIST, check_milestones

__all__ = [
    "LEAGUE_KEYS",
    "LEAGUE_NAMES",
    "MAX_COLUMNS",
    "ROLE_KEYS",
    "TEAM_KEYS",
    "details_of",
    "expand_details",
    "json_objects",
    "league_codes",
    "league_of",
    "participants",
    "teams_of",
]

MAX_COLUMNS: Final = 20
"""At most this many columns are made when no keys are asked for."""

COMMON_SHARE: Final = 0.5
"""A key is common when at least this share of the rows of some type has a plain value for it."""

SAMPLE_ROWS: Final = 200
"""Common keys are looked for in at most this many rows of each type, spread evenly."""

LEAGUE_KEYS: Final = ("league", "competition", "tournament_name", "tour")
"""Where the details of different types name the league; the first that holds text counts."""

LEAGUE_NAMES: Final = {
    "NFL": ("Pro Football",),
    "NCAAFB": ("NCAA Football", "College Football"),
    "NBA": ("Pro Basketball (M)", "Pro Basketball"),
    "WNBA": ("Pro Basketball (W)",),
    "NCAAMB": ("College Basketball (M)", "College Basketball", "NCAA Basketball (M)"),
    "NCAAWB": ("College Basketball (W)", "NCAA Basketball (W)"),
    "MLB": ("Pro Baseball",),
    "NHL": ("Pro Hockey",),
}
"""What people and the list of competitions call leagues that the details name by a code."""

ROLE_KEYS: Final = {
    "home": ("home_team_id", "home_competitor_id"),
    "away": ("away_team_id", "away_competitor_id"),
    "competitors": ("first_competitor_id", "second_competitor_id", "team_ids", "competitor_ids"),
    "candidates": ("candidate_ids",),
}
"""Where the details of different types name who takes part, by role: an id, or a list of ids."""

TEAM_KEYS: Final = tuple(itertools.chain(*ROLE_KEYS.values()))
"""All of these keys, whatever the role."""

_STR: Final = DTYPES["details"]
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_BATCH: Final = 256  # rows; few enough for their objects to be gone before the collector looks at them
_INT64: Final = range(-(2**63), 2**63)
_EXACT: Final = 2**53
_MISSING: Final = object()


def expand_details(
    df: pd.DataFrame, keys: str | Iterable[str] | None = None, prefix: str = "details."
) -> pd.DataFrame:
    """Make columns of values in the JSON text of `details`.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    keys : str or iterable of str, optional
        Keys to take; dots reach into nested objects ("season.week"), unless a key with that very
        name is there. If left out: the keys that at least half the rows of some type have a plain
        value for (text, number or boolean), the most frequent first, at most `MAX_COLUMNS`; they
        are looked for in up to `SAMPLE_ROWS` rows of each type.
    prefix : str
        Put before each key to name its column.

    Returns
    -------
    pandas.DataFrame
        The rows, index and columns of `df` and one column per key: boolean, Int64, Float64 (also
        where whole and broken numbers mix), datetime64[us, UTC] where all values are ISO 8601 with
        a time and a zone, or str: dates without a time stay text. Where kinds mix, and for objects
        and lists, it is str, and what is not text is given as JSON. NA where a row has no such key
        or it is null; a key that no row has gives a str column of NA. A column left by an earlier
        call is replaced.

    Raises
    ------
    QueryError
        When a key is not text, or a new column would take the place of a milestone column.
    SchemaError
        When `details` is missing or holds something other than JSON objects; names the row's id.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> expand_details(sample_milestones(100), ["league", "season.year"]).columns[-2:].to_list()
    ['details.league', 'details.season.year']
    """
    check_milestones(df, ["id", "type", "details"])
    wanted = _common_keys(df) if keys is None else _checked_keys(keys)
    clashes = [prefix + key for key in wanted if prefix + key in COLUMNS]
    if clashes:
        raise QueryError(f"prefix={prefix!r}: {clashes[0]!r} is a milestone column; choose another prefix")
    reach = [_reader(key) for key in wanted]
    cells: list[list[Any]] = [[] for _ in wanted]
    # some rows at a time: a key after the other in a batch is quicker than all keys of a row
    decoded = iter(json_objects(df) if wanted else ())
    while batch := list(itertools.islice(decoded, _BATCH)):
        for read, column in zip(reach, cells, strict=True):
            column.extend(map(read, batch))
    made = {prefix + key: _typed(column, df.index) for key, column in zip(wanted, cells, strict=True)}
    kept = df.drop(columns=[name for name in made if name in df.columns])
    return pd.concat([kept, pd.DataFrame(made, index=df.index)], axis="columns") if made else kept


def details_of(row_or_df: pd.Series[Any] | pd.DataFrame, id: str | None = None) -> dict[str, Any]:  # noqa: A002 - the column's name
    """Decode the details of one milestone.

    Parameters
    ----------
    row_or_df : pandas.Series or pandas.DataFrame
        One row of a milestones table, or a table together with `id`; a table of one row needs none.
    id : str, optional
        The milestone's id.

    Returns
    -------
    dict
        The decoded JSON object; whole numbers are exact, however large.

    Raises
    ------
    QueryError
        When the table has no row, or several, of this id, or there is no `details` to read.
    SchemaError
        When the text is not a JSON object; names the row's id.

    Examples
    --------
    >>> details_of(pd.Series({"id": "m1", "details": '{"league": "NBA"}'}))
    {'league': 'NBA'}
    """
    if isinstance(row_or_df, pd.DataFrame):
        check_milestones(row_or_df, ["id", "details"])
        rows = row_or_df if id is None else row_or_df[row_or_df["id"] == id]
        if len(rows) != 1:
            raise QueryError(f"id={id!r}: {len(rows)} rows of this table fit, expected one; see df['id']")
        row = rows.iloc[0]
    elif isinstance(row_or_df, pd.Series) and "details" in row_or_df.index:
        row = row_or_df
        if id is not None and row.get("id") != id:
            raise QueryError(f"id={id!r}: this row is {row.get('id')!r}; pass the table, or the row alone")
    else:
        raise QueryError(
            f"expected a row with details, or a milestones table and an id, got {type(row_or_df).__name__}"
        )
    return _object(row["details"], row.get("id"), "details")


def league_of(df: pd.DataFrame) -> pd.Series[str]:
    """Name the league or competition of each milestone, as its details give it.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; `details` is read, top-level keys only.

    Returns
    -------
    pandas.Series
        str, on the index of `df`: the first of `LEAGUE_KEYS` that holds text, stripped; else NA.

    Raises
    ------
    SchemaError
        When `details` holds something other than JSON objects; names the row's id.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> len(league_of(sample_milestones(100)))
    100
    """
    check_milestones(df, ["id", "details"])
    leagues: list[str | None] = []
    for details in json_objects(df):
        named = None
        for key in LEAGUE_KEYS:
            value = details.get(key)
            if isinstance(value, str) and (named := value.strip() or None):
                break
        leagues.append(named)
    return pd.Series(leagues, index=df.index, dtype=_STR, name="league")


def league_codes(name: str) -> tuple[str, ...]:
    """Return under which codes the details may name a league: the name itself, and codes known for it.

    Examples
    --------
    >>> league_codes("college football")
    ('college football', 'NCAAFB')
    """
    folded = name.casefold()
    codes = [code for code, names in LEAGUE_NAMES.items() if folded in map(str.casefold, names)]
    return (name, *codes)


def teams_of(df: pd.DataFrame) -> pd.Series[Any]:
    """List who takes part in each milestone, as its details tell.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; `details` is read, top-level keys only.

    Returns
    -------
    pandas.Series
        list<string>[pyarrow], on the index of `df`: the ids of teams, competitors and candidates under
        `TEAM_KEYS`, empty where none is text.

    Raises
    ------
    SchemaError
        When `details` holds something other than JSON objects; names the row's id.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> int(teams_of(sample_milestones(100)).list.len().max()) > 1
    True
    """
    listed = participants(df, {"teams": TEAM_KEYS})["teams"]
    return pd.Series(listed, index=df.index, dtype=STRING_LIST, name="teams")


def participants(df: pd.DataFrame, roles: Mapping[str, Sequence[str]]) -> dict[str, list[Sequence[str]]]:
    """Return for each role, and each row in it, the ids that the details hold under the role's keys.

    The ids of a row come in the order of the keys; what is no text is left out.
    """
    check_milestones(df, ["id", "details"])
    listed: dict[str, list[Sequence[str]]] = {role: [] for role in roles}
    columns = [(keys, listed[role].append) for role, keys in roles.items()]
    for details in json_objects(df):
        for keys, add in columns:
            named: list[str] = []
            for value in map(details.get, keys):
                if isinstance(value, str):
                    named.append(value)
                elif isinstance(value, list):
                    named += [each for each in value if isinstance(each, str)]
            add([each for each in named if each] if named else ())
    return listed


def json_objects(df: pd.DataFrame, column: str = "details") -> Iterable[dict[str, Any]]:
    """Decode a column of JSON objects row by row, so that a million of them never live at the same time.

    Raises
    ------
    SchemaError
        While it is gone through, where a row has something else; names its id and the column.
    """
    loads = orjson.loads
    # ids are looked up only for an error
    for position, text in enumerate(df[column].to_list()):
        if text == "{}":
            yield {}
            continue
        try:
            details = loads(text)
        except (orjson.JSONDecodeError, TypeError):
            details = None
        yield details if type(details) is dict else _object(text, df["id"].iloc[position], column)


def _object(text: object, id_: object, column: str) -> dict[str, Any]:
    try:
        orjson.loads(text)  # type: ignore[arg-type]  # whatever is no text, and what is nested too deep, is refused
        # the standard library knows whole numbers of any size
        details = json.loads(text)  # type: ignore[arg-type]
    except (orjson.JSONDecodeError, TypeError, RecursionError) as error:
        message = f"milestone {id_!r}: {column} is not JSON ({error}): {str(text)[:80]!r}"
        raise SchemaError(message, id=str(id_), field=column) from error
    if not isinstance(details, dict):
        message = f"milestone {id_!r}: {column} is not a JSON object: {str(text)[:80]!r}"
        raise SchemaError(message, id=str(id_), field=column)
    return details


def _common_keys(df: pd.DataFrame) -> list[str]:
    """Return the keys that are worth a column, the most frequent first."""
    weights: Counter[str] = Counter()
    types = df["type"].to_numpy()
    for of_type in pd.Series(np.arange(len(df))).groupby(types).indices.values():
        positions = np.asarray(of_type)
        picked = np.unique(np.linspace(0, len(positions) - 1, min(len(positions), SAMPLE_ROWS)).astype(int))
        counts: Counter[str] = Counter()
        for details in json_objects(df.iloc[positions[picked].tolist()]):
            counts.update(key for key, value in details.items() if isinstance(value, (str, int, float)))
        for key, count in counts.items():
            share = count / len(picked)
            if share >= COMMON_SHARE:
                weights[key] += round(share * len(positions))
    return sorted(weights, key=lambda key: (-weights[key], key))[:MAX_COLUMNS]


def _checked_keys(keys: str | Iterable[str]) -> list[str]:
    wanted = [keys] if isinstance(keys, str) else list(keys) if isinstance(keys, Iterable) else [keys]
    for key in wanted:
        if not isinstance(key, str) or not key:
            raise QueryError(f"keys: {key!r} is no key; expected text like 'league' or 'season.week'")
    return list(dict.fromkeys(wanted))


def _reader(key: str) -> Callable[[dict[str, Any]], Any]:
    """Return what reads this key, or None, from decoded details."""
    if "." not in key:
        return operator.methodcaller("get", key)
    steps = key.split(".")

    def read(details: dict[str, Any]) -> Any:
        value: Any = details.get(key, _MISSING)
        if value is not _MISSING:
            return value
        value = details
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    return read


def _typed(cells: Sequence[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    """Make the column of the narrowest dtype that holds every value."""
    kinds = set(map(type, cells)) - {type(None)}
    whole = [cell for cell in cells if type(cell) is int]
    if kinds == {bool}:
        return pd.Series(cells, index=index, dtype="boolean")
    if kinds == {int} and all(cell in _INT64 for cell in whole):
        return pd.Series(cells, index=index, dtype="Int64")
    # text keeps the digits of whole numbers that a float would lose
    if float in kinds and kinds <= {int, float} and all(abs(cell) <= _EXACT for cell in whole):
        floats = [None if cell is None else float(cell) for cell in cells]
        return pd.Series(floats, index=index, dtype="Float64")
    if kinds == {str} and (instants := _instants(cells)) is not None:
        return pd.Series(instants, index=index)
    texts = [cell if cell is None or isinstance(cell, str) else orjson.dumps(cell).decode() for cell in cells]
    return pd.Series(texts, index=index, dtype=_STR)


def _instants(cells: Sequence[str | None]) -> pd.DatetimeIndex | None:
    """Read texts as instants, where every one is; None elsewhere."""
    first = next(cell for cell in cells if cell is not None)
    # most columns of text are none, and one look tells
    if not _INSTANT.fullmatch(first) or not all(cell is None or _INSTANT.fullmatch(cell) for cell in cells):
        return None
    try:
        return pd.DatetimeIndex(
            pd.to_datetime(pd.Series(list(cells), dtype=_STR), utc=True, format="ISO8601")
        ).as_unit("us")
    except ValueError:
        return None  # a 30th of February, say
