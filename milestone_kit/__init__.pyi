from . import sandbox
from .analysis.calibration import calibrate_durations
from .analysis.changes import diff_milestones
from .analysis.coverage import coverage, related_milestones
from .analysis.details import details_of, expand_details
from .analysis.durations import typical_durations
from .analysis.filters import filter_milestones
from .analysis.links import event_url
from .analysis.overlaps import find_overlaps
from .analysis.schedule import busiest, calendar_counts, concurrency, gaps, next_up
from .analysis.slips import slips
from .analysis.sources import find_by_source, source_table
from .analysis.tickers import explode_tickers, find_by_ticker, ticker_table
from .analysis.timeline import assign_lanes, compute_timeline
from .client.client import MilestoneClient
from .client.functions import get_competitions, get_milestone, get_milestones
from .client.lookups import add_names, get_live, get_targets
from .core.settings import DEMO_URL, PRODUCTION_URL
from .errors import (
    AddressWarning,
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
    NotJSONError,
    OfflineError,
    PaginationError,
    QueryError,
    RateLimitError,
    SchemaError,
    StaleWarning,
    TooLargeError,
)
from .export.csv import read_csv, to_csv
from .export.ics import to_ics
from .export.parquet import read_parquet, to_parquet
from .figures import plot_calendar, plot_changes, plot_concurrency, plot_gantt
from .panel import MilestoneExplorer, explore
from .sandbox import sample_milestones

__version__: str

__all__ = [
    "DEMO_URL",
    "PRODUCTION_URL",
    "AddressWarning",
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
    "NotJSONError",
    "OfflineError",
    "PaginationError",
    "QueryError",
    "RateLimitError",
    "SchemaError",
    "StaleWarning",
    "TooLargeError",
    "add_names",
    "assign_lanes",
    "busiest",
    "calendar_counts",
    "calibrate_durations",
    "compute_timeline",
    "concurrency",
    "coverage",
    "details_of",
    "diff_milestones",
    "event_url",
    "expand_details",
    "explode_tickers",
    "explore",
    "filter_milestones",
    "find_by_source",
    "find_by_ticker",
    "find_overlaps",
    "gaps",
    "get_competitions",
    "get_live",
    "get_milestone",
    "get_milestones",
    "get_targets",
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
    "source_table",
    "ticker_table",
    "to_csv",
    "to_ics",
    "to_parquet",
    "typical_durations",
]
