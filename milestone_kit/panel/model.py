"""A table and a now, ready to be shown: a session and a screen make one `View`, no widget in sight."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.analysis.filters import Criteria, FilterIndex
from milestone_kit.analysis.groups import Keys, column_of
from milestone_kit.analysis.timeline import with_timeline
from milestone_kit.figures.colors import DARK, LIGHT, OTHER, ColorScale
from milestone_kit.figures.gantt.arrange import lay_out
from milestone_kit.figures.gantt.draw import draw_layout, draw_traces
from milestone_kit.figures.gantt.look import Look
from milestone_kit.figures.gantt.scene import Canvas, GanttIndex, Scene, scene_words
from milestone_kit.panel.card import details_card
from milestone_kit.panel.choices import choices_of
from milestone_kit.panel.remembered import remembered
from milestone_kit.panel.reproduce import Recipe
from milestone_kit.panel.strip import StartIndex
from milestone_kit.panel.table_view import TableView
from milestone_kit.panel.view import Chart, Choices, Strip, View
from milestone_kit.panel.windows import fitting_window, preset_window

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.figures.time_axis import Window
    from milestone_kit.panel.session import Screen, Session, Sort
    from milestone_kit.panel.state import PanelState

__all__ = ["ExplorerModel"]

_AREA_HEIGHT: Final = 570
"""The most pixels of the plotting area that are seen at one time."""

_TALLEST: Final = 2_600
"""The most pixels that lanes with titles may take; a hundred and fifty rows are on at once on busy days."""

_BESIDE: Final = 0.5
"""How much of the window is drawn to each side of it, for dragging."""


class ExplorerModel:
    """A table made ready for the explorer; nothing of it changes, and what it was asked it remembers.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones, with or without timeline columns.
    now : pandas.Timestamp
        What statuses and the now line are relative to.
    awaited : bool
        Whether this table only stands for one that is still to come.
    """

    def __init__(self, df: pd.DataFrame, now: pd.Timestamp, *, awaited: bool = False) -> None:
        self.table = df
        self.now = now.timestamp() * 1000
        self.awaited = awaited
        self.timeline = with_timeline(df, now=now)
        self.index = GanttIndex.of(self.timeline)
        self._filters = FilterIndex(self.timeline, now=now)
        self._starts = StartIndex(self.timeline, self.index)
        self._table_view = TableView(self.timeline)

    def view(
        self, session: Session, screen: Screen, before: View | None = None, *, moving: bool = False
    ) -> View:
        """Return everything that is shown.

        Parameters
        ----------
        session : Session
            What the user asks for.
        screen : Screen
            Where it is shown.
        before : View, optional
            What this table showed before.
        moving : bool
            Whether the chart only moves from there: its marks then keep their lanes.
        """
        state = session.state
        rows = self.rows(state.filters, session.sort)
        same = before is not None and (before.session.state, before.screen) == (state, screen)
        if before is not None and same:
            chart = before.chart
        else:
            chart = self._chart(state, screen, before.chart.scene if before is not None and moving else None)
        return View(
            session,
            screen,
            rows,
            chart,
            summary=self._summary(session, chart.scene),
            strip=self._strip(state, chart),
            table=self._page(
                state.filters,
                session.sort,
                self._page_of_now(state.filters, session.sort) if session.page is None else session.page,
                state.tz,
                session.selected,
            ),
            card=self._card(session.picked, state.tz),
            recipe=self._recipe(state.with_span(chart.scene.window)),
            count_choices=lambda: self._choices(state.filters),
        )

    # What events ask

    def position(self, id_: str) -> int | None:
        """Return the position of a milestone, or None where the table has no such id."""
        found = np.flatnonzero((self.timeline["id"] == id_).to_numpy())
        return int(found[0]) if len(found) else None

    def preset(self, name: str, state: PanelState) -> Window | None:
        """Return the window of a preset button, None for the one that fits."""
        return preset_window(name, *self._times(state.filters), self.now, state.tz)

    # What is worked out once for a table

    @remembered
    def keys(self, name: str) -> Keys:
        """Return a column to group or colour by."""
        return Keys.of(column_of(self.timeline, name, "group"))

    @remembered
    def colors(self, name: str) -> ColorScale:
        """Return the colours of a column, chosen over the whole table: they stay when filters change."""
        return ColorScale.of(self.keys(name))

    # What is worked out for each selection of rows

    @remembered
    def chosen(self, criteria: Criteria) -> NDArray[np.bool_]:
        """Return which rows pass, by position."""
        passing: NDArray[np.bool_] = self._filters.select(criteria)
        return passing

    @remembered
    def rows(self, criteria: Criteria, sort: Sort) -> NDArray[np.int64]:
        """Return the positions of the rows that pass, in an order of the table view."""
        return self._table_view.rows(self.chosen(criteria), sort)

    @remembered
    def _choices(self, criteria: Criteria) -> Choices:
        return choices_of(self._filters, criteria)

    @remembered
    def _status_words(self, criteria: Criteria) -> str:
        status = self.timeline["status"].cat
        counts = np.bincount(status.codes[self.chosen(criteria)] + 1, minlength=len(status.categories) + 1)[
            1:
        ]
        return " · ".join(f"{count:,} {name}" for name, count in zip(status.categories, counts, strict=True))

    @remembered
    def _counts(self, criteria: Criteria) -> list[int]:
        return self._starts.counts(self.chosen(criteria))

    def _times(self, criteria: Criteria) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return starts and ends of the rows that pass, sorted by start."""
        here = self.chosen(criteria)[self.index.row]
        return self.index.start[here], self.index.end[here]

    # The parts of a view

    def _chart(self, state: PanelState, screen: Screen, moved_from: Scene | None) -> Chart:
        look = Look(
            state.tz,
            self.now,
            DARK if screen.dark else LIGHT,
            screen.width,
            grouped=state.group != "none",
            legend=state.color != state.group,
            height=_AREA_HEIGHT,
        )
        colors = self.colors(state.color)

        def scene_of(window: Window, beside: float = 0.0) -> Scene:
            return lay_out(
                self.index,
                self.timeline,
                chosen=self.chosen(state.filters),
                window=window,
                canvas=Canvas(look.area_width, look.height, _TALLEST),
                colors=colors,
                groups=self.keys(state.group) if look.grouped else None,
                beside=beside,
                before=moved_from,
            )

        window = state.span() or fitting_window(
            *self._times(state.filters), self.now, lambda one: scene_of(one).level
        )
        scene = scene_of(window, _BESIDE)
        return Chart(scene, look, draw_traces(scene, self.timeline, colors, look), draw_layout(scene, look))

    def _strip(self, state: PanelState, chart: Chart) -> Strip:
        span, window = self._starts.span, chart.scene.window
        return Strip(
            counts=self._counts(state.filters),
            span=[span.start, span.end],
            window=[window.start, window.end],
            marks=self._marks(state.tz, chart.look.width),
            now=self.now,
        )

    @remembered
    def _marks(self, zone: str, width: int) -> list[dict[str, Any]]:
        return self._starts.marks(zone, width)

    @remembered
    def _page_of_now(self, criteria: Criteria, sort: Sort) -> int:
        return self._table_view.page_of_now(self.rows(criteria, sort), self.now, sort)

    @remembered
    def _page(
        self, criteria: Criteria, sort: Sort, number: int, zone: str, selected: frozenset[str]
    ) -> dict[str, Any]:
        return self._table_view.page(self.rows(criteria, sort), number, zone, selected, sort)

    @remembered
    def _card(self, picked: str | None, zone: str) -> str:
        at = None if picked is None else self.position(picked)
        return "" if at is None else details_card(self.timeline.iloc[at], zone)

    def _summary(self, session: Session, scene: Scene) -> str:
        if self.awaited:
            return "No milestones yet"
        selected = f" · {len(session.selected):,} selected" if session.selected else ""
        return (
            f"<b>{scene.matching:,}</b> of {len(self.timeline):,} milestones · "
            f"{self._status_words(session.state.filters)}{selected}"
            f'<br><span class="mk-muted">In the chart: {html.escape(scene_words(scene))}</span>'
        )

    def _recipe(self, state: PanelState) -> Recipe:
        labels = [label for label in self.colors(state.color).labels if label and label != OTHER]
        return Recipe(
            state,
            timed=self.timeline is self.table,
            color_order=() if state.color == "status" else tuple(labels),
        )
