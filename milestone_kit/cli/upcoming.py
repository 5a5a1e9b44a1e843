"""`milestone-kit next`: what is live and what comes next, in a terminal or for scripts."""
# ruff: noqa: PLC0415 - the command line starts quickly; what a command needs is imported for it

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import sys
import time
from typing import TYPE_CHECKING, Final

from milestone_kit.cli.console import add_client_options, interruptible
from milestone_kit.cli.filters import add_filters, query_of
from milestone_kit.core.arguments import check_whole_number, read_duration, read_now
from milestone_kit.errors import ApiError, QueryError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    import pandas as pd

    from milestone_kit.cli.board import Board
    from milestone_kit.cli.console import Commands
    from milestone_kit.client.client import MilestoneClient

__all__ = ["Watch", "add", "redraw", "run"]

_DAYS_BACK: Final = 5  # of what lasts longer, hardly anything is on
_DAYS_AHEAD: Final = 3
_FRESH: Final = "5min"
_LEAST_EVERY: Final = "5s"


def add(commands: Commands) -> None:
    """Describe the command and its options."""
    parser = commands.add_parser(
        "next",
        help="show what is live and what comes next",
        description="Show what is live, with scores, and what comes next, with countdowns. Times are UTC. "
        f"Without start dates, of the {_DAYS_BACK} days before and the {_DAYS_AHEAD} days ahead. Milestones "
        f"are asked for again when they are older than {_FRESH}, and then only what changed.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    add_filters(parser)
    how = parser.add_argument_group("how")
    how.add_argument("-n", "--count", type=int, default=15, metavar="N", help="of each at most (%(default)s)")
    how.add_argument("--watch", action="store_true", help="draw it again and again, until Ctrl-C")
    how.add_argument("--every", default="15s", metavar="TIME", help="how often, with --watch (%(default)s)")
    how.add_argument("--json", action="store_true", help="one JSON object, with --watch one a line")
    how.add_argument("--now", metavar="WHEN", help="as of this moment (UTC) and not of the clock")
    add_client_options(parser)


def run(args: argparse.Namespace) -> int:
    """Draw once, or until the user has seen enough."""
    from milestone_kit.client.client import MilestoneClient

    check_whole_number(args.count, "--count")
    least = read_duration(_LEAST_EVERY, "--every")
    every = read_duration(args.every, "--every", least=least).astype(int) / 1e6
    if args.now is not None and args.watch:
        raise QueryError("--now stands still, and there is nothing to --watch; leave one of them out")
    with MilestoneClient(
        base_url=args.base_url, cache_dir=args.cache_dir, expire_after=_FRESH, stale_if_error=True
    ) as client:
        watch = Watch(client, query_of(args), args.count)
        if not args.watch:
            _show(watch.look(read_now(args.now)), as_json=args.json)
            return 0
        clear = "" if args.json or not sys.stdout.isatty() else "\x1b[2J\x1b[H"
        # being stopped is how watching ends
        with interruptible(), contextlib.suppress(KeyboardInterrupt):
            redraw(lambda: _show(watch.look(read_now(None)), as_json=args.json, clear=clear), every=every)
    return 0


def redraw(
    draw: Callable[[], object],
    *,
    every: float,
    times: int | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Draw, wait, and draw again; so many times, or without end."""
    for number in itertools.count(1):
        draw()
        if number == times:
            return
        sleep(every)


class Watch:
    """Asks for what a board shows, and goes on with what it has when the server does not answer.

    Parameters
    ----------
    client : MilestoneClient
        Asks.
    query : dict
        Which milestones, as keywords of `get_milestones`.
    count : int
        How many of each are shown.
    """

    def __init__(self, client: MilestoneClient, query: dict[str, object], count: int) -> None:
        self._client = client
        self._query = query
        self._count = count
        self._known: pd.DataFrame | None = None

    def look(self, now: pd.Timestamp) -> Board:
        """Return the board of a moment.

        Raises
        ------
        ApiError
            When there are no milestones, not even older ones.
        """
        from milestone_kit.cli.board import make_board, worth_asking

        df, trouble = self._milestones(now)
        try:
            live = self._client.get_live(worth_asking(df, now))
        except ApiError as error:
            live, trouble = None, trouble or f"no scores: {error}"
        return make_board(df, live, now=now, count=self._count, trouble=trouble)

    def _milestones(self, now: pd.Timestamp) -> tuple[pd.DataFrame, str]:
        import pandas as pd

        # whole days, so that all questions of a day are one and the cache knows the answer
        day = now.normalize()
        window = {
            "minimum_start_date": day - pd.Timedelta(days=_DAYS_BACK),
            "maximum_start_date": day + pd.Timedelta(days=_DAYS_AHEAD + 1),
        }
        asked = {name: value for name, value in self._query.items() if value is not None}
        bounded = asked.keys() & window.keys()
        query = asked if bounded else window | asked
        try:
            self._known = self._client.get_milestones(
                **query,  # type: ignore[arg-type]  # checked by get_milestones, by name
                progress=None if sys.stderr.isatty() else False,
            )
        except ApiError as error:
            if self._known is None:
                raise
            return self._known, f"these are the milestones of before: {error}"
        return self._known, ""


def _show(board: Board, *, as_json: bool, clear: str = "") -> None:
    from milestone_kit.cli.board import board_json, board_text

    if as_json:
        # in ASCII, which every terminal and every reader has
        text = json.dumps(board_json(board))
    else:
        text = clear + board_text(board, shutil.get_terminal_size((100, 24)).columns)
    print(text, flush=True)  # noqa: T201 - the command's output
