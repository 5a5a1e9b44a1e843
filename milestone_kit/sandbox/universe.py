"""A deterministic synthetic universe of milestones with production's shape; every row is invented.

Each row carries `"synthetic": true` in its `details`, and its `source_ids` name only the sandbox, so
nobody can take it for a real one. The shape (counts of types and categories, where in time the rows lie,
what is known of ends, odd time stamps) follows public recordings and a census of 2026.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.errors import QueryError
from milestone_kit.sandbox.draw import DAY, NEVER, Draw, draw_listed, draw_to_come
from milestone_kit.sandbox.oddities import plant
from milestone_kit.sandbox.schedule import Schedule
from milestone_kit.sandbox.shape import Shape
from milestone_kit.sandbox.truth import Truth
from milestone_kit.sandbox.writing import changes, courses, listed, to_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from milestone_kit.sandbox.schedule import Course, Event

__all__ = ["DEFAULT_NOW", "Universe", "sample_milestones", "synthetic_milestones", "true_ends", "truth"]

DEFAULT_NOW: Final = dt.datetime(2026, 1, 15, 18, tzinfo=dt.UTC)
"""The moment that separates past from future where the caller names none."""

_SHAPE: Final = Shape()


class Universe:
    """`n` rows as they are listed at `now`, what happens to them later, and what is listed later.

    Everything follows from `n`, `seed` and `now`: two universes with the same ones are the same for ever.

    Parameters
    ----------
    n : int
        How many rows are listed at `now`; production has about 137,200.
    seed : int
        At least 0.
    now : datetime.datetime
        Aware.
    shape : Shape
        How the rows are written.

    Raises
    ------
    QueryError
        When `n` or `seed` is no whole number of at least 0, or `now` carries no time zone.
    """

    def __init__(
        self, n: int, seed: int = 0, *, now: dt.datetime = DEFAULT_NOW, shape: Shape = _SHAPE
    ) -> None:
        for name, value in (("n", n), ("seed", seed)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise QueryError(f"{name}={value!r}: expected a whole number of at least 0")
        if now.tzinfo is None:
            raise QueryError(f"now={now!r} carries no time zone; write datetime(..., tzinfo=UTC)")
        self.n, self.seed, self.shape = n, seed, shape
        self.now = int(now.timestamp()) * 1_000_000

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as they are listed at `now`, in the endpoint's order."""
        return listed(self._listed(), self.now, self.shape)

    def rows_and_schedule(self) -> tuple[Iterator[dict[str, Any]], Schedule]:
        """Return the rows, and what a clock brings after `now`."""
        draw = self._listed()
        going_on = draw.take(draw.reported > self.now)
        schedule = Schedule(
            changes(going_on, np.full(len(going_on), self.now), self.shape),
            more=self._next_day if self.n else None,
            known_until=self.now,
            courses=courses(draw, self.now),
        )
        return listed(draw, self.now, self.shape), schedule

    def truth(self, until: dt.datetime | None = None) -> Truth:
        """Return how every row really goes, also of those that are listed between `now` and `until`."""
        truth = Truth.of(self._listed())
        begin = self.now
        while until is not None and begin < until.timestamp() * 1_000_000:
            truth = truth | Truth.of(self._to_come(begin))
            begin += DAY
        return truth

    def _listed(self) -> Draw:
        rng = np.random.default_rng(self.seed)
        draw = draw_listed(self.n, rng, self.now)
        plant(draw, rng, self.now)
        return draw

    def _to_come(self, begin: int) -> Draw:
        day = (begin - self.now) // DAY
        return draw_to_come(self.n, np.random.default_rng([self.seed, day + 1]), begin)

    def _next_day(self, begin: int) -> tuple[list[Event], dict[str, Course], int]:
        draw = self._to_come(begin)
        events = to_list(draw, self.shape) + changes(draw, draw.announced, self.shape)
        return events, courses(draw, NEVER - 1), begin + DAY


def synthetic_milestones(
    n: int, seed: int = 0, *, now: dt.datetime = DEFAULT_NOW, shape: Shape = _SHAPE
) -> list[dict[str, Any]]:
    """Invent `n` milestones as the objects that `GET /milestones` would list.

    Parameters
    ----------
    n : int
        How many rows; production has about 137,200.
    seed : int
        The same seed, `n` and `now` give the same rows, byte for byte.
    now : datetime.datetime
        Aware; 97 % of the rows start before it.
    shape : Shape
        How ends and unknown fields are written.

    Returns
    -------
    list of dict
        Sorted by (start_date, id); keys and value types as the API's, `source_ids` included.

    Raises
    ------
    QueryError
        When `n` or `seed` is no whole number of at least 0, or `now` carries no time zone.

    Examples
    --------
    >>> rows = synthetic_milestones(1000)
    >>> len({row["type"] for row in rows}), rows[0]["start_date"]
    (44, '2000-01-01T00:00:00Z')
    >>> all(row["details"]["synthetic"] for row in rows)
    True
    """
    return list(Universe(n, seed, now=now, shape=shape).rows())


def sample_milestones(
    n: int = 500, seed: int = 0, *, now: dt.datetime = DEFAULT_NOW, shape: Shape = _SHAPE
) -> pd.DataFrame:
    """Return `n` invented milestones as a milestones table, for trying things out without a server.

    Parameters
    ----------
    n : int
        How many rows.
    seed : int
        The same seed gives the same table.
    now : datetime.datetime
        Aware; most rows start before it, a few are live or upcoming.
    shape : Shape
        How ends and unknown fields are written.

    Returns
    -------
    pandas.DataFrame
        In the milestones schema; `attrs["milestone_kit"]["source"]` is "synthetic".

    Examples
    --------
    >>> table = sample_milestones(50)
    >>> len(table), table.attrs["milestone_kit"]["source"]
    (50, 'synthetic')
    """
    # imported here: serving rows needs no pandas
    from milestone_kit.table.frame import milestones_frame  # noqa: PLC0415
    from milestone_kit.table.schema import ATTRS_KEY  # noqa: PLC0415

    table = milestones_frame(synthetic_milestones(n, seed, now=now, shape=shape))
    table.attrs[ATTRS_KEY] = {**table.attrs.get(ATTRS_KEY, {}), "source": "synthetic"}
    return table


def truth(
    n: int, seed: int = 0, *, now: dt.datetime = DEFAULT_NOW, until: dt.datetime | None = None
) -> Truth:
    """Return how the rows of `synthetic_milestones(n, seed, now=now)` really go: what no listing tells.

    Parameters
    ----------
    n, seed, now
        As for `synthetic_milestones`.
    until : datetime.datetime, optional
        Take in the rows as well that a server's clock brings into the listing until then.

    Examples
    --------
    >>> known = truth(2000)
    >>> rows = {row["id"]: row for row in synthetic_milestones(2000)}
    >>> on = known.live(DEFAULT_NOW)
    >>> 3 < len(on) < 60, any(rows[id]["start_date"] > "2026-01-15T18:00:00Z" for id in on)
    (True, False)
    """
    return Universe(n, seed, now=now).truth(until)


def true_ends(n: int, seed: int = 0, *, now: dt.datetime = DEFAULT_NOW) -> Mapping[str, int]:
    """Return id to true end, in microseconds since 1970; rows that never happen are left out."""
    return truth(n, seed, now=now).ends
