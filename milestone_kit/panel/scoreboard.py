"""Scores and names, written over what a view shows: the view itself and its table know nothing of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from milestone_kit.figures.gantt.scores import scored
from milestone_kit.panel.table_view import PAGE_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.panel.model import ExplorerModel
    from milestone_kit.panel.view import Chart, View

__all__ = ["Scoreboard", "followed"]

_T = TypeVar("_T")

_WORDS_IN: str = "when"
"""The column of the table view that takes the score."""


def followed(model: ExplorerModel, view: View) -> pd.DataFrame:
    """Return the rows that are live by the timeline and on screen: what it is worth asking about.

    Parameters
    ----------
    model : ExplorerModel
        The table.
    view : View
        What it shows: single marks in the window, a page of rows, watched rows, a card.

    Returns
    -------
    pandas.DataFrame
        `id` and `type` of each, once.
    """
    places = [_drawn(model, view.chart), _listed(view), _pinned(model, view)]
    picked = view.session.picked
    at = None if picked is None or not view.card else model.position(picked)
    if at is not None:
        places.append(np.array([at]))
    rows = np.unique(np.concatenate(places))
    status = model.timeline["status"].iloc[rows]
    columns: pd.DataFrame = model.timeline[["id", "type"]].iloc[rows[(status == "live").to_numpy(dtype=bool)]]
    return columns


def _drawn(model: ExplorerModel, chart: Chart) -> NDArray[np.int64]:
    scene = chart.scene
    return model.index.row[scene.at] if scene.marks is not None else np.empty(0, np.int64)


def _listed(view: View) -> NDArray[np.int64]:
    first = max(view.table["page"] * PAGE_ROWS - view.session.lead, 0)
    return view.listed[first : first + len(view.table["rows"])]


def _pinned(model: ExplorerModel, view: View) -> NDArray[np.int64]:
    ids = [row["id"] for row in view.watched.get("rows", ())]
    return np.flatnonzero(model.timeline["id"].isin(ids).to_numpy()) if ids else np.empty(0, np.int64)


class Scoreboard:
    """Writes over views; what is the same as the last time is the same object, and is not sent again."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[tuple[object, ...], Any]] = {}

    def over(
        self, model: ExplorerModel, view: View, words: Mapping[str, str], facts: Mapping[str, str]
    ) -> View:
        """Return the view with scores on bars, hover cards and rows, and more facts on the details card.

        Parameters
        ----------
        model : ExplorerModel
            Whose view it is.
        view : View
            Without scores.
        words : mapping
            By id, score and clock; any text. The same object as long as it says the same.
        facts : mapping
            What else the details card says, by the name of each fact; any text.
        """
        card = view.card
        if card and facts:
            state = view.session.state
            card = model.card(view.session.picked, state.tz, state.filters.text or "", tuple(facts.items()))
        if not words:
            return view if card is view.card else replace(view, card=card)
        chart = self._same("chart", (view.chart, words), lambda: _scored_chart(model, view.chart, words))
        table = self._same("table", (view.table, words), lambda: _scored_table(view.table, words))
        watched = self._same("watched", (view.watched, words), lambda: _scored_watched(view.watched, words))
        return replace(view, chart=chart, table=table, watched=watched, card=card)

    def _same(self, part: str, of: tuple[object, ...], make: Callable[[], _T]) -> _T:
        last = self._last.get(part)
        if last is None or any(one is not other for one, other in zip(last[0], of, strict=True)):
            last = self._last[part] = (of, make())
        made: _T = last[1]
        return made


def _scored_chart(model: ExplorerModel, chart: Chart, words: Mapping[str, str]) -> Chart:
    ids = model.timeline["id"].iloc[_drawn(model, chart)].to_list()
    traces = scored(chart.traces, chart.scene, ids, words, chart.look.area_width)
    return chart if traces is chart.traces else replace(chart, traces=traces)


def _scored_table(table: dict[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    column = next((at for at, one in enumerate(table["columns"]) if one["name"] == _WORDS_IN), None)
    if column is None or not any(row["id"] in words for row in table["rows"]):
        return table
    return table | {"rows": [_scored_row(row, words.get(row["id"]), column) for row in table["rows"]]}


def _scored_row(row: dict[str, Any], said: str | None, column: int) -> dict[str, Any]:
    if said is None:
        return row
    cells = list(row["cells"])
    cells[column] = _said(said, cells[column])
    return row | {"cells": cells}


def _scored_watched(watched: dict[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    if not any(row["id"] in words for row in watched.get("rows", ())):
        return watched
    rows = [
        row | {"cells": row["cells"] | {_WORDS_IN: _said(words.get(row["id"]), row["cells"][_WORDS_IN])}}
        for row in watched["rows"]
    ]
    return watched | {"rows": rows}


def _said(score: str | None, clock: str) -> str:
    """Return the words of the clock behind a score, where there is one."""
    return " · ".join(part for part in (score, clock) if part)
