"""What the tests of the faults share: the server's truth and raw milestones."""

from __future__ import annotations

import json

from milestone_kit.table.frame import milestones_frame


def truth(server):
    """The table that a client must get, sooner or later."""
    return milestones_frame(server.milestones())


def raw(**fields):
    """Give a milestone as the API sends it, with some fields of one's own; None removes nothing."""
    return {
        "id": "m1",
        "category": "Sports",
        "type": "basketball_game",
        "title": "A at B",
        "start_date": "2026-01-15T20:00:00Z",
        "end_date": None,
        "notification_message": "",
        "primary_event_tickers": ["KXGAME-1"],
        "related_event_tickers": ["KXGAME-1", "KXGAME-2"],
        "source_id": None,
        "source_ids": {},
        "details": {"league": "NBA"},
        "last_updated_ts": "2026-01-14T00:00:00Z",
    } | fields


def page(*milestones, cursor=""):
    """Give the body of a page."""
    return json.dumps({"milestones": list(milestones), "cursor": cursor}).encode()
