"""How the milestones on screen stand: asked while somebody looks, more slowly where no answer comes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from milestone_kit.panel.asked import Question
from milestone_kit.panel.progress import told
from milestone_kit.panel.standings import Standing, standings_of
from milestone_kit.panel.words import no_scores, some_scores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from milestone_kit.client.client import MilestoneClient

    Clock = Callable[[], float]

__all__ = ["LiveScores"]

_PAUSE: Final = 15.0
"""Seconds until it is asked again after the first answer that did not come; each one after doubles them."""

_LONGEST_PAUSE: Final = 300.0

_STALE: Final = 120.0
"""Seconds after which a score that cannot be asked for is not shown any more."""

_MOST_FINAL: Final = 500
"""How many results are kept of what is not asked about any more."""


class LiveScores:
    """Asks how milestones stand, one question at a time, and keeps what was answered.

    Parameters
    ----------
    client : callable
        Gives the client.
    changed : callable
        Called when there is something else to show.
    clock : callable
        Monotonic seconds.

    Attributes
    ----------
    standings : mapping
        How things stand by id: what the last answer said, and results.
    words : mapping
        The same as one line each; the same object until something else is said.
    over : mapping
        By id, when it was first heard that it is over. It is not forgotten.
    note : str
        What there is to say of the questions; "" while they are answered.
    """

    def __init__(
        self,
        client: Callable[[], MilestoneClient],
        changed: Callable[[], None],
        *,
        clock: Clock = time.monotonic,
    ) -> None:
        self.standings: Mapping[str, Standing] = {}
        self.words: Mapping[str, str] = {}
        self.over: Mapping[str, pd.Timestamp] = {}
        self.note = ""
        self._client, self._changed, self._clock = client, changed, clock
        self._question = Question(self._take, self._fail)
        self._failures, self._not_before, self._answered = 0, clock(), clock()

    def ask(self, rows: pd.DataFrame, now: pd.Timestamp) -> None:
        """Ask about these rows, unless an answer is still awaited or it is too early after a failure.

        Parameters
        ----------
        rows : pandas.DataFrame
            `id` and `type` of the milestones to ask about.
        now : pandas.Timestamp
            What an answer is true of.
        """
        if self._clock() < self._not_before:
            return
        if rows.empty:
            self._keep({})
            return
        # what the client keeps for some seconds would be older than it need be
        self._question.ask(lambda: (self._client().get_live(rows, refresh=True), now))

    def off(self) -> None:
        """Forget the scores, and the failures too; that something is over stays known."""
        self._question.drop()
        self._failures, self._not_before, self.note = 0, self._clock(), ""
        self.standings, self.words = {}, {}
        self._changed()

    def close(self) -> None:
        """Ask nothing any more."""
        self._question.close()

    def _take(self, answer: tuple[pd.DataFrame, pd.Timestamp]) -> None:
        live, now = answer
        said = told(live)
        self._failures, self._not_before, self._answered = 0, self._clock(), self._clock()
        note = some_scores(said["failed"], len(live)) if said.get("failed") else ""
        self._keep(standings_of(live), note, now)

    def _fail(self, error: Exception) -> None:
        self._failures += 1
        pause = min(_PAUSE * 2**self._failures, _LONGEST_PAUSE)
        # a little less: the browser's own pace is not late by the length of an answer
        self._not_before = self._clock() + pause - _PAUSE / 2
        stale = self._clock() - self._answered > _STALE
        self._keep({} if stale else self.standings, no_scores(error, pause))

    def _keep(
        self, standings: Mapping[str, Standing], note: str = "", now: pd.Timestamp | None = None
    ) -> None:
        """Take up what was said; tell, where it is something else than before."""
        results = [(id_, one) for id_, one in self.standings.items() if one.phase == "over"]
        standings = dict(results[-_MOST_FINAL:]) | dict(standings)
        words = {id_: one.words for id_, one in standings.items() if one.words}
        if now is not None:
            over = [id_ for id_, one in standings.items() if one.phase == "over" and id_ not in self.over]
            self.over = {**self.over, **dict.fromkeys(over, now)} if over else self.over
        if standings == self.standings and note == self.note:
            return
        self.standings, self.note = standings, note
        self.words = self.words if words == self.words else words
        self._changed()
