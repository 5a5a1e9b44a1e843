"""What an explorer with a client shows beside its table: scores of what is on screen, names on the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from milestone_kit.panel.card_names import CardNames
from milestone_kit.panel.live_scores import LiveScores
from milestone_kit.panel.scoreboard import Scoreboard, followed
from milestone_kit.panel.standings import standing_facts
from milestone_kit.panel.widgets.score_switch import ScoreSwitch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import ipywidgets as w
    import pandas as pd

    from milestone_kit.client.client import MilestoneClient
    from milestone_kit.panel.model import ExplorerModel
    from milestone_kit.panel.view import View

__all__ = ["LivePart"]


class Tell(Protocol):
    """Shows the explorer's view anew; `ended` says whether a milestone is over that was not."""

    def __call__(self, *, ended: bool) -> None: ...


class LivePart:
    """Asks a client about what is on screen, and writes over a view what it said.

    Parameters
    ----------
    client : callable, optional
        Gives the client; without it nothing is asked.
    tell : callable
        Called when there is something else to show.
    now_moves : bool
        Whether the panel goes on with the clock: how things stand at the moment says nothing of another one.
    scores : bool
        Whether scores are wanted at first.

    Attributes
    ----------
    controls : list of ipywidgets.Widget
        The switch for scores, where there can be any.
    """

    def __init__(
        self, client: Callable[[], MilestoneClient] | None, tell: Tell, *, now_moves: bool, scores: bool
    ) -> None:
        self._tell = tell
        self._board = Scoreboard()
        self._names = None if client is None else CardNames(client, lambda: tell(ended=False))
        self._scores: LiveScores | None = None
        self.controls: list[w.Widget] = []
        if client is not None and now_moves:
            self._scores = LiveScores(client, self._heard)
            self._switch = ScoreSwitch(self._flipped, on=scores)
            self._ended = self._scores.over
            self.controls = [self._switch.widget]

    @property
    def wanted(self) -> bool:
        """Whether scores are asked for."""
        return self._scores is not None and self._switch.on

    @property
    def over(self) -> Mapping[str, pd.Timestamp]:
        """By id, when it was first heard of milestones that they are over."""
        return {} if self._scores is None else self._scores.over

    def ask(self, model: ExplorerModel, view: View, now: pd.Timestamp) -> None:
        """Ask how the rows stand that are live and on screen."""
        if self._scores is not None and self._switch.on and not model.awaited:
            self._scores.ask(followed(model, view), now)

    def look_at(self, model: ExplorerModel, picked: str | None) -> None:
        """Ask who takes part in the milestone whose card is open."""
        if self._names is not None:
            rows = model.timeline
            self._names.want(picked, lambda id_: rows.loc[rows["id"] == id_, ["id", "details"]])

    def over_view(self, model: ExplorerModel, view: View) -> View:
        """Return a view with what is known of the milestones that it shows."""
        if self._names is None:
            return view
        picked, zone = view.session.picked, view.session.state.tz
        named = self._names.of(picked)
        facts: dict[str, str] = {}
        standing = None if self._scores is None or picked is None else self._scores.standings.get(picked)
        if standing is not None:
            facts = standing_facts(standing, zone, named.labels)
        words = {} if self._scores is None else self._scores.words
        return self._board.over(model, view, words, facts | dict(named.facts))

    def close(self) -> None:
        """Ask nothing any more, and take up nothing of what is under way."""
        for part in (self._scores, self._names):
            if part is not None:
                part.close()

    def _flipped(self) -> None:
        assert self._scores is not None
        if not self._switch.on:
            self._scores.off()
        else:
            self._tell(ended=False)

    def _heard(self) -> None:
        assert self._scores is not None
        self._switch.say(self._scores.note)
        before, self._ended = self._ended, self._scores.over
        self._tell(ended=self._ended is not before)
