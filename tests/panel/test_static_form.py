"""What a notebook shows of the explorer without a front end, and when."""

from __future__ import annotations

from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

import milestone_kit as mk
from milestone_kit.panel.static_form import is_unattended
from milestone_kit.sandbox import serve
from tests.strategies import NOW

WIDGET = "application/vnd.jupyter.widget-view+json"


def running(monkeypatch, kernel):
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=kernel, user_ns={}))


def test_a_notebook_that_is_executed_without_a_user_shows_a_table_with_all_rows(monkeypatch, tmp_path):
    with serve(300, still=True) as server:
        monkeypatch.setenv("MILESTONE_KIT_BASE_URL", server.url)
        monkeypatch.setenv("MILESTONE_KIT_CACHE_DIR", str(tmp_path))
        cell = nbformat.v4.new_code_cell("import milestone_kit as mk\nmk.explore()")
        notebook = NotebookClient(nbformat.v4.new_notebook(cells=[cell]), kernel_name="python3").execute()
    (output,) = [one for one in notebook.cells[0].outputs if one.output_type == "execute_result"]
    assert WIDGET not in output.data
    assert "of 300 milestones" in output.data["text/html"]
    assert "█" in output.data["text/html"]


@pytest.mark.parametrize(
    ("kernel", "software", "unattended"),
    [
        (SimpleNamespace(_allow_stdin=False), "", True),
        (SimpleNamespace(_allow_stdin=True), "", False),
        (SimpleNamespace(_allow_stdin=False), "voila/0.5.8", False),
        (SimpleNamespace(), "", False),
        (None, "", False),
    ],
)
def test_only_who_cannot_be_asked_anything_gets_no_widget(monkeypatch, kernel, software, unattended):
    running(monkeypatch, kernel)
    monkeypatch.setenv("SERVER_SOFTWARE", software)
    assert is_unattended() == unattended
    bundle = mk.explore(mk.sample_milestones(50), now=NOW)._repr_mimebundle_()
    assert (WIDGET in bundle) != unattended
    assert "<h4>Milestones</h4>" in bundle["text/html"]
