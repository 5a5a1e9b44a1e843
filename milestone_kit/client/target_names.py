"""Structured targets: asked in batches, kept for a month, only what is not kept is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from milestone_kit.api.pace import Pace
from milestone_kit.client.batches import BATCH, ask_in_batches
from milestone_kit.core.notices import warn
from milestone_kit.errors import DataWarning, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from milestone_kit.api.transport import Transport
    from milestone_kit.storage.target_store import TargetStore

__all__ = ["Targets"]

_PATH: Final = "/structured_targets"
_MOST_PAGES: Final = 10
_KEPT_AT_A_TIME: Final = 40 * BATCH  # so that an interrupted sweep of many names need not begin anew


class Targets:
    """Answers which team, player or candidate an id stands for.

    Parameters
    ----------
    transport : Transport
        Asks the server.
    store : TargetStore
        Keeps what it said.
    workers : int
        How many requests may be under way.
    requests_per_second : float
        The pace of the client, of which a question may take a share.
    clock, sleep : callable
        Monotonic seconds; waits some.
    """

    def __init__(
        self,
        transport: Transport,
        store: TargetStore,
        *,
        workers: int,
        requests_per_second: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._transport = transport
        self._store = store
        self._workers = workers
        self._rate = requests_per_second
        self._clock = clock
        self._sleep = sleep

    def find(self, ids: Sequence[str], *, share: float) -> dict[str, dict[str, Any] | None]:
        """Return what is known of targets; None for ids that the server does not know.

        What could not be asked is left out, with a DataWarning; an error is raised when nothing is known.
        """
        known = self._store.read(ids)
        missing = [id_ for id_ in ids if id_ not in known]
        pace = Pace(self._rate * share, clock=self._clock) if share < 1 else None

        def ask(batch: list[str]) -> dict[str, dict[str, Any] | None]:
            while pace is not None and (wait := pace.turn()):
                self._sleep(wait)
            return self._batch(batch)

        for at in range(0, len(missing), _KEPT_AT_A_TIME):
            some = missing[at : at + _KEPT_AT_A_TIME]
            outcome = ask_in_batches(some, ask, workers=self._workers)
            came = {id_: target for answer in outcome.answers for id_, target in answer.items()}
            if came:
                self._store.write(came)
            known |= came
            if outcome.failed:
                why = next(iter(outcome.failed.values()))
                if not known:
                    raise why
                left = len(missing) - sum(id_ in known for id_ in missing)
                warn(f"{left:,} of {len(ids):,} names could not be asked for: {why}", DataWarning)
                break
        return known

    def _batch(self, ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Ask for up to `BATCH` targets, to the last page of the answer."""
        found: dict[str, dict[str, Any] | None] = dict.fromkeys(ids)
        session = self._transport.session()  # its connections are the client's
        cursor: object = ""
        for _ in range(_MOST_PAGES):
            params: dict[str, str | Sequence[str]] = {"ids": ids, "page_size": str(BATCH)}
            if cursor:
                params["cursor"] = str(cursor)
            answer = self._transport.get(session, _PATH, params)
            targets = answer.get("structured_targets")
            if targets is not None and not isinstance(targets, list):
                raise SchemaError(
                    f"GET {_PATH}: structured_targets is no list but {targets!r:.60}",
                    field="structured_targets",
                )
            for target in targets or ():
                if isinstance(target, dict) and isinstance(target.get("id"), str) and target["id"] in found:
                    found[target["id"]] = target
            cursor = answer.get("cursor")
            if not cursor or all(found.values()):
                break
        return found
