"""Distinct tickers of each row, against a dictionary per row."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis import links as links_module
from milestone_kit.analysis.links import distinct_links

STRINGS = pa.list_(pa.string())
texts = st.sampled_from(
    [
        "",
        "A",
        "AB",
        "KX-1",
        "KXABCDEF",
        "KXABCDEFG",
        "KXABCDEF-1-LONGTAIL",
        "KXABCDEF-2-LONGTAIL",
        "é",
        "\0",
        "\0\0",
    ]
) | st.text(st.characters(codec="utf-8"), max_size=20)
lists = st.lists(st.tuples(st.lists(texts, max_size=6), st.lists(texts, max_size=6)), max_size=8)


def expected(rows):
    return [
        (number, ticker, ticker in first, ticker in second)
        for number, (first, second) in enumerate(rows)
        for ticker in dict.fromkeys([*first, *second])
    ]


def told(first, second):
    links = distinct_links(first, second)
    return list(
        zip(
            links.rows.tolist(),
            links.tickers.to_pylist(),
            links.in_first.tolist(),
            links.in_second.tolist(),
            strict=True,
        )
    )


@pytest.mark.parametrize(("near", "block"), [(24, 65_536), (4, 3), (0, 1)])
@given(rows=lists)
def test_links_are_what_a_dictionary_per_row_keeps(near, block, rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links_module, "_NEAR", near)
        patch.setattr(links_module, "_BLOCK", block)
        assert told(*(pa.array([row[side] for row in rows], STRINGS) for side in (0, 1))) == expected(rows)


@given(rows=lists, cut=st.integers(0, 8))
def test_a_slice_of_the_lists_is_read_from_where_it_begins(rows, cut):
    columns = (pa.array([row[side] for row in rows], STRINGS).slice(cut) for side in (0, 1))
    assert told(*columns) == expected(rows[cut:])


def test_texts_that_only_look_alike_in_their_marks_are_kept_apart():
    alike = ["KXABCDEFGHxxMIDDLE-26JAN15", "KXABCDEFGHyyMIDDLE-26JAN15"]
    column = pa.array([alike], STRINGS)
    assert told(column, column) == [(0, ticker, True, True) for ticker in alike]


def test_a_row_of_hundreds_of_tickers_is_like_any_other():
    many = [f"KX-{number % 150}" for number in range(400)]
    rows = [(many[:100], many), ([], []), (["KX-1"], ["KX-1"])]
    assert told(*(pa.array([row[side] for row in rows], STRINGS) for side in (0, 1))) == expected(rows)
