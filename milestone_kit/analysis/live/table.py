"""The table of live data: one row for each milestone that was asked about, in that order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
import pandas as pd

from milestone_kit.analysis.live.fields import PHASE_DTYPE
from milestone_kit.analysis.live.readers import Reading, read_payload
from milestone_kit.table.schema import DTYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

__all__ = ["LIVE_DTYPES", "Payload", "live_frame", "read_batch"]

_STR: Final = DTYPES["type"]

LIVE_DTYPES: Final[dict[str, np.dtype | pd.api.extensions.ExtensionDtype]] = {
    "id": _STR,
    "type": _STR,
    "phase": PHASE_DTYPE,
    "score": _STR,
    "clock": _STR,
    "leader": _STR,
    "winner": _STR,
    "updated_at": pd.DatetimeTZDtype("us", "UTC"),
    "simulated": pd.BooleanDtype(),
    "details": _STR,
}
"""Name to dtype of the columns of live data, in column order."""

_NOTHING: Final = Reading(None, None, None, None, None, pd.NaT)


class Payload(NamedTuple):
    """One milestone's live data: the type that the answer gives it, its details as JSON text, and as read."""

    type: str | None
    details: str
    reading: Reading


def read_batch(answer: Mapping[str, Any]) -> tuple[dict[str, Payload], int]:
    """Read an answer of `/live_data/batch`.

    Parameters
    ----------
    answer : mapping
        `{"live_datas": [{"type", "details", "milestone_id"}]}`; null for the list means none.

    Returns
    -------
    payloads : dict
        By milestone id. Of several for one milestone the one that was updated last counts.
    unreadable : int
        How many entries name no milestone or hold no details.

    Examples
    --------
    >>> read_batch({"live_datas": None})
    ({}, 0)
    """
    entries = answer.get("live_datas")
    if not isinstance(entries, list):
        return {}, int(entries is not None)
    payloads: dict[str, Payload] = {}
    unreadable = 0
    for entry in entries:
        found = entry if isinstance(entry, dict) else {}
        id_, details, type_ = (found.get(name) for name in ("milestone_id", "details", "type"))
        if not isinstance(id_, str) or not isinstance(details, dict):
            unreadable += 1
            continue
        payload = Payload(
            type_ if isinstance(type_, str) else None, orjson.dumps(details).decode(), read_payload(details)
        )
        before = payloads.get(id_)
        if before is None or not before.reading.updated_at > payload.reading.updated_at:
            payloads[id_] = payload
    return payloads, unreadable


def live_frame(
    ids: Sequence[str],
    payloads: Mapping[str, Payload],
    *,
    types: Mapping[str, str] | None = None,
    simulated: Mapping[str, bool] | None = None,
) -> pd.DataFrame:
    """Make the table of live data.

    Parameters
    ----------
    ids : sequence of str
        The milestones that were asked about, each once.
    payloads : mapping
        What is known of them; a row is missing but for its id where there is none.
    types : mapping, optional
        The milestones' own types, which count before those of the answer.
    simulated : mapping, optional
        Which of them are simulated games; NA where that is not known.

    Returns
    -------
    pandas.DataFrame
        One row per id, in their order, RangeIndex; columns and dtypes as in `LIVE_DTYPES`.

    Examples
    --------
    >>> live_frame(["m1"], {})["phase"].isna().tolist()
    [True]
    """
    found = [payloads.get(id_) for id_ in ids]
    readings = [_NOTHING if each is None else each.reading for each in found]
    own, known = types or {}, simulated or {}
    columns: dict[str, list[Any]] = {
        "id": list(ids),
        "type": [
            own.get(id_, None if each is None else each.type) for id_, each in zip(ids, found, strict=True)
        ],
        **{name: [getattr(each, name) for each in readings] for name in Reading._fields},
        "simulated": [known.get(id_) for id_ in ids],
        "details": [None if each is None else each.details for each in found],
    }
    return pd.DataFrame({name: pd.Series(columns[name], dtype=dtype) for name, dtype in LIVE_DTYPES.items()})
