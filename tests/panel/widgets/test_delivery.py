"""Files that are handed to the browser part by part."""

from __future__ import annotations

from milestone_kit.panel.widgets.delivery import Delivery


class Page:
    """A front end that keeps what it is sent, and answers when it is told to."""

    def __init__(self):
        self.sent = []
        self.delivery = Delivery(lambda content, buffers=None: self.sent.append((content, buffers)))

    def kinds(self):
        return [content["kind"] for content, _ in self.sent]

    def answer(self):
        content = self.sent[-1][0]
        self.delivery.go_on(content["file"], content["part"])


def test_a_part_is_made_when_the_one_before_has_arrived():
    made = []
    page = Page()
    page.delivery.begin("a.csv", "text/csv", (made.append(one) or bytes([one]) for one in range(3)), "done")
    assert (made, page.kinds()) == ([0], ["download", "part"])
    page.answer()
    assert made == [0, 1]
    page.answer()
    page.answer()
    assert page.kinds() == ["download", "part", "part", "part", "downloaded"]
    assert [buffers for _, buffers in page.sent if buffers] == [[b"\0"], [b"\1"], [b"\2"]]
    assert page.sent[0][0] | {"file": 1} == {
        "kind": "download", "file": 1, "name": "a.csv", "type": "text/csv", "said": "done"
    }  # fmt: skip


def test_what_two_views_answer_brings_each_part_once():
    page = Page()
    page.delivery.begin("a.csv", "text/csv", iter([b"0", b"1", b"2"]), "")
    page.delivery.go_on(1, 1)
    page.delivery.go_on(1, 1)
    assert [content["part"] for content, buffers in page.sent if buffers] == [1, 2]


def test_an_answer_that_tells_of_nothing_under_way_brings_nothing():
    page = Page()
    page.delivery.go_on(1, 1)
    page.delivery.begin("a.csv", "text/csv", iter([b"0", b"1"]), "")
    page.delivery.begin("b.csv", "text/csv", iter([b"2"]), "")
    for file, part in [(1, 1), (2, 7), (None, None), ("2", [1]), ({}, 1)]:
        page.delivery.go_on(file, part)
    assert page.kinds() == ["download", "part"] * 2
    page.delivery.go_on(2, 1)
    page.delivery.go_on(2, 2)
    assert page.kinds()[4:] == ["downloaded"]
