"""The walk from page to page along cursors, which knows nothing of HTTP or tables.

Source of the rules: pages come ordered by (start_date, id); the cursor is opaque; an absent, null or
empty cursor ends the walk; an empty page may carry a cursor that leads on.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from milestone_kit.errors import PaginationError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["MAX_PAGES", "Page", "StartBound", "Trail", "walk"]

MAX_PAGES: Final = 5_000
"""Where a walk is given up: 2.5 million milestones at 500 a page, 18 times what there is."""


class Page(NamedTuple):
    """The raw milestones of one page (maybe none), and whether no further page follows."""

    milestones: list[Any]
    is_last: bool


def walk(fetch: Callable[[str | None], dict[str, Any]], *, max_pages: int = MAX_PAGES) -> Iterator[Page]:
    """Follow the cursors and yield the milestones of each page, as they were sent.

    Parameters
    ----------
    fetch : callable
        Takes a cursor (None for the first page) and returns the page, a decoded JSON object.
    max_pages : int
        After how many pages a walk that does not end is given up.

    Yields
    ------
    Page
        One page as it came.

    Raises
    ------
    PaginationError
        When a cursor comes a second time, or after `max_pages` pages.
    SchemaError
        When a page has no list of milestones, or its cursor is not text.

    Examples
    --------
    >>> pages = {None: {"milestones": [1, 2], "cursor": "b"}, "b": {"milestones": [3], "cursor": ""}}
    >>> [(page.milestones, page.is_last) for page in walk(pages.get)]
    [([1, 2], False), ([3], True)]
    """
    trail = Trail(max_pages=max_pages)
    while True:
        page = trail.step(fetch(trail.cursor))
        yield page
        if page.is_last:
            return


class Trail:
    """The cursors of one chain of pages: where it goes on, and whether it leads anywhere.

    Parameters
    ----------
    max_pages : int
        After how many pages a chain that does not end is given up.

    Attributes
    ----------
    cursor : str or None
        What the next page is to be asked with; None before the first and after the last page.
    pages : int
        How many pages came.

    Examples
    --------
    >>> trail = Trail()
    >>> trail.step({"milestones": [1], "cursor": "b"}), trail.cursor
    (Page(milestones=[1], is_last=False), 'b')
    """

    def __init__(self, *, max_pages: int = MAX_PAGES) -> None:
        self.cursor: str | None = None
        self.pages = 0
        self._max_pages = max_pages
        self._seen: set[str] = set()

    def step(self, page: dict[str, Any]) -> Page:
        """Take the page that was asked for with `cursor`; raises what `walk` raises."""
        milestones = page.get("milestones")
        if not isinstance(milestones, list):
            found = "no field" if "milestones" not in page else f"{type(milestones).__name__} as field"
            raise SchemaError(f"a page has {found} 'milestones', expected a list", field="milestones")
        self.pages += 1
        self.cursor = _next_cursor(page)
        if self.cursor is None:
            return Page(milestones, is_last=True)
        if self.cursor in self._seen:
            raise PaginationError(
                f"the server sent the cursor {self.cursor!r} twice after {len(self._seen) + 1} pages: its "
                "pages go in a circle; try again later or with another filter"
            )
        self._seen.add(self.cursor)
        if self.pages >= self._max_pages:
            raise PaginationError(
                f"no end after {self._max_pages} pages; ask with a larger limit, narrower dates or a filter"
            )
        return Page(milestones, is_last=False)


def _next_cursor(page: dict[str, Any]) -> str | None:
    cursor = page.get("cursor")
    if cursor is None or cursor == "":
        return None
    if not isinstance(cursor, str):
        raise SchemaError(f"a page has the cursor {cursor!r:.60}, expected text", field="cursor")
    return cursor


class StartBound:
    """Tells when pages that come ordered by start have passed a bound, and the walk can stop.

    Parameters
    ----------
    maximum : int
        The last start wanted, in any unit that `passed` gets too.

    Examples
    --------
    >>> bound = StartBound(10)
    >>> bound.passed([1, 5, 10]), bound.passed([10, 11])
    (False, True)
    """

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._latest: int | None = None
        self._ordered = True

    def passed(self, starts: Sequence[int]) -> bool:
        """Take the starts of the next page; return whether no wanted one can follow.

        Once the order was found broken this is always False: the walk must then go to its end.
        """
        if len(starts) == 0:
            return False
        before = starts[0] if self._latest is None else self._latest
        rising = before <= starts[0] and all(a <= b for a, b in pairwise(starts))
        self._ordered = self._ordered and rising
        self._latest = starts[-1]
        return self._ordered and self._latest > self._maximum
