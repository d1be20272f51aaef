"""Random landed tables through the real ingest and the real engine."""

from __future__ import annotations

from collections import Counter
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
from plain_stays import FROM_THE_LAST

from riskstrat.definitions.features import Feature
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.placeholders import NULL_DATES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import EngineSettings, Settings
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
    continuous_stays: str = "three_days",
) -> Store:
    """The store of the landed tables; every row must have been accepted, but for those of the rules in `refused`."""
    land(folder / "landed", tables, csv=csv)
    data = {"lag_days": dict(lags or {}), "quarantine_limit": 1 if refused else 0}
    settings = Settings.model_validate({"data": data, "admissions": {"continuous_stays": continuous_stays}})
    report = ingest(folder / "landed", folder / "store", settings, as_at=as_at)
    broken = {rule for rules in report.quarantined.values() for rule in rules} - set(refused)
    assert not broken, f"the random rows were meant to be acceptable: {report.quarantined}"
    return open_store(folder / "store")


def engine_for(
    store: Store,
    workspace: Workspace,
    features: Mapping[str, Feature],
    settings: EngineSettings | None = None,
    *,
    printable: bool = False,
) -> FeatureEngine:
    """The real engine for these features; `workspace` gives the codelists. printable: without what is sensitive."""
    fingerprints = {name: workspace.fingerprints.get(name, feature.fingerprint) for name, feature in features.items()}
    given = settings or EngineSettings(threads=1)
    return engine(store, features, fingerprints, workspace.codelists, given, printable=printable)


def cohort_frame(store: Store, cohort: Sequence[IndexDate]) -> pd.DataFrame:
    """The cohort as the engine takes it: one row per patient and index date, sorted by person and index date.

    `at` is the place in `cohort`. An index spell that ended no stay, as was known on its last day, is none.
    """
    persons = {patient: number for number, patient in enumerate(store.people()["patient_id"])}
    ends: dict[tuple[str, ...], int] = {}
    if any(asked.landed for asked in cohort):
        stays = store.read("admissions")
        stays = stays[stays["valid_to"].astype(str) == "9999-12-31"].rename(columns={"last_admitted_on": "began_on"})
        ends = {name_end(row): row["last_spell"] for row in stays.to_dict("records")}
    spells = [ends.get(name_end(a.landed), -1) if a.landed else -1 for a in cohort]
    rows = [(a.patient, a.day, persons[a.patient], spell) for a, spell in zip(cohort, spells, strict=True)]
    frame = pd.DataFrame(rows, columns=["patient_id", "index_date", "person", "spell"]).assign(at=range(len(cohort)))
    frame["index_date"] = pd.to_datetime(frame["index_date"]).astype("datetime64[s]")
    frame = frame.astype({"person": "int32", "spell": "int32"})
    return frame.sort_values(["person", "index_date", "spell"], ignore_index=True)


def name_end(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a stay says of its last spell, or a landed spell of itself."""
    told = (row["patient_id"], row.get("began_on", row["admitted_on"]), *(row.get(name) for name in FROM_THE_LAST))
    words = ("" if pd.isna(value) else str(value)[:10] for value in told)
    return tuple("" if word in NULL_DATES else word for word in words)


def in_order(store: Store, cohort: Sequence[IndexDate]) -> list[IndexDate]:
    """The cohort in the order that the engine takes it in."""
    return [cohort[place] for place in cohort_frame(store, cohort)["at"]]


def calendar(patients: Sequence[str], days: Sequence[date]) -> list[IndexDate]:
    """Everybody at each of the days."""
    return [IndexDate(patient, day) for patient in patients for day in days]


def discharges(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[IndexDate]:
    """One index date for each discharge, with its spell, unless two spells of a person say the same of themselves."""
    ended = [row for row in tables["admissions"] if row.get("discharged_on") is not None]
    times = Counter(map(name_end, ended))
    return [IndexDate(row["patient_id"], row["discharged_on"], row) for row in ended if times[name_end(row)] == 1]


def same(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Whether two values are the same bits, element by element; one unknown is as good as another."""
    return (left.view(np.uint32) == right.view(np.uint32)) | (np.isnan(left) & np.isnan(right))


def matrix_of(made: FeatureEngine, cohort: Sequence[IndexDate]) -> FeatureMatrix:
    """The engine's matrix for the cohort."""
    return made.matrix(cohort_frame(made.store, cohort))
