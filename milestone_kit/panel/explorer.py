"""`MilestoneExplorer`: filters, chart, table and details of milestones, kept in step."""

from __future__ import annotations

import functools
import gc
import html
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as w
import numpy as np
import pandas as pd

from milestone_kit.errors import QueryError
from milestone_kit.export.csv import csv_text, to_csv, write_whole
from milestone_kit.figures.gantt.picking import Box, rows_in_box
from milestone_kit.figures.gantt.plot import scene_words, static_figure
from milestone_kit.figures.page import html_page
from milestone_kit.figures.time_axis import Window
from milestone_kit.panel.card import details_card
from milestone_kit.panel.controls import Controls
from milestone_kit.panel.debounce import Debouncer
from milestone_kit.panel.layout import button, head, main
from milestone_kit.panel.live_figure import LiveFigure
from milestone_kit.panel.loading import Fetch, LoadingBar, running_loop
from milestone_kit.panel.model import ExplorerModel
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.static_form import static_form
from milestone_kit.panel.widgets import Bridge, Overview, PagedTable
from milestone_kit.table.schema import empty_milestones

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import plotly.graph_objects as go

    from milestone_kit.figures.gantt.scene import Scene
    from milestone_kit.panel.loading import Reload

__all__ = ["MilestoneExplorer"]

_log = logging.getLogger(__name__)

_FIRST_WIDTH: Final = 860
"""Pixels of the figure until the browser has told how many there are."""

_LARGEST_DOWNLOAD: Final = 80_000_000
"""Characters of CSV that are handed to the browser; more would stall the page."""

_SHORTEST_WINDOW: Final = 1000.0
"""Milliseconds; nothing is told apart below."""


