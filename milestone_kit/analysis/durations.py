"""How long milestones last, learned from the ends that are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milestone_kit.analysis.learned import learned_durations
from milestone_kit.analysis.lengths import LevelName, known_durations, learn

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["typical_durations"]


def typical_durations(df: pd.DataFrame | None = None, *, by: LevelName = "type") -> pd.DataFrame:
    """Learn from the reported ends how long milestones of a type, a league or a category last.

    A span counts when its end is not before its start and the row is no placeholder.

    Parameters
    ----------
    df : pandas.DataFrame, optional
        Milestones. Without it: what everything that was ever fetched from the address of the environment
        into its cache folder has taught (kept with each fetch, by league, type and category; to one per
        cent, and `category` is told of categories only).
    by : {"type", "league", "series", "category"}
        "league" also learns from each league of each type, as the details tell it (`league_of`), where
        at least `MIN_SAMPLES` spans allow it. It reads the details' JSON, which takes several times as
        long as the rest. "series" does so for the series of the first primary event ticker (`series_of`).
        "category" learns from categories only.

    Returns
    -------
    pandas.DataFrame
        The rows of leagues, where asked for (`level` "league"), then one row per type that has such a
        span (`level` "type"), then one per category (`level` "category"), each sorted by name:

        - `level`: str
        - `type`: str, NA in the rows of level "category"
        - `league`: str, NA but in the rows of level "league"; only there with `by="league"`
        - `category`: str; for a type or league, the category that most of its spans are in
        - `n`: int64, how many spans
        - `q25`, `median`, `q75`: timedelta64[us]
        - `spread`: timedelta64[us], `q75 - q25`: half of the spans lie within so much of each other
        - `q01`, `q10`, `q90`, `q99`: timedelta64[us]; after `q99` hardly any is still on

        `compute_timeline` uses a median where `n >= MIN_SAMPLES`. Given this table as `assume=`, it does so
        with what was learned here: a league's (or series') first, then a type's, then a category's.

    Raises
    ------
    QueryError
        When `by` is none of these.
    SchemaError
        When a needed column is missing or has another dtype.

    Examples
    --------
    >>> from milestone_kit.sandbox import sample_milestones
    >>> milestones = sample_milestones(2000)
    >>> learned = typical_durations(milestones, by="league")
    >>> learned["level"].unique().tolist()
    ['league', 'type', 'category']
    >>> learned.columns.tolist()
    ['level', 'type', 'league', 'category', 'n', 'q25', 'median', 'q75', 'spread', 'q01', 'q10', 'q90', 'q99']
    """
    if df is None:
        return learned_durations(by)
    return learn(known_durations(df, by), by)
