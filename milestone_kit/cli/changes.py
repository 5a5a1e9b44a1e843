"""`milestone-kit changes`: what changed from sync to sync, as lines or as CSV."""
# ruff: noqa: PLC0415 - the command line starts quickly; what a command needs is imported for it

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

from milestone_kit.cli.console import add_client_options, one_line, say
from milestone_kit.cli.filters import add_filters, query_of
from milestone_kit.core.settings import shown_url

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from milestone_kit.cli.console import Commands

__all__ = ["add", "run"]

_AGO: Final = re.compile(r"\d+(min|h|d|w)")
_WIDTH: Final = 60


def add(commands: Commands) -> None:
    """Describe the command and its options."""
    parser = commands.add_parser(
        "changes",
        help="tell what changed from sync to sync",
        description="Tell which milestones were added, changed, rescheduled or deleted, as the syncs and "
        "fetches into this cache folder saw it; nothing is asked of the server. One line for each "
        "changed field. Exit code 0, also when nothing changed; 2: an argument cannot be used.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    # only the server knows which milestones belong to a competition
    filters = add_filters(parser, without=("competition",))
    filters.add_argument(
        "--since",
        metavar="WHEN",
        help="seen then or later: a date such as 2026-01-15, or how long ago: 90min, 24h, 7d",
    )
    filters.add_argument(
        "--field", metavar="NAME", help="of this field only: start_date, added, deleted, title ..."
    )
    parser.add_argument_group("output").add_argument("--csv", metavar="OUT", help="a CSV file; - for stdout")
    add_client_options(parser)


def run(args: argparse.Namespace) -> int:
    """Take the changes from the history and write them."""
    from milestone_kit.analysis.changes import check_field
    from milestone_kit.client.client import MilestoneClient

    if args.field is not None:
        check_field(args.field)
    with MilestoneClient(base_url=args.base_url, cache_dir=args.cache_dir) as client:
        changes = client.changes(_moment(args.since), **query_of(args))
        source = shown_url(client.base_url)
    if args.field is not None:
        changes = changes[changes["field"] == args.field].reset_index(drop=True)
    _write(changes, args.csv)
    if changes.empty:
        say(f"no changes of {source} are known; `milestone-kit sync` looks for new ones")
    return 0


def _moment(since: str | None) -> pd.Timestamp | str | None:
    import pandas as pd

    if since is None or not _AGO.fullmatch(since):
        return since
    try:
        return pd.Timestamp.now("UTC") - pd.Timedelta(since)
    except (ValueError, OverflowError):
        return since  # refused by name, as a date that is none


def _write(changes: pd.DataFrame, path: str | None) -> None:
    from milestone_kit.export.csv import csv_text, to_csv

    if path == "-":
        # as bytes, for the reasons that `fetch` has
        with open(sys.stdout.fileno(), "wb", closefd=False) as sink:
            sink.write(csv_text(changes).encode())
    elif path is not None:
        say(f"wrote {len(changes):,} change{'' if len(changes) == 1 else 's'} to {to_csv(changes, path)}")
    else:
        for change in changes.itertuples(index=False):
            print(_line(change))  # noqa: T201 - the command's output


def _line(change: Any) -> str:
    import pandas as pd

    seen, title = f"{change.seen_at:%Y-%m-%d %H:%M}Z", one_line(change.title, _WIDTH)
    head = f"{seen}  {one_line(change.id, _WIDTH)}  {title}  {change.field}"
    if pd.isna(change.before) and pd.isna(change.after):
        return head
    before, after = (
        "-" if pd.isna(text) else one_line(text, _WIDTH) for text in (change.before, change.after)
    )
    shift = (
        "" if pd.isna(change.shift) else f" ({'+' if change.shift > pd.Timedelta(0) else ''}{change.shift})"
    )
    return f"{head}: {before} -> {after}{shift}"
