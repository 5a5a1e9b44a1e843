"""The code of a view makes the same rows, window and colours."""

from __future__ import annotations

import ast
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

import milestone_kit as mk
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.panel.reproduce import YOUR_TABLE, Recipe, name_of
from tests.panel.strategies import states
from tests.strategies import NOW


@given(states())
def test_the_code_of_any_state_is_python(state):
    ast.parse(Recipe(state).python("mk.get_milestones()"))
    ast.parse(Recipe(state).python(YOUR_TABLE, pd.Timestamp(NOW)))


DF = mk.sample_milestones(400)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"category": ["Sports", "Elections"], "group": "none", "color": "status"},
        {"status": ["live", "upcoming"], "has_end": False, "tz": "America/New_York"},
        {"text": "at", "ticker": "KX*", "simulated": None, "placeholder": None},
        {"start": "2026-01-01", "end": "2026-02-01", "window": ["2026-01-10", "2026-01-20"]},
        {"category": 'it\'s "quoted" \\ \n'},
    ],
)
@pytest.mark.parametrize("timed", [False, True])
def test_the_code_makes_the_rows_and_the_window_of_the_view(options, timed):
    df = compute_timeline(DF, now=NOW) if timed else DF
    explorer = mk.explore(df, now=NOW, **options)
    code = explorer.code().replace(YOUR_TABLE, "table")
    made = {"table": df}
    *setup, drawn = ast.parse(code).body
    exec(compile(ast.Module(setup, []), "view", "exec"), made)
    figure = eval(compile(ast.Expression(drawn.value), "view", "eval"), made)
    assert sorted(made["rows"]["id"]) == sorted(explorer.filtered["id"])
    # the code writes its window to the millisecond
    mine, theirs = (
        [pd.Timestamp(edge).round("ms") for edge in one.layout.xaxis.range]
        for one in (figure, explorer.figure())
    )
    assert mine == theirs
    counted = [one.layout.title.text.split(" milestones")[0] for one in (figure, explorer.figure())]
    assert counted[0] == counted[1]


def marks_by_color(figure):
    return {
        id_: trace.marker.line.color
        for trace in figure.data
        for id_ in (trace.customdata if trace.customdata is not None else ())
        if id_
    }


@pytest.mark.parametrize("color", ["category", "type", "league", "status", "end_source"])
def test_the_code_makes_the_colours_of_the_view(color):
    df = mk.sample_milestones(5_000)
    asked = {"category": ["Economics", "Elections"], "window": ["2025-12-01", "2026-03-01"]}
    explorer = mk.explore(df, now=NOW, color=color, group="none", **asked)
    made = {"table": df}
    *setup, drawn = ast.parse(explorer.code().replace(YOUR_TABLE, "table")).body
    exec(compile(ast.Module(setup, []), "view", "exec"), made)
    figure = eval(compile(ast.Expression(drawn.value), "view", "eval"), made)
    ours, theirs = marks_by_color(explorer.figure()), marks_by_color(figure)
    both = ours.keys() & theirs.keys()
    assert both
    assert {id_: ours[id_] for id_ in both} == {id_: theirs[id_] for id_ in both}


def test_the_code_assumes_ends_from_the_whole_table_as_the_view_does():
    explorer = mk.explore(DF, now=NOW, category="Elections")
    made = {"table": DF}
    exec(explorer.code().replace(YOUR_TABLE, "table"), made)
    whole = compute_timeline(DF, now=NOW).set_index("id")["end"]
    assert made["rows"].set_index("id")["end"].equals(whole[made["rows"]["id"]])


def drawn(figure, shown):
    """Return where the marks of these milestones begin and how long they are, in milliseconds."""
    marks = {
        id_: (float(trace.base[i]), float(trace.x[i]))
        for trace in figure.data
        if trace.type == "bar" and trace.customdata is not None
        for i, id_ in enumerate(trace.customdata)
    }
    return np.array([marks[id_] for id_ in shown])


SPORTS = {"category": "Sports", "group": "none", "window": ["2026-01-12", "2026-01-18"]}


@pytest.mark.parametrize("of_table", [True, False])
@pytest.mark.parametrize("options", [{}, SPORTS])
def test_the_code_runs_as_pasted_and_draws_what_is_on_screen(of_table, options, monkeypatch, client):
    names = {"mine": client.get_milestones(), "my_client": client}
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(user_ns=names))
    explorer = mk.explore(names["mine"] if of_table else client, now=NOW, **options)
    code = explorer.code()
    assert ("df = mine\n" if of_table else "df = my_client.get_milestones(") in code
    pasted = {**names}
    exec(code.replace("mk.plot_gantt", "figure = mk.plot_gantt"), pasted)
    scene = explorer._view.chart.scene
    shown = list(explorer._model.timeline["id"].iloc[scene.marks.row[: scene.shown]])
    assert len(shown) > 5
    ours, theirs = explorer.figure(), pasted["figure"]
    # the code writes its window to the millisecond, which moves what is drawn as wide as can be seen
    assert np.allclose(drawn(ours, shown), drawn(theirs, shown), rtol=0, atol=1_000)
    assert ours.layout.title.text == theirs.layout.title.text


def test_a_table_without_a_name_is_asked_for_in_words(monkeypatch):
    assert name_of(DF) is None
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(user_ns={"_3": DF, "other": 1}))
    assert name_of(DF) is None
    assert "put your milestones table here" in mk.explore(DF, now=NOW).code()
