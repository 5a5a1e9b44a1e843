"""Words of charts and cards: how times are told, and text from the server without markup, TeX or flood."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DAY_ONLY", "duration_text", "plain", "plain_all", "shorten"]

DAY_ONLY: Final = "may mean that day only"
"""What is said of a start at midnight UTC: the server does not tell a kick-off then from a mere date."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Explicit bidirectional overrides could reorder the words of the sentence around a title.
_BIDI_CONTROL: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ISOLATE: Final = "\u2068"
_POP: Final = "\u2069"
_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def shorten(text: str, width: int) -> str:
    r"""Return one line of at most `width` characters, cut with an ellipsis.

    Examples
    --------
    >>> shorten("Election night\\nin Ohio", 14)
    'Election nigh…'
    """
    # A title may have ten million characters: cut before the patterns run over it.
    line = _CONTROL.sub(" ", text[: 4 * width + 64]).strip()
    if len(line) <= width and len(text) <= 4 * width + 64:
        return line
    return line[: width - 1].rstrip() + "…"


def plain(text: str, width: int = 80) -> str:
    """Return `text` escaped for plotly, which reads every label as pseudo-HTML and TeX.

    Parameters
    ----------
    text : str
        Any text, also hostile.
    width : int
        The longest that is shown, in characters.

    Examples
    --------
    >>> plain("<b>5 & $10$</b>")
    '&lt;b&gt;5 &amp; &#36;10&#36;&lt;/b&gt;'
    """
    line = shorten(_BIDI_CONTROL.sub("", text[: 4 * width + 128]) if len(text) else text, width)
    escaped = html.escape(line, quote=False).replace("$", "&#36;")
    return f"{_ISOLATE}{escaped}{_POP}" if _RIGHT_TO_LEFT.search(line) else escaped


def plain_all(texts: Iterable[str], width: int = 80) -> list[str]:
    """Return `plain` of every text."""
    return [plain(text, width) for text in texts]


def duration_text(ms: float) -> str:
    """Return a length of time in its two largest units.

    Examples
    --------
    >>> duration_text(9_000_000), duration_text(4 * 86_400_000)
    ('2 h 30 min', '4 d')
    """
    minutes = round(ms / 60_000)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    said = [f"{number:,} {unit}" for number, unit in parts if number][:2]
    return " ".join(said) if said else "0 min"
