"""`explore`: its options are the first view; what it cannot open is refused."""

from __future__ import annotations

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.analysis.filters import filter_milestones
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.panel import explore
from tests.panel.driver import field
from tests.strategies import NOW

DF = mk.sample_milestones(300)


def test_the_options_are_the_first_view():
    explorer = explore(
        DF,
        now=NOW,
        category="Sports",
        group="type",
        tz="Europe/London",
        window=["2026-01-01", "2026-02-01"],
    )
    assert explorer.state["group"] == "type"
    assert explorer.state["window"] == ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]
    assert field(explorer, "Time zone").value == "Europe/London"
    rows = filter_milestones(DF, now=NOW, category="Sports", simulated=False, placeholder=False)
    assert sorted(explorer.filtered["id"]) == sorted(rows["id"])


def test_options_that_cannot_be_used_are_named():
    with pytest.raises(TypeError, match="'categories'"):
        explore(DF, categories="Sports")
    with pytest.raises(TypeError, match="'filters'"):
        explore(DF, filters={})
    with pytest.raises(QueryError, match="'nope'"):
        explore(DF, group="nope")
    with pytest.raises(QueryError, match="'soon'"):
        explore(DF, now="soon")


def test_what_is_no_table_is_refused():
    for wrong in ([1], "milestones", 5):
        with pytest.raises(TypeError, match=type(wrong).__name__):
            explore(wrong)
    with pytest.raises(SchemaError):
        explore(pd.DataFrame({"a": [1]}))
    with pytest.raises(SchemaError):
        explore(DF.drop(columns="details"))
