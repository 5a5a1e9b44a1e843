"""What is news in a table, what is news of news, and what has been looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from milestone_kit.panel.freshness import Freshness
from milestone_kit.panel.news import News, news_between
from milestone_kit.sandbox import sample_milestones
from tests.strategies import at, table

ids = st.frozensets(st.sampled_from("abcdefgh"))
some_news = st.builds(News, st.floats(1, 9), ids, ids, ids, ids).map(lambda news: news.and_then(News()))


def test_each_row_is_news_of_one_kind():
    before = table(*[{"title": f"t{i}", "start_date": at(i)} for i in range(5)])
    after = table(
        {"title": "t0", "start_date": at(0)},
        {"title": "t1", "start_date": at(1), "end_date": at(2)},
        {"title": "other", "start_date": at(2)},
        {"title": "t3", "start_date": at(9), "end_date": at(10)},
        {"title": "t4", "start_date": at(4)},
        {"title": "t5", "start_date": at(5)},
    )
    news = news_between(before, after, 7.0)
    found = {kind: set(rows) for kind, rows in news.kinds()}
    assert found == {"rescheduled": {"m3"}, "added": {"m5"}, "ended": {"m1"}, "changed": {"m2"}}
    assert news.since == 7.0
    assert list(news.words().values()) == ["1 rescheduled", "1 new", "1 ended", "1 changed"]
    assert news_between(after, after.copy(), 1.0).words() == {}


def test_a_table_is_no_news_to_itself():
    df = sample_milestones(200)
    assert not news_between(df, df, 0.0).ids


@given(some_news, some_news)
def test_news_of_news_count_every_row_once_and_since_the_first(one, other):
    both = one.and_then(other)
    assert both.ids == one.ids | other.ids
    assert sum(len(part) for _, part in both.kinds()) == len(both.ids)
    assert both.added == one.added | other.added
    assert both.since == (one.since if one.ids else other.since)


@given(some_news, ids)
def test_what_was_looked_at_is_no_news(news, seen):
    assert news.looked_at(seen).ids == news.ids - seen


def test_refreshes_come_regularly_and_ever_more_rarely_while_they_fail():
    state = Freshness(300.0)
    assert not state.due(1e9)
    state = state.switched(1000.0, on=True)
    assert [state.due(now) for now in (1000, 1299, 1300)] == [False, False, True]
    pauses = []
    for _ in range(8):
        state = state.failed(2000.0)
        pauses.append(state.next_at - 2000)
    assert pauses == [120, 240, 480, 960, 1920, 3600, 3600, 3600]
    words = Freshness(300.0).failed(0.0).words(0.0, "09:24", "NetworkError: hung up")
    assert words == "Showing 09:24's data; trying again in 2 min (NetworkError: hung up)."
    assert state.succeeded(3000.0).words(3000.0, "", "") == ""
    assert state.succeeded(3000.0).next_at == 3300
    # a clock that was set back by a day
    assert state.succeeded(100_000.0).due(20_000.0)
    assert not state.switched(0.0, on=False).due(1e9)
