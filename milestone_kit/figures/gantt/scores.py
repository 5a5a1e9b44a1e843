"""Scores on a picture that is drawn: behind the titles of marks, and on their hover cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from milestone_kit.figures.gantt.arrange import CHARACTER_PX, LABEL_PAD_PX, MAX_LABEL
from milestone_kit.figures.text import plain, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from milestone_kit.figures.gantt.scene import Marks, Scene

__all__ = ["scored", "title_rooms", "with_score"]

_LEAST_TITLE: Final = 6
"""Characters of a title below which it says nothing beside a score."""

_WIDEST: Final = 2 * MAX_LABEL
_WIDEST_SCORE: Final = 28
"""Characters of a score on a bar; sets and maps can be many, and the hover card has them all."""


def scored(
    traces: list[dict[str, Any]], scene: Scene, ids: Sequence[str], words: Mapping[str, str], width: int
) -> list[dict[str, Any]]:
    """Return the traces with the scores of some marks; where there is none, the same objects.

    Parameters
    ----------
    traces : list of dict
        As `draw_traces` made them of the scene. They stay as they are.
    scene : Scene
        What they show.
    ids : sequence of str
        Of the rows in the window, as many as `scene.at`, in the order of the marks.
    words : mapping
        By id, what is to be said. Any text, also hostile.
    width : int
        Pixels of the plotting area.
    """
    told = [at for at, id_ in enumerate(ids) if id_ in words]
    if scene.marks is None or not told:
        return traces
    texts = _titles(scene, told, [words[ids[at]] for at in told], width)
    return [_told(trace, texts, words) for trace in traces]


def _told(trace: dict[str, Any], texts: Mapping[int, str], words: Mapping[str, str]) -> dict[str, Any]:
    if trace.get("mode") == "text":
        return trace | {"text": _replaced(trace["text"], texts)} if texts else trace
    ids = trace.get("customdata")
    if not isinstance(ids, list):
        return trace
    said = [f"<b>{plain(words[id_], _WIDEST)}</b><br>" if id_ in words else "" for id_ in ids]
    if not any(said):
        return trace
    # Beside the cards, which are ten times as long and need not be sent again for each score.
    beside: dict[str, Any] = {"text": said, "hovertemplate": f"%{{text}}{trace['hovertemplate']}"}
    if trace["type"] == "bar":
        beside["textposition"] = "none"
    return trace | beside


def _replaced(texts: Sequence[str], others: Mapping[int, str]) -> list[str]:
    return [others.get(place, text) for place, text in enumerate(texts)]


def _titles(scene: Scene, told: list[int], words: list[str], width: int) -> dict[int, str]:
    """Return the titles with scores, by their place; none where the scene has no titles."""
    if not scene.labels:
        return {}
    rooms = title_rooms(scene, width)
    return {
        at: plain(with_score(scene.labels[at], said, int(rooms[at])), _WIDEST)
        for at, said in zip(told, words, strict=True)
    }


def with_score(title: str, words: str, room: int) -> str:
    """Return a title with a score in at most `room` characters: it is the title that is cut.

    Examples
    --------
    >>> with_score("Halmann vs Kosova", "2-1 · Q4 02:13", 40)
    'Halmann vs Kosova 2-1 · Q4 02:13'
    >>> with_score("Halmann vs Kosova", "2-1 · Q4 02:13", 24)
    'Halmann… 2-1 · Q4 02:13'
    >>> with_score("Halmann vs Kosova", "2-1 · Q4 02:13", 18)
    '2-1 · Q4 02:13'
    """
    said = shorten(words, _WIDEST_SCORE)
    left = min(room - len(said) - 1, MAX_LABEL)
    if left >= min(_LEAST_TITLE, len(title)):
        return f"{shorten(title, left)} {said}"
    return said if len(said) <= room else shorten(title, max(min(room, MAX_LABEL), 1))


def title_rooms(scene: Scene, width: int) -> NDArray[np.int64]:
    """Return how many characters each title may have before it touches its neighbour or the edge.

    Parameters
    ----------
    scene : Scene
        With titles.
    width : int
        Pixels of the plotting area.

    Returns
    -------
    ndarray of int64, shape (titles,)
        Not less than the title has that the lanes were packed with.
    """
    marks = scene.marks
    assert marks is not None
    lengths = np.minimum([len(label) for label in scene.labels], MAX_LABEL)
    reserved = np.zeros(len(marks.row))
    reserved[: len(lengths)] = lengths * CHARACTER_PX
    left, right = _extents(marks, reserved, scene, width)
    order = np.lexsort((left, marks.tier, marks.code))
    same = (np.diff(marks.code[order]) == 0) & (np.diff(marks.tier[order]) == 0)
    after, before = np.full(len(order), float(width)), np.zeros(len(order))
    after[order[:-1]] = np.where(same, np.minimum(left[order[1:]], width), width)
    before[order[1:]] = np.where(same, np.maximum(right[order[:-1]], 0), 0)
    room = np.where(marks.text_ends, marks.text_at - before, after - marks.text_at) - LABEL_PAD_PX
    fits = np.floor(room[: len(lengths)] / CHARACTER_PX).astype(np.int64)
    return np.maximum(fits, lengths)


def _extents(
    marks: Marks, reserved: NDArray[np.float64], scene: Scene, width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where marks with their titles begin and end, in pixels."""
    scale = width / scene.window.span
    begins = (marks.start - scene.window.start) * scale
    ends = np.fmax(begins, (marks.end - scene.window.start) * scale)
    left = np.where(marks.text_ends, marks.text_at - reserved, np.minimum(begins, marks.text_at))
    right = np.where(marks.text_ends, ends, np.maximum(ends, marks.text_at + reserved))
    return left, right
