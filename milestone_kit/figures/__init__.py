"""Figures of milestones: what to draw is decided without plotly, then drawn with it."""

from __future__ import annotations

from milestone_kit.figures.calendar import plot_calendar
from milestone_kit.figures.changes import plot_changes
from milestone_kit.figures.concurrency import plot_concurrency
from milestone_kit.figures.gantt.plot import plot_gantt

__all__ = ["plot_calendar", "plot_changes", "plot_concurrency", "plot_gantt"]
