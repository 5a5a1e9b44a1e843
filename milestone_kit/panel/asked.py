"""Questions to a server that nobody waits for: asked beside the kernel's loop, answered on it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from milestone_kit.core.notices import hushed
from milestone_kit.panel.fetch import call_on, running_loop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["Question"]

_log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")


class Question(Generic[_Answer]):
    """Asks one thing at a time in a thread, and hands the answer over on the kernel's loop.

    Without a loop, as in a plain script, it asks at once. What the work warns of is not given: it would
    come again with each answer, below a cell that nobody looks at any more.

    Parameters
    ----------
    take : callable
        Called with each answer.
    fail : callable
        Called with the error where there is none, or where it could not be taken up.
    """

    def __init__(self, take: Callable[[_Answer], None], fail: Callable[[Exception], None]) -> None:
        self._take: Callable[[_Answer], None] = take
        self._fail = fail
        self._busy = self._dropped = self._closed = False

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._busy

    def ask(self, work: Callable[[], _Answer]) -> bool:
        """Ask, unless something is being asked already or the panel is closed; tell whether it was."""
        if self.busy or self._closed:
            return False
        self._busy, self._dropped = True, False
        loop = running_loop()
        if loop is None:
            self._finish(*_attempt(work))
            return True
        thread = threading.Thread(
            target=self._run, args=(work, loop), daemon=True, name="milestones question"
        )
        try:
            thread.start()
        except RuntimeError as error:  # the system has no more threads
            self._finish([], error)
        return True

    def drop(self) -> None:
        """Do not take up what is under way; nothing else is asked until it has come."""
        self._dropped = True

    def close(self) -> None:
        """Ask nothing any more, and take up nothing.

        A request that is under way cannot be called off: its thread ends with it, within the client's limits.
        """
        self._closed = True
        self.drop()
        self._take = self._fail = _ignore  # a thread that still waits holds the panel no longer

    def _run(self, work: Callable[[], _Answer], loop: asyncio.AbstractEventLoop) -> None:
        answer = _attempt(work)
        call_on(loop, lambda: self._finish(*answer))

    def _finish(self, answers: list[_Answer], error: Exception | None) -> None:
        self._busy = False
        if self._dropped:
            return
        try:
            for answer in answers:
                self._take(answer)
        except Exception as problem:  # noqa: BLE001 - the next answer may be another one
            _log.exception("the explorer could not take up an answer")
            error = problem
        if error is not None:
            self._fail(error)


def _attempt(work: Callable[[], _Answer]) -> tuple[list[_Answer], Exception | None]:
    try:
        with hushed():
            return [work()], None
    except Exception as error:  # noqa: BLE001 - handed to who asked
        return [], error


def _ignore(_: Any) -> None:
    pass
