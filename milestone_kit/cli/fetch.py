"""`milestone-kit fetch`: milestones as CSV, as a chart or as a summary, for people without a notebook."""
# ruff: noqa: PLC0415 - what only one of the outputs needs is imported for that output

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from milestone_kit.cli.console import add_client_options, one_line, say
from milestone_kit.cli.filters import add_filters, query_of
from milestone_kit.errors import IncompleteError

if TYPE_CHECKING:
    import pandas as pd

    from milestone_kit.cli.console import Commands

__all__ = ["add", "run"]


def add(commands: Commands) -> None:
    """Describe the command and its options."""
    parser = commands.add_parser(
        "fetch",
        help="fetch milestones into a CSV file, a chart or a summary",
        description="Fetch milestones, from the cache where that is less than an hour old. Without an output "
        "option a summary is printed. Exit code 2: an argument cannot be used; 1: the fetch failed, also "
        "where --partial saved what had arrived.",
        allow_abbrev=False,
    )
    parser.set_defaults(
        run=run, interrupted="interrupted; what arrived is kept, and the same command goes on from there"
    )
    filters = add_filters(parser)
    filters.add_argument("--max-rows", type=int, metavar="N", help="the first N only")
    how = parser.add_argument_group("how")
    how.add_argument("--limit", type=int, default=500, metavar="N", help="milestones per page, 1 to 500")
    mode = how.add_mutually_exclusive_group()
    mode.add_argument("--refresh", action="store_true", help="ask the server even if the cache is fresh")
    mode.add_argument("--offline", action="store_true", help="only the cache, however old; no network")
    how.add_argument("--partial", action="store_true", help="keep what arrived when the fetch stops half-way")
    add_client_options(parser)
    outputs = parser.add_argument_group("outputs")
    outputs.add_argument("--csv", metavar="OUT", help="a CSV file; - for stdout")
    outputs.add_argument("--parquet", type=_file, metavar="OUT", help="a Parquet file")
    outputs.add_argument(
        "--html", type=_file, metavar="OUT", help="a Gantt chart as a page that needs no network"
    )
    outputs.add_argument("--json", action="store_true", help="the summary as JSON, for scripts")


def _file(path: str) -> str:
    if path == "-":
        raise argparse.ArgumentTypeError("a chart goes to a file, not to stdout")
    return path


def run(args: argparse.Namespace) -> int:
    """Fetch, then write every output that was asked for."""
    from milestone_kit.client.client import MilestoneClient

    with MilestoneClient(base_url=args.base_url, cache_dir=args.cache_dir) as client:
        try:
            df = client.get_milestones(
                **query_of(args),
                limit=args.limit,
                max_rows=args.max_rows,
                refresh=args.refresh,
                offline=args.offline,
                # a bar is for eyes: in a log it would be noise
                progress=None if sys.stderr.isatty() else False,
            )
        except IncompleteError as error:
            arrived = f"{len(error.partial):,} milestones from {error.pages:,} pages"
            if not args.partial:
                say(f"only {arrived} arrived and nothing was written (--partial keeps them): {error}")
                return 1
            _write(error.partial, args)
            say(f"INCOMPLETE: what was written is only {arrived}, not all there are: {error}")
            return 1
    _write(df, args)
    return 0


def _write(df: pd.DataFrame, args: argparse.Namespace) -> None:
    from milestone_kit.export.csv import csv_text, to_csv, write_whole

    if args.csv == "-":
        # as bytes: a terminal's encoding must neither refuse a title nor turn line ends; through a buffer
        # of our own, since Python's own may be off and then writes in part without a word
        with open(sys.stdout.fileno(), "wb", closefd=False) as sink:
            sink.write(csv_text(df).encode())
    elif args.csv is not None:
        say(f"wrote {_extent(df)} to {to_csv(df, args.csv)}")
    if args.parquet is not None:
        from milestone_kit.export.parquet import to_parquet

        say(f"wrote {_extent(df)} to {to_parquet(df, args.parquet)}")
    if args.html is not None:
        page = _page(df).encode()
        say(f"drew {_extent(df)} in {write_whole(args.html, lambda sink: sink.write(page))}")
    if args.json:
        print(_summary_json(df))  # noqa: T201 - the command's output
    elif args.csv is None and args.parquet is None and args.html is None:
        print(_summary(df))  # noqa: T201 - as above


def _extent(df: pd.DataFrame) -> str:
    known = df.attrs["milestone_kit"]
    first = "" if known["complete"] else "the first "
    return f"{first}{len(df):,} milestone{'' if len(df) == 1 else 's'} of {known['source']}"


def _summary(df: pd.DataFrame) -> str:
    """Return a table of how many milestones there are by category, and how many are live and to come."""
    head = one_line(f"{_extent(df)}, fetched {df.attrs['milestone_kit']['fetched_at']}")
    if df.empty:
        return head
    table = _counts(df)
    table.index = [one_line(name, 40) for name in table.index]
    for name in ("first", "last"):
        table[name] = table[name].dt.strftime("%Y-%m-%d")
    return f"{head}\n\n{table.to_string(formatters=dict.fromkeys(table.columns[:3], '{:,}'.format))}"


def _summary_json(df: pd.DataFrame) -> str:
    """Return the summary as one JSON object: what is known of the fetch, and `counts` by category."""
    counts = _counts(df) if len(df) else df.iloc[:, :0]
    by_category = json.loads(counts.to_json(orient="index", date_format="iso", date_unit="s"))
    return json.dumps(df.attrs["milestone_kit"] | {"counts": by_category})


def _counts(df: pd.DataFrame) -> pd.DataFrame:
    """Return one row per category, the largest first, and one for all of them."""
    from milestone_kit.analysis.timeline import status_of

    status = status_of(df)
    groups = df.assign(live=status == "live", upcoming=status == "upcoming").groupby("category")
    table = groups.agg(
        milestones=("id", "size"),
        live=("live", "sum"),
        upcoming=("upcoming", "sum"),
        first=("start_date", "min"),
        last=("start_date", "max"),
    ).sort_values("milestones", ascending=False, kind="stable")
    table.loc["all"] = [
        *table[["milestones", "live", "upcoming"]].sum(),
        table["first"].min(),
        table["last"].max(),
    ]
    return table


def _page(df: pd.DataFrame) -> str:
    """Return the Gantt chart as a page that carries plotly.js itself and loads nothing."""
    from milestone_kit.figures.gantt.plot import plot_gantt
    from milestone_kit.figures.page import html_page

    known = df.attrs["milestone_kit"]
    asked = "" if known["query"] == "{}" else f", asked for {known['query']}"
    words = f"{_extent(df)}, fetched {known['fetched_at']}{asked}"
    return html_page(plot_gantt(df, group="category"), words)
