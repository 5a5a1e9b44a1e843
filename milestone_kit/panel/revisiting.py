"""How one comes back to what was seen: views before and after, saved views, the watchlist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from milestone_kit.analysis.watching import read_watch
from milestone_kit.core.notices import warn
from milestone_kit.errors import CacheWarning, MilestoneKitError, QueryError
from milestone_kit.panel.past import Past
from milestone_kit.panel.saved_views import check_view_name, saved_view
from milestone_kit.panel.widgets.view_bar import ViewBar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from milestone_kit.panel.state import PanelState
    from milestone_kit.panel.view import View
    from milestone_kit.storage.panel_store import PanelStore

__all__ = ["Revisiting"]

_MOST_VIEWS: Final = 100


class Revisiting:
    """The part of an explorer that leads back to views, and keeps some of them beside the cache."""

    _view: View

    def _remember_in(self, store: PanelStore | None) -> None:
        """Begin, with a store for views and watchlist; without one, none is kept."""
        self._store = store
        self._past = Past()
        self._tools = ViewBar()
        self._remark = ""

    def _turn_to(self, state: PanelState, past: Past | None = None) -> None:
        """Show a state; `past` is what is then the past, where it is no step of its own."""
        raise NotImplementedError

    def _follow(self, watch: tuple[str, ...]) -> None:
        """Show what is watched."""
        raise NotImplementedError

    def _on_event(self, event: Any) -> None:
        """Do what an event of the user makes of the session."""
        raise NotImplementedError

    # What users call

    def back(self) -> None:
        """Show the view before the one on screen; nothing happens where there is none."""
        self._go(self._past.back(self._view.session.state))

    def forward(self) -> None:
        """Show the view that `back` led away from; nothing happens where there is none."""
        self._go(self._past.forward(self._view.session.state))

    @property
    def views(self) -> dict[str, dict[str, Any]]:
        """The saved views: by name, states as `state` takes them."""
        kept = self._kept().views()
        if kept.note:
            warn(kept.note, CacheWarning)
        return kept.views

    def save_view(self, name: str) -> None:
        """Save the view on screen under a name, in place of the one that was called so before.

        Raises
        ------
        QueryError
            When the name cannot be used.
        CacheError
            When the file beside the cache cannot be written.
        """
        said, views = check_view_name(name), self._kept().views().views
        if said not in views and len(views) >= _MOST_VIEWS:
            raise QueryError(f"name={said!r}: {len(views)} views are saved already; forget one first")
        self._kept().keep_view(said, self._view.session.state.as_dict())
        self._list_views()

    def show_view(self, name: str) -> None:
        """Show a saved view; what its window tells from now is worked out anew.

        Raises
        ------
        QueryError
            When there is no such view, or it cannot be used.
        """
        note = self._show_saved(name)
        if note:
            warn(note, CacheWarning)

    def forget_view(self, name: str) -> None:
        """Forget a saved view.

        Raises
        ------
        QueryError
            When there is no such view.
        CacheError
            When the file beside the cache cannot be written.
        """
        said = check_view_name(name)
        if said not in self._kept().views().views:
            raise QueryError(f"name={said!r}: there is no such view")
        self._kept().forget_view(said)
        self._list_views()

    @property
    def watch(self) -> list[str]:
        """Tickers of events, series or markets, and ids, whose milestones stand on top; kept once set.

        Set it to a list, or to a text with anything between the tickers.
        """
        return list(self._view.session.watch)

    @watch.setter
    def watch(self, watch: str | Iterable[str]) -> None:
        entries = read_watch(watch)
        self._follow(entries)
        self._kept().keep_watch(list(entries))

    # What the panel does

    def _kept(self) -> PanelStore:
        if self._store is None:
            raise QueryError("this explorer has no folder to keep views in; open it with mk.explore(...)")
        return self._store

    def _go(self, found: tuple[PanelState, Past] | None) -> None:
        if found is not None:
            self._turn_to(*found)

    def _show_saved(self, name: object) -> str:
        kept = self._kept().views()
        state, note = saved_view(kept.views, name)
        self._turn_to(state)
        return note or kept.note

    def _list_views(self) -> str:
        kept = self._kept().views()
        self._tools.views = list(kept.views)
        return kept.note

    def _recalled(self, watch: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return what was given to watch, else what is kept; what is wrong with that is remarked."""
        if watch is not None or self._store is None:
            return watch or ()
        try:
            entries, self._remark = self._store.watch()
            return read_watch(entries)
        except MilestoneKitError as error:
            self._remark = str(error)
            return ()

    def _on_tool(self, event: Mapping[str, Any]) -> str | None:
        """Do what was asked of the tools; return what there is to say of it."""
        kind = event.get("kind")
        if kind in ("back", "forward"):
            (self.back if kind == "back" else self.forward)()
        elif kind == "views":
            return self._list_views()
        elif kind == "show_view":
            return self._show_saved(event["name"])
        elif kind == "save_view":
            self.save_view(event["name"])
        elif kind == "forget_view":
            self.forget_view(event["name"])
        elif kind == "watch":
            self.watch = event["text"]
        else:
            self._on_event(event)
        return None
