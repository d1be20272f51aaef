"""`init`: a site's own copy of the decisions, and nothing that a command made."""

import os
from pathlib import Path

import pytest

from riskstrat.errors import StorageError, WorkspaceError
from riskstrat.workspace import init, scaffold

DECISIONS = (
    "features/codelists/codelists.toml",
    "features/codelists/heart.csv",
    "features/falls.py",
    "notebooks/week.ipynb",
    "registry/README.md",
    "registry/assurance.toml",
    "registry/hazards.toml",
    "registry/model_card.md.j2",
    "registry/monitoring.toml",
    "registry/trial.toml",
    "registry/promotion.toml",
    "riskstrat.toml",
    "training/outcomes.py",
    "training/soon.toml",
)
LEFT_BEHIND = (
    "data/people.parquet",
    "features/patients.csv",
    "features/__pycache__/falls.cpython-311.pyc",
    "lists/2026-03-02/manifest.json",
    "registry/mlflow.db",
    "registry/cards/soon-1.md",
    "registry/patients.csv",
    "training/scratch.parquet",
    "patients.csv",
    "pyproject.toml",
)


@pytest.fixture(autouse=True)
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace in which records, models and caches lie about, as the one that `init` copies from."""
    folder = tmp_path / "template"
    for name in (*DECISIONS, *LEFT_BEHIND):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n", encoding="utf-8")
    monkeypatch.setattr(scaffold, "_template", lambda: folder)
    return folder


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("exists", [True, False])
def test_decisions_are_copied_and_nothing_else(exists: bool, tmp_path: Path) -> None:
    target = tmp_path / "site"
    if exists:
        target.mkdir()
    made = init(target)
    assert files_in(target) == sorted([*DECISIONS, ".gitignore"])
    assert sorted(path.relative_to(target).as_posix() for path in made) == files_in(target)
    assert (target / "features/falls.py").read_text(encoding="utf-8") == "# features/falls.py\n"


def test_what_the_commands_make_is_kept_out_of_git(tmp_path: Path) -> None:
    init(tmp_path / "site")
    ignored = (tmp_path / "site" / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/data/", "/lists/", "/registry/mlflow.db*", "/registry/artifacts/"} <= set(ignored)


def test_a_relative_folder_gives_relative_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Path("site/riskstrat.toml") in init(Path("site"))


@pytest.mark.parametrize("occupied_by", ["a file in it", "a file of that name"])
def test_a_folder_that_is_not_empty_is_refused_and_left_alone(occupied_by: str, tmp_path: Path) -> None:
    target = tmp_path / "site"
    if occupied_by == "a file in it":
        target.mkdir()
        (target / "mine.txt").write_text("mine", encoding="utf-8")
    else:
        target.write_text("mine", encoding="utf-8")
    before = files_in(tmp_path)
    with pytest.raises(WorkspaceError, match="is not empty; give a new or empty folder"):
        init(target)
    assert files_in(tmp_path) == before


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.replace

    def fails_at_training(source: Path, copy: Path) -> None:
        rename(source, copy)
        if "training" in str(copy):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails_at_training)
    with pytest.raises(StorageError, match=r"cannot be written \(No space left on device\)"):
        init(tmp_path / "site")
    assert files_in(tmp_path / "site") == []
