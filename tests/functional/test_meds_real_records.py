"""Real records of MIMIC-IV by a declared mapping of their events: the same stays as the reader made for them gives."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.mapping import read_mapping
from riskstrat.sources.mimic import mimic_tables
from tests.suite.stores import find_version

pytestmark = pytest.mark.real_data

SAID = {
    "birth": 'code = "MEDS_BIRTH"',
    "death": 'code = "MEDS_DEATH"',
    "sex": 'begins = "GENDER//"',
    "admission": 'begins = "HOSPITAL_ADMISSION//"\nmethod = "21"',
    "discharge": 'begins = "HOSPITAL_DISCHARGE//"',
    "diagnosis": 'begins = "DIAGNOSIS//ICD//10//"\nsystem = "icd10cm"',
}


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "mimic_iv_demo_meds"


@pytest.fixture(scope="module")
def landed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[IngestReport, Path]:
    site = tmp_path_factory.mktemp("meds")
    entries = "\n".join(f'[[source.events]]\nevent = "{event}"\n{more}' for event, more in SAID.items())
    toml = f'[source]\nkind = "meds"\nlocation = \'{folder}\'\ndates = "shifted"\n{entries}\n'
    (site / "source.toml").write_text(toml, encoding="utf-8")
    settings = Settings.model_validate({"data": {"quarantine_limit": 0}})
    return ingest(read_mapping(site / "source.toml"), site / "store", settings), site / "store"


def told(rows: list[dict[str, Any]], *columns: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row[column] for column in columns) for row in rows)


def test_people_and_stays_are_those_of_the_reader_of_mimic(folder: Path, landed: tuple[IngestReport, Path]) -> None:
    expected = mimic_tables(folder)
    tables = find_version(landed[1]) / "tables"
    born = ("patient_id", "date_of_birth", "sex", "date_of_death")
    assert told(pq.read_table(tables / "people.parquet").to_pylist(), *born) == told(
        expected["people"].to_pylist(), *born
    )
    stay = ("patient_id", "admitted_on", "discharged_on")
    spells = told(pq.read_table(tables / "spells.parquet").to_pylist(), *stay)
    assert spells == told(expected["admissions"].to_pylist(), *stay)
    assert spells.total() == 275


def test_diagnoses_are_in_the_spells_that_the_reader_of_mimic_finds(
    folder: Path, landed: tuple[IngestReport, Path]
) -> None:
    expected = mimic_tables(folder)
    rows = pq.read_table(find_version(landed[1]) / "tables" / "diagnoses.parquet").to_pylist()
    admitted = {row["spell_id"]: row["admitted_on"] for row in expected["admissions"].to_pylist()}
    coded = [row for row in expected["diagnoses"].to_pylist() if row["system"] == "icd10cm"]
    wanted = Counter((row["patient_id"], admitted[row["spell_id"]], row["code"]) for row in coded)
    lasting = [row for row in rows if row["valid_to"] == date(9999, 12, 31)]
    assert told(lasting, "patient_id", "admitted_on", "code") == wanted
