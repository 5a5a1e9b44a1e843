"""A table and a now, ready to be shown: a session and a screen make one `View`, no widget in sight."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.analysis.details import league_of
from milestone_kit.analysis.ends import fetched_at
from milestone_kit.analysis.filters import Criteria, FilterIndex
from milestone_kit.analysis.groups import Keys, column_of
from milestone_kit.analysis.running import RunningTimeline
from milestone_kit.analysis.watching import Watched, find_watched
from milestone_kit.figures.colors import DARK, LIGHT, OTHER, ColorScale
from milestone_kit.figures.gantt.arrange import lay_out
from milestone_kit.figures.gantt.draw import draw_layout, draw_traces
from milestone_kit.figures.gantt.look import Look
from milestone_kit.figures.gantt.outline import outline_traces
from milestone_kit.figures.gantt.retouch import outdated, retouched
from milestone_kit.figures.gantt.scene import Canvas, GanttIndex, Scene
from milestone_kit.figures.layout import heading_pixels
from milestone_kit.figures.time_axis import Window, to_ms
from milestone_kit.panel.card import details_card
from milestone_kit.panel.choices import Order, choices_of, standing_order
from milestone_kit.panel.relative import ALL
from milestone_kit.panel.remembered import forget, remembered
from milestone_kit.panel.reproduce import Recipe
from milestone_kit.panel.strip import StartIndex
from milestone_kit.panel.summary import as_of_words, status_words, summary_line
from milestone_kit.panel.table_view import PAGE_ROWS, TableView, page_of
from milestone_kit.panel.view import Chart, Choices, Strip, View
from milestone_kit.panel.watched import (
    WATCH_COLORS,
    WATCHED_ROWS,
    nearest_rows,
    unknown_words,
    watched_view,
)
from milestone_kit.panel.windows import asked_window, is_behind, still_holds
from milestone_kit.table.arrays import to_numpy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.analysis.running import Passed
    from milestone_kit.panel.session import Screen, Session
    from milestone_kit.panel.state import PanelState, Sort

    Part = Window | frozenset[str] | None
    """Of which rows that pass the table view lists: what a window holds, what has these ids, or all."""

__all__ = ["ExplorerModel"]

_AREA_HEIGHT: Final = 440
"""The most pixels of the plotting area that are seen at one time."""

_TALLEST: Final = 4_800
"""The most pixels that lanes with titles may take; 250 rows touch six hours of a busy day."""

_WAITING: Final = "Waiting for the first milestones"
_NO_MATCH: Final = "No milestone matches these filters"
_NONE_HERE: Final = "No milestone that matches lies in this window"

_CLOCKED: Final = frozenset({"status", "end_source"})
"""Columns to group and colour by that go on with the clock."""

_CLOCKED_ORDERS: Final = frozenset({"status", "end"})
"""What the table view may be sorted by that goes on with the clock."""

_TIMELESS: Final[dict[str, Callable[[tuple[Any, ...]], bool]]] = {
    "keys": lambda key: key[0] not in _CLOCKED,
    "_groups": lambda key: key[0] not in _CLOCKED,
    "chosen": lambda key: key[0].status is None,
    "rows": lambda key: key[0].status is None and key[1].column not in _CLOCKED_ORDERS,
    "_counts": lambda key: key[0].status is None,
    "_marks": lambda _: True,
    "_has_id": lambda _: True,
    "watched": lambda _: True,
    "_watched_ids": lambda _: True,
    "_order": lambda _: True,
}
"""Which of the answers that a model remembers hold at any moment."""

_TOLD: Final[dict[str, Callable[[tuple[Any, ...]], bool]]] = {
    "keys": lambda _: True,
    "_groups": lambda _: True,
    "chosen": lambda _: True,
    "rows": lambda key: key[1].column != "end",
    "_counts": lambda _: True,
    "_choices": lambda _: True,
    "_status_words": lambda _: True,
}
"""Which of them hold as long as no status is another."""

_NONE_OVER: Final[Mapping[str, pd.Timestamp]] = {}

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
    fixed : bool
        Whether `now` is a moment that was asked for, and not that of the clock.
    heir_of : ExplorerModel, optional
        The model of an earlier table, whose colours stay.
    """

    def __init__(
        self,
        df: pd.DataFrame,
        now: pd.Timestamp,
        *,
        awaited: bool = False,
        fixed: bool = False,
        heir_of: ExplorerModel | None = None,
    ) -> None:
        self.table = df
        self.now = self._came = now.timestamp() * 1000
        self.awaited, self.fixed = awaited, fixed
        self._running = RunningTimeline(df, now)
        self.timeline = self._running.table
        self.index = GanttIndex.of(self.timeline)
        self._filters = FilterIndex(self.timeline, now=now)
        self._starts = StartIndex(self.timeline, self.index)
        self._table_view = TableView(self.timeline)
        self._ranks = {} if heir_of is None else heir_of.ranks()
        self._scales: dict[str, ColorScale] = {}

    def at(
        self, now: pd.Timestamp, over: Mapping[str, pd.Timestamp] = _NONE_OVER
    ) -> tuple[ExplorerModel, Passed]:
        """Return the same table at another moment, and in which rows that says something else.

        What does not depend on the clock is shared, so that this takes a few milliseconds. `over` is what
        live data have said: which milestones are over, and when that was first heard.
        """
        running, passed = self._running.ended(over).at(now)
        later = copy(self)
        other: dict[str, Any] = {
            "now": now.timestamp() * 1000,
            "timeline": running.table,
            "_running": running,
            "_table_view": self._table_view.retold(running.table),
        }
        if passed.told.any() or passed.moved.any():
            other["index"] = self.index.retimed(running.table)
        if passed.told.any():
            other["_filters"] = self._filters.retold(running.table)
            other["_scales"] = {name: one for name, one in self._scales.items() if name not in _CLOCKED}
        vars(later).update(other)
        forget(later, _TIMELESS if passed.told.any() else _TIMELESS | _TOLD)
        return later, passed

    def ticked(self, before: View, passed: Passed) -> View:
        """Return the view at this moment of what was on screen a moment ago.

        Parameters
        ----------
        before : View
            What the model that was asked `at` showed.
        passed : Passed
            What has changed since.
        """
        session, chart = before.session, before.chart
        window, scene = chart.scene.window, chart.scene
        if session.held is not None and is_behind(session.state, window, before.strip.now, self.now):
            return self.view(replace(session, held=None), before.screen)
        look = replace(chart.look, now=self.now)
        made: tuple[Scene, list[dict[str, Any]]] | None = (scene, chart.traces)
        which = outdated(scene, self.index, passed.told, look.area_width)
        if len(which):
            made = retouched(scene, chart.traces, which, index=self.index, timeline=self.timeline, look=look)
        state = session.state
        sorted_out = state.filters.status is not None or not _CLOCKED.isdisjoint((state.group, state.color))
        if made is None or (sorted_out and passed.told.any()):
            return self.view(session, before.screen, stood=scene)
        now = Chart(made[0], look, made[1], draw_layout(made[0], look, made[1]), chart.outlines)
        return self.view(session, before.screen, replace(before, chart=now))

    def view(
        self,
        session: Session,
        screen: Screen,
        before: View | None = None,
        *,
        moving: bool = False,
        stood: Scene | None = None,
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
        stood : Scene, optional
            Where marks stood in the picture of another table, as `stood_in` tells it: they keep these lanes.
        """
        session = self._up_to_date(session)
        state = session.state
        news = None if session.told is None else session.told[1]
        rows = self.listed(state.filters, session.order, news)
        held = session.held if before is None or _still_holds(before, state, screen) else None
        if before is not None and _asked_of_chart(before.session, before.screen) == _asked_of_chart(
            replace(session, held=held), screen
        ):
            chart = before.chart
        else:
            moved_from = before.chart.scene if before is not None and moving else stood
            chart = self._chart(replace(session, held=held), screen, moved_from)
        chart = self._outlined(chart, session, before)
        held = chart.scene.window if state.span() is None else None
        part = _listed_part(session, chart.scene.window)
        listed = self.listed(state.filters, session.order, part)
        return View(
            replace(session, held=held),
            screen,
            rows,
            listed,
            chart,
            summary=self._summary(session, chart.scene),
            strip=self._strip(state, chart),
            table=self._page(
                (state.filters, session.order, part),
                (self._page_of_now(session, listed) if session.page is None else session.page, session.lead),
                (state.tz, state.form),
                session.selected,
                (session.news.ids, session.watch),
            ),
            watched=self._watched_rows(session.watch, state.filters, state.tz, session.selected),
            card=self.card(session.picked, state.tz, state.filters.text or ""),
            recipe=self._recipe(session, chart, dark=screen.dark),
            count_choices=lambda: self._choices(state.filters),
        )

    # What events ask

    def position(self, id_: str) -> int | None:
        """Return the position of a milestone, or None where the table has no such id."""
        found = np.flatnonzero((self.timeline["id"] == id_).to_numpy())
        return int(found[0]) if len(found) else None

    def spans(self, ids: list[str]) -> list[tuple[float, float]]:
        """Return start and end of milestones of the table in milliseconds, NaN where there is none."""
        some = self.timeline.loc[self.timeline["id"].isin(ids).to_numpy(), ["id", "start_date", "end"]]
        rows = some.drop_duplicates("id").set_index("id").loc[ids]
        return list(zip(to_ms(rows["start_date"]).tolist(), to_ms(rows["end"]).tolist(), strict=True))

    def stood_in(self, scene: Scene, of: ExplorerModel) -> Scene:
        """Return the scene of another table with the rows that they are in this one."""
        if scene.marks is None:
            return scene
        ids = pa.array(of.timeline["id"].iloc[scene.marks.row], pa.large_string())
        own = pa.array(self.timeline["id"], pa.large_string())
        found = to_numpy(pc.index_in(own, value_set=ids).fill_null(-1))
        rows = np.full(len(ids), -1, np.int64)
        rows[found[found >= 0]] = np.flatnonzero(found >= 0)
        return replace(scene, marks=replace(scene.marks, row=rows))

    def kept_in_place(self, before: View) -> Session:
        """Return the session in which the table view begins with the row it began with in another table."""
        session, shown = before.session, before.table["rows"]
        if session.state.window == ALL:  # by now, that is more
            session = replace(session, held=None)
        at = self.position(shown[0]["id"]) if shown else None
        part = _listed_part(session, before.chart.scene.window)
        place = np.flatnonzero(self.listed(session.state.filters, session.order, part) == at)
        if at is None or not len(place):
            return session.turned()
        lead = -int(place[0]) % PAGE_ROWS
        page = None if session.page is None else page_of(int(place[0]), lead)
        return replace(session, lead=lead, page=page)

    # What is worked out once for a table

    @remembered
    def keys(self, name: str) -> Keys:
        """Return a column to group or colour by."""
        return Keys.of(column_of(self.timeline, name, "group"))

    @remembered
    def _groups(self, name: str) -> Keys:
        """Return the bands of the chart: leagues, and the category of what belongs to none."""
        if name != "league":
            return self.keys(name)
        league = column_of(self.timeline, "league")
        return Keys.of(league.where(league.notna(), self.timeline["category"]))

    def colors(self, name: str) -> ColorScale:
        """Return the colours of a column, chosen over the whole table: they stay when filters change."""
        if name not in self._scales:
            self._scales[name] = ColorScale.of(self.keys(name), self._ranks.get(name, ()))
        return self._scales[name]

    def ranks(self) -> dict[str, tuple[str, ...]]:
        """Return which values have colours of their own, by the columns that were looked at."""
        return self._ranks | {name: _own_colors(scale) for name, scale in self._scales.items()}

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
    def listed(self, criteria: Criteria, sort: Sort, part: Part) -> NDArray[np.int64]:
        """Return those of the rows that pass that a part takes in, in the same order.

        A window takes in what it holds at least a piece of, a set of ids what has them, None everything.
        """
        rows = self.rows(criteria, sort)
        if part is None:
            return rows
        taken = self._within(part) if isinstance(part, Window) else self._has_id(part)
        here: NDArray[np.int64] = rows[taken[rows]]
        return here

    def _within(self, window: Window) -> NDArray[np.bool_]:
        """Return which rows a window holds at least a part of, by position."""
        within = np.zeros(len(self.timeline), np.bool_)
        within[self.index.row[self.index.inside(window, np.ones(len(within), np.bool_))]] = True
        return within

    def brought_near(self, at: int, window: Window) -> Window:
        """Return a window as wide as another in which a row is seen: that one, where it is."""
        if self._within(window)[at]:
            return window
        (start,) = self.index.start[self.index.row == at]
        return Window(float(start) - window.span / 3, float(start) + window.span * 2 / 3)

    @remembered
    def _choices(self, criteria: Criteria) -> Choices:
        return choices_of(self._filters, criteria, self._order())

    @remembered
    def _order(self) -> Order:
        return standing_order(self._filters)

    @remembered
    def _status_words(self, criteria: Criteria) -> str:
        return status_words(self.timeline["status"], self.chosen(criteria))

    @remembered
    def _counts(self, criteria: Criteria) -> list[int]:
        return self._starts.counts(self.chosen(criteria))

    def _times(self, criteria: Criteria) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return starts and ends of the rows that pass, sorted by start."""
        here = self.chosen(criteria)[self.index.row]
        return self.index.start[here], self.index.end[here]

    # The parts of a view

    def _chart(self, session: Session, screen: Screen, moved_from: Scene | None) -> Chart:
        state, watched = session.state, self.watched(session.watch).rows if session.watch else None
        look = Look(
            state.tz,
            self.now,
            DARK if screen.dark else LIGHT,
            screen.width,
            grouped=state.group != "none" or watched is not None,
            legend=state.color != state.group,
            height=_AREA_HEIGHT,
            empty=_WAITING if self.awaited else _NO_MATCH,
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
                groups=self._groups(state.group) if state.group != "none" else None,
                watched=watched,
                beside=beside,
                before=moved_from,
                folded=frozenset(state.folded),
            )

        window = session.held or asked_window(
            state, *self._times(state.filters), self.now, lambda one: scene_of(one).level
        )
        scene = scene_of(window, _BESIDE)
        traces = draw_traces(scene, self.timeline, colors, look)
        return Chart(scene, look, traces, draw_layout(scene, look, traces))

    def _outlined(self, chart: Chart, session: Session, before: View | None) -> Chart:
        """Return the chart with frames around what is selected, what is news and what is watched."""
        asked = (session.selected, session.news.ids)
        known = None if before is None else (before.session.selected, before.session.news.ids)
        if before is not None and known == asked and before.session.watch == session.watch:
            shown = before.chart
            if shown.scene is chart.scene and shown.look.theme == chart.look.theme:
                return chart if chart is shown else replace(chart, outlines=shown.outlines)
        theme, outlines = chart.look.theme, []
        for ids, color in zip(asked, (theme.text, theme.now), strict=True):
            outlines += outline_traces(chart.scene, self._has_id(ids), color, chart.look)
        if session.watch:
            mine = self.watched(session.watch).rows
            outlines += outline_traces(chart.scene, mine, WATCH_COLORS[theme.name], chart.look)
        return replace(chart, outlines=outlines)

    @remembered
    def _has_id(self, ids: frozenset[str]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.timeline["id"].isin(ids).to_numpy()
        return found

    def _strip(self, state: PanelState, chart: Chart) -> Strip:
        window = chart.scene.window
        span = window if self.awaited else self._starts.span
        return Strip(
            counts=self._counts(state.filters),
            span=[span.start, span.end],
            window=[window.start, window.end],
            marks=[] if self.awaited else self._marks(state.tz, chart.look.width),
            now=self.now,
        )

    @remembered
    def _marks(self, zone: str, width: int) -> list[dict[str, Any]]:
        return self._starts.marks(zone, width)

    def _page_of_now(self, session: Session, listed: NDArray[np.int64]) -> int:
        return self._table_view.page_of_now(listed, self.now, session.order, session.lead)

    @remembered
    def _page(
        self,
        which: tuple[Criteria, Sort, Part],
        at: tuple[int, int],
        how: tuple[str, str],
        selected: frozenset[str],
        marked: tuple[frozenset[str], tuple[str, ...]],
    ) -> dict[str, Any]:
        rows, (number, lead), (criteria, sort, part) = self.listed(*which), at, which
        (zone, form), (news, watch) = how, marked
        page = self._table_view.page(
            rows,
            number,
            zone,
            selected,
            news=news,
            sort=sort,
            lead=lead,
            searched=criteria.text or "",
            agenda_at=self.now if form == "agenda" else None,
        )
        windowed, matching = isinstance(part, Window), np.count_nonzero(self.chosen(criteria))
        if windowed:
            page["where"] += f" in this window ({matching:,} in all)"
        mine = self._watched_ids(watch)
        return page | {
            "watched": [row["id"] for row in page["rows"] if row["id"] in mine],
            "now": self.now,
            "windowed": windowed,
            "form": form,
            "empty": _WAITING if self.awaited else _NONE_HERE if windowed and matching else _NO_MATCH,
            "ways": [] if self.awaited or len(rows) else _ways_out(criteria, int(matching)),
        }

    @remembered
    def card(
        self, picked: str | None, zone: str, searched: str = "", facts: tuple[tuple[str, str], ...] = ()
    ) -> str:
        """Return the details of a milestone, "" where there is no such; `facts` come first, as plain text."""
        at = None if picked is None else self.position(picked)
        if at is None:
            return ""
        league = league_of(self.timeline.iloc[[at]]).iloc[0]
        named = league if isinstance(league, str) else ""
        return details_card(self.timeline.iloc[at], zone, named, dict(facts), searched)

    # The watchlist

    @remembered
    def watched(self, watch: tuple[str, ...]) -> Watched:
        """Return which rows a watchlist means, and what of it means none."""
        return find_watched(self.timeline, watch, self._filters.tickers)

    @remembered
    def _watched_ids(self, watch: tuple[str, ...]) -> frozenset[str]:
        return frozenset(self.timeline["id"][self.watched(watch).rows]) if watch else frozenset()

    @remembered
    def _watched_rows(
        self, watch: tuple[str, ...], criteria: Criteria, zone: str, selected: frozenset[str]
    ) -> dict[str, Any]:
        if not watch:
            return {}
        found = self.watched(watch)
        rows = nearest_rows(self.timeline, np.flatnonzero(found.rows & self.chosen(criteria)))
        counts = len(rows), int(np.count_nonzero(found.rows))
        unknown = "" if self.awaited else unknown_words(watch, found.unknown)
        return watched_view(self.timeline.iloc[rows[:WATCHED_ROWS]], zone, selected, counts, unknown)

    @remembered
    def _in_sight(self, criteria: Criteria, ids: frozenset[str]) -> frozenset[str]:
        """Return those of the milestones that the table has and the filters leave."""
        if not ids:
            return ids
        here = self._has_id(ids) & self.chosen(criteria)
        return frozenset(self.timeline["id"].iloc[np.flatnonzero(here)])

    def _up_to_date(self, session: Session) -> Session:
        """Return the session with nothing selected and no card open of what is not there any more."""
        criteria = session.state.filters
        picked = session.picked
        open_ = picked is not None and picked in self._in_sight(criteria, frozenset([picked]))
        return replace(
            session,
            selected=self._in_sight(criteria, session.selected),
            picked=picked if open_ else None,
        )

    def _summary(self, session: Session, scene: Scene) -> str:
        if self.awaited:
            return "No milestones yet"
        state, statuses = session.state, self._status_words(session.state.filters)
        as_of = as_of_words(self.now, state.tz, fixed=self.fixed)
        return summary_line(scene, len(self.timeline), len(session.selected), statuses, as_of)

    @property
    def fetched(self) -> float:
        """When the table was fetched, milliseconds UTC; the moment it came here, where it does not tell."""
        fetched = fetched_at(self.table)
        return self._came if fetched is None else float(fetched.astype(np.int64)) / 1000

    def _recipe(self, session: Session, chart: Chart, *, dark: bool) -> Recipe:
        state = session.state.with_span(chart.scene.window)
        return Recipe(
            state,
            watch=session.watch,
            timed=self.timeline is self.table,
            color_order=() if state.color == "status" else _own_colors(self.colors(state.color)),
            size=(chart.look.width, _height_of(chart)),
            dark=dark,
        )


def _asked_of_chart(session: Session, screen: Screen) -> tuple[Any, ...]:
    """Return all that the chart is made from, but for its outlines."""
    return session.state.drawn, session.held, session.watch, screen


def _listed_part(session: Session, window: Window) -> Part:
    """Return what the table view lists: news come before what the chart's window holds."""
    if session.told is not None:
        return session.told[1]
    return window if session.windowed else None


def _ways_out(criteria: Criteria, matching: int) -> list[dict[str, Any]]:
    """Return what can be done where no row is listed: events, each with the words of its button."""
    ways: list[dict[str, Any]] = []
    if matching:
        ways.append({"kind": "windowed", "only": False, "label": f"Show all {matching:,} that match"})
    if criteria.text:
        ways.append({"kind": "unsearch", "label": "Clear the search"})
    if not matching:
        ways.append({"kind": "reset", "label": "Reset all filters"})
    return ways


def _height_of(chart: Chart) -> int:
    """Return the height with which `plot_gantt` shows as much of each milestone as the chart does."""
    look = chart.look
    area = _TALLEST if chart.scene.level == "labelled" else look.height
    return area + look.margins["t"] + look.margins["b"] + heading_pixels(None)


def _own_colors(scale: ColorScale) -> tuple[str, ...]:
    """Return the values that have a colour of their own, in their order."""
    return tuple(label for label in scale.labels if label and label != OTHER)


def _still_holds(before: View, state: PanelState, screen: Screen) -> bool:
    return still_holds(before.session.state, state, same_width=screen.width == before.screen.width)
