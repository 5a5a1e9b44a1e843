"""Words are found in all that milestones say of themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.analysis.filters import filter_milestones
from milestone_kit.table.folding import fold
from tests.strategies import NOW, table

ROWS = table(
    {"title": "São Telmo at Brøndby", "details": {"league": "NCAAFB"}, "id": "5a184c70-0bb6-11ef"},
    {"title": "Ace\nDecade", "notification_message": "What will Zoë say?", "id": "decade00-0000-4000"},
    {"title": "x", "primary_event_tickers": ["KXNBAGAME-26JAN15BOSLAL"], "source_id": "sr:match:57999715"},
    {"title": "straße", "related_event_tickers": ["KXNHL-26"], "id": "77",
     "source_ids": {"source_1_id": "sr:one:42", "source_2_id": "A-900100"}},
    {"title": "y", "id": "facade12-0000-4000"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("sao telmo", [0]),
        ("SÃO brondby", [0]),
        ("telmo football", [0]),
        ("ncaafb", [0]),
        ("zoe", [1]),
        ("ace decade", [1]),
        ("acedecade", []),
        ("nbagame", [2]),
        ("kxnhl-26", [3]),
        ("26jan15 kxnba", [2]),
        ("STRASSE", [3]),
        ("5a184c70-0bb6-11ef", [0]),
        ("5A184C", [0]),
        ("5a184", []),
        ("184c70", []),
        ("decade", [1]),
        ("sr:match:57999715", [2]),
        ("sr:match:5799", [2]),
        ("77", [3]),
        ("7", []),
        ("sr:one:42", [3]),
        ("sr:one:4", [3]),
        ("a-900", []),
        ("a-9001", [3]),
        ("source_1_id", []),
        ("sr:", []),
        ("telmo zoe", []),
        ("facade", []),
        ("facade1", [4]),
        ("\x1f", [0, 1, 2, 3, 4]),
    ],
)
def test_words_are_looked_up_everywhere_and_ids_from_their_beginning(text, rows):
    assert filter_milestones(ROWS, text=text, now=NOW).index.tolist() == rows


texts = st.text(st.sampled_from("aAäÄßøŁ\u0301\u200b\x1e\n b.*[") | st.characters(codec="utf-8"), max_size=8)
words = st.text(st.sampled_from("aAäÄßøŁ\u0301b.*["), min_size=1, max_size=3)


@given(st.lists(st.fixed_dictionaries({"title": texts, "notification_message": texts}), max_size=6), words)
def test_a_word_is_found_where_the_folded_text_has_it(rows, word):
    df = table(*({"id": "n", **row} for row in rows))
    expected = [
        all(fold(part) in fold(row["title"]) or fold(part) in fold(row["notification_message"])
            for part in fold(word).split())
        for row in rows
    ]  # fmt: skip
    found = filter_milestones(df, text=word, now=NOW).index.tolist()
    assert found == [number for number, hit in enumerate(expected) if hit]
