"""One line of news: what changed since, as words to click, and how fresh the data are."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import ipywidgets as w

from milestone_kit.panel.news import News

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NewsBar"]


class NewsBar:
    """Buttons for each kind of change; not there while nothing is new.

    Parameters
    ----------
    pick : callable
        Called with the kind that was clicked, "" for what says that all was seen.

    Attributes
    ----------
    widget : ipywidgets.HBox
        What is shown.
    """

    def __init__(self, pick: Callable[[str], None]) -> None:
        self._buttons = {kind: self._button(kind, pick) for kind, _ in News().kinds()}
        self._since = w.HTML()
        self._seen = self._button("", pick)
        self.widget = w.HBox([*self._buttons.values(), self._since, self._seen])
        self.widget.add_class("mk-news")
        self.show(News(), "", None)

    @staticmethod
    def _button(kind: str, pick: Callable[[str], None]) -> w.Button:
        button = w.Button(layout={"width": "auto"})
        button.on_click(functools.partial(lambda kind, _: pick(kind), kind))
        return button

    def show(self, news: News, since: str, listed: str | None) -> None:
        """Show the news.

        Parameters
        ----------
        news : News
            What has not been looked at.
        since : str
            Since when, as safe text.
        listed : str, optional
            The kind whose rows are listed.
        """
        words = news.words()
        for kind, button in self._buttons.items():
            button.layout.display = None if kind in words else "none"
            button.description = words.get(kind, "")
            button.tooltip = f"List the {words.get(kind, '')}"
            button.button_style = "info" if kind == listed else ""
        self._since.value = f'<span class="mk-muted">since {since}</span>'
        self._seen.description = "Back to all" if listed else "Seen"
        self._seen.tooltip = "List all rows again" if listed else "Take the marks away"
        self.widget.layout.display = None if words or listed else "none"
