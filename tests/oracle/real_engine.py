"""Random landed tables through the real ingest and the real engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from plain_features import IndexDate

from riskstrat.definitions.features import Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import DataSettings, EngineSettings, Settings
from riskstrat.features import FeatureEngine, engine
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace import Workspace

_ARROW = {
    "text": pa.string(),
    "date": pa.date32(),
    "integer": pa.int32(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}


def land(folder: Path, tables: Mapping[str, Sequence[Mapping[str, Any]]], *, csv: bool = False) -> None:
    """Write the tables as a site would land them; a column that no row has is absent."""
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        landed = {column for row in rows for column in row}
        columns = [c for c in SCHEMAS[name].columns if c.name in landed or not rows]
        arrays = [pa.array([row[c.name] for row in rows], _ARROW[c.type]) for c in columns]
        table = pa.table(arrays, names=[c.name for c in columns])
        if csv:
            pyarrow.csv.write_csv(table, folder / f"{name}.csv")
        else:
            pq.write_table(table, folder / f"{name}.parquet")


def ingested(
    folder: Path,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    as_at: date,
    *,
    csv: bool = False,
    lags: Mapping[str, int] | None = None,
    refused: Collection[str] = (),
) -> Store:
    """The store of the landed tables; every row must have been accepted, but for those of the rules in `refused`."""
    land(folder / "landed", tables, csv=csv)
    settings = Settings(data=DataSettings(lag_days=dict(lags or {}), quarantine_limit=1 if refused else 0))
    report = ingest(folder / "landed", folder / "store", settings, as_at=as_at)
    broken = {rule for rules in report.quarantined.values() for rule in rules} - set(refused)
    assert not broken, f"the random rows were meant to be acceptable: {report.quarantined}"
    return open_store(folder / "store")


def engine_for(
    store: Store, workspace: Workspace, features: Mapping[str, Feature], settings: EngineSettings | None = None
) -> FeatureEngine:
    """The real engine for these features; `workspace` gives the codelists."""
    fingerprints = {name: workspace.fingerprints.get(name, feature.fingerprint) for name, feature in features.items()}
    return engine(store, features, fingerprints, workspace.codelists, settings or EngineSettings(threads=1))


def cohort_frame(store: Store, cohort: Sequence[IndexDate]) -> pd.DataFrame:
    """The cohort as the engine takes it: one row per patient and index date, sorted by person and index date."""
    persons = {patient: number for number, patient in enumerate(store.people()["patient_id"])}
    spells: dict[str, int] = {}
    if any(asked.spell for asked in cohort):
        admissions = store.read("admissions")
        spells = dict(zip(admissions["spell_id"], admissions["spell"], strict=True))
    rows = [(a.patient, a.day, persons[a.patient], spells.get(a.spell or "", -1)) for a in cohort]
    frame = pd.DataFrame(rows, columns=["patient_id", "index_date", "person", "spell"])
    frame["index_date"] = pd.to_datetime(frame["index_date"]).astype("datetime64[s]")
    frame = frame.astype({"person": "int32", "spell": "int32"})
    return frame.sort_values(["person", "index_date", "spell"], ignore_index=True)


def in_order(store: Store, cohort: Sequence[IndexDate]) -> list[IndexDate]:
    """The cohort in the order that the engine takes it in."""
    frame = cohort_frame(store, cohort).assign(at=0)
    spell_ids = {}
    if (frame["spell"] >= 0).any():
        admissions = store.read("admissions")
        spell_ids = dict(zip(admissions["spell"], admissions["spell_id"], strict=True))
    return [IndexDate(row.patient_id, row.index_date.date(), spell_ids.get(row.spell)) for row in frame.itertuples()]


def calendar(patients: Sequence[str], days: Sequence[date]) -> list[IndexDate]:
    """Everybody at each of the days."""
    return [IndexDate(patient, day) for patient in patients for day in days]


def discharges(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[IndexDate]:
    """One index date for each discharge, with its spell."""
    return [
        IndexDate(row["patient_id"], row["discharged_on"], row["spell_id"])
        for row in tables["admissions"]
        if row.get("discharged_on") is not None
    ]


def same(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Whether two values are the same bits, element by element; one unknown is as good as another."""
    return (left.view(np.uint32) == right.view(np.uint32)) | (np.isnan(left) & np.isnan(right))


def matrix_of(made: FeatureEngine, cohort: Sequence[IndexDate]) -> FeatureMatrix:
    """The engine's matrix for the cohort."""
    return made.matrix(cohort_frame(made.store, cohort))
