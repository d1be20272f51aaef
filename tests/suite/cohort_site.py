"""Hand-made people with everything that the shipped rules of cohorts read, as a store and as the facts of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.settings import EngineSettings, Settings
from riskstrat.features import engine
from riskstrat.people.cohorts import RuleFacts, gather_everybody
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace import Workspace, load

SHIPPED = load(Path(__file__).resolve().parents[2])
INDEX = date(2026, 9, 30)
MONTHS = [f"{year}-{month:02}" for year in (2023, 2024, 2025, 2026) for month in range(1, 13)][:45]
FILLER = "z"
_LANDED: dict[tuple[tuple[str, str], ...], Store] = {}


def make_tables(born: Mapping[str, str], **rows: str) -> dict[str, str]:
    """One CSV text for each table. born: by patient_id the date of birth; rows: lines below the heading of a table.

    A person `z` has rows of every month in every source, so that each of them covers every period.
    """
    monthly = {
        "conditions": "z,register,HYPERTENSION,{0}-01,",
        "measurements": "z,{0}-02,bmi,24",
        "social_care": "z,equipment,{0}-03,{0}-03",
        "attendances": "z,{0}-04,1",
        "admissions": "z,s{0},{0}-05,11,{0}-06",
        "diagnoses": "z,s{0},1,icd10,I10",
    }
    made = {name: [line.format(month) for month in MONTHS] for name, line in monthly.items()}
    made["people"] = [f"{one},{day},F," for one, day in {**born, FILLER: "1990-01-01"}.items()]
    made["registrations"] = [f"{one},A10000,2010-01-01," for one in (*born, FILLER)]
    for name, text in rows.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        if name == "people":
            said = {line.split(",")[0] for line in lines}
            made[name] = [line for line in made[name] if line.split(",")[0] not in said]
        made[name] = [*made.get(name, ()), *lines]
    return {name: "\n".join([_HEADS[name], *lines]) + "\n" for name, lines in made.items()}


_HEADS = {
    "people": "patient_id,date_of_birth,sex,care_home_from",
    "registrations": "patient_id,practice,registered_from,registered_to",
    "admissions": "patient_id,spell_id,admitted_on,method,discharged_on",
    "diagnoses": "patient_id,spell_id,position,system,code",
    "conditions": "patient_id,system,code,recorded_on,ended_on",
    "measurements": "patient_id,measured_on,measure,value",
    "social_care": "patient_id,service,started_on,ended_on",
    "attendances": "patient_id,attended_on,category",
    "statuses": "patient_id,as_at,inpatient,died,moved,palliative_register",
    "falls": "patient_id,fell_on",
    "care_plans": "patient_id,kind,made_on,ended_on",
    "circumstances": "patient_id,recorded_on,housebound,carer,language",
}


def open_site(
    folder: Path, tables: Mapping[str, str], *, every_feature: bool = False, also: Sequence[str] = (), **changed: Any
) -> Any:
    """The shipped workspace over these tables, with the features that its cohorts read, or all of them.

    also: features that other rules read. changed: fields of the workspace that are others.
    """
    store, workspace = _land(folder, tables), replace(SHIPPED, **changed)
    read = {*workspace.cohort_rules.list_features(), "age", "efi_latest", *also} if workspace.cohort_rules else set()
    made = engine(
        store,
        {name: feature for name, feature in workspace.features.items() if every_feature or name in read},
        workspace.fingerprints,
        workspace.codelists,
        EngineSettings(threads=1),
        printable=False,
    )
    return SimpleNamespace(workspace=workspace, store=store, engine=made, also=also)


def _land(folder: Path, tables: Mapping[str, str]) -> Store:
    """The same tables are ingested once for all tests of a run that do nothing but read them."""
    key = tuple(sorted(tables.items()))
    if key not in _LANDED or not _LANDED[key].folder.is_dir():
        (folder / "source").mkdir(parents=True)
        for name, text in tables.items():
            (folder / "source" / f"{name}.csv").write_text(text, encoding="utf-8")
        ingest(folder / "source", folder / "store", Settings(), as_at=INDEX)
        _LANDED[key] = open_store(folder / "store")
    return _LANDED[key]


def gather_facts(opened: Any, rows: pd.DataFrame | None = None) -> RuleFacts:
    """The facts of everybody at `INDEX`, in the order of their numbers, or of some rows."""
    rows, rules = list_rows(opened) if rows is None else rows, opened.workspace.cohort_rules
    scored = SimpleNamespace(rows=rows, matrix=opened.engine.matrix(rows))
    return gather_everybody(opened, scored, (*rules.list_features(), *opened.also))  # type: ignore[arg-type]


def list_rows(opened: Any) -> pd.DataFrame:
    """One row per person at `INDEX`, as a cohort has them."""
    people = opened.store.people()
    rows = pd.DataFrame({"patient_id": people["patient_id"], "index_date": pd.Timestamp(INDEX)})
    rows["person"] = people["person"].astype("int32")
    return rows.astype({"index_date": "datetime64[s]"}).sort_values("person", ignore_index=True)


def make_sensitive(workspace: Workspace, *names: str) -> dict[str, Codelist]:
    """The codelists, with the codes of some groups of long-term conditions added to the sensitive ones."""
    conditions, sensitive = workspace.codelists["long_term_conditions"], workspace.codelists["sensitive"]
    added = tuple(entry for entry in conditions.entries if entry.group in names)
    return {**workspace.codelists, "sensitive": replace(sensitive, entries=(*sensitive.entries, *added))}
