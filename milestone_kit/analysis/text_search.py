r"""Words looked up in all that milestones say of themselves: titles, messages, tickers, leagues, ids.

What rows say lies in one piece of memory, row after row, each ending in a line break; a word is looked
for in the whole of it at once, and a hit skips the rest of its row.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.analysis.details import LEAGUE_NAMES
from milestone_kit.table.folding import fold, fold_all
from milestone_kit.table.schema import TICKER_LISTS, check_milestones, ticker_lists

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from milestone_kit.analysis.groups import Groups

__all__ = ["ID_LENGTH", "TextSearch"]

ID_LENGTH: Final = 6
"""Of an id this many characters from its beginning are enough; shorter words must be a whole id, and words
without a digit are none: the letters of ids are those of words, and "ace" is in many."""

_SHORT: Final = 3  # bytes; shorter words hit nearly every row, and Arrow leaves a row at its first hit
_ID: Final = "\x1f"  # stands before each id
_TEXT: Final = pa.large_string()


class TextSearch:
    """The text of a table, made ready for looking up words.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones; later changes to it are not seen.
    leagues : Groups
        Their leagues.
    """

    def __init__(self, df: pd.DataFrame, leagues: Groups) -> None:
        check_milestones(df)
        self._df = df
        self._leagues = leagues

    def mask(self, text: str) -> NDArray[np.bool_]:
        """Return which rows (bool array, by position) have each of the words, one here, one there."""
        found = np.ones(len(self._df), dtype=bool)
        for word in fold(text).split():
            hit = self._said.having(word)
            if any(map(str.isdecimal, word)):
                hit = hit | self._ids.having_id(word)
            found &= hit
        return found

    @cached_property
    def _said(self) -> _Lines:
        codes, known = self._leagues.codes, map(str, self._leagues.names)
        names = [" ".join((code, *LEAGUE_NAMES.get(code.upper(), ()))) for code in known]
        league = pa.array(names, _TEXT).take(pa.array(codes, mask=codes < 0))
        tickers = [pc.binary_join(ticker_lists(self._df, name), " ").cast(_TEXT) for name in TICKER_LISTS]
        words = (pa.array(self._df[name]) for name in ("title", "notification_message"))
        return _Lines(*words, *tickers, league)

    @cached_property
    def _ids(self) -> _Lines:
        """The ids of a row and of its sources, each after a mark that nobody can type."""
        others = pa.array(self._df["source_ids"])
        for before in ('":"', '": "'):
            others = pc.replace_substring(others, before, f'"{_ID}')
        return _Lines(pa.array(self._df["id"]), pa.array(self._df["source_id"]), others, mark=_ID)


class _Lines:
    """One line of folded text for each row."""

    def __init__(self, *columns: pa.Array | pa.ChunkedArray, mark: str = " ") -> None:
        parts = [pc.replace_substring(fold_all(column).cast(_TEXT), "\n", " ") for column in columns]
        nothing, between, end = (pa.scalar(text, _TEXT) for text in ("", mark, "\n"))
        line = pc.binary_join_element_wise(nothing, *parts, nothing, between, null_handling="replace")
        self._lines = pc.binary_join_element_wise(line, end, nothing)
        _, offsets, content = self._lines.buffers()
        self._starts = np.frombuffer(offsets, np.int64)[: len(self._lines)]
        self._content = content or b""

    def having(self, word: str) -> NDArray[np.bool_]:
        """Tell which lines have a word anywhere."""
        letters = word.encode()
        if len(letters) < _SHORT:
            return np.asarray(pc.match_substring(self._lines, word), dtype=bool)
        return self._hit(re.escape(letters))

    def having_id(self, word: str) -> NDArray[np.bool_]:
        """Tell which lines have an id that is, or begins with, a word."""
        end = rb'(?=[\x1f"])' if len(word) < ID_LENGTH else b""
        return self._hit(re.escape(f"{_ID}{word}".encode()) + end)

    def _hit(self, pattern: bytes) -> NDArray[np.bool_]:
        hits = re.finditer(pattern + rb"[^\n]*", self._content)
        places = np.fromiter((hit.start() for hit in hits), np.int64)
        found = np.zeros(len(self._lines), dtype=bool)
        found[np.searchsorted(self._starts, places, side="right") - 1] = True
        return found
