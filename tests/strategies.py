"""Small milestone tables for property tests, and one maker of tables for everybody else."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
from hypothesis import strategies as st

from milestone_kit.table.schema import ARROW_SCHEMA, from_arrow

EPOCH = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
NOW = "2026-01-15T12:00:00Z"


def table(*rows):
    """Build a milestones table from dicts of what matters; the rest is filled in."""
    full = [
        {
            "id": f"m{number}",
            "category": "Sports",
            "type": "basketball_game",
            "title": f"Game {number}",
            "start_date": EPOCH,
            "end_date": None,
            "primary_event_tickers": [],
            "related_event_tickers": row.get("primary_event_tickers", []),
            "source_id": None,
            "source_ids": "{}",
            "notification_message": "",
            "details": "{}",
            "last_updated_ts": None,
            "extra": None,
        }
        | {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}
        for number, row in enumerate(rows)
    ]
    return from_arrow(pa.Table.from_pylist(full, schema=ARROW_SCHEMA))


def at(hours):
    """Return the instant that many hours after midnight of 2026-01-15."""
    return EPOCH + dt.timedelta(hours=hours)


def folded(df):
    """Write spellings of category and type that differ only in case as the commonest of them."""

    def spelled(column):
        counts = column.value_counts()
        best = {}
        for name in sorted(counts.index, key=lambda name: (-counts[name], name)):
            best.setdefault(name.casefold(), name)
        return column.map(lambda name: best[name.casefold()]).astype(column.dtype)

    return df.assign(category=spelled(df["category"]), type=spelled(df["type"]))


instants = st.one_of(
    st.integers(-30, 30).map(at),
    st.sampled_from(
        [dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2033, 5, 1, 7, 30, 0, 125, tzinfo=dt.UTC)]
    ),
)
tickers = st.sampled_from(
    [
        "KXNBAGAME-26JAN15BOSLAL",
        "KXNBAGAME-26JAN16NYKMIA",
        "KXNFL-26-B",
        "SIMNBAGAME-1",
        "SIMNFL-2",
        "POPVOTE",
    ]
)
texts = st.text(st.characters(codec="utf-8"), max_size=12)


@st.composite
def milestones(draw, max_size=12, titles=texts):
    """Draw a table of up to `max_size` rows that meets the schema and every awkward date."""
    rows = st.fixed_dictionaries(
        {
            "category": st.sampled_from(["Sports", "sports", "Elections"]),
            "type": st.sampled_from(["basketball_game", "Basketball_Game", "election"]),
            "title": titles,
            "start_date": instants,
            "end_date": st.none() | instants,
            "primary_event_tickers": st.lists(tickers, max_size=3),
            "related_event_tickers": st.lists(tickers, max_size=3),
            "source_id": st.none() | texts,
            "extra": st.none() | texts,
            "details": st.sampled_from([{}, {"league": "NBA"}, {"league": "nba"}, {"tour": "WTA"}]),
            "last_updated_ts": st.none() | instants,
        }
    )
    return table(*draw(st.lists(rows, max_size=max_size)))
