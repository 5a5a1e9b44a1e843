"""Text of the server on its way into labels that plotly reads as markup."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milestone_kit.figures.text import plain, plain_all, shorten

anything = st.text(st.characters(codec="utf-8"), max_size=400)
hostile = st.lists(
    st.sampled_from(
        [
            "<b>",
            "</script>",
            "$",
            "&",
            "&lt;",
            "&#36;",
            "\n",
            "\r",
            "\0",
            "\u2028",
            "\u202e",
            "\u2066",
            "א",
            "😀",
            "%{x}",
        ]
    ),
    max_size=200,
).map("".join)
widths = st.integers(1, 120)


def shown(text):
    """Return what plotly shows of an escaped label, without the marks that isolate it."""
    return html.unescape(text).removeprefix("\u2068").removesuffix("\u2069")


@given(anything | hostile, widths)
@example("\n" * 5000, 3)
@example("\u202e" * 5000 + "x", 3)
@example("&" * 100, 5)
def test_no_text_can_become_markup_tex_or_a_second_line(text, width):
    label = plain(text, width)
    assert not set(label) & set("<>$\n\r\0\u2028\u2029\x85")
    assert not re.search(r"&(?!(lt|gt|amp|#36);)", label)
    assert len(shown(label)) <= width


@given(anything | hostile, widths)
def test_a_shortened_text_is_one_line_of_at_most_the_width(text, width):
    line = shorten(text, width)
    assert len(line) <= width
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=80))
def test_a_short_plain_text_is_shown_as_it_is(text):
    assert shown(plain(text, 80)) == text


def test_what_is_cut_ends_in_an_ellipsis():
    assert shorten("x" * 81, 80) == "x" * 79 + "…"
    assert shorten("x" * 80, 80) == "x" * 80


@pytest.mark.parametrize("flood", ["x", "<", "\u202e", "\n", "😀", "א", "&"])
def test_a_flood_of_ten_million_characters_is_cut(flood):
    assert len(plain(flood * 10_000_000)) <= 80 * len("&amp;") + 2


@pytest.mark.parametrize("text", ["מכבי תל אביב", "الأهلي", "abc \u200f! 5", "\U0001e900\U0001e901"])
def test_right_to_left_text_cannot_reorder_its_neighbours(text):
    assert plain(text) == f"\u2068{text}\u2069"


@given(st.lists(st.sampled_from("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069אa"), max_size=50))
def test_direction_marks_of_the_text_itself_are_dropped(marks):
    inner = shown(plain("".join(marks)))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", inner)


def test_many_texts_are_treated_like_one():
    assert plain_all(["<a>", "b" * 100], 5) == [plain("<a>", 5), plain("b" * 100, 5)]
