"""The source distribution carries what git tracks, and nothing that a week of work left behind."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = ("data/people.parquet", "registry/mlflow.db", "features/patients.csv", "patients.csv", "audit/log.jsonl")

pytestmark = pytest.mark.slow


def list_files() -> set[str]:
    """Every file git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return {name for name in listed if name and (ROOT / name).is_file()}


def test_the_source_distribution_is_what_git_tracks_without_the_records_beside_it(tmp_path: Path) -> None:
    tracked, project = list_files(), tmp_path / "project"
    for name in tracked:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, project / name)
    for name in LEFT_BEHIND:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("P1,1931-04-02\n", encoding="utf-8")
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", tmp_path / "made", project]
    subprocess.run(command, cwd=project, capture_output=True, check=True, timeout=600)
    (made,) = (tmp_path / "made").glob("*.tar.gz")
    with tarfile.open(made) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert packed - {"PKG-INFO"} == {name for name in tracked if not name.startswith(".ci/")}
    assert {"LICENSE", "CHANGELOG.md", "riskstrat/py.typed", "requirements.lock"} <= packed
