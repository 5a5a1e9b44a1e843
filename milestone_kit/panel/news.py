"""What changed since the user last looked: which rows, in which way, as words to click."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from milestone_kit.analysis.changes import ADDED, diff_milestones

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

__all__ = ["News", "news_between"]

_WORDS: Final = {"rescheduled": "rescheduled", "added": "new", "ended": "ended", "changed": "changed"}


@dataclass(frozen=True, slots=True)
class News:
    """Ids of milestones that have changed; each stands in one set, the first that it belongs to.

    Attributes
    ----------
    since : float, optional
        Milliseconds UTC: of when the table is that all this is news to.
    rescheduled, added, ended, changed : frozenset of str
        Another start; not there before; an end is reported now; anything else.
    """

    since: float | None = None
    rescheduled: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def kinds(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield each kind of change and the ids."""
        for one in fields(self):
            if one.name != "since":
                yield one.name, getattr(self, one.name)

    @property
    def ids(self) -> frozenset[str]:
        """All of them."""
        return frozenset().union(*(ids for _, ids in self.kinds()))

    def words(self) -> dict[str, str]:
        """Return what is to be told, by kind: only what there is.

        Examples
        --------
        >>> News(added=frozenset("ab")).words()
        {'added': '2 new'}
        """
        return {kind: f"{len(ids):,} {_WORDS[kind]}" for kind, ids in self.kinds() if ids}

    def and_then(self, later: News) -> News:
        """Return these news and later ones together; what was new and has moved is still new."""
        known: set[str] = set()
        parts: dict[str, frozenset[str]] = {}
        for kind in ("added", "rescheduled", "ended", "changed"):
            parts[kind] = (getattr(self, kind) | getattr(later, kind)) - known
            known |= parts[kind]
        return News(later.since if self.since is None or not self.ids else self.since, **parts)

    def looked_at(self, ids: Iterable[str]) -> News:
        """Return what is still news once these have been looked at."""
        seen = frozenset(ids)
        return News(self.since, **{kind: known - seen for kind, known in self.kinds()})


def news_between(before: pd.DataFrame, after: pd.DataFrame, since: float) -> News:
    """Return what is news in a table to who knows another; what is gone is not there to be looked at.

    Parameters
    ----------
    before, after : pandas.DataFrame
        Milestones.
    since : float
        Of when `before` is, milliseconds UTC.
    """
    if before is after:
        return News(since)
    changes = diff_milestones(before, after)
    ends = (changes["field"] == "end_date") & changes["before"].isna()
    kinds = {
        "added": changes["field"] == ADDED,
        "rescheduled": changes["field"] == "start_date",
        "ended": ends,
        "changed": ~changes["field"].isin([ADDED, "deleted", "start_date"]) & ~ends,
    }
    return News(since, **{kind: frozenset(changes["id"][rows]) for kind, rows in kinds.items()}).and_then(
        News()
    )
