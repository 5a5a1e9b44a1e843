"""Faults 46 and 58: deltas when clocks are wrong, dates mean nothing, or the server refuses them."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.sandbox import GO_ZERO_TIME, serve, synthetic_milestones
from tests.faults.bench import raw, truth

DAY = 86_400


def delta(request):
    return "min_updated_ts" in request.query


def only_zero_times():
    return [row | {"last_updated_ts": GO_ZERO_TIME} for row in synthetic_milestones(40)]


def one_future_date():
    first, *rows = synthetic_milestones(40)
    return [first | {"last_updated_ts": "2199-01-01T00:00:00Z"}, *rows]


UNIVERSES = {
    "only zero times": (only_zero_times, {}),
    "one date in the future": (one_future_date, {}),
    "no answer yet": (lambda: synthetic_milestones(40), {"category": "Chess"}),
}


@pytest.mark.parametrize("limit", [500, 10])
@pytest.mark.parametrize("wrong", [-DAY, 0, DAY], ids=["behind", "right", "ahead"])
@pytest.mark.parametrize("universe", UNIVERSES)
@pytest.mark.filterwarnings("ignore::milestone_kit.EmptyResultWarning")
def test_fault_46_deltas_go_by_the_servers_clock(make_client, clock, universe, wrong, limit):
    """Whatever is dated after a fetch by the server comes with the next delta, wherever our clock stands."""
    rows, query = UNIVERSES[universe]

    def server_clock():
        return clock.moment() - dt.timedelta(seconds=wrong)

    with serve(rows=rows(), now=server_clock, still=True) as server:
        client = make_client(server.url)
        client.get_milestones(limit=limit, **query)
        for step in range(3):
            clock.now += 600
            server.add(raw(id=f"new-{step}", category="Chess"))
            server.update(server.milestones()[5]["id"], title=f"title {step}")
            df = client.refresh(limit=limit, **query)
            expected = truth(server)
            if query:
                expected = expected[expected["category"] == "Chess"].reset_index(drop=True)
            pd.testing.assert_frame_equal(df, expected)
        assert sum(delta(r) for r in server.requests) >= 3


def test_fault_46_a_walk_that_is_gone_on_with_began_when_it_began(make_client, server, clock):
    """What changes between the attempts is asked for, by the server's clock; ours was set on by a day."""
    for row in server.milestones():
        server.update(row["id"], last_updated_ts=GO_ZERO_TIME)
    client = make_client(server.url, workers=1, expire_after="3d")
    server.script.fail(503, page=3)
    with pytest.raises(mk.IncompleteError):
        client.get_milestones()
    server.script.clear()
    clock.now += 60
    server.update(server.milestones()[5]["id"], title="meanwhile")
    clock.now += 3600
    pd.testing.assert_frame_equal(client.get_milestones(), truth(server))
    (asked,) = {int(r.query["min_updated_ts"]) for r in server.requests if delta(r)}
    assert asked < clock.now - 3600


@pytest.mark.parametrize("status", [403, 422, 500])
def test_fault_58_closing_delta_that_is_refused(make_client, server, clock, status):
    client = make_client(server.url, workers=1)
    last = server.milestones()[-1]["id"]

    def move():
        clock.now += 1
        server.reschedule(last, dt.timedelta(days=-20_000))  # to where the walk has been

    before = truth(server)
    server.script.call(move, page=2, times=1)
    server.script.fail(status, where=delta)
    with pytest.warns(mk.DataWarning, match=f"not known; the next refresh asks for it: .*answered {status}"):
        df = client.get_milestones()
    assert df.attrs["milestone_kit"]["complete"] is True
    assert set(df["id"]) == set(before["id"]) - {last}
    server.script.clear()
    pd.testing.assert_frame_equal(client.refresh(), truth(server))


@pytest.mark.parametrize("status", [400, 403, 422])
def test_fault_58_refresh_of_a_server_that_refuses_deltas(client, server, walked, status):
    client.get_milestones()
    server.update(server.milestones()[5]["id"], title="new")
    server.delete(server.milestones()[6]["id"])
    server.script.fail(status, where=delta)
    if status == 400:
        df = client.refresh()
    else:
        with pytest.warns(mk.DataWarning, match=f"answered {status}"):
            df = client.refresh()
    pd.testing.assert_frame_equal(df, truth(server))
    assert walked() == [1, 2, 3, 1, 2, 3]
