from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.fetching.plan import FULL_PAGES, Plan
from milestone_kit.fetching.start_density import StartDensity

NOW = 1_790_000_000
SECOND = 1_000_000


def serve_page(starts, chain, position, limit):
    """Give the next page of a chain as a server would: the rows from its low or after its last one."""
    first = position if position is not None else int(np.searchsorted(starts, chain.low or 0))
    return starts[first : first + limit], first + limit


def page_of(*starts):
    return np.array(starts, dtype=np.int64)


def walk(starts, plan, *, limit, workers):
    """Walk a plan, one page for each worker in turn; return the rows that each chain kept, and the pages."""
    starts = np.sort(np.asarray(starts, dtype=np.int64))
    held = [None] * workers
    kept, positions, turns = {}, {}, 0
    while not plan.done:
        turns += 1
        assert turns < 10_000
        for worker in range(workers):
            chain = held[worker] if held[worker] and not held[worker].done else plan.take()
            held[worker] = chain
            if chain is None:
                continue
            page, positions[id(chain)] = serve_page(starts, chain, positions.get(id(chain)), limit)
            last = positions[id(chain)] >= len(starts)
            plan.came(chain, page, last=last)
            kept.setdefault(id(chain), (chain, []))[1].extend(page.tolist())
    rows = []
    for chain, mine in kept.values():
        rows += [start for start in mine if chain.high is None or start < chain.high]
    return sorted(rows), starts.tolist(), turns


two_years = st.integers(NOW - 2 * 365 * 86_400, NOW + 30 * 86_400).map(lambda second: second * SECOND)


@given(
    starts=st.lists(two_years | st.just(NOW * SECOND), max_size=300),
    limit=st.integers(1, 20),
    workers=st.integers(1, 5),
)
def test_every_row_is_walked_once_however_the_rows_lie(starts, limit, workers):
    plan = Plan(StartDensity.usual(NOW), limit=limit)
    walked, everything, _ = walk(starts, plan, limit=limit, workers=workers)
    assert walked == everything


@given(starts=st.lists(two_years, min_size=50, max_size=400), workers=st.integers(2, 4))
def test_a_plan_that_is_taken_up_again_has_the_same_ranges(starts, workers):
    first = Plan(StartDensity.usual(NOW), limit=5)
    walk(starts, first, limit=5, workers=workers)
    again = Plan(StartDensity.usual(NOW), limit=5, cuts=first.cuts)
    assert again.cuts == first.cuts
    assert again.take().low is None


def universe(rows):
    """Starts that lie as production's do: most in two years, a fifth of them on twelve days."""
    rng = np.random.default_rng(0)
    year = 365 * 86_400
    parts = [
        rng.integers(NOW - 6 * year, NOW - 2 * year, rows * 7 // 100),
        rng.integers(NOW - 2 * year, NOW, rows * 72 // 100),
        rng.choice(rng.integers(NOW - 2 * year, NOW, 12), rows * 18 // 100) + rng.integers(0, 86_400),
        rng.integers(NOW, NOW + year, rows * 3 // 100),
    ]
    return np.concatenate(parts) * SECOND


@pytest.mark.parametrize("known", [False, True])
def test_four_workers_need_a_quarter_of_the_turns_and_few_more_pages(known):
    starts = universe(137_200)
    density = StartDensity.of_starts(np.sort(starts)) if known else StartDensity.usual(NOW)
    plan = Plan(density, limit=500)
    walked, everything, turns = walk(starts, plan, limit=500, workers=4)
    assert walked == everything
    assert plan.pages <= 275 * 1.07
    assert turns <= 275 / 4 * 1.15


def test_one_worker_never_cuts():
    plan = Plan(StartDensity.usual(NOW), limit=10, confirm=False)
    walk(universe(1005), plan, limit=10, workers=1)
    assert plan.cuts == []


def test_a_short_answer_is_one_chain():
    plan = Plan(StartDensity.usual(NOW), limit=500)
    _, _, turns = walk(universe(FULL_PAGES * 500 - 20), plan, limit=500, workers=4)
    assert plan.cuts == []
    assert turns == plan.pages == FULL_PAGES


def test_rows_that_share_one_start_are_one_chain_and_cost_hardly_a_page_more():
    starts = np.full(5000, NOW * SECOND)
    plan = Plan(StartDensity.usual(NOW), limit=100)
    walked, everything, _ = walk(starts, plan, limit=100, workers=4)
    assert walked == everything
    assert plan.pages <= 50 + 4


def test_a_page_out_of_order_leaves_the_first_chain_to_go_to_its_very_end():
    plan = Plan(StartDensity.of_starts(np.arange(1000) * 60 * SECOND), limit=10, high=5000 * SECOND)
    first, second = plan.take(), plan.take()
    assert second.low > 0
    plan.came(second, page_of(second.low - 1, second.low + 5), last=False)
    assert not plan.ordered
    assert second.done
    assert (first.high, first.done) == (None, False)
    assert plan.take() is None
    plan.came(first, page_of(0, 10**15), last=False)
    assert not plan.done
    plan.came(first, page_of(), last=True)
    assert plan.done


def test_a_chain_that_had_reached_its_seam_goes_on_when_the_order_breaks():
    plan = Plan(StartDensity.of_starts(np.arange(1000) * 60 * SECOND), limit=10)
    first, second = plan.take(), plan.take()
    plan.came(first, page_of(0, first.high), last=False)
    assert first.done
    plan.broke()
    assert not first.done
    assert second.done


def test_nothing_is_cut_off_what_the_cache_may_hold():
    plan = Plan(StartDensity.of_starts(np.arange(10_000) * 60 * SECOND), limit=10, cuts=[300_000 * SECOND])
    assert [plan.take().low, plan.take().low] == [None, 300_000 * SECOND]
    assert plan.take() is None
    plan.chains[0].replaying = False
    assert plan.take() is not None


def test_a_density_knows_where_its_rows_lie():
    starts = np.repeat(np.arange(100) * SECOND, 3)
    density = StartDensity.of_starts(starts)
    assert density.between(None, 50 * SECOND) == pytest.approx(153)
    assert density.at(153) == 50 * SECOND
    assert density.exact
    assert not density.shape().exact
    assert StartDensity.of_starts(np.array([], dtype=np.int64)).total == 0
