"""A small version of `python -m tests.scale`: Dask and DuckDB see what pandas sees."""

import pytest
from pandas.testing import assert_frame_equal

import milestone_kit as mk
from tests.scale.batches import counts_of, over, steps, totals, write_batches

pytest.importorskip("dask.dataframe", reason="Dask is not installed; pip install 'milestone-kit[scale]'")
duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed; pip install 'milestone-kit[scale]'")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return write_batches(tmp_path_factory.mktemp("batches"), rows=1_100, batch=300)


@pytest.mark.parametrize("name", steps())
def test_a_step_over_all_partitions_gives_what_pandas_gives_for_each(folders, name):
    step = steps()[name]
    tables = [step(mk.read_parquet(folder)) for folder in folders]
    spread = over(folders, step)
    for number, expected in enumerate(tables):
        assert_frame_equal(spread.get_partition(number).compute(scheduler="synchronous"), expected)
    facts = totals(folders, step, scheduler="synchronous")
    whole = [counts_of(table).set_index("fact")["count"] for table in tables]
    assert facts == {key: sum(int(one.get(key, 0)) for one in whole) for key in facts}
    assert facts["rows"] == sum(map(len, tables)) > 0


def test_duckdb_reads_the_same_rows_with_the_partition_column(folders):
    found = duckdb.sql(
        "select id, category, title, epoch_us(start_date), len(related_event_tickers) as tickers "
        f"from read_parquet('{folders[0].parent}/**/*.parquet', hive_partitioning = true) order by id"
    ).fetchall()
    expected = [row for folder in folders for row in mk.read_parquet(folder).itertuples()]
    expected.sort(key=lambda row: row.id)
    assert [row[:4] for row in found] == [
        (row.id, row.category, row.title, row.start_date.value // 1000) for row in expected
    ]
    assert [row[4] for row in found] == [len(row.related_event_tickers) for row in expected]
