"""Questions about many ids, a hundred to a request: side by side, and what fails costs only itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from milestone_kit.core.threads import spread
from milestone_kit.errors import ApiError, MilestoneKitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["BATCH", "Outcome", "ask_in_batches"]

_T = TypeVar("_T")

BATCH: Final = 100
"""How many ids a request has: what live data allow, and what keeps an address of UUIDs short enough."""

_MOST_HALVES: Final = 60
"""How many more requests are made to tell the ids that a server refuses from those that it would answer."""

_HOPELESS: Final = 6
"""After how many requests in a row that got no answer the rest is not asked."""

_LONG_QUERY: Final = re.compile(r"\?\S{200,}?(?=:? |$)")
"""What an address with a hundred ids adds to a message and tells nobody."""

_OF_THE_QUESTION: Final = frozenset({400, 413, 414, 422})


class Outcome(NamedTuple, Generic[_T]):
    """The answers that came, and for each id that has none why not."""

    answers: list[_T]
    failed: dict[str, MilestoneKitError]


def ask_in_batches(ids: Sequence[str], ask: Callable[[list[str]], _T], *, workers: int) -> Outcome[_T]:
    """Ask about ids, some at a time.

    Parameters
    ----------
    ids : sequence of str
        Each once.
    ask : callable
        Takes up to `BATCH` ids; is called from several threads. A refusal of the question itself (400, say,
        for an id that the server cannot read) has it asked again in halves.
    workers : int
        How many requests may be under way.

    Returns
    -------
    Outcome
        In no particular order.
    """
    batches = [list(ids[at : at + BATCH]) for at in range(0, len(ids), BATCH)]
    outcome: Outcome[_T] = Outcome([], {})
    unanswered: list[MilestoneKitError] = []

    def attempt(batch: list[str]) -> _T | MilestoneKitError:
        if len(unanswered) >= _HOPELESS:
            return unanswered[-1]
        try:
            answer = ask(batch)
        except MilestoneKitError as error:
            error.args = (_LONG_QUERY.sub("?...", str(error)),)
            if not _is_of_the_question(error):
                unanswered.append(error)
            return error
        unanswered.clear()
        return answer

    halves = 0
    while batches:
        again: list[list[str]] = []
        for batch, result in zip(batches, spread(attempt, batches, threads=workers), strict=True):
            if not isinstance(result, MilestoneKitError):
                outcome.answers.append(result)
            elif _is_of_the_question(result) and len(batch) > 1 and halves + len(again) < _MOST_HALVES:
                middle = len(batch) // 2
                again += [batch[:middle], batch[middle:]]
            else:
                outcome.failed.update(dict.fromkeys(batch, result))
        halves, batches = halves + len(again), again
    return outcome


def _is_of_the_question(error: MilestoneKitError) -> bool:
    return isinstance(error, ApiError) and error.status_code in _OF_THE_QUESTION
