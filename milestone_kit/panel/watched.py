"""What the panel shows of a watchlist: the rows that are nearest, how many there are, what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.panel.row_cells import column_words

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["WATCHED_ROWS", "WATCH_COLORS", "nearest_rows", "unknown_words", "watched_view"]

WATCHED_ROWS: Final = 6
"""How many rows are pinned on top of the table: what is live and what comes next."""

WATCH_COLORS: Final[Mapping[str, str]] = {"light": "#C77700", "dark": "#FFB84D"}
"""The frames in the chart, by the name of the theme; the style sheet has the same."""

_SHOWN: Final = ("status", "when", "start_date", "title", "type")
_NAMED: Final = 5
_RANK: Final[Mapping[str, int]] = {"live": 0, "upcoming": 1}


def nearest_rows(timeline: pd.DataFrame, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return rows in the order in which they matter: live, next by their start, then the last that ended.

    Parameters
    ----------
    timeline : pandas.DataFrame
        Milestones with the columns of `compute_timeline`.
    rows : ndarray of int64
        Positions.
    """
    status = timeline["status"].cat
    last = len(_RANK)
    # a missing status has code -1, which reads the last entry
    ranks = np.array([*(_RANK.get(name, last) for name in status.categories), last])
    rank = ranks[status.codes.to_numpy()[rows]]
    start = timeline["start_date"].to_numpy("datetime64[us]").astype(np.int64)[rows]
    ordered: NDArray[np.int64] = rows[np.lexsort((np.where(rank == last, -start, start), rank))]
    return ordered


def watched_view(
    rows: pd.DataFrame,
    zone: str,
    selected: Container[str],
    counts: tuple[int, int],
    unknown: str,
) -> dict[str, Any]:
    """Return the `view` of `WatchedRows`.

    Parameters
    ----------
    rows : pandas.DataFrame
        Those that are shown, with the columns of `compute_timeline`.
    zone : str
        IANA time zone of the times.
    selected : container of str
        The ids of rows that stand out.
    counts : tuple of two int
        How many watched milestones pass the filters, and how many there are.
    unknown : str
        What `unknown_words` says.
    """
    (shown, watched), said = counts, column_words(rows, zone)
    cells = [{name: said[name][at] for name in _SHOWN} for at in range(len(rows))]
    made = [{"id": id_, "cells": each} for id_, each in zip(rows["id"], cells, strict=True)]
    words = f"{len(made):,} of {shown:,}" if len(made) < shown else f"{shown:,}"
    hidden = f" · {watched - shown:,} more hidden by the filters" if watched > shown else ""
    note = f" · {unknown}" if unknown else ""
    chosen = [id_ for id_ in rows["id"] if id_ in selected]
    return {"rows": made, "selected": chosen, "words": f"{words}{hidden}{note}"}


def unknown_words(watch: Sequence[str], unknown: Sequence[str]) -> str:
    """Return which entries of a watchlist are not there, "" where all are.

    Examples
    --------
    >>> unknown_words(["KXA", "KXB"], ["KXB"])
    '1 of 2 not in this table: KXB'
    """
    if not unknown:
        return ""
    more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
    return f"{len(unknown):,} of {len(watch):,} not in this table: {', '.join(unknown[:_NAMED])}{more}"
