"""The notebooks run from top to bottom, and are stored without what they showed."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from milestone_kit.sandbox import serve

NOTEBOOKS = sorted(Path(__file__).resolve().parents[2].joinpath("notebooks").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


def test_there_is_the_notebook_that_lab_opens():
    assert NOTEBOOKS[0].name == "01_explore.ipynb"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_stored_without_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.name)
def executed(request, tmp_path_factory):
    """A notebook that was run against the sandbox, and the folder that it ran in."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = read(request.param)
    with serve(rows=3000, still=True) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILESTONE_KIT_BASE_URL", server.url)
        patch.setenv("MILESTONE_KIT_CACHE_DIR", str(folder / "cache"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook, folder


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def test_a_notebook_runs_without_a_word_on_stderr(executed):
    notebook, _ = executed
    assert [output.text for output in outputs(notebook) if output.get("name") == "stderr"] == []


def test_a_notebook_tells_invented_data_from_real(executed):
    notebook, _ = executed
    assert "INVENTED" in outputs(notebook)[0].text


def test_a_notebook_shows_a_chart_and_a_table(executed):
    notebook, _ = executed
    kinds = [kind for output in outputs(notebook) for kind in output.get("data", ())]
    assert "application/vnd.plotly.v1+json" in kinds
    assert "text/html" in kinds


@pytest.mark.parametrize("executed", NOTEBOOKS[:1], ids=lambda path: path.name, indirect=True)
def test_the_panel_shows_its_table_without_a_user_and_the_csv_is_written(executed):
    notebook, folder = executed
    shown = [output.get("data", {}) for output in outputs(notebook)]
    assert any("In the window" in data.get("text/html", "") for data in shown)
    assert not any("application/vnd.jupyter.widget-view+json" in data for data in shown)
    assert folder.joinpath("milestones.csv").stat().st_size > 100_000
