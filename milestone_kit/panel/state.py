"""What a view of the explorer is made of: plain JSON values there and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

import pandas as pd

from milestone_kit.analysis.filters import Criteria
from milestone_kit.core.arguments import check_flag, check_zone, iso, to_utc
from milestone_kit.errors import QueryError
from milestone_kit.figures.time_axis import Window
from milestone_kit.panel.relative import GRAMMAR, read_relative

__all__ = ["COLOR_CHOICES", "FORM_CHOICES", "GROUP_CHOICES", "SORTABLE", "PanelState", "Sort"]

GROUP_CHOICES: Final = ("category", "type", "league", "status", "none")
COLOR_CHOICES: Final = ("category", "type", "league", "status", "end_source")
FORM_CHOICES: Final = ("table", "agenda")

_CHOICES: Final = {"group": GROUP_CHOICES, "color": COLOR_CHOICES, "form": FORM_CHOICES}

SORTABLE: Final = ("status", "start_date", "end", "title", "category", "type", "tickers")
"""What the table view can be sorted by."""

Drawn = tuple[Criteria, str, str, str, "tuple[str, str] | str | None", tuple[str, ...]]


def _instant(ms: float) -> str:
    return iso(pd.Timestamp(round(ms), unit="ms", tz="UTC"))


@dataclass(frozen=True, slots=True)
class Sort:
    """The order of the table view: by which column, and which way."""

    column: str = "start_date"
    ascending: bool = True

    def by(self, column: str) -> Sort:
        """Return the order by a column; by the same one again, the other way round."""
        return Sort(column, not self.ascending if column == self.column else True)


@dataclass(frozen=True, slots=True)
class PanelState:
    """Filters and view of an explorer: all that a user can set in the panel and see again tomorrow.

    Attributes
    ----------
    filters : Criteria
        Which rows; simulated and placeholder rows are left out unless asked for.
    group, color : str
        One of GROUP_CHOICES and COLOR_CHOICES.
    tz : str
        IANA time zone of all times shown.
    window : tuple of two str, str or None
        The span on screen: two dates, ISO 8601 with `Z`; or words that tell it from now, as `read_relative`
        reads them; None for the one that fits.
    folded : tuple of str
        The groups of the chart that take one line each.
    form : str
        How rows are listed below the chart, one of FORM_CHOICES.
    sort : Sort
        The order of the table view.
    windowed : bool
        Whether the table view shows only what the chart's window holds.
    """

    filters: Criteria = field(default_factory=lambda: Criteria.of(simulated=False, placeholder=False))
    group: str = "category"
    color: str = "category"
    tz: str = "UTC"
    window: tuple[str, str] | str | None = None
    folded: tuple[str, ...] = ()
    form: str = "table"
    sort: Sort = Sort()
    windowed: bool = True

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> PanelState:
        """Check plain values, as `as_dict` gives them; what is left out keeps its default.

        Raises
        ------
        QueryError
            Naming the key or value that cannot be used.
        """
        known = [one.name for one in fields(cls)]
        if not isinstance(values, Mapping):
            raise QueryError(f"state={values!r}: expected a dict with {', '.join(known)}")
        unknown = sorted(set(values) - set(known), key=str)
        if unknown:
            raise QueryError(f"state has no {unknown[0]!r}; it has {', '.join(known)}")
        state = cls()
        if "filters" in values:
            state = replace(state, filters=_criteria(values["filters"]))
        for name, choices in _CHOICES.items():
            if name in values and values[name] not in choices:
                raise QueryError(f"{name}={values[name]!r}: expected one of {', '.join(choices)}")
        chosen: dict[str, Any] = {name: values[name] for name in _CHOICES if name in values}
        if "tz" in values:
            chosen["tz"] = check_zone(values["tz"])
        if "folded" in values:
            chosen["folded"] = _folded(values["folded"])
        if "sort" in values:
            chosen["sort"] = _sort(values["sort"])
        if "windowed" in values:
            chosen["windowed"] = check_flag(values["windowed"], "windowed")
        return replace(state, **chosen, window=_window(values.get("window")))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; `PanelState.of` gives the same state back."""
        return {
            "filters": self.filters.as_dict(),
            "group": self.group,
            "color": self.color,
            "tz": self.tz,
            "window": list(self.window) if isinstance(self.window, tuple) else self.window,
            "folded": list(self.folded),
            "form": self.form,
            "sort": asdict(self.sort),
            "windowed": self.windowed,
        }

    @property
    def drawn(self) -> Drawn:
        """What of the state the chart shows; the rest is the table view's."""
        return self.filters, self.group, self.color, self.tz, self.window, self.folded

    def span(self) -> Window | None:
        """Return the window in milliseconds where it is given by dates, else None."""
        if not isinstance(self.window, tuple):
            return None
        return Window(*(to_utc(edge, "window").timestamp() * 1000 for edge in self.window))

    def with_span(self, window: Window | None) -> PanelState:
        """Return the state with another window."""
        edges = None if window is None else (_instant(window.start), _instant(window.end))
        return replace(self, window=edges)


def _criteria(values: Any) -> Criteria:
    if isinstance(values, Criteria):
        return values
    try:
        return Criteria.of(**values)
    except TypeError as error:
        names = ", ".join(one.name for one in fields(Criteria))
        raise QueryError(f"filters={values!r} cannot be used: {error}; it has {names}") from error


def _folded(values: Any) -> tuple[str, ...]:
    if not isinstance(values, (list, tuple)) or not all(isinstance(name, str) for name in values):
        raise QueryError(f"folded={values!r}: expected a list of groups")
    return tuple(dict.fromkeys(values))


def _sort(values: Any) -> Sort:
    if isinstance(values, Sort):
        values = asdict(values)
    if not isinstance(values, Mapping) or not {"column", "ascending"}.issuperset(values):
        raise QueryError(f"sort={values!r}: expected a dict with 'column' and 'ascending'")
    column = values.get("column", "start_date")
    if not isinstance(column, str) or column not in SORTABLE:
        raise QueryError(f"sort={values!r}: expected a column of {', '.join(SORTABLE)}")
    return Sort(column, check_flag(values.get("ascending", True), "sort['ascending']"))


def _window(values: Any) -> tuple[str, str] | str | None:
    if values is None:
        return None
    if isinstance(values, str):
        return read_relative(values)
    if not isinstance(values, (list, tuple)) or len(values) != 2:
        raise QueryError(f"window={values!r}: expected a pair of dates, None for what fits, or {GRAMMAR}")
    low, high = (round(to_utc(value, "window").timestamp() * 1000) for value in values)
    if low >= high:
        raise QueryError(f"window={values!r}: the first date must lie before the second")
    return _instant(low), _instant(high)
