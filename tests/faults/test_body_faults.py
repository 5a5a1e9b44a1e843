"""Faults 19 to 27: values that are huge, deep, broken, missing, unknown or of the wrong kind."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import milestone_kit as mk
from milestone_kit.core.settings import Patience
from milestone_kit.panel.card import details_card
from milestone_kit.panel.table_view import TableView
from milestone_kit.sandbox import GO_ZERO_TIME, serve
from milestone_kit.table.schema import ATTRS_KEY, COLUMNS, TICKER_LISTS, check_milestones
from tests.faults.bench import page, raw

NOW = "2026-01-15T12:00:00Z"


@pytest.fixture
def server(clock):
    """A sandbox whose one milestone is also in the answers that follow: nothing gets lost on the way."""
    with serve(rows=[raw(title="older")], now=clock.moment, still=True) as running:
        yield running


@pytest.fixture
def answer_with(make_kept, server):
    """Let the server answer with these bytes; give a client that has an older answer."""

    def answer_with(body):
        kept = make_kept(server)
        server.script.replace(body)
        return kept

    return answer_with


def refused(kept, words):
    with pytest.raises(mk.SchemaError, match=words) as caught:
        kept.client.get_milestones()
    assert kept.survives()
    return caught.value


def fetched(kept):
    df = kept.client.get_milestones()
    check_milestones(df)
    assert_frame_equal(kept.make_client(kept.client.base_url).get_milestones(offline=True), df)
    return df


def stored(df, tmp_path):
    """Take a table away and bring it back, both ways."""
    assert_frame_equal(mk.read_csv(mk.to_csv(df, tmp_path / "m.csv")), df)
    mk.to_parquet(df, tmp_path / "m.parquet")
    assert_frame_equal(mk.read_parquet(tmp_path / "m.parquet"), df)
    return True


def test_fault_19_title_of_10_mb(answer_with, tmp_path):
    title = "A at B " * 1_500_000
    df = fetched(answer_with(page(raw(title=title), raw(id="m2"))))
    assert df["title"][0] == title
    assert stored(df, tmp_path)
    timeline = mk.compute_timeline(df, now=NOW)
    assert len(mk.plot_gantt(df, now=NOW).to_json()) < 100_000
    assert len(details_card(timeline.iloc[0], "UTC")) < 5_000
    view = TableView(timeline)
    shown = view.page(view.rows(timeline["id"].notna().to_numpy()), 0, "UTC", ())
    assert len(json.dumps(shown)) < 5_000


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e400", "-1e999", "9" * 5000],
    ids=lambda number: f"{number:.9}",
)
@pytest.mark.parametrize("place", ["details", "unknown field", "cursor"])
def test_fault_20_numbers_that_json_has_not(answer_with, number, place):
    if place == "details":
        body = page(raw(details={"n": "@"}))
    elif place == "unknown field":
        body = page(raw(n="@"))
    else:
        body = page(raw(), cursor="@")
    error = refused(
        answer_with(body.replace(b'"@"', number.encode())), "not JSON|cannot be kept|has the cursor"
    )
    assert "Recursion" not in str(error)


@pytest.mark.parametrize(
    "number",
    ["9007199254740993", "-9223372036854775808", "18446744073709551615", "123456789012345678901234567890",
     "-" + "9" * 300, "0.1000000000000000055511151231257827", "1.5", "-0.0"],
    ids=lambda number: f"{number:.24}",
)  # fmt: skip
def test_fault_20_long_numbers_keep_their_digits(answer_with, tmp_path, number):
    body = page(raw(details={"n": "@"}), raw(id="m2", unknown={"n": ["@"]}, details={}))
    df = fetched(answer_with(body.replace(b'"@"', number.encode())))
    assert df["extra"][1] == f'{{"unknown":{{"n":[{number}]}}}}'
    assert df["details"][0] == f'{{"n":{number}}}'
    assert stored(df, tmp_path)
    if "." not in number:
        assert mk.details_of(df, "m1") == {"n": int(number)}


def nested(depth):
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize("numbers", [b"1", b"9" * 30], ids=["short numbers", "long numbers"])
@pytest.mark.parametrize(
    ("place", "depth"),
    [("details", 2_000), ("details", 100_000), ("unknown field", 2_000), ("page", 100_000)],
)
def test_fault_21_deep_nesting(answer_with, place, depth, numbers):
    deep = nested(depth).replace(b"1", numbers)
    if place == "details":
        body = page(raw(details="@")).replace(b'"@"', deep)
    elif place == "unknown field":
        body = page(raw(n="@")).replace(b'"@"', deep)
    else:
        body = b'{"milestones": ' + b"[" * depth + b"]" * depth + b"}"
    refused(answer_with(body), r"not JSON|cannot be kept")


def test_fault_21_nesting_that_can_be_read_again_is_kept(answer_with, tmp_path):
    body = page(raw(details="@")).replace(b'"@"', nested(200))
    df = fetched(answer_with(body))
    assert df["details"][0] == nested(200).decode()
    assert stored(df, tmp_path)
    assert mk.details_of(df, "m1") == json.loads(nested(200))


@pytest.mark.parametrize("place", ["title", "details", "related_event_tickers", "unknown"])
def test_fault_22_lone_surrogate(answer_with, tmp_path, place):
    half = "A\ud800B"
    value = {"title": half, "details": {"t": half}, "related_event_tickers": [half], "unknown": half}[place]
    kept = answer_with(page(raw(**{place: value})))
    with pytest.warns(
        mk.DataWarning, match=r"1 half characters \(lone surrogates\) were replaced|1 x .*Unicode"
    ):
        df = kept.client.get_milestones()
    column = "extra" if place == "unknown" else place
    assert "A\ufffdB" in str(df[column][0])
    assert stored(df, tmp_path)


def test_fault_22_whole_characters_beyond_the_plane_are_left_alone(answer_with, tmp_path):
    df = fetched(answer_with(page(raw(title="\U0001f600 \\ud800", details={"t": "\U0001f600"}))))
    assert df["title"][0] == "\U0001f600 \\ud800"
    assert json.loads(df["details"][0]) == {"t": "\U0001f600"}
    assert stored(df, tmp_path)


def set_aside(kept, row, words):
    """The other row arrives; this one is told, named, counted and kept whole, and is an error if asked so."""
    with pytest.warns(mk.DataWarning, match=f"1 milestones break .* set aside.*{words}"):
        df = kept.client.get_milestones()
    assert df["id"].tolist() == ["m1"]
    assert df.attrs["milestone_kit"]["rejected"] == 1
    (told,) = kept.client.last_rejected.itertuples()
    assert json.loads(told.milestone) == row
    with pytest.raises(mk.SchemaError, match=words) as caught:
        kept.client.get_milestones(strict=True)
    assert (caught.value.id, caught.value.field) == (None if pd.isna(told.id) else told.id, told.field)
    return told


@pytest.mark.parametrize("field", ["primary_event_tickers", "related_event_tickers"])
@pytest.mark.parametrize(
    "value", ["KXGAME-1", ["KXGAME-1", 7], ["KXGAME-1", None], [["KXGAME-1"]], {"a": "KXGAME-1"}], ids=repr
)
def test_fault_23_ticker_list_that_is_none(answer_with, field, value):
    row = raw(id="m2", **{field: value})
    told = set_aside(answer_with(page(raw(), row)), row, f"milestone m2: field '{field}'")
    assert (told.id, told.field) == ("m2", field)


@pytest.mark.parametrize("field", ["primary_event_tickers", "related_event_tickers"])
def test_fault_23_null_for_a_ticker_list_is_an_empty_one(answer_with, field):
    kept = answer_with(page(raw(), raw(id="m2", **{field: None})))
    with pytest.warns(mk.DataWarning, match=f"1 x {field} null, taken for an empty list"):
        df = kept.client.get_milestones()
    assert df[field].list.len().tolist() == [len(raw()[field]), 0]
    assert kept.client.last_rejected.empty


REQUIRED = [
    "id", "category", "type", "title", "start_date", "notification_message",
    "primary_event_tickers", "related_event_tickers", "last_updated_ts",
]  # fmt: skip


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize("how", ["missing", "null", "a number"])
def test_fault_24_required_field(answer_with, field, how):
    row = raw(id="m2")
    if how == "missing":
        del row[field]
    else:
        row[field] = None if how == "null" else 7
    words = "is missing" if how == "missing" else rf"is {'null' if how == 'null' else 7}, expected"
    if how == "null" and field in TICKER_LISTS:
        return  # an empty list: fault 23
    told = set_aside(answer_with(page(raw(), row)), row, f"field '{field}' {words}")
    assert (None if pd.isna(told.id) else told.id, told.field) == (None if field == "id" else "m2", field)


def test_fault_24_most_rows_of_a_page_are_broken(answer_with):
    rows = [raw(id=f"m{number}", title=None) for number in range(3)]
    error = refused(answer_with(page(raw(), *rows)), "3 of the 4 milestones of this page are such")
    assert (error.id, error.field) == ("m0", "title")


def test_fault_25_unknown_field_and_10_000_keys(answer_with, tmp_path):
    many = {f"key {number}": number for number in range(10_000)}
    unknown = {"new": {"a": [1, None]}, "other": "x"}
    df = fetched(answer_with(page(raw(details=many), raw(id="m2", **unknown))))
    assert tuple(df.columns) == COLUMNS
    assert json.loads(df["details"][0]) == many
    assert df["extra"].isna().tolist() == [True, False]
    assert json.loads(df["extra"][1]) == unknown
    assert len(mk.expand_details(df).columns) <= len(COLUMNS) + 20
    assert mk.expand_details(df, ["key 9999"])["details.key 9999"].tolist()[0] == 9999
    assert stored(df, tmp_path)


NO_DATES = [
    "2026-02-30T00:00:00Z",
    "2026-01-15T20:00:60Z",
    "2026-13-01T00:00:00Z",
    "2026-01-15T25:00:00Z",
    "",
    "soon",
]


@pytest.mark.parametrize("value", NO_DATES)
def test_fault_26_optional_date_that_is_none(answer_with, value):
    kept = answer_with(page(raw(), raw(id="m2", end_date=value), raw(id="m3", end_date=1_790_000_000)))
    with pytest.warns(mk.DataWarning, match="2 x end_date unreadable, set to NaT"):
        df = kept.client.get_milestones()
    assert df["end_date"].isna().all()
    assert df.attrs[ATTRS_KEY]["repaired"] == 2


@pytest.mark.parametrize("field", ["start_date", "last_updated_ts"])
@pytest.mark.parametrize("value", NO_DATES)
def test_fault_26_required_date_that_is_none(answer_with, field, value):
    error = refused(
        answer_with(page(raw(), raw(id="m2", **{field: value}))), f"milestone m2: field '{field}'"
    )
    assert (error.id, error.field) == ("m2", field)
    assert re.search(r"not an RFC 3339 date", str(error))


DATES = {
    "0001-01-02T00:00:00Z": "0001-01-02T00:00:00Z",
    "9999-12-31T23:59:59.999999Z": "9999-12-31T23:59:59.999999Z",
    "2026-01-15T20:00:00.123456789Z": "2026-01-15T20:00:00.123456Z",
    "2026-01-15T20:00:00.1Z": "2026-01-15T20:00:00.1Z",
    "2026-01-15T20:00:00+05:30": "2026-01-15T14:30:00Z",
    "2026-01-15T20:00:00-11:00": "2026-01-16T07:00:00Z",
    "2026-01-15T20:00:00.1234567891+05:30": "2026-01-15T14:30:00.123456Z",
    "2026-01-15T20:00:00.1234567891-11:00": "2026-01-16T07:00:00.123456Z",
    "2026-01-15t20:00:00z": "2026-01-15T20:00:00Z",
}


@pytest.mark.parametrize("sent", DATES)
def test_fault_27_far_fine_and_offset_dates(answer_with, tmp_path, sent):
    df = fetched(answer_with(page(raw(start_date=sent, end_date=sent, last_updated_ts=sent))))
    for name in ("start_date", "end_date", "last_updated_ts"):
        assert df[name].dtype == pd.DatetimeTZDtype("us", "UTC")
        assert df[name][0] == pd.Timestamp(DATES[sent]).as_unit("us")
    assert stored(df, tmp_path)


def test_fault_27_go_zero_time(answer_with, tmp_path):
    df = fetched(answer_with(page(raw(last_updated_ts=GO_ZERO_TIME, end_date=GO_ZERO_TIME))))
    assert df[["end_date", "last_updated_ts"]].isna().all(axis=None)
    assert stored(df, tmp_path)


def test_fault_27_go_zero_time_as_the_start(answer_with, tmp_path):
    """A required date is never missing: the instant is kept as it is."""
    df = fetched(answer_with(page(raw(start_date=GO_ZERO_TIME))))
    assert df["start_date"][0] == pd.Timestamp(GO_ZERO_TIME)
    assert stored(df, tmp_path)


def test_fault_62_more_than_memory_should_hold(make_client, clock):
    """A thousand titles, of a megabyte each but for the test's sake: given up in time, with advice."""
    rows = [raw(id=f"m{number:04d}", title="A at B " * 1000) for number in range(1000)]
    patience = Patience(most_bytes=1_000_000)
    with serve(rows=rows, now=clock.moment, still=True) as server:
        client = make_client(server.url, patience=patience, workers=1)
        with pytest.raises(
            mk.TooLargeError, match=r"take over 0 MB of memory; .*max_rows.*iter_pages"
        ) as caught:
            client.get_milestones(limit=10)
        assert len(server.requests) <= 15 + 10, "and some that were on their way"
        assert len(client.get_milestones(limit=10, max_rows=50)) == 50
        assert sum(map(len, client.iter_pages(limit=10))) == 1000
    assert isinstance(caught.value, mk.MilestoneKitError)
    assert 2**28 <= Patience().most_bytes <= 2**30


def test_fault_62_page_that_is_too_large(answer_with):
    kept = answer_with(page(raw(title="A" * (65 * 2**20))))
    with pytest.raises(mk.NetworkError, match=r"larger than 67108864 bytes; ask with a smaller limit"):
        kept.client.get_milestones()
    assert kept.survives()
