"""A text field with a button that empties it, shown while there is something to empty."""

from __future__ import annotations

import ipywidgets as w

__all__ = ["clearable"]


def clearable(field: w.Text, tip: str) -> w.HBox:
    """Return a field with its button, which the style sheet hides as long as the placeholder is seen.

    Parameters
    ----------
    field : ipywidgets.Text
        With a placeholder.
    tip : str
        What the button does, in words.
    """
    clear = w.Button(description="×", tooltip=tip)
    clear.on_click(lambda _: field.set_trait("value", ""))
    return w.HBox([field, clear]).add_class("mk-clearable")
