"""Kalshi milestones in JupyterLab: fetch once, filter, see a Gantt chart, take a CSV away.

Names are imported on first use, so that `import milestone_kit` costs little more than pandas and
loads neither plotly nor ipywidgets. `__init__.pyi` beside this file lists them: it is what type
checkers read and what the loader follows.
"""

import lazy_loader

from milestone_kit import accessor as _accessor  # noqa: F401 - registers DataFrame.milestones

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
