"""How a milestone stands, in the panel's words."""

from __future__ import annotations

import pandas as pd
import pytest

from milestone_kit.analysis.live.table import live_frame, read_batch
from milestone_kit.panel.standings import Standing, standing_facts, standings_of

NONE = dict.fromkeys(Standing._fields)


def standing(**said):
    return Standing(**NONE | said)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"phase": "live", "score": "2-1", "clock": "Q4 2:13"}, "2-1 · Q4 2:13"),
        ({"phase": "live", "score": "2-1"}, "2-1"),
        ({"phase": "live", "clock": "HT"}, "HT"),
        ({"phase": "over", "score": "2-1", "clock": "FT"}, "2-1 · final"),
        ({"phase": "over", "clock": "FT"}, ""),
        ({"phase": "before", "score": "0-0", "clock": "Q1"}, ""),
        ({"score": "14 %"}, "14 %"),
        ({}, ""),
    ],
)
def test_words(said, words):
    assert standing(**said).words == words


def test_what_a_table_says_and_nothing_of_what_it_does_not():
    details = {"status": "inprogress", "home_points": 1, "away_points": 0, "last_updated_ts": 1_790_000_000}
    entries = [{"milestone_id": "a", "details": details}, {"milestone_id": "b", "details": {}}]
    payloads, _ = read_batch({"live_datas": entries})
    found = standings_of(live_frame(["a", "b", "c"], payloads))
    assert found == {
        "a": standing(phase="live", score="1-0", leader="home", updated=1_790_000_000_000.0),
        "b": standing(),
    }
    assert standings_of(live_frame([], {})) == {}


def test_facts_name_who_is_ahead_or_has_won():
    now = pd.Timestamp("2026-01-15T12:00Z").timestamp() * 1000
    live = standing(phase="live", score="2-1", leader="home", updated=now)
    assert standing_facts(live, "Europe/Berlin", {"home": "Halmann"}) == {
        "Score": "2-1 (as of Thu 15 Jan 2026 13:00)",
        "Ahead": "Halmann",
    }
    over = standing(phase="over", score="2-1", leader="home", winner="t7")
    assert standing_facts(over, "UTC", {"t7": "Kosova"}) == {"Score": "2-1 · final", "Winner": "Kosova"}
    assert standing_facts(over, "UTC", {}) == {"Score": "2-1 · final", "Winner": "t7"}
    assert standing_facts(standing(phase="before", leader="home"), "UTC", {}) == {}
