"""The agenda: from when to when, under which day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.panel.agenda import agenda_words, days_of
from milestone_kit.panel.static_form import static_form
from milestone_kit.panel.table_view import TableView
from tests.strategies import NOW, at, table

ROWS = compute_timeline(
    table(
        {"start_date": at(-1), "end_date": at(1)},
        {"start_date": at(1), "end_date": at(3)},
        {"start_date": at(20)},
        {"start_date": at(9_000)},
    ),
    now=NOW,
    assume="5h",
)
MOMENT = pd.Timestamp(NOW).timestamp() * 1000


def test_a_day_is_that_of_the_zone_and_has_its_year_where_it_is_another():
    assert days_of(ROWS, "UTC", MOMENT) == ["Wed 14 Jan", "Thu 15 Jan", "Thu 15 Jan", "Mon 25 Jan 2027"]
    assert days_of(ROWS, "America/New_York", MOMENT)[:2] == ["Wed 14 Jan", "Wed 14 Jan"]


def test_an_end_on_another_day_says_so_and_an_assumed_one_too():
    assert agenda_words(ROWS, "UTC")[:3] == [
        "23:00 – 01:00 Thu 15 Jan",
        "01:00 – 03:00",
        "20:00 – ≈ 01:00 Fri 16 Jan",
    ]
    unknown = compute_timeline(table({"start_date": at(1)}), now=NOW, assume=None)
    assert agenda_words(unknown, "UTC") == ["01:00"]


def test_a_page_of_the_agenda_has_a_day_for_each_row_also_without_a_front_end():
    page = TableView(ROWS).page(np.arange(4), 0, "UTC", (), agenda_at=MOMENT)
    assert page["days"] == days_of(ROWS, "UTC", MOMENT)
    assert [len(row["cells"]) for row in page["rows"]] == [len(page["columns"])] * 4
    assert not any(column["sorts"] for column in page["columns"])
    form = static_form("", page)
    assert form.count('<th colspan="6">') == 3
    assert form.index("Thu 15 Jan</th>") < form.index("01:00 – 03:00") < form.index("Mon 25 Jan 2027</th>")


def test_times_at_the_rim_of_what_can_be_written_have_a_day_too():
    rows = ROWS.assign(start_date=pd.Timestamp("1677-09-22", tz="UTC").as_unit("us"))
    rows.loc[0, "start_date"] = pd.Timestamp("0001-01-01 05:00", tz="UTC").as_unit("us")
    assert days_of(rows, "Asia/Tokyo", MOMENT)[0] == "Mon 1 Jan 0001"
    assert agenda_words(rows, "Asia/Tokyo")[0].startswith("05:00 – ")
