"""CSV that is whole or not there, harmless in a spreadsheet, and reads back unchanged."""

import csv
import io
import os
import re
import stat

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.details import expand_details
from milestone_kit.analysis.tickers import ticker_table
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.export import csv as export
from milestone_kit.export.csv import csv_parts, csv_text, read_csv, to_csv
from milestone_kit.export.csv_layout import Layout
from milestone_kit.table.schema import COLUMNS, empty_milestones
from tests.strategies import NOW, at, milestones, table

AWKWARD = [
    '=HYPERLINK("https://example.org","x")',
    "@SUM(A1)",
    "+1",
    "-1",
    "'x",
    "''",
    "'=1",
    "＝1+1",
    "\t=1",
    "\r",
    "\n=1",
    "a\rb\nc\r\nd",
    "NA",
    "null",
    "nan",
    "",
    " ",
    '"',
    '"",""',
    "a,b;c",
    "é😀\u200b\u202e",
    "\ufeff",
    "nul \x00 inside",
    "007",
    "1e5",
    "true",
    "#N/A",
]


def cells(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def awkward_table():
    return table(*({"title": text, "source_id": text, "extra": text} for text in AWKWARD), {})


@pytest.mark.parametrize("escape_formulas", [True, False])
def test_awkward_text_comes_back_unchanged(tmp_path, escape_formulas):
    df = awkward_table()
    path = to_csv(df, tmp_path / "m.csv", escape_formulas=escape_formulas)
    assert_frame_equal(read_csv(path), df)


@given(milestones(), st.booleans())
def test_any_table_with_its_timeline_comes_back_unchanged(tmp_path_factory, df, escape_formulas):
    before = df.copy(deep=True)
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for each in (df, compute_timeline(df, now=NOW)):
        assert to_csv(each, path, escape_formulas=escape_formulas) == path
        assert_frame_equal(read_csv(path), each)
    assert_frame_equal(df, before)


@given(st.lists(st.text(st.sampled_from(";|,\t\r\n'\"=+a＝"), max_size=8)), st.sampled_from(",;|\t"))
def test_what_is_made_harmless_is_had_back_and_begins_no_formula(texts, separator):
    layout = Layout.of(separator, escape=True)
    harmless = layout.harmless(pa.array(texts, pa.large_string()))
    assert layout.plain(harmless).to_pylist() == texts
    assert [layout.harmless_name(text) for text in texts] == harmless.to_pylist()
    assert [layout.plain_name(name) for name in harmless.to_pylist()] == texts
    for text in harmless.to_pylist():
        assert not re.search(rf"(\A|[{';|,'.replace(separator, '')}\r\n]\"*)[=+＝]", text)


def test_an_empty_table_comes_back_with_every_dtype(tmp_path):
    for df in (empty_milestones(), compute_timeline(empty_milestones())):
        assert_frame_equal(read_csv(to_csv(df, tmp_path / "m.csv")), df)


def test_no_cell_begins_like_a_formula(tmp_path):
    text = to_csv(awkward_table(), tmp_path / "m.csv").read_bytes().decode()
    titles = [row[COLUMNS.index("title")] for row in cells(text)[1:]]
    assert not [title for title in titles if title.startswith(tuple("=+-@\t\r\n＝＋－＠"))]
    assert titles[:3] == ["'" + title for title in AWKWARD[:3]]
    assert cells(csv_text(pd.DataFrame({"=cmd()": ["a"]})))[0] == ["'=cmd()"]


def test_numbers_keep_their_minus_and_categories_are_neutralised():
    df = pd.DataFrame({"n": [-1, 2], "c": pd.Categorical(["-a", "b"])})
    assert cells(csv_text(df)) == [["n", "c"], ["-1", "'-a"], ["2", "b"]]


def test_without_escaping_the_text_is_written_as_it_is():
    written = cells(csv_text(awkward_table(), escape_formulas=False))
    assert [row[COLUMNS.index("title")] for row in written[1:-1]] == AWKWARD


def test_instants_are_iso_with_only_the_decimals_needed_and_durations_seconds():
    df = table({"end_date": at(1.5)}, {"end_date": at(0) + pd.Timedelta("1ms")})
    text = csv_text(compute_timeline(df, now=NOW)[["start_date", "end_date", "duration", "starts_in"]])
    assert cells(text)[1:] == [
        ["2026-01-15T00:00:00Z", "2026-01-15T01:30:00Z", "5400", "-43200"],
        ["2026-01-15T00:00:00Z", "2026-01-15T00:00:00.001Z", "0.001", "-43200"],
    ]


def test_lists_are_json():
    text = csv_text(table({"primary_event_tickers": ["A-1", "B-2"]}, {})[["primary_event_tickers"]])
    assert cells(text)[1:] == [['["A-1","B-2"]'], ["[]"]]


def test_columns_of_ones_own_come_back_with_sensible_dtypes(tmp_path):
    df = table({"details": {"round": "1", "score": 3}}, {"details": {"round": "2"}})
    df = expand_details(df, ["round", "score", "nothing"]).assign(
        ratio=[0.5, np.inf],
        big=[2**53 + 1, -(2**59)],
        flag=[True, False],
        seen=pd.Series([at(1), at(2)]).dt.as_unit("us"),
        status=["mine", "'yours"],
        lane=[1.5, 2.5],
    )
    assert_frame_equal(read_csv(to_csv(df, tmp_path / "m.csv")), df)


def test_other_tables_can_be_taken_away_too(tmp_path):
    text = to_csv(ticker_table(table({"primary_event_tickers": ["A-1"]})), tmp_path / "t.csv").read_text()
    assert text.splitlines()[1] == '"m0","A-1","A",true,true,"2026-01-15T00:00:00Z","Game 0"'


@pytest.mark.parametrize("rows", [1, 3, 7, 100])
def test_the_parts_of_a_download_are_the_file(rows):
    df = table(*[{"title": f"=row {i}"} for i in range(20)])
    parts = list(csv_parts(df, rows=rows))
    assert len(parts) == -(-len(df) // rows)
    assert b"".join(parts).decode() == csv_text(df)
    assert list(csv_parts(df.iloc[:0])) == [csv_text(df.iloc[:0]).encode()]


def test_the_text_of_a_download_is_what_the_file_holds(tmp_path):
    df = awkward_table()
    assert to_csv(df, tmp_path / "m.csv").read_bytes().decode() == csv_text(df)


def test_more_rows_than_are_written_at_a_time_stay_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_CHUNK", 3)
    df = table(*({} for _ in range(10)))
    assert_frame_equal(read_csv(to_csv(df, tmp_path / "m.csv")), df)


def test_a_title_of_ten_megabytes_comes_back(tmp_path):
    df = table({"title": "x" * 10_000_000}, {})
    assert_frame_equal(read_csv(to_csv(df, tmp_path / "m.csv")), df)


class Unwritable:
    """A cell that fails when it is turned into text."""

    def __str__(self):
        raise KeyboardInterrupt


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = to_csv(table({}), tmp_path / "m.csv")
    before = target.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        to_csv(table({}).assign(mine=[Unwritable()]), target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


def test_permissions_of_an_existing_file_stay_and_links_stay_links(tmp_path):
    real = to_csv(table({}), tmp_path / "real.csv")
    real.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    assert to_csv(table({}, {}), link) == link
    assert link.is_symlink()
    assert len(read_csv(real)) == 2
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_new_file_gets_the_usual_permissions(tmp_path):
    usual = tmp_path / "usual"
    usual.touch()
    assert to_csv(table({}), tmp_path / "m.csv").stat().st_mode == usual.stat().st_mode


def test_places_that_cannot_hold_a_file_are_named(tmp_path):
    with pytest.raises(QueryError, match="nowhere"):
        to_csv(table({}), tmp_path / "nowhere" / "m.csv")
    with pytest.raises(QueryError, match="folder"):
        to_csv(table({}), os.fspath(tmp_path))
    with pytest.raises(QueryError, match="no such file"):
        read_csv(tmp_path / "absent.csv")


def test_what_is_no_table_or_names_a_column_twice_is_refused(tmp_path):
    with pytest.raises(TypeError, match="list"):
        to_csv([], tmp_path / "m.csv")
    with pytest.raises(QueryError, match="'id'"):
        csv_text(pd.concat([table({})[["id"]]] * 2, axis="columns"))


def test_a_file_that_is_no_milestones_table_is_refused(tmp_path):
    path = tmp_path / "m.csv"
    for content in (b"", b"a,b\n1,2\n", b"\xff\xfe\x00"):
        path.write_bytes(content)
        with pytest.raises(SchemaError, match="'id'"):
            read_csv(path)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("2026-01-15T00:00:00Z", "tomorrow", "start_date"),
        ('"2026-01-15T00:00:00Z"', "", "start_date"),
        ("[]", "A-1", "primary_event_tickers"),
        ("[]", "[1]", "primary_event_tickers"),
        ('"m0"', "", "id"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_column(tmp_path, old, new, named):
    path = tmp_path / "m.csv"
    path.write_text(csv_text(table({})).replace(old, new, 1))
    with pytest.raises(SchemaError, match=named) as caught:
        read_csv(path)
    assert caught.value.field == named


def test_a_torn_file_is_refused(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(csv_text(table({}, {}))[:-60])
    with pytest.raises(SchemaError):
        read_csv(path)


def test_a_file_that_another_program_saved_is_read_and_can_be_unescaped_on_say_so(tmp_path):
    df = table({"title": "=1"}, {"title": "'x"})
    path = tmp_path / "m.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as sink:
        csv.writer(sink).writerows(cells(csv_text(df)))
    assert read_csv(path)["title"].tolist() == ["'=1", "''x"]
    assert_frame_equal(read_csv(path, escaped=True), df)
