"""Questions about many ids: what is asked, in which portions, and what failures cost."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.client.batches import BATCH, ask_in_batches
from milestone_kit.errors import ApiError


def refusing(bad, asked):
    def ask(batch):
        asked.append(batch)
        if bad & set(batch):
            raise ApiError("an id cannot be read", status_code=400)
        return batch

    return ask


@given(
    st.integers(0, 350),
    st.sets(st.integers(0, 349), max_size=2),
    st.integers(1, 4),
)
def test_ids_that_are_refused_cost_only_themselves(count, bad, workers):
    ids = [f"id-{number}" for number in range(count)]
    refused = {f"id-{number}" for number in bad} & set(ids)
    outcome = ask_in_batches(ids, refusing(refused, []), workers=workers)
    assert outcome.failed.keys() == refused
    answered = [id_ for batch in outcome.answers for id_ in batch]
    assert sorted(answered) == sorted(set(ids) - refused)
    assert all(len(batch) <= BATCH for batch in outcome.answers)


def test_a_server_that_refuses_everything_is_not_asked_about_each_id():
    asked = []
    ids = [f"id-{number}" for number in range(2000)]
    outcome = ask_in_batches(ids, refusing(set(ids), asked), workers=2)
    assert outcome.failed.keys() == set(ids)
    assert len(asked) < 100


def test_a_server_that_is_gone_is_not_asked_to_the_last_batch():
    asked = []

    def ask(batch):
        asked.append(batch)
        raise ApiError("gone", status_code=503)

    outcome = ask_in_batches([f"id-{number}" for number in range(5000)], ask, workers=2)
    assert len(outcome.failed) == 5000
    assert len(asked) < 10


def test_what_is_no_error_of_ours_is_not_swallowed_and_stops_the_rest():
    begun = []
    wait = threading.Event()

    def ask(batch):
        begun.append(batch)
        if len(begun) == 1:
            raise KeyboardInterrupt
        wait.wait(0.05)
        return batch

    with pytest.raises(KeyboardInterrupt):
        ask_in_batches([f"id-{number}" for number in range(5000)], ask, workers=2)
    wait.set()
    for thread in threading.enumerate():
        if thread.name.startswith("milestones-beside"):
            thread.join()
    assert len(begun) < 20
