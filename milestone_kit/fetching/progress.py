"""What a long walk shows of itself: a bar that appears only when it takes a while, or a callback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from milestone_kit.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Progress", "check_progress", "reporting"]

if TYPE_CHECKING:
    Progress = bool | Callable[[int, int], object] | None
else:
    Progress = object

_PATIENCE: Final = 2.0


def check_progress(progress: Progress) -> Progress:
    """Return `progress`, or raise QueryError unless it is None, a bool or callable."""
    if progress is None or isinstance(progress, bool) or callable(progress):
        return progress
    raise QueryError(f"progress={progress!r}: expected None, True, False or a function of (rows, pages)")


@contextmanager
def reporting(progress: Progress) -> Iterator[Callable[[int, int], object]]:
    """Give a function to be called with (rows, pages) after each page.

    Parameters
    ----------
    progress : bool, callable or None
        None: a tqdm bar once the walk has taken two seconds; True: at once; False: nothing; a
        function: is called itself.
    """
    if progress is False:
        yield lambda _rows, _pages: None
    elif callable(progress):
        yield progress
    else:
        from tqdm.auto import tqdm  # noqa: PLC0415 - costs time, and most walks show no bar

        # without the thread that redraws bars which stand still: at the interpreter's end none can be had
        lone = type("LoneBar", (tqdm,), {"monitor_interval": 0})
        with lone(desc="milestones", unit=" rows", delay=0.0 if progress else _PATIENCE) as bar:

            def show(rows: int, pages: int) -> None:
                bar.set_postfix(pages=pages, refresh=False)
                bar.update(rows - bar.n)

            yield show
