"""The version, the licence and the checks before a commit: each is said in one place."""

import re
from pathlib import Path

import locks
import pytest
import yaml
from trove_classifiers import classifiers
from typer.testing import CliRunner

import riskstrat
from riskstrat.cli import app

ROOT = Path(__file__).resolve().parents[2]
PROJECT = locks.read_project()["project"]


def test_the_version_is_printed() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"riskstrat {riskstrat.__version__}\n")


def test_the_version_stands_in_one_place() -> None:
    assert "version" not in PROJECT
    assert PROJECT["dynamic"] == ["version"]
    pattern = re.compile(rf"(?<![\d.]){re.escape(riskstrat.__version__)}(?![\d.])")
    named = [path for path in (ROOT / "riskstrat").rglob("*.py") if pattern.search(path.read_text(encoding="utf-8"))]
    assert named == [ROOT / "riskstrat" / "__init__.py"]


def test_the_changes_have_a_heading_for_this_version() -> None:
    headings = re.findall(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == riskstrat.__version__


def test_the_metadata_are_complete_and_name_no_address() -> None:
    assert {"authors", "classifiers", "description", "keywords", "license", "readme"} <= set(PROJECT)
    assert set(PROJECT["classifiers"]) <= classifiers
    assert "urls" not in PROJECT
    assert [name for pattern in PROJECT["license-files"] for name in ROOT.glob(pattern)] == [ROOT / "LICENSE"]
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith(f"{PROJECT['license']} License\n")
    assert PROJECT["authors"] == [{"name": "the riskstrat contributors"}]
    assert "the riskstrat contributors" in (ROOT / "LICENSE").read_text(encoding="utf-8")


HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]


@pytest.mark.parametrize("check", ["ruff check", "ruff format --check", "mypy"])
def test_what_runs_before_a_commit_is_what_the_tests_run(check: str) -> None:
    (entry,) = [hook["entry"] for hook in HOOKS[0]["hooks"] if hook["name"] == check]
    assert entry.startswith(f".venv/bin/python -m {check}")
    assert re.search(rf"^\t\$\(PY\) -m {check}\b", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_nothing_is_fetched_before_a_commit() -> None:
    assert [repo["repo"] for repo in HOOKS] == ["local"]
    assert {hook["language"] for hook in HOOKS[0]["hooks"]} == {"system"}


def test_what_builds_a_package_is_found_from_whatever_folder_the_build_runs_in() -> None:
    """pip builds a source package in a folder of its own, where a relative path leads nowhere."""
    paths = re.findall(r"\bPYTHONPATH=(\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert paths
    assert all(path.startswith(('"$(CURDIR)/', "/")) for path in paths)
