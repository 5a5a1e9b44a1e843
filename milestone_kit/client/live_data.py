"""Live data: the payloads of milestones, asked in batches and kept for some seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from milestone_kit.analysis.flags import is_simulated
from milestone_kit.analysis.live.table import Payload, live_frame, read_batch
from milestone_kit.client.batches import ask_in_batches
from milestone_kit.core.arguments import iso, read_ids
from milestone_kit.core.forks import Lock
from milestone_kit.core.notices import warn
from milestone_kit.core.settings import shown_url
from milestone_kit.errors import DataWarning
from milestone_kit.table.schema import ATTRS_KEY, TICKER_LISTS, check_milestones

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from milestone_kit.api.transport import Transport
    from milestone_kit.errors import MilestoneKitError

__all__ = ["KEPT_SECONDS", "LiveData"]

KEPT_SECONDS: Final = 10.0
"""How long an answer is given again: payloads trail by some seconds anyhow, and several parts of a notebook
may ask about the same games at once."""

_MOST_KEPT: Final = 5_000  # some 10 MB
_PATH: Final = "/live_data/batch"


class _Kept(NamedTuple):
    at: float  # on the clock
    fetched: float  # seconds since 1970
    payload: Payload | None


class _Asked(NamedTuple):
    """Which milestones are asked about, and what a table says of them."""

    ids: list[str]
    types: dict[str, str]
    simulated: dict[str, bool]


class LiveData:
    """Asks for live data, and keeps answers in memory for `KEPT_SECONDS`.

    Parameters
    ----------
    transport : Transport
        Asks the server.
    workers : int
        How many requests may be under way.
    clock, wall_clock : callable
        Monotonic seconds; seconds since 1970.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        workers: int,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._workers = workers
        self._clock = clock
        self._wall_clock = wall_clock
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def table(self, ids_or_df: object, *, refresh: bool) -> pd.DataFrame:
        """Return the live data of milestones, as `get_live` describes it."""
        asked = _asked(ids_or_df)
        known = {} if refresh else self._fresh(asked.ids)
        came, failed = self._ask([id_ for id_ in asked.ids if id_ not in known])
        known |= came
        self._keep(came)
        if failed and not known:
            raise next(iter(failed.values()))
        payloads = {id_: kept.payload for id_, kept in known.items() if kept.payload is not None}
        df = live_frame(asked.ids, payloads, types=asked.types, simulated=asked.simulated)
        fetched = min((kept.fetched for kept in known.values()), default=self._wall_clock())
        df.attrs[ATTRS_KEY] = {
            "source": shown_url(self._transport.base_url),
            "fetched_at": iso(pd.Timestamp(fetched, unit="s")),
            "complete": not failed,
            "answered": len(payloads),
            "failed": len(failed),
        }
        if failed:
            warn(
                f"no live data of {len(failed):,} of {len(asked.ids):,} milestones arrived, and their rows "
                f"are empty: {next(iter(failed.values()))}",
                DataWarning,
            )
        return df

    def _fresh(self, ids: Sequence[str]) -> dict[str, _Kept]:
        """Forget what is too old, and return what is known of these milestones."""
        with self._lock:
            now = self._clock()
            self._kept = {id_: kept for id_, kept in self._kept.items() if 0 <= now - kept.at < KEPT_SECONDS}
            return {id_: self._kept[id_] for id_ in ids if id_ in self._kept}

    def _keep(self, came: dict[str, _Kept]) -> None:
        with self._lock:
            kept = list((self._kept | came).items())
            self._kept = dict(kept[-_MOST_KEPT:])

    def _ask(self, ids: Sequence[str]) -> tuple[dict[str, _Kept], dict[str, MilestoneKitError]]:
        """Return what came, and why the rest did not."""
        outcome = ask_in_batches(ids, self._batch, workers=self._workers)
        unreadable = sum(count for _, count in outcome.answers)
        if unreadable:
            warn(f"{unreadable:,} live payloads could not be read and were left out", DataWarning)
        payloads = {id_: payload for found, _ in outcome.answers for id_, payload in found.items()}
        now, wall = self._clock(), self._wall_clock()
        came = {id_: _Kept(now, wall, payloads.get(id_)) for id_ in ids if id_ not in outcome.failed}
        return came, outcome.failed

    def _batch(self, ids: list[str]) -> tuple[dict[str, Payload], int]:
        # repeated parameters: a list joined by commas is answered with 200 and nothing
        return read_batch(self._transport.get(self._transport.session(), _PATH, {"milestone_ids": ids}))


def _asked(ids_or_df: object) -> _Asked:
    if not isinstance(ids_or_df, pd.DataFrame):
        return _Asked(read_ids(ids_or_df, "ids_or_df"), {}, {})
    df: pd.DataFrame = ids_or_df
    has_types = "type" in df.columns
    check_milestones(df, ["id", "type"] if has_types else ["id"])
    types = dict(zip(df["id"], df["type"], strict=True)) if has_types else {}
    simulated: dict[str, Any] = {}
    if set(TICKER_LISTS) <= set(df.columns):
        simulated = dict(zip(df["id"], is_simulated(df).to_list(), strict=True))
    return _Asked(read_ids(df["id"], "ids_or_df"), types, simulated)
