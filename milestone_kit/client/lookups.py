"""How milestones stand and who takes part, as plain functions: `get_live`, `get_targets`, `add_names`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milestone_kit.analysis.details import ROLE_KEYS, participants
from milestone_kit.analysis.targets import NAME_COLUMNS, name_columns, named_in
from milestone_kit.client.functions import default_client
from milestone_kit.core.notices import told_once, warn
from milestone_kit.errors import DataWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from milestone_kit.client.client import MilestoneClient

__all__ = ["add_names", "get_live", "get_targets"]


def get_live(
    ids_or_df: pd.DataFrame | str | Iterable[str],
    *,
    refresh: bool = False,
    client: MilestoneClient | None = None,
) -> pd.DataFrame:
    """Ask how milestones stand at the moment: phase, score, clock, who leads.

    Parameters
    ----------
    ids_or_df : pandas.DataFrame, str or iterable of str
        A table with a column `id`, one id, or several (list, Series, Index). The other columns are used
        where they are there: `type` counts before the type that the answer gives, the tickers tell
        simulated games.
    refresh : bool
        Ask the server even about milestones that it was asked about a moment ago.
    client : MilestoneClient, optional
        A process-wide client with default settings when left out.

    Returns
    -------
    pandas.DataFrame
        One row per milestone asked, in that order, RangeIndex:

        - `id`, `type`: str
        - `phase`: ordered category, "before" < "live" < "over"; NA where it is not known, which is not over:
          the server has no payload of one milestone in six, and some payloads have no word for it. What is
          called off is "over", too
        - `score`: str, the home (or first) side before the other, such as "56-67", with sets or maps behind
          it; golf: the leader's; races: the shares of the first two; figures as they are. NA before the start
        - `clock`: str, how far it is, such as "Q2 2:27", "2nd 62'", "bottom 7, 1 out", "set 3, 15-0"
        - `leader`: str, who is ahead or was at the end: "home", "away", or an id that `get_targets` knows;
          NA where it is level
        - `winner`: str, as the payload names it once it is over; often it does not
        - `updated_at`: datetime64[us, UTC], when the payload says that it changed
        - `simulated`: boolean, whether it is a simulated game, which is "live" for years; NA where the
          tickers were not given
        - `details`: str, the whole payload as JSON; NA where there is none

        `attrs["milestone_kit"]` holds source, fetched_at, complete, answered and failed.

    Raises
    ------
    QueryError
        When an id cannot be used; nothing was sent.
    NetworkError, RateLimitError, ApiError, SchemaError
        When nothing arrived at all.

    Warns
    -----
    DataWarning
        When part of the requests failed (those rows are NA, and `attrs` says complete=False), or payloads
        could not be read.

    Notes
    -----
    A hundred milestones are one request, at the client's pace. An answer is given again for 10 seconds, and
    is never written to disk or to the history. Live data trail by some seconds; nothing is gained by asking
    more often than every 15 seconds while something is on, every minute in the hour before, and never
    after. Source of the shapes: Kalshi's description of `GET /live_data/batch` and payloads of production.

    Examples
    --------
    >>> import tempfile
    >>> from milestone_kit import MilestoneClient
    >>> from milestone_kit.sandbox import serve
    >>> with serve(rows=50) as server, tempfile.TemporaryDirectory() as folder:
    ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
    ...         df = client.get_milestones()
    ...         live = get_live(df, client=client)
    >>> list(live["id"]) == list(df["id"])
    True
    """
    return (client or default_client()).get_live(ids_or_df, refresh=refresh)


def get_targets(
    ids_or_df: pd.DataFrame | str | Iterable[str],
    *,
    share: float = 1.0,
    client: MilestoneClient | None = None,
) -> pd.DataFrame:
    """Ask which teams, players, competitors and candidates ids stand for.

    Parameters
    ----------
    ids_or_df : pandas.DataFrame, str or iterable of str
        Milestones, whose details name who takes part (`teams_of`); or one id of a target, or several.
    share : float
        How much of the client's pace may be taken, above 0 and up to 1: names of many milestones can be
        fetched in the background, beside what matters more.
    client : MilestoneClient, optional
        A process-wide client with default settings when left out.

    Returns
    -------
    pandas.DataFrame
        One row per id, in the order asked, RangeIndex: `id`, `name`, `label` (the short name, else the
        name, else the abbreviation), `type`, `league`, `abbreviation`, `country`, `source_id`, all str;
        `source_ids` and `details`, JSON text; `last_updated_ts`, datetime64[us, UTC]. All but the id are NA
        where the server does not know it.

    Raises
    ------
    QueryError
        When an argument cannot be used; nothing was sent.
    NetworkError, RateLimitError, ApiError, SchemaError
        When nothing is known at all.

    Warns
    -----
    DataWarning
        When part of the names could not be asked for; they are asked for the next time.

    Notes
    -----
    A hundred ids are one request, and only of ids that are not kept: names are kept in the cache folder for
    30 days, ids that the server does not know for a day. Source: Kalshi's description of
    `GET /structured_targets`.

    Examples
    --------
    >>> import tempfile
    >>> from milestone_kit import MilestoneClient
    >>> from milestone_kit.sandbox import serve
    >>> with serve(rows=200) as server, tempfile.TemporaryDirectory() as folder:
    ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
    ...         targets = get_targets(client.get_milestones(), client=client)
    >>> bool(targets["label"].notna().all())
    True
    """
    return (client or default_client()).get_targets(ids_or_df, share=share)


@told_once
def add_names(df: pd.DataFrame, *, client: MilestoneClient | None = None) -> pd.DataFrame:
    """Add columns that say in words who takes part.

    Parameters
    ----------
    df : pandas.DataFrame
        Milestones. Columns left by an earlier call are replaced.
    client : MilestoneClient, optional
        A process-wide client with default settings when left out.

    Returns
    -------
    pandas.DataFrame
        The rows, index and columns of `df`, whose JSON is untouched, and at the end the labels of
        `get_targets`: `home` and `away` (str; teams and esports competitors), `competitors` (list<string>;
        tennis, fights, golf ...) and `candidates` (list<string>). NA where the details name nobody in this
        role, or an id that the server does not know.

    Raises
    ------
    MilestoneKitError
        As `get_targets`.

    Warns
    -----
    DataWarning
        Once, with the number of ids without a name.

    Examples
    --------
    >>> import tempfile
    >>> from milestone_kit import MilestoneClient
    >>> from milestone_kit.sandbox import serve
    >>> with serve(rows=50) as server, tempfile.TemporaryDirectory() as folder:
    ...     with MilestoneClient(base_url=server.url, cache_dir=folder) as client:
    ...         named = add_names(client.get_milestones(), client=client)
    >>> list(named.columns[-4:])
    ['home', 'away', 'competitors', 'candidates']
    """
    takes_part = participants(df, ROLE_KEYS)
    targets = get_targets(named_in(takes_part), client=client)
    known = targets.dropna(subset="label")
    unnamed = len(targets) - len(known)
    if unnamed:
        warn(f"{unnamed:,} of {len(targets):,} ids in details have no name; they stay empty", DataWarning)
    labels = dict(zip(known["id"], known["label"], strict=True))
    kept = df.drop(columns=[name for name in NAME_COLUMNS if name in df.columns])
    return kept.assign(**name_columns(takes_part, labels, df.index))
