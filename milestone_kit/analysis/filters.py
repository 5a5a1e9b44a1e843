"""Which rows meet the criteria of the panel: one pure function, and the index that makes it instant."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final, TypedDict, Unpack

import numpy as np
import pandas as pd

from milestone_kit.analysis.details import league_codes
from milestone_kit.analysis.flags import is_placeholder, is_simulated
from milestone_kit.analysis.groups import Groups, column_of
from milestone_kit.analysis.text_search import TextSearch
from milestone_kit.analysis.ticker_index import TickerIndex
from milestone_kit.analysis.timeline import status_of
from milestone_kit.core.arguments import DateLike, check_text, iso_bounds, spelled_out, to_utc
from milestone_kit.errors import QueryError
from milestone_kit.table.arrays import instants, stamp_instant
from milestone_kit.table.schema import STATUSES, check_milestones, has_timeline

__all__ = [
    "BOOLEAN_FACETS",
    "TEXT_FACETS",
    "Criteria",
    "CriteriaOptions",
    "Facet",
    "FilterIndex",
    "filter_milestones",
]

TEXT_FACETS: Final = ("category", "type", "league", "status")
"""The criteria that choose among the table's own values."""

BOOLEAN_FACETS: Final = ("has_end", "simulated", "placeholder")
"""The criteria that are True (only these), False (none of these) or None (both)."""

_CACHED_MASKS: Final = 64
"""How many masks an index remembers; at 150,000 rows each takes 150 kB."""


class CriteriaOptions(TypedDict, total=False):
    """What may be asked of the rows; `filter_milestones` tells the meaning of each."""

    category: str | Iterable[str] | None
    type: str | Iterable[str] | None
    text: str | None
    ticker: str | Iterable[str] | None
    start: DateLike | None
    end: DateLike | None
    status: str | Iterable[str] | None
    has_end: bool | None
    simulated: bool | None
    placeholder: bool | None
    league: str | Iterable[str] | None


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is asked of the rows, checked and in a form that compares, hashes and turns into JSON.

    Make one with `Criteria.of`. None stands for "not asked"; an empty tuple is met by no row.
    Dates are ISO 8601 text with `Z`.
    """

    category: tuple[str, ...] | None = None
    type: tuple[str, ...] | None = None
    text: str | None = None
    ticker: tuple[str, ...] | None = None
    start: str | None = None
    end: str | None = None
    status: tuple[str, ...] | None = None
    has_end: bool | None = None
    simulated: bool | None = None
    placeholder: bool | None = None
    league: tuple[str, ...] | None = None

    @classmethod
    @spelled_out(CriteriaOptions)
    def of(cls, **given: Unpack[CriteriaOptions]) -> Criteria:
        """Check every criterion; the meaning of each is told by `filter_milestones`.

        Raises
        ------
        QueryError
            Naming the criterion, its value and what is allowed.

        Examples
        --------
        >>> Criteria.of(category="Sports", start="2026-01-15").as_dict()
        {'category': ['Sports'], 'start': '2026-01-15T00:00:00Z'}
        """
        low, high = iso_bounds(given.get("start"), given.get("end"), ("start", "end"))
        statuses = _names(given.get("status"), "status")
        for name in statuses or ():
            if name.casefold() not in STATUSES:
                raise QueryError(f"status={name!r}: expected one of {', '.join(map(repr, STATUSES))}")
        return cls(
            category=_names(given.get("category"), "category"),
            type=_names(given.get("type"), "type"),
            text=_words(given.get("text")),
            ticker=_names(given.get("ticker"), "ticker"),
            start=low,
            end=high,
            status=None if statuses is None else tuple(name.casefold() for name in statuses),
            has_end=_choice(given.get("has_end"), "has_end"),
            simulated=_choice(given.get("simulated"), "simulated"),
            placeholder=_choice(given.get("placeholder"), "placeholder"),
            league=_names(given.get("league"), "league"),
        )

    def as_dict(self) -> dict[str, str | bool | list[str]]:
        """Return the criteria that are set as plain JSON values: `Criteria.of(**them)` gives it back."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that a criterion can take, and how many rows it would leave."""

    value: str | bool
    count: int


