"""A workspace of an earlier version: each verb does its work in it, or says in one line what to do; nothing else.

The workspaces are made by `make_earlier_workspace.py`.
"""

import shutil
import tarfile
from pathlib import Path

import pytest

from tests.suite.verbs import run_verb

PACKED = sorted(Path(__file__).parent.glob("earlier-*.tar.xz"))
MODEL = "emergency_admission_12m"
MONDAY = "2026-11-16"
REASON = "The sources were mended after it."

VERBS = {
    "check": ("check",),
    "models": ("models",),
    "score": ("score", "--index-date", MONDAY, "--out", "scores.csv"),
    "list": ("list", "--index-date", MONDAY),
    "weekly again": ("weekly", "--index-date", MONDAY),
    "weekly of another date": ("weekly", "--index-date", "2026-11-09"),
    "promote": ("promote", MODEL, "1"),
    "replay": ("replay", "--weeks", "2"),
    "reviews import": ("reviews", "import", f"lists/{MONDAY}/nki/nki.xlsx"),
    "withdraw": ("withdraw", MONDAY, "--reason", REASON),
    "audit verify": ("audit", "verify"),
    "backup": ("backup", "--out", "../kept.zip"),
    "ingest of what is not there": ("ingest", "nothing"),
}
DOES = {"check", "models", "audit verify"}
"""What has to work, whatever else must be made anew."""


@pytest.fixture(scope="module", params=PACKED, ids=lambda packed: packed.name.partition(".")[0])
def earlier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("upgrade")
    with tarfile.open(request.param) as packed:
        packed.extractall(folder, filter="data")
    return folder / "earlier"


def test_there_is_a_workspace_of_an_earlier_version() -> None:
    assert PACKED


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_works_or_says_in_one_line_what_to_do(name: str, earlier: Path, tmp_path: Path) -> None:
    workspace = Path(shutil.copytree(earlier, tmp_path / "workspace"))
    done = run_verb(*VERBS[name], cwd=workspace)
    refused = [line for line in done.stderr.splitlines() if line.startswith("riskstrat: ")]
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 0 or (2 <= done.returncode <= 20 and len(refused) == 1 and len(refused[0]) < 600), done
    assert done.returncode == 0 or name not in DOES, done.stderr


def test_lists_of_the_earlier_version_are_untouched_by_whatever_is_refused(earlier: Path, tmp_path: Path) -> None:
    workspace = Path(shutil.copytree(earlier, tmp_path / "workspace"))
    before = {path: path.read_bytes() for path in sorted((workspace / "lists").rglob("*")) if path.is_file()}
    run_verb(*VERBS["weekly again"], cwd=workspace)
    run_verb(*VERBS["reviews import"], cwd=workspace)
    assert {path: path.read_bytes() for path in before} == before
