"""Work done beside: in threads that can also be begun while the interpreter waits for its last ones to end.

`concurrent.futures` takes no more work once the main thread has come to its end. A fetch in a thread that is
no daemon goes on then, and must still be able to publish what it fetched.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from milestone_kit.core.notices import carried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Beside", "spread"]

_T = TypeVar("_T")
_Item = TypeVar("_Item")


class Beside(Generic[_T]):
    """A function that is called in a thread of its own; here and at once where no thread can be had.

    What it warns of is collected with the call under way.

    Parameters
    ----------
    function : callable
        Takes nothing.

    Examples
    --------
    >>> Beside(lambda: 6 * 7).result()
    42
    """

    def __init__(self, function: Callable[[], _T]) -> None:
        self._function = carried(function)
        self._made: list[_T] = []
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = threading.Thread(
            target=self._run, name="milestones-beside", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # the system has no more threads, or the interpreter ends
            self._thread = None
            self._run()

    def _run(self) -> None:
        try:
            self._made.append(self._function())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            self._error = error

    def is_running(self) -> bool:
        """Tell whether it is not done yet."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self) -> None:
        """Wait until it is done, well or not."""
        if self._thread is not None:
            self._thread.join()

    def result(self) -> _T:
        """Wait for what the function returns, or raise what it raised."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._made[0]


def spread(function: Callable[[_Item], _T], items: Iterable[_Item], *, threads: int) -> list[_T]:
    """Call a function with each item, on several threads; return what it made of them, in their order.

    An error is raised once the calls under way have ended; no other item is begun.

    Examples
    --------
    >>> spread(str, [1, 2, 3], threads=2)
    ['1', '2', '3']
    """
    todo = deque(enumerate(items))
    made: dict[int, _T] = {}

    def work() -> None:
        while True:
            try:
                at, item = todo.popleft()
            except IndexError:
                return
            try:
                made[at] = function(item)
            except BaseException:
                todo.clear()
                raise

    helpers = [Beside(work) for _ in range(min(threads, len(todo)) - 1)]
    try:
        work()
    except Exception:  # whoever interrupts does not wait for calls under way: they may take long
        for helper in helpers:
            helper.wait()
        raise
    for helper in helpers:
        helper.wait()
    for helper in helpers:
        helper.result()
    return [made[at] for at in sorted(made)]
