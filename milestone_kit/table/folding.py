"""Text as people search it: case, accents and width make no difference."""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.table.arrays import one_chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["fold", "fold_all", "segments"]

_LOOKALIKES: Final = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"
}  # fmt: skip
"""Letters that Unicode does not take apart, and that people without them on their keyboard write so."""

_BETWEEN: Final = "\x1e"  # the record separator


def fold(text: str) -> str:
    """Return text without the differences that a search should not see.

    Examples
    --------
    >>> fold("São TELMO"), fold("Brøndby"), fold("Straße")
    ('sao telmo', 'brondby', 'strasse')
    """
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    # by what occurs, and not letter by letter: a text may be a whole column
    letters = set(apart)
    if marks := "".join(filter(unicodedata.combining, letters)):
        apart = re.sub(f"[{marks}]+", "", apart)
    folded = apart.casefold()
    for letter in _LOOKALIKES.keys() & set(folded):
        folded = folded.replace(letter, _LOOKALIKES[letter])
    return folded


def fold_all(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return `fold` of every text of a column; null stays null.

    Examples
    --------
    >>> fold_all(pa.array(["Élan", "OPEN", None])).to_pylist()
    ['elan', 'open', None]
    """
    column = one_chunk(texts)
    lower = pc.ascii_lower(column)
    ascii_only = pc.string_is_ascii(column).fill_null(True)  # noqa: FBT003 - Arrow's own signature
    mask = pc.invert(ascii_only)
    others = column.filter(mask).to_pylist()
    if not others:
        return lower
    folded = fold(_BETWEEN.join(others)).split(_BETWEEN)
    if len(folded) != len(others):  # a text has what was to stand between texts
        folded = [fold(text) for text in others]
    return pc.replace_with_mask(lower, mask, pa.array(folded, lower.type))


def segments(text: str, words: Sequence[str]) -> list[tuple[str, bool]]:
    """Return a text in pieces, and of each whether it is one that was searched for.

    Parameters
    ----------
    text : str
        Any text; the pieces joined are this text.
    words : sequence of str
        What is searched for, as `fold` returns it; "" is nothing.

    Examples
    --------
    >>> segments("Praia de São Telmo", ["sao", "telmo"])
    [('Praia de ', False), ('São', True), (' ', False), ('Telmo', True)]
    """
    # letter by letter, `fold` gives the same as for the whole: what it leaves of each tells where it stood
    folded = [fold(letter) for letter in text]
    whole, places = "".join(folded), [at for at, left in enumerate(folded) for _ in left]
    hit = bytearray(len(text))
    for word in filter(None, words):
        for found in re.finditer(f"(?={re.escape(word)})", whole):  # also where two lie over each other
            first, last = places[found.start()], places[found.start() + len(word) - 1] + 1
            while last < len(text) and not folded[last]:
                last += 1  # an accent that stands for itself belongs to the letter before
            hit[first:last] = bytes([1]) * (last - first)
    runs = itertools.groupby(zip(text, hit, strict=True), key=lambda pair: pair[1])
    return [("".join(letter for letter, _ in run), bool(is_hit)) for is_hit, run in runs]
