"""The panel's controls: what the user sets, read and written as a PanelState."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import ipywidgets as w
import pandas as pd

from milestone_kit.filters import Criteria
from milestone_kit.panel.model import PRESETS
from milestone_kit.panel.state import COLOR_CHOICES, GROUP_CHOICES, PanelState
from milestone_kit.panel.widgets import FacetList

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Controls"]

_ZONES: Final = (
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
        self.text = self._field("Search", "words of the title")
        self.ticker = self._field("Ticker", "KXNBA* or a market")
        self.start = w.DatePicker(description="From", style=_NARROW_LABEL, layout=_FULL)
        self.end = w.DatePicker(description="To", style=_NARROW_LABEL, layout=_FULL)
        self.has_end = w.Dropdown(options=tuple(_ENDS), description="End", style=_NARROW_LABEL, layout=_FULL)
        self.facets = FacetList()
        self.simulated = w.Checkbox(description="Simulated", indent=False, layout=_FULL)
        self.placeholder = w.Checkbox(description="Placeholders", indent=False, layout=_FULL)
        self.group = self._choice("Group by", GROUP_CHOICES)
        self.color = self._choice("Colour by", COLOR_CHOICES)
        self.tz = self._choice("Time zone", _ZONES, "220px")
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
        """Return the state that the widgets show, keeping the window of `before`."""
        tz = self.tz.value
        chosen = {name: tuple(values) or None for name, values in self.facets.chosen.items()}
        criteria = Criteria.of(
            category=chosen.get("category"),
            type=chosen.get("type"),
            status=chosen.get("status"),
            league=chosen.get("league"),
            text=self.text.value.strip() or None,
            ticker=[part for part in self.ticker.value.replace(",", " ").split() if part] or None,
            start=None if self.start.value is None else pd.Timestamp(self.start.value).tz_localize(tz),
            end=None if self.end.value is None else _last_instant(self.end.value, tz),
            has_end=_ENDS[self.has_end.value],
            simulated=None if self.simulated.value else False,
            placeholder=None if self.placeholder.value else False,
        )
        return replace(before, filters=criteria, group=self.group.value, color=self.color.value, tz=tz)

    def write(self, state: PanelState) -> None:
        """Make the widgets show a state, without telling anyone."""
        self._quiet = True
        try:
            self._write(state)
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
        names = ("category", "type", "status", "league")
        self.facets.chosen = {name: list(getattr(asked, name) or ()) for name in names}

    def side(self) -> w.VBox:
        """Return the column of filters."""
        flags = w.HBox([self.simulated, self.placeholder])
        fields = [self.text, self.ticker, self.start, self.end, self.has_end, flags, self.facets]
        box = w.VBox(fields, layout={"width": "268px", "flex": "0 0 auto"})
        box.add_class("mk-side")
        return box

    def bar(self) -> w.HBox:
        """Return the row of presets and view choices."""
        return w.HBox(
            [w.HBox(self.presets), w.HBox([self.group, self.color, self.tz])],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )


def _last_instant(day: dt.date, tz: str) -> pd.Timestamp:
    """Return the last microsecond of a local day: a picked end date is meant with the whole day."""
    next_day = pd.Timestamp(day + dt.timedelta(days=1)).tz_localize(tz)
    return next_day - pd.Timedelta(microseconds=1)
