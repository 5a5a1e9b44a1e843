"""What each act of the user makes of the session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.analysis.filters import TEXT_FACETS, Criteria
from milestone_kit.analysis.groups import NONE
from milestone_kit.figures.colors import OTHER
from milestone_kit.figures.gantt.picking import Box, rows_in_box
from milestone_kit.figures.time_axis import Window
from milestone_kit.panel.news import News
from milestone_kit.panel.relative import local_day, local_day_of
from milestone_kit.panel.state import FORM_CHOICES, SORTABLE, PanelState
from milestone_kit.panel.table_view import page_of
from milestone_kit.panel.windows import PRESETS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from milestone_kit.panel.model import ExplorerModel
    from milestone_kit.panel.session import Session
    from milestone_kit.panel.view import View

    Event = Mapping[str, Any]

__all__ = ["next_session"]

_SHORTEST_WINDOW: Final = 1000.0
"""Milliseconds; nothing is told apart below."""

_NARROWED: Final = frozenset({"category", "type", "league", "ticker"})
"""The criteria that a details card can set."""

_SAME_WINDOW: Final = 0.002
"""Of the window's span: a window that lies so near to the one on screen is that one."""


def next_session(model: ExplorerModel, view: View, event: Event) -> Session:
    """Return the session after an event: the one before where the event asks for nothing.

    Parameters
    ----------
    model : ExplorerModel
        The table.
    view : View
        What was on screen when the event happened.
    event : mapping
        Its "kind" and what belongs to it: "click" or "pick" (id), "window" (low, high), "zoom" (at),
        "fit", "preset" (name), "day" (by), "box" (x, y), "deselect", "close", "step" (by), "narrow" (name,
        value), "legend" (slot), "fold" (name, all), "sort" (column), "page" (page), "windowed" (only), "form"
        (name), "news" (which), "unsearch" and "reset"; times are milliseconds UTC, y is in lanes. Other kinds
        ask for nothing.
    """
    act = _ACTS.get(event["kind"])
    return view.session if act is None else act(model, view, event)


def _spanning(session: Session, window: Window | None) -> Session:
    return replace(session, state=session.state.with_span(window), held=None)


def _click(model: ExplorerModel, view: View, event: Event) -> Session:
    id_ = str(event["id"])
    at = model.position(id_)
    if at is None:
        return view.session
    there = np.flatnonzero(view.listed == at)
    page = page_of(int(there[0]), view.session.lead) if len(there) else view.session.page
    news = view.session.news.looked_at([id_])
    return replace(view.session, picked=id_, selected=frozenset([id_]), page=page, news=news)


def _pick(model: ExplorerModel, view: View, event: Event) -> Session:
    """Open the card of a row of the table view, and bring the chart there."""
    session, shown = _click(model, view, event), view.chart.scene.window
    at = None if session is view.session else model.position(str(event["id"]))
    window = shown if at is None else model.brought_near(at, shown)
    return session if window is shown else _spanning(session, window)


def _window(_model: ExplorerModel, view: View, event: Event) -> Session:
    return _seen_through(view, Window(float(event["low"]), float(event["high"])))


def _zoom(_model: ExplorerModel, view: View, event: Event) -> Session:
    middle, half = float(event["at"]), view.chart.scene.window.span / 12
    return _seen_through(view, Window(middle - half, middle + half))


def _seen_through(view: View, window: Window) -> Session:
    window, shown = window.clamped(), view.chart.scene.window
    if not np.isfinite(window.span) or window.span <= 0:
        return view.session
    # A window that fits stays one that fits when it is only asked for again.
    if max(abs(window.start - shown.start), abs(window.end - shown.end)) <= shown.span * _SAME_WINDOW:
        return view.session
    return _spanning(_unpaged(view.session), window.at_least(_SHORTEST_WINDOW))


def _unpaged(session: Session) -> Session:
    """Return the session with the table view at its beginning, where it shows what the window holds."""
    return session.turned() if session.windowed and session.told is None else session


def _fit(_model: ExplorerModel, view: View, _event: Event) -> Session:
    return _spanning(_unpaged(view.session), None)


def _preset(_model: ExplorerModel, view: View, event: Event) -> Session:
    session = _unpaged(view.session)
    return replace(session, state=replace(session.state, window=PRESETS[str(event["name"])]), held=None)


def _day(_model: ExplorerModel, view: View, event: Event) -> Session:
    """Show a whole day: the one after or before the day in the middle of the window."""
    shown, zone = view.chart.scene.window, view.session.state.tz
    middle = local_day_of(shown.start + shown.span / 2, zone)
    later = 1 if int(event["by"]) > 0 else -1
    return _spanning(_unpaged(view.session), local_day(middle, later, zone))


def _box(model: ExplorerModel, view: View, event: Event) -> Session:
    (left, right), (top, bottom) = event["x"], event["y"]
    box = Box.between((float(left), float(right)), (float(top), float(bottom)))
    rows = rows_in_box(view.chart.scene, model.index, box)
    return replace(view.session, selected=frozenset(model.timeline["id"].iloc[rows]))


def _deselect(_model: ExplorerModel, view: View, _event: Event) -> Session:
    return replace(view.session, selected=frozenset())


