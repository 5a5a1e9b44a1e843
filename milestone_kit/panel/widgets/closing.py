"""Close a widget with all that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as w

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["close_all"]


def close_all(root: w.Widget) -> None:
    """Close a widget, what stands in it, and the layouts and styles of all of them.

    ipywidgets closes the one widget only: the others, and what their handlers hold, stay in memory for as
    long as the kernel runs.
    """
    for widget in list(_parts(root)):
        widget.unobserve_all()
        # not `widget.close()`: the root's own is what calls this
        w.Widget.close(widget)


def _parts(widget: w.Widget) -> Iterator[w.Widget]:
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(part, w.Widget):
                yield from _parts(part)
    yield widget
