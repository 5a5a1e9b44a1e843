"""Recorded answers, one or a folder of them, are served again as they were."""

from __future__ import annotations

import json

import pytest
import requests

from milestone_kit.errors import QueryError
from milestone_kit.sandbox import serve
from tests.faults.bench import raw

PAYLOAD = {"type": "basketball_game", "milestone_id": "m1", "details": {"home_points": 1}}
TARGET = {"id": "t1", "name": "Vitality", "type": "esports_competitor", "details": {"abbreviation": "VIT"}}
FILES = {
    "page": {"milestones": [raw(id="m1"), raw(id="m2", title="old")], "cursor": "theirs"},
    "single": {"milestone": raw(id="m2", title="new")},
    "live": {"live_datas": [PAYLOAD]},
    "one": {"live_data": PAYLOAD | {"milestone_id": "m3"}},
    "none": {"live_datas": None},
    "targets": {"structured_targets": [TARGET], "cursor": "theirs"},
    "bare": {name: TARGET[name] for name in ("name", "type", "details")},
    "sports": {"filters_by_sports": {"Chess": {"competitions": {}, "scopes": ["Futures"]}}},
}


@pytest.fixture
def get(tmp_path):
    for name, content in FILES.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no answer")
    with serve(file=tmp_path) as server:
        yield lambda path, **params: requests.get(server.url + path, params=params, timeout=10).json()


def test_a_folder_s_milestones_are_all_there_are_and_the_last_of_an_id_counts(get):
    rows = get("/milestones", limit=10)
    assert [(row["id"], row["title"]) for row in rows["milestones"]] == [("m1", "A at B"), ("m2", "new")]
    assert rows["cursor"] == ""


def test_live_data_are_served_in_both_forms(get):
    assert get("/live_data/batch", milestone_ids=["m1", "m3", "nobody"])["live_datas"] == [
        PAYLOAD,
        PAYLOAD | {"milestone_id": "m3"},
    ]
    assert get("/live_data/milestone/m1") == {"live_data": PAYLOAD}


def test_targets_are_served_beside_the_invented_ones(get):
    rows = get("/structured_targets", ids=["t1", "bare"])["structured_targets"]
    assert rows == [{"id": "bare"} | FILES["bare"], TARGET]
    assert len(get("/structured_targets", page_size=5)["structured_targets"]) == 5


def test_sports_and_competitions_are_those_recorded(get):
    assert get("/search/filters_by_sport") == FILES["sports"]


def test_a_file_that_is_no_answer_is_named(tmp_path):
    (tmp_path / "good.json").write_text(json.dumps(FILES["page"]))
    (tmp_path / "odd.json").write_text('{"something": 1}')
    with pytest.raises(QueryError, match=r"odd\.json.*live_datas"):
        serve(file=tmp_path)


@pytest.mark.parametrize(
    "content", [{"live_datas": [3]}, {"live_data": "soon"}, {"structured_targets": [[]]}]
)
def test_what_should_be_objects_and_is_not_is_refused(tmp_path, content):
    (tmp_path / "odd.json").write_text(json.dumps(content))
    with pytest.raises(QueryError, match="cannot be served"):
        serve(file=tmp_path / "odd.json")
