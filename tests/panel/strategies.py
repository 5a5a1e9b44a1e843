"""Any state of an explorer, for property tests."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from hypothesis import strategies as st

from milestone_kit.analysis.filters import Criteria
from milestone_kit.figures.time_axis import Window
from milestone_kit.panel.relative import read_relative
from milestone_kit.panel.state import (
    COLOR_CHOICES,
    FORM_CHOICES,
    GROUP_CHOICES,
    SORTABLE,
    PanelState,
    Sort,
)

words = st.text(min_size=1, max_size=8).filter(str.strip)
names = st.none() | st.lists(words, max_size=3)
flags = st.sampled_from([None, True, False])
stamps = st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01"))

spans = st.builds(
    "{}{}{}".format, st.integers(1, 99), st.sampled_from(["", " "]), st.sampled_from(["h", "min", "d"])
)
relative = st.one_of(
    st.sampled_from(["today", "Tomorrow", "YESTERDAY", "all", "next PT6H", "last P2D"]),
    st.builds("last {}".format, spans),
    st.builds("Next  {}".format, spans),
    st.builds("last {} , next {}".format, spans, spans),
)
"""Windows told from now, as people write them."""


@st.composite
def states(draw):
    start, end = sorted(draw(st.tuples(stamps, stamps)))
    criteria = {
        "category": draw(names),
        "type": draw(names),
        "league": draw(names),
        "ticker": draw(names),
        "status": draw(st.none() | st.lists(st.sampled_from(["live", "ended", "upcoming"]), max_size=2)),
        "text": draw(st.none() | words),
        "start": draw(st.sampled_from([None, start])),
        "end": draw(st.sampled_from([None, end])),
        **{name: draw(flags) for name in ("has_end", "simulated", "placeholder")},
    }
    state = PanelState(
        Criteria.of(**criteria),
        draw(st.sampled_from(GROUP_CHOICES)),
        draw(st.sampled_from(COLOR_CHOICES)),
        draw(st.sampled_from(["UTC", "Asia/Tokyo"])),
        folded=tuple(draw(st.lists(words, max_size=2, unique=True))),
        form=draw(st.sampled_from(FORM_CHOICES)),
        sort=Sort(draw(st.sampled_from(SORTABLE)), draw(st.booleans())),
        windowed=draw(st.booleans()),
    )
    if draw(st.booleans()):
        return replace(state, window=read_relative(draw(relative)))
    low = draw(st.floats(-1e12, 3e12))
    window = Window(low, low + draw(st.floats(2, 1e11)))
    return state.with_span(draw(st.sampled_from([None, window])))
