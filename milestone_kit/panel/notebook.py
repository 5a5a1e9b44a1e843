"""The notebook that the kernel runs, as far as it tells."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["running_shell"]


def running_shell() -> Any:
    """Return the shell of IPython whose cell runs; None outside of one. IPython is not imported for this."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()
