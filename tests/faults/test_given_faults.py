"""Faults 64 to 66: partition values that are no names, files that lie or burst, tables that lack values."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

import milestone_kit as mk
from milestone_kit.table.schema import ARROW_SCHEMA
from tests.strategies import table

LISTS = ["primary_event_tickers", "related_event_tickers"]
REQUIRED = [field.name for field in ARROW_SCHEMA if not field.nullable]


@pytest.mark.parametrize("value", ["a\0b", "x" * 300, "é" * 60, "__HIVE_DEFAULT_PARTITION__"], ids=ascii)
@pytest.mark.parametrize("key", ["category", "type"])
def test_fault_64_partition_value_that_is_no_name(tmp_path, key, value):
    with pytest.raises(mk.QueryError, match=f"a {key} is ") as caught:
        mk.to_parquet(table({}, {key: value}), tmp_path / "m", partition_by=key)
    assert repr(value)[1:40] in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["..", "/", "../../up", ".", "\\", "é" * 30, "x" * 200], ids=ascii)
def test_fault_64_partition_value_that_only_looks_dangerous(tmp_path, value):
    df = table({}, {"category": value, "start_date": pd.Timestamp("2026-02-01", tz="UTC")})
    (tmp_path / "in").mkdir()
    path = mk.to_parquet(df, tmp_path / "in" / "m", partition_by="category")
    assert [one.name for one in tmp_path.iterdir()] == ["in"]
    pd.testing.assert_frame_equal(mk.read_parquet(path), df)


def arrow_table():
    return pa.Table.from_pandas(mk.sample_milestones(20), preserve_index=False)


def written(folder, made, about=None):
    if about is not None:
        made = made.replace_schema_metadata({b"milestone_kit": about})
    pq.write_table(made, folder / "m.parquet")
    return folder / "m.parquet"


LIES = {
    "no JSON": b"{",
    "no text": b"\xff\xfe",
    "another kind": b"[1, 2]",
    "deep": b"[" * 100_000,
    "columns": b'{"columns": 7}',
    "columns twice": b'{"columns": ["id", "id"]}',
    "partitions": b'{"partition_by": ["no"]}',
    "categories": b'{"categories": {"title": {"values": ["a", "a"], "ordered": false}}}',
    "categories of no text": b'{"categories": {"mine": {"values": [1], "ordered": 3}}}',
    "other categories": b'{"categories": {"mine": {"values": ["a"], "ordered": false}}}',
    "categories of a list": b'{"categories": {"lists": {"values": ["a"], "ordered": false}}}',
    "arrow": b'{"arrow": {"a": 1}}',
}


@pytest.mark.parametrize("lie", LIES)
def test_fault_65_file_that_lies_of_itself(tmp_path, lie):
    made = arrow_table()
    made = made.append_column("mine", made["title"]).append_column("lists", made["related_event_tickers"])
    with pytest.raises(mk.SchemaError):
        mk.read_parquet(written(tmp_path, made, LIES[lie]))


@pytest.mark.parametrize("numpy_type", ["datetime64[xx]", "category", "os.system", 7, None])
def test_fault_65_file_that_lies_to_pandas(tmp_path, numpy_type):
    column = {"name": "mine", "field_name": "mine", "pandas_type": "unicode", "numpy_type": numpy_type}
    lies = {"columns": [column | {"metadata": None}], "index_columns": ["mine"], "column_indexes": [{}]}
    made = arrow_table().append_column("mine", pa.array(["a"] * 20))
    made = made.replace_schema_metadata({b"pandas": json.dumps(lies).encode()})
    path = written(tmp_path, made)
    try:
        df = mk.read_parquet(path)
    except mk.SchemaError:
        return
    assert df["mine"].tolist() == ["a"] * 20


class _Unknown(pa.ExtensionType):
    def __init__(self):
        super().__init__(pa.string(), "somebody.else")

    def __arrow_ext_serialize__(self):
        return b"\x80\x04cos\nsystem\n"  # what was once unpickled

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()


@pytest.mark.parametrize("kind", ["json", "uuid", "unknown", "known"])
def test_fault_65_extension_types(tmp_path, kind):
    """What another program marked as JSON is text; what cannot be text is refused by its column."""
    made = arrow_table()
    texts = made["details"].cast(pa.string()).combine_chunks()
    marked = {
        "json": lambda: pa.ExtensionArray.from_storage(pa.json_(), texts),
        "uuid": lambda: pa.ExtensionArray.from_storage(
            pa.uuid(), pa.array([b"\xff" * 16] * 20, pa.binary(16))
        ),
        "unknown": lambda: pa.ExtensionArray.from_storage(_Unknown(), texts),
        "known": lambda: pa.ExtensionArray.from_storage(_Unknown(), texts),
    }[kind]()
    if kind == "known":
        pa.register_extension_type(_Unknown())
    try:
        path = written(tmp_path, made.set_column(made.column_names.index("details"), "details", marked))
        if kind == "uuid":
            with pytest.raises(mk.SchemaError, match="details"):
                mk.read_parquet(path)
        else:
            assert mk.read_parquet(path)["details"].tolist() == texts.to_pylist()
    finally:
        if kind == "known":
            pa.unregister_extension_type("somebody.else")


def test_fault_65_damaged_file_and_text_that_is_none(tmp_path):
    whole = written(tmp_path, arrow_table()).read_bytes()
    path = tmp_path / "damaged.parquet"
    for at in (len(whole) // 2, len(whole) - 100, len(whole) - 9, 4, 2000):
        path.write_bytes(whole[:at])
        with pytest.raises(mk.SchemaError):
            mk.read_parquet(path)
    made = arrow_table()
    broken = pa.array([b"\xff\xfe\xfa"] * 20).cast(pa.binary()).view(pa.string())
    with pytest.raises(mk.SchemaError, match="UTF"):
        mk.read_parquet(written(tmp_path, made.set_column(3, "title", broken)))
    feather.write_feather(made, path)
    with pytest.raises(mk.SchemaError):
        mk.read_parquet(path)


BURST = """
import resource, sys
import pyarrow as pa
import milestone_kit as mk
mk.read_parquet
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    mk.read_parquet(sys.argv[1], columns=[sys.argv[2]])
except mk.SchemaError as error:
    print("refused", error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def bomb(path, name, value, rows):
    """Write a file of some KB in which one value stands in every row."""
    at_once = min(rows, 100_000_000 // len(value[0] if isinstance(value, list) else value))
    one = pa.table({name: pa.array([value]).take(pa.array([0] * at_once))})
    with pq.ParquetWriter(path, one.schema, compression="zstd", dictionary_pagesize_limit=1 << 28) as sink:
        for _ in range(rows // one.num_rows):
            sink.write_table(one)


@pytest.mark.parametrize(
    ("name", "value", "rows"),
    [
        ("title", "x" * 200_000, 10_000),
        ("title", "x" * 20_000_000, 100),
        ("primary_event_tickers", ["x" * 200_000], 10_000),
        ("mine", b"x" * 1_000_000, 2_000),
    ],
    ids=["a text", "a large text", "a ticker", "bytes"],
)
def test_fault_65_small_file_that_unpacks_to_gigabytes(tmp_path, name, value, rows):
    path = tmp_path / "bomb.parquet"
    bomb(path, name, value, rows)
    assert path.stat().st_size < 300_000
    done = subprocess.run(
        [sys.executable, "-c", BURST, path, name], capture_output=True, text=True, timeout=120, check=True
    )
    said, taken = done.stdout.splitlines()
    assert said.startswith("refused bomb.parquet unpacks to more than 1,000,000,000 bytes")
    assert int(taken) < 1_500_000, "in KB: a little over what is allowed"


def test_fault_65_bound_can_be_set(tmp_path):
    bomb(tmp_path / "m.parquet", "mine", "x" * 10_000, 1000)
    assert len(mk.read_parquet(tmp_path / "m.parquet", columns="mine")) == 1000
    with pytest.raises(mk.SchemaError, match="more than 100,000 bytes"):
        mk.read_parquet(tmp_path / "m.parquet", columns="mine", max_bytes=100_000)
    for wrong in (0, True, "1 GB"):
        with pytest.raises(mk.QueryError, match="max_bytes="):
            mk.read_parquet(tmp_path / "m.parquet", max_bytes=wrong)


@pytest.mark.parametrize("name", REQUIRED)
def test_fault_66_table_that_lacks_values(name):
    df = mk.sample_milestones(20)
    df[name] = df[name].where(df.index != 7)
    with pytest.raises(
        mk.SchemaError, match=f"column '{name}' lacks 1 of 20 values, the first in row 7"
    ) as caught:
        df.milestones  # noqa: B018 - being touched is what it is about
    assert caught.value.field == name


def broken(df):
    """Give tables that are no milestones for one reason each, with the column at fault."""
    start, title = df["start_date"], df["title"]
    yield "start_date", df.assign(start_date=start.where(df.index != 3))
    yield "start_date", df.assign(start_date=start.dt.tz_localize(None))
    yield "start_date", df.assign(start_date=start.dt.tz_convert("America/New_York"))
    yield "start_date", df.assign(start_date=start.dt.as_unit("ns"))
    yield "start_date", df.assign(start_date=start.astype("str"))
    yield "start_date", df.drop(columns="start_date")
    yield "start_date", pd.concat([df, df[["start_date"]]], axis="columns")
    yield "id", df.assign(id=df["id"].where(df.index != 3))
    yield "id", df.assign(id=range(len(df)))
    yield "title", df.assign(title=title.where(df.index != 3))
    yield "title", df.assign(title=title.astype(object))
    yield LISTS[0], df.assign(primary_event_tickers=[["A"]] * len(df))
    yield LISTS[1], df.assign(related_event_tickers=df[LISTS[1]].where(df.index != 3))
    gaps = pd.Series([["A", None]] * len(df), dtype=df[LISTS[1]].dtype)
    yield LISTS[1], df.assign(related_event_tickers=gaps)


@pytest.mark.parametrize("ask", [
    mk.compute_timeline, mk.filter_milestones, mk.ticker_table, mk.find_overlaps, mk.typical_durations,
    mk.coverage, mk.calendar_counts, mk.concurrency, mk.busiest, mk.gaps, mk.next_up, mk.assign_lanes,
    mk.calibrate_durations, mk.explode_tickers, mk.expand_details, mk.plot_gantt, mk.plot_calendar,
    mk.plot_concurrency, mk.explore,
    mk.diff_milestones, mk.slips, mk.related_milestones, mk.find_by_ticker, mk.details_of,
], ids=lambda ask: ask.__name__)  # fmt: skip
def test_fault_66_every_function_names_the_column(ask):
    """What a function does not need, it need not mind; what it needs and has not, it names."""
    df = mk.sample_milestones(20)
    more = {
        mk.coverage: [["KXA"]], mk.diff_milestones: [df], mk.slips: [df], mk.find_by_ticker: [["KXA"]],
        mk.related_milestones: [df["id"][0]], mk.concurrency: ["D"], mk.details_of: [df["id"][0]],
    }.get(ask, [])  # fmt: skip
    named = set()
    for column, table_given in broken(df):
        try:
            ask(table_given, *more)
        except mk.SchemaError as error:
            named.add(column)
            assert error.field == column  # noqa: PT017
    assert named
