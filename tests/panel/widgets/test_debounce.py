"""A burst of changes causes one update, after its last one."""

from __future__ import annotations

import asyncio

from milestone_kit.panel.widgets.debounce import Debouncer


def test_without_a_loop_it_runs_at_once():
    runs = []
    Debouncer(lambda: runs.append(1)).poke(5.0)
    assert runs == [1]


def test_a_burst_runs_once_and_what_is_flushed_or_forgotten_does_not_run_again():
    runs = []

    async def cell():
        debouncer = Debouncer(lambda: runs.append(1))
        debouncer.flush()
        for _ in range(3):
            debouncer.poke(0.0)
        assert runs == []
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert runs == [1]
        debouncer.poke(60.0)
        debouncer.flush()
        debouncer.flush()
        assert runs == [1, 1]
        debouncer.poke(0.0)
        debouncer.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert runs == [1, 1]

    asyncio.run(cell())
