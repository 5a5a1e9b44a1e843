"""`milestone-kit sync`: bring the cache and the history up to date, for cron."""
# ruff: noqa: PLC0415 - the command line starts quickly; what a command needs is imported for it

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

from milestone_kit.cli.console import add_client_options, one_line
from milestone_kit.cli.filters import add_filters, query_of
from milestone_kit.errors import EmptyResultWarning, OfflineError

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from milestone_kit.cli.console import Commands

__all__ = ["add", "run"]


def add(commands: Commands) -> None:
    """Describe the command and its options."""
    parser = commands.add_parser(
        "sync",
        help="ask for what changed since the last time and keep it",
        description="Ask the server for what changed since the last sync or fetch, bring the cache up to "
        "date and record every version seen, so that `milestone-kit changes` can tell them. One line tells "
        "how many milestones were added, changed and removed. Exit code 0: the cache is whole and up to "
        "date; 1: it could not be brought up to date (run it again to go on); 2: an argument cannot be used.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    add_filters(parser)
    how = parser.add_argument_group("how")
    how.add_argument(
        "--full", action="store_true", help="walk through all pages, which notices every deletion"
    )
    how.add_argument("--limit", type=int, default=500, metavar="N", help="milestones per page, 1 to 500")
    how.add_argument("--quiet", action="store_true", help="say nothing when nothing changed")
    add_client_options(parser)


def run(args: argparse.Namespace) -> int:
    """Refresh, then tell what is new."""
    from milestone_kit.client.client import MilestoneClient

    query = query_of(args)
    with MilestoneClient(base_url=args.base_url, cache_dir=args.cache_dir) as client:
        before: pd.DataFrame | None
        try:
            with warnings.catch_warnings():
                # the refresh will say so, too
                warnings.simplefilter("ignore", EmptyResultWarning)
                before = client.get_milestones(**query, offline=True)
        except OfflineError:
            before = None
        progress = None if sys.stderr.isatty() else False
        after = client.refresh(**query, full=args.full, limit=args.limit, progress=progress)
    what = "the first sync" if before is None else _counts(before, after)
    if what or not args.quiet:
        source = after.attrs["milestone_kit"]["source"]
        print(one_line(f"{len(after):,} milestones of {source}: {what or 'nothing changed'}"))  # noqa: T201
    return 0


def _counts(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """Count what differs, in words; no word when nothing does."""
    from milestone_kit.analysis.changes import ADDED, DELETED, diff_milestones

    changes = diff_milestones(before, after)
    fields = changes["field"]
    changed = changes.loc[~fields.isin([ADDED, DELETED]), "id"].nunique()
    counts = (fields == ADDED).sum(), changed, (fields == "start_date").sum(), (fields == DELETED).sum()
    if not any(counts):
        return ""
    return "{:,} added, {:,} changed ({:,} of them rescheduled), {:,} removed".format(*counts)
