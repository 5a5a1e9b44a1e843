"""Any JSON that the endpoint's description allows, or nearly allows: a typed error, or a table that keeps."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import milestone_kit as mk
from milestone_kit.api.bodies import json_object
from milestone_kit.table.frame import milestones_frame
from milestone_kit.table.schema import COLUMNS, check_milestones
from tests.faults.bench import raw

DESCRIPTION = yaml.safe_load((Path(__file__).parents[1] / "data" / "openapi.yaml").read_text("utf-8"))
MILESTONE = DESCRIPTION["components"]["schemas"]["Milestone"]

texts = st.one_of(
    st.text(st.characters(), max_size=12),  # lone surrogates among them
    st.sampled_from(["=1+1", "NA", "", "\x00", "\r\n", "'", "null", "\u202e", '"', "\\", "a" * 3000]),
)
far = st.sampled_from(
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-01-15T20:00:00.1234567891Z"]
)
no_dates = st.sampled_from(
    [
        "2026-02-30T00:00:00Z",
        "2026-01-15T20:00:60Z",
        "2026-01-15T20:00:00+25:00",
        "",
        "soon",
        "\u0662026-01-01",
    ]
)
years = {"min_value": dt.datetime(1, 1, 3), "max_value": dt.datetime(9999, 12, 29)}  # noqa: DTZ001 - zones are drawn
moments = st.datetimes(**years).map(lambda moment: moment.isoformat() + "Z")
abroad = st.datetimes(**years, timezones=st.timezones()).map(lambda moment: moment.isoformat())
dates = st.one_of(moments, abroad, far, moments, abroad, far, moments, no_dates)
numbers = st.one_of(
    st.integers(),
    st.integers(10**17, 10**40),
    st.floats(),  # NaN and the infinities among them
    st.sampled_from([2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**400, 1e308, 5e-324, -0.0, 0.1 + 0.2]),
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
tickers = st.lists(texts, max_size=3)
sound = {
    "string": texts,
    "date-time": dates,
    "array": tickers,
    "object": st.dictionaries(texts, anything, max_size=4),
}


def values_of(described):
    kind = sound[described.get("format", described["type"])]
    return st.none() | kind if described.get("nullable") else kind


valid = st.fixed_dictionaries(
    {name: values_of(described) for name, described in MILESTONE["properties"].items()},
    optional={"unknown": anything, "another": anything},
)


@st.composite
def near_misses(draw):
    """Draw a milestone of the description, now and then with a field gone or of another kind."""
    row = draw(valid)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        name = draw(st.sampled_from(sorted(row)))
        if draw(st.booleans()):
            del row[name]
        else:
            row[name] = draw(anything)
    return row


@settings(max_examples=3 * settings.default.max_examples)
@given(st.lists(near_misses(), max_size=4), st.booleans(), st.booleans())
def test_a_page_is_refused_by_name_or_makes_a_table_that_keeps(tmp_path_factory, rows, plain, spaced):
    body = json.dumps({"milestones": rows, "cursor": ""}, ensure_ascii=plain, indent=1 if spaced else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mk.DataWarning)
        try:
            page = json_object(body.encode(errors="surrogatepass"), "page")
            df = milestones_frame(page["milestones"])
        except mk.SchemaError as error:
            judge(error, rows)
            return
    check_milestones(df)
    assert df["id"].is_unique
    assert set(df["id"]) <= {sound_text(row["id"]) for row in rows}
    folder = tmp_path_factory.getbasetemp()
    assert_frame_equal(mk.read_csv(mk.to_csv(df, folder / "near.csv")), df)
    assert_frame_equal(mk.read_parquet(mk.to_parquet(df, folder / "near.parquet")), df)


def sound_text(text):
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def judge(error, rows):
    """An error names what it is about: the page, or a milestone and its field."""
    if "not JSON" in str(error) or "is not a JSON object" in str(error):
        return
    assert error.field in COLUMNS
    assert str(error)
    assert error.id is None or error.id in {sound_text(str(row.get("id"))) for row in rows}
    if error.id is None:
        assert any(not isinstance(row.get("id"), str) for row in rows)


@given(st.dictionaries(texts, anything, max_size=5), st.booleans())
def test_what_is_kept_of_the_details_is_what_was_sent(details, plain):
    text = json.dumps({"milestones": [raw(details=details)]}, ensure_ascii=plain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mk.DataWarning)
        try:
            page = json_object(sound_text(text).encode(), "page")
            df = milestones_frame(page["milestones"])
        except mk.SchemaError:
            assert any(word in text for word in ("NaN", "Infinity", "0" * 300))
            return
    assert json.loads(df["details"][0]) == json.loads(sound_text(json.dumps(details, ensure_ascii=False)))
