"""In which order the files of the suite are handed to the workers: the longest first, so that none is late alone.

The demo is made by whichever worker comes to it first; the others begin with files that do without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DEMO_SECONDS = 60

SECONDS = {
    "browser/test_naming_page.py": 30,
    "browser/test_pages.py": 80,
    "browser/test_printed_together.py": 25,
    "browser/test_worklist_in_a_browser.py": 110,
    "functional/test_backup_and_restore.py": 9,
    "functional/test_diabetes_benchmark.py": 25,
    "functional/test_full_disk.py": 9,
    "functional/test_killed_runs.py": 20,
    "functional/test_mimic_end_to_end.py": 14,
    "functional/test_models_and_definitions.py": 39,
    "functional/test_no_identity_anywhere.py": 39,
    "functional/test_notebooks.py": 9,
    "functional/test_nothing_untrue.py": 13,
    "functional/test_odd_teams.py": 15,
    "functional/test_omop_databases.py": 9,
    "functional/test_omop_eunomia.py": 12,
    "functional/test_pack.py": 20,
    "functional/test_person_facts.py": 15,
    "functional/test_planning_verbs.py": 9,
    "functional/test_planted_faults.py": 13,
    "functional/test_postgres_source.py": 24,
    "functional/test_progress_display.py": 12,
    "functional/test_read_only_folders.py": 18,
    "functional/test_readme.py": 29,
    "functional/test_recorded_dead_and_active.py": 9,
    "functional/test_replayed_matrices.py": 25,
    "functional/test_silent_trial.py": 17,
    "functional/test_simulated_borough.py": 11,
    "functional/test_simulated_difficulty.py": 9,
    "functional/test_snapshot.py": 18,
    "functional/test_start_up.py": 20,
    "functional/test_ten_weeks.py": 41,
    "functional/test_two_at_once.py": 9,
    "functional/test_two_boroughs_alike.py": 27,
    "functional/test_verb_cohorts.py": 14,
    "functional/test_verb_ingest.py": 28,
    "functional/test_verb_train.py": 16,
    "functional/test_verbs_list_and_weekly.py": 21,
    "functional/test_verbs_models_export.py": 17,
    "functional/test_what_changed.py": 16,
    "functional/test_worklist_and_weekly.py": 18,
    "packaging/test_locks_resolve.py": 50,
    "packaging/test_wheel.py": 41,
    "property/test_added_extracts.py": 14,
    "property/test_changes_add_up.py": 24,
    "property/test_engine_equals_oracle.py": 27,
    "property/test_evaluation_properties.py": 11,
    "property/test_known_tables.py": 8,
    "property/test_no_look_ahead.py": 37,
    "property/test_patient_ids_in_any_dress.py": 16,
    "property/test_references_name_one_person.py": 9,
    "property/test_returned_rows_are_read_or_said.py": 11,
    "property/test_sources_rows_add_up.py": 9,
    "spark/test_on_a_cluster.py": 100,
    "unit/models/test_registry.py": 16,
    "unit/models/test_training_fit.py": 9,
    "unit/test_adapter_hes.py": 18,
    "unit/test_adapter_meds.py": 11,
    "unit/test_adapter_omop.py": 22,
    "unit/test_adapter_synthea.py": 9,
    "unit/test_by_role.py": 8,
    "unit/test_casefinding_lists.py": 14,
    "unit/test_caseload_times.py": 8,
    "unit/test_cohort.py": 9,
    "unit/test_cohorts.py": 31,
    "unit/test_dated_ahead.py": 12,
    "unit/test_documents_kept_browser.py": 15,
    "unit/test_evaluation_leakage.py": 8,
    "unit/test_impact_site.py": 12,
    "unit/test_refresh.py": 16,
    "unit/test_sources_codes.py": 10,
    "unit/test_sources_extracts.py": 11,
    "unit/test_sources_ingest.py": 17,
    "unit/test_sources_literal_paths.py": 10,
    "unit/test_sources_store_versions.py": 10,
    "unit/test_telling.py": 20,
    "unit/test_told_reasons.py": 11,
    "worklist/test_access.py": 18,
    "worklist/test_gp_records.py": 8,
    "worklist/test_retention.py": 11,
    "worklist/test_safety.py": 23,
    "workspace/test_papers.py": 8,
    "workspace/test_parts_of_a_cohort.py": 8,
    "workspace/test_person_facts_printable.py": 17,
}
"""Seconds that a file takes beside the demo, of those that take long: of a processor, or of waiting if that is more."""

OTHERS = {"functional": 4, "property": 3, "spec": 4}
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
