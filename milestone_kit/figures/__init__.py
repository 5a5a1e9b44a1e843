"""Figures of milestones: what to draw is decided without plotly, then drawn with it.

The functions are imported on first use; `__init__.pyi` beside this file lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
