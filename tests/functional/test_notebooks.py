"""Each notebook runs from top to bottom on a demo, in the folder where a reader would open it."""

import json
import os
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.slow


def run(notebook: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook with what its cells gave, run in `folder`."""
    read = nbformat.read(notebook, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(read, timeout=900, kernel_name="python3", resources=resources).execute()


def printed(notebook: nbformat.NotebookNode) -> str:
    """All text that the cells gave."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.fixture(scope="module")
def workspace(demo_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(demo_workspace, tmp_path_factory.mktemp("notebooks") / "borough"))


@pytest.fixture(scope="module")
def manifest(workspace: Path) -> dict:
    (path,) = workspace.glob("lists/*/manifest.json")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ran(workspace: Path) -> Callable[[str], nbformat.NotebookNode]:
    """A function that gives a notebook, run once in the workspace it stands in."""

    @cache
    def give(name: str) -> nbformat.NotebookNode:
        with pytest.MonkeyPatch.context() as patched:
            patched.delenv("RISKSTRAT_WORKSPACE", raising=False)
            return run(workspace / "notebooks" / name, workspace / "notebooks")

    return give


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs_in_the_workspace_it_stands_in(
    notebook: Path, ran: Callable[[str], nbformat.NotebookNode], manifest: dict
) -> None:
    said = printed(ran(notebook.name))
    assert f"List of {manifest['index_date']}, data as at {manifest['data_as_at']}" in said
    assert all(team["team"] in said for team in manifest["teams"])
    assert re.search(r"The stack (beats|does not beat|is worse than) logistic regression", said)


def test_the_test_dates_stand_in_it_with_their_rows(
    ran: Callable[[str], nbformat.NotebookNode], workspace: Path
) -> None:
    done = ran("reading_the_demo.ipynb")
    (table,) = [text for text in map(_text, done.cells) if "calibration_slope" in text and "test_date" in text]
    rows = {line.split()[0]: float(line.split()[1]) for line in table.splitlines() if re.match(r"\d{4}-", line)}
    (path,) = workspace.glob("registry/artifacts/*/*/artifacts/evidence.json")
    origins = json.loads(path.read_text(encoding="utf-8"))["origins"]
    assert rows == {one["test_date"]: one["rows"]["test"] for one in origins}


@pytest.mark.exhaustive
def test_the_workspace_may_be_named_instead(
    workspace: Path, manifest: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISKSTRAT_WORKSPACE", os.fspath(workspace))
    read = nbformat.read(ROOT / "notebooks" / "reading_the_demo.ipynb", as_version=4)
    read.cells = [cell for cell in read.cells if cell.cell_type == "code"][:1]
    only_first = tmp_path / "first.ipynb"
    nbformat.write(read, only_first)
    assert manifest["index_date"] in printed(run(only_first, tmp_path))


def _text(cell: nbformat.NotebookNode) -> str:
    return "\n".join(output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", []))
