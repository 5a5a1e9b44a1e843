"""Scores and names in the panel: what is asked, where it is shown, and what a failing server leaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import html as markup
import json
import re
import threading

import pandas as pd
import pytest

from milestone_kit.errors import QueryError
from milestone_kit.panel import MilestoneExplorer, explore
from milestone_kit.panel.state import PanelState
from milestone_kit.panel.widgets.bridge import Bridge
from milestone_kit.panel.widgets.paged_table import PagedTable
from milestone_kit.panel.widgets.watched_rows import WatchedRows
from milestone_kit.sandbox import serve
from tests.hostile import HOSTILE
from tests.panel.driver import alert, card, field, html, one, parts, press, send, summary, watched
from tests.panel.test_card import OURS
from tests.panel.test_ticking import amended, same, whole

BATCH = "/live_data/batch"
TITLE = "Xanthe vs Kosova"
UNDERWAY = {"status": "inprogress", "period_type": "quarter", "period": 4, "period_remaining_time": "2:13"}


@pytest.fixture
def server(clock):
    with serve(rows=150, now=clock.moment, still=True) as running:
        yield running


@pytest.fixture
def game(server, clock):
    """The id of a game that began an hour ago, beside which nothing is called the same."""
    id_ = next(row["id"] for row in server.milestones() if row["type"] == "basketball_game")
    start = (clock.moment() - dt.timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    server.update(id_, title=TITLE, start_date=start, end_date=None)
    return id_


@pytest.fixture
def opened(client, clock, game):
    def opened(**options):
        state = PanelState.of({"filters": {"text": "Xanthe"}})
        table = client.get_milestones()
        return MilestoneExplorer(
            table,
            state=state,
            clock=lambda: pd.Timestamp(clock.now, unit="s", tz="UTC"),
            client=lambda: client,
            **options,
        )

    return opened


def says(server, game, **details):
    """Let the server say this of the game from now on."""
    server.script.clear()
    payload = {"milestone_id": game, "type": "basketball_game", "details": UNDERWAY | details}
    server.script.replace(json.dumps({"live_datas": [payload]}).encode(), path=BATCH)


def poll(explorer):
    send(one(explorer, Bridge), kind="scores")
    assert alert(explorer) == ""


def pick(explorer, id_):
    send(one(explorer, PagedTable), kind="pick", id=id_)
    assert alert(explorer) == ""


def asked(server):
    return [request.all("milestone_ids") for request in server.requests if request.path == BATCH]


def title(explorer):
    """What stands on the only bar."""
    (drawn,) = [trace for trace in explorer._chart._shown.traces if trace.get("mode") == "text"]
    (words,) = drawn["text"]
    return words


def hover(explorer):
    """What a pointer on the only mark is told before its card."""
    traces = [trace for trace in explorer._chart._shown.traces if trace.get("customdata") not in (None, [])]
    ((said,),) = [trace["text"] for trace in traces if trace.get("hovertemplate", "").startswith("%{text}")]
    return said


def cell(explorer):
    (row,) = one(explorer, PagedTable).view["rows"]
    return row["cells"][1]


def note(explorer):
    return html(explorer, 'class="mk-muted" role="status"')


def test_score_and_clock_stand_on_bar_hover_table_and_card_and_follow_the_game(server, game, opened, clock):
    explorer = opened()
    comm = watched(explorer)
    pick(explorer, game)
    picture = whole(explorer)
    for home, left in ((56, "2:13"), (59, "1:58")):
        says(server, game, home_points=home, away_points=67, period_remaining_time=left)
        comm.sent.clear()
        poll(explorer)
        words = f"{home}-67 · Q4 {left}"
        assert title(explorer) == f"{TITLE} {words}"
        assert hover(explorer) == f"<b>{words}</b><br>"
        assert cell(explorer).startswith(f"{words} · ends in about")
        assert f"<dt>Score</dt><dd>{words}</dd>" in card(explorer)
        assert [content["kind"] for content, _ in comm.told("draw") + comm.told("patch")] == ["patch"]
        picture = amended(picture, comm)
        assert same(picture, whole(explorer))
    comm.sent.clear()
    poll(explorer)
    assert comm.sent == []  # nobody has scored
    send(one(explorer, PagedTable), kind="sort", column="title")
    assert comm.sent == []  # and the chart is the same
    clock.now += 600
    send(one(explorer, Bridge), kind="tick")
    assert same(amended(picture, comm), whole(explorer))
    assert title(explorer) == f"{TITLE} 59-67 · Q4 1:58"


def test_a_watched_game_has_its_score_wherever_the_window_is(server, game, opened, clock):
    explorer = opened(watch=(game,))
    explorer.state = explorer.state | {"window": ["2030-01-01", "2030-01-02"]}
    says(server, game, away_points=98, home_points=101)
    poll(explorer)
    assert asked(server) == [[game]]
    (row,) = one(explorer, WatchedRows).view["rows"]
    assert re.fullmatch(r"101-98 · Q4 2:13 · ends in .+", row["cells"]["when"])
    rows = one(explorer, WatchedRows).view
    clock.now += 15
    poll(explorer)
    assert one(explorer, WatchedRows).view is rows


def test_only_what_is_live_and_on_screen_is_asked_about(server, game, opened, clock):
    explorer = opened()
    poll(explorer)
    assert asked(server) == [[game]]
    explorer.state = {"filters": {"category": "Economics", "status": "upcoming"}}
    poll(explorer)
    assert asked(server) == [[game]]
    explorer.state = {"filters": {"text": "Xanthe"}}
    pick(explorer, game)
    explorer.state = {"filters": {"text": "Xanthe"}, "window": ["2027-06-01", "2027-06-02"]}
    assert one(explorer, PagedTable).view["rows"] == []
    poll(explorer)
    assert asked(server) == [[game]] * 2  # its card is open
    clock.now += 2 * 24 * 3600
    send(one(explorer, Bridge), kind="tick")
    poll(explorer)
    assert asked(server) == [[game]] * 2  # it is over


def test_the_ones_in_the_chart_and_on_the_page_are_asked_together(server, opened, game):
    explorer = opened()
    explorer.state = {"filters": {"status": "live"}}
    poll(explorer)
    ((*ids,),) = asked(server)
    live = set(explorer.filtered["id"])
    assert game in ids
    assert len(ids) == len(set(ids))
    assert set(ids) == live


def test_a_game_that_is_over_ends_in_chart_table_and_counts_and_stays_so(server, game, opened, client, clock):
    def reload(progress):
        del progress
        yield client.get_milestones(refresh=True)

    explorer = opened(reload=reload)
    pick(explorer, game)
    says(server, game, home_points=70, away_points=67)
    poll(explorer)
    assert "1 live" in summary(explorer)
    says(server, game, home_points=70, away_points=67, status="closed")
    poll(explorer)
    heard = pd.Timestamp(clock.now, unit="s", tz="UTC")

    def told():
        (row,) = explorer._model.timeline.loc[explorer._model.timeline["id"] == game].to_dict("records")
        assert (row["status"], row["end_source"], row["end"]) == ("ended", "live", heard)
        assert "1 ended" in summary(explorer)
        assert title(explorer) == f"{TITLE} 70-67 · final"
        assert cell(explorer) == "70-67 · final"
        assert "over, say its live data" in card(explorer)

    told()
    clock.now += 600
    send(one(explorer, Bridge), kind="tick")
    told()
    press(explorer, "Refresh")
    assert alert(explorer) == ""
    told()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda script: script.fail(404, path=BATCH), "No live scores (NotFoundError)"),
        (lambda script: script.fail(500, path=BATCH), "No live scores (ApiError)"),
        (lambda script: script.fail(403, body="html", path=BATCH), "No live scores (ApiError)"),
        (lambda script: script.null_live(), ""),
        (lambda script: script.replace(b'{"live_datas": 7}', path=BATCH), ""),
        (lambda script: script.replace(b'{"live_datas": [7, null, {}]}', path=BATCH), ""),
    ],
    ids=["404", "500", "html", "null", "number", "odd entries"],
)
@pytest.mark.filterwarnings("error")
def test_a_failing_server_leaves_a_right_panel_and_one_quiet_line(server, game, opened, fault, said):
    explorer = opened()
    pick(explorer, game)
    before = cell(explorer), title(explorer), card(explorer)
    fault(server.script)
    poll(explorer)
    assert said in note(explorer)
    assert bool(note(explorer)) == bool(said)
    assert (cell(explorer), title(explorer), card(explorer)) == before
    assert title(explorer) == TITLE


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_score_is_text_wherever_it_stands(server, game, opened, text):
    explorer = opened()
    pick(explorer, game)
    says(server, game, home_points=text, away_points=text, period=text, period_remaining_time=text)
    poll(explorer)
    said = cell(explorer).split(" · ends")[0]
    assert said.startswith(f"{text.strip()[:5]}")
    for shown in (title(explorer), hover(explorer).removeprefix("<b>").removesuffix("</b><br>")):
        assert shown != TITLE
        assert not set("<>$") & set(shown)
    tags = set(re.findall(r"<\s*/?\s*([^\s>]*)", card(explorer)))
    assert tags <= OURS
    assert "<dt>Score</dt>" in card(explorer)


def test_a_switch_turns_scores_off_and_on(server, game, opened):
    explorer = opened()
    says(server, game, home_points=1, away_points=2)
    poll(explorer)
    assert one(explorer, Bridge).scoring
    field(explorer, "Live scores").value = False
    assert not one(explorer, Bridge).scoring
    assert title(explorer) == TITLE
    assert "1-2" not in cell(explorer)
    poll(explorer)
    assert len(asked(server)) == 1
    field(explorer, "Live scores").value = True
    assert one(explorer, Bridge).scoring
    poll(explorer)
    assert "1-2" in title(explorer)


def test_nothing_is_asked_where_it_is_not_wanted_or_cannot_be(server, game, opened, client, clock):
    off = opened(scores=False)
    assert not field(off, "Live scores").value
    fixed = opened(now=pd.Timestamp(clock.moment()))
    plain = explore(client.get_milestones())
    for explorer in (off, fixed, plain):
        assert not one(explorer, Bridge).scoring
        poll(explorer)
    assert asked(server) == []
    assert "Live scores" not in [getattr(part, "description", "") for part in [*parts(fixed), *parts(plain)]]
    with pytest.raises(QueryError, match="scores=1: expected True or False"):
        explore(client, scores=1)


def test_a_client_brings_the_switch_and_what_it_says(client, game):
    assert one(explore(client), Bridge).scoring
    assert not one(explore(client, scores=False), Bridge).scoring
    assert not one(explore(client, now="2026-01-15"), Bridge).scoring
    del game


def test_a_poll_does_not_wait_and_a_closed_panel_takes_nothing_up(server, game, opened):
    gate, reached = threading.Event(), threading.Event()

    def held():
        reached.set()
        gate.wait(30)

    server.script.call(held, path=BATCH)

    async def evening():
        explorer = opened()
        poll(explorer)
        poll(explorer)
        await asyncio.to_thread(reached.wait, 30)
        poll(explorer)
        running = [thread for thread in threading.enumerate() if thread.name == "milestones question"]
        assert len(running) == 1
        explorer.close()
        gate.set()
        await asyncio.to_thread(running[0].join, 30)
        assert not running[0].is_alive()
        await asyncio.sleep(0)

    asyncio.run(evening())
    assert len(asked(server)) == 1


def test_an_answer_after_the_switch_is_not_shown_and_no_second_question_runs(server, game, opened):
    gate, gated = threading.Event(), threading.Event()
    server.script.call(lambda: (gated.set(), gate.wait(30)), path=BATCH)

    async def evening():
        explorer = opened()
        poll(explorer)
        await asyncio.to_thread(gated.wait, 30)
        field(explorer, "Live scores").value = False
        field(explorer, "Live scores").value = True
        poll(explorer)
        (running,) = [thread for thread in threading.enumerate() if thread.name == "milestones question"]
        gate.set()
        await asyncio.to_thread(running.join, 30)
        await asyncio.sleep(0)
        assert title(explorer) == TITLE
        assert game not in explorer._live._scores.standings
        explorer.close()

    asyncio.run(evening())
    assert len(asked(server)) == 1


def test_the_card_says_who_takes_part_once_that_is_known(server, game, opened, client):
    explorer = opened()
    pick(explorer, game)
    (row,) = [row for row in server.milestones() if row["id"] == game]
    names = client.get_targets([row["details"]["home_team_id"], row["details"]["away_team_id"]])["label"]
    assert names.notna().all()
    for role, name in zip(("Home", "Away"), names, strict=True):
        assert f"<dt>{role}</dt><dd>{markup.escape(name)}</dd>" in card(explorer)
    says(server, game, home_points=7, away_points=2)
    poll(explorer)
    assert f"<dt>Ahead</dt><dd>{markup.escape(names[0])}</dd>" in card(explorer)
    questions = [request for request in server.requests if request.path == "/structured_targets"]
    assert len(questions) == 1  # the second time they came from the cache
    assert len(questions[0].all("ids")) == 2


def test_a_card_whose_names_cannot_be_had_is_the_card_without_them(server, game, opened):
    server.script.fail(500, path="/structured_targets")
    explorer = opened()
    pick(explorer, game)
    assert "<dt>Home</dt>" not in card(explorer)
    assert TITLE in re.sub("</?mark>", "", card(explorer))
    server.script.clear()
    pick(explorer, game)
    assert "<dt>Home</dt>" not in card(explorer)  # not asked again by every click on the same card
    send(one(explorer, PagedTable), kind="reset")
    pick(explorer, game)
    assert "<dt>Home</dt>" in card(explorer)
