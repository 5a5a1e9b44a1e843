"""`explore`: put filters, chart, table and details together and keep them in step."""

from __future__ import annotations

import html
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as w
import numpy as np
import pandas as pd

from milestone_kit.client import MilestoneClient, get_milestones
from milestone_kit.errors import QueryError
from milestone_kit.export import csv_text, to_csv
from milestone_kit.figures.plot import plot_gantt, scene_words
from milestone_kit.figures.timeaxis import Window
from milestone_kit.panel.card import details_card
from milestone_kit.panel.controls import Controls
from milestone_kit.panel.debounce import Debouncer
from milestone_kit.panel.live_figure import LiveFigure
from milestone_kit.panel.model import ExplorerModel
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets import Bridge, PagedTable
from milestone_kit.query import to_utc
from milestone_kit.schema import check_milestones

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import plotly.graph_objects as go

    from milestone_kit.query import DateLike

__all__ = ["MilestoneExplorer", "explore"]

_log = logging.getLogger(__name__)

_FIRST_WIDTH: Final = 860
"""Pixels of the figure until the browser has told how many there are."""

_LARGEST_DOWNLOAD: Final = 80_000_000
"""Characters of CSV that are handed to the browser; more would stall the page."""

_SHORTEST_WINDOW: Final = 1000.0
"""Milliseconds; nothing is told apart below."""

_VIEW_OPTIONS: Final = ("group", "color", "tz", "window")


