"""A method that gives the same object again."""

from __future__ import annotations

from milestone_kit.panel.remembered import remembered


class Counted:
    def __init__(self):
        self.asked = []

    @remembered
    def made(self, *key):
        self.asked.append(key)
        return list(key)


def test_the_same_question_brings_the_same_object_per_object():
    one, other = Counted(), Counted()
    assert one.made(1, "a") is one.made(1, "a")
    assert one.made(1, "a") is not other.made(1, "a")
    assert one.made(1) == [1]
    assert one.asked == [(1, "a"), (1,)]


def test_the_oldest_answers_are_forgotten():
    one = Counted()
    first = one.made(0)
    for i in range(1, 100):
        one.made(i)
    assert one.made(99) is one.made(99)
    assert one.made(0) is not first
    assert len(one.asked) == 101
