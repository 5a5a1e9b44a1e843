"""Text as people search it."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milestone_kit.table.folding import fold, fold_all, segments

texts = st.text(st.sampled_from("aÀß\u0301\x1e\nIİıﬁ℡") | st.characters(codec="utf-8"), max_size=12)


@pytest.mark.parametrize(
    ("text", "folded"),
    [("São Telmo", "sao telmo"), ("ÅNGSTRÖM", "angstrom"), ("İstanbul Işık", "istanbul isik"),
     ("Łódź", "lodz"), ("ﬁnal ℡", "final tel"), ("Ελλάς", "ελλασ"), ("e\u0301", "e"), ("東京", "東京")],
)  # fmt: skip
def test_accents_case_and_width_make_no_difference(text, folded):
    assert fold(text) == folded


@given(texts)
def test_folded_text_stays_as_it_is(text):
    assert fold(fold(text)) == fold(text)


@given(st.lists(st.none() | texts))
@example(["É\x1eÀ", "Ü", None])
def test_a_column_is_folded_as_each_of_its_texts(column):
    for kind in (pa.string(), pa.large_string()):
        expected = [None if text is None else fold(text) for text in column]
        assert fold_all(pa.array(column, kind)).to_pylist() == expected


@given(texts)
def test_a_text_is_folded_letter_by_letter(text):
    assert "".join(map(fold, text)) == fold(text)


@given(texts, st.lists(texts.map(fold), max_size=3))
@example("ﬁnal", ["in"])
@example("", [""])
def test_the_pieces_are_the_text_and_mark_every_place_of_a_word(text, words):
    pieces = segments(text, words)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(first[1] != second[1] for first, second in itertools.pairwise(pieces))
    if any(word and word in fold(text) for word in words):
        assert any(hit for _, hit in pieces)
    else:
        assert [hit for _, hit in pieces] == [False] * bool(text)


def test_an_accent_that_stands_for_itself_stays_with_its_letter():
    assert segments("Sa\u0303o T", ["a"]) == [("S", False), ("a\u0303", True), ("o T", False)]
    assert segments("a banana", ["ana", "nan"]) == [("a b", False), ("anana", True)]
