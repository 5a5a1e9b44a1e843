"""What a view of the explorer is made of: plain JSON values there and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import pandas as pd

from milestone_kit.analysis.filters import Criteria
from milestone_kit.core.arguments import check_zone, iso, to_utc
from milestone_kit.errors import QueryError
from milestone_kit.figures.time_axis import Window

__all__ = ["COLOR_CHOICES", "FORM_CHOICES", "GROUP_CHOICES", "PanelState"]

GROUP_CHOICES: Final = ("category", "type", "league", "status", "none")
COLOR_CHOICES: Final = ("category", "type", "league", "status", "end_source")
FORM_CHOICES: Final = ("table", "agenda")

_CHOICES: Final = {"group": GROUP_CHOICES, "color": COLOR_CHOICES, "form": FORM_CHOICES}


def _instant(ms: float) -> str:
    return iso(pd.Timestamp(round(ms), unit="ms", tz="UTC"))


@dataclass(frozen=True, slots=True)
class PanelState:
    """Filters and view of an explorer.

    Attributes
    ----------
    filters : Criteria
        Which rows; simulated and placeholder rows are left out unless asked for.
    group, color : str
        One of GROUP_CHOICES and COLOR_CHOICES.
    tz : str
        IANA time zone of all times shown.
    window : tuple of two str, or None
        The span on screen, ISO 8601 with `Z`; None for the one that fits.
    folded : tuple of str
        The groups of the chart that take one line each.
    form : str
        How rows are listed below the chart, one of FORM_CHOICES.
    """

    filters: Criteria = field(default_factory=lambda: Criteria.of(simulated=False, placeholder=False))
    group: str = "category"
    color: str = "category"
    tz: str = "UTC"
    window: tuple[str, str] | None = None
    folded: tuple[str, ...] = ()
    form: str = "table"

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
        chosen = {name: values[name] for name in _CHOICES if name in values}
        tz = check_zone(values["tz"]) if "tz" in values else state.tz
        folded = _folded(values.get("folded", ()))
        return replace(state, **chosen, tz=tz, window=_window(values.get("window")), folded=folded)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; `PanelState.of` gives the same state back."""
        return {
            "filters": self.filters.as_dict(),
            "group": self.group,
            "color": self.color,
            "tz": self.tz,
            "window": None if self.window is None else list(self.window),
            "folded": list(self.folded),
            "form": self.form,
        }

    def span(self) -> Window | None:
        """Return the window in milliseconds, or None for the one that fits."""
        if self.window is None:
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


def _window(values: Any) -> tuple[str, str] | None:
    if values is None:
        return None
    if not isinstance(values, (list, tuple)) or len(values) != 2:
        raise QueryError(f"window={values!r}: expected a pair of dates, or None for the one that fits")
    low, high = (round(to_utc(value, "window").timestamp() * 1000) for value in values)
    if low >= high:
        raise QueryError(f"window={values!r}: the first date must lie before the second")
    return _instant(low), _instant(high)
