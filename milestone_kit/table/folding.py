"""Text as people search it: case, accents and width make no difference."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.table.arrays import one_chunk

__all__ = ["fold", "fold_all"]

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
