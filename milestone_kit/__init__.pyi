from . import sandbox
from .calibration import calibrate_durations
from .changes import diff_milestones
from .client import MilestoneClient
from .details import details_of, expand_details
from .durations import typical_durations
from .errors import (
    ApiError,
    CacheError,
    CacheWarning,
    DataWarning,
    EmptyResultWarning,
    IncompleteError,
    MilestoneKitError,
    MilestoneKitWarning,
    NetworkError,
    NotFoundError,
    OfflineError,
    PaginationError,
    QueryError,
    RateLimitError,
    SchemaError,
    StaleWarning,
)
from .export import read_csv, to_csv
from .figures import plot_calendar, plot_changes, plot_concurrency, plot_gantt
from .filters import filter_milestones
from .overlaps import find_overlaps
from .panel import MilestoneExplorer, explore
from .parquet import read_parquet, to_parquet
from .relations import coverage, related_milestones
from .sandbox import sample_milestones
from .schedule import busiest, calendar_counts, concurrency, gaps, next_up
from .settings import DEMO_URL, PRODUCTION_URL
from .shortcuts import get_competitions, get_milestone, get_milestones
from .slippage import slips
from .tickers import explode_tickers, find_by_ticker, ticker_table
from .timeline import assign_lanes, compute_timeline

__version__: str

__all__ = [
    "DEMO_URL",
    "PRODUCTION_URL",
    "ApiError",
    "CacheError",
    "CacheWarning",
    "DataWarning",
    "EmptyResultWarning",
    "IncompleteError",
    "MilestoneClient",
    "MilestoneExplorer",
    "MilestoneKitError",
    "MilestoneKitWarning",
    "NetworkError",
    "NotFoundError",
    "OfflineError",
    "PaginationError",
    "QueryError",
    "RateLimitError",
    "SchemaError",
    "StaleWarning",
    "assign_lanes",
    "busiest",
    "calendar_counts",
    "calibrate_durations",
    "compute_timeline",
    "concurrency",
    "coverage",
    "details_of",
    "diff_milestones",
    "expand_details",
    "explode_tickers",
    "explore",
    "filter_milestones",
    "find_by_ticker",
    "find_overlaps",
    "gaps",
    "get_competitions",
    "get_milestone",
    "get_milestones",
    "next_up",
    "plot_calendar",
    "plot_changes",
    "plot_concurrency",
    "plot_gantt",
    "read_csv",
    "read_parquet",
    "related_milestones",
    "sample_milestones",
    "sandbox",
    "slips",
    "ticker_table",
    "to_csv",
    "to_parquet",
    "typical_durations",
]
