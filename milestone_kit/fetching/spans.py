"""Spans of starts: which lie around now, and of which every row has come."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from milestone_kit.fetching.start_density import StartDensity

__all__ = ["Span", "around", "cuts_near", "mass_of", "near"]

Span = tuple[int | None, int | None]
"""From which start on and up to which, the second one excluded; None for no bound."""

_HOUR: Final = 3_600 * 1_000_000
_DAY: Final = 24 * _HOUR
_FIRST: Final = (-12 * _HOUR, 48 * _HOUR)
_OUTWARDS: Final = (_FIRST, (-7 * _DAY, 14 * _DAY), (-30 * _DAY, 60 * _DAY))
_WITHIN: Final = (0, 12 * _HOUR, 24 * _HOUR)


def near(now: int, low: int | None, high: int | None) -> list[tuple[int, int]]:
    """Return spans that lie around a moment, each within the next, as far as they lie within bounds.

    The first is from twelve hours before to two days after: what began earlier and still runs, such as a
    golf tournament, comes with the second, from a week before to two weeks after.

    Parameters
    ----------
    now, low, high : int
        Microseconds since 1970; None for no bound.

    Examples
    --------
    >>> near(0, 0, None)[0] == (0, 48 * 3_600_000_000)
    True
    """
    spans = []
    for before, after in _OUTWARDS:
        start = now + before if low is None else max(low, now + before)
        end = now + after if high is None else min(high, now + after)
        if start < end:
            spans.append((start, end))
    return spans


def cuts_near(
    now: int, spans: Sequence[tuple[int, int]], density: StartDensity, *, limit: int, is_large: bool
) -> list[int]:
    """Return where to cut a walk so that spans around a moment can be walked first.

    Parameters
    ----------
    now : int
        Microseconds since 1970.
    spans : sequence of (int, int)
        From `near`.
    density : StartDensity
        Where rows are expected.
    limit : int
        Rows of a full page: what holds less is not worth a range of its own.
    is_large : bool
        Whether there are many pages, where the density does not know.
    """
    if not spans:
        return []
    wanted = [edge for span in spans[1:] for edge in span]
    wanted += [now + at for at in _WITHIN if spans[0][0] < now + at < spans[0][1]]
    cuts = sorted(spans[0])
    if density.exact and density.total < 2 * limit:
        return []
    for edge in wanted if density.exact or is_large else []:
        below = max((cut for cut in cuts if cut < edge), default=None)
        above = min((cut for cut in cuts if cut > edge), default=None)
        parts = (density.between(below, edge), density.between(edge, above))
        if edge not in cuts and (not density.exact or min(parts) >= limit / 2):
            cuts = sorted([*cuts, edge])
    return [cut // 1_000_000 * 1_000_000 for cut in cuts]


def around(spans: Iterable[Span], at: int) -> Span | None:
    """Join spans, and return what of them lies around a start without a gap; None for nothing.

    Examples
    --------
    >>> around([(5, 9), (None, 3), (9, 12), (20, None)], 7)
    (5, 12)
    >>> around([(None, 3)], 7) is None
    True
    """
    joined: list[tuple[float, float]] = []
    bounds = [(-inf if low is None else low, inf if high is None else high) for low, high in spans]
    for low, high in sorted(bounds):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    for low, high in joined:
        if low <= at < high:
            return (None if low == -inf else int(low), None if high == inf else int(high))
    return None


def mass_of(spans: Iterable[Span], density: StartDensity) -> float:
    """Return how much of a density lies in spans that have nothing in common."""
    return sum(density.between(low, high) for low, high in spans)
