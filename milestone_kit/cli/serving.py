"""`milestone-kit sandbox`: invented or recorded milestones over HTTP, for trying things out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from milestone_kit.cli.console import interruptible, port_number, say
from milestone_kit.errors import MilestoneKitError

if TYPE_CHECKING:
    import argparse

    from milestone_kit.cli.console import Commands

__all__ = ["add", "run"]


def add(commands: Commands) -> None:
    """Describe the command and its options."""
    parser = commands.add_parser(
        "sandbox",
        help="serve invented milestones on this machine",
        description="Serve invented (or recorded) milestones with the contract of Kalshi's endpoint until "
        "Ctrl-C. The base URL is the only line on stdout.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--rows", type=int, default=20_000, metavar="N", help="how many (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="the same seed invents the same rows"
    )
    parser.add_argument(
        "--file", metavar="PATH", help="serve this recorded answer, or folder of them, instead"
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=port_number, default=0, metavar="P", help="a free one by default")
    parser.add_argument(
        "--latency", type=float, default=0.0, metavar="SECONDS", help="how long every answer waits"
    )
    parser.add_argument(
        "--requests-per-second", type=float, metavar="RATE", help="answer 429 above this many requests"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until the user stops it."""
    from milestone_kit.sandbox import serve  # noqa: PLC0415 - only this command needs it

    with interruptible():
        try:
            with serve(
                args.rows,
                seed=args.seed,
                file=args.file,
                host=args.host,
                port=args.port,
                latency=args.latency,
                requests_per_second=args.requests_per_second,
            ) as server:
                print(server.url, flush=True)  # noqa: T201 - the command's output
                what = "recorded" if args.file else "invented"
                say(f"serving {len(server.milestones()):,} {what} milestones; Ctrl-C stops")
                threading.Event().wait()
        except OSError as error:
            raise MilestoneKitError(f"cannot serve on {args.host} port {args.port}: {error}") from error
        except KeyboardInterrupt:
            pass  # being stopped is how this command ends
    return 0