@spelled_out(CriteriaOptions)
def filter_milestones(
    df: pd.DataFrame,
    *,
    now: DateLike | None = None,
    **criteria: Unpack[CriteriaOptions],
) -> pd.DataFrame:
    """Keep the rows that meet every given criterion.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones.
    category, type : str or iterable of str, optional
        One of these values; case does not matter. A value that does not occur is met by no row.
    text : str, optional
        Each of its words occurs in the title, the notification message, a ticker or the league (as the
        details name it or people do), or, if it has a digit, is an id of the milestone or of a source, or at
        least the first six characters of one. Case and accents do not matter ("sao telmo" finds "São
        Telmo"), and nothing is a wildcard.
    ticker : str or iterable of str, optional
        Event or market tickers, exact or as patterns, as `find_by_ticker` takes them.
    start, end : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        Bounds of `start_date`, both included; naive means UTC, a bare date its midnight.
    status : {"upcoming", "live", "ended"} or iterable of these, optional
        The table's own `status` column decides where `compute_timeline` made one, else
        `compute_timeline(df, now=now)` would.
    has_end : bool, optional
        True: only rows with a reported `end_date`; False: only rows without.
    simulated, placeholder : bool, optional
        True: only such rows; False: none of them (see `milestone_kit.analysis.flags`); left out: both.
    league : str or iterable of str, optional
        One of these leagues or competitions, as the details name them ("NCAAFB") or people do ("College
        Football"); case does not matter.
    now : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        The moment for `status`; the current time if left out.

    Returns
    -------
    pandas.DataFrame
        The rows that are left; columns, order and index as in `df`. An empty list as a criterion
        is met by no row; blank text or a blank ticker asks nothing.

    Raises
    ------
    QueryError
        Naming the criterion, its value and what is allowed.
    SchemaError
        When the table is not in the milestones schema.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> sport = filter_milestones(sample_milestones(100), category="sports", has_end=True)
    >>> bool(sport["end_date"].notna().all())
    True
    """
    return df[FilterIndex(df, now=now).select(Criteria.of(**criteria))]


