"""What the panel's own widgets share: their scripts, and the events of the user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anywidget

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FrontEnd", "script"]

_STATIC: Final = Path(__file__).parents[1] / "static"


def script(*names: str) -> str:
    """Return scripts or a style sheet of ours as one text.

    A widget's script is a module without neighbours: what it shares with others comes in front of it. Given
    a path, anywidget would watch the file for every widget, and keep all widgets for ever for that.
    """
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in names)


class FrontEnd(anywidget.AnyWidget):
    """A widget whose front end tells what the user does."""

    def on_event(self, handler: Callable[[dict[str, Any]], None]) -> None:
        """Call `handler` with each `{"kind": ..., ...}` of the user, as `next_session` takes them."""
        self.on_msg(lambda _widget, content, _buffers: handler(content))
