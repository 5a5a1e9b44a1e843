"""All kinds of the synthetic universe together: its 44 types and 17 categories."""

from __future__ import annotations

from typing import Final

from milestone_kit.sandbox.kinds import Kind, Lines
from milestone_kit.sandbox.sports import INVENTED, SPORTS
from milestone_kit.sandbox.topics import TOPICS

__all__ = ["CATEGORIES", "INVENTED_TYPES", "KINDS", "KIND_OF_TYPE", "LINES", "TYPES"]

KINDS: Final[tuple[Kind, ...]] = (*SPORTS, *TOPICS, *INVENTED)
"""Every (type, category) pair; the first one is the most frequent."""

LINES: Final = Lines.of(KINDS)
"""The kinds by league, for drawing."""

TYPES: Final = tuple(dict.fromkeys(kind.type for kind in KINDS))
"""The 44 values of `type`."""

INVENTED_TYPES: Final = frozenset(kind.type for kind in INVENTED)
"""Those of `TYPES` whose names are made up, because production's are not known."""

CATEGORIES: Final = tuple(dict.fromkeys(kind.category for kind in KINDS))
"""The 17 values of `category`, near-twins included; rows may write "sports" and "mentions" as well."""

KIND_OF_TYPE: Final = {kind.type: kind for kind in reversed(KINDS)}
"""The most frequent kind of each type."""
