"""A panel that goes on with the clock: cheap, right after any jump, and still where now is given."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from milestone_kit.analysis.filters import Criteria
from milestone_kit.panel import MilestoneExplorer, explore
from milestone_kit.panel.model import ExplorerModel
from milestone_kit.panel.session import Screen, Session
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets.bridge import Bridge
from milestone_kit.panel.widgets.paged_table import PagedTable
from milestone_kit.sandbox import sample_milestones
from tests.panel.driver import alert, card, one, parts, recorded, send, summary, watched
from tests.strategies import NOW, at, table

DF = sample_milestones(3_000)
WIDE = Screen(900)


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self):
        self.now = pd.Timestamp(NOW)

    def __call__(self):
        return self.now

    def on(self, **span):
        self.now += pd.Timedelta(**span)


@pytest.fixture
def clock():
    return Clock()


def ticking(df, clock, **state):
    return MilestoneExplorer(df, state=PanelState.of(state), clock=clock)


def tick(explorer):
    send(one(explorer, Bridge), kind="tick")
    assert alert(explorer) == ""


def words(explorer):
    """Return what stands in the table: status and the words of the clock."""
    return [row["cells"][:2] for row in one(explorer, PagedTable).view["rows"]]


def test_status_countdowns_counts_and_the_hour_follow_the_clock(clock):
    df = table({"start_date": at(12.2), "end_date": at(13)}, {"start_date": at(42)})
    explorer = ticking(df, clock)
    assert words(explorer) == [["upcoming", "in 12 min"], ["upcoming", "in 1 d 6 h"]]
    assert "2 upcoming" in summary(explorer)
    assert "As of 12:00:00 UTC" in summary(explorer)
    clock.on(minutes=20)
    tick(explorer)
    assert words(explorer)[0] == ["live", "ends in 40 min"]
    assert "1 upcoming · 1 live" in summary(explorer)
    assert "As of 12:20:00 UTC" in summary(explorer)
    clock.on(hours=1)
    tick(explorer)
    assert words(explorer)[0] == ["ended", ""]
    clock.on(hours=-1, minutes=-20)
    tick(explorer)
    assert words(explorer)[0] == ["upcoming", "in 12 min"]


def test_a_given_now_stays_and_says_so(clock):
    explorer = explore(table({"start_date": at(13)}), now=NOW)
    before = summary(explorer)
    assert "held there by now=" in before
    assert not one(explorer, Bridge).ticking
    model = explorer._model
    tick(explorer)
    assert summary(explorer) == before
    assert explorer._model is model


def test_a_minute_is_a_small_message_and_leaves_what_did_not_change(clock):
    explorer = ticking(DF, clock)
    chart = watched(explorer)
    strip = recorded(explorer._overview)
    lists = recorded(explorer._controls.facets)
    sizes = []
    for _ in range(90):
        clock.on(minutes=1)
        chart.sent.clear()
        tick(explorer)
        whole = chart.told("draw")
        patches = chart.told("patch")
        assert len(whole) + len(patches) == 1
        sizes += [len(json.dumps(content)) + sum(map(len, buffers)) for content, buffers in patches]
    assert len(sizes) > 80
    assert max(sizes) < 40_000
    assert all(set(data["state"]) == {"now"} for data, _ in strip.sent if data["method"] == "update")
    changes = sum("facets" in data["state"] for data, _ in lists.sent if data["method"] == "update")
    assert changes < 60  # counts are sent when a status has changed


def test_a_chart_that_was_amended_is_the_one_that_would_be_drawn(clock):
    explorer = ticking(DF, clock)
    comm = watched(explorer)
    picture = whole(explorer)
    for minutes in (1, 5, 1, 240, 1, -600, 3):
        clock.on(minutes=minutes)
        comm.sent.clear()
        tick(explorer)
        picture = amended(picture, comm)
        assert same(picture, whole(explorer)), minutes


def whole(explorer):
    """Return the picture as a front end that opens now is given it."""
    content, buffers = explorer._chart._whole(None)
    return unpacked(content["data"], buffers), unpacked(content["layout"], buffers)


def unpacked(value, buffers):
    if isinstance(value, list):
        return [unpacked(one, buffers) for one in value]
    if not isinstance(value, dict):
        return value
    if "$buffer" in value:
        return np.frombuffer(buffers[value["$buffer"]], f"<f{value['bits'] // 8}").tolist()
    return {key: unpacked(one, buffers) for key, one in value.items()}


def amended(picture, comm):
    """Do what the front end does with its message."""
    for content, buffers in comm.told("draw"):
        picture = unpacked(content["data"], buffers), unpacked(content["layout"], buffers)
    for content, buffers in comm.told("patch"):
        data, layout = picture
        patches = unpacked(content["traces"], buffers)
        data = [merged(trace, patches.get(str(i), {})) for i, trace in enumerate(data)]
        picture = data, merged(layout, unpacked(content["layout"], buffers))
    return picture


def merged(old, patch):
    new = dict(old)
    for key, value in patch.items():
        new[key] = value
        if isinstance(value, dict) and "$places" in value:
            new[key] = list(old[key])
            for place, one_ in zip(value["$places"], value["values"], strict=True):
                new[key][place] = one_
    return new


def same(one_, other):
    return json.dumps(one_, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize("criteria", [{}, {"status": "live"}, {"category": "Sports"}])
@pytest.mark.parametrize("group", ["league", "status"])
def test_after_ticks_the_panel_agrees_with_a_fresh_one(criteria, group):
    filters = Criteria.of(simulated=False, placeholder=False, **criteria)
    window = ("2026-01-15T00:00:00Z", "2026-01-16T12:00:00Z")
    session = Session(PanelState(filters=filters, group=group, window=window))
    model, now = ExplorerModel(DF, pd.Timestamp(NOW)), pd.Timestamp(NOW)
    view = model.view(session, WIDE)
    _ = view.choices
    for minutes in (1, 7, 55, 300):
        now += pd.Timedelta(minutes=minutes)
        model, passed = model.at(now)
        view = model.ticked(view, passed)
        _ = view.choices
    fresh = ExplorerModel(DF, pd.Timestamp(NOW)).at(now)[0].view(session, WIDE)
    assert view.summary == fresh.summary
    assert view.choices == fresh.choices
    assert view.strip == fresh.strip
    np.testing.assert_array_equal(view.rows, fresh.rows)
    shown = {row["id"]: row["cells"][0] for row in view.table["rows"]}
    assert shown == {row["id"]: row["cells"][0] for row in fresh.table["rows"]}
    assert set(view.chart.scene.at) == set(fresh.chart.scene.at)
    assert kinds(view) == kinds(fresh)


def kinds(view):
    """Return the lines of the hover cards that tell category, type and status."""
    cards = [card for trace in view.chart.traces for card in trace.get("hovertext", ()) if "<br>" in card]
    return sorted(card.split("<br>")[1] for card in cards)


def test_the_window_near_now_goes_on_when_now_is_about_to_leave_it(clock):
    explorer = ticking(DF, clock)
    first = explorer._view.chart.scene.window
    clock.on(minutes=1)
    tick(explorer)
    assert explorer._view.chart.scene.window == first
    clock.on(milliseconds=first.span)
    tick(explorer)
    window = explorer._view.chart.scene.window
    assert window.start < clock.now.timestamp() * 1000 < window.end
    chosen = ticking(DF, clock, window=["2026-01-15", "2026-01-16"])
    clock.on(days=3)
    tick(chosen)
    assert chosen.state["window"] == ["2026-01-15T00:00:00Z", "2026-01-16T00:00:00Z"]


def test_the_card_and_the_selection_stay_while_time_goes_by(clock):
    explorer = ticking(DF, clock)
    picked = one(explorer, PagedTable).view["rows"][2]["id"]
    send(one(explorer, PagedTable), kind="pick", id=picked)
    clock.on(minutes=1)
    tick(explorer)
    assert list(explorer.selected["id"]) == [picked]
    assert picked in card(explorer)
    assert len(list(parts(explorer))) > 20
