"""Faults 36 to 38: exports that are cut off, and titles that want to be more than text."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import milestone_kit as mk
from milestone_kit import panel
from milestone_kit.figures.page import html_page
from milestone_kit.panel.card import details_card
from milestone_kit.panel.table_view import TableView
from milestone_kit.table.schema import COLUMNS
from tests.faults.bench import page, raw
from tests.hostile import FORMULAS, HOSTILE

NOW = "2026-01-15T12:00:00Z"


def size_of(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:  # it has just taken the target's place
        return 0


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("exists", [True, False])
def test_fault_36_export_killed_half_way(tmp_path, forker, kind, exists):
    big = mk.to_parquet(
        pd.concat([mk.sample_milestones(5_000)] * 10, ignore_index=True), tmp_path / "big.parquet"
    )
    folder = tmp_path / "taken away"
    folder.mkdir()
    target = folder / f"m.{kind}"
    small = mk.sample_milestones(50)
    write, read = (mk.to_csv, mk.read_csv) if kind == "csv" else (mk.to_parquet, mk.read_parquet)
    for _ in range(10):  # a kill may come too late: the file was whole already
        target.unlink(missing_ok=True)
        if exists:
            write(small, target)
        before = target.read_bytes() if exists else b""
        pid = forker.begin(f"to_{kind}", big, target)
        while not any(size_of(path) > 10_000 for path in folder.iterdir() if path != target):
            if size_of(target) != len(before):
                break
        os.kill(pid, signal.SIGKILL)
        if forker.end(pid) == -signal.SIGKILL and target.exists() == exists:
            break
    assert target.exists() == exists
    if exists:
        assert target.read_bytes() == before
        pd.testing.assert_frame_equal(read(target), small)
    write(small, target)
    pd.testing.assert_frame_equal(read(target), small)


def test_fault_37_titles_that_spreadsheets_take_for_formulas(client, server, tmp_path):
    rows = [raw(id=f"m{n:02}", title=title, source_id=title) for n, title in enumerate(FORMULAS)]
    server.script.replace(page(*rows))
    df = client.get_milestones()
    assert df["title"].tolist() == FORMULAS
    path = mk.to_csv(df, tmp_path / "m.csv")
    cells = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    titles = [row[COLUMNS.index("title")] for row in cells[1:]]
    assert not [title for title in titles if title.startswith(tuple("=+-@\t\r\n＝＋－＠"))]
    assert [title.removeprefix("'") for title in titles[:4]] == FORMULAS[:4]
    pd.testing.assert_frame_equal(mk.read_csv(path), df)
    assert "f" not in kinds_in_a_spreadsheet(cells)
    mk.to_csv(df, path, escape_formulas=False)
    assert "f" in kinds_in_a_spreadsheet(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
    pd.testing.assert_frame_equal(mk.read_csv(path), df)


INNER = [
    "x;=HYPERLINK(A1);y", "x\t=1", "x|=1", "x,=1", ';"=1', ';""+1', "x\n=1", "x\r\n-1", ";'=1", ";''=1",
    ";;=1", "\t\t=1", ";=;=1", "\t;=1", "';=1", "|＝1", 'a";=1', ";@SUM(A1)", "a; =1", ";'", "'", "|", '";"=',
    "=1;=2\n=3",
]  # fmt: skip


@pytest.mark.parametrize("written", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_fault_55_no_cell_is_a_formula_by_any_separator(client, server, tmp_path, written):
    texts = [*INNER, *FORMULAS]
    rows = [
        raw(
            id=f"m{n:02}",
            **dict.fromkeys(["title", "source_id", "type", "category", "notification_message"], text),
            primary_event_tickers=[text],
            details={text: text, "league": text},
            unknown=text,
        )
        for n, text in enumerate(texts)
    ]
    server.script.replace(page(*rows))
    df = mk.expand_details(client.get_milestones(), ["league", *INNER[:8]])
    path = mk.to_csv(df, tmp_path / "m.csv", separator=written)
    whole = path.read_bytes().decode()
    for opened in (",", ";", "\t", "|", "\n"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            if quoting == csv.QUOTE_NONE and opened == written:
                continue  # nobody who knows the separator leaves the quotes
            reader = csv.reader(io.StringIO(whole, newline=""), delimiter=opened, quoting=quoting)
            cells = [cell.lstrip('"') for row in reader for cell in row]
            assert not [
                cell for cell in cells if re.match(r"[=+\-@＝＋－＠]", cell) and not cell[1:].isdecimal()
            ]
            assert "=1" not in cells
    for again in (mk.read_csv(path), mk.read_csv(path, separator=written)):
        pd.testing.assert_frame_equal(again, df)
    mk.to_csv(df, path, separator=written, escape_formulas=False)
    pd.testing.assert_frame_equal(mk.read_csv(path), df)


@pytest.mark.parametrize("separator", [":", "", ",,", None, 1, " "])
def test_fault_55_other_separators_are_refused(tmp_path, separator):
    for ask in (mk.to_csv, mk.read_csv):
        mk.to_csv(mk.sample_milestones(3), tmp_path / "m.csv")
        if ask is mk.read_csv:
            if separator is not None:  # which is the default here
                with pytest.raises(mk.QueryError, match="separator="):
                    mk.read_csv(tmp_path / "m.csv", separator=separator)
        else:
            with pytest.raises(mk.QueryError, match="separator="):
                mk.to_csv(mk.sample_milestones(3), tmp_path / "m.csv", separator=separator)


def kinds_in_a_spreadsheet(cells):
    """Put cells into a spreadsheet; return what kinds of content it takes them for ("f" is a formula)."""
    sheet = openpyxl.Workbook().active
    for row in cells:
        sheet.append([cell.replace("\x00", "") or None for cell in row])
    return {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}


class Tags(HTMLParser):
    """Notes every tag, attribute and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts = set(), set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture
