"""Of a demo's listed people some are recorded dead after all: those who were seen later are counted and named."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.progress import silent
from riskstrat.publication import open_published
from riskstrat.reviews import FileReviewStore
from riskstrat.site.opening import open_workspace
from riskstrat.sources.ingest import ingest
from riskstrat.weekly.listing import headline, make_lists, summary_of
from riskstrat.workspace import load


def record_death(source: Path, patients: set[str], day: date) -> None:
    people = pd.read_parquet(source / "people.parquet")
    dead = people["patient_id"].isin(patients)
    for column in ("date_of_death", "died_known_on"):
        people[column] = people[column].astype(object).mask(dead, day)
    people.to_parquet(source / "people.parquet", index=False)


def test_whoever_was_seen_after_the_death_is_counted_once_on_the_list_and_named_to_the_analyst(
    demo_workspace: Path, monday: str, tmp_path: Path
) -> None:
    workspace = tmp_path / "borough"
    shutil.copytree(demo_workspace, workspace)
    source, list_day = workspace / "demo" / "borough", date.fromisoformat(monday)
    published = open_published(workspace / "lists" / monday)
    patients = {one for code in published.team_names for one in list(published.read_patients(code).values())[:2]}
    assert len(patients) == 2 * len(published.team_names)
    contacts = pd.read_parquet(source / "contacts.parquet")
    seen_on = list_day - timedelta(days=30)
    template = contacts[contacts["service"] == "gp"].head(1)
    seen = pd.concat([template.assign(patient_id=patient, contacted_on=seen_on) for patient in sorted(patients)])
    seen = seen.assign(attended=True, **({"known_on": seen_on} if "known_on" in contacts else {}))
    pd.concat([contacts, seen]).to_parquet(source / "contacts.parquet", index=False)
    record_death(source, patients, list_day - timedelta(days=60))
    ingest(source, workspace / "data", load(workspace).settings)
    listed = make_lists(open_workspace(workspace), monday, None, silent, FileReviewStore(workspace))
    assert set(listed.found.to_be_checked) == patients
    assert set(summary_of(listed)["recorded_dead_active_later"]) == patients
    assert any(f"recorded dead, with later activity: {len(patients)}" in line for line in headline(listed))
    for case, team in zip(listed.cases, listed.documents, strict=True):
        assert not patients & set(case.rows["patient_id"])
        own = case.everyone[case.everyone["patient_id"].isin(patients)]
        assert team.counts.excluded.get(DOUBTFUL_DEATH, 0) == len(own) == (own["reason"] == DOUBTFUL_DEATH).sum()
    assert {patient for case in listed.cases for patient in case.everyone["patient_id"]} >= patients
    left = [move.detail for team in listed.documents for move in team.moves if move.what == "left"]
    assert "Recorded dead, later activity: check" in left or not listed.earlier
