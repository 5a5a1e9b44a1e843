"""How a sandbox misbehaves: rules that delay, fail, cut or rewrite the answers that they match."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypedDict, Unpack

from milestone_kit.errors import QueryError
from milestone_kit.sandbox.endpoint import NO_CURSOR, Answer, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from milestone_kit.sandbox.world import Position

__all__ = ["ERROR_BODIES", "NO_CURSOR", "Delivery", "Request", "Script", "When"]

ERROR_BODIES: Final[dict[str, bytes]] = {
    "error": b'{"error":"the sandbox was told to fail"}',
    "error_object": b'{"error":{"code":"scripted","message":"the sandbox was told to fail"}}',
    "msg": b'{"msg":"the sandbox was told to fail"}',
    "service": b'{"code":"scripted","message":"the sandbox was told to fail","details":"","service":"m"}',
    "html": b"<html><body><h1>The sandbox was told to fail</h1></body></html>",
}
"""The error bodies that production's services give, by name."""


class Request(NamedTuple):
    """One request as the sandbox saw it; `status` is what it answered, 0 where it sent none.

    Of a parameter that is repeated `query` holds the last value, and `pairs` all.
    """

    method: str
    path: str
    query: Mapping[str, str]
    page: int | None
    status: int
    pairs: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter, in order."""
        return [value for key, value in self.pairs if key == name]


class When(TypedDict, total=False):
    """Which requests a rule is for; what is left out does not matter.

    `path` below the base URL; `page` the number of a listing's page, from 1 (where a page begins in
    the rows that match decides, so a retry has the same number); `from_page` that page and all later
    ones; `every` the k-th, 2k-th, ... matching request only; `times` how often the rule acts, always
    when left out; `where` any other test.
    """

    path: str
    page: int
    from_page: int
    every: int
    times: int
    where: Callable[[Request], bool]


@dataclass(slots=True)
class Delivery:
    """How an answer is sent: how much of it, how slowly, or not at all."""

    drop: bool = False
    reset: bool = False
    cut_at: float | None = None
    seconds_per_byte: float = 0.0
    delay: float = 0.0


class _Rule:
    def __init__(self, change: Callable[[Answer, Delivery], Answer], when: When, *, final: bool) -> None:
        unknown = when.keys() - When.__annotations__.keys()
        if unknown:
            raise TypeError(f"unknown condition {min(unknown)!r}; known: {', '.join(When.__annotations__)}")
        self.change = change
        self.when = when
        self.final = final
        self.seen = 0
        self.acted = 0

    def takes(self, request: Request) -> bool:
        """Say whether the rule acts on this request, and count it."""
        when = self.when
        page = request.page
        if (
            ("path" in when and request.path != when["path"])
            or ("page" in when and page != when["page"])
            or ("from_page" in when and (page is None or page < when["from_page"]))
            or ("where" in when and not when["where"](request))
        ):
            return False
        self.seen += 1
        if self.seen % when.get("every", 1) or self.acted >= when.get("times", self.acted + 1):
            return False
        self.acted += 1
        return True


class Script:
    """The scripted behaviour of a sandbox; change it at any time, from any thread.

    Every method adds a rule; rules act in the order in which they were added, each on what the ones
    before it made of the answer. A rule that replaces or withholds the answer (`fail`, `replace`,
    `drop`) is the last to act on that request, so `fail(500, times=1)` and then `fail(429, times=1)`
    fail two requests.

    Parameters
    ----------
    latency : float
        Seconds that every answer waits.
    requests_per_second : float, optional
        Above it the answer is 429, without `Retry-After`, as in production.
    timer : callable
        Gives seconds, for the rate.

    Examples
    --------
    >>> script = Script()
    >>> script.fail(500, page=3, times=1)
    >>> script.fail(429, every=10, body="msg")
    >>> script.cursor("A", "B", "A")
    """

    def __init__(
        self,
        *,
        latency: float = 0.0,
        requests_per_second: float | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.latency = latency
        self.requests_per_second = requests_per_second
        self.cursors: dict[str, Position | None] = {}
        self._timer = timer
        self._recent: deque[float] = deque()
        self._rules: list[_Rule] = []
        self._invented = 0
        self._lock = threading.RLock()

    def fail(
        self,
        status: int = 500,
        *,
        body: Literal["error", "error_object", "msg", "service", "html"] | bytes = "error",
        retry_after: float | str | None = None,
        **when: Unpack[When],
    ) -> None:
        """Answer with an error: `body` names one of `ERROR_BODIES` or is the body itself."""
        if isinstance(body, str) and body not in ERROR_BODIES:
            raise QueryError(f"body={body!r}: expected bytes or one of {', '.join(ERROR_BODIES)}")
        self.replace(
            ERROR_BODIES[body] if isinstance(body, str) else body,
            status=status,
            content_type="text/html" if body == "html" else "application/json",
            headers={} if retry_after is None else {"Retry-After": str(retry_after)},
            **when,
        )

    def replace(
        self,
        body: bytes,
        *,
        status: int = 200,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        **when: Unpack[When],
    ) -> None:
        """Answer with these bytes, whatever they are: truncated JSON, HTML with 200, a redirect."""

        def change(answer: Answer, _: Delivery) -> Answer:
            return Answer(status, body, content_type, dict(headers or {}), page=answer.page)

        self._add(change, when, final=True)

    def drop(self, *, reset: bool = False, **when: Unpack[When]) -> None:
        """Close the connection without an answer; with `reset` not in good order, but by a TCP reset."""

        def change(answer: Answer, delivery: Delivery) -> Answer:
            delivery.drop, delivery.reset = True, reset
            return answer

        self._add(change, when, final=True)

    def cut(self, share: float = 0.5, **when: Unpack[When]) -> None:
        """Announce the whole body, send this share of it and close the connection."""

        def change(answer: Answer, delivery: Delivery) -> Answer:
            delivery.cut_at = share
            return answer

        self._add(change, when)

    def drip(self, seconds_per_byte: float = 1.0, **when: Unpack[When]) -> None:
        """Send the body byte by byte, with a pause before each."""

        def change(answer: Answer, delivery: Delivery) -> Answer:
            delivery.seconds_per_byte = seconds_per_byte
            return answer

        self._add(change, when)

    def delay(self, seconds: float, **when: Unpack[When]) -> None:
        """Wait before the answer, on top of `latency`."""

        def change(answer: Answer, delivery: Delivery) -> Answer:
            delivery.delay += seconds
            return answer

        self._add(change, when)

    def call(self, action: Callable[[], object], **when: Unpack[When]) -> None:
        """Do something once the answer is made, such as a change that the next page then shows."""

        def change(answer: Answer, _: Delivery) -> Answer:
            action()
            return answer

        self._add(change, when)

    def cursor(self, *values: object, **when: Unpack[When]) -> None:
        """Give matching pages these cursors, one after another; the last one stays.

        Text that is asked for again leads to the page that would have followed; anything else
        (`None`, a number, a list, `NO_CURSOR` for an absent field) is only sent.
        """
        if not values:
            raise QueryError("cursor() needs at least one value")
        queue = deque(values)

        def change(answer: Answer, _: Delivery) -> Answer:
            return self._with_cursor(answer, queue.popleft() if len(queue) > 1 else queue[0], answer.resume)

        self._add(change, when)

    def endless_cursors(self, **when: Unpack[When]) -> None:
        """Give every matching page a fresh cursor, also after the last row: a walk never ends."""

        def change(answer: Answer, _: Delivery) -> Answer:
            return self._with_cursor(answer, self._fresh("endless"), answer.resume)

        self._add(change, when)

    def empty_page(self, **when: Unpack[When]) -> None:
        """Insert a page without rows whose cursor leads on to the rows it stands for; once, by default."""

        def change(answer: Answer, _: Delivery) -> Answer:
            answer.rows = []
            return self._with_cursor(answer, self._fresh("empty"), answer.after)

        self._add(change, {"times": 1, **when})

    def live(self, change: Callable[[dict[str, Any]], dict[str, Any] | None], **when: Unpack[When]) -> None:
        """Change each payload of matching answers of live data; None leaves one out.

        `change` gets the object as it would be sent: `type`, `details`, `milestone_id`.
        """

        def change_all(answer: Answer, _: Delivery) -> Answer:
            if answer.live is None:
                return answer
            answer.live = [new for old in answer.live if (new := change(old)) is not None]
            return refusal(404, "no live data") if answer.single and not answer.live else answer

        self._add(change_all, when)

    def null_live(self, **when: Unpack[When]) -> None:
        """Answer batches of live data with `null` in place of the list."""
        when.setdefault("path", "/live_data/batch")
        self.replace(b'{"live_datas":null}', **when)

    def clear(self) -> None:
        """Behave again: forget every rule, the latency and the rate."""
        with self._lock:
            self._rules.clear()
            self._recent.clear()
            self.latency, self.requests_per_second = 0.0, None

    def limited(self) -> Answer | None:
        """Count a request against the rate; return the 429 when it is one too many."""
        with self._lock:
            if self.requests_per_second is None:
                return None
            now = self._timer()
            while self._recent and now - self._recent[0] >= 1:
                self._recent.popleft()
            if len(self._recent) >= self.requests_per_second:
                return refusal(429, "too many requests")
            self._recent.append(now)
            return None

    def apply(self, request: Request, answer: Answer) -> tuple[Answer, Delivery]:
        """Let every rule that takes this request change its answer."""
        delivery = Delivery(delay=self.latency)
        with self._lock:
            for rule in self._rules:
                if rule.takes(request):
                    answer = rule.change(answer, delivery)
                    if rule.final:
                        break
        return answer, delivery

    def _add(self, change: Callable[[Answer, Delivery], Answer], when: When, *, final: bool = False) -> None:
        with self._lock:
            self._rules.append(_Rule(change, when, final=final))

    def _fresh(self, kind: str) -> str:
        self._invented += 1
        return f"{kind}-{self._invented}"

    def _with_cursor(self, answer: Answer, cursor: object, leads_to: Position | None) -> Answer:
        if answer.rows is not None:
            answer.cursor = cursor
            if isinstance(cursor, str) and cursor:
                self.cursors[cursor] = leads_to
        return answer
