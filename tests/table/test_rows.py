"""Pages decoded the quick way say what pages decoded with care say."""

from __future__ import annotations

import json
import warnings

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.core.rows import MilestoneRow, decode_answer
from milestone_kit.core.strict_json import JSONTextError, decode
from milestone_kit.errors import DataWarning, SchemaError
from milestone_kit.sandbox import synthetic_milestones
from milestone_kit.table.frame import page_table
from tests.table.test_frame import milestones, raw

PAGE = synthetic_milestones(300)


def body(rows, **others):
    return orjson.dumps({"milestones": rows, "cursor": "next"} | others)


def quick(text):
    return decode_answer(text)[0]["milestones"]


def test_a_usual_page_becomes_rows_and_the_same_table():
    page, replaced = decode_answer(body(PAGE))
    assert page["cursor"] == "next"
    assert replaced == 0
    assert {type(row) for row in page["milestones"]} == {MilestoneRow}
    assert page_table(page["milestones"]).equals(page_table(PAGE))


def test_the_last_page_has_no_cursor():
    assert decode_answer(b'{"milestones":[]}') == ({"milestones": []}, 0)


@pytest.mark.parametrize(
    "odd", [{"later": 1}, {"title": None}, {"end_date": 5}, {"primary_event_tickers": None}]
)
def test_a_page_with_anything_unusual_is_left_to_care(odd):
    rows = quick(body([raw(), raw(id="b") | odd]))
    assert rows == [raw(), raw(id="b") | odd]


@given(st.lists(milestones, max_size=6))
def test_any_page_gives_the_table_that_care_gives(rows):
    text = body(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        table, careful = page_table(quick(text)), page_table(decode(text)[0]["milestones"])
    for name in table.column_names:
        if name in {"details", "source_ids"}:
            assert [*map(json.loads, table[name].to_pylist())] == [
                *map(json.loads, careful[name].to_pylist())
            ]
        else:
            assert table[name].equals(careful[name])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b'{"a":"A\\u0026M \\"x\\""}', '{"a":"A&M \\"x\\""}'),
        (b'{ "a" : [1, 2] }', '{"a":[1,2]}'),
        (b'{"a":1.50,"b":12345678901234567890123}', '{"a":1.5,"b":12345678901234567890123}'),
        (b'{"a":0.12345678901234567890}', '{"a":0.12345678901234567890}'),
        (b'{"a":1e5}', '{"a":100000.0}'),
        (b'{"a":"1e5, 2"}', '{"a":"1e5, 2"}'),
        (b"null", "{}"),
    ],
)
def test_details_are_kept_as_compact_text_with_every_digit(sent, kept):
    text = body([raw(details=0)]).replace(b'"details":0', b'"details":' + sent)
    assert page_table(quick(text))["details"].to_pylist() == [kept]


@pytest.mark.parametrize(
    "sent",
    [
        b'{"a":1e400}',
        b'{"a":-2.5E999}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":' + b"[" * 1500 + b"]" * 1500 + b"}",
        b"[]",
        b'"{}"',
        b'{"a":"\xff"}',
    ],
)
def test_details_that_could_not_be_read_again_are_refused(sent):
    text = body([raw(details=0)]).replace(b'"details":0', b'"details":' + sent)
    with pytest.raises((SchemaError, JSONTextError)):
        page_table(quick(text))


def test_a_row_nested_deeper_than_can_be_read_again_is_refused_by_name():
    [row] = quick(body([raw()]))
    row.details = msgspec.Raw(b'{"a":' + b"[" * 1100 + b"]" * 1100 + b"}")
    with pytest.raises(SchemaError, match=r"a1.*details"):
        page_table([row])
