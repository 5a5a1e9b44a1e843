"""Where the explorer's tables come from: the first fetch, refreshes, and what went wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milestone_kit.panel.fetch import Fetch, running_loop
from milestone_kit.panel.widgets.loading_bar import LoadingBar

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from milestone_kit.panel.fetch import Reload

__all__ = ["Feed"]


class Feed:
    """Follows one fetch at a time and hands over each table that arrives.

    Parameters
    ----------
    take : callable
        Called with each table.
    guard : callable
        Runs what nobody waits for, and shows its errors.
    reload : callable, optional
        Fetches the table anew, given a callback for progress.

    Attributes
    ----------
    bar : LoadingBar
        Shows how far it is.
    """

    def __init__(
        self,
        take: Callable[[pd.DataFrame], None],
        guard: Callable[[Callable[[], None]], None],
        reload: Reload | None,
    ) -> None:
        self._take, self._guard, self._reload = take, guard, reload
        self._failure: BaseException | None = None
        self.bar = LoadingBar()

    def refresh(self) -> None:
        """Fetch anew, beside the kernel's loop where there is one; one fetch at a time."""
        assert self._reload is not None
        if self.bar.fetch is not None:
            return
        if running_loop() is None:
            self._take(self._reload(lambda _rows, _pages: None))
        else:
            self.follow(Fetch(self._reload))

    def follow(self, fetch: Fetch) -> None:
        """Show how far a fetch is, and hand over its table when it has arrived."""
        self._failure = None
        self.bar.watch(fetch, lambda: self._guard(lambda: self._receive(fetch)))

    def wait(self) -> None:
        """Wait for the table under way, which the client's own time limits bound; raise what went wrong."""
        fetch = self.bar.fetch
        if fetch is not None:
            fetch.wait()
            self.bar.release()
            self._receive(fetch)
        elif self._failure is not None:
            raise self._failure

    def _receive(self, fetch: Fetch) -> None:
        try:
            table = fetch.result()
        except BaseException as error:
            self._failure = error
            raise
        self._take(table)
