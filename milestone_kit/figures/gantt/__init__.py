"""The Gantt chart: what to draw is decided without plotly, then drawn with it."""
