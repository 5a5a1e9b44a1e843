"""What must not happen to a panel that stays open, or is opened again and again."""

from __future__ import annotations

import math

import pytest
from jupyter_client.manager import start_new_kernel

import milestone_kit as mk
from milestone_kit.panel.fetch import ExplorerClosedError
from milestone_kit.panel.widgets.bridge import WIDEST, Bridge
from tests.panel.driver import alert, one
from tests.strategies import NOW

CELL = f"explorer = mk.explore(rows, now={NOW!r})\nexplorer"
COUNT = "print(len(_instances), psutil.Process().memory_info().rss // 2**20)"


@pytest.fixture(scope="module")
def kernel():
    """Runs code in a fresh kernel, as the cell of a notebook, and returns what it prints."""
    manager, client = start_new_kernel()

    def run(code, cell=None):
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        client.shell_channel.send(message)
        told = ""
        while True:
            heard = client.get_iopub_msg(timeout=60)
            if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if heard["msg_type"] == "error":
                raise AssertionError("\n".join(heard["content"]["traceback"]))
            if heard["msg_type"] == "stream":
                told += heard["content"]["text"]
            if heard["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
                return told

    run(
        "import gc, psutil\nimport milestone_kit as mk\nfrom ipywidgets.widgets.widget import _instances\n"
        "rows = mk.sample_milestones(500)"
    )
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def held(kernel):
    widgets, megabytes = kernel(f"_ = gc.collect()\n{COUNT}").split()
    return int(widgets), int(megabytes)


def test_a_cell_that_runs_again_frees_the_panel_that_it_showed_and_close_frees_the_last(kernel):
    kernel(CELL, "first")
    widgets, before = held(kernel)
    for _ in range(8):
        kernel(CELL, "first")
    assert held(kernel)[0] == widgets > 20
    kernel("explorer.close()")
    left, after = held(kernel)
    assert left == 0
    assert after - before <= 30


def test_panels_that_have_names_of_their_own_stay_open(kernel):
    for name in ("here", "there"):
        kernel(f"{name} = mk.explore(rows)\n{name}", "second")
    assert int(kernel("print(len(here.filtered))")) > 400
    both = held(kernel)[0]
    kernel("here = None", "another")
    kernel("there = mk.explore(rows)\nthere", "second")
    assert held(kernel)[0] == both // 2
    kernel("there.close()")
    assert held(kernel)[0] == 0


def test_a_closed_panel_says_so():
    explorer = mk.explore(mk.sample_milestones(50), now=NOW)
    explorer.close()
    explorer.close()
    for ask in (lambda: explorer.filtered, lambda: explorer.state, explorer.code, explorer.figure):
        with pytest.raises(ExplorerClosedError, match=r"open another one with mk\.explore"):
            ask()


@pytest.fixture(scope="module")
def panel():
    return mk.explore(mk.sample_milestones(50), now=NOW)


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        (10**9, WIDEST),
        (1e300, WIDEST),
        (1234.7, 1234),
        (-5, 900),
        (math.nan, 900),
        (math.inf, 900),
        ("wide", 900),
        (None, 900),
        ([], 900),
        (True, 900),
    ],
)
def test_a_width_that_no_screen_has_is_cut_or_ignored(panel, told, taken):
    bridge = one(panel, Bridge)
    bridge.set_state({"width": 900})
    bridge.set_state({"width": told})
    assert alert(panel) == ""
    assert bridge.width == taken
    assert panel.figure().layout.width == taken