def _close(_model: ExplorerModel, view: View, _event: Event) -> Session:
    return replace(view.session, picked=None)


def _step(model: ExplorerModel, view: View, event: Event) -> Session:
    """Open the card of the row after or before, in the order of the table view."""
    picked = view.session.picked
    at = None if picked is None else model.position(picked)
    places = np.flatnonzero(view.listed == at)
    place = int(places[0]) + int(event["by"]) if len(places) else -1
    if not 0 <= place < len(view.listed):
        return view.session
    return _pick(model, view, {"id": model.timeline["id"].iloc[view.listed[place]]})


def _narrow(_model: ExplorerModel, view: View, event: Event) -> Session:
    """Show only milestones of one value."""
    name, value = str(event["name"]), str(event["value"])
    if name not in _NARROWED or not value.strip():
        return view.session
    state = view.session.state
    filters = Criteria.of(**(state.filters.as_dict() | {name: [value]}))  # type: ignore[arg-type]  # as below
    return replace(view.session, state=replace(state, filters=filters)).turned()


def _legend(model: ExplorerModel, view: View, event: Event) -> Session:
    """Filter for the value of a colour, or not any more."""
    state = view.session.state
    value = model.colors(state.color).labels[int(event["slot"])]
    if state.color not in TEXT_FACETS or value in ("", OTHER, NONE):
        return view.session
    chosen = list(getattr(state.filters, state.color) or ())
    folded = [one.casefold() for one in chosen]
    if value.casefold() in folded:
        chosen.pop(folded.index(value.casefold()))
    else:
        chosen.append(value)
    asked = state.filters.as_dict() | {state.color: chosen or None}
    filters = Criteria.of(**asked)  # type: ignore[arg-type]  # JSON values of Criteria
    return replace(view.session, state=replace(state, filters=filters)).turned()


def _fold(_model: ExplorerModel, view: View, event: Event) -> Session:
    """Fold a group of the chart or unfold it; or all of them alike."""
    here = {group.label: group.folded for group in view.chart.scene.groups}
    name, state = str(event["name"]), view.session.state
    if name not in here:
        return view.session
    turned = here if event.get("all") else [name]
    folded = [one for one in state.folded if one not in turned] + ([] if here[name] else list(turned))
    return replace(view.session, state=replace(state, folded=tuple(folded)))


def _sort(_model: ExplorerModel, view: View, event: Event) -> Session:
    column = str(event["column"])
    if column not in SORTABLE:
        return view.session
    state = replace(view.session.state, sort=view.session.sort.by(column))
    return replace(view.session, state=state).turned(0)


def _page(_model: ExplorerModel, view: View, event: Event) -> Session:
    return replace(view.session, page=int(event["page"]))


def _news(_model: ExplorerModel, view: View, event: Event) -> Session:
    """List the rows of one kind of news; what was listed has been looked at."""
    session, which = view.session, str(event["which"])
    if session.told is not None:
        session = _looked_through(session)
    elif not which:
        session = replace(session, news=News())
    ids = dict(session.news.kinds()).get(which)
    return session if not ids else replace(session, told=(which, ids)).turned(0)


def _looked_through(session: Session) -> Session:
    """Return the session in which the table view lists no news any more: they have been looked at."""
    if session.told is None:
        return session
    return replace(session, news=session.news.looked_at(session.told[1]), told=None).turned()


def _windowed(_model: ExplorerModel, view: View, event: Event) -> Session:
    session = _looked_through(view.session)
    return replace(session, state=replace(session.state, windowed=bool(event["only"]))).turned()


def _form(_model: ExplorerModel, view: View, event: Event) -> Session:
    """List rows as a table or as an agenda."""
    name, session = str(event["name"]), view.session
    if name not in FORM_CHOICES or name == session.state.form:
        return session
    return replace(session, state=replace(session.state, form=name)).turned()


def _unsearch(_model: ExplorerModel, view: View, _event: Event) -> Session:
    """Search for nothing any more; the other filters stay."""
    state = view.session.state
    return replace(view.session, state=replace(state, filters=replace(state.filters, text=None))).turned()


def _reset(_model: ExplorerModel, view: View, _event: Event) -> Session:
    """Clear filters, window and selection; the time zone and how rows are listed are the user's own."""
    before = view.session.state
    state = PanelState(tz=before.tz, sort=before.sort, windowed=before.windowed, form=before.form)
    session = replace(view.session, state=state, selected=frozenset(), picked=None, held=None)
    return replace(session, told=None).turned()


_ACTS: Final[dict[str, Callable[[ExplorerModel, View, Event], Session]]] = {
    "click": _click,
    "pick": _pick,
    "window": _window,
    "zoom": _zoom,
    "fit": _fit,
    "preset": _preset,
    "day": _day,
    "box": _box,
    "deselect": _deselect,
    "close": _close,
    "step": _step,
    "narrow": _narrow,
    "legend": _legend,
    "fold": _fold,
    "sort": _sort,
    "page": _page,
    "news": _news,
    "windowed": _windowed,
    "form": _form,
    "unsearch": _unsearch,
    "reset": _reset,
}
