"""`MilestoneExplorer`: filters, chart, table and details of milestones, kept in step."""

from __future__ import annotations

import functools
import gc
import html
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as w
import pandas as pd

from milestone_kit.export.csv import to_csv, write_whole
from milestone_kit.export.ics import to_ics
from milestone_kit.panel.complaints import error_words
from milestone_kit.panel.downloads import (
    DOWNLOADS,
    Download,
    chosen_rows,
    csv_download,
    exported,
    ics_download,
)
from milestone_kit.panel.events import next_session
from milestone_kit.panel.feed import Feed
from milestone_kit.panel.fetch import ExplorerClosedError, running_loop
from milestone_kit.panel.keeper import Keeper
from milestone_kit.panel.live_part import LivePart
from milestone_kit.panel.model import ExplorerModel
from milestone_kit.panel.news import News, news_between
from milestone_kit.panel.revisiting import Revisiting
from milestone_kit.panel.session import FIRST_WIDTH, Screen, Session
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.static_form import is_unattended, static_form
from milestone_kit.panel.summary import clock_words
from milestone_kit.panel.widgets.bridge import Bridge
from milestone_kit.panel.widgets.chart_view import ChartView
from milestone_kit.panel.widgets.closing import close_all
from milestone_kit.panel.widgets.controls import Controls
from milestone_kit.panel.widgets.debounce import Debouncer
from milestone_kit.panel.widgets.drawer import Drawer
from milestone_kit.panel.widgets.furniture import body, button, head, main, toolbar
from milestone_kit.panel.widgets.news_bar import NewsBar
from milestone_kit.panel.widgets.overview import Overview
from milestone_kit.panel.widgets.paged_table import PagedTable
from milestone_kit.panel.widgets.watched_rows import WatchedRows
from milestone_kit.table.schema import empty_milestones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import plotly.graph_objects as go

    from milestone_kit.client.client import MilestoneClient
    from milestone_kit.panel.fetch import Tables
    from milestone_kit.panel.past import Past
    from milestone_kit.panel.view import View
    from milestone_kit.storage.panel_store import PanelStore

__all__ = ["MilestoneExplorer"]

_log = logging.getLogger(__name__)

_NO_EVENT: Final[Mapping[str, Any]] = {"kind": ""}
_TICK: Final[Mapping[str, Any]] = {"kind": "tick"}

_FREED: Final = frozenset(
    {"_model", "_view", "_controls", "_chart", "_overview", "_table", "_feed", "_bridge", "_keeper"}
    | {"_shown", "_live", "_drawer", "_tools", "_watched", "_past"}
)
"""What is let go when the panel is closed: the table and all that was made of it."""

_PATIENCE: Final = 0.3
"""Seconds after its opening in which the panel waits for rows before it shows itself without."""

_SETTLED: Final = 0.6
"""Seconds after which a panel has been sent to the browser."""


def _utc_now() -> pd.Timestamp:
    return pd.Timestamp.now("UTC")


