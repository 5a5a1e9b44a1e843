"""Let a burst of changes cause one update: the last one wins."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Debouncer"]


class Debouncer:
    """Runs `work` once a burst of `poke` calls has come to rest.

    Without a running event loop, as in a plain script, it runs at once.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._timer: asyncio.TimerHandle | None = None

    def poke(self, delay: float) -> None:
        """Ask for one run after `delay` seconds, in place of any run still waiting."""
        self.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._work()
            return
        self._timer = loop.call_later(delay, self.flush)

    def flush(self) -> None:
        """Run at once what waits, if anything does."""
        if self._timer is not None:
            self.cancel()
            self._work()

    def cancel(self) -> None:
        """Forget the run that waits, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
