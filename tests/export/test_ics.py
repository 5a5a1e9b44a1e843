"""Calendar files: what other programs read in them, and what hostile text cannot do."""

from __future__ import annotations

import datetime as dt

import icalendar
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import milestone_kit as mk
from milestone_kit.errors import DataWarning, QueryError
from milestone_kit.export import ics
from milestone_kit.table.schema import empty_milestones
from tests.hostile import FORMULAS, HOSTILE
from tests.strategies import NOW, at, table

GAME = {"title": "Boston at Los Angeles", "start_date": at(20), "details": {"league": "NBA"},
        "primary_event_tickers": ["KXNBAGAME-26"], "notification_message": "Who wins?"}  # fmt: skip


def written(df, path, **options):
    """Write a file, hold it to the standard's form, and read it as another program does."""
    content = mk.to_ics(df, path, now=NOW, **options).read_bytes()
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    for line in lines:
        assert len(line) <= 75
        assert not any(byte < 32 and byte != 9 for byte in line)
        line.decode()
    assert content.count(b"\r\nBEGIN:VEVENT\r\n") == len(df)
    return icalendar.Calendar.from_ical(content).walk("VEVENT")


@pytest.fixture
def events(tmp_path):
    return lambda *rows, **options: written(table(*rows), tmp_path / "m.ics", **options)


def test_an_event_says_who_when_and_where_to_trade(events):
    (event,) = events(GAME | {"end_date": at(22.5), "last_updated_ts": at(1)})
    assert event["UID"] == "m0@milestone-kit"
    assert event["SUMMARY"] == "Boston at Los Angeles"
    assert event.decoded("DTSTART") == at(20)
    assert event.decoded("DTEND") == at(22.5)
    assert event.decoded("DTSTAMP") == pd.Timestamp(NOW)
    assert event.decoded("LAST-MODIFIED") == at(1)
    assert event["URL"] == "https://kalshi.com/events/kxnbagame-26"
    assert [str(each) for each in event["CATEGORIES"].cats] == ["Sports", "NBA"]
    assert "assumed" not in event["DESCRIPTION"]
    assert "Who wins?" in event["DESCRIPTION"]
    assert b"DTSTART:20260115T200000Z" in event.to_ical()


def test_an_assumed_end_is_said_to_be_one(events):
    (event,) = events(GAME, assume=pd.Timedelta("3h"))
    assert event.decoded("DTEND") == at(23)
    assert "The end is assumed; none is reported." in event["DESCRIPTION"]


def test_without_any_end_there_is_none_and_that_is_said(events):
    (event,) = events(GAME, assume=None)
    assert "DTEND" not in event
    assert "No end is reported" in event["DESCRIPTION"]


def test_what_lasts_no_time_has_no_end(events):
    (event,) = events(GAME | {"end_date": GAME["start_date"]})
    assert "DTEND" not in event


def test_ends_learned_from_all_rows_stay_when_rows_are_chosen(tmp_path):
    df = table(
        *[GAME | {"start_date": at(-10 * n - 10), "end_date": at(-10 * n - 8)} for n in range(30)], GAME
    )
    chosen = mk.compute_timeline(df, now=NOW).tail(1)
    (event,) = written(chosen, tmp_path / "m.ics")
    assert event.decoded("DTEND") == at(22)
    assert "assumed (median of 30 spans of this" in event["DESCRIPTION"]


@pytest.mark.parametrize(
    ("end", "last"),
    [(None, dt.date(2026, 1, 16)), (at(5), dt.date(2026, 1, 16)), (at(24), dt.date(2026, 1, 16)),
     (at(25), dt.date(2026, 1, 17)), (at(-5), dt.date(2026, 1, 16))],
)  # fmt: skip
def test_what_may_only_mean_a_day_is_an_event_of_whole_days(events, end, last):
    (event,) = events(GAME | {"start_date": at(0), "end_date": end}, assume=None)
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (dt.date(2026, 1, 15), last)
    assert b"DTSTART;VALUE=DATE:20260115" in event.to_ical()
    assert "may only mean that day" in event["DESCRIPTION"]


def test_dates_at_the_end_of_time_are_written(events):
    last = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
    (event,) = events(GAME | {"start_date": last}, assume=None)
    assert event.decoded("DTSTART") == last.date()


def test_placeholders_are_left_out_and_counted(tmp_path):
    df = table({"start_date": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)}, GAME)
    with pytest.warns(DataWarning, match="1 placeholders"):
        path = mk.to_ics(df, tmp_path / "m.ics", now=NOW)
    assert path.read_bytes().count(b"BEGIN:VEVENT") == 1


def test_no_rows_are_an_empty_calendar(tmp_path):
    assert written(empty_milestones(), tmp_path / "m.ics") == []


def test_a_ticker_that_is_none_gives_no_address(events):
    (event,) = events(GAME | {"primary_event_tickers": ["A\r\nURL:javascript:x", "B"]})
    assert "URL" not in event
    (event,) = events(GAME | {"primary_event_tickers": []})
    assert "URL" not in event


INJECTED = [
    "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil", "x\nATTACH:file:///etc/passwd", "BEGIN:VEVENT", "a\rb",
    'a;b,c\\n:d"e', "\x00\x07\x0b\x0c\x1b[31m\x85\u2028", "🏀" * 200, "é" * 80, "\\", "\\;", "=A1", "",
    *FORMULAS, *HOSTILE.values(),
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTED)
def test_hostile_text_stays_text(events, text):
    fields = dict.fromkeys(["id", "title", "category", "notification_message"], text)
    (event,) = events(fields | {"start_date": at(20), "details": {"league": text}}, name=text)
    assert {"ATTACH", "BEGIN", "END"} & set(event) == set()
    assert len(event["UID"].splitlines()) == 1
    assert str(event["UID"]).endswith("@milestone-kit")


@given(st.text(st.sampled_from(';,:\\"nN\r\n\té🏀\x0b\x85') | st.characters(codec="utf-8"), max_size=90))
def test_what_is_read_is_the_title_as_one_line(tmp_path_factory, title):
    path = tmp_path_factory.mktemp("ics", numbered=True) / "m.ics"
    (event,) = written(table(GAME | {"title": title}), path)
    assert str(event["SUMMARY"]) == (ics._line(title) or "(untitled)")
    shown = "".join(char for char in title if char.isprintable() and not char.isspace())
    assert "".join(str(event["SUMMARY"]).split()) in {shown, "(untitled)"} or not title.isprintable()


def test_a_target_that_exists_stays_when_writing_fails(tmp_path):
    path = tmp_path / "m.ics"
    path.write_bytes(b"before")
    with pytest.raises(QueryError, match="too many"):
        mk.to_ics(mk.sample_milestones(ics.MAX_EVENTS + 1), path)
    with pytest.raises(QueryError, match="no folder"):
        mk.to_ics(table(GAME), tmp_path / "nowhere" / "m.ics")
    with pytest.raises(QueryError, match="name="):
        mk.to_ics(table(GAME), path, name=3)
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["m.ics"]
