"""Fault 41: a server that says "no more" too early. Nothing is lost in silence, and nothing for long."""

from __future__ import annotations

import random
import warnings

import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit.sandbox import serve, synthetic_milestones
from tests.conftest import IMPATIENT, NIGHTLY
from tests.faults.bench import page, truth

LIMIT = 10


def is_listing(request):
    return request.path == "/milestones" and "min_updated_ts" not in request.query


class FalseEnds:
    """A server that ends its listings too early, in one of several ways; `count` tells how often it did."""

    def __init__(self, server, kind, numbers):
        self.server, self.kind, self.numbers = server, kind, set(numbers)
        self.asked = self.count = 0

    def takes(self, request):
        """Say whether this is one of the listings that are spoilt, counted from the first of the sweep."""
        if not is_listing(request):
            return False
        self.asked += 1
        is_one = self.asked in self.numbers
        self.count += is_one
        return is_one

    def begin(self):
        script = self.server.script
        if self.kind == "no cursor":
            script.cursor("", where=self.takes)
        elif self.kind == "no rows":
            script.replace(page(), where=self.takes)
        else:
            script._add(self._shorten, {"where": self.takes}, final=True)

    @staticmethod
    def _shorten(answer, _):
        answer.rows, answer.cursor = answer.rows[: len(answer.rows) // 2], ""
        return answer


def universe(chance, clock):
    rows = synthetic_milestones(chance.choice([7, 60, 130]), seed=chance.randrange(10))
    if chance.random() < 0.2:  # a page and more of one start
        for row in rows[20:45]:
            row["start_date"] = rows[20]["start_date"]
    return serve(rows=rows, now=clock.moment, still=True)


QUERIES = [{}, {}, {"category": "Sports"}, {"minimum_start_date": "2024-06-01"}]
KINDS = ["no cursor", "no rows", "too few rows"]


@pytest.mark.parametrize("seed", range(60 if NIGHTLY else 8))
def test_fault_41_false_ends(tmp_path, clock, seed):
    """Ten of them: of sweeps that follow another, in ranges or as one chain, now and then or for good."""
    chance = random.Random(seed)
    query = chance.choice(QUERIES)
    options = {"workers": chance.choice([1, 4]), "stale_if_error": chance.random() < 0.5}
    options |= {"cache_dir": tmp_path, "requests_per_second": 10_000, "patience": IMPATIENT}
    with (
        universe(chance, clock) as server,
        mk.MilestoneClient(base_url=server.url, retry=clock.retry(), **options) as client,
    ):
        before = client.get_milestones(limit=LIMIT, **query)
        history = client.history()
        for _ in range(10):
            clock.now += 600
            first = chance.randrange(1, 2 + len(before) // LIMIT)
            numbers = range(first, 10_000) if chance.random() < 0.3 else [first]
            FalseEnds(server, chance.choice(KINDS), numbers).begin()
            is_whole(lambda: client.refresh(limit=LIMIT, full=True, **query), before)
            server.script.clear()
            pd.testing.assert_frame_equal(client.get_milestones(offline=True, **query), before)
            pd.testing.assert_frame_equal(client.refresh(limit=LIMIT, full=True, **query), before)
        pd.testing.assert_frame_equal(client.history(), history)


def is_whole(sweep, before):
    """Sweep; what comes is whole, or an error or a warning says how much of it is missing."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            df = sweep()
        except mk.IncompleteError as caught:
            error = caught
        else:
            pd.testing.assert_frame_equal(df, before)
            is_old = df.attrs["milestone_kit"]["stale"]
            assert is_old == any("that are known did not" in str(one.message) for one in told)
            return
    assert error.missing == len(before) - len(error.partial) > 0
    assert f"{error.missing} that are known did not" in str(error)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 2, 5, 12])
def test_fault_41_false_ends_of_a_first_walk(make_client, clock, kind, number, workers):
    """Nothing is known beforehand. An end with a full page or an empty one, or of a long walk, is doubted."""
    with serve(rows=130, now=clock.moment, still=True) as server:
        if kind == "too few rows" and number < 5:
            return  # a short answer, for all that anybody can tell
        if kind == "no rows" and number == 1:
            return
        FalseEnds(server, kind, [number]).begin()
        df = make_client(server.url, workers=workers, patience=IMPATIENT).get_milestones(limit=LIMIT)
        pd.testing.assert_frame_equal(df, truth(server))


def test_fault_41_cursor_that_is_never_given(make_client, clock):
    with serve(rows=130, now=clock.moment, still=True) as server:
        FalseEnds(server, "no cursor", range(1, 1000)).begin()
        df = make_client(server.url, workers=1).get_milestones(limit=LIMIT)
        pd.testing.assert_frame_equal(df, truth(server))
        assert len(server.requests) <= 13 * 2 + 4


def test_fault_41_first_walk_of_a_cache_that_was_cleared(make_client, server):
    """The history still knows what there was."""
    client = make_client(server.url, workers=1)
    before = client.get_milestones()
    client.clear_cache()
    server.script.replace(page(*server.milestones()[:200]), where=is_listing)
    with pytest.raises(mk.IncompleteError, match=r"20\d milestones came, and 99\d that are known did not"):
        client.get_milestones()
    assert not client.history()["deleted"].any()
    server.script.clear()
    pd.testing.assert_frame_equal(client.get_milestones(), before)
    assert client.changes().empty


def test_fault_41_filtered_answer_that_is_suddenly_empty(make_client, server, clock):
    client = make_client(server.url, full_sweep_after=0)
    before = client.get_milestones(category="Sports")
    clock.now += 3601
    server.script.replace(page(), where=is_listing)
    with pytest.raises(mk.IncompleteError, match=f"0 milestones came, and {len(before)} that are known"):
        client.get_milestones(category="Sports")
    pd.testing.assert_frame_equal(client.get_milestones(category="Sports", offline=True), before)
    server.script.clear()
    pd.testing.assert_frame_equal(client.get_milestones(category="Sports"), before)


def delete(server, rows):
    for row in rows:
        server.delete(row["id"])


@pytest.mark.parametrize("which", [slice(0, 1), slice(1, 2), slice(2, 3), slice(1, 3)])
def test_deletions_in_a_small_universe_need_no_second_sweep(make_client, clock, which):
    with serve(rows=3, now=clock.moment, still=True) as server:
        client = make_client(server.url)
        client.get_milestones()
        delete(server, server.milestones()[which])
        pd.testing.assert_frame_equal(client.refresh(full=True), truth(server))
        gone = which.stop - which.start
        assert client.changes()["field"].tolist() == ["deleted"] * gone


def test_deletions_that_lie_scattered_need_no_second_sweep(client, server):
    client.get_milestones()
    delete(server, server.milestones()[10:1000:20])
    pd.testing.assert_frame_equal(client.refresh(full=True), truth(server))
    assert client.history()["deleted"].sum() == 50


VERY_MUCH = {"the end": slice(900, 1200), "the middle": slice(100, 200), "all": slice(0, 1200)}


@pytest.mark.parametrize("place", VERY_MUCH)
def test_deletion_of_very_much_goes_through_with_the_second_sweep(client, server, place):
    before, which = client.get_milestones(), VERY_MUCH[place]
    delete(server, server.milestones()[which])
    count = which.stop - which.start
    with pytest.raises(mk.IncompleteError, match=f"{count} that are known did not") as caught:
        client.refresh(full=True)
    assert caught.value.missing == count
    pd.testing.assert_frame_equal(client.get_milestones(), before)
    assert client.changes().empty
    pd.testing.assert_frame_equal(client.refresh(full=True), truth(server))
    assert client.history()["deleted"].sum() == count


def test_sweep_that_lacks_more_than_the_one_before_is_not_its_second(client, server):
    client.get_milestones()
    for _ in range(2):
        delete(server, server.milestones()[-300:])
        with pytest.raises(mk.IncompleteError):
            client.refresh(full=True)
    assert len(client.refresh(full=True)) == 600


def test_what_is_proven_to_be_there_is_not_deleted_by_a_second_sweep_within_a_day(client, server, clock):
    before = client.get_milestones()
    server.script.replace(page(*server.milestones()[:400]), where=is_listing)
    for _ in range(3):
        with pytest.raises(mk.IncompleteError, match=r"of 20 asked for by id, 20 are still there"):
            client.refresh(full=True)
        clock.now += 60
    pd.testing.assert_frame_equal(client.get_milestones(), before)
    clock.now += 86_400
    assert len(client.refresh(full=True)) < 410  # some came with the delta


def test_a_few_rows_that_the_pages_lack_are_fetched_one_by_one(client, server):
    before = client.get_milestones()
    rows = server.milestones()
    server.script.replace(page(*rows[1000:1100], *rows[1105:]), where=lambda r: is_listing(r) and r.page == 3)
    with pytest.warns(mk.DataWarning, match=r"5 milestones that are known .* asked for by id"):
        df = client.refresh(full=True)
    pd.testing.assert_frame_equal(df, before)


def test_what_left_its_filter_is_no_loss(client, server, clock):
    client.get_milestones(category="Sports")
    clock.now += 60
    gone = next(row for row in server.milestones() if row["category"] == "Sports")
    server.update(gone["id"], category="Esports")
    df = client.refresh(category="Sports", full=True)
    assert gone["id"] not in set(df["id"])


def test_fault_41_delta_that_is_cut_short(client, server, clock):
    client.get_milestones()
    clock.now += 600
    for row in server.milestones()[:700]:
        server.update(row["id"], title="new")
    server.script.cursor("", page=1, where=lambda r: "min_updated_ts" in r.query)
    pd.testing.assert_frame_equal(client.refresh(), truth(server))


def test_fault_41_delta_that_is_empty(client, server, clock):
    """What was dated last comes with every delta; one that lacks it is asked for again."""
    server.update(server.milestones()[3]["id"], title="latest")
    client.get_milestones()
    clock.now += 600
    server.update(server.milestones()[5]["id"], title="new")
    server.script.replace(page(), times=1, where=lambda r: "min_updated_ts" in r.query)
    pd.testing.assert_frame_equal(client.refresh(), truth(server))


def test_fault_61_same_page_under_fresh_cursors(make_kept, server):
    kept = make_kept(server)
    rows = server.milestones()[:100]
    for number in range(50):
        server.script.replace(page(*rows, cursor=str(number)), times=1)
    words = r"gave the page with .* twice, under different cursors, on page 2: it does not heed"
    with pytest.raises(mk.PaginationError, match=words):
        kept.client.get_milestones(limit=100)
    assert len(server.requests) <= 2 + 3
    assert kept.survives()
