"""df.milestones offers the package's functions as methods."""

import importlib
import inspect
import subprocess
import sys

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

import milestone_kit as mk
from milestone_kit import accessor
from milestone_kit.analysis import details, durations, schedule, tickers, timeline
from milestone_kit.errors import SchemaError
from milestone_kit.export import csv, parquet
from tests.strategies import NOW, table

ROWS = table(
    {"primary_event_tickers": ["KXA-1"], "details": {"league": "NBA"}},
    {"title": "Other", "category": "Elections"},
)


def takes_a_table_first(function):
    parameters = list(inspect.signature(function).parameters.values())
    return bool(parameters) and "DataFrame" in str(parameters[0].annotation)


FUNCTIONS = [
    name
    for name in mk.__all__
    if inspect.isfunction(function := getattr(mk, name)) and takes_a_table_first(function)
]


def test_every_public_function_that_takes_a_table_first_is_a_method():
    assert sorted([*FUNCTIONS, "filter"]) == dir(ROWS.milestones)
    assert {"plot_changes", "plot_gantt", "explore", "filter_milestones", "to_csv"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_method_shows_the_signature_and_the_words_of_its_function(name):
    function, method = getattr(mk, name), getattr(ROWS.milestones, name)
    _, *parameters = inspect.signature(function).parameters.values()
    assert list(inspect.signature(method).parameters.values()) == parameters
    assert all(one.kind is not inspect.Parameter.VAR_KEYWORD for one in parameters)
    assert method.__doc__ == function.__doc__
    assert method.__name__ == name


def test_the_methods_give_what_the_functions_give(tmp_path):
    bound = ROWS.milestones
    assert_frame_equal(bound.explode_tickers(keep=["id"]), tickers.explode_tickers(ROWS, keep=["id"]))
    assert_frame_equal(bound.ticker_table(), tickers.ticker_table(ROWS))
    assert_frame_equal(bound.find_by_ticker("KXA-*"), ROWS.iloc[:1])
    assert_frame_equal(bound.expand_details("league", prefix=""), details.expand_details(ROWS, "league", ""))
    assert bound.details_of("m0") == {"league": "NBA"}
    assert_frame_equal(bound.compute_timeline(now=NOW), timeline.compute_timeline(ROWS, now=NOW))
    assert_frame_equal(bound.typical_durations(), durations.typical_durations(ROWS))
    assert_series_equal(bound.assign_lanes("category"), timeline.assign_lanes(ROWS, "category"))
    assert bound.diff_milestones(ROWS.iloc[:1])["field"].tolist() == ["deleted"]
    assert bound.slips(ROWS.assign(start_date=NOW).astype(ROWS.dtypes))["moves"].tolist() == [1, 1]
    twice = pd.concat([ROWS, ROWS.assign(id=ROWS["id"] + "x")])
    assert bound.coverage(["KXA-1-YES", "KXB-1"])["n_milestones"].tolist() == [1, 0]
    assert twice.milestones.related_milestones("m0")["id"].tolist() == ["m0x"]
    assert twice.milestones.find_overlaps(by="type", assume=None, max_pairs=6)["key"].size == 6
    for name, options in (
        ("concurrency", {"freq": "2h", "start": "2026-01-15", "end": "2026-01-16", "now": NOW}),
        ("busiest", {"n": 1, "freq": "2h", "start": "2026-01-15", "end": "2026-01-16", "now": NOW}),
        ("calendar_counts", {"freq": "W", "by": "type", "tz": "Asia/Tokyo"}),
        ("next_up", {"n": 1, "now": "2020-01-01", "by": "type"}),
        ("gaps", {"min_gap": "2h", "by": "type", "start": "2026-01-01", "end": "2026-02-01", "now": NOW}),
    ):
        expected = getattr(schedule, name)(ROWS, **options)
        assert len(expected)
        assert_frame_equal(getattr(bound, name)(**options), expected)
    assert_frame_equal(parquet.read_parquet(bound.to_parquet(tmp_path / "m.parquet")), ROWS)
    assert_frame_equal(csv.read_csv(bound.to_csv(tmp_path / "m.csv")), ROWS)


@pytest.mark.parametrize(
    ("criterion", "value", "rows"),
    [
        ("category", "elections", [1]),
        ("type", "golf", []),
        ("text", "other", [1]),
        ("ticker", "KXA-1", [0]),
        ("start", "2027-01-01", []),
        ("end", "2025-01-01", []),
        ("status", "upcoming", []),
        ("has_end", True, []),
        ("simulated", True, []),
        ("placeholder", True, []),
        ("league", "nba", [0]),
    ],
)
def test_every_criterion_reaches_the_filter(criterion, value, rows):
    for method in (ROWS.milestones.filter, ROWS.milestones.filter_milestones):
        assert method(**{criterion: value}, now=NOW).index.tolist() == rows
    assert len(ROWS.milestones.filter(status="upcoming", now="2020-01-01")) == 2


def test_columns_beyond_the_schema_are_welcome_and_methods_chain():
    rows = (
        ROWS.milestones.compute_timeline(now=NOW).milestones.filter(status="live").milestones.ticker_table()
    )
    assert rows["event_ticker"].tolist() == ["KXA-1"]


def test_a_table_out_of_schema_is_refused_when_first_touched():
    with pytest.raises(SchemaError, match="no column 'id'"):
        _ = pd.DataFrame({"a": [1]}).milestones
    with pytest.raises(SchemaError, match="'title'"):
        _ = ROWS.assign(title=1).milestones


def test_an_unknown_method_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"plot_gant'; it has .*plot_gantt"):
        _ = ROWS.milestones.plot_gant


def test_importing_the_accessor_loads_none_of_what_it_forwards_to():
    heavy = [
        "plotly",
        "ipywidgets",
        "pyarrow.csv",
        *(f"milestone_kit.{name}" for name in ("analysis.filters", "export", "panel")),
    ]
    code = f"import sys, milestone_kit.accessor; print([name for name in {heavy!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_reload_replaces_the_accessor_without_a_warning():
    importlib.reload(accessor)
    assert ROWS.copy().milestones.details_of("m0") == {"league": "NBA"}
