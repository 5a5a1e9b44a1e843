"""What the panel has to know of the page it stands on, and hands to it."""

from __future__ import annotations

import math
from typing import Any, Final

import traitlets

from milestone_kit.panel.widgets.delivery import Delivery
from milestone_kit.panel.widgets.front_end import FrontEnd, script

__all__ = ["WIDEST", "Bridge"]

WIDEST: Final = 8_000
"""Pixels: no screen is wider, and what is drawn grows with the width."""


class _Pixels(traitlets.TraitType[int, Any]):
    """A number of pixels that a screen can have: what is told is cut, or not taken up."""

    def validate(self, obj: Any, value: Any) -> int:
        """Return what is taken up."""
        credible = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not credible or value < 0:
            return int(getattr(obj, self.name or ""))
        return min(int(value), WIDEST)


class Bridge(FrontEnd):
    """The page around the panel: its width and theme, keys and wheel, downloads, the clipboard.

    Attributes
    ----------
    width : int
        CSS pixels that the figure may take, at most `WIDEST`; 0 until the browser has said so. What is
        no number of pixels is not taken up.
    dark : bool
        Whether JupyterLab shows a dark theme.
    zone : str
        The browser's own IANA time zone; "" until it has said so.
    ticking : bool
        Whether the panel goes on with the clock.
    scoring : bool
        Whether it asks how things stand.

    delivery : Delivery
        Hands files to the browser.

    Notes
    -----
    The events are "tick", "scores", "close", "back", "forward" and "more" (file, part). The first comes as
    each minute begins, the second every 15 seconds, both when the panel comes into sight, and neither while
    nobody can see it: nothing runs in the kernel for a panel that is hidden or gone. The next three are keys:
    Escape, and the left and right arrows with Alt; for "more" waits `delivery`.
    """

    _esm = script("keyboard.js", "wheel.js", "clipboard.js", "delivery.js", "bridge.js")
    width = _Pixels(default_value=0).tag(sync=True)
    zone = traitlets.Unicode().tag(sync=True)
    ticking = traitlets.Bool(default_value=True).tag(sync=True)
    scoring = traitlets.Bool(default_value=False).tag(sync=True)
    dark = traitlets.CBool(default_value=False).tag(sync=True)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.delivery = Delivery(self.send)

    def copy(self, text: str, said: str) -> None:
        """Put `text` on the clipboard, and say so in these words."""
        self.send({"kind": "copy", "text": text, "said": said})

    def say(self, words: str) -> None:
        """Show words for a moment."""
        self.send({"kind": "say", "said": words})
