"""Colours: one stable slot per value, safe for colour-blind readers, in a light and a dark theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from milestone_kit.analysis.groups import NONE
from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from milestone_kit.analysis.groups import Keys

__all__ = ["DARK", "LIGHT", "OTHER", "SLOTS", "ColorScale", "Theme", "ThemeName", "theme_of", "tint"]

ThemeName = Literal["light", "dark"]

# Eight hues after Paul Tol's "vibrant" scheme, widened by an ochre and a purple of other lightness.
_HUES: Final = ("#0077BB", "#EE7733", "#009988", "#CC3311", "#33BBEE", "#AA4499", "#B8930B", "#EE3377")
_HUES_ON_DARK: Final = (
    "#4DA3E0",
    "#F59355",
    "#2BBFAE",
    "#EC6A50",
    "#66D0F5",
    "#CE7FC0",
    "#DDB93B",
    "#F573A0",
)

SLOTS: Final = len(_HUES) + 1
"""How many colours are told apart; the last one is for every other value."""

OTHER: Final = "other"
"""The label of the values beyond the palette."""

_STATUS_SLOTS: Final = {"live": 2, "upcoming": 0, "ended": len(_HUES)}


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of everything that is not data."""

    name: ThemeName
    hues: tuple[str, ...]
    text: str
    muted: str
    grid: str
    band: str
    hover: str
    now: str


LIGHT: Final = Theme(
    "light",
    (*_HUES, "#8A8F98"),
    "#1F2933",
    "#66707C",
    "#E3E7EC",
    "rgba(31,41,51,0.035)",
    "#FFFFFF",
    "#D6336C",
)
DARK: Final = Theme(
    "dark",
    (*_HUES_ON_DARK, "#9AA3AE"),
    "#E6EAF0",
    "#A3ADB9",
    "#39414B",
    "rgba(255,255,255,0.035)",
    "#262C33",
    "#FF6B9D",
)


def theme_of(name: str) -> Theme:
    """Return the theme called "light" or "dark"; QueryError for any other name."""
    themes: dict[str, Theme] = {theme.name: theme for theme in (LIGHT, DARK)}
    if not isinstance(name, str) or name not in themes:
        raise QueryError(f"theme={name!r}: expected 'light' or 'dark'")
    return themes[name]


def tint(color: str, alpha: float) -> str:
    """Return a #RRGGBB colour as `rgba(...)` with the given opacity.

    Examples
    --------
    >>> tint("#0077BB", 0.5)
    'rgba(0,119,187,0.5)'
    """
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


@dataclass(frozen=True, slots=True)
class ColorScale:
    """Which colour slot every row has.

    Attributes
    ----------
    slots : ndarray of int8, shape (rows,)
        Per row of the table, 0 .. SLOTS - 1.
    labels : tuple of str
        The value behind each slot in use, in slot order, "" where a slot is not in use.
    """

    slots: NDArray[np.int8]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, keys: Keys, order: Sequence[str] = ()) -> ColorScale:
        """Give the most frequent values a colour of their own, ranked over the whole table.

        Ranking over the whole table, not over what a filter leaves, keeps colours stable.

        Parameters
        ----------
        keys : Keys
            The values.
        order : sequence of str
            Values that get the first colours instead, in this order, whether the table has them or
            not; their case does not matter.
        """
        spelled = {name.casefold(): name for name in keys.names}
        # placeholders have no status, and no colour of their own
        named = set(keys.names) - {NONE}
        if named and named <= set(_STATUS_SLOTS):
            slots = {name: _STATUS_SLOTS[name] for name in named}
        else:
            given = [spelled.get(name.casefold(), name) for name in order]
            ranked = list(dict.fromkeys([*given, *keys.names]))
            slots = {name: slot for slot, name in enumerate(ranked[: _own_colors(len(ranked))])}
        slot_of_code = np.array([slots.get(name, SLOTS - 1) for name in keys.names], dtype=np.int8)
        labels = [""] * SLOTS
        for name, slot in slots.items():
            labels[slot] = name
        if not set(keys.names) <= set(slots):
            labels[SLOTS - 1] = OTHER
        return cls(slot_of_code[keys.codes] if len(keys.codes) else np.empty(0, np.int8), tuple(labels))


def _own_colors(values: int) -> int:
    return values if values <= SLOTS else SLOTS - 1
