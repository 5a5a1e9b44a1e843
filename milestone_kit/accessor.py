"""`df.milestones.<name>`: the package's functions as methods of a milestones DataFrame."""
# ruff: noqa: PLC0415 - each method imports what it forwards to, so that `import milestone_kit` stays light

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from milestone_kit.table.schema import check_milestones

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

    import plotly.graph_objects as go

    from milestone_kit.analysis.durations import Assume, LevelName, TimedeltaLike
    from milestone_kit.core.query import DateLike
    from milestone_kit.export.parquet import Compression, PartitionBy
    from milestone_kit.panel import MilestoneExplorer

__all__ = ["MilestonesAccessor"]


class MilestonesAccessor:
    """The functions that take a milestones table first, bound to this one.

    Each method is the function of the same name in `milestone_kit`, where it is described in full.
    Columns beyond the milestones schema are welcome.

    Raises
    ------
    SchemaError
        When first touched on a table that is not in the milestones schema.

    Examples
    --------
    >>> from milestone_kit.table.schema import empty_milestones
    >>> len(empty_milestones().milestones.filter(category="Sports"))
    0
    """

    def __init__(self, df: pd.DataFrame) -> None:
        check_milestones(df)
        self._df = df

    def explode_tickers(
        self, column: str = "related_event_tickers", *, keep: Iterable[str] | None = None
    ) -> pd.DataFrame:
        """Give every ticker of a list column its own row; see `milestone_kit.explode_tickers`."""
        from milestone_kit.analysis.tickers import explode_tickers

        return explode_tickers(self._df, column, keep=keep)

    def ticker_table(self) -> pd.DataFrame:
        """Tabulate which event ticker belongs to which row; see `milestone_kit.ticker_table`."""
        from milestone_kit.analysis.tickers import ticker_table

        return ticker_table(self._df)

    def find_by_ticker(self, tickers: str | Iterable[str]) -> pd.DataFrame:
        """Find the rows that event or market tickers belong to; see `milestone_kit.find_by_ticker`."""
        from milestone_kit.analysis.tickers import find_by_ticker

        return find_by_ticker(self._df, tickers)

    def coverage(self, tickers: str | Iterable[str], *, now: DateLike | None = None) -> pd.DataFrame:
        """Tell which tickers have a milestone here; see `milestone_kit.coverage`."""
        from milestone_kit.analysis.coverage import coverage

        return coverage(self._df, tickers, now=now)

    def related_milestones(self, id: str) -> pd.DataFrame:  # noqa: A002 - the column's name
        """Find the rows that share tickers with one row; see `milestone_kit.related_milestones`."""
        from milestone_kit.analysis.coverage import related_milestones

        return related_milestones(self._df, id)

    def find_overlaps(
        self, *, by: str = "event_ticker", assume: Assume = "typical", max_pairs: int = 5_000_000
    ) -> pd.DataFrame:
        """Find rows that are on at the same time and share a key; see `milestone_kit.find_overlaps`."""
        from milestone_kit.analysis.overlaps import find_overlaps

        return find_overlaps(self._df, by=by, assume=assume, max_pairs=max_pairs)

    def expand_details(
        self, keys: str | Iterable[str] | None = None, prefix: str = "details."
    ) -> pd.DataFrame:
        """Make columns of values in the details; see `milestone_kit.expand_details`."""
        from milestone_kit.analysis.details import expand_details

        return expand_details(self._df, keys, prefix)

    def details_of(self, id: str | None = None) -> dict[str, Any]:  # noqa: A002 - the column's name
        """Decode the details of one row; see `milestone_kit.details_of`."""
        from milestone_kit.analysis.details import details_of

        return details_of(self._df, id)

    def filter_milestones(
        self,
        *,
        category: str | Iterable[str] | None = None,
        type: str | Iterable[str] | None = None,  # noqa: A002 - the column's name
        text: str | None = None,
        ticker: str | Iterable[str] | None = None,
        start: DateLike | None = None,
        end: DateLike | None = None,
        status: str | Iterable[str] | None = None,
        has_end: bool | None = None,
        simulated: bool | None = None,
        placeholder: bool | None = None,
        league: str | Iterable[str] | None = None,
        now: DateLike | None = None,
    ) -> pd.DataFrame:
        """Keep the rows that meet every given criterion; see `milestone_kit.filter_milestones`."""
        from milestone_kit.analysis.filters import filter_milestones

        return filter_milestones(
            self._df,
            category=category,
            type=type,
            text=text,
            ticker=ticker,
            start=start,
            end=end,
            status=status,
            has_end=has_end,
            simulated=simulated,
            placeholder=placeholder,
            league=league,
            now=now,
        )

    filter = filter_milestones

    def compute_timeline(
        self,
        *,
        now: DateLike | None = None,
        assume: Assume = "typical",
        live_for: TimedeltaLike = "24h",
    ) -> pd.DataFrame:
        """Add ends, durations, statuses and lanes; see `milestone_kit.compute_timeline`."""
        from milestone_kit.analysis.timeline import compute_timeline

        return compute_timeline(self._df, now=now, assume=assume, live_for=live_for)

    def typical_durations(self, *, by: LevelName = "type") -> pd.DataFrame:
        """Learn how long each type and category lasts; see `milestone_kit.typical_durations`."""
        from milestone_kit.analysis.durations import typical_durations

        return typical_durations(self._df, by=by)

    def calibrate_durations(
        self, *, assume: Assume = "typical", by: LevelName = "type", within: TimedeltaLike = "30min"
    ) -> pd.DataFrame:
        """Tell how far assumed ends would be off; see `milestone_kit.calibrate_durations`."""
        from milestone_kit.analysis.calibration import calibrate_durations

        return calibrate_durations(self._df, assume=assume, by=by, within=within)

    def assign_lanes(self, by: str | None = None) -> pd.Series[int]:
        """Give every row a lane without overlaps; see `milestone_kit.assign_lanes`."""
        from milestone_kit.analysis.timeline import assign_lanes

        return assign_lanes(self._df, by)

    def diff_milestones(self, after: pd.DataFrame) -> pd.DataFrame:
        """Tell what changed from this table to a later one; see `milestone_kit.diff_milestones`."""
        from milestone_kit.analysis.changes import diff_milestones

        return diff_milestones(self._df, after)

    def slips(self, after: pd.DataFrame) -> pd.DataFrame:
        """Tell which rows slipped until a later table; see `milestone_kit.slips`."""
        from milestone_kit.analysis.slips import slips

        return slips(self._df, after)

    def concurrency(
        self,
        freq: TimedeltaLike = "1h",
        by: str | None = None,
        *,
        start: DateLike | None = None,
        end: DateLike | None = None,
        now: DateLike | None = None,
    ) -> pd.DataFrame:
        """Count how many rows are on at once; see `milestone_kit.concurrency`."""
        from milestone_kit.analysis.schedule import concurrency

        return concurrency(self._df, freq, by, start=start, end=end, now=now)

    def busiest(
        self,
        n: int = 10,
        freq: TimedeltaLike = "1h",
        by: str | None = None,
        *,
        start: DateLike | None = None,
        end: DateLike | None = None,
        now: DateLike | None = None,
    ) -> pd.DataFrame:
        """List when the most rows are on at once; see `milestone_kit.busiest`."""
        from milestone_kit.analysis.schedule import busiest

        return busiest(self._df, n, freq, by, start=start, end=end, now=now)

    def calendar_counts(
        self, freq: str = "D", by: str | None = "category", *, tz: str | None = None
    ) -> pd.DataFrame:
        """Count starts per day, week or month; see `milestone_kit.calendar_counts`."""
        from milestone_kit.analysis.schedule import calendar_counts

        return calendar_counts(self._df, freq, by, tz=tz)

    def next_up(self, n: int = 10, *, now: DateLike | None = None, by: str | None = None) -> pd.DataFrame:
        """List the rows that start next; see `milestone_kit.next_up`."""
        from milestone_kit.analysis.schedule import next_up

        return next_up(self._df, n, now=now, by=by)

    def gaps(
        self,
        min_gap: TimedeltaLike = "1h",
        by: str | None = None,
        *,
        start: DateLike | None = None,
        end: DateLike | None = None,
        now: DateLike | None = None,
    ) -> pd.DataFrame:
        """List the spans in which no row is on; see `milestone_kit.gaps`."""
        from milestone_kit.analysis.schedule import gaps

        return gaps(self._df, min_gap, by, start=start, end=end, now=now)

    def to_csv(self, path: str | os.PathLike[str], *, escape_formulas: bool = True) -> Path:
        """Write the table to a CSV file, whole or not at all; see `milestone_kit.to_csv`."""
        from milestone_kit.export.csv import to_csv

        return to_csv(self._df, path, escape_formulas=escape_formulas)

    def to_parquet(
        self,
        path: str | os.PathLike[str],
        *,
        partition_by: PartitionBy | Iterable[PartitionBy] | None = None,
        compression: Compression = "zstd",
    ) -> Path:
        """Write the table to a Parquet file or folder; see `milestone_kit.to_parquet`."""
        from milestone_kit.export.parquet import to_parquet

        return to_parquet(self._df, path, partition_by=partition_by, compression=compression)

    def plot_gantt(self, **options: Any) -> go.Figure:
        """Draw the rows as a Gantt chart; see `milestone_kit.plot_gantt` for the options."""
        from milestone_kit.figures import plot_gantt

        return plot_gantt(self._df, **options)

    def plot_concurrency(self, **options: Any) -> go.Figure:
        """Draw how many rows are on at once; see `milestone_kit.plot_concurrency` for the options."""
        from milestone_kit.figures import plot_concurrency

        return plot_concurrency(self._df, **options)

    def plot_calendar(self, **options: Any) -> go.Figure:
        """Draw how many rows start on each day; see `milestone_kit.plot_calendar` for the options."""
        from milestone_kit.figures import plot_calendar

        return plot_calendar(self._df, **options)

    def explore(self, **options: Any) -> MilestoneExplorer:
        """Open the filter panel on this table; see `milestone_kit.explore` for the options."""
        from milestone_kit.panel import explore

        return explore(self._df, **options)


# a second import (importlib.reload, test collectors) replaces our own accessor; pandas would warn
# as if it were somebody else's
if getattr(getattr(pd.DataFrame, "milestones", None), "__module__", None) == __name__:
    del pd.DataFrame.milestones  # type: ignore[attr-defined]  # set by the line below
pd.api.extensions.register_dataframe_accessor("milestones")(MilestonesAccessor)
