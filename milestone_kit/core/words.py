"""How times and their grounds are said in words, alike wherever people read them."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["basis_text", "seconds_words", "until_words"]

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def seconds_words(seconds: float) -> str:
    """Return a span of time in its two largest units, down to minutes; below one in seconds.

    Examples
    --------
    >>> [seconds_words(one) for one in (0.4, 42, 720, 5_400, 90_000, 8 * 86_400 + 3_600)]
    ['1 s', '42 s', '12 min', '1 h 30 min', '1 d 1 h', '8 d']
    """
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    left, said = int(seconds), []
    for size, unit in _UNITS:
        number, left = divmod(left, size)
        said.append((number, unit))
    first = next(at for at, (number, _) in enumerate(said) if number)
    # beside a week, hours do not matter
    shown = said[first : first + (1 if said[0][0] >= 7 else 2)]
    return " ".join(f"{number:,} {unit}" for number, unit in shown if number)


def until_words(status: str, starts_in: float, ends_in: float, *, assumed: bool) -> str:
    """Return what the clock says of a milestone: when it starts or ends; "" once it is over.

    Parameters
    ----------
    status : str
        As in `status` of `compute_timeline`.
    starts_in, ends_in : float
        Seconds from now; NaN where that is not known.
    assumed : bool
        Whether the end is no reported one.

    Examples
    --------
    >>> until_words("upcoming", 720.0, 9_000.0, assumed=True)
    'in 12 min'
    >>> until_words("live", -3_600.0, 2_400.0, assumed=True)
    'ends in about 40 min'
    """
    if status == "upcoming" and not math.isnan(starts_in):
        return f"in {seconds_words(starts_in)}"
    if status != "live":
        return ""
    if not ends_in > 0:  # nor where it is not known
        return "on, end not known"
    return f"ends in {'about ' if assumed else ''}{seconds_words(ends_in)}"


def basis_text(level: object, samples: int) -> str:
    """Return what an assumed end rests on, "" where it was not learned from a table.

    Parameters
    ----------
    level : object
        As in `end_level` of `compute_timeline`.
    samples : int
        As in `end_samples`.

    Examples
    --------
    >>> basis_text("type", 1037)
    'median of 1,037 spans of this type'
    """
    return f"median of {samples:,} spans of this {level}" if samples > 0 else ""
