"""Each row's distinct tickers, without encoding all the texts: duplicates are looked for within rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Links", "distinct_links"]

_NEAR: Final = 24  # entries; a row with more is searched by sorting, not by comparing each two
_WORD: Final = 8  # bytes
_BLOCK: Final = 65_536  # texts; what is made of so many stays in the processor's cache
_FACTORS: Final = tuple(map(np.uint64, (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)))


class Links(NamedTuple):
    """One entry per row and distinct ticker, ordered by row, then as `distinct_links` says.

    Attributes
    ----------
    rows : ndarray of int64, shape (links,)
    tickers : pyarrow.Array
    in_first, in_second : ndarray of bool, shape (links,)
        Which of the two lists of the row has the ticker.
    """

    rows: NDArray[np.int64]
    tickers: pa.Array
    in_first: NDArray[np.bool_]
    in_second: NDArray[np.bool_]


def distinct_links(first: pa.ListArray, second: pa.ListArray) -> Links:
    """List the distinct tickers of each row: those of its first list, then the others of its second.

    Parameters
    ----------
    first, second : pyarrow.ListArray
        Lists of text without nulls, one of each per row.

    Returns
    -------
    Links

    Examples
    --------
    >>> links = distinct_links(pa.array([["A-1"], []]), pa.array([["B-1", "A-1", "B-1"], ["A-1"]]))
    >>> links.tickers.to_pylist(), links.rows.tolist(), links.in_second.tolist()
    (['A-1', 'B-1', 'A-1'], [0, 0, 1], [True, True, True])
    """
    flat = pa.concat_arrays([first.flatten(), second.flatten()])
    ours, theirs = (np.asarray(column.value_lengths(), dtype=np.int64) for column in (first, second))
    sizes = ours + theirs
    rows = np.repeat(np.arange(len(sizes)), sizes)
    begins, of_ours, of_theirs = (np.cumsum(counts) - counts for counts in (sizes, ours, theirs))
    # the entries of a row stand side by side, those of its first list first
    counts = np.stack([ours, theirs], axis=1).ravel()
    shifts = np.stack([of_ours - begins, of_theirs + ours.sum() - ours - begins], axis=1).ravel()
    places = np.repeat(shifts, counts)
    places += np.arange(len(rows))
    is_first = np.repeat(np.arange(len(counts)) % 2 == 0, counts)
    links = Links(rows, flat, is_first.copy(), ~is_first)
    keep = np.ones(len(rows), dtype=bool)
    _drop_near(keep, links, places, is_first, int(sizes.max(initial=0)))
    _drop_far(keep, links, places, np.flatnonzero((sizes > _NEAR)[rows]))
    kept = np.flatnonzero(keep)
    tickers = pc.take(flat, pa.array(places[kept]), boundscheck=False)
    return Links(rows[kept], tickers, links.in_first[kept], links.in_second[kept])


def _drop_near(
    keep: NDArray[np.bool_],
    links: Links,
    places: NDArray[np.int64],
    is_first: NDArray[np.bool_],
    longest: int,
) -> None:
    """Compare each entry with the few after it; correct for rows of up to `_NEAR` entries."""
    marks = _marks(links.tickers)[places]
    marks ^= links.rows.astype(np.uint64) * _FACTORS[2]
    pairs = [np.zeros((2, 0), dtype=np.int64)]
    for lag in range(1, min(longest, _NEAR)):
        at = np.flatnonzero(marks[lag:] == marks[:-lag])
        pairs.append(np.stack([at, at + lag]))
    left, right = np.concatenate(pairs, axis=1)
    # marks only say where it is worth looking
    texts = (pc.take(links.tickers, pa.array(places[side])) for side in (left, right))
    same = (links.rows[left] == links.rows[right]) & np.asarray(pc.equal(*texts), dtype=bool)
    left, right = left[same], right[same]
    keep[right] = False
    links.in_first[left[is_first[right]]] = True
    links.in_second[left[~is_first[right]]] = True


def _drop_far(
    keep: NDArray[np.bool_], links: Links, places: NDArray[np.int64], entries: NDArray[np.int64]
) -> None:
    """Find the duplicates among these entries, which are all those of some rows, by sorting them."""
    if not len(entries):
        return
    encoded = links.tickers.take(pa.array(places[entries])).dictionary_encode()
    pair = links.rows[entries] * len(encoded.dictionary) + encoded.indices.to_numpy().astype(np.int64)
    _, first, inverse = np.unique(pair, return_index=True, return_inverse=True)
    keep[entries] = False
    keep[entries[first]] = True
    for flags in (links.in_first, links.in_second):
        flags[entries] = np.bincount(inverse, weights=flags[entries], minlength=len(first))[inverse] > 0


def _marks(texts: pa.Array) -> NDArray[np.uint64]:
    """Return numbers that are equal where texts are, and hardly ever elsewhere in one row.

    Made of a text's length, the eight bytes after its first two, where tickers name their series,
    and its last eight.
    """
    if not len(texts):
        return np.zeros(0, dtype=np.uint64)
    offset, data = (texts.buffers()[at] for at in (1, 2))
    bounds = np.frombuffer(offset, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    text = np.zeros(0, dtype=np.uint8) if data is None else np.frombuffer(data, dtype=np.uint8)
    if len(text) < _WORD:
        text = np.append(text, np.zeros(_WORD, dtype=np.uint8))
    # every eight bytes of the texts as one number, wherever they begin
    words = np.ndarray((len(text) - _WORD + 1,), "<u8", buffer=text.data, strides=(1,))
    marks = np.empty(len(texts), dtype=np.uint64)
    for low in range(0, len(texts), _BLOCK):
        some = bounds[low : low + _BLOCK + 1].astype(np.intp)
        marks[low : low + _BLOCK] = _block_marks(words, some[:-1], np.diff(some))
    return marks


def _block_marks(
    words: NDArray[np.uint64], begins: NDArray[np.intp], lengths: NDArray[np.intp]
) -> NDArray[np.uint64]:
    marks = lengths.astype(np.uint64)
    last = np.maximum(lengths - _WORD, 0)
    short = np.flatnonzero(lengths < _WORD)
    bits = (_WORD * lengths[short]).astype(np.uint64)
    for number, place in enumerate((np.minimum(last, 2), last)):
        at = np.minimum(begins + place, len(words) - 1)
        word = words[at]
        # what lies before a short text at the very end, and what lies behind any short one
        word[short] >>= (_WORD * (begins[short] - at[short])).astype(np.uint64) & np.uint64(63)
        word[short] &= (np.uint64(1) << bits) - np.uint64(1)
        marks ^= word
        marks *= _FACTORS[number]
        marks ^= marks >> np.uint64(32)
    return marks
