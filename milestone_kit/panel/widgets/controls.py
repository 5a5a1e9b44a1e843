"""The panel's controls: what the user sets, read and written as a PanelState."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as w
import pandas as pd

from milestone_kit.analysis.filters import TEXT_FACETS, Criteria
from milestone_kit.errors import QueryError
from milestone_kit.figures.time_axis import midnight
from milestone_kit.panel.state import COLOR_CHOICES, GROUP_CHOICES, PanelState
from milestone_kit.panel.widgets.clearable import clearable
from milestone_kit.panel.widgets.facet_list import FacetList
from milestone_kit.panel.widgets.furniture import foldable, toolbar
from milestone_kit.panel.windows import PRESETS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from milestone_kit.panel.view import Choices

__all__ = ["Controls"]

_FIRST_ZONES: Final = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Tokyo",
    "Australia/Sydney",
)
"""What is offered on top, and alone until the browser has told its own."""

_ENDS: Final = {"any": None, "reported": True, "not reported": False}
_TYPING_PAUSE: Final = 0.18
_FULL: Final = {"width": "auto"}
_NARROW_LABEL: Final = {"description_width": "70px"}


def _day(iso: str | None, tz: str) -> dt.date | None:
    return None if iso is None else pd.Timestamp(iso).tz_convert(tz).date()


class Controls:
    """All input widgets.

    Parameters
    ----------
    changed : callable
        Called with a delay in seconds whenever the user has changed something.
    preset : callable
        Called with the name of the preset that was clicked.
    """

    def __init__(self, changed: Callable[[float], None], preset: Callable[[str], None]) -> None:
        self._changed = changed
        self._quiet = False
        self._seen: dict[str, Any] = {}
        self.text = self._field("Search", "title, ticker, league, id")
        self.ticker = self._field("Ticker", "KXNBA* or a market")
        self.start = w.DatePicker(description="From", style=_NARROW_LABEL, layout=_FULL)
        self.end = w.DatePicker(description="To", style=_NARROW_LABEL, layout=_FULL)
        self.has_end = w.Dropdown(options=tuple(_ENDS), description="End", style=_NARROW_LABEL, layout=_FULL)
        self.facets = FacetList()
        self.simulated = w.Checkbox(description="Simulated", indent=False, layout=_FULL)
        self.placeholder = w.Checkbox(description="Placeholders", indent=False, layout=_FULL)
        self.group = self._choice("Group by", GROUP_CHOICES)
        self.color = self._choice("Colour by", COLOR_CHOICES)
        self.tz = self._choice("Time zone", _FIRST_ZONES, "220px")
        self.presets = [self._preset(name, preset) for name in PRESETS]
        for widget in (self.text, self.ticker):
            widget.observe(lambda _: self._tell(_TYPING_PAUSE), "value")
        for widget in (self.start, self.end, self.has_end, self.simulated, self.placeholder):
            widget.observe(lambda _: self._tell(0.0), "value")
        for widget in (self.group, self.color, self.tz):
            widget.observe(lambda _: self._tell(0.0), "value")
        self.facets.observe(lambda _: self._tell(0.0), "chosen")

    @staticmethod
    def _field(label: str, hint: str) -> w.Text:
        return w.Text(description=label, placeholder=hint, style=_NARROW_LABEL, layout=_FULL)

    @staticmethod
    def _choice(label: str, options: tuple[str, ...], width: str = "190px") -> w.Dropdown:
        return w.Dropdown(options=options, description=label, style=_NARROW_LABEL, layout={"width": width})

    @staticmethod
    def _preset(name: str, preset: Callable[[str], None]) -> w.Button:
        tip = {"Near now": "The milestones nearest to now", "All": "Everything that passes the filters"}
        button = w.Button(
            description=name,
            tooltip=tip.get(name, f"Show {name.lower()}"),
            layout={"width": "auto", "min_width": "52px", "margin": "2px 1px"},
        )
        button.on_click(lambda _: preset(name))
        return button

    def _tell(self, delay: float) -> None:
        if not self._quiet:
            self._changed(delay)

    def read(self, before: PanelState) -> PanelState:
        """Return `before` with what the user has changed in the widgets since.

        What was not touched is kept as it is: code can ask for more than the widgets can show, such as
        a start to the minute, or simulated rows only.

        Raises
        ------
        QueryError
            When the widgets contradict each other; the next call reads the same changes again.
        """
        now = self._values()
        asked: dict[str, Any] = before.filters.as_dict()
        for name, value in now.items():
            if value != self._seen.get(name) and not self._is_exact(name, value, before):
                asked[name] = _criterion(name, value)
        if self.start.value and self.end.value and self.start.value > self.end.value:
            raise QueryError(f"From must lie before To, and {self.start.value} lies after {self.end.value}")
        criteria = Criteria.of(**asked)
        self._seen = now
        return replace(
            before, filters=criteria, group=self.group.value, color=self.color.value, tz=self.tz.value
        )

    def _values(self) -> dict[str, Any]:
        """Return what the widgets show, by the criterion that it stands for."""
        return {
            "text": self.text.value,
            "ticker": self.ticker.value,
            "start": (self.start.value, self.tz.value),
            "end": (self.end.value, self.tz.value),
            "has_end": self.has_end.value,
            "simulated": self.simulated.value,
            "placeholder": self.placeholder.value,
        } | {name: list(self.facets.chosen.get(name, ())) for name in TEXT_FACETS}

    def _is_exact(self, name: str, value: Any, before: PanelState) -> bool:
        """Tell whether only the zone has changed under a bound that is no whole day of the old zone."""
        if name not in _BOUNDS or value[0] is None or value[0] != self._seen.get(name, (None,))[0]:
            return False
        instant = pd.Timestamp(getattr(before.filters, name))
        return bool(instant != _BOUNDS[name](value[0], before.tz))

    def offer_zones(self, own: str) -> None:
        """Offer all time zones, the browser's own first; a name that Python does not know is left out."""
        known = zoneinfo.available_timezones()
        first = dict.fromkeys([*([own] if own in known else []), *_FIRST_ZONES, self.tz.value])
        chosen = self.tz.value
        self._quiet = True
        try:
            with self.tz.hold_sync():
                self.tz.options = (*first, *sorted(known - first.keys()))
                self.tz.value = chosen
        finally:
            self._quiet = False

    def count(self, choices: Choices) -> None:
        """Show what every choice would leave."""
        self.facets.facets = choices.lists
        self.simulated.description = f"Simulated ({choices.flags['simulated']:,})"
        self.placeholder.description = f"Placeholders ({choices.flags['placeholder']:,})"

    def write(self, state: PanelState, choices: Choices) -> None:
        """Make the widgets show a state and what can be chosen in it, without telling anyone."""
        self._quiet = True
        try:
            self._write(state)
            with self.facets.hold_sync():
                self.facets.chosen = {
                    one["name"]: _checked(one, getattr(state.filters, one["name"])) for one in choices.lists
                }
                self.count(choices)
            self._seen = self._values()
        finally:
            self._quiet = False

    def _write(self, state: PanelState) -> None:
        asked = state.filters
        if state.tz not in self.tz.options:
            self.tz.options = (*self.tz.options, state.tz)
        self.tz.value, self.group.value, self.color.value = state.tz, state.group, state.color
        self.text.value = asked.text or ""
        self.ticker.value = " ".join(asked.ticker or ())
        self.start.value, self.end.value = _day(asked.start, state.tz), _day(asked.end, state.tz)
        self.has_end.value = next(name for name, value in _ENDS.items() if value is asked.has_end)
        self.simulated.value = asked.simulated is not False
        self.placeholder.value = asked.placeholder is not False

    def side(self) -> w.VBox:
        """Return the column of filters."""
        flags = w.HBox([self.simulated, self.placeholder])
        fields = [clearable(self.text, "Clear the search"), clearable(self.ticker, "Clear the ticker")]
        return foldable("Filters", [*fields, self.start, self.end, self.has_end, flags, self.facets])

    def bar(self, before: Sequence[w.Widget] = (), after: Sequence[w.Widget] = ()) -> w.HBox:
        """Return the row of presets and view choices; other tools stand before and after them."""
        choices = w.HBox([self.group, self.color, self.tz, *after]).add_class("mk-choices")
        return w.HBox([*before, toolbar(self.presets), choices]).add_class("mk-row")


def _last_instant(day: dt.date, tz: str) -> pd.Timestamp:
    """Return the last microsecond of a local day: a picked end date is meant with the whole day."""
    return midnight(day + dt.timedelta(days=1), tz) - pd.Timedelta(microseconds=1)


_BOUNDS: Final = {"start": midnight, "end": _last_instant}


def _criterion(name: str, value: Any) -> Any:
    """Return what a widget's value asks for; None where it asks nothing."""
    if name in _BOUNDS:
        day, tz = value
        return None if day is None else _BOUNDS[name](day, tz)
    if name == "ticker":
        return value.replace(",", " ").split() or None
    if name == "has_end":
        return _ENDS[value]
    if name in ("simulated", "placeholder"):
        return None if value else False
    return value or None


def _checked(facet: dict[str, Any], wanted: tuple[str, ...] | None) -> list[str]:
    """Return the offered values that are wanted, in the spelling in which they are offered."""
    folded = {value.casefold() for value in wanted or ()}
    return [one["value"] for one in facet["options"] if one["value"].casefold() in folded]