class MilestoneExplorer(w.VBox):
    """Filters, Gantt chart, table and details card over one milestones table.

    Made by `explore`. Everything a user can set is in `state`, a JSON dict that can be set back.

    Parameters
    ----------
    df : pandas.DataFrame or Fetch
        Milestones; with the columns of `compute_timeline`, these are used as they are. Or the fetch
        that will bring them: the panel shows how far it is, and code that asks for rows waits.
    state : PanelState
        What to show first.
    now : pandas.Timestamp, optional
        What statuses and the now line are relative to; without it, the time at which the table came.
    reload : callable, optional
        Fetches the table anew, given a callback for progress; its presence brings a refresh button.
    source : str
        The Python expression that `code()` takes the table from.
    """

    def __init__(
        self,
        df: pd.DataFrame | Fetch,
        *,
        state: PanelState,
        now: pd.Timestamp | None = None,
        reload: Reload | None = None,
        source: str = "mk.get_milestones()",
    ) -> None:
        self._now = now
        self._failure: BaseException | None = None
        self._missing = isinstance(df, Fetch)
        self._model = self._prepared(empty_milestones() if isinstance(df, Fetch) else df)
        self._state = state
        self._reload, self._source = reload, source
        self._picked: str | None = None
        self._selected: list[str] = []
        self._page = 0
        self._controls = Controls(self._on_control, self._on_preset)
        self._bridge = Bridge()
        self._overview = Overview()
        self._table = PagedTable()
        self._summary = w.HTML().add_class("mk-summary")
        self._alert = w.HTML()
        self._card = w.HTML()
        self._chosen = self._model.select(state.filters)
        self._rows = self._model.rows_view.rows(self._chosen)
        self._debouncer = Debouncer(self._apply_controls)
        self._redrawer = Debouncer(lambda: self._guard(self._redraw))
        self._draw_controls()
        self._scene, self._look = self._model.scene(state, self._chosen, _FIRST_WIDTH, dark=False)
        self._figure = LiveFigure(*self._model.draw(state, self._scene, self._look), self._bridge)
        self._say_what_is_shown()
        self._turn_to_now()
        # width and theme come together when the panel opens: one redraw serves both
        self._bridge.observe(lambda _: self._redrawer.poke(0.0), ["width", "dark"])
        self._bridge.on_event(lambda event: self._guard(self._on_figure, event))
        self._overview.on_event(lambda event: self._guard(self._on_figure, event))
        self._table.on_request(lambda request: self._guard(self._on_table, request))
        self._loading = LoadingBar()
        above = [self._controls.bar(), self._overview, self._bridge]
        column = main(above, self._figure.widget, [self._card, self._table])
        self._body = w.HBox([self._controls.side(), column])
        super().__init__(
            [head(self._summary, self._buttons()), self._loading.widget, self._alert, self._body]
        )
        self.add_class("mk-explorer")
        if isinstance(df, Fetch):
            self._body.layout.display = "none"
            self._follow(df)
        # so many objects are new that Python will soon look through all there are, which takes a tenth of
        # a second: now, while the browser builds the panel, and not under one of the first clicks
        gc.collect()

    # What users read

    @property
    def filtered(self) -> pd.DataFrame:
        """The rows on screen: those of the table that pass the filters, in the order of the table view."""
        self._await_table()
        return self._model.table.iloc[self._rows]

    @property
    def selected(self) -> pd.DataFrame:
        """The milestones that were clicked or boxed, in the order of the table; none without either."""
        self._await_table()
        return self._model.table[self._model.table["id"].isin(self._selected)]

    @property
    def state(self) -> dict[str, Any]:
        """Filters and view as a JSON dict; set it to go back to a view."""
        return self._state.as_dict()

    @state.setter
    def state(self, values: dict[str, Any]) -> None:
        state = PanelState.of(values)
        self._debouncer.cancel()
        self._change(state)
        self._alert.value = ""

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        return bundle | {"text/html": static_form(self._summary.value, self._table.view)}

    def code(self) -> str:
        """Return the Python that makes this view."""
        self._await_table()
        timed = self._model.timeline is self._model.table
        return self._state.with_span(self._scene.window).code(
            self._source,
            now=self._now,
            timed=timed,
            color_order=self._model.color_order(self._state.color),
        )

    def figure(self) -> go.Figure:
        """Return the chart on screen as a static plotly figure."""
        self._await_table()
        colors = self._model.colors(self._state.color)
        return static_figure(self._scene, self._model.timeline, colors, self._look, None)

    def to_html(self, path: str | Path) -> Path:
        """Write the chart on screen as a page of its own that needs no network."""
        page = self._html().encode()
        return write_whole(path, lambda file: file.write(page))

    def _html(self) -> str:
        return html_page(
            self.figure(), f"As of {pd.Timestamp(self._model.now, unit='ms'):%d %b %Y %H:%M} UTC"
        )

    def to_csv(self, path: str | Path) -> Path:
        """Write the filtered rows as CSV; see `milestone_kit.to_csv`."""
        return to_csv(self.filtered, path)

    # What the user does

    def _on_control(self, delay: float) -> None:
        self._debouncer.poke(delay)

    def _apply_controls(self) -> None:
        self._guard(self._read_controls)

    def _read_controls(self) -> None:
        state = self._controls.read(self._state)
        if state.filters == self._state.filters:
            self._state = state
            self._redraw()
            self._show_page()
        else:
            self._change(state, controls=False)
        self._show_card()

    def _on_preset(self, name: str) -> None:
        self._guard(self._show_preset, name)

    def _show_preset(self, name: str) -> None:
        window = self._model.preset(name, self._chosen, self._state.tz)
        self._state = self._state.with_span(window)
        self._redraw()

    def _on_figure(self, event: dict[str, Any]) -> None:
        kind = event["kind"]
        if kind == "click":
            self._pick(str(event["id"]))
        elif kind == "window":
            self._show_window(Window(float(event["low"]), float(event["high"])), event.get("turn"))
        elif kind == "attached":
            self._redraw()
        elif kind == "zoom":
            middle, half = float(event["at"]), self._scene.window.span / 12
            self._show_window(Window(middle - half, middle + half))
        elif kind == "fit":
            self._state = self._state.with_span(None)
            self._redraw()
        elif kind == "box":
            (left, right), (top, bottom) = event["x"], event["y"]
            box = Box.between((float(left), float(right)), (float(top), float(bottom)))
            rows = rows_in_box(self._scene, self._model.index, box)
            self._select(list(self._model.timeline["id"].iloc[rows]))
        elif kind == "deselect":
            self._select([])
        elif kind == "legend":
            self._change(self._model.toggled(self._state, int(event["slot"])))

    def _show_window(self, window: Window, turn: dict[str, Any] | None = None) -> None:
        window, shown = window.clamped(), self._scene.window
        if not np.isfinite(window.span) or window.span <= 0:
            return
        # A window that fits stays one that fits when it is only asked for again.
        if max(abs(window.start - shown.start), abs(window.end - shown.end)) > shown.span * 0.002:
            self._state = self._state.with_span(window.at_least(_SHORTEST_WINDOW))
        self._redraw(before=self._scene, turn=turn)

    def _on_table(self, request: dict[str, Any]) -> None:
        if request["kind"] == "pick":
            self._pick(str(request["id"]))
            return
        if request["kind"] == "sort":
            self._model.rows_view.sort_by(str(request["column"]))
            self._rows = self._model.rows_view.rows(self._chosen)
            self._page = 0
        else:
            self._page = int(request["page"])
        self._show_page()

    def _pick(self, id_: str) -> None:
        at = self._model.position(id_)
        if at is None:
            return
        self._picked = id_
        self._show_card()
        there = np.flatnonzero(self._rows == at)
        if len(there):
            self._page = self._model.rows_view.page_of(int(there[0]))
        self._select([id_])

    def _select(self, ids: list[str]) -> None:
        self._selected = ids
        self._show_page()
        self._say_what_is_shown()

    def _download(self, rows: pd.DataFrame, name: str) -> None:
        text = csv_text(rows)
        if len(text) > _LARGEST_DOWNLOAD:
            raise QueryError(
                f"{len(rows):,} rows are too many for a download through the browser; "
                "filter further or call explorer.to_csv(path)"
            )
        self._bridge.download(name, text, "text/csv;charset=utf-8")

    def _download_filtered(self) -> None:
        self._download(self.filtered, "milestones.csv")

    def _download_selected(self) -> None:
        if not self._selected:
            raise QueryError("no milestone is selected: click one, or draw a box with the chart's box tool")
        self._download(self.selected, "milestones-selected.csv")

    def _download_chart(self) -> None:
        self._bridge.download("milestones.html", self._html(), "text/html;charset=utf-8")

    def _refresh(self) -> None:
        assert self._reload is not None
        if self._loading.fetch is not None:
            return
        if running_loop() is None:
            self._take(self._reload(lambda _rows, _pages: None))
        else:
            self._follow(Fetch(self._reload))

    def _follow(self, fetch: Fetch) -> None:
        self._failure = None
        self._loading.watch(fetch, lambda: self._guard(self._receive, fetch))

    def _receive(self, fetch: Fetch) -> None:
        try:
            table = fetch.result()
        except BaseException as error:
            self._failure = error
            raise
        self._take(table)

    def _take(self, table: pd.DataFrame) -> None:
        """Show another table under the same filters."""
        self._model = self._prepared(table)
        self._missing = False
        self._body.layout.display = None
        self._change(self._state)
        self._show_card()

    def _await_table(self) -> None:
        """Wait for the first table, which the client's own time limits bound; raise what went wrong."""
        if not self._missing:
            return
        fetch = self._loading.fetch
        if fetch is not None:
            fetch.wait()
            self._loading.release()
            self._receive(fetch)
        elif self._failure is not None:
            raise self._failure

    def _reset(self) -> None:
        self._selected = []
        self._change(replace(PanelState(), tz=self._state.tz))

    def _prepared(self, df: pd.DataFrame) -> ExplorerModel:
        return ExplorerModel(df, pd.Timestamp.now("UTC") if self._now is None else self._now)

    # What the panel shows

    def _guard(self, work: Callable[..., None], *arguments: Any) -> None:
        """Run `work`; an error is shown in the panel, where the user is looking, and logged."""
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001 - the panel must outlive whatever goes wrong in one update
            _log.exception("the explorer could not update")
            words = html.escape(f"{type(error).__name__}: {error}"[:600])
            self._alert.value = f'<div class="mk-alert" role="alert">{words}</div>'
        else:
            self._alert.value = ""

    def _change(self, state: PanelState, *, controls: bool = True) -> None:
        """Show a state with other filters or over another table."""
        self._chosen = self._model.select(state.filters)
        self._state = state
        self._rows = self._model.rows_view.rows(self._chosen)
        self._redraw()  # the chart first: it is what the user waits for
        self._draw_controls(values=controls)
        self._turn_to_now()

    def _draw_controls(self, *, values: bool = True) -> None:
        facets, flags = self._model.facets(self._state.filters)
        if values:
            self._controls.write(self._state, facets)
        self._controls.count(facets, flags)
        with self._overview.hold_sync():
            self._overview.counts = self._model.overview(self._chosen)
            self._overview.now = self._model.now
            self._overview.span = [self._model.span.start, self._model.span.end]

    def _redraw(self, before: Scene | None = None, turn: dict[str, Any] | None = None) -> None:
        width = self._bridge.width or _FIRST_WIDTH
        self._scene, self._look = self._model.scene(
            self._state, self._chosen, width, dark=self._bridge.dark, before=before
        )
        self._figure.show(*self._model.draw(self._state, self._scene, self._look), turn)
        self._say_what_is_shown()

    def _turn_to_now(self) -> None:
        self._page = self._model.rows_view.page_of_now(self._rows, self._model.now)
        self._show_page()

    def _show_page(self) -> None:
        self._table.view = self._model.rows_view.page(self._rows, self._page, self._state.tz, self._selected)

    def _show_card(self) -> None:
        at = None if self._picked is None else self._model.position(self._picked)
        self._card.value = "" if at is None else details_card(self._model.timeline.iloc[at], self._state.tz)

    def _say_what_is_shown(self) -> None:
        window = self._scene.window
        with self._overview.hold_sync():
            self._overview.window = [window.start, window.end]
            self._overview.marks = self._model.overview_marks(self._state.tz, self._look.width)
        if self._missing:
            self._summary.value = "No milestones yet"
            return
        counts = self._model.status_counts(self._chosen)
        statuses = " · ".join(f"{count:,} {name}" for name, count in counts.items())
        self._summary.value = (
            f"<b>{len(self._rows):,}</b> of {len(self._model):,} milestones · {statuses}"
            f"{f' · {len(self._selected):,} selected' if self._selected else ''}"
            f'<br><span class="mk-muted">In the chart: {html.escape(scene_words(self._scene))}</span>'
        )

    # How it is laid out

    def _buttons(self) -> list[w.Button]:
        actions = [
            ("Download CSV", "The filtered rows as a CSV file", self._download_filtered),
            ("Selected CSV", "The selected rows as a CSV file", self._download_selected),
            ("Chart HTML", "The chart as a page of its own", self._download_chart),
            ("Copy code", "The Python that makes this view", lambda: self._bridge.copy(self.code())),
            ("Reset", "Clear all filters", self._reset),
        ]
        if self._reload is not None:
            actions.append(("Refresh", "Ask the server for news", self._refresh))
        return [button(label, tip, functools.partial(self._press, work)) for label, tip, work in actions]

    def _press(self, work: Callable[[], None]) -> None:
        self._debouncer.flush()  # what was typed a moment ago counts
        self._guard(work)
