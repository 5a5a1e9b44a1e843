"""How the cells of a CSV file are told apart, made harmless to spreadsheets, and had back as they were."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, get_args

import pyarrow as pa
import pyarrow.compute as pc

from milestone_kit.errors import QueryError

__all__ = ["Layout", "Separator"]

Separator = Literal[",", ";", "\t", "|"]
"""What may stand between two cells."""

_FORMULA: Final = "=+\\-@＝＋－＠'"
_AT_START: Final = rf"\A([{_FORMULA}\t\r\n])"
_QUOTED_AT_START: Final = r"\A'"


class Layout(NamedTuple):
    """How cells are told apart and made harmless, and how that is undone.

    Attributes
    ----------
    separator : str
        What stands between two cells.
    escape : bool
        Whether formulas are made harmless.
    inside, quoted_inside : str
        Patterns of what is dangerous within text, and of how it looks once it is not. Quotes may stand
        before it: by another separator they would open and close a cell that holds nothing.
    """

    separator: str
    escape: bool
    inside: str
    quoted_inside: str

    @classmethod
    def of(cls, separator: object, *, escape: bool) -> Layout:
        """Make a layout, or raise QueryError for another separator than there are."""
        if separator not in get_args(Separator):
            expected = ", ".join(map(repr, get_args(Separator)))
            raise QueryError(f"separator={separator!r}: expected one of {expected}")
        others = "".join(one for one in get_args(Separator) if one != separator)
        begin = rf'([{others}\r\n]"*)'
        return cls(str(separator), escape, f"{begin}([{_FORMULA}])", f"{begin}'")

    def harmless(self, text: pa.Array) -> pa.Array:
        """Put an apostrophe before whatever could be taken for a formula."""
        text = pc.replace_substring_regex(text, self.inside, r"\1'\2")
        return pc.replace_substring_regex(text, _AT_START, r"'\1")

    def plain(self, text: pa.Array) -> pa.Array:
        """Undo what `harmless` did."""
        text = pc.replace_substring_regex(text, _QUOTED_AT_START, "")
        return pc.replace_substring_regex(text, self.quoted_inside, r"\1")

    def harmless_name(self, name: str) -> str:
        """Do for a column's name what `harmless` does for its values."""
        return re.sub(_AT_START, r"'\1", re.sub(self.inside, r"\1'\2", name))

    def plain_name(self, name: str) -> str:
        """Undo what `harmless_name` did."""
        return re.sub(self.quoted_inside, r"\1", name.removeprefix("'"))
