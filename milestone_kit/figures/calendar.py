"""`plot_calendar`: how many milestones start on each day, as a calendar of years or of months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from milestone_kit.analysis.flags import is_placeholder
from milestone_kit.analysis.groups import Keys, column_of
from milestone_kit.core.arguments import check_whole_number, check_zone, read_now, to_utc
from milestone_kit.errors import QueryError
from milestone_kit.figures.colors import Theme, theme_of
from milestone_kit.figures.day_grid import MAX_YEARS, Block, Days, day_text, month_blocks, year_blocks
from milestone_kit.figures.layout import beside, check_title, layout
from milestone_kit.figures.text import plain
from milestone_kit.figures.time_axis import fit_window, to_ms
from milestone_kit.table.schema import check_milestones

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from milestone_kit.core.arguments import DateLike

__all__ = ["plot_calendar"]

_MARGIN: Final = {"l": 0, "r": 0, "t": 4, "b": 48}
_LEFT, _RIGHT = 44, 18  # kept inside the axes, where labels of weekdays stand
_LEGEND_PX: Final = 190
_LAST_DAY: Final = int(np.datetime64("9999-12-31").astype(np.int64))
_NAMED: Final = 3

# One hue from pale to deep (dark theme: from dim to bright), so that lightness alone tells more from less.
_RAMPS: Final = {
    "light": ("#EDF0F3", "#C6DEF0", "#5AA5D6", "#0069A8", "#00365C"),
    "dark": ("#20262D", "#173C57", "#1F6EA5", "#58AEE3", "#CDEAFF"),
}
_FAINTEST: Final = 0.16


def plot_calendar(
    df: pd.DataFrame,
    *,
    by: str | None = "category",
    tz: str | None = None,
    start: DateLike | None = None,
    end: DateLike | None = None,
    now: DateLike | None = None,
    width: int = 1100,
    theme: str = "light",
    title: str | None = None,
) -> go.Figure:
    """Draw a calendar in which each day is as deep in colour as milestones start on it.

    Up to six months are drawn as month sheets, more as one band of weeks per year, at most the latest
    six years. The colours end where the few busiest days begin, so that one extreme day does not
    pale the rest; the card of a day has its true count. Outliers in time stay outside the default
    window; what is not drawn is counted in the line above the calendar.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones. Placeholder rows (`is_placeholder`) have no day.
    by : str or None
        Column, or "league", whose commonest values the card of a day names.
    tz : str, optional
        IANA time zone whose days these are, UTC without it.
    start, end : str, date, datetime or Timestamp, optional
        Only the days from that of `start` until before `end`. A bound at midnight UTC, such as a bare
        date, is that day of the calendar; any other is the local day that it lies in. By default the
        days that fit the table.
    now : str, date, datetime or Timestamp, optional
        The day to frame; naive means UTC, the default is the current time.
    width : int
        Pixels that the figure takes; its height follows.
    theme : {"light", "dark"}
        Colours; the background is transparent.
    title : str, optional
        Text above the calendar.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    QueryError
        An option that cannot be used, or an empty window.
    SchemaError
        When `df` is no milestones table.

    Examples
    --------
    >>> import milestone_kit as mk
    >>> figure = mk.plot_calendar(mk.sample_milestones(200), tz="America/New_York")
    >>> "of 200 milestones, by the day on which they start" in figure.layout.title.text
    True
    """
    check_milestones(df)
    check_whole_number(width, "width", 200)
    check_title(title)
    zone, colors = check_zone(tz), theme_of(theme)
    instant = read_now(now)
    values = None if by is None else Keys.of(column_of(df, by, "by"))
    dated = np.flatnonzero(~is_placeholder(df).to_numpy())
    day = _local_days(df["start_date"].iloc[dated], zone)
    today = int(_local_days(pd.Series([instant]), zone)[0])
    area = max(width - _LEFT - _RIGHT, 120)
    low, high = bounds = _bound(start, "start", zone), _bound(end, "end", zone)
    if low is not None and high is not None and low >= high:
        raise QueryError(
            f"start={start!r} does not lie on a day before end={end!r}; no day lies between them"
        )
    span, cut = _span(_fitted(df["start_date"].iloc[dated], day, today), day, bounds)
    blocks = (year_blocks if span.months > 6 else month_blocks)(
        span, area, grow=start is None and end is None
    )
    low, high = min(block.days.first for block in blocks), max(block.days.last for block in blocks)
    here = (day >= low) & (day <= high)
    counts = np.bincount(day[here] - low, minlength=high - low + 1)
    tops = {} if values is None else _commonest(day[here], values.codes[dated[here]], values.names)
    cap = _cap(counts)
    words = f"{int(here.sum()):,} of {len(df):,} milestones, by the day on which they start"
    lacking = len(df) - len(dated)
    undated = f"{lacking:,} without a believable date" if lacking else ""
    words += beside(int((day < low).sum()), int((day > high).sum()), cut, undated)
    traces = [_sheet(block, counts, low, cap=cap, tops=tops, today=today) for block in blocks]
    figure = layout(
        colors,
        width=width,
        height=int(max(block.bottom for block in blocks)),
        margin=_MARGIN,
        words=words,
        title=title,
    )
    figure |= _axes(width, max(block.bottom for block in blocks), colors, _legend(width, colors, cap, counts))
    figure["shapes"] = [frame for block in blocks for frame in _frame(block, today, colors)]
    figure["annotations"] = [
        *(one for block in blocks for one in _labels(block, counts, low, colors)),
        _legend_title(zone, width, colors),
    ]
    return go.Figure(data=traces, layout=figure)


def _local_days(instants: pd.Series[pd.Timestamp], zone: str) -> NDArray[np.int64]:
    """Return the local day of each instant, in days since 1970."""
    local = instants.dt.tz_convert(zone).dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    return np.minimum(local.astype("datetime64[D]").astype(np.int64), _LAST_DAY)


def _bound(value: DateLike | None, name: str, zone: str) -> int | None:
    """Return the day of a bound: of the calendar at midnight UTC, else the local day it lies in."""
    if value is None:
        return None
    stamp = to_utc(value, name)
    local = "UTC" if stamp == stamp.normalize() else zone
    return int(_local_days(pd.Series([stamp]), local)[0])


def _fitted(starts: pd.Series[pd.Timestamp], day: NDArray[np.int64], today: int) -> Days:
    """Return the days that show the table without its outliers; today, where it is empty."""
    if not len(day):
        return Days(today, today)
    ms = to_ms(starts)
    window = fit_window(np.sort(ms), np.full(len(ms), np.nan))
    inside = day[(ms >= window.start) & (ms <= window.end)]
    return Days(int(inside.min()), int(inside.max()))


def _span(fitted: Days, day: NDArray[np.int64], bounds: tuple[int | None, int | None]) -> tuple[Days, str]:
    """Return the days to draw, and what to say where years are left out."""
    first = fitted.first if bounds[0] is None else bounds[0]
    last = fitted.last if bounds[1] is None else bounds[1] - 1
    if first > last:  # one bound, beyond the table
        first, last = (first, first) if bounds[1] is None else (last, last)
    span = Days(first, last)
    if span.years <= MAX_YEARS:
        return span, ""
    held = day[(day >= first) & (day <= last)]
    latest = Days(first, min(last, int(held.max()))) if len(held) else span
    return latest.latest_years(MAX_YEARS), f"the latest {MAX_YEARS} of {span.years:,} years"


def _cap(counts: NDArray[np.int64]) -> int:
    """Return the count from which on the colour does not deepen: not that of a few extreme days."""
    filled = counts[counts > 0]
    if not len(filled):
        return 1
    usual = int(np.quantile(filled, 0.97, method="lower"))
    most = int(filled.max())
    return most if most <= 2 * usual else usual


def _level(counts: NDArray[Any], cap: int) -> NDArray[np.float64]:
    # roots keep quiet days apart where some hold hundreds
    share = np.sqrt(np.minimum(counts, cap) / cap)
    return np.where(counts > 0, _FAINTEST + (1 - _FAINTEST) * share, 0.0)


def _commonest(day: NDArray[np.int64], codes: NDArray[np.int64], names: tuple[str, ...]) -> dict[int, str]:
    """Return, for each day, its commonest values as lines of a card."""
    if not len(day):
        return {}
    table = pd.DataFrame({"day": day, "code": codes}).value_counts().reset_index(name="n")
    table = table.sort_values(["day", "n", "code"], ascending=[True, False, True])
    place = table.groupby("day").cumcount()
    total, kinds = table.groupby("day")["n"].sum(), table.groupby("day")["n"].size()
    named = table[place < _NAMED]
    lines: dict[int, str] = {}
    left = total.to_dict()
    for one, code, n in zip(named["day"].tolist(), named["code"].tolist(), named["n"].tolist(), strict=True):
        lines[one] = f"{lines.get(one, '')}<br>{plain(names[code], 30)} {n:,}"
        left[one] -= n
    more = kinds[kinds > _NAMED].to_dict()
    return {one: text + (f"<br>others {left[one]:,}" if one in more else "") for one, text in lines.items()}


def _sheet(
    block: Block, counts: NDArray[np.int64], low: int, *, cap: int, tops: dict[int, str], today: int
) -> dict[str, Any]:
    """Return a block of days as one heat map."""
    days = np.arange(block.days.first, block.days.last + 1)
    rows, columns = block.cells(days)
    shape = (block.rows, block.columns)
    z, cards, texts = (np.full(shape, empty, dtype=object) for empty in (None, "", ""))
    mine = counts[days - low]
    z[rows, columns] = _level(mine, cap)
    cards[rows, columns] = [
        f"<b>{day_text(one)}</b>{' · today' if one == today else ''}<br>{n:,} start{tops.get(one, '')}"
        for one, n in zip(days.tolist(), mine.tolist(), strict=True)
    ]
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": block.left + block.cell_width * (np.arange(block.columns) + 0.5),
        "y": block.top + block.cell_height * (np.arange(block.rows) + 0.5),
        "z": z.tolist(),
        "hovertext": cards.tolist(),
        "hoverinfo": "text",
        "hoverongaps": False,
        "xgap": block.gap,
        "ygap": block.gap,
        "coloraxis": "coloraxis",
    }
    if block.numbered:
        roomy = block.cell_width >= 34
        texts[rows, columns] = [
            f"{number}<br><b>{n:,}</b>" if roomy and n else str(number)
            for number, n in zip(block.numbers(days), mine.tolist(), strict=True)
        ]
        trace |= {"text": texts.tolist(), "texttemplate": "%{text}", "textfont": {"size": 11}}
    return trace


def _frame(block: Block, today: int, theme: Theme) -> list[dict[str, Any]]:
    if not block.days.first <= today <= block.days.last:
        return []
    rows, columns = block.cells(np.array([today]))
    x, y = block.left + block.cell_width * columns[0], block.top + block.cell_height * rows[0]
    return [
        {
            "type": "rect",
            "x0": float(x),
            "x1": float(x + block.cell_width),
            "y0": float(y),
            "y1": float(y + block.cell_height),
            "line": {"color": theme.now, "width": 2},
        }
    ]


def _labels(block: Block, counts: NDArray[np.int64], low: int, theme: Theme) -> list[dict[str, Any]]:
    total = int(counts[block.days.first - low : block.days.last - low + 1].sum())
    heading = f"<b>{block.name}</b>  <span style='color:{theme.muted}'>{total:,}</span>"
    said = [(block.left, block.heading_y, heading, "left", theme.text, 12)]
    said += [(x, y, text, anchor, theme.muted, 10) for x, y, text, anchor in block.labels()]
    return [
        {
            "x": float(x),
            "y": float(y),
            "text": text,
            "xanchor": anchor,
            "yanchor": "middle",
            "showarrow": False,
            "borderpad": 0,
            "font": {"color": color, "size": size},
        }
        for x, y, text, anchor, color, size in said
    ]


def _legend_title(zone: str, width: int, theme: Theme) -> dict[str, Any]:
    return {
        "xref": "paper",
        "yref": "paper",
        "x": 1 - (_RIGHT + _LEGEND_PX + 14) / width,
        "y": 0,
        "yshift": -25,
        "xanchor": "right",
        "yanchor": "middle",
        "text": f"starts per day, {zone}" if width > 560 else zone,
        "showarrow": False,
        "font": {"color": theme.muted, "size": 11},
    }


def _axes(width: int, height: float, theme: Theme, colorbar: dict[str, Any]) -> dict[str, Any]:
    zero, *ramp = _RAMPS[theme.name]
    at = np.linspace(_FAINTEST, 1.0, len(ramp))
    scale = [[0.0, zero], [_FAINTEST * 0.9, zero], [_FAINTEST * 0.9, ramp[0]]]
    bare = {"visible": False, "fixedrange": True, "autorange": False}
    return {
        "xaxis": bare | {"range": [-_LEFT, width - _LEFT]},
        "yaxis": bare | {"range": [height, 0]},
        "dragmode": False,
        "showlegend": False,
        "coloraxis": {
            "cmin": 0,
            "cmax": 1,
            "colorscale": scale + [[float(x), color] for x, color in zip(at, ramp, strict=True)],
            "colorbar": colorbar,
        },
    }


def _legend(width: int, theme: Theme, cap: int, counts: NDArray[np.int64]) -> dict[str, Any]:
    marks = sorted({1, max(round(cap / 4), 1), cap})
    more = "+" if counts.max(initial=0) > cap else ""
    return {
        "orientation": "h",
        "x": 1 - _RIGHT / width,
        "xanchor": "right",
        "xpad": 0,
        "yref": "container",
        "y": 0,
        "yanchor": "bottom",
        "ypad": 6,
        "lenmode": "pixels",
        "len": _LEGEND_PX,
        "thickness": 9,
        "outlinewidth": 0,
        "tickvals": [0.0, *_level(np.array(marks), cap).tolist()],
        "ticktext": ["0", *(f"{n:,}" for n in marks[:-1]), f"{cap:,}{more}"],
        "tickfont": {"size": 10, "color": theme.muted},
        "ticklabeloverflow": "allow",
        "ticks": "",
    }
