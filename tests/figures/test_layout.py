"""What all figures share: heading, legend, window and now line."""

from __future__ import annotations

import pytest

from milestone_kit.errors import QueryError
from milestone_kit.figures.colors import LIGHT
from milestone_kit.figures.layout import between, heading, heading_pixels, legend_rows_pixels, now_marks
from milestone_kit.figures.time_axis import DAY, Window

WINDOW = Window(0.0, 10 * DAY)
WORDS = "12 of 20,000 milestones, each shown with its title (3 before, 4 after this window)"


@pytest.mark.parametrize("width", [200, 400, 1100])
@pytest.mark.parametrize("title", [None, "Tonight"])
def test_a_heading_keeps_all_its_words_in_lines_that_fit_and_knows_its_height(width, title):
    above, pixels = heading(WORDS, title, width)
    text = above["text"].replace("<span style='font-size:13px'>", "").replace("</span>", "")
    lines = text.split("<br>")
    assert " ".join(lines) == (WORDS if title is None else f"{title} {WORDS}")
    said = lines if title is None else lines[1:]
    assert max(map(len, said)) <= max(width / 6, 24)
    assert pixels == heading_pixels(title, len(said))
    assert heading_pixels("x", 2) > heading_pixels(None, 2) > heading_pixels(None)


def test_a_legend_grows_by_rows_when_its_names_do_not_fit():
    assert legend_rows_pixels([], 500) == legend_rows_pixels(["a", "b"], 500) == 0
    narrow, wide = (legend_rows_pixels(["a long name"] * 9, width) for width in (300, 900))
    assert narrow > wide > 0


def test_a_window_takes_what_is_not_given_from_the_one_that_fits():
    assert between(WINDOW, None, None) == WINDOW
    assert between(WINDOW, "1970-01-02", None) == Window(DAY, 10 * DAY)
    assert between(WINDOW, None, "1970-01-03") == Window(0.0, 2 * DAY)
    with pytest.raises(QueryError, match="does not lie before"):
        between(WINDOW, "1970-02-01", None)


def test_the_now_line_stands_only_where_it_is_on_screen():
    (line,), (flag,) = now_marks(WINDOW, DAY, LIGHT)
    assert line["x0"] == line["x1"] == flag["x"] == DAY
    assert now_marks(WINDOW, -1.0, LIGHT) == now_marks(WINDOW, 11 * DAY, LIGHT) == ([], [])
