"""Files of blocks give back what was written, notice what was not, and lose no more than is damaged."""

from __future__ import annotations

import io
import random

import numpy as np
import pyarrow as pa
import pytest

from milestone_kit.storage.blocks import DamageError, facts_of, open_rows, write_blocks

SIZES = (300, 1, 200)


def table(rows, *, start=0):
    numbers = np.arange(start, start + rows)
    return pa.table({"number": numbers, "text": pa.array([f"row {n}" for n in numbers], pa.large_string())})


@pytest.fixture(params=[False, True], ids=["plain", "packed"])
def path(tmp_path, request):
    path = tmp_path / "some.blocks"
    starts = np.cumsum([0, *SIZES])
    tables = [table(rows, start=start) for rows, start in zip(SIZES, starts, strict=False)]
    with path.open("wb") as file:
        write_blocks(file, tables, {"who": "we"}, format=7, packed=request.param)
    return path


def readable(path):
    """Give the numbers of the rows of all blocks that are as they were written."""
    numbers = []
    with path.open("rb", buffering=0) as file:
        rows = open_rows(file)
        for place in rows.places:
            try:
                numbers += rows.read(place)["number"].to_pylist()
            except DamageError:
                continue
    return numbers


def test_what_was_written_is_read_whole_by_block_and_by_column(path):
    with path.open("rb", buffering=0) as file:
        rows = open_rows(file)
        assert (rows.format, rows.total) == (7, 501)
        assert [(place.first, place.rows) for place in rows.places] == [(0, 300), (300, 1), (301, 200)]
        assert rows.read_all().equals(table(501))
        assert facts_of(rows.read_all()) == {"who": "we"}
        assert rows.read(rows.places[1], [1]).column_names == ["text"]


def test_an_empty_table_is_one_block(tmp_path):
    path = tmp_path / "none.blocks"
    with path.open("wb") as file:
        write_blocks(file, [table(0)], {}, format=1, packed=True)
    with path.open("rb", buffering=0) as file:
        assert open_rows(file).read_all().equals(table(0))
    path.write_bytes(path.read_bytes()[:-64])
    with path.open("rb", buffering=0) as file, pytest.raises(DamageError, match="not whole"):
        open_rows(file).read_all()


def test_whichever_byte_is_damaged_one_block_at_most_is_lost_and_nothing_wrong_is_read(path):
    whole, chance = path.read_bytes(), random.Random(3)
    lost = set()
    for at in [*range(0, len(whole), 37), *(chance.randrange(len(whole)) for _ in range(100))]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        numbers = readable(path)
        assert len(numbers) in {501 - rows for rows in SIZES}
        lost.add(501 - len(numbers))
        missing = sorted(set(range(501)) - set(numbers))
        assert missing == list(range(missing[0], missing[-1] + 1))
    assert lost == set(SIZES)


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.9, 0.9999])
def test_a_file_that_was_cut_short_gives_the_blocks_that_are_left(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    if share < 0.01:
        with path.open("rb", buffering=0) as file, pytest.raises(DamageError, match="no block"):
            open_rows(file)
    else:
        numbers = readable(path)
        assert numbers == list(range(len(numbers)))
        assert len(numbers) in {0, 300, 301}


def test_other_metadata_is_no_facts():
    with pytest.raises(DamageError, match="says nothing"):
        facts_of(table(1))


def test_a_file_may_be_written_to_memory():
    sink = io.BytesIO()
    write_blocks(sink, [table(3)], {}, format=1, packed=False)
    assert len(sink.getvalue()) % 64 == 0
