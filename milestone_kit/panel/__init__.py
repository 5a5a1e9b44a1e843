"""The explorer: filters, a Gantt chart, a table and details of milestones in one Jupyter widget."""

from __future__ import annotations

from milestone_kit.panel.explorer import MilestoneExplorer
from milestone_kit.panel.opening import explore

__all__ = ["MilestoneExplorer", "explore"]