class MilestoneExplorer(Revisiting, w.VBox):
    """Filters, Gantt chart, table and details card over one milestones table.

    Made by `explore`. Everything a user can set is in `state`, a JSON dict that can be set back, but for the
    watchlist, which is `watch`.

    Parameters
    ----------
    df : pandas.DataFrame or callable
        Milestones; with the columns of `compute_timeline`, these are used as they are. Or what will bring
        them, table by table, each with more rows, given a callback for progress: the panel shows what has
        come and how far it is, and code that asks for rows waits for all of them.
    state : PanelState
        What to show first.
    now : pandas.Timestamp, optional
        What statuses and the now line are relative to; without it, the time at which the table came.
    reload : callable, optional
        Brings the table anew, in the same way; its presence brings a refresh button.
    source : str
        The Python expression that `code()` takes the table from.
    clock : callable
        Tells the time, UTC.
    every : float, optional
        Refresh by itself after so many seconds, while someone looks; without it, the switch is off.
    client : callable, optional
        Gives the client that knows how things stand and who takes part; without it, neither is shown.
    scores : bool
        Whether it is asked how things stand.
    watch : tuple of str, optional
        What is watched, as `read_watch` returns it; without it, what is kept in the store.
    store : PanelStore, optional
        Where views and watchlist are kept.

    Notes
    -----
    The way of a change: an event makes the next `Session` (`events`), the model makes its `View`, and
    `_assign` gives the widgets what differs.
    """

    def __init__(
        self,
        df: pd.DataFrame | Tables,
        *,
        state: PanelState,
        now: pd.Timestamp | None = None,
        reload: Tables | None = None,
        source: str = "mk.get_milestones()",
        clock: Callable[[], pd.Timestamp] = _utc_now,
        every: float | None = None,
        client: Callable[[], MilestoneClient] | None = None,
        scores: bool = True,
        watch: tuple[str, ...] | None = None,
        store: PanelStore | None = None,
    ) -> None:
        self._remember_in(store)
        self._now, self._source, self._clock = now, source, clock
        self._live = LivePart(client, self._tell, now_moves=now is None, scores=scores)
        opened = time.monotonic()
        self._feed = Feed(self._prepared, self._take, self._guard, reload)
        if not isinstance(df, pd.DataFrame):
            self._feed.follow(df)  # the network takes longer than all that follows
        self._model = self._prepared(df)[0] if isinstance(df, pd.DataFrame) else self._awaiting()
        self._view = self._model.view(Session(state, watch=self._recalled(watch)), Screen())
        self._debouncer = Debouncer(lambda: self._guard(self._read_controls))
        self._resizer = Debouncer(lambda: self._guard(self._show, self._view.session, clears=False))
        self._controls = Controls(self._debouncer.poke, self._on_preset)
        self._bridge = Bridge()
        self._overview, self._table, self._watched = Overview(), PagedTable(), WatchedRows()
        self._what = w.Dropdown(
            options=DOWNLOADS,
            description="Take",
            tooltip="Which rows a CSV or a calendar takes",
            style={"description_width": "initial"},
            layout={"width": "auto"},
        )
        self._chart = ChartView().add_class("mk-figure")
        self._summary, self._alert, self._drawer = w.HTML().add_class("mk-summary"), w.HTML(), Drawer()
        self._news = NewsBar(self._on_news)
        self._shown: View | None = None
        self._assign(self._view)
        self._keeper = Keeper(self._feed, clock, self._data_of, every)
        self._keeper.switch.observe(self._retick, "value")
        self._retick()
        # width and theme come together when the panel opens: one redraw serves both
        self._bridge.observe(lambda _: self._resizer.poke(0.0), ["width", "dark"])
        self._bridge.observe(lambda change: self._controls.offer_zones(change["new"]), "zone")
        for widget in (self._chart, self._overview, self._table, self._watched, self._drawer):
            widget.on_event(functools.partial(self._guard, self._on_event))
        self._tools.on_event(functools.partial(self._guard, self._on_tool))
        self._bridge.on_event(functools.partial(self._guard, self._on_page, clears=False))
        above = [self._controls.bar([self._tools], self._live.controls), self._overview, self._bridge]
        column = main(above, self._chart, [self._watched, self._table], self._drawer.box)
        content = body(self._controls.side(), column)
        top = head(self._summary, self._actions(refresh=reload is not None))
        lines = [self._feed.bar.widget, self._news.widget, self._keeper.line, self._alert]
        super().__init__([top, *lines, content])
        self.add_class("mk-explorer")
        # what the cache holds is there at once, and so is the word that an address is wrong
        self._guard(self._feed.settle, opened + _PATIENCE)
        if self._remark and not self._alert.value:
            self._alert.value = _alerting(self._remark)
        # so many objects are new that Python will soon look through all there are, which takes a tenth of
        # a second: while the browser builds the panel, and not under one of the first clicks
        loop = running_loop()
        if loop is not None:
            loop.call_later(_SETTLED, gc.collect)

    # What users read

    @property
    def filtered(self) -> pd.DataFrame:
        """The rows on screen: those of the table that pass the filters, in the order of the table view."""
        self._await_table()
        return self._model.table.iloc[self._view.rows]

    @property
    def selected(self) -> pd.DataFrame:
        """The milestones that were clicked or boxed, in the order of the table; none without either."""
        self._await_table()
        return self._model.table[self._model.table["id"].isin(self._view.session.selected)]

    @property
    def state(self) -> dict[str, Any]:
        """Filters and view as a JSON dict; set it to go back to a view."""
        return self._view.session.state.as_dict()

    @state.setter
    def state(self, values: dict[str, Any]) -> None:
        self._turn_to(PanelState.of(values))
        self._alert.value = ""

    def _turn_to(self, state: PanelState, past: Past | None = None) -> None:
        self._debouncer.cancel()
        session = replace(self._view.session.turned(), state=state, held=None)
        self._show(session, write=True, past=past)

    def _follow(self, watch: tuple[str, ...]) -> None:
        self._show(replace(self._view.session, watch=watch))

    def close(self) -> None:
        """Take the panel off the screen and free all that it holds; it cannot be used any more."""
        if self.comm is None:
            return
        self._debouncer.cancel()
        self._resizer.cancel()
        self._feed.close()
        self._keeper.close()
        self._live.close()
        close_all(self)
        self.children = ()
        for name in _FREED:
            self.__dict__.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        # only asked for what is not there
        if name in _FREED:
            raise ExplorerClosedError("this explorer was closed; open another one with mk.explore(...)")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        if is_unattended():
            self._await_table()  # there is no later
            bundle.pop("application/vnd.jupyter.widget-view+json", None)
        view = self._view
        window = view.chart.scene.window
        spans = self._model.spans([row["id"] for row in view.table["rows"]])
        form = static_form(view.summary, view.table, (window.start, window.end), spans)
        return bundle | {"text/html": form}

    def code(self) -> str:
        """Return the Python that makes this view."""
        self._await_table()
        return self._view.recipe.python(self._source, self._now)

    def figure(self) -> go.Figure:
        """Return the chart on screen as a static plotly figure."""
        from milestone_kit.figures.gantt.plot import static_figure  # noqa: PLC0415 - plotly takes its time

        self._await_table()
        chart = self._view.chart
        colors = self._model.colors(self._view.session.state.color)
        return static_figure(chart.scene, self._model.timeline, colors, chart.look, None)

    def to_html(self, path: str | Path) -> Path:
        """Write the chart on screen as a page of its own that needs no network."""
        page = self._html().encode()
        return write_whole(path, lambda file: file.write(page))

    def _html(self) -> str:
        from milestone_kit.figures.page import html_page  # noqa: PLC0415 - as above

        return html_page(
            self.figure(), f"As of {pd.Timestamp(self._model.now, unit='ms'):%d %b %Y %H:%M} UTC"
        )

    def to_csv(
        self, path: str | Path, *, what: str = "filtered", columns: Iterable[str] | None = None
    ) -> Path:
        """Write rows as CSV; see `milestone_kit.to_csv`.

        Parameters
        ----------
        path : str or path-like
            The file.
        what : {"filtered", "window", "selected"}
            All rows that pass the filters, those of them that the chart's window holds, or those selected.
        columns : iterable of str, optional
            Which columns; left out, the table's own and status, end, end_source and league.

        Raises
        ------
        QueryError
            For another `what`, for a column that there is not, or with nothing selected.
        """
        self._await_table()
        return to_csv(exported(self._model, self._view, what, columns), path)

    def to_ics(self, path: str | Path, *, what: str = "filtered") -> Path:
        """Write rows as a calendar file; see `milestone_kit.to_ics`, and `to_csv` for `what`.

        Raises
        ------
        QueryError
            For another `what`, with nothing selected, or with too many rows for a calendar.
        """
        self._await_table()
        rows = self._model.timeline.iloc[chosen_rows(self._model, self._view, what)]
        return to_ics(rows, path, now=self._moment())

    # What the user does

    def _read_controls(self) -> None:
        session = self._view.session
        state = self._controls.read(session.state)
        session = session if state.filters == session.state.filters else session.turned()
        self._show(replace(session, state=state))

    def _on_event(self, event: dict[str, Any]) -> None:
        session = next_session(self._model, self._view, event)
        filtered = session.state.filters != self._view.session.state.filters
        self._show(session, event, write=filtered or event["kind"] == "reset")

    def _on_preset(self, name: str) -> None:
        self._guard(self._on_event, {"kind": "preset", "name": name})

    def _on_news(self, which: str) -> None:
        self._guard(self._on_event, {"kind": "news", "which": which})

    def _take(self, came: tuple[ExplorerModel, News]) -> None:
        """Show another table under the same filters: same window, same rows at the top, same selection."""
        model, news = came
        before, first = self._view, self._model.awaited
        if self._live.over:
            model, _ = model.at(self._moment(), self._live.over)
        session = replace(before.session, held=None) if first else model.kept_in_place(before)
        session = replace(session, news=session.news.and_then(news))
        stood = None if first else model.stood_in(before.chart.scene, self._model)
        self._view = model.view(session, self._screen(), stood=stood)
        self._model = model
        self._assign(self._view, write=True)

    def _prepared(self, df: pd.DataFrame) -> tuple[ExplorerModel, News]:
        """Make a table ready, and tell what is news in it; this runs beside the kernel's loop."""
        before = self._model if "_model" in self.__dict__ else None
        model = ExplorerModel(df, self._moment(), fixed=self._now is not None, heir_of=before)
        view: View | None = self.__dict__.get("_view")
        if view is not None and view.session.watch:
            model.watched(view.session.watch)  # looking through all tickers takes its time
        if before is None or before.awaited or self._feed.growing:
            return model, News()
        return model, news_between(before.table, df, before.fetched)

    def _on_page(self, event: dict[str, Any]) -> None:
        """Do what the browser tells of its own accord: a moment has passed, scores are due, or Escape."""
        if event.get("kind") == "close":
            self._on_event(event)
        elif event.get("kind") in ("back", "forward"):
            self._on_tool(event)
        elif event.get("kind") == "scores" and self._now is None:
            self._live.ask(self._model, self._view, self._moment())
        elif event.get("kind") == "more":
            self._bridge.delivery.go_on(event.get("file"), event.get("part"))
        elif event.get("kind") == "tick":
            if self._now is None:
                self._tick()
            self._keeper.look()

    def _tick(self) -> None:
        before = self._view
        self._model, passed = self._model.at(self._moment(), self._live.over)
        self._view = self._model.ticked(before, passed)
        self._assign(self._view, _TICK)

    def _tell(self, *, ended: bool) -> None:
        """Show what was heard of milestones on screen; what has ended is drawn and counted as such."""
        if ended and self._now is None:
            self._tick()
        else:
            self._assign(self._view, _TICK)

    def _retick(self, _: object = None) -> None:
        """Let the browser tell the minutes where there is something to do with them."""
        self._bridge.ticking = self._now is None or self._keeper.switch.value

    def _data_of(self) -> str:
        return clock_words(self._model.fetched, self._view.session.state.tz)

    def _awaiting(self) -> ExplorerModel:
        return ExplorerModel(empty_milestones(), self._moment(), awaited=True)

    def _moment(self) -> pd.Timestamp:
        return self._clock() if self._now is None else self._now

    def _await_table(self) -> None:
        if self._model.awaited or self._feed.growing:
            self._feed.wait()

    # What the panel shows

    def _screen(self) -> Screen:
        return Screen(self._bridge.width or FIRST_WIDTH, self._bridge.dark)

    def _show(
        self,
        session: Session,
        event: Mapping[str, Any] = _NO_EVENT,
        *,
        write: bool = False,
        past: Past | None = None,
    ) -> None:
        """Show a session: the view it makes, where it differs from what is on screen."""
        before, kind = self._view, event["kind"]
        self._view = self._model.view(session, self._screen(), before, moving=kind == "window")
        states = (before.session.state, self._view.session.state)
        self._past = past or self._past.then(*states, kind, self._clock().timestamp())
        self._assign(self._view, event, write=write)

    def _assign(self, view: View, event: Mapping[str, Any] = _NO_EVENT, *, write: bool = False) -> None:
        """Give the widgets what differs from what is on screen; the chart first: the user waits for it.

        Parameters
        ----------
        view : View
            What is to be on screen.
        event : mapping
            What this answers; the browser waits for the picture of a window, also where it is the same.
        write : bool
            Whether the state comes from elsewhere than the controls, which then have to follow.
        """
        before, view = self._shown, self._live.over_view(self._model, view)
        self._shown = view
        if before is None or event["kind"] == "window":
            self._chart.show(view.chart, event.get("turn"))
        elif event["kind"] == "tick" or view.chart.scene is before.chart.scene:
            self._chart.amend(view.chart)
        else:
            self._chart.show(view.chart)
        self._summary.value = view.summary
        self._overview.show(view.strip, None if before is None else before.strip)
        if before is None or write:
            self._controls.write(view.session.state, view.choices)
        elif view.choices is not before.choices:
            self._controls.count(view.choices)
        if before is None or view.table is not before.table:
            self._table.view = view.table
        if before is None or view.watched is not before.watched:
            self._watched.view = view.watched
        self._drawer.card = view.card
        past = self._past
        self._tools.show(back=bool(past.behind), forward=bool(past.ahead), watch=view.session.watch)
        news, told = view.session.news, view.session.told
        since = "" if news.since is None else clock_words(news.since, view.session.state.tz)
        self._news.show(news, since, None if told is None else told[0])
        self._live.look_at(self._model, view.session.picked)
        self._bridge.scoring = self._live.wanted and not self._model.awaited

    def _guard(self, work: Callable[..., str | None], *arguments: Any, clears: bool = True) -> None:
        """Run `work`; an error is shown in the panel, where the user is looking, and logged.

        What `work` returns is words to show as well. What the user has asked for and went well `clears` the
        error before; what comes by itself does not.
        """
        try:
            said = work(*arguments)
        except Exception as error:  # noqa: BLE001 - the panel must outlive whatever goes wrong in one update
            _log.exception("the explorer could not update")
            self._alert.value = _alerting(error_words(error))
            return
        if said or clears:
            self._alert.value = _alerting(said) if said else ""

    # The buttons at the top

    def _actions(self, *, refresh: bool) -> w.HBox:
        return toolbar([self._what, *self._buttons(refresh=refresh)])

    def _buttons(self, *, refresh: bool) -> list[w.Button]:
        actions: list[tuple[str, str, Callable[[], None]]] = [
            ("Download CSV", "The rows named beside as a CSV file", self._download_rows),
            ("Calendar", "The rows named beside as a calendar file (.ics)", self._download_calendar),
            ("Chart HTML", "The chart as a page of its own", self._download_chart),
            ("Copy code", "The Python that makes this view", self._copy_code),
            ("Reset", "Clear all filters", lambda: self._on_event({"kind": "reset"})),
        ]
        if refresh:
            actions.append(("Refresh", "Ask the server for news", self._feed.refresh))
        buttons = [button(label, tip, functools.partial(self._press, work)) for label, tip, work in actions]
        return [*buttons, self._keeper.switch] if refresh else buttons

    def _press(self, work: Callable[[], None]) -> None:
        self._debouncer.flush()  # what was typed a moment ago counts
        self._guard(work)

    def _copy_code(self) -> None:
        self._bridge.copy(self.code(), "Copied: paste it into a cell")

    def _download_rows(self) -> None:
        self._await_table()
        self._deliver(csv_download(self._model, self._view, str(self._what.value)))

    def _download_calendar(self) -> None:
        self._await_table()
        self._deliver(ics_download(self._model, self._view, str(self._what.value), self._moment()))

    def _download_chart(self) -> None:
        parts = iter([self._html().encode()])
        self._deliver(Download("milestones.html", "text/html;charset=utf-8", parts, "milestones.html"))

    def _deliver(self, file: Download) -> None:
        self._bridge.delivery.begin(*file)


def _alerting(words: str) -> str:
    return f'<div class="mk-alert" role="alert">{html.escape(words)}</div>'
