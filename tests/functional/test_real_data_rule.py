"""RISKSTRAT_REAL_DATA: where the real records are. CI must have them; elsewhere their tests skip by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def run_without_records(**environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if name not in {"CI", "RISKSTRAT_REAL_DATA"}}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(TESTS / "test_mimic_real_records.py"),
    ]
    return subprocess.run(
        command, env=kept | environment, cwd=TESTS.parents[1], capture_output=True, text=True, check=False
    )


def test_without_the_records_their_tests_skip_and_name_the_variable() -> None:
    done = run_without_records()
    assert done.returncode == 0
    assert "RISKSTRAT_REAL_DATA does not name a folder" in done.stdout
    assert "passed" not in done.stdout


def test_in_ci_a_folder_that_is_not_there_fails() -> None:
    done = run_without_records(CI="true", RISKSTRAT_REAL_DATA="/nowhere/at/all")
    assert done.returncode == 1
    assert "RISKSTRAT_REAL_DATA does not name a folder" in done.stdout
