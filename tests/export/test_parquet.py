"""Parquet files and folders give the same table back, to us and to others, whole or not at all."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from milestone_kit.analysis.tickers import ticker_table
from milestone_kit.analysis.timeline import compute_timeline
from milestone_kit.errors import QueryError, SchemaError
from milestone_kit.export.parquet import read_parquet, to_parquet
from milestone_kit.sandbox import sample_milestones
from milestone_kit.table.schema import empty_milestones
from tests.strategies import NOW, at, milestones, table

KEYS = ["year", "month", "category", "type"]
HOSTILE = [
    "",
    "a/b",
    "../../up",
    "..",
    ".",
    "x=y",
    "50 %",
    "%2F",
    "ä ö",
    "a",
    "A",
    "\n",
    "'",
    '"',
    "\\",
    "1",
    "null",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("parquet")


def ordered(df):
    return df.sort_values(["start_date", "id"], ignore_index=True, kind="stable")


def files(path):
    return sorted(one.relative_to(path).as_posix() for one in path.rglob("*.parquet"))


@given(df=milestones())
def test_a_file_gives_the_same_table_back(folder, df):
    assert_frame_equal(read_parquet(to_parquet(df, folder / "file.parquet")), df)


@given(df=milestones(), keys=st.lists(st.sampled_from(KEYS), min_size=1, unique=True))
def test_a_folder_gives_the_same_table_back_in_order(folder, df, keys):
    path = to_parquet(df, folder / "parts", partition_by=keys)
    assert_frame_equal(read_parquet(path), ordered(df))
    assert sorted(one.name for one in folder.iterdir() if one.name.startswith(".")) == []


@pytest.mark.parametrize("partition_by", [None, "category"])
@pytest.mark.parametrize("rows", [0, 3, 500])
def test_columns_of_a_timeline_and_of_ones_own_come_back_exactly(tmp_path, rows, partition_by):
    df = compute_timeline(sample_milestones(500).head(rows), now=NOW)
    df["note"] = pd.Series(["x", None] * rows, dtype="str").head(rows)
    df["score"] = pd.Series(range(rows), dtype="Int64").mask(lambda score: score == 1)
    df["grade"] = pd.Categorical(["b"] * rows, categories=["b", "a", "never"])
    df["lists"] = df["related_event_tickers"]
    path = to_parquet(df, tmp_path / "m", partition_by=partition_by)
    assert_frame_equal(read_parquet(path), df)


@pytest.mark.parametrize("key", ["category", "type"])
def test_hostile_values_are_escaped_in_the_folders_names(tmp_path, key):
    df = table(*({key: value} for value in HOSTILE))
    path = to_parquet(df, tmp_path / "m", partition_by=key)
    assert {one.name for one in tmp_path.iterdir()} == {"m"}
    assert len(files(path)) == len(HOSTILE)
    assert all(one.count("/") == 1 for one in files(path))
    assert_frame_equal(read_parquet(path), ordered(df))


def test_the_one_value_that_hive_cannot_tell_from_none_is_refused(tmp_path):
    with pytest.raises(QueryError, match="HIVE_DEFAULT"):
        to_parquet(table({"category": "__HIVE_DEFAULT_PARTITION__"}), tmp_path / "m", partition_by="category")
    assert list(tmp_path.iterdir()) == []


def test_folders_are_named_as_other_programs_expect(tmp_path):
    df = table({"start_date": at(0)}, {"start_date": at(24 * 20)})
    path = to_parquet(df, tmp_path / "m", partition_by=["year", "month"])
    assert files(path) == ["year=2026/month=1/part-0.parquet", "year=2026/month=2/part-0.parquet"]
    plain = ds.dataset(path, format="parquet", partitioning="hive")
    assert plain.to_table(filter=ds.field("month") == 2)["id"].to_pylist() == ["m1"]


def test_the_files_hold_plain_types_only(tmp_path):
    df = compute_timeline(sample_milestones(50), now=NOW)
    schema = pq.ParquetFile(to_parquet(df, tmp_path / "m.parquet")).schema
    physical = {schema.column(n).path: schema.column(n).physical_type for n in range(len(schema))}
    assert physical["start_date"] == physical["duration"] == "INT64"
    assert physical["status"] == physical["details"] == "BYTE_ARRAY"
    assert physical["related_event_tickers.list.element"] == "BYTE_ARRAY"


def test_chosen_columns_come_in_the_order_asked_for(tmp_path):
    df = sample_milestones(50)
    for path in (
        to_parquet(df, tmp_path / "m.parquet"),
        to_parquet(df, tmp_path / "m", partition_by=["year", "category"]),
    ):
        assert_frame_equal(read_parquet(path, columns=["title", "category"]), df[["title", "category"]])
        with pytest.raises(QueryError, match="no column 'leage'"):
            read_parquet(path, columns=["leage"])


def test_pandas_itself_reads_the_files(tmp_path):
    df = sample_milestones(20)
    for path in (to_parquet(df, tmp_path / "m.parquet"), to_parquet(df, tmp_path / "m", partition_by="type")):
        theirs = pd.read_parquet(path)
        assert sorted(theirs["id"]) == sorted(df["id"])
        assert set(df.columns) <= set(theirs.columns)


def test_other_tables_can_be_written_and_their_columns_read(tmp_path):
    links = ticker_table(sample_milestones(50))
    path = to_parquet(links, tmp_path / "links.parquet")
    assert_frame_equal(read_parquet(path, columns=links.columns), links)
    with pytest.raises(SchemaError, match="'id'"):
        read_parquet(path)


def test_a_file_that_another_program_wrote_is_read_if_it_fits(tmp_path):
    df = sample_milestones(20)
    plain = pa.Table.from_pandas(df, preserve_index=False).replace_schema_metadata(None)
    at_start = plain.column_names.index("start_date")
    plain = plain.set_column(at_start, "start_date", plain["start_date"].cast(pa.timestamp("ns", "UTC")))
    pq.write_table(plain, tmp_path / "m.parquet", store_schema=False)
    assert_frame_equal(read_parquet(tmp_path / "m.parquet"), df)
    ds.write_dataset(
        plain, tmp_path / "m", format="parquet", partitioning=["category"], partitioning_flavor="hive"
    )
    assert_frame_equal(read_parquet(tmp_path / "m")[list(df.columns)], df)


def test_a_target_stays_as_it_was_when_writing_fails(tmp_path, monkeypatch):
    before = sample_milestones(20)
    path = to_parquet(before, tmp_path / "m", partition_by="category")

    def refuse(*_, **__):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(ds, "write_dataset", refuse)
        with pytest.raises(OSError, match="disk full"):
            to_parquet(before.head(1), path, partition_by="category")
    assert_frame_equal(read_parquet(path), before)
    assert [one.name for one in tmp_path.iterdir()] == ["m"]
    to_parquet(before.head(1), path, partition_by="type")
    assert_frame_equal(read_parquet(path), before.head(1))
    assert [one.name for one in tmp_path.iterdir()] == ["m"]


def test_a_folder_with_anything_else_in_it_is_never_replaced(tmp_path):
    tmp_path.joinpath("thesis.txt").write_text("years of work")
    with pytest.raises(QueryError, match="something else"):
        to_parquet(table({}), tmp_path, partition_by="year")
    with pytest.raises(QueryError, match="is a folder"):
        to_parquet(table({}), tmp_path)
    assert tmp_path.joinpath("thesis.txt").exists()


@pytest.mark.parametrize("wrong", ["day", [], ["year", "year"], ["year", 7]])
def test_a_wrong_key_is_refused_by_name(tmp_path, wrong):
    with pytest.raises(QueryError, match="partition_by="):
        to_parquet(table({}), tmp_path / "m", partition_by=wrong)


def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(QueryError, match="compression='zip'"):
        to_parquet(table({}), tmp_path / "m", compression="zip")
    with pytest.raises(QueryError, match="no folder"):
        to_parquet(table({}), tmp_path / "no" / "m")
    with pytest.raises(QueryError, match="no folder"):
        to_parquet(table({}), tmp_path / "no" / "m", partition_by="year")
    with pytest.raises(QueryError, match="of its own called 'year'"):
        to_parquet(table({}).assign(year=1), tmp_path / "m", partition_by="year")
    with pytest.raises(QueryError, match="mixed"):
        to_parquet(table({}, {}).assign(mixed=np.array([1, "a"], dtype=object)), tmp_path / "m")
    with pytest.raises(SchemaError, match="'start_date'"):
        to_parquet(pd.DataFrame({"a": [1]}), tmp_path / "m", partition_by="year")
    with pytest.raises(TypeError, match="expected a DataFrame"):
        to_parquet([1], tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_parquet_is_refused(tmp_path):
    tmp_path.joinpath("m.parquet").write_bytes(b"id,title\n")
    with pytest.raises(SchemaError, match=r"m\.parquet cannot be read"):
        read_parquet(tmp_path / "m.parquet")
    tmp_path.joinpath("m").mkdir()
    with pytest.raises(SchemaError, match="holds no Parquet"):
        read_parquet(tmp_path / "m")
    to_parquet(empty_milestones(), tmp_path / "m.parquet")
    wrong = (
        pq.read_table(tmp_path / "m.parquet")
        .drop_columns("title")
        .append_column("title", pa.array([], pa.int32()))
    )
    pq.write_table(wrong.set_column(0, "id", pa.array([], pa.list_(pa.string()))), tmp_path / "m.parquet")
    with pytest.raises(SchemaError, match="'id'"):
        read_parquet(tmp_path / "m.parquet")


def test_a_file_system_that_ignores_case_is_noticed(tmp_path, monkeypatch):
    """Folders of values that differ in case only would overwrite each other there."""
    write = ds.write_dataset
    monkeypatch.setattr(ds, "write_dataset", lambda data, *where, **how: write(data.slice(1), *where, **how))
    with pytest.raises(OSError, match="case only"):
        to_parquet(table({"category": "a"}, {"category": "A"}), tmp_path / "m", partition_by="category")
    assert list(tmp_path.iterdir()) == []
