"""In which order the files of the suite are handed to the workers: the longest first, so that none is late alone.

The demo is made by whichever worker comes to it first; the other begins with files that do without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DEMO_SECONDS = 60

SECONDS = {
    "browser/test_naming_page.py": 30,
    "browser/test_pages.py": 60,
    "browser/test_worklist_in_a_browser.py": 40,
    "functional/test_diabetes_benchmark.py": 12,
    "functional/test_killed_runs.py": 20,
    "functional/test_mapping_faults.py": 13,
    "functional/test_mimic_end_to_end.py": 15,
    "functional/test_models_and_definitions.py": 50,
    "functional/test_no_identity_anywhere.py": 45,
    "functional/test_planted_faults.py": 40,
    "functional/test_postgres_source.py": 22,
    "functional/test_read_only_folders.py": 15,
    "functional/test_readme.py": 35,
    "functional/test_refusals.py": 15,
    "functional/test_snapshot.py": 34,
    "functional/test_start_up.py": 16,
    "functional/test_ten_weeks.py": 75,
    "functional/test_two_boroughs_alike.py": 20,
    "functional/test_verb_ingest.py": 25,
    "functional/test_verb_train.py": 50,
    "functional/test_verbs_list_and_weekly.py": 45,
    "functional/test_what_changed.py": 14,
    "functional/test_worklist_and_weekly.py": 17,
    "packaging/test_locks_resolve.py": 60,
    "packaging/test_wheel.py": 34,
    "property/test_changes_add_up.py": 22,
    "property/test_engine_equals_oracle.py": 31,
    "property/test_labels_properties.py": 20,
    "property/test_no_look_ahead.py": 38,
    "property/test_patient_ids_in_any_dress.py": 13,
    "property/test_sources_rows_add_up.py": 17,
    "spark/test_on_a_cluster.py": 60,
    "unit/models/test_registry.py": 20,
    "unit/test_adapter_hes.py": 13,
    "unit/test_adapter_meds.py": 9,
    "unit/test_adapter_omop.py": 16,
    "unit/test_adapter_synthea.py": 8,
    "unit/test_cohort.py": 13,
    "unit/test_dated_ahead.py": 7,
    "unit/test_impact_site.py": 12,
    "unit/test_refresh.py": 10,
    "unit/test_sources_cleaning.py": 10,
    "unit/test_sources_codes.py": 7,
    "unit/test_sources_ingest.py": 16,
    "unit/test_sources_store_versions.py": 8,
    "unit/test_telling.py": 25,
    "upgrade/test_earlier_worklist.py": 12,
    "worklist/test_coordinator_decisions.py": 10,
    "worklist/test_exported_decisions.py": 9,
    "worklist/test_retention.py": 8,
    "worklist/test_access.py": 35,
    "worklist/test_safety.py": 30,
    "workspace/test_monitoring_alarms.py": 10,
    "workspace/test_person_facts_printable.py": 22,
}
"""Seconds that a file takes beside the demo, of those that take long: of a processor, or of waiting if that is more."""

OTHERS = {"functional": 10, "property": 6}
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
