"""In which order the files of the suite are handed to the workers: the longest first, so that none is late alone.

The demo is made by whichever worker comes to it first; the other begins with files that do without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DEMO_SECONDS = 46

SECONDS = {
    "browser/test_pages.py": 60,
    "functional/test_backup_and_restore.py": 20,
    "functional/test_damaged_files.py": 30,
    "functional/test_diabetes_benchmark.py": 60,
    "functional/test_full_disk.py": 50,
    "functional/test_killed_runs.py": 200,
    "functional/test_models_and_definitions.py": 70,
    "functional/test_no_identity_anywhere.py": 60,
    "functional/test_notebooks.py": 30,
    "functional/test_planted_faults.py": 90,
    "functional/test_readme.py": 60,
    "functional/test_refusals.py": 25,
    "functional/test_ten_weeks.py": 90,
    "functional/test_verb_train.py": 60,
    "functional/test_verbs_list_and_weekly.py": 110,
    "packaging/test_wheel.py": 60,
    "property/test_changes_add_up.py": 90,
    "property/test_engine_equals_oracle.py": 60,
    "property/test_no_look_ahead.py": 120,
    "spec/test_continuous_stays.py": 20,
}
"""Seconds of a processor that a file takes beside the demo, of those that take long; `pytest --durations` measures."""

OTHERS = {"functional": 15, "property": 10}
"""Seconds of a file that is not named, by folder; elsewhere two."""


def put_longest_first(items: list[pytest.Item]) -> None:
    """Orders tests by file: one that makes the demo, then as much that needs none as the demo takes, then the rest."""
    by_file: dict[str, list[pytest.Item]] = {}
    for item in items:
        by_file.setdefault(_name_of(item), []).append(item)
    names = sorted(by_file, key=lambda name: (-seconds_of(name), name))
    needing = {name for name in names if any("demo_workspace" in fixtures_of(item) for item in by_file[name])}
    items[:] = [item for name in start_without_demo(names, needing) for item in by_file[name]]


def start_without_demo(names: list[str], needing: Iterable[str]) -> list[str]:
    """The names with the first that needs the demo in front, followed by others until the demo must be there."""
    making = [name for name in names if name in needing][:1]
    meanwhile, seconds = [], 0.0
    for name in (name for name in names if name not in needing):
        if not making or seconds > 2 * DEMO_SECONDS:
            break
        meanwhile.append(name)
        seconds += seconds_of(name)
    first = [*making, *meanwhile]
    return [*first, *(name for name in names if name not in first)]


def seconds_of(name: str) -> float:
    """About how long a file takes, by its path below tests/."""
    return SECONDS.get(name, OTHERS.get(name.partition("/")[0], 2))


def fixtures_of(item: pytest.Item) -> list[str]:
    return list(getattr(item, "fixturenames", ()))


def _name_of(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else item.path.as_posix()
