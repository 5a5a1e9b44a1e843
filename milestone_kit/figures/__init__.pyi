from .calendar import plot_calendar
from .changes import plot_changes
from .concurrency import plot_concurrency
from .gantt.plot import plot_gantt

__all__ = ["plot_calendar", "plot_changes", "plot_concurrency", "plot_gantt"]
