"""`milestone-kit cache`: what is kept on this machine, and a way to be rid of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milestone_kit.cli.console import add_client_options, one_line
from milestone_kit.core.settings import Settings, shown_url

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from milestone_kit.cli.console import Commands

__all__ = ["add", "run"]


def add(commands: Commands) -> None:
    """Describe the command and its options."""
    parser = commands.add_parser(
        "cache",
        help="show or clear what is kept on this machine",
        description="Show what the cache folder holds for one API address, or delete it. Without --base-url, "
        "clear deletes what is kept for all addresses.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    parser.add_argument("what", nargs="?", choices=("info", "clear"), default="info", help="info by default")
    parser.add_argument(
        "--history",
        action="store_true",
        help="clear every version seen as well, which nobody can fetch again",
    )
    add_client_options(parser)


def run(args: argparse.Namespace) -> int:
    """Show the cache folder's files, or delete them."""
    if args.what == "clear" and args.base_url is None:
        return _clear_all(args)
    from milestone_kit.client.client import MilestoneClient  # noqa: PLC0415 - costs time that --help need not take

    with MilestoneClient(base_url=args.base_url, cache_dir=args.cache_dir) as client:
        kept, source = client.cache_info(), shown_url(client.base_url)
        if args.what == "clear" and not args.history:
            kept = kept[kept["kind"] != "history"]
        total = _total(len(kept), kept["bytes"].sum())
        if args.what == "clear":
            client.clear_cache(history=args.history)
            print(f"deleted {total} that were kept for {source}")  # noqa: T201 - the command's output
        elif kept.empty:
            print(f"nothing is kept for {source}")  # noqa: T201
        else:
            print(f"{_lines(kept)}\n{total} kept for {source}")  # noqa: T201
    return 0


def _clear_all(args: argparse.Namespace) -> int:
    from milestone_kit.storage.cache_folder import clear_all  # noqa: PLC0415 - costs time that --help need not take

    folder = Settings.of(cache_dir=args.cache_dir).cache_dir
    total = _total(*clear_all(folder, history=args.history))
    print(f"deleted {total} that were kept for all addresses")  # noqa: T201
    return 0


def _total(files: int, size: float) -> str:
    return f"{files} file{'' if files == 1 else 's'}, {size / 1e6:.1f} MB"


def _lines(kept: pd.DataFrame) -> str:
    shown = kept.assign(
        query=[one_line(query, 60) for query in kept["query"]],
        fetched_at=kept["fetched_at"].dt.strftime("%Y-%m-%d %H:%M:%SZ"),
    )
    return shown.fillna({"fetched_at": ""}).to_string(index=False, na_rep="")