class MilestoneExplorer(w.VBox):
    """Filters, Gantt chart, table and details card over one milestones table.

    Made by `explore`. Everything a user can set is in `state`, a JSON dict that can be set back.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; with the columns of `compute_timeline`, these are used as they are.
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
        df: pd.DataFrame,
        *,
        state: PanelState,
        now: pd.Timestamp | None = None,
        reload: Callable[[Callable[[int, int], None]], pd.DataFrame] | None = None,
        source: str = "mk.get_milestones()",
    ) -> None:
        self._now = now
        self._model = self._prepared(df)
        self._state = state
        self._reload, self._source = reload, source
        self._picked: str | None = None
        self._page = 0
        self._controls = Controls(self._on_control, self._on_preset)
        self._bridge = Bridge()
        self._table = PagedTable()
        self._summary = w.HTML().add_class("mk-summary")
        self._alert = w.HTML()
        self._card = w.HTML()
        self._chosen = self._model.select(state.filters)
        self._rows = self._model.rows_view.rows(self._chosen)
        self._debouncer = Debouncer(self._apply_controls)
        self._draw_controls()
        scene, look = self._model.scene(state, self._chosen, _FIRST_WIDTH, dark=False)
        self._figure = LiveFigure(*self._model.draw(state, scene, look))
        self._shown = scene.window
        self._summarise(scene_words(scene))
        self._turn_to_now()
        self._bridge.observe(lambda _: self._guard(self._redraw), ["width", "dark"])
        self._bridge.on_event(lambda event: self._guard(self._on_figure, event))
        self._table.on_request(lambda request: self._guard(self._on_table, request))
        super().__init__([self._head(), w.HBox([self._controls.side(), self._main()])])
        self.add_class("mk-explorer")

    # What users read

    @property
    def filtered(self) -> pd.DataFrame:
        """The rows on screen: those of the table that pass the filters, in the order of the table view."""
        return self._model.table.iloc[self._rows]

    @property
    def selected(self) -> pd.DataFrame:
        """The milestone that was clicked, as a table of one row; without a click, of none."""
        at = None if self._picked is None else self._model.position(self._picked)
        return self._model.table.iloc[[] if at is None else [at]]

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

    def code(self) -> str:
        """Return the Python that makes this view."""
        timed = self._model.timeline is self._model.table
        return self._state.with_span(self._shown).code(self._source, now=self._now, timed=timed)

    def figure(self) -> go.Figure:
        """Return the chart on screen as a static plotly figure."""
        state, window = self._state, self._shown
        start, end = (pd.Timestamp(edge, unit="ms", tz="UTC") for edge in (window.start, window.end))
        return plot_gantt(
            self._model.timeline[self._chosen],
            color=state.color,
            group=None if state.group == "none" else state.group,
            tz=state.tz,
            now=pd.Timestamp(self._model.now, unit="ms", tz="UTC"),
            start=start,
            end=end,
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
        if event["kind"] == "click":
            self._pick(str(event["id"]))
        elif event["kind"] == "fit":
            self._state = self._state.with_span(None)
            self._redraw()
        elif event["kind"] == "window":
            window = Window(float(event["low"]), float(event["high"])).clamped()
            # The kernel's own change of the axis comes back as an event: nothing to do.
            slack = self._shown.span * 0.002
            moved = max(abs(window.start - self._shown.start), abs(window.end - self._shown.end))
            if moved > slack and np.isfinite(window.span) and window.span > 0:
                self._state = self._state.with_span(window.at_least(_SHORTEST_WINDOW))
                self._redraw()

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
        self._show_page()

    def _download(self) -> None:
        text = csv_text(self.filtered)
        if len(text) > _LARGEST_DOWNLOAD:
            raise QueryError(
                f"{len(self._rows):,} rows are too many for a download through the browser; "
                "filter further or call explorer.to_csv(path)"
            )
        self._bridge.download("milestones.csv", text, "text/csv;charset=utf-8")

    def _refresh(self) -> None:
        assert self._reload is not None
        words = self._summary.value
        try:
            self._model = self._prepared(self._reload(self._say_progress))
        finally:
            self._summary.value = words
        self._change(self._state)
        self._show_card()

    def _reset(self) -> None:
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
        self._draw_controls(values=controls)
        self._redraw()
        self._turn_to_now()

    def _draw_controls(self, *, values: bool = True) -> None:
        facets = self._model.facets(self._state.filters)
        if values:
            self._controls.write(self._state, facets)
        else:
            self._controls.facets.facets = facets

    def _redraw(self) -> None:
        width = self._bridge.width or _FIRST_WIDTH
        scene, look = self._model.scene(self._state, self._chosen, width, dark=self._bridge.dark)
        self._shown = scene.window
        self._figure.show(*self._model.draw(self._state, scene, look))
        self._summarise(scene_words(scene))

    def _turn_to_now(self) -> None:
        self._page = self._model.rows_view.page_of_now(self._rows, self._model.now)
        self._show_page()

    def _show_page(self) -> None:
        self._table.view = self._model.rows_view.page(self._rows, self._page, self._state.tz, self._picked)

    def _show_card(self) -> None:
        at = None if self._picked is None else self._model.position(self._picked)
        self._card.value = "" if at is None else details_card(self._model.timeline.iloc[at], self._state.tz)

    def _summarise(self, words: str) -> None:
        counts = self._model.status_counts(self._chosen)
        statuses = " · ".join(f"{count:,} {name}" for name, count in counts.items())
        self._summary.value = (
            f"<b>{len(self._rows):,}</b> of {len(self._model):,} milestones · {statuses}"
            f'<br><span class="mk-muted">In the chart: {html.escape(words)}</span>'
        )

    def _say_progress(self, rows: int, pages: int) -> None:
        self._summary.value = f"Fetching: <b>{rows:,}</b> milestones on {pages:,} pages so far"

    # How it is laid out

    def _head(self) -> w.HBox:
        actions = [
            ("Download CSV", "The filtered rows as a CSV file", self._download),
            ("Copy code", "The Python that makes this view", lambda: self._bridge.copy(self.code())),
            ("Reset", "Clear all filters", self._reset),
        ]
        if self._reload is not None:
            actions.append(("Refresh", "Ask the server for news", self._refresh))
        buttons = [self._button(*action) for action in actions]
        self._summary.layout.flex = "1 1 320px"
        return w.HBox(
            [self._summary, w.HBox(buttons)],
            layout={"justify_content": "space-between", "flex_flow": "row wrap", "margin": "0 0 6px"},
        )

    def _button(self, label: str, tip: str, work: Callable[[], None]) -> w.Button:
        button = w.Button(description=label, tooltip=tip, layout={"width": "auto"})
        button.on_click(lambda _: self._guard(work))
        return button

    def _main(self) -> w.VBox:
        figure = w.Box([self._figure.widget], layout={"overflow": "hidden"}).add_class("mk-figure")
        legend = w.HTML(
            '<span class="mk-muted">Solid: reported end · hatched: assumed end · diamond: no end known. '
            "Drag to move, wheel to zoom, double-click to fit, click a mark for its details.</span>"
        )
        parts = [self._controls.bar(), self._bridge, self._alert, figure, legend, self._card, self._table]
        main = w.VBox(parts, layout={"flex": "1 1 0", "min_width": "0", "overflow": "hidden"})
        return main.add_class("mk-main")


def explore(
    df_or_client: pd.DataFrame | MilestoneClient | None = None,
    *,
    now: DateLike | None = None,
    **options: Any,
) -> MilestoneExplorer:
    """Open the explorer on a milestones table, or on a client that fetches one.

    Parameters
    ----------
    df_or_client : pandas.DataFrame or MilestoneClient, optional
        Milestones; or the client to fetch the whole universe with, which also brings a refresh
        button; without it, the default client.
    now : str, date, datetime or Timestamp, optional
        What statuses and the now line are relative to; naive means UTC, the default is the current
        time.
    **options
        What to show first: `group`, `color`, `tz`, `window` as in `MilestoneExplorer.state`, and any
        criterion of `filter_milestones`. Simulated and placeholder rows are left out unless
        `simulated=None` or `placeholder=None` asks for them.

    Returns
    -------
    MilestoneExplorer
        A widget; show it by making it the last value of a cell.

    Raises
    ------
    TypeError
        An unknown option.
    QueryError
        An option's value cannot be used.
    SchemaError
        When the table is no milestones table.

    Examples
    --------
    >>> import milestone_kit as mk
    >>> explorer = mk.explore(mk.sample_milestones(300), now="2026-01-15", category="Sports")
    >>> set(explorer.filtered["category"].str.casefold())
    {'sports'}
    """
    state = _first_state(options)
    instant = None if now is None else to_utc(now, "now")
    if isinstance(df_or_client, pd.DataFrame):
        check_milestones(df_or_client)
        return MilestoneExplorer(
            df_or_client, state=state, now=instant, source="...  # your milestones table"
        )
    if df_or_client is not None and not isinstance(df_or_client, MilestoneClient):
        raise TypeError(
            f"expected a milestones DataFrame or a MilestoneClient, got {type(df_or_client).__name__}"
        )
    fetch = get_milestones if df_or_client is None else df_or_client.get_milestones

    def reload(progress: Callable[[int, int], None]) -> pd.DataFrame:
        return fetch(refresh=True, progress=progress)

    return MilestoneExplorer(fetch(), state=state, now=instant, reload=reload)


def _first_state(options: dict[str, Any]) -> PanelState:
    view = {name: options[name] for name in _VIEW_OPTIONS if name in options}
    criteria = {name: value for name, value in options.items() if name not in view}
    known = set(PanelState().filters.__dataclass_fields__)
    unknown = sorted(set(criteria) - known)
    if unknown:
        names = ", ".join((*_VIEW_OPTIONS, *sorted(known)))
        raise TypeError(f"explore() has no option {unknown[0]!r}; it has now, {names}")
    return PanelState.of(view | {"filters": {"simulated": False, "placeholder": False} | criteria})
