"""What the explorer shows for a table and a state, with no widget in sight."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from milestone_kit.analysis.filters import BOOLEAN_FACETS, TEXT_FACETS, Criteria, Facet, FilterIndex
from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.groups import NONE, Keys, column_of
from milestone_kit.analysis.timeline import with_timeline
from milestone_kit.figures.colors import DARK, LIGHT, OTHER, ColorScale
from milestone_kit.figures.gantt.arrange import lay_out
from milestone_kit.figures.gantt.draw import draw_layout, draw_traces
from milestone_kit.figures.gantt.look import Look
from milestone_kit.figures.gantt.scene import MAX_BARS, Canvas, GanttIndex, Scene
from milestone_kit.figures.time_axis import DAY, Window, fit_window, midnight, ticks, window_around
from milestone_kit.panel.table_view import TableView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.panel.state import PanelState

__all__ = ["PRESETS", "ExplorerModel"]

AREA_HEIGHT: Final = 570
"""The most pixels that the plotting area takes."""

_FIRST_COUNTS: Final = (120, 80, 55, 38, 26, 18, 12)
"""How many starts about now the first view tries to hold, the widest first."""

_OVERVIEW_BINS: Final = 240

_BESIDE: Final = 0.5
"""How much of the window is drawn to each side of it, for dragging."""

_OFFERED: Final = 60
"""The most values that one check list offers; the rest is counted."""

PRESETS: Final = {"Near now": None, "Today": 0, "7 days": 7, "30 days": 30, "All": -1}
"""Button to days on screen: None for the first view, 0 for the local day, -1 for everything."""

_FACETS: Final = (("status", "Status"), ("category", "Category"), ("type", "Type"), ("league", "League"))


class ExplorerModel:
    """A table made ready for the explorer.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones, with or without timeline columns.
    now : pandas.Timestamp
        What statuses and the now line are relative to.
    """

    def __init__(self, df: pd.DataFrame, now: pd.Timestamp) -> None:
        self.table = df
        self.now = now.timestamp() * 1000
        self.timeline = with_timeline(df, now=now)
        self.index = GanttIndex.of(self.timeline)
        self.filters = FilterIndex(self.timeline, now=now)
        self.rows_view = TableView(self.timeline)
        self._keys: dict[str, Keys] = {}
        self._colors: dict[str, ColorScale] = {}
        self._marks: dict[tuple[str, int], list[dict[str, Any]]] = {}

    def __len__(self) -> int:
        return len(self.timeline)

    def select(self, criteria: Criteria) -> NDArray[np.bool_]:
        """Return which rows pass, by position."""
        chosen: NDArray[np.bool_] = self.filters.select(criteria)
        return chosen

    def facets(self, criteria: Criteria) -> tuple[list[dict[str, Any]], dict[str, tuple[int, int]]]:
        """Return the check lists for `FacetList` and the counts of the yes-or-no filters.

        Every count is given the other filters. The second part has, for "simulated", "placeholder"
        and "has_end", how many rows are so and how many are not.

        What is asked for is always offered, also where the table has no such value, so that the user
        can take it back.
        """
        counted = self.filters.facets(criteria)
        lists = []
        for name, label in _FACETS:
            wanted = {value.casefold(): value for value in getattr(criteria, name) or ()}
            # a blank value cannot be asked for
            options = [one for one in counted[name] if str(one.value).strip()]
            known = {str(one.value).casefold() for one in options}
            options += [Facet(value, 0) for folded, value in wanted.items() if folded not in known]
            offered = [
                one for i, one in enumerate(options) if i < _OFFERED or str(one.value).casefold() in wanted
            ]
            if offered:
                lists.append(
                    {
                        "name": name,
                        "label": label,
                        "options": [{"value": one.value, "count": one.count} for one in offered],
                        "hidden": len(options) - len(offered),
                    }
                )
        yes_or_no = {name: (counted[name][0].count, counted[name][1].count) for name in BOOLEAN_FACETS}
        return lists, yes_or_no

    def fit(self, state: PanelState, chosen: NDArray[np.bool_], width: int) -> Window:
        """Return the first window of a selection: the widest about now in which marks can be read."""
        here = chosen[self.index.row]
        start, end = self.index.start[here], self.index.end[here]
        windows = [fit_window(start, end)] if len(start) <= MAX_BARS else []
        windows += [window_around(start, self.now, count) for count in _FIRST_COUNTS if count <= len(start)]
        if not len(start):
            return Window(self.now - DAY, self.now + DAY)
        look = self._look(state, width)
        crowded = None
        for window in dict.fromkeys(windows):
            level = self._lay_out(state, chosen, window, look).level
            if level == "labelled":
                return window
            if level == "bars":
                crowded = crowded or window
        return crowded or windows[-1]

    def preset(self, name: str, chosen: NDArray[np.bool_], zone: str) -> Window | None:
        """Return the window of a preset, None for the one that fits."""
        days = PRESETS[name]
        if days is None:
            return None
        here = chosen[self.index.row]
        if days < 0:
            return fit_window(self.index.start[here], self.index.end[here])
        if days == 0:
            today = pd.Timestamp(self.now, unit="ms", tz="UTC").tz_convert(zone).date()
            edges = (midnight(day, zone) for day in (today, today + dt.timedelta(days=1)))
            return Window(*(edge.timestamp() * 1000 for edge in edges))
        return Window(self.now - days * DAY / 7, self.now + days * DAY * 6 / 7)

    def keys(self, name: str) -> Keys:
        """Return a column to group or colour by, read once."""
        if name not in self._keys:
            self._keys[name] = Keys.of(column_of(self.timeline, name, "group"))
        return self._keys[name]

    def colors(self, name: str) -> ColorScale:
        """Return the colours of a column, chosen once over the whole table."""
        if name not in self._colors:
            self._colors[name] = ColorScale.of(self.keys(name))
        return self._colors[name]

    def color_order(self, name: str) -> list[str]:
        """Return the values of a column that have a colour of their own, in the order of the colours."""
        labels = [label for label in self.colors(name).labels if label and label != OTHER]
        return [] if name == "status" else labels

    def _look(self, state: PanelState, width: int, *, dark: bool = False) -> Look:
        return Look(
            state.tz,
            self.now,
            DARK if dark else LIGHT,
            width,
            grouped=state.group != "none",
            legend=state.color != state.group,
            height=AREA_HEIGHT,
        )

    def _lay_out(
        self,
        state: PanelState,
        chosen: NDArray[np.bool_],
        window: Window,
        look: Look,
        *,
        beside: float = 0.0,
        before: Scene | None = None,
    ) -> Scene:
        return lay_out(
            self.index,
            self.timeline,
            chosen=chosen,
            window=window,
            canvas=Canvas(look.area_width, look.height),
            colors=self.colors(state.color),
            groups=self.keys(state.group) if look.grouped else None,
            beside=beside,
            before=before,
        )

    def scene(
        self,
        state: PanelState,
        chosen: NDArray[np.bool_],
        width: int,
        *,
        dark: bool,
        before: Scene | None = None,
    ) -> tuple[Scene, Look]:
        """Lay out a state in a figure of `width` pixels; `before` is on screen and only moves."""
        look = self._look(state, width, dark=dark)
        window = state.span() or self.fit(state, chosen, width)
        return self._lay_out(state, chosen, window, look, beside=_BESIDE, before=before), look

    def draw(
        self, state: PanelState, scene: Scene, look: Look
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return traces and layout of a scene."""
        traces = draw_traces(scene, self.timeline, self.colors(state.color), look)
        return traces, draw_layout(scene, look)

    def status_counts(self, chosen: NDArray[np.bool_]) -> dict[str, int]:
        """Return how many chosen rows are live, upcoming and ended."""
        codes = self.timeline["status"].cat.codes.to_numpy()[chosen]
        names = list(self.timeline["status"].cat.categories)
        return {name: int(np.count_nonzero(codes == i)) for i, name in enumerate(names)}

    def position(self, id_: str) -> int | None:
        """Return the position of a milestone, or None where the table has no such id."""
        found = np.flatnonzero((self.timeline["id"] == id_).to_numpy())
        return int(found[0]) if len(found) else None

    def overview(self, chosen: NDArray[np.bool_]) -> list[int]:
        """Return how many chosen rows start in each bin of `span`."""
        starts = self.index.start[chosen[self.index.row]]
        counts, _ = np.histogram(starts, bins=_OVERVIEW_BINS, range=(self.span.start, self.span.end))
        return [int(count) for count in counts]

    def overview_marks(self, zone: str, width: int) -> list[dict[str, Any]]:
        """Return what is written below the overview of a figure of `width` pixels, worked out once."""
        key = (zone, width)
        if key not in self._marks:
            found = ticks(self.span, zone, width // 2)
            texts = (
                label.replace("<br>", " ").replace("<b>", "").replace("</b>", "") for label in found.labels
            )
            self._marks[key] = [
                {"at": at, "label": text} for at, text in zip(found.values, texts, strict=True)
            ]
        return self._marks[key]

    @functools.cached_property
    def span(self) -> Window:
        """The span of the overview: all rows with believable dates, but for outliers."""
        dated = ~is_placeholder(self.timeline).to_numpy()[self.index.row]
        return fit_window(self.index.start[dated], self.index.end[dated])

    def toggled(self, state: PanelState, slot: int) -> PanelState:
        """Return the state in which the value of a colour is filtered for, or not any more."""
        value = self.colors(state.color).labels[slot]
        if state.color not in TEXT_FACETS or value in ("", OTHER, NONE):
            return state
        chosen = list(getattr(state.filters, state.color) or ())
        folded = [one.casefold() for one in chosen]
        if value.casefold() in folded:
            chosen.pop(folded.index(value.casefold()))
        else:
            chosen.append(value)
        asked = state.filters.as_dict() | {state.color: chosen or None}
        return replace(state, filters=Criteria.of(**asked))  # type: ignore[arg-type]  # JSON values of Criteria
