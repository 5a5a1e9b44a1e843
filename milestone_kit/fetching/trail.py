"""The cursors of one chain of pages: where it goes on, and whether it leads anywhere.

Source of the rules: pages come ordered by (start_date, id); the cursor is opaque; an absent, null or
empty cursor ends the walk; an empty page may carry a cursor that leads on.
"""

from __future__ import annotations

from typing import Any

from milestone_kit.errors import PaginationError, SchemaError

__all__ = ["Trail"]


class Trail:
    """The way along the cursors, which knows nothing of HTTP or tables.

    Attributes
    ----------
    cursor : str or None
        What the next page is to be asked with; None before the first and after the last page.

    Examples
    --------
    >>> trail = Trail()
    >>> trail.step({"milestones": [1], "cursor": "b"}), trail.cursor
    (([1], False), 'b')
    >>> trail.step({"milestones": [2], "cursor": ""}), trail.cursor
    (([2], True), None)
    """

    def __init__(self) -> None:
        self.cursor: str | None = None
        self._seen: set[str] = set()

    def step(self, page: dict[str, Any]) -> tuple[list[Any], bool]:
        """Take the page that was asked for with `cursor`.

        Parameters
        ----------
        page : dict
            A decoded JSON object.

        Returns
        -------
        milestones : list
            As they were sent, maybe none.
        is_last : bool
            Whether no page follows.

        Raises
        ------
        PaginationError
            When a cursor comes a second time.
        SchemaError
            When the page has no list of milestones, or its cursor is not text.
        """
        milestones = page.get("milestones")
        if not isinstance(milestones, list):
            found = "no field" if "milestones" not in page else f"{type(milestones).__name__} as field"
            raise SchemaError(f"a page has {found} 'milestones', expected a list", field="milestones")
        self.cursor = _next_cursor(page)
        if self.cursor is None:
            return milestones, True
        if self.cursor in self._seen:
            raise PaginationError(
                f"the server sent the cursor {self.cursor!r} twice after {len(self._seen) + 1} pages: its "
                "pages go in a circle; try again later or with another filter"
            )
        self._seen.add(self.cursor)
        return milestones, False


def _next_cursor(page: dict[str, Any]) -> str | None:
    cursor = page.get("cursor")
    if cursor is None or cursor == "":
        return None
    if not isinstance(cursor, str):
        raise SchemaError(f"a page has the cursor {cursor!r:.60}, expected text", field="cursor")
    return cursor