def hostile(client, server):
    """A table in which every text of the server is hostile, as it came over the wire."""

    def table(text):
        fields = dict.fromkeys(["title", "category", "type", "notification_message", "source_id"], text)
        lists = {"primary_event_tickers": [text], "related_event_tickers": [text, "KXGAME-1"]}
        more = {"details": {text: text, "league": text}, "unknown": text, "id": text or "m1"}
        hour = raw(id="m2", start_date="2026-01-15T21:00:00Z", end_date="2026-01-15T23:00:00Z")
        server.script.replace(page(raw(**fields, **lists, **more), hour | fields))
        return client.get_milestones()

    return table


def texts_of(value, key=None):
    """Walk through a figure's JSON; yield every text with the key it stands under."""
    if isinstance(value, str):
        yield key, value
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield from texts_of(inner, name)
    for inner in value if isinstance(value, list) else ():
        yield from texts_of(inner, key)


@pytest.mark.parametrize("kind", HOSTILE)
def test_fault_38_hostile_text_is_text(hostile, tmp_path, kind):
    text = HOSTILE[kind]
    df = hostile(text)
    assert df["title"].tolist() == [text, text], "the table has what the server said"
    timeline = mk.compute_timeline(df, now=NOW)

    for figure in (
        mk.plot_gantt(df, now=NOW),
        mk.plot_gantt(df, now=NOW, group="type", color="type"),
        mk.plot_calendar(df),
        mk.plot_concurrency(df),
    ):
        shown = list(texts_of(json.loads(figure.to_json())))
        if set("<$\u202e") & set(text):  # what plotly, or a reader, would take for more than text
            assert not [one for key, one in shown if text in one and key != "customdata"]
        for trace in figure.data:  # what a template does not show is only there to be looked up
            assert text not in str(trace.customdata) or "customdata" not in str(trace.hovertemplate)
        assert not [one for key, one in shown if "template" in str(key) and text in one]
        written = Tags(html_page(figure, text, title=text))
        assert not written.tags - {
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "p",
            "div",
            "script",
        }
        assert not {name for name in written.attributes if name.startswith("on")}

    card = Tags(details_card(timeline.iloc[0], "UTC"))
    ours = {"div", "h4", "p", "dl", "dt", "dd", "details", "summary", "pre", "button", "a", "code", "span"}
    assert card.tags <= ours, "tests/panel/test_card.py says where its links may lead"
    assert not {name for name in card.attributes if name.startswith("on")}
    assert text in "".join(card.texts)

    view = TableView(timeline)
    cells = view.page(view.rows(timeline["id"].notna().to_numpy()), 0, "UTC", ())["rows"][0]["cells"]
    assert text in cells, "as text, which the table's script sets as text and never as HTML"
    scripts = [path.read_text("utf-8") for path in Path(panel.__file__).parent.glob("static/*.js")]
    assert len(scripts) >= 4
    assert not [
        script for script in scripts if re.search("innerHTML|outerHTML|insertAdjacent|document.write", script)
    ]

    assert "<script>" not in df._repr_html_()
    pd.testing.assert_frame_equal(mk.read_csv(mk.to_csv(df, tmp_path / "m.csv")), df)
