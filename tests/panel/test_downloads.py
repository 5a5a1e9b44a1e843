"""Which rows of a panel become which file."""

from __future__ import annotations

import re
from dataclasses import replace

import icalendar
import pandas as pd
import pytest

from milestone_kit.errors import QueryError
from milestone_kit.panel.downloads import MOST_EVENTS, chosen_rows, csv_download, exported, ics_download
from milestone_kit.panel.explorer import MilestoneExplorer
from milestone_kit.panel.model import ExplorerModel
from milestone_kit.panel.session import Screen, Session
from milestone_kit.panel.state import PanelState
from milestone_kit.sandbox import sample_milestones
from tests.strategies import NOW

MOMENT = pd.Timestamp(NOW)
MODEL = ExplorerModel(sample_milestones(500), MOMENT)


def view_of(model=MODEL, **more):
    state = PanelState.of({"window": ["2026-01-14", "2026-01-17"]} | more)
    return model.view(Session(state), Screen(900))


def events(text):
    return [str(one["uid"]).partition("@")[0] for one in icalendar.Calendar.from_ical(text).walk("VEVENT")]


def test_a_file_of_many_rows_comes_in_parts_of_few():
    download = csv_download(MODEL, view_of(), "filtered", rows=100)
    parts = list(download.parts)
    rows = len(view_of().rows)
    assert len(parts) == -(-rows // 100) > 1
    assert b"".join(parts) == b"".join(csv_download(MODEL, view_of(), "filtered").parts)
    assert (download.name, download.said) == ("milestones.csv", f"milestones.csv: {rows:,} rows")


@pytest.mark.parametrize("what", ["filtered", "window", "selected"])
def test_a_calendar_takes_the_rows_that_a_table_would(what):
    view = view_of()
    view = replace(
        view, session=replace(view.session, selected=frozenset(MODEL.table["id"].iloc[view.rows[:3]]))
    )
    download = ics_download(MODEL, view, what, MOMENT)
    (text,) = download.parts
    assert events(text) == list(exported(MODEL, view, what)["id"])
    assert download.said == f"{download.name}: {len(events(text)):,} events"


def test_a_calendar_leaves_out_what_has_no_date_and_says_so():
    view = view_of(filters={"simulated": False})
    download = ics_download(MODEL, view, "filtered", MOMENT)
    (text,) = download.parts
    left_out = len(view.rows) - len(events(text))
    assert left_out > 0
    assert download.said.endswith(f", {left_out} placeholders without a date left out")


def test_too_many_rows_for_a_calendar_are_refused_in_a_sentence():
    many = ExplorerModel(pd.concat([MODEL.table] * (MOST_EVENTS // 400), ignore_index=True), MOMENT)
    with pytest.raises(QueryError, match=r"are too many for a calendar \(at most 5,000\): filter further"):
        ics_download(many, view_of(many), "filtered", MOMENT)
    assert list(ics_download(many, view_of(many), "window", MOMENT).parts)


def test_an_explorer_writes_the_calendar_of_what_is_selected(tmp_path):
    explorer = MilestoneExplorer(MODEL.table, state=PanelState(), now=MOMENT)
    with pytest.raises(QueryError, match="no milestone is selected"):
        explorer.to_ics(tmp_path / "none.ics", what="selected")
    with pytest.raises(QueryError, match=re.escape("what='all': expected one of filtered, window, selected")):
        explorer.to_ics(tmp_path / "none.ics", what="all")
    path = explorer.to_ics(tmp_path / "some.ics")
    rows = chosen_rows(explorer._model, explorer._view, "filtered")
    assert events(path.read_bytes()) == list(MODEL.table["id"].iloc[rows])
    explorer.close()
