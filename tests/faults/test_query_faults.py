"""Faults 28, 29, 39 and 40: ends that cannot be, questions that cannot be asked, clocks that are wrong."""

from __future__ import annotations

import datetime as dt
import os
import time

import numpy as np
import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.table.schema import ATTRS_KEY, COLUMNS, DTYPES, check_milestones
from tests.faults.bench import page, raw, truth

NOW = pd.Timestamp("2026-01-15T21:00:00Z")


@pytest.mark.parametrize("end", [None, "absent", "2026-01-15T19:00:00Z", "2020-01-01T00:00:00Z"], ids=str)
def test_fault_28_end_that_is_null_absent_or_before_the_start(client, server, end):
    row = raw(end_date=end)
    if end == "absent":
        del row["end_date"]
    server.script.replace(page(row, raw(id="m2", end_date="2026-01-15T23:00:00Z")))
    df = client.get_milestones()
    timeline = mk.compute_timeline(df, now=NOW, assume=None)
    assert timeline["end_source"].tolist() == ["open", "reported"]
    assert timeline["suspect"].tolist() == [str(end).startswith("20"), False]
    assert not (timeline["duration"] < pd.Timedelta(0)).any()
    figure = mk.plot_gantt(df, now=NOW, assume=None)
    drawn = [part for part in figure.data if part.type == "bar"]
    lengths = np.concatenate([np.atleast_1d(np.asarray(bar.x, dtype=float)) for bar in drawn] or [[]])
    assert (lengths >= 0).all()
    assert df["end_date"].isna().tolist() == [end in {None, "absent"}, False], "the table tells what was sent"


@pytest.mark.parametrize("limit", [0, -1, 501, True, "500", 1.0, None], ids=repr)
def test_fault_29_limit_that_cannot_be(client, server, limit):
    for ask in (client.get_milestones, client.refresh, client.iter_pages):
        with pytest.raises(mk.QueryError, match=rf"limit={limit!r}: expected a whole number from 1 to 500"):
            ask(limit=limit)
    assert server.requests == []


def test_fault_29_unknown_keyword(client, server):
    for ask in (client.get_milestones, client.refresh, client.iter_pages, client.history, client.changes):
        with pytest.raises(TypeError, match="categroy"):
            ask(categroy="Sports")
    with pytest.raises(TypeError, match="categroy"):
        mk.get_milestones(categroy="Sports", client=client)
    assert server.requests == []


@pytest.mark.parametrize(
    ("asked", "near"),
    [("SPORT", "'Sports'"), ("Sprots", "'Sports'"), ("Financial", "'Financials'"), ("zzzzzzz", None)],
)
def test_fault_39_category_that_does_not_exist(client, asked, near):
    with pytest.warns(mk.EmptyResultWarning, match=f"no milestone matches category='{asked}'") as caught:
        df = client.get_milestones(category=asked)
    assert (near is None) == ("near values" not in str(caught[0].message))
    assert near is None or near in str(caught[0].message)
    check_milestones(df)
    assert (len(df), tuple(df.columns), df.dtypes.to_dict()) == (0, COLUMNS, DTYPES)
    assert df.attrs[ATTRS_KEY]["complete"] is True


@pytest.mark.parametrize("days", [-1, 1])
def test_fault_40_clock_that_is_wrong_by_a_day(make_client, server, clock, days):
    """Ours is wrong while the server's is right: no row is lost, now or at a refresh."""
    right = clock.moment
    wrong = days * 86_400
    server._world._clock = lambda: right() - dt.timedelta(seconds=wrong)
    clock.now += wrong
    client = make_client(server.url)
    pd.testing.assert_frame_equal(client.get_milestones(), truth(server))
    for number in (0, 600, 1100):
        clock.now += 60
        server.update(server.milestones()[number]["id"], title=f"title {number}")
        pd.testing.assert_frame_equal(client.refresh(), truth(server))
    clock.now -= wrong  # and then it is set right
    server.update(server.milestones()[1]["id"], title="another title")
    pd.testing.assert_frame_equal(client.refresh(), truth(server))


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])
def kernel_zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()
    assert os.environ.get("TZ") != "Pacific/Apia"


def test_fault_40_kernel_in_another_time_zone(client, server, kernel_zone):
    """Statuses come from UTC and the given `now`, dates without a zone are UTC, wherever the kernel is."""
    server.script.replace(page(raw(end_date="2026-01-15T22:00:00Z")))
    df = client.get_milestones(minimum_start_date="2026-01-15T20:00:00")
    assert server.requests[-1].query["minimum_start_date"] == "2026-01-15T20:00:00Z"
    assert df["start_date"][0] == pd.Timestamp("2026-01-15T20:00:00Z")
    moments = [
        "2026-01-15T19:59:59",
        "2026-01-15T20:00:00",
        "2026-01-15T22:00:01Z",
        "2026-01-15T23:00:00+05:00",
    ]
    statuses = [mk.compute_timeline(df, now=moment)["status"][0] for moment in moments]
    assert statuses == ["upcoming", "live", "ended", "upcoming"]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu"])
def test_fault_40_clocks_change_inside_the_window(client, server, kernel_zone, zone):
    """On 2026-03-08 New York's clocks go from 01:59 to 03:00; an axis names the hours of its own zone."""
    rows = [raw(id=f"m{hour}", start_date=f"2026-03-08T{hour:02}:00:00Z") for hour in range(3, 12)]
    server.script.replace(page(*rows))
    df = client.get_milestones()
    axis = mk.plot_gantt(df, tz=zone, now=df["start_date"][0]).layout.xaxis
    instants = pd.to_datetime(np.array(axis.tickvals), unit="ms", utc=True).tz_convert(zone)
    labels = [label[:5] for label in axis.ticktext]
    assert labels == list(instants.strftime("%H:%M"))
    assert len(labels) >= 8
    assert zone != "America/New_York" or "02:00" not in labels
    assert set(np.diff(np.array(axis.tickvals, dtype=float))) == {3_600_000.0}, "an hour stays an hour"
