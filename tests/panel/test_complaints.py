"""Errors in words, as the panel shows them."""

from __future__ import annotations

from milestone_kit.errors import NetworkError, QueryError, SchemaError
from milestone_kit.panel.complaints import error_words


def test_a_server_that_is_silent_is_told_in_a_sentence_and_not_in_four_lines():
    error = NetworkError("GET http://127.0.0.1:9/milestones:\n" + "Max retries exceeded\n" * 90)
    words = error_words(error)
    assert words.startswith("The server does not answer; what is here stays, and Refresh tries again.")
    assert "\n" not in words
    assert len(words) < 300


def test_our_own_errors_are_their_message_and_others_are_named():
    assert error_words(QueryError("From must lie before To")) == "From must lie before To"
    assert error_words(SchemaError("no id")) == "no id"
    assert "ZeroDivisionError: division" in error_words(ZeroDivisionError("division"))
    assert len(error_words(ValueError("x" * 10_000))) <= 600