class FilterIndex:
    """A table made ready so that each change of the criteria costs milliseconds.

    Every part is prepared when first asked for, and masks are remembered per criterion.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; later changes to it are not seen.
    now : str, datetime.date, datetime.datetime or pandas.Timestamp, optional
        The moment for `status`, where the table has no such column; the current time if left out.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> index = FilterIndex(sample_milestones(100), now="2026-01-15")
    >>> sum(facet.count for facet in index.facets(Criteria.of(simulated=None))["simulated"])
    100
    """

    def __init__(self, df: pd.DataFrame, *, now: DateLike | None = None) -> None:
        check_milestones(df)
        self._df = df
        self._now = None if now is None else to_utc(now, "now")
        self._values: dict[str, Groups] = {}
        self._flags: dict[str, np.ndarray] = {}
        self._cache: OrderedDict[tuple[str, Any], np.ndarray] = OrderedDict()

    def retold(self, df: pd.DataFrame) -> FilterIndex:
        """Return the index of the same rows of which only the `status` may be another."""
        other = copy(self)
        kept = OrderedDict((key, mask) for key, mask in self._cache.items() if key[0] != "status")
        values = {name: groups for name, groups in self._values.items() if name != "status"}
        vars(other).update(_df=df, _values=values, _flags=dict(self._flags), _cache=kept)
        return other

    def masks(self, criteria: Criteria) -> dict[str, np.ndarray]:
        """Return, for each criterion that is set, which rows (bool array, by position) meet it.

        The arrays are shared between calls and read-only.
        """
        given = {field.name: getattr(criteria, field.name) for field in fields(criteria)}
        return {name: self._mask(name, value) for name, value in given.items() if value is not None}

    def select(self, criteria: Criteria) -> np.ndarray:
        """Return which rows (bool array, by position) meet every criterion."""
        return self._all(self.masks(criteria).values())

    def facets(self, criteria: Criteria) -> dict[str, list[Facet]]:
        """Count what each choice would leave, given all *other* criteria.

        Returns
        -------
        dict of str to list of Facet
            For "category", "type", "league" and "status" every value of the table, also those that
            would leave nothing, spelled in its most common way, the largest count first, then by
            name; rows without a league are not listed. For "has_end", "simulated" and "placeholder"
            True, then False.
        """
        masks = self.masks(criteria)
        chosen = self._all(masks.values())
        facets = {}
        for name in (*TEXT_FACETS, *BOOLEAN_FACETS):
            rest = chosen
            if name in masks:
                rest = self._all(mask for other, mask in masks.items() if other != name)
            facets[name] = self._counted(name, rest)
        return facets

    def _counted(self, name: str, rows: np.ndarray) -> list[Facet]:
        if name in BOOLEAN_FACETS:
            hits = int(np.count_nonzero(rows & self._flag(name)))
            left = int(np.count_nonzero(rows)) - hits
            return [Facet(value=True, count=hits), Facet(value=False, count=left)]
        values = self._column(name)
        # missing values have code -1 and fall into the first bin, which is dropped
        counts = np.bincount(values.codes[rows] + 1, minlength=len(values.names) + 1)[1:]
        of = dict(zip(map(str, values.names), counts.tolist(), strict=True))
        names = STATUSES if name == "status" else of
        facets = [Facet(value, of.get(value, 0)) for value in names]
        return sorted(facets, key=lambda facet: (-facet.count, facet.value))

    def _all(self, masks: Iterable[np.ndarray]) -> np.ndarray:
        every = np.ones(len(self._df), dtype=bool)
        for mask in masks:
            every &= mask
        return every

    def _mask(self, name: str, value: Any) -> np.ndarray:
        key = (name, value)
        if key not in self._cache:
            mask = self._compute(name, value)
            mask.flags.writeable = False
            self._cache[key] = mask
            if len(self._cache) > _CACHED_MASKS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]

    def _compute(self, name: str, value: Any) -> np.ndarray:
        if name == "league":
            return self._column(name).find(code for each in value for code in league_codes(each))
        if name in TEXT_FACETS:
            return self._column(name).find(value)
        if name in BOOLEAN_FACETS:
            flag = self._flag(name)
            return flag.copy() if value else ~flag
        if name == "ticker":
            return self.tickers.mask(value)
        if name == "text":
            return self._text.mask(value)
        bound = stamp_instant(pd.Timestamp(value))
        return self._starts >= bound if name == "start" else self._starts <= bound

    def _column(self, name: str) -> Groups:
        if name not in self._values:
            self._values[name] = Groups.of(self._read(name))
        return self._values[name]

    def _read(self, name: str) -> pd.Series[str]:
        if name == "status" and not has_timeline(self._df):
            return status_of(self._df, now=self._now)
        return column_of(self._df, name)

    def _flag(self, name: str) -> np.ndarray:
        if name not in self._flags:
            flag = {"has_end": _has_end, "simulated": is_simulated, "placeholder": is_placeholder}[name]
            self._flags[name] = flag(self._df).to_numpy()
        return self._flags[name]

    @cached_property
    def tickers(self) -> TickerIndex:
        """The tickers of the table, ready to be searched."""
        return TickerIndex(self._df)

    @cached_property
    def _text(self) -> TextSearch:
        return TextSearch(self._df, self._column("league"))

    @cached_property
    def _starts(self) -> np.ndarray:
        return instants(self._df["start_date"])


def _has_end(df: pd.DataFrame) -> pd.Series[bool]:
    return df["end_date"].notna()


def _names(value: object, name: str) -> tuple[str, ...] | None:
    """Return the distinct texts of a criterion that takes one or several; None where it asks nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, Iterable) or isinstance(several, (bytes, Mapping)):
        raise QueryError(f"{name}={value!r}: expected text or several texts, got {type(value).__name__}")
    names = list(several)
    for item in names:
        if not isinstance(item, str) or not item.strip():
            raise QueryError(f"{name}: {item!r} is not a value; expected text")
    return tuple(dict.fromkeys(check_text(item.strip(), name) for item in names))


def _words(text: object) -> str | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise QueryError(f"text={text!r}: expected text, got {type(text).__name__}")
    return " ".join(check_text(text, "text").split()) or None


def _choice(value: object, name: str) -> bool | None:
    if value is None or isinstance(value, (bool, np.bool_)):
        return None if value is None else bool(value)
    raise QueryError(f"{name}={value!r}: expected True, False or None")
