"""What slipped: which milestones were moved, got an end or more tickers, one row per milestone."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from milestone_kit.analysis.changes import diff_milestones
from milestone_kit.analysis.flags import FIRST_REAL_START
from milestone_kit.errors import SchemaError
from milestone_kit.table.arrays import instants, stamp_instant
from milestone_kit.table.schema import ARROW_SCHEMA, DTYPES

__all__ = ["slips"]

_COLUMNS: Final = ("id", "title", "field", "before", "after")
_LISTS: Final = ("primary_event_tickers", "related_event_tickers")
_FIELDS: Final = ("start_date", "end_date", *_LISTS)
_FIRST_REAL: Final = stamp_instant(FIRST_REAL_START)


def slips(before: pd.DataFrame, after: pd.DataFrame | None = None) -> pd.DataFrame:
    """Tell which milestones slipped: moved, got an end or another one, won or lost tickers.

    Parameters
    ----------
    before : pandas.DataFrame
        A table of changes, as `diff_milestones` or `client.changes()` gives it; or milestones, to
        be compared with `after`.
    after : pandas.DataFrame, optional
        The later milestones, in any order; without it, `before` is a table of changes.

    Returns
    -------
    pandas.DataFrame
        One row per milestone whose start, end or tickers changed, from before its first change to
        after its last: the biggest shifts first, whichever way they go, then those without one; by
        id where shifts are equal. RangeIndex. A whole row that was added or deleted is no slip, nor
        is an end or a ticker that came and went. Columns:

        - `id`, `title`: str; the latest title
        - `start_before`, `start_after`: datetime64[us, UTC], NaT where the start stayed
        - `shift`: timedelta64[us], how much later it starts now, negative where earlier; zero where
          it is back where it was; NaT where the start stayed, or one of the two dates is a placeholder
        - `moves`: int64, how many times the start changed
        - `end_before`, `end_after`: datetime64[us, UTC], NaT where there was none or it stayed
        - `end_added`: bool, whether there was no end before and is one now
        - `tickers_added`, `tickers_removed`: list<string>[pyarrow], listed now and not before, or
          the other way round, in the primary or the related list
        - `seen_at`: datetime64[us, UTC], when the last of these changes was seen; only where the
          table of changes tells

    Raises
    ------
    QueryError
        When an id occurs twice in one of two tables of milestones.
    SchemaError
        When a column is missing or has another dtype, or a value cannot be read.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> yesterday = sample_milestones(100)
    >>> today = yesterday.tail(1).assign(start_date=lambda df: df["start_date"] + pd.Timedelta(hours=2))
    >>> slips(yesterday, today)[["shift", "moves", "end_added"]]
                shift  moves  end_added
    0 0 days 02:00:00      1      False
    """
    changes = _in_order(before if after is None else diff_milestones(before, after))
    of = {field: rows for field, rows in changes.groupby("field", sort=False) if field in _FIELDS}
    nothing = changes.iloc[:0]
    titles = changes.drop_duplicates("id", keep="last").set_index("id")["title"]
    starts, ends = (_from_to(of.get(name, nothing), dates=True) for name in ("start_date", "end_date"))
    for name in ("before", "after"):
        if starts[name].isna().any():
            raise SchemaError(f"column {name!r} lacks a start in a row of field 'start_date'", field=name)
    lists = [_tickers(_from_to(of.get(name, nothing))) for name in _LISTS]
    ends = ends[(ends["before"] != ends["after"]) & ~(ends["before"].isna() & ends["after"].isna())]
    ids = starts.index.union(ends.index).union(lists[0].index).union(lists[1].index)
    start, end = (each.reindex(ids) for each in (starts, ends))
    first, last = (instants(start[name]) for name in ("before", "after"))
    real = (first >= _FIRST_REAL) & (last >= _FIRST_REAL)
    columns: dict[str, Any] = {
        "id": ids.astype(DTYPES["id"]),
        "title": titles.reindex(ids).astype(DTYPES["title"]).array,
        "start_before": start["before"].array,
        "start_after": start["after"].array,
        "shift": np.where(real, last - first, np.timedelta64("NaT", "us")),
        "moves": of.get("start_date", nothing)["id"].value_counts().reindex(ids, fill_value=0).to_numpy(),
        "end_before": end["before"].array,
        "end_after": end["after"].array,
        "end_added": (end["before"].isna() & end["after"].notna()).to_numpy(),
    }
    for at, name in enumerate(("tickers_added", "tickers_removed")):
        columns[name] = _merged([each.iloc[:, at] for each in lists], ids)
    if "seen_at" in changes.columns:
        seen = pd.concat([nothing, *of.values()]).groupby("id")["seen_at"].max()
        columns["seen_at"] = seen.reindex(ids).astype(DTYPES["start_date"]).array
    size = np.where(real, -np.abs((last - first).astype(np.int64)), 1)
    return pd.DataFrame(columns).iloc[np.argsort(size, kind="stable")].reset_index(drop=True)


def _in_order(changes: object) -> pd.DataFrame:
    if not isinstance(changes, pd.DataFrame):
        raise TypeError(f"expected a table of changes, or two of milestones, got {type(changes).__name__}")
    for name in _COLUMNS:
        if name not in changes.columns:
            raise SchemaError(
                f"this table has no column {name!r}; tables of changes come from diff_milestones() "
                "or client.changes(), two tables of milestones are passed together",
                field=name,
            )
    return changes.sort_values("seen_at", kind="stable") if "seen_at" in changes.columns else changes


def _from_to(rows: pd.DataFrame, *, dates: bool = False) -> pd.DataFrame:
    """Return by id what a field was before its first change, and after its last."""
    before = rows.drop_duplicates("id", keep="first").set_index("id")["before"]
    after = rows.drop_duplicates("id", keep="last").set_index("id")["after"]
    sides = [_instants(side) for side in (before, after)] if dates else [before, after]
    return pd.DataFrame(dict(zip(("before", "after"), sides, strict=True)))


def _instants(texts: pd.Series[Any]) -> pd.Series[Any]:
    try:
        instants = pd.to_datetime(texts, utc=True, format="ISO8601").dt.as_unit("us")
    except (ValueError, TypeError) as error:
        raise SchemaError(
            f"column {texts.name!r} has a date that cannot be read: {str(error)[:200]}", field=str(texts.name)
        ) from error
    return instants


def _tickers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return by id which tickers came to a list and which went, where any did."""
    told = []
    for before, after in zip(_lists(rows["before"]), _lists(rows["after"]), strict=True):
        told.append(
            ([each for each in after if each not in before], [each for each in before if each not in after])
        )
    moved = pd.DataFrame(told, index=rows.index, columns=["added", "removed"], dtype=object)
    return moved[np.array([bool(added or removed) for added, removed in told], dtype=bool)]


def _lists(texts: pd.Series[Any]) -> list[list[str]]:
    try:
        return [orjson.loads(text) for text in texts]
    except (orjson.JSONDecodeError, TypeError) as error:
        raise SchemaError(
            f"column {texts.name!r} has tickers that are no JSON list: {error}", field=str(texts.name)
        ) from error


def _merged(parts: list[pd.Series[Any]], ids: pd.Index[Any]) -> Any:
    """Put the lists of both ticker columns together, each ticker once."""
    found: dict[Any, dict[str, None]] = {}
    for part in parts:
        for id_, tickers in part.items():
            found.setdefault(id_, {}).update(dict.fromkeys(tickers))
    kind = ARROW_SCHEMA.field("related_event_tickers").type
    return pd.arrays.ArrowExtensionArray(pa.array([list(found.get(id_, ())) for id_ in ids], kind))
