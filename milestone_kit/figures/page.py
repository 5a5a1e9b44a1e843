"""A figure as an HTML page of its own: plotly.js inside, nothing loaded, nothing sent."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from milestone_kit.figures.layout import CONFIG

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["html_page"]

_ZOOMED: Final = CONFIG | {"scrollZoom": True}
"""The page's own script lets plotly hear of the wheel only where that is meant."""

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; padding: 0 1rem; }}
h1 {{ font-size: 1.4rem; margin: 0; }} p {{ color: #555; margin: 0 0 1rem; }}</style></head>
<body><h1>{title}</h1><p>{words}</p>
{chart}
<script>
// the wheel scrolls the page, as everywhere; with Ctrl or Cmd it zooms the chart
document.addEventListener("wheel", (event) => {{
  if (!event.target.closest(".js-plotly-plot")) return;
  if (event.ctrlKey || event.metaKey) event.preventDefault();
  else event.stopImmediatePropagation();
}}, {{ capture: true, passive: false }});
</script>
</body></html>
"""


def html_page(figure: go.Figure, words: str, *, title: str = "Kalshi milestones") -> str:
    """Return a page that shows a figure without any network.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        What to show.
    words, title : str
        Plain text above it.
    """
    chart = figure.to_html(full_html=False, include_plotlyjs=True, include_mathjax=False, config=_ZOOMED)
    return _PAGE.format(title=html.escape(title), words=html.escape(words), chart=chart)
