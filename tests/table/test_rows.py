"""Pages decoded the quick way say what pages decoded with care say."""

from __future__ import annotations

import json
import operator
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
from tests.table.test_frame import json_values, milestones, raw

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


@pytest.mark.parametrize("odd", [{"title": None}, {"end_date": 5}, {"primary_event_tickers": None}])
def test_only_the_row_with_anything_unusual_is_left_to_care(odd):
    usual, other = quick(body([raw(), raw(id="b") | odd]))
    assert type(usual) is MilestoneRow
    assert other == raw(id="b") | odd


@pytest.mark.parametrize(
    "unknown",
    [
        {"product_details": {}},
        {"later": 1, "again": [1.5, None, "A&M", 12345678901234567890123], "": True},
        {"extra": "mine", "unknown_0": {"a": 1}},
        {'a`b` - at `"ü\n': 0},
        {f"new_{number}": number for number in range(30)},
    ],
    ids=["one", "some", "names of ours", "an awkward name", "many"],
)
@pytest.mark.parametrize("odd", [{}, {"end_date": "soon"}, {"category": "\ud800"}, {"source_ids": None}])
def test_unknown_fields_are_kept_and_cost_no_row_its_place(unknown, odd):
    rows = [raw(id="a"), raw(id="b") | unknown, raw(id="c") | odd, raw(id="d"), raw(id="e") | unknown]
    text = json.dumps({"milestones": rows}).encode()
    table = page_table(quick(text))
    assert table.equals(page_table(decode(text)[0]["milestones"]))
    assert table["id"].to_pylist() == [*"abcde"]
    assert [None if one is None else json.loads(one) for one in table["extra"].to_pylist()] == [
        None, unknown, None, None, unknown,
    ]  # fmt: skip


def test_a_page_of_which_every_row_has_unknown_fields_is_still_rows():
    rows = quick(body([row | {"product_details": {}, "is_new": True} for row in PAGE]))
    assert all(isinstance(row, MilestoneRow) for row in rows)
    assert set(page_table(rows)["extra"].to_pylist()) == {'{"is_new":true,"product_details":{}}'}


def test_half_characters_in_an_unknown_field_are_counted():
    assert decode_answer(body([raw(later="half")]).replace(b'"half"', b'"\\ud800"'))[1] == 1


def test_an_unknown_field_that_could_not_be_read_again_is_refused_by_name():
    with pytest.raises(SchemaError, match=r"a1.*extra"):
        page_table(quick(body([raw(later=0)]).replace(b'"later":0', b'"later":1e400')))


def test_what_is_no_object_is_named_by_its_place():
    with pytest.raises(SchemaError, match="milestone 1 of the page is 7"):
        page_table(quick(body([raw(), 7])))


optional = st.sampled_from(["end_date", "source_id", "source_ids", "details"])
pages = st.lists(
    st.one_of(
        milestones,
        st.builds(operator.or_, milestones, st.dictionaries(st.text(max_size=3), json_values, max_size=3)),
        st.builds(operator.or_, milestones, st.dictionaries(optional, st.none())),
    ),
    max_size=6,
)


@given(pages)
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
