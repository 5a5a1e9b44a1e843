"""What the sandbox answers to one request, by the contract of Kalshi's milestone endpoints; no sockets."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from milestone_kit.sandbox.competitions import filters_by_sport
from milestone_kit.sandbox.live import live_data
from milestone_kit.sandbox.targets import targets_page
from milestone_kit.sandbox.times import instant, microseconds
from milestone_kit.sandbox.world import Filters, Position, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["NO_CURSOR", "Answer", "answer", "encode_cursor", "refusal"]

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_WHOLE_NUMBER: Final = re.compile(r"\d{1,15}", re.ASCII)
_TEXT_FILTERS: Final = ("category", "competition", "source_id", "type", "related_event_ticker")
_MAX_LIMIT: Final = 500
_MAX_LIVE: Final = 100
_MAX_TARGETS: Final = 2000


class _NoCursor:
    """The type of `NO_CURSOR`."""


NO_CURSOR: Final = _NoCursor()
"""Stands for an answer without the field `cursor`."""


@dataclass(slots=True)
class Answer:
    """One HTTP answer before it is sent.

    A listing holds `rows` (JSON of each milestone) and `cursor`, from which `content` is made; an
    answer of live data holds `live`, of which a `single` one is sent without its list; any other answer
    holds `body`. `page` is the number of a listing's page, `after` where it began and
    `resume` where the next one begins.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    rows: list[bytes] | None = None
    cursor: object = ""
    page: int | None = None
    after: Position | None = None
    resume: Position | None = None
    live: list[dict[str, Any]] | None = None
    single: bool = False

    def content(self) -> bytes:
        """Return the bytes of the body."""
        if self.live is not None:
            return orjson.dumps({"live_data": self.live[0]} if self.single else {"live_datas": self.live})
        if self.rows is None:
            return self.body
        tail = b"" if self.cursor is NO_CURSOR else b',"cursor":' + orjson.dumps(self.cursor)
        return b'{"milestones":[' + b",".join(self.rows) + b"]" + tail + b"}"


def refusal(status: int, message: str) -> Answer:
    """Return an error in the sandbox's own words."""
    code = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 429: "too_many_requests"}.get(
        status, "error"
    )
    return Answer(status, orjson.dumps({"error": {"code": code, "message": message}}))


def encode_cursor(position: Position) -> str:
    """Write a position as an opaque cursor; it stays valid when rows come and go around it."""
    return base64.urlsafe_b64encode(f"{position[0]}|{position[1]}".encode()).decode().rstrip("=")


def answer(
    world: World,
    path: str,
    pairs: Sequence[tuple[str, str]],
    cursors: Mapping[str, Position | None],
) -> Answer:
    """Answer `GET path?query`.

    Parameters
    ----------
    world : World
        What is served.
    path : str
        Below the base URL, such as "/milestones".
    pairs : sequence of (str, str)
        The decoded parameters in order; unknown ones are ignored. Where only one value makes sense, the
        last one counts.
    cursors : mapping
        Cursors that a script has given out, and the positions they stand for.
    """
    query = dict(pairs)
    if path == "/milestones":
        return _listing(world, query, cursors)
    if path == "/search/filters_by_sport":
        return Answer(body=orjson.dumps(world.recorded.filters or filters_by_sport()))
    if path == "/live_data/batch":
        return _live_batch(world, [value for name, value in pairs if name == "milestone_ids"])
    if path == "/structured_targets":
        return _targets(world, query, [value for name, value in pairs if name == "ids"])
    return _single(world, path)


def _single(world: World, path: str) -> Answer:
    """Answer for one milestone, by its id at the end of the path."""
    prefix, _, id_ = path.rpartition("/")
    if prefix == "/live_data/milestone" and id_:
        live = _live(world, [id_])
        return Answer(live=live, single=True) if live else refusal(404, f"no live data for {id_}")
    if prefix == "/milestones" and id_:
        row = world.get(id_)
        return (
            refusal(404, f"milestone {id_} not found")
            if row is None
            else Answer(body=b'{"milestone":' + row + b"}")
        )
    return refusal(404, f"no such path: {path}")


def _live_batch(world: World, ids: list[str]) -> Answer:
    """Answer for up to 100 ids, each a parameter of its own; those without live data are left out."""
    if not ids:
        return refusal(400, "milestone_ids is required")
    if len(ids) > _MAX_LIVE:
        return refusal(400, f"too many milestone_ids: {len(ids)}, at most {_MAX_LIVE}")
    return Answer(live=_live(world, dict.fromkeys(ids)))


def _live(world: World, ids: Iterable[str]) -> list[dict[str, Any]]:
    now = microseconds(world.clock())
    payloads: list[dict[str, Any] | None] = []
    for id_ in ids:
        found = world.course(id_)
        recorded = world.recorded.live.get(id_)
        payloads.append(live_data(*found, now) if found and recorded is None else recorded)
    return [payload for payload in payloads if payload is not None]


def _targets(world: World, query: Mapping[str, str], ids: list[str]) -> Answer:
    size = query.get("page_size", "100")
    if not _WHOLE_NUMBER.fullmatch(size) or not 1 <= int(size) <= _MAX_TARGETS:
        return refusal(400, f"invalid page_size {size!r}: expected a whole number from 1 to {_MAX_TARGETS}")
    if len(ids) > _MAX_TARGETS:
        return refusal(400, f"too many ids: {len(ids)}, at most {_MAX_TARGETS}")
    page = targets_page(
        ids=ids,
        type_=query.get("type") or None,
        competition=query.get("competition") or None,
        after=query.get("cursor", ""),
        page_size=int(size),
        recorded=world.recorded.targets,
    )
    return Answer(body=orjson.dumps({"structured_targets": page.rows, "cursor": page.cursor}))


def _listing(world: World, query: Mapping[str, str], cursors: Mapping[str, Position | None]) -> Answer:
    limit = query.get("limit", "")
    if not _WHOLE_NUMBER.fullmatch(limit) or not 1 <= int(limit) <= _MAX_LIMIT:
        return refusal(400, f"invalid limit {limit!r}: expected a whole number from 1 to {_MAX_LIMIT}")
    start = query.get("minimum_start_date") or None
    minimum_start = instant(start) if start and _RFC3339.fullmatch(start) else None
    if start and minimum_start is None:
        return refusal(400, f"invalid minimum_start_date {start!r}: expected an RFC3339 timestamp")
    updated = query.get("min_updated_ts") or None
    if updated and not _WHOLE_NUMBER.fullmatch(updated):
        return refusal(400, f"invalid min_updated_ts {updated!r}: expected Unix seconds")
    try:
        after = _position(query.get("cursor", ""), cursors)
    except ValueError:
        return refusal(400, "invalid cursor")
    texts: dict[str, Any] = {name: query.get(name) or None for name in _TEXT_FILTERS}
    filters = Filters(**texts, min_updated_ts=None if updated is None else int(updated))
    page = world.page(filters, minimum_start=minimum_start, after=after, limit=int(limit))
    return Answer(
        rows=page.rows,
        cursor=encode_cursor(page.last) if page.more and page.last else "",
        page=page.number,
        after=after,
        resume=page.last,
    )


def _position(cursor: str, cursors: Mapping[str, Position | None]) -> Position | None:
    if not cursor:
        return None
    if cursor in cursors:
        return cursors[cursor]
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(cursor) from error
    start, separator, id_ = text.partition("|")
    if not separator:
        raise ValueError(cursor)
    return int(start), id_
