"""What one cache folder has seen of an address teaches every later table of it."""

from __future__ import annotations

import json
import multiprocessing

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.analysis import learned
from milestone_kit.analysis.learned import durations_path, learn_from, learned_for, remember_where
from tests.strategies import EPOCH, NOW, at, table


def group_of(*counts):
    group = {"level": "type", "type": "curling", "league": None, "category": None, "since": 1, "through": 2}
    return json.dumps({"format": 1, "groups": [group | {"counts": [counts]}]}).encode()


URL = "http://127.0.0.1:9/trade-api/v2"
FETCHED = pd.Timestamp(NOW)


def lasting(minutes, count, *, since=-40, **row):
    return [
        {"start_date": at(since + place), "end_date": at(since + place + minutes / 60), "type": "curling"}
        | row
        for place in range(count)
    ]


@pytest.fixture
def kept(tmp_path):
    path = durations_path(tmp_path, URL)
    remember_where(URL, path)
    return path


def of_address(df):
    df.attrs["milestone_kit"] = {"source": URL, "fetched_at": FETCHED.isoformat()}
    return df


def taught(path):
    known = learned_for(of_address(table()))
    return None if known is None else known.set_index(["level", "type", "league", "category"])


def test_a_table_without_ends_knows_what_an_earlier_one_taught(kept):
    learn_from(table(*lasting(90, 9, category="New")), kept, now=FETCHED)
    ahead = of_address(table({"type": "Curling", "category": "new", "start_date": at(20)}))
    timeline = compute(ahead)
    assert timeline["end_level"].tolist() == ["learned"]
    assert timeline["end_samples"].tolist() == [9]
    assert abs(timeline["duration"][0] - pd.Timedelta("90min")) < pd.Timedelta("2min")
    elsewhere = table({"type": "curling", "category": "New", "start_date": at(20)})
    elsewhere.attrs["milestone_kit"] = {"source": "http://127.0.0.1:8/v2"}
    assert compute(elsewhere)["end_source"].tolist() == ["open"]


def compute(df):
    return mk.compute_timeline(df, now=NOW)


def test_no_row_counts_twice_however_often_and_in_what_order_tables_come(kept):
    early, late = lasting(60, 6, since=-90), lasting(60, 6, since=-40)
    for rows in (late, [*early, *late], early, late):
        learn_from(table(*rows), kept, now=FETCHED)
    assert taught(kept)["n"].to_dict() == {
        ("type", "curling", np.nan, np.nan): 12,
        ("category", np.nan, np.nan, "Sports"): 12,
    }


@given(st.lists(st.integers(2, 40_000), min_size=1, max_size=60))
def test_the_quantiles_are_those_of_the_durations_to_one_per_cent(tmp_path_factory, minutes):
    path = tmp_path_factory.mktemp("learned") / "durations" / "x.json"
    ends = [EPOCH - pd.Timedelta(minutes=number) for number in range(len(minutes))]
    spans = zip(ends, minutes, strict=True)
    rows = [{"start_date": end - pd.Timedelta(minutes=each), "end_date": end} for end, each in spans]
    learn_from(table(*rows), path, now=FETCHED)
    remember_where(URL, path)
    known = taught(path).loc["type"].iloc[0]
    for name, share in (("q25", 0.25), ("median", 0.5), ("q75", 0.75), ("q99", 0.99)):
        true = np.quantile(minutes, share, method="inverted_cdf")
        assert known[name] / pd.Timedelta(minutes=true) == pytest.approx(1, rel=0.011)


@pytest.mark.parametrize(
    "row",
    [
        {"end_date": at(-200), "start_date": at(-100)},
        {"end_date": at(-100), "start_date": at(-100)},
        {"end_date": at(-1), "start_date": at(-24 * 400)},
        {"end_date": at(40), "start_date": at(1)},
        {"start_date": pd.Timestamp("2000-01-01", tz="UTC"), "end_date": at(-1)},
        {},
    ],
    ids=["backwards", "no length", "over a year", "planned", "placeholder", "no end"],
)
def test_durations_that_cannot_be_never_enter_it(kept, row):
    learn_from(table({"start_date": at(-3)} | row), kept, now=FETCHED)
    assert not kept.exists()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"format": 2, "groups": []}',
        b'{"format": 1, "groups": [{"level": "type"}]}',
        group_of(99_999, 5),
        group_of(5, -5),
    ],
)
def test_a_damaged_file_is_put_aside_with_a_warning_and_the_priors_serve(kept, text):
    kept.parent.mkdir(parents=True)
    kept.write_bytes(text)
    ahead = of_address(table({"start_date": at(20)}))
    with pytest.warns(mk.CacheWarning, match="put aside"):
        timeline = compute(ahead)
    assert timeline["end_level"].tolist() == ["prior"]
    assert kept.with_name(f"{kept.name}.bad").read_bytes() == text
    learn_from(table(*lasting(90, 9)), kept, now=FETCHED)
    assert json.loads(kept.read_bytes())["format"] == 1


def _teach(path, place):
    learn_from(table(*lasting(60, 6, type=f"type {place}")), path, now=FETCHED)


def test_two_kernels_lose_nothing_of_each_other(kept):
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_teach, args=(kept, place)) for place in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    types = taught(kept).loc["type"].index.get_level_values("type")
    assert set(types) == {"type 0", "type 1"}


def test_every_walk_and_delta_teaches_and_the_table_can_be_read_without_one(client, server, monkeypatch):
    client.get_milestones()
    monkeypatch.setenv("MILESTONE_KIT_BASE_URL", client.base_url)
    monkeypatch.setenv("MILESTONE_KIT_CACHE_DIR", str(client._cache.folder))
    before = mk.typical_durations()
    assert before["level"].unique().tolist() == ["type", "category"]
    assert "league" in set(mk.typical_durations(by="league")["level"])
    one = client.get_milestones().query("end_date.isna() and start_date < @server.now()").iloc[0]
    server.update(one["id"], end_date=server.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    client.refresh()
    n = [each.set_index("level")["n"].loc["category"].sum() for each in (before, mk.typical_durations())]
    assert n[1] == n[0] + 1


def test_nothing_known_gives_an_empty_table_of_the_same_columns(tmp_path, monkeypatch):
    monkeypatch.setenv("MILESTONE_KIT_CACHE_DIR", str(tmp_path / "none"))
    empty = mk.typical_durations(by="league")
    assert empty.empty
    assert empty.columns.tolist() == mk.typical_durations(table({}), by="league").columns.tolist()
    assert learned.durations_path(tmp_path, URL) != learned.durations_path(tmp_path, URL + "x")
